"""The table of what every picker chose, as Parquet, from the notes of every process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from probing.core.files import written_aside
from probing.core.head_names import Cell
from probing.core.terms import ALL
from probing.core.windows import Window
from probing.counting.subtypes import is_part, roll_ups
from probing.data.store import EdgeWindows
from probing.reports.predictions.notes import NO_PICK, Array, Notes

ROOT = "ROOT"
_ANCHORS, _WINDOWS = 8192, 1024  # of which one or the other fills a row group


@dataclass(frozen=True)
class Pickers:
    """Whose choices a table holds.

    ``probes`` are the names of the probes, ``cells`` the heads that were noted, both in the
    order of the notes. ``shown`` names the rows of the report whose chosen heads have columns of
    their own; ``own`` gives for each row of the report its chosen head. All are among ``cells``.
    """

    probes: Sequence[str]
    cells: Sequence[Cell]
    shown: Mapping[str, Cell]
    own: Mapping[str, Cell]


def write_choices(
    path: Path, corpus: EdgeWindows, pickers: Pickers, notes: Notes, paths: Sequence[Path]
) -> None:
    """Write the table as Parquet, a row for each anchor that was judged, as the corpus has them.

    Args:
        path: of the Parquet file; written whole or not at all.
        corpus: what was judged.
        pickers: whose choices were noted.
        notes: how they were noted.
        paths: the notes of every process.
    """
    schema = _schema(pickers)
    with (
        written_aside(path) as aside,
        # Readers see a text, not the dictionary that keeps it from being written for each anchor.
        pq.ParquetWriter(aside, schema, compression="zstd", store_schema=False) as writer,
    ):
        heads = {f"head:{row}": f"{cell} {cell.direction}" for row, cell in pickers.shown.items()}
        writer.add_key_value_metadata(heads)
        for windows in _groups(notes.ends):
            noted = notes.read(windows, paths)
            if noted["is_judged"].any():
                columns = dict(_columns(windows, corpus, pickers, noted))
                table = pa.table(columns, schema=schema)
                writer.write_table(table.filter(pa.array(noted["is_judged"])))


def _groups(ends: Array) -> Iterator[range]:
    """Consecutive windows, some thousands of anchors together; ``ends`` adds the anchors up."""
    first = 0
    while first < len(ends):
        full = (ends[first - 1] if first else 0) + _ANCHORS
        last = int(np.searchsorted(ends, full, side="right"))
        group = range(first, min(max(last, first + 1), first + _WINDOWS))
        yield group
        first = group.stop


def _schema(pickers: Pickers) -> Any:
    """Columns and their types."""
    number, word = pa.int32(), pa.string()
    columns = [
        pa.field("file", word),
        pa.field("document", word),
        pa.field("line", number),
        pa.field("id", number),
        pa.field("window", number),
        pa.field("text", pa.dictionary(number, word)),
        pa.field("word", number),
        pa.field("form", word),
        pa.field("relation", word),
        pa.field("rows", pa.list_(word)),
        pa.field("gold", pa.list_(number)),
        pa.field("gold_form", pa.list_(word)),
        pa.field("for_heads", pa.bool_()),
    ]
    for name in pickers.probes:
        columns += _picker_fields(name)
        columns += [
            pa.field(f"{name}.probability", pa.float64()),
            pa.field(f"{name}.gold_probability", pa.float64()),
        ]
    columns += [pa.field("own-head.head", word), pa.field("own-head.direction", word)]
    columns += _picker_fields("own-head")
    for row in pickers.shown:
        columns += _picker_fields(f"head:{row}")
    return pa.schema(columns)


def _picker_fields(name: str) -> list[Any]:
    types = {"word": pa.int32(), "form": pa.string(), "right": pa.bool_()}
    return [pa.field(f"{name}.{part}", type_) for part, type_ in types.items()]


def _columns(
    numbers: range, corpus: EdgeWindows, pickers: Pickers, noted: Array
) -> Iterator[tuple[str, Any]]:
    """The columns of some windows; a place of ``noted`` for each anchor."""
    windows = [window.probed for window in corpus.windows(numbers)]
    names = corpus.census.rows
    anchors = np.array([a for w in windows for a in w.anchors], dtype=np.int64)
    window = np.repeat(np.arange(len(windows)), [len(w.anchors) for w in windows])
    forms = _Forms(windows, window)
    gold = _Gold(windows)
    labels = [[names[r] for r in some] for w in windows for some in w.rows]
    relations = [next((name for name in some if name != ALL), ALL) for some in labels]
    separators = corpus.terms.subtypes
    sums = roll_ups(names, separators)
    sums_of = {name: [s for s in sums if is_part(name, s, separators)] for name in names}
    rows = [[*some, *chain.from_iterable(sums_of[name] for name in some)] for some in labels]

    places = [w.origin.of_word(a) for w in windows for a in w.anchors]
    files = [corpus.file_of(number) for number in numbers]
    yield "file", [files[w] for w in window]
    yield "document", [windows[w].origin.document for w in window]
    yield "line", [line for line, _ in places]
    yield "id", [word for _, word in places]
    yield "window", window + numbers.start
    texts = pa.array([" ".join(w.words) for w in windows])
    yield "text", pa.DictionaryArray.from_arrays(pa.array(window, pa.int32()), texts)
    yield "word", anchors + 1
    yield "form", forms.of(anchors + 1)
    yield "relation", relations
    yield "rows", rows
    yield "gold", gold.lists
    yield (
        "gold_form",
        [
            [windows[w].words[g - 1] if g else ROOT for g in some]
            for w, some in zip(window, gold.lists, strict=True)
        ],
    )
    yield "for_heads", [any(some) for some in gold.lists]

    def picked(name: str, picks: Array) -> Iterator[tuple[str, Any]]:
        yield f"{name}.word", picks
        yield f"{name}.form", forms.of(picks)
        yield f"{name}.right", gold.holds(picks)

    for k, name in enumerate(pickers.probes):
        yield from picked(name, noted["probes"][:, k])
        yield f"{name}.probability", noted["probabilities"][:, k, 0]
        yield f"{name}.gold_probability", noted["probabilities"][:, k, 1]
    index = {cell: n for n, cell in enumerate(pickers.cells)}
    own = [pickers.own.get(relation) for relation in relations]
    yield "own-head.head", [str(cell) if cell else None for cell in own]
    yield "own-head.direction", [cell.direction if cell else None for cell in own]
    yield from picked(
        "own-head",
        np.array(
            [place[index[cell]] if cell else NO_PICK
             for place, cell in zip(noted["heads"], own, strict=True)], dtype=np.int32
        ),
    )  # fmt: skip
    for row, cell in pickers.shown.items():
        yield from picked(f"head:{row}", noted["heads"][:, index[cell]])


class _Forms:
    """The words of some windows, to be looked up by picks, ``[P]``, of the anchors there."""

    def __init__(self, windows: Sequence[Window], window: Array) -> None:
        self.words = pa.array([*chain.from_iterable(w.words for w in windows), ROOT])
        before = np.cumsum([0, *(len(w.words) for w in windows)])
        self.before = before[window]

    def of(self, picks: Array) -> Any:
        """The word of each pick, ``ROOT``, or nothing."""
        place = np.where(picks == 0, len(self.words) - 1, self.before + picks - 1)
        return self.words.take(pa.array(place, mask=picks == NO_PICK))


class _Gold:
    """What is right for the anchors of some windows, ``P`` in all."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.lists = [list(columns) for w in windows for columns in w.gold]
        self.width = 1 + max(len(w.words) for w in windows)
        self.cells = np.array(
            [n * self.width + column for n, some in enumerate(self.lists) for column in some],
            dtype=np.int64,
        )

    def holds(self, picks: Array) -> Array:
        """Whether each pick is right; none is not."""
        own = np.arange(len(picks)) * self.width + picks
        found: Array = np.isin(own, self.cells) & (picks != NO_PICK)
        return found
