"""Arrow files of the cache: where they are kept, how rows are written to one, and looked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def cache_folder() -> Path:
    """Where Arrow files are kept: ``$PROBING_CACHE``, else the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PROBING_CACHE") or Path(base) / "probing")


def write_rows(path: Path, schema: pa.Schema, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as an Arrow stream, a thousand at a time."""
    stream = iter(rows)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        while batch := list(islice(stream, 1024)):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))


def first_beyond(column: pa.ChunkedArray, rows: int) -> int | None:
    """The number, from zero, of the first of many lists of ids that has one from ``rows`` on."""
    before = 0
    for chunk in column.chunks:
        beyond = np.flatnonzero(chunk.flatten().to_numpy() >= rows)
        if len(beyond):
            return before + int(pc.list_parent_indices(chunk)[int(beyond[0])].as_py())
        before += len(chunk)
    return None
