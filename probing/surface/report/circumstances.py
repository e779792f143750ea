"""What the text holds, and under what circumstances it was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytorch_lightning import Trainer

from probing.reports.described import REBUILT, unread
from probing.reports.split_callback import is_partial
from probing.surface.data import TextData
from probing.surface.text.segments import counted


def text_in_words(data: TextData) -> str:
    """What the text holds and what was left out."""
    census = data.text.census
    left = ", ".join(f"{n:,} {why}" for why, n in sorted(census.left_out.items()))
    looked = len(data.parts["averages"])  # type: ignore[arg-type]
    is_unknown = census.unknown > 0
    is_missing = bool(data.sink_sequences) and "sinks" not in data.parts
    some = "" if looked == census.segments else f", of which {looked:,} are looked at"
    source, files = data.text.source, data.text.files
    return (
        f"text: {source}{f' ({files})' if files else ''}: {counted(census.documents, 'document')}, "
        f"{counted(census.used, 'sentence')} in {counted(census.segments, 'segment')}{some}, "
        f"{counted(census.wordpieces, 'wordpiece')}, special tokens included; cut off: "
        f"{counted(census.cut, 'wordpiece')}; sentences left out: {left or 'none'}"
        + (f"\n  {counted(census.unknown, 'wordpiece')} unknown to the tokenizer" * is_unknown)
        + (f"\n  {counted(census.rebuilt, 'sentence')} with {REBUILT}" if census.rebuilt else "")
        + ("\n  no sink rate: no segment of 64 wordpieces" if is_missing else "")
        + "".join(f"\n  {text}" for text in (*data.words.oddities, *unreadable(data)))
    )


def unreadable(data: TextData) -> list[str]:
    """What a reader must know of texts of which the tokenizer does not know the most part."""
    census, found = data.text.census, []
    pieces = census.wordpieces - census.specials
    if 2 * census.unknown > pieces:
        share = f"{census.unknown:,} of {counted(pieces, 'wordpiece')}"
        found.append(
            f"{share} ({100 * census.unknown / pieces:.1f}%) are unknown to the tokenizer: the "
            "model cannot read this text, and the averages say little about its heads."
        )
    if data.trees is not None:
        of_trees = unread(data.trees.census.unknown, data.trees.census.words)
        found += [f"{data.trees.source}: {of_trees}"] if of_trees else []
    return found


def circumstances(trainer: Trainer, data: TextData, looked: Mapping[str, int]) -> dict[str, Any]:
    """Their part of ``summary.json``; ``looked`` are the segments counted, by analysis."""
    census = vars(data.text.census)
    return {
        "partial": is_partial(trainer, "test"),
        "data": {
            "source": data.text.source,
            **({"files": data.text.files} if data.text.files else {}),
            **census,
            "left_out": dict(census["left_out"]),
            "limit": data.limit,
            "seed": data.seed,
            "segments_looked_at": dict(looked),
            "treebank": None if data.trees is None else data.trees.source,
            "unknown_words_of_treebank": None if data.trees is None else data.trees.census.unknown,
        },
    }
