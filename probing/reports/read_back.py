"""Where what runs have written is found again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from probing.core.errors import ProbingError

SUMMARY = "summary.json"


def report_file(run: Path, name: str, *, writes: str = "") -> Path:
    """A file of a report: of a run, that on its test data, else that on its validation data.

    Args:
        run: the folder of a run, or of a report of it.
        name: of the file.
        writes: the option with which a run writes it, if it takes one.

    Raises:
        ProbingError: if there is none.
    """
    folders = (run, run / "reports" / "test", run / "reports" / "val")
    found = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if found is None:
        how = f" ({writes} writes it)" if writes else ""
        raise ProbingError(
            f"{run}: expected the folder of a run that has reports/test/{name}{how}, found none"
        )
    return found


def summary_of(report: Path) -> dict[str, Any]:
    """What ``summary.json`` of a report says; nothing, if there is none.

    Raises:
        ProbingError: if it cannot be read, or is no JSON object.
    """
    path = report / SUMMARY
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ProbingError(f"{path}: expected what a run has written, found: {error}") from error
    if not isinstance(found, dict):
        raise ProbingError(f"{path}: expected what a run has written, found no JSON object")
    return found


def lines_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file that are not empty, in cells, and on which line each ends.

    Raises:
        ProbingError: naming file and line, for what cannot be read.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for line in reader:
                number = reader.line_num
                if line:
                    yield number, line
    except (OSError, UnicodeError, csv.Error) as error:
        raise ProbingError(f"{path}:{number + 1}: expected lines of cells: {error}") from error
