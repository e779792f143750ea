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
    return read_summary(path, "expected what a run has written") if path.is_file() else {}


def read_summary(file: Path, expected: str) -> dict[str, Any]:
    """The JSON object that a file holds.

    Args:
        file: a ``summary.json``.
        expected: what a complaint begins with, behind the file.

    Raises:
        ProbingError: naming the file, and the line of what is no JSON.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ProbingError(
            f"{file}:{error.lineno}: {expected}, found no JSON ({error.msg})"
        ) from error
    except (OSError, ValueError, RecursionError) as error:  # no text, endless numbers and brackets
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ProbingError(f"{file}: {expected}, found: {reason}") from error
    if not isinstance(found, dict):
        raise ProbingError(f"{file}: {expected}, found no JSON object")
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
