"""What a split holds, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from probing.core.terms import ALL
from probing.counting.resampling import Resampler
from probing.data.store import EdgeWindows


def describe(
    split: str, corpus: EdgeWindows, *, also_in: Mapping[str, int] = MappingProxyType({})
) -> str:
    """What a split holds and what was left out, in one line; what other splits hold, too, below."""
    census = corpus.census
    left = [
        f"{n:,} with {why}" if why[:2] == "a " else f"{n:,} {why}"
        for why, n in _most(census.left_out)
    ]
    packed = f" in {census.windows:,} windows" if census.windows != census.used else ""
    line = (
        f"{split}: {corpus.source}: {census.used:,} sentences{packed}, {census.words:,} words, "
        f"{census.wordpieces:,} wordpieces, special tokens included; "
        f"left out: {', '.join(left) or 'none'}"
    )
    if unused := [part.name for part in corpus.parts if part.sentences and not part.used]:
        line += f"; nothing used of {', '.join(unused)}"
    if census.faults:
        odd = ", ".join(f"{n:,} with {why}" for why, n in _most(census.faults))
        line += f"; kept, though not trees: {odd}"
    if census.oddities:
        odd = ", ".join(
            f"{why} ({n:,}{_first(census.first.get(why))})" for why, n in _most(census.oddities)
        )
        line += f"; kept, though odd: {odd}"
    if census.shared:
        line += f"; {census.shared:,} wordpieces belong to several words, in equal shares"
    if corpus.scheme is not None:
        line += f"; scheme: {corpus.scheme}"
    shared = (
        f"{n:,} of its {census.sentences:,} sentences stand word for word in {other}, too"
        for other, n in also_in.items()
    )
    counts = (f"{n:,} {what}" for what, n in census.counts.items() if n)
    return "\n  ".join([line, *counts, *shared])


def resamples_of(resampler: Resampler | None, corpus: EdgeWindows) -> str:
    """What intervals come from; empty where there are none."""
    if resampler is None:
        return ""
    of = "sentences" if corpus.census.windows == corpus.census.used else "windows"
    of = "documents" if corpus.units.documents else of
    units = corpus.units.of_anchors.get(ALL, 0)
    return f"{resampler.count:,} resamples of {units:,} {of}"


def _first(complaint: str | None) -> str:
    return f"; the first: {complaint}" if complaint else ""


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
