"""Arrow files of the cache: where they are kept, and how rows are written to one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import pyarrow as pa


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
