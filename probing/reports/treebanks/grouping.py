"""Which treebank each file of a folder belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from probing.core.errors import ProbingError
from probing.data.sources.folders import UD_FILE

By = Literal["auto", "language", "treebank", "file", "none"]
MOST_FILES = 50
"""With more files whose names say no language, they are not told apart unless asked for."""


@dataclass(frozen=True)
class Grouping:
    """Treebanks by name, sorted, and the index of the one that each file belongs to.

    ``kind`` is what they are: ``language``, ``treebank`` or ``file``.
    """

    kind: str
    names: Sequence[str]
    of: Sequence[int]

    def parts(self, name: str) -> list[int]:
        """The files of a treebank, counted from zero."""
        own = self.names.index(name)
        return [file for file, treebank in enumerate(self.of) if treebank == own]


def grouped(files: Sequence[str], by: By) -> Grouping | None:
    """Tell the files of a folder apart, or ``None`` where they are one corpus.

    Args:
        files: their paths beneath the folder.
        by: ``language`` and ``treebank`` go by the names of Universal Dependencies
            (``en_ewt-ud-test.conllu`` is language ``en``, treebank ``en_ewt``), ``file`` takes
            each by itself, ``none`` tells none apart. ``auto``: by language where all names are
            such and there are several languages, else by treebank if there are several, and
            other files by file, unless there are more than :data:`MOST_FILES`.

    Raises:
        ProbingError: for a file whose name does not say what ``by`` asks for.
    """
    names = _KEYS[by](files)
    if names is None:
        return None
    kind, of_file = names
    known = sorted(set(of_file))
    if len(known) < 2:
        return None
    return Grouping(kind, known, [known.index(name) for name in of_file])


_Names = tuple[str, list[str]]


def _auto(files: Sequence[str]) -> _Names | None:
    if not all(_matched(file) for file in files):
        return _file(files) if len(files) <= MOST_FILES else None
    language = _language(files)
    return language if len(set(language[1])) > 1 else _treebank(files)


def _language(files: Sequence[str]) -> _Names:
    return "language", [_universal(file, "language")["language"] for file in files]


def _treebank(files: Sequence[str]) -> _Names:
    found = [_universal(file, "treebank") for file in files]
    return "treebank", [f"{name['language']}_{name['name']}" for name in found]


def _file(files: Sequence[str]) -> _Names:
    return "file", list(files)


def _none(files: Sequence[str]) -> None:
    return None


def _matched(file: str) -> re.Match[str] | None:
    """The parts of a name of Universal Dependencies that says language and treebank."""
    found = UD_FILE.fullmatch(PurePosixPath(file).name)
    return found if found and found["name"] else None


def _universal(file: str, by: str) -> re.Match[str]:
    found = _matched(file)
    if not found:
        raise ProbingError(
            f"{file}: --treebanks.by {by} expects names such as en_ewt-ud-test.conllu; "
            "--treebanks.by file takes each file by itself"
        )
    return found


_KEYS: dict[str, Callable[[Sequence[str]], _Names | None]] = {
    "auto": _auto,
    "language": _language,
    "treebank": _treebank,
    "file": _file,
    "none": _none,
}
