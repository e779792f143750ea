"""What a split holds, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from probing.core.terms import ALL
from probing.counting.counts import HeadCounts
from probing.counting.resampling import Resampler
from probing.counting.significance import FLIPPED
from probing.data.store import EdgeWindows

REBUILT = (
    "other wordpieces than tokenizer.json gives them (--model.encoder.tokenizer_file true "
    "takes those)"
)
"""What words get where transformers makes another tokenizer of the file."""


def describe(
    split: str, corpus: EdgeWindows, *, also_in: Mapping[str, int] = MappingProxyType({})
) -> str:
    """What a split holds and what was left out, in one line; below, what stands elsewhere, too."""
    census = corpus.census
    left = [
        f"{n:,} with {why}" if why[:2] == "a " else f"{n:,} {why}"
        for why, n in _most(census.left_out)
    ]
    packed = f" in {census.windows:,} windows" if census.windows != census.used else ""
    source = f"{corpus.source} ({corpus.files})" if corpus.files else corpus.source
    line = (
        f"{split}: {source}: {census.used:,} sentences{packed}, {census.words:,} words, "
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
        line += f"; sentences kept, though odd: {odd}"
    if census.shared:
        line += f"; {census.shared:,} wordpieces belong to several words, in equal shares"
    if census.unknown:
        line += f"; {_of(census.unknown, census.words)} hold an unknown wordpiece"
    if census.rebuilt:
        line += f"; {_of(census.rebuilt, census.words)} get {REBUILT}"
    if corpus.scheme is not None:
        line += f"; scheme: {corpus.scheme}"
    shared = (
        f"{n:,} of its {census.sentences:,} sentences stand word for word "
        + ("elsewhere in it, too" if other == split else f"in {other}, too")
        for other, n in also_in.items()
    )
    counts = (f"{n:,} {what}" for what, n in census.counts.items() if n)
    return "\n  ".join([line, *counts, *corpus.rules.said, *shared])


def unread(unknown: int, words: int) -> str:
    """What a reader must know where most words are unknown to the tokenizer; else empty."""
    if 2 * unknown <= words:
        return ""
    return (
        f"{_of(unknown, words)} hold an unknown wordpiece: the model cannot read this text, and "
        "these scores say little about its heads."
    )


def resamples_of(resampler: Resampler | None, corpus: EdgeWindows) -> str:
    """What intervals come from; empty where there are none."""
    if resampler is None:
        return ""
    units = corpus.units.of_anchors.get(ALL, 0)
    return f"{resampler.count:,} resamples of {units:,} {_units(corpus)}"


def flips_of(counts: HeadCounts, corpus: EdgeWindows) -> str:
    """What tests come from; empty where there are none."""
    flipped = counts.weighted.get(FLIPPED)
    if flipped is None:
        return ""
    patterns = flipped.heads.shape[1]
    if few := corpus.units.few:
        return f"all {patterns:,} patterns of signs of {len(few)} {_units(corpus)}"
    units = corpus.units.of_heads.get(ALL, 0)
    return f"{patterns - 1:,} patterns of signs of {units:,} {_units(corpus)}"


def _units(corpus: EdgeWindows) -> str:
    if corpus.units.documents:
        return "documents"
    return "sentences" if corpus.census.windows == corpus.census.used else "windows"


def _of(count: int, words: int) -> str:
    return f"{count:,} of {words:,} words ({100 * count / words:.1f}%)"


def _first(complaint: str | None) -> str:
    return f"; the first: {complaint}" if complaint else ""


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
