"""Corpora as memory-mapped Arrow files, cached by content.

A source is read and tokenized once. What comes of it is kept under a key made of the source's
fingerprint (of a file: its bytes and the reader's code), the code here and the tokenizer, so a
changed file is never served from an old cache.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from torch.utils.data import Dataset

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.files import cache_folder
from probing.core.schemes import Scheme
from probing.core.sentences import Reader
from probing.core.terms import Terms
from probing.core.windows import Tokenizer, Window
from probing.data.arrow_files import first_beyond, read_state
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.embedded import check_embedded
from probing.data.formats.penn import Escapes
from probing.data.resampling_units import Digests, Units
from probing.data.rules import Rules
from probing.data.sources.files import Source, open_source
from probing.data.sources.fingerprints import code_of, described
from probing.data.tasks.base import Task
from probing.data.tasks.whole import with_whole_rows
from probing.data.window_rows import from_row
from probing.data.window_writer import write_windows

if TYPE_CHECKING:
    import datasets

_OF_CORE = (
    "batches category_rules digits errors files picking schemes sentences terms trees windows "
    "word_classes"
).split()
SHAPING = ("data", *(f"core/{name}.py" for name in _OF_CORE))
"""Where the code is that shapes a window; the tokenizer answers for its own."""
_WORDPIECES = ("ids", "words_of", "last_of")
_QUESTIONS = ("words", "anchors", "gold", "candidates", "rows", "for_probes")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a corpus, such as a file of a folder: its name, and what it holds, in numbers.

    ``used`` of its ``sentences`` are in windows, with ``words`` words, ``unknown`` of which have a
    part that the tokenizer does not know.
    """

    name: str
    sentences: int
    used: int
    words: int
    unknown: int = 0


@dataclass(frozen=True)
class EdgeWindows(Dataset[EdgeBatch]):
    """A corpus: windows in a memory-mapped Arrow file. ``corpus[[3, 1]]`` is a batch.

    ``scheme`` is that of its trees, ``None`` where they are not what is asked about; ``files`` says
    which files of a folder were read, see :class:`~probing.data.sources.files.Source`; ``rules``
    are among the baselines of ``terms``. No window holds sentences of two of its ``parts``.
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
    files: str = ""
    rules: Rules = field(default_factory=Rules)

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def questions(self) -> str:
        """SHA-256 of words, anchors and right answers: models of the same can be compared."""
        whole = hashlib.sha256(json.dumps(self.census.rows).encode())
        has_spans = self.table.data.column("spans").null_count < len(self)
        # Only where there are any: questions without are known by their sums to earlier versions.
        named = [*_QUESTIONS, "spans"] if has_spans else list(_QUESTIONS)
        for batch in self.table.data.table.select(named).to_batches(1024):
            whole.update(batch.serialize())
        return whole.hexdigest()

    def __getitem__(self, indices: Sequence[int]) -> EdgeBatch:
        chosen = self.windows(indices)
        batch = collate(chosen, self.census.rows, self.rules.apart(self.terms), self.pad_id)
        batch = replace(batch, numbers=tuple(indices))
        batch = with_whole_rows(self.rules.told(batch, self.terms))
        return self.units.told(batch, chosen) if self.units.known else batch

    def windows(self, indices: Sequence[int]) -> list[Window]:
        """The windows with these numbers, counted from zero."""
        # An empty list of rows has no columns in `datasets`; no window needs none.
        columns = self.table[list(indices)] if indices else {}
        rows = [{name: values[i] for name, values in columns.items()} for i in range(len(indices))]
        return [self._asked(from_row(row)) for row in rows]

    def check_embedded(self, rows: int, model: str) -> None:
        """Refuse a wordpiece that ``model``, with embeddings for ``rows`` of them, has none for.

        Raises:
            ProbingError: naming word and wordpiece.
        """
        number = first_beyond(self.table.data.column("ids"), rows)
        if number is not None:
            [window] = self.windows([number])
            check_embedded(window.wordpieces, window.words, rows=rows, model=model)

    @cached_property
    def part_of(self) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """Which of the ``parts`` each window comes from, counted from zero."""
        return np.asarray(self.table.data.column("part").to_numpy(), dtype=np.int32)

    def file_of(self, window: int) -> str:
        """The name of the part that a window comes from: of a folder, the file beneath it."""
        return self.parts[int(self.part_of[window])].name

    def sentences_of(self, parts: Collection[int]) -> Digests:
        """The digests of the sentences in some of the ``parts``, counted from zero."""
        of = np.repeat(range(len(self.parts)), [part.sentences for part in self.parts])
        return self.sentences[np.isin(of, list(parts))]

    @property
    def anchors(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """How many anchors each window has that probes are asked about."""
        column = self.table.data.column
        counts = np.asarray(pc.list_value_length(column("anchors")).to_numpy(), dtype=np.int64)
        asked = column("for_probes").combine_chunks()
        apart = pc.list_parent_indices(asked).filter(pc.invert(pc.list_flatten(asked)))
        return counts - np.bincount(apart.to_numpy(), minlength=len(counts))

    @cached_property
    def content(self) -> str:
        """SHA-256 of its wordpieces and of all that is asked about them."""
        whole = hashlib.sha256(f"{self.questions} {self.pad_id}".encode())
        for batch in self.table.data.table.select(list(_WORDPIECES)).to_batches(1024):
            whole.update(batch.serialize())
        return whole.hexdigest()

    @cached_property
    def word_counts(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """How many words each window has."""
        column = self.table.data.column("words")
        return np.asarray(pc.list_value_length(column).to_numpy(), dtype=np.int64)

    @property
    def rows(self) -> list[str]:
        """The names of the rows of its batches."""
        return [*self.census.rows, *self.terms.with_roots]

    @cached_property
    def most_rows(self) -> int:
        """In how many rows of the report an anchor counts at most."""
        rows = pc.list_flatten(self.table.data.column("rows"))
        most = int(pc.max(pc.list_value_length(rows)).as_py() or 0)
        return most + len(self.terms.with_roots)

    @cached_property
    def asked_counts(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """How many words of each window probes are asked about, as anchors or candidates."""
        counts = self.word_counts.copy()
        restricted = self.table.data.column("candidates").is_valid().to_numpy()
        for number in np.flatnonzero(restricted).tolist():
            [window] = self.windows([number])
            counts[number] = len(window.asked or ())
        return counts

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """Its words, and how often each is there."""
        counts: Counter[str] = Counter()
        for chunk in self.table.data.column("words").chunks:
            for pair in chunk.flatten().value_counts():
                counts[pair["values"].as_py()] += pair["counts"].as_py()
        return counts

    def _asked(self, window: Window) -> Window:
        unused = {self.census.rows.index(name) for name in self.census.unused}
        return window.only([unused.isdisjoint(rows) for rows in window.rows]) if unused else window


def open_windows(
    source: str,
    *,
    reader: Reader | None,
    task: Task,
    tokenizer: Tokenizer,
    split: str | None = None,
    escapes: Escapes = "undo",
) -> EdgeWindows:
    """Open a corpus, reading and tokenizing it first if that has not been done.

    Args:
        source: what :func:`~probing.data.sources.files.open_source` takes.
        reader: for files of another format than their ending says.
        task: what makes windows of sentences.
        tokenizer: the encoder's.
        split: which files of a folder are read, where their names say it.
        escapes: what becomes of escapes of the Penn Treebank.

    Raises:
        ProbingError: for a missing, empty or faulty source; nothing is kept of it.
    """
    import datasets  # takes a second, which help need not wait for

    opened = open_source(source, reader, split=split, escapes=escapes)
    arrow = cache_folder() / f"{_key(opened, task, tokenizer)}.arrow"
    census_file, digests = arrow.with_suffix(".json"), arrow.with_suffix(".npy")
    kept = [arrow, digests]
    state = read_state(census_file, beside=kept)
    if state is None:
        write_windows(source, opened.parts, arrow, task, tokenizer)
        state = read_state(census_file, beside=kept)
    if state is None:
        raise ProbingError(
            f"{arrow.parent}: what is written to the cache is not what is read there"
        )
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
        files=opened.files,
    )


def _key(source: Source, task: Task, tokenizer: Tokenizer) -> str:
    """A name for what comes of reading ``source``: same key, same windows."""
    whole = hashlib.sha256()
    whole.update(code_of(*SHAPING).encode())
    whole.update(f"{described(type(task))} {task!r} ".encode())
    whole.update(f"{tokenizer.fingerprint} {tokenizer.limit} ".encode())
    whole.update(source.fingerprint().encode(errors="surrogateescape"))
    return whole.hexdigest()[:32]
