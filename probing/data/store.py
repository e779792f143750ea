"""Corpora as memory-mapped Arrow files, cached by content.

A file is read and tokenized once. What comes of it is kept under a key made of the file's
bytes, the reader's code and the tokenizer, so a changed file is never served from an old cache.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
from torch.utils.data import Dataset

from ..batch import EdgeBatch, Reader, Sentence, Tokenizer, Window, Wordpieces
from ..errors import ProbingError
from .readers import read_builtin, read_conllu, read_text
from .windows import Census, collate

Windowing = Callable[[Iterable[Sentence], Tokenizer, Census], Iterator[Window]]

READERS: dict[str, Reader] = {
    ".conllu": read_conllu,
    ".conllup": read_conllu,
    ".txt": read_text,
    ".dep": read_text,
}
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
        "length": pa.int32(),
    }
)


def cache_folder() -> Path:
    """Where Arrow files are kept: ``$PROBING_CACHE``, else the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PROBING_CACHE") or Path(base) / "probing")


def reader_for(source: str, reader: Reader | None) -> Reader:
    """The reader that was named, or the one that goes with the source's ending.

    Raises:
        ProbingError: if no reader goes with it.
    """
    if reader is not None:
        return reader
    if source.startswith("builtin:"):
        return read_builtin
    suffix = Path(source).suffix.lower()
    if suffix not in READERS:
        raise ProbingError(
            f"{source}: no reader goes with {suffix or 'a file without an ending'!r}; known are "
            f"{', '.join(READERS)}, others are named with --data.reader package.function"
        )
    return READERS[suffix]


@dataclass(frozen=True)
class EdgeWindows(Dataset[EdgeBatch]):
    """A corpus: windows in a memory-mapped Arrow file. ``corpus[[3, 1]]`` is a batch."""

    source: str
    table: datasets.Dataset
    census: Census
    lengths: np.ndarray[tuple[int], np.dtype[np.int32]]
    pad_id: int

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, indices: Sequence[int]) -> EdgeBatch:
        # An empty list of rows has no columns in `datasets`; an empty batch needs none.
        columns = self.table[list(indices)] if indices else {}
        chosen = [self._window(columns, i) for i in range(len(indices))]
        return collate(chosen, self.census.rows, self.pad_id)

    @staticmethod
    def _window(columns: dict[str, list[list[int]]], i: int) -> Window:
        return Window(
            words=columns["words"][i],  # type: ignore[arg-type]
            wordpieces=Wordpieces(columns["ids"][i], columns["words_of"][i], columns["last_of"][i]),
            anchors=columns["anchors"][i],
            gold=columns["gold"][i],  # type: ignore[arg-type]
            candidates=columns["candidates"][i],  # type: ignore[arg-type]
            rows=columns["rows"][i],  # type: ignore[arg-type]
        )


def open_windows(
    source: str, *, reader: Reader | None, windowing: Windowing, tokenizer: Tokenizer
) -> EdgeWindows:
    """Open a corpus, reading and tokenizing it first if that has not been done.

    Raises:
        ProbingError: for a missing, empty or faulty file; nothing is kept of it.
    """
    read = reader_for(source, reader)
    arrow = cache_folder() / f"{_key(source, read, windowing, tokenizer)}.arrow"
    census_file = arrow.with_suffix(".json")
    if not (arrow.exists() and census_file.exists()):
        _write(source, read(source), arrow, windowing, tokenizer)
    state = json.loads(census_file.read_text(encoding="utf-8"))
    state |= {name: Counter(state[name]) for name in ("left_out", "faults", "oddities")}
    table = datasets.Dataset.from_file(str(arrow))
    lengths = np.asarray(table.data.column("length").to_numpy(), dtype=np.int32)
    return EdgeWindows(source, table, Census(**state), lengths, tokenizer.pad_id)


def _key(source: str, read: Reader, windowing: Windowing, tokenizer: Tokenizer) -> str:
    """A name for what comes of reading ``source``: same key, same windows."""
    digest = hashlib.sha256()
    digest.update(f"{_described(read)} {_described(windowing)}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    digest.update(f"{tokenizer.fingerprint} {tokenizer.limit} {Path(source).name}".encode())
    if not source.startswith("builtin:"):
        try:
            with open(source, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise ProbingError(f"{source}: {error.strerror or error}") from error
    return digest.hexdigest()[:32]


def _described(function: Callable[..., object]) -> str:
    """What tells a function from another: name, source, and the values it was made with."""
    if isinstance(function, partial):
        return f"{_described(function.func)} {function.args} {function.keywords}"
    made_with = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    file = inspect.getsourcefile(function)
    source = Path(file).read_text(encoding="utf-8") if file else ""
    return f"{function.__module__}.{function.__qualname__} {made_with} {source}"


def _write(
    source: str,
    sentences: Iterable[Sentence],
    arrow: Path,
    windowing: Windowing,
    tokenizer: Tokenizer,
) -> None:
    """Write the Arrow file and its census aside, then rename: whole or not at all."""
    arrow.parent.mkdir(parents=True, exist_ok=True)
    census = Census()
    aside = arrow.with_suffix(f".{uuid.uuid4().hex}.tmp")
    try:
        with pa.OSFile(str(aside), "wb") as sink, pa.ipc.new_stream(sink, _SCHEMA) as writer:
            rows: list[dict[str, object]] = []
            for window in windowing(sentences, tokenizer, census):
                rows.append(_row(window))
                if len(rows) == 1024:
                    writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
                    rows = []
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
        if not census.sentences:
            raise ProbingError(f"{source}: expected at least one sentence, found none")
        if not census.windows:
            reasons = ", ".join(f"{n} {why}" for why, n in census.left_out.items())
            raise ProbingError(f"{source}: no sentence can be used: {reasons}")
        counted = json.dumps(vars(census))
        os.replace(aside, arrow)
        aside.write_text(counted, encoding="utf-8")
        os.replace(aside, arrow.with_suffix(".json"))
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


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
        "length": len(window.wordpieces.ids),
    }
