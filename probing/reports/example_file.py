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
from probing.core.head_names import Cell
from probing.counting.noted import NO_PICK
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
        pq.write_table(table, aside, compression="zstd", write_page_checksum=True)


def read_examples(path: Path) -> Examples:
    """Read them.

    Raises:
        ProbingError: for a file that is not there, or no such file.
    """
    try:
        # Of the file alone: nothing is taken from the names of folders.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read().cast(_SCHEMA)
            about = json.loads(file.schema_arrow.metadata[_ABOUT])
        return _made(about, table.to_pylist())
    except FileNotFoundError:
        raise ProbingError(f"{path}: no such file") from None
    except (
        *(OSError, pa.ArrowException, ArithmeticError, AttributeError, LookupError),
        *(MemoryError, RecursionError, TypeError, ValueError),
    ) as error:
        told = " ".join(str(error).split())[:300]
        raise ProbingError(f"{path}: expected examples of a report, found: {told}") from None


def _made(about: Mapping[str, Any], lines: list[dict[str, Any]]) -> Examples:
    shape = len(lines), len(about["directions"]), len(about["layers"]), about["heads"]
    of_row: dict[str, list[tuple[int, int]]] = {}
    for n, line in enumerate(lines):
        _check(line, n + 1)
        for row, place in zip(line["rows"], line["places"], strict=True):
            of_row.setdefault(row, []).append((place, n))
    in_order = [row for row in about["chosen"] if row in of_row]  # as in the report
    rows = dict.fromkeys([*in_order, *of_row])
    picks = np.array([line["picks"] for line in lines], dtype=np.int64).reshape(shape)
    sizes = np.array([len(line["words"]) for line in lines]).reshape(-1, 1, 1, 1)
    if not ((picks == NO_PICK) | ((picks > 0) & (picks <= sizes))).all():
        raise ValueError("picks of words that there are not")
    special = np.array([line["special_mass"] for line in lines], dtype=np.float64).reshape(shape)
    if not (np.isfinite(special) & (special >= 0)).all():
        raise ValueError("attention that is none")
    chosen = {row: Cell(*cell) for row, cell in about["chosen"].items()}
    for cell in chosen.values():
        is_there = cell.direction in about["directions"] and cell.layer in about["layers"]
        if not (is_there and 0 < cell.head <= about["heads"]):
            raise ValueError(f"a chosen head {cell}, {cell.direction}, that there is not")
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
        of_row={row: np.array([n for _, n in sorted(of_row[row])]) for row in rows},
        picks=np.where(picks == NO_PICK, NO_PICK, picks - 1),
        special=special,
        directions=about["directions"],
        layers=about["layers"],
        chosen=chosen,
    )


def _check(line: Mapping[str, Any], number: int) -> None:
    """Refuse an anchor that lacks something, or has a word that there is not."""
    values = [line[name] for name in ("file", "document", "line", "id", "window", "word")]
    values += [value for name in ("words", "gold", "rows", "places") for value in line[name]]
    if None in values:
        raise ValueError(f"anchor {number}: nothing, where something belongs")
    size = len(line["words"])
    if not all(0 < word <= size for word in (line["word"], *line["gold"])):
        raise ValueError(f"anchor {number}: a word that is none of its {size}")
