"""``examples.parquet``: the sample of anchors, and what every head picks of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from probing.core.errors import ProbingError
from probing.core.files import written_aside
from probing.counting.counts import Cell
from probing.counting.examples import NO_PICK
from probing.reports.examples import Anchor, Examples

FILE = "examples.parquet"
_ABOUT = b"heads"
_STEP = 1024.0  # masses are multiples of one over it, which compress
_NUMBERS = pa.list_(pa.int32())
_SCHEMA = pa.schema(
    {
        "file": pa.string(),
        "document": pa.string(),
        "line": pa.int32(),
        "id": pa.int32(),
        "window": pa.int32(),
        "words": pa.list_(pa.string()),
        "word": pa.int32(),
        "gold": _NUMBERS,
        "rows": pa.list_(pa.string()),
        "places": _NUMBERS,
        "picks": _NUMBERS,
        "special_mass": pa.list_(pa.float32()),
    }
)


def write_examples(examples: Examples, path: Path) -> None:
    """Write them, an anchor a line; words are counted from one, as in ``predictions.parquet``."""
    rows: list[list[str]] = [[] for _ in examples.anchors]
    places: list[list[int]] = [[] for _ in examples.anchors]
    for row, own in examples.of_row.items():
        for n, place in enumerate(own.tolist()):
            rows[place].append(row)
            places[place].append(n)
    count = len(examples.anchors)
    picks = np.where(examples.picks == NO_PICK, NO_PICK, examples.picks + 1).reshape(count, -1)
    special = (np.round(examples.special * _STEP) / _STEP).reshape(count, -1)
    lines = [
        {
            **{name: getattr(own, name) for name in ("file", "document", "line", "id", "window")},
            "words": own.words,
            "word": own.anchor + 1,
            "gold": [word + 1 for word in own.gold],
            "rows": rows[n],
            "places": places[n],
            "picks": picks[n],
            "special_mass": special[n],
        }
        for n, own in enumerate(examples.anchors)
    ]
    about = {
        "directions": list(examples.directions),
        "layers": list(examples.layers),
        "heads": examples.picks.shape[3],
        "chosen": {row: list(vars(cell).values()) for row, cell in examples.chosen.items()},
    }
    table = pa.Table.from_pylist(lines, _SCHEMA).replace_schema_metadata(
        {_ABOUT: json.dumps(about)}
    )
    with written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def read_examples(path: Path) -> Examples:
    """Read them.

    Raises:
        ProbingError: for a file that is not there, or no such file.
    """
    try:
        table = pq.read_table(path, schema=_SCHEMA)
        about = json.loads(pq.read_schema(path).metadata[_ABOUT])
        return _made(about, table.to_pylist())
    except FileNotFoundError:
        raise ProbingError(f"{path}: no such file") from None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ProbingError(f"{path}: expected examples of a report, found {error}") from None


def _made(about: Mapping[str, Any], lines: list[dict[str, Any]]) -> Examples:
    shape = len(lines), len(about["directions"]), len(about["layers"]), about["heads"]
    of_row: dict[str, list[tuple[int, int]]] = {}
    for n, line in enumerate(lines):
        for row, place in zip(line["rows"], line["places"], strict=True):
            of_row.setdefault(row, []).append((place, n))
    picks = np.array([line["picks"] for line in lines], dtype=np.int64).reshape(shape)
    return Examples(
        anchors=[
            Anchor(
                words=line["words"],
                anchor=line["word"] - 1,
                gold=tuple(word - 1 for word in line["gold"]),
                **{name: line[name] for name in ("file", "document", "line", "id", "window")},
            )
            for line in lines
        ],
        of_row={row: np.array([n for _, n in sorted(own)]) for row, own in of_row.items()},
        picks=np.where(picks == NO_PICK, NO_PICK, picks - 1),
        special=np.array([line["special_mass"] for line in lines]).reshape(shape),
        directions=about["directions"],
        layers=about["layers"],
        chosen={row: Cell(*cell) for row, cell in about["chosen"].items()},
    )
