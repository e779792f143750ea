"""Which files of a folder are read: of a treebank as it is released, those of one split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from probing.core.errors import ProbingError
from probing.data.sources.fingerprints import beneath

# https://universaldependencies.org/release_checklist.html: "xx_name-ud-split.conllu", before
# version 2 at times without a name; large parts are numbered ("-train-a"). SUD and mSUD name their
# files alike.
UD_FILE = re.compile(
    r"(?P<language>[a-z]{2,3})(?:_(?P<name>[a-z0-9]+))?"
    r"-m?s?ud-(?P<split>train|dev|test)(?:-[\w-]+)?\.conllup?"
)
UNRELEASED = "not-to-release"
"""The folder of a treebank's repository that its releases leave out."""

_OPTIONS = {"train": "train", "val": "dev", "test": "test"}
# Beside treebanks these are licences, notes, statistics and the text that was annotated.
_BESIDE = (".txt", ".md", ".xml")


@dataclass(frozen=True)
class Chosen:
    """Files to read, and in words which of a folder they are; no words where all of several."""

    paths: Sequence[Path]
    words: str = ""


def chosen(root: Path, split: str | None, *, is_read: Callable[[Path], bool]) -> Chosen:
    """The files beneath a folder that are read where a split is asked for.

    What lies in ``not-to-release`` is left out, what ends in ``.txt``, ``.md`` or ``.xml`` wherever
    another file is read, and a file whose name says, as those of Universal Dependencies do, that
    it is of another split. Several treebanks all of the same split are read, whichever it is: who
    put them together has chosen.

    Args:
        root: the folder.
        split: ``train``, ``val`` or ``test``, or ``None`` for all of them.
        is_read: whether there is a reader for a file.

    Raises:
        ProbingError: for a folder that cannot be looked into, or a treebank without that split.
    """
    over: Counter[str] = Counter()
    found = [path for path in beneath(root) if is_read(path)]
    kept = [path for path in found if UNRELEASED not in path.relative_to(root).parts]
    if len(kept) < len(found):
        over[UNRELEASED] = 0
    if any(path.suffix.lower() not in _BESIDE for path in kept):
        over.update(end for path in kept if (end := path.suffix.lower()) in _BESIDE)
        kept = [path for path in kept if path.suffix.lower() not in _BESIDE]
    said = {path: match["split"] for path in kept if (match := UD_FILE.fullmatch(path.name))}
    is_choice = len(set(said.values())) > 1 or len(set(map(_treebank, said))) == 1
    wanted = None if split is None or not is_choice else _OPTIONS[split]
    own = [path for path in kept if wanted is None or said.get(path, wanted) == wanted]
    if kept and not own:
        raise ProbingError(
            f"{root}: expected a -{wanted} file for --data.{split}, found "
            f"{listed(path.relative_to(root).as_posix() for path in kept)}; to read one of these "
            "all the same, name the file"
        )
    others = [path for path in kept if path not in set(own)]
    over.update(f"-{said[path]}" for path in others)
    without = {_treebank(path) for path in others} - {_treebank(path) for path in own}
    is_one = len(own) == 1
    read = own[0].relative_to(root).as_posix() if is_one else f"{len(own):,} files"
    words = [
        *([read] if over or is_one else []),
        *([f"without -{wanted}: {listed(sorted(without))}"] if without else []),
        *([f"passed over: {', '.join(_counts(over))}"] if over else []),
    ]
    return Chosen(own, "; ".join(words))


def _treebank(path: Path) -> str:
    """What a file is called before its split."""
    return re.split("-m?s?ud-", path.name)[0]


def _counts(over: Counter[str]) -> Iterable[str]:
    return (f"{count:,} {what}" if count else what for what, count in sorted(over.items()))


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names, the first ``most`` of them, and how many more there are."""
    every = list(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest:,} more" if rest > 0 else "")
