"""Corpora as memory-mapped Arrow files, cached by content.

A source is read and tokenized once. What comes of it is kept under a key made of the source's
fingerprint (of a file: its bytes and the reader's code), the code here and the tokenizer, so a
changed file is never served from an old cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch.utils.data import Dataset

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.schemes import Scheme
from probing.core.sentences import Reader, Sentence
from probing.core.terms import Terms
from probing.core.windows import Origin, Tokenizer, Window, Wordpieces
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.resampling_units import Digested, Digests, UnitCounter, Units
from probing.data.sources.files import Source, open_source
from probing.data.sources.fingerprints import code_of, described
from probing.data.tasks.base import Misread, Task

_INTS = pa.list_(pa.int32())
_SCHEMA = pa.schema(
    {
        "words": pa.list_(pa.string()),
        "ids": _INTS,
        "words_of": _INTS,
        "last_of": _INTS,
        "anchors": _INTS,
        "gold": pa.list_(_INTS),
        "candidates": pa.list_(_INTS),
        "rows": pa.list_(_INTS),
        "baselines": pa.list_(pa.list_(pa.float64())),
        "kinds": pa.list_(_INTS),
        "number": pa.int64(),
        "place": pa.int64(),
        "for_probes": pa.list_(pa.bool_()),
        "length": pa.int32(),
        "part": pa.int32(),
        "document": pa.string(),
        "lines": _INTS,
        "starts": _INTS,
    }
)
SHAPING = ("core", "data")
"""The rooms whose code shapes a window; the tokenizer answers for its own."""
_QUESTIONS = ("words", "anchors", "gold", "candidates", "rows", "for_probes")


def cache_folder() -> Path:
    """Where Arrow files are kept: ``$PROBING_CACHE``, else the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PROBING_CACHE") or Path(base) / "probing")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a corpus, such as a file of a folder: its name, and what it holds, in numbers.

    ``used`` of its ``sentences`` are in windows, with ``words`` words.
    """

    name: str
    sentences: int
    used: int
    words: int


@dataclass(frozen=True)
class EdgeWindows(Dataset[EdgeBatch]):
    """A corpus: windows in a memory-mapped Arrow file. ``corpus[[3, 1]]`` is a batch.

    ``scheme`` is that of its trees, ``None`` where they are not what is asked about.
    No window holds sentences of two of its ``parts``.
    """

    source: str
    table: datasets.Dataset
    census: Census
    terms: Terms
    lengths: np.ndarray[tuple[int], np.dtype[np.int32]]
    pad_id: int
    scheme: Scheme | None = None
    units: Units = field(default_factory=Units)
    sentences: Digests = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    parts: Sequence[Part] = ()

    def __len__(self) -> int:
        return len(self.lengths)

    def questions(self) -> str:
        """SHA-256 of words, anchors and right answers: models of the same can be compared."""
        whole = hashlib.sha256(json.dumps(self.census.rows).encode())
        for batch in self.table.data.table.select(list(_QUESTIONS)).to_batches(1024):
            whole.update(batch.serialize())
        return whole.hexdigest()

    def __getitem__(self, indices: Sequence[int]) -> EdgeBatch:
        chosen = self.windows(indices)
        batch = collate(chosen, self.census.rows, self.terms, self.pad_id)
        batch = replace(batch, numbers=tuple(indices))
        return self.units.told(batch, chosen) if self.units.known else batch

    def windows(self, indices: Sequence[int]) -> list[Window]:
        """The windows with these numbers, counted from zero."""
        # An empty list of rows has no columns in `datasets`; no window needs none.
        columns = self.table[list(indices)] if indices else {}
        return [self._window(columns, i) for i in range(len(indices))]

    @property
    def part_of(self) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """Which of the ``parts`` each window comes from, counted from zero."""
        return np.asarray(self.table.data.column("part").to_numpy(), dtype=np.int32)

    @property
    def anchors(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """How many anchors each window has that probes are asked about."""
        column = self.table.data.column
        counts = np.asarray(pc.list_value_length(column("anchors")).to_numpy(), dtype=np.int64)
        asked = column("for_probes").combine_chunks()
        apart = pc.list_parent_indices(asked).filter(pc.invert(pc.list_flatten(asked)))
        return counts - np.bincount(apart.to_numpy(), minlength=len(counts))

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """Its words, and how often each is there."""
        counts: Counter[str] = Counter()
        for chunk in self.table.data.column("words").chunks:
            for pair in chunk.flatten().value_counts():
                counts[pair["values"].as_py()] += pair["counts"].as_py()
        return counts

    def _window(self, columns: dict[str, list[list[int]]], i: int) -> Window:
        window = Window(
            words=columns["words"][i],  # type: ignore[arg-type]
            wordpieces=Wordpieces(columns["ids"][i], columns["words_of"][i], columns["last_of"][i]),
            anchors=columns["anchors"][i],
            gold=columns["gold"][i],  # type: ignore[arg-type]
            candidates=columns["candidates"][i],  # type: ignore[arg-type]
            rows=columns["rows"][i],  # type: ignore[arg-type]
            baselines=columns["baselines"][i],  # type: ignore[arg-type]
            kinds=columns["kinds"][i],  # type: ignore[arg-type]
            document=columns["number"][i],  # type: ignore[arg-type]
            place=columns["place"][i],  # type: ignore[arg-type]
            origin=Origin(columns["document"][i], columns["lines"][i], columns["starts"][i]),  # type: ignore[arg-type]
            for_probes=columns["for_probes"][i],  # type: ignore[arg-type]
        )
        unused = {self.census.rows.index(name) for name in self.census.unused}
        return window.only([unused.isdisjoint(rows) for rows in window.rows]) if unused else window


def open_windows(
    source: str, *, reader: Reader | None, task: Task, tokenizer: Tokenizer
) -> EdgeWindows:
    """Open a corpus, reading and tokenizing it first if that has not been done.

    Args:
        source: what :func:`~probing.data.sources.files.open_source` takes.
        reader: for files of another format than their ending says.
        task: what makes windows of sentences.
        tokenizer: the encoder's.

    Raises:
        ProbingError: for a missing, empty or faulty source; nothing is kept of it.
    """
    opened = open_source(source, reader)
    arrow = cache_folder() / f"{_key(opened, task, tokenizer)}.arrow"
    census_file, digests = arrow.with_suffix(".json"), arrow.with_suffix(".npy")
    if not (arrow.exists() and digests.exists() and census_file.exists()):
        _write(source, opened.parts(), arrow, task, tokenizer)
    state = json.loads(census_file.read_text(encoding="utf-8"))
    units = Units(**state.pop("units"))
    counters = ("left_out", "faults", "oddities", "counts")
    state |= {name: Counter(state[name]) for name in counters}
    parts = [Part(**part) for part in state.pop("parts")]
    table = datasets.Dataset.from_file(str(arrow))
    lengths = np.asarray(table.data.column("length").to_numpy(), dtype=np.int32)
    return EdgeWindows(
        source=opened.name,
        table=table,
        census=Census(**state),
        terms=task.terms,
        lengths=lengths,
        pad_id=tokenizer.pad_id,
        units=units,
        sentences=np.load(digests, mmap_mode="r", allow_pickle=False),
        parts=parts,
    )


def _key(source: Source, task: Task, tokenizer: Tokenizer) -> str:
    """A name for what comes of reading ``source``: same key, same windows."""
    whole = hashlib.sha256()
    whole.update(code_of(*SHAPING).encode())
    whole.update(f"{described(type(task))} {task!r} ".encode())
    whole.update(f"{tokenizer.fingerprint} {tokenizer.limit} ".encode())
    whole.update(source.fingerprint().encode())
    return whole.hexdigest()[:32]


def _write(
    source: str,
    parts: Iterable[tuple[str, Iterable[Sentence]]],
    arrow: Path,
    task: Task,
    tokenizer: Tokenizer,
) -> None:
    """Write the Arrow file and its census aside, then rename: whole or not at all."""
    arrow.parent.mkdir(parents=True, exist_ok=True)
    census, counter, digested = Census(), UnitCounter(task.terms.subtypes), Digested()
    counted_parts: list[dict[str, object]] = []
    aside = arrow.with_suffix(f".{uuid.uuid4().hex}.tmp")
    try:
        with pa.OSFile(str(aside), "wb") as sink, pa.ipc.new_stream(sink, _SCHEMA) as writer:
            rows: list[dict[str, object]] = []
            anchors = 0
            for number, (name, sentences) in enumerate(parts):
                before = census.sentences, census.used, census.words
                windows = task(digested.passing(sentences), tokenizer, census)
                for window in _naming(_file(source, name), windows):
                    counter.add(window, census.rows)
                    rows.append(_row(window) | {"part": number})
                    anchors += len(window.anchors)
                    if len(rows) == 1024:
                        writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
                        rows = []
                counted_parts.append(_part(name, before, census))
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
        if not census.sentences:
            raise ProbingError(f"{source}: expected at least one sentence, found none")
        if not census.windows:
            reasons = ", ".join(f"{n} {why}" for why, n in census.left_out.items())
            raise ProbingError(f"{source}: no sentence can be used: {reasons}")
        if not anchors:
            found = ", ".join(f"{n:,} {what}" for what, n in census.counts.items())
            raise ProbingError(
                f"{source}: expected annotation for this task, found nothing to ask about: {found}"
            )
        units = counter.units(documents=census.documents, corpus=digested.corpus)
        counted = json.dumps(vars(census) | {"parts": counted_parts, "units": vars(units)})
        os.replace(aside, arrow)
        with aside.open("wb") as file:
            np.save(file, digested.array, allow_pickle=False)
        os.replace(aside, arrow.with_suffix(".npy"))
        aside.write_text(counted, encoding="utf-8")
        os.replace(aside, arrow.with_suffix(".json"))
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


def _naming(path: Path, windows: Iterable[Window]) -> Iterator[Window]:
    """The windows of a part; what cannot be used is said to stand in its file."""
    try:
        yield from windows
    except Misread as error:
        if not path.is_file():  # the built-in corpus and data sets have documents alone
            raise
        raise error.within(str(path)) from None


def _file(source: str, part: str) -> Path:
    """The file that a part of ``source`` is, if it is one."""
    return Path(source, part) if os.path.isdir(source) else Path(source)


def _part(name: str, before: tuple[int, int, int], census: Census) -> dict[str, object]:
    """What :class:`Part` holds, from the counts before the part and after it."""
    after = census.sentences, census.used, census.words
    sentences, used, words = (b - a for a, b in zip(before, after, strict=True))
    return {"name": name, "sentences": sentences, "used": used, "words": words}


def _row(window: Window) -> dict[str, object]:
    return {
        "words": window.words,
        "ids": window.wordpieces.ids,
        "words_of": window.wordpieces.words_of,
        "last_of": window.wordpieces.last_of,
        "anchors": list(window.anchors),
        "gold": window.gold,
        "candidates": window.candidates,
        "rows": window.rows,
        "baselines": window.baselines,
        "kinds": window.kinds,
        "number": window.document,
        "place": window.place,
        "for_probes": window.for_probes,
        "length": len(window.wordpieces.ids),
        "document": window.origin.document,
        "lines": window.origin.lines,
        "starts": window.origin.starts,
    }
