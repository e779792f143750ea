"""What tells one source from another: the bytes of files, the code of functions."""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from probing.core.errors import ProbingError


def described(function: Callable[..., object]) -> str:
    """What tells a function from another: name, source, and the values it was made with."""
    if isinstance(function, partial):
        return f"{described(function.func)} {function.args} {function.keywords}"
    made_with = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    file = inspect.getsourcefile(function)
    source = Path(file).read_text(encoding="utf-8") if file else ""
    return f"{function.__module__}.{function.__qualname__} {made_with} {source}"


def code_of(*places: str) -> str:
    """SHA-256 of the source of some places of this package: rooms, packages in them, files.

    What is kept of a corpus goes by this name too, so that nothing made by other code is served.
    ``tests/data/test_fingerprints.py`` fails when a file that shapes a window is left out.
    """
    root = Path(__file__).resolve().parents[2]
    found = [root / place for place in places]
    files = [file for path in found for file in (path.rglob("*.py") if path.is_dir() else [path])]
    return digest(root, sorted(files))


def digest(root: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the bytes of files and their names beneath ``root``.

    Raises:
        ProbingError: for a file that cannot be read.
    """
    whole = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                own = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ProbingError(f"{path}: {error.strerror or error}") from error
        name = path.relative_to(root).as_posix().encode(errors="surrogateescape")  # no UTF-8
        whole.update(name + f" {own}\n".encode())
    return whole.hexdigest()


def beneath(root: Path) -> list[Path]:
    """The files beneath a folder in sorted order, links followed, hidden ones left out.

    Raises:
        ProbingError: for a folder that cannot be looked into, or is met twice by way of a link.
    """
    found = []
    seen: dict[str, str] = {}
    # What cannot be listed must not be missing in silence, nor a text be read twice.
    for folder, folders, names in os.walk(root, onerror=_refuse, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            raise ProbingError(f"{folder}: is the same folder as {seen[real]}")
        seen[real] = folder
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder) / name for name in names if not name.startswith(".")]
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise ProbingError(f"{error.filename}: {error.strerror or error}") from error
