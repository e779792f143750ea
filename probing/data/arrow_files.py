"""Arrow files of the cache: where they are, how rows are written and looked up, what is damaged."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from probing.core.errors import ProbingError
from probing.core.files import write_whole
from probing.data.sources.fingerprints import digest

_DIGEST = "sha256"


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


def write_state(path: Path, state: Mapping[str, object], *, beside: Sequence[Path]) -> None:
    """Write what was counted, and a digest of it and of the files that it is about."""
    text = json.dumps(state)
    write_whole(path, json.dumps({_DIGEST: _digest(text, beside), **state}))


def read_state(path: Path, *, beside: Sequence[Path]) -> dict[str, Any] | None:
    """What :func:`write_state` has written; ``None`` where there is nothing, or it is damaged.

    Damage, in any of the files, is said in a line, so that whoever reads the source again need not.
    """
    try:
        state = json.loads(path.read_bytes())
        said = state.pop(_DIGEST)
        if said == _digest(json.dumps(state), beside):
            return dict(state)
    except FileNotFoundError:
        return None
    except (ProbingError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass  # no JSON, no mapping, or no file of what it is about
    print(f"{path}: this part of the cache is damaged; the source is read again", file=sys.stderr)
    return None


def _digest(state: str, beside: Sequence[Path]) -> str:
    root = beside[0].parent if beside else Path()
    return sha256(f"{state} {digest(root, beside)}".encode()).hexdigest()
