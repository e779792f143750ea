"""Where sentences come from: files, folders of files, the built-in corpus, ``datasets``.

Each kind of source is an object that can be told from others before it is read: sources of the
same fingerprint yield the same sentences.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import ClassVar, Protocol

from probing.core.errors import ProbingError
from probing.core.sentences import Reader, Sentence
from probing.data.ahead import ahead
from probing.data.builtin.reader import is_builtin, read_builtin
from probing.data.formats.conll2012 import begins_document, read_conll2012
from probing.data.formats.conllu import read_conllu
from probing.data.formats.conllx import read_conllx
from probing.data.formats.coreference_json import read_coreference_json
from probing.data.formats.paper import read_text
from probing.data.formats.penn import Escapes
from probing.data.sources.fingerprints import described, digest
from probing.data.sources.folders import chosen
from probing.data.sources.huggingface import PREFIX, HuggingFaceData
from probing.data.sources.locations import MissingError
from probing.data.tasks.punctuation import told

READERS: dict[str, Reader] = {
    ".conllu": read_conllu,
    ".conllup": read_conllu,
    ".cupt": read_conllu,
    ".conllx": read_conllx,
    ".conll": read_conllx,
    ".txt": read_text,
    ".dep": read_text,
    "gold_conll": read_conll2012,
    "auto_conll": read_conll2012,
    ".jsonl": read_coreference_json,
    ".jsonlines": read_coreference_json,
}
"""Readers by the endings of file names; the longest ending that fits counts."""


class Source(Protocol):
    """Sentences, and what tells them from others."""

    @property
    def name(self) -> str:
        """What reports call it: it can be opened again by this name."""
        ...

    @property
    def files(self) -> str:
        """Which files of a folder are read, in words; empty where all of several are."""
        ...

    def fingerprint(self) -> str:
        """A text that differs whenever other sentences could be read.

        Raises:
            ProbingError: if the source is not there.
        """
        ...

    def read(self) -> Iterable[Sentence]:
        """The sentences, lazily.

        Raises:
            ProbingError: for a faulty source, naming the place of the fault.
        """
        ...

    def parts(self) -> Iterable[tuple[str, Iterable[Sentence]]]:
        """The same sentences by the part that they come from, each part with its name.

        The parts of a folder are its files; any other source is one part. To be read in order.
        """
        ...


def open_source(
    name: str, reader: Reader | None, *, split: str | None = None, escapes: Escapes = "undo"
) -> Source:
    """The source that ``name`` stands for.

    Args:
        name: a file, a folder, or what else can be named.
        reader: reads files of other formats.
        split: what is read of a folder where files say their split by their names, ``train``,
            ``val`` or ``test``; see :func:`~probing.data.sources.folders.chosen`.
        escapes: what becomes of those of the Penn Treebank in files that our readers read.

    Raises:
        ProbingError: if there is no such file, or no reader goes with it.
    """
    if is_builtin(name):
        return Builtin(name)
    if name.startswith(PREFIX):
        return HuggingFaceData.parse(name)
    if os.path.isdir(name):
        return _escaping(_folder(name, reader, split), escapes)
    if not os.path.exists(name):
        raise ProbingError(f"{name}: no such file or folder")
    path = Path(name)
    return _escaping(Files(name, path.parent, [path], reader_for(name, reader)), escapes)


def is_here(name: str) -> bool:
    """Whether there is anything that could be read by this name.

    Raises:
        ProbingError: where that cannot be told: options that nobody knows, a folder that cannot be
            looked into.
    """
    if name.startswith(PREFIX):
        try:
            HuggingFaceData.parse(name).fingerprint()
        except MissingError:
            return False
        return True
    return is_builtin(name) or os.path.exists(name)


def reader_for(path: str, reader: Reader | None) -> Reader:
    """The reader that was named, or the one that goes with the file's ending.

    Raises:
        ProbingError: if no reader goes with it.
    """
    found = reader or _known(Path(path))
    if found is None:
        raise ProbingError(
            f"{path}: no reader goes with {Path(path).suffix or 'a file without an ending'!r}; "
            f"known are {', '.join(READERS)}, "
            "others are named with --data.reader package.function"
        )
    return found


@dataclass(frozen=True)
class Builtin:
    """The built-in corpus: its name says all."""

    name: str
    files: ClassVar[str] = ""

    def fingerprint(self) -> str:
        """The name, and the reader's code."""
        return f"{self.name} {described(read_builtin)}"

    def read(self) -> Iterator[Sentence]:
        """Its sentences."""
        return read_builtin(self.name)

    def parts(self) -> Iterator[tuple[str, Iterator[Sentence]]]:
        """One part."""
        yield self.name, self.read()


@dataclass(frozen=True)
class Files:
    """A file, or files beneath a folder one after the other."""

    name: str
    root: Path
    paths: Sequence[Path]
    reader: Reader
    files: str = ""

    def fingerprint(self) -> str:
        """Names and bytes of the files, and the reader's code."""
        return f"{digest(self.root, self.paths)} {described(self.reader)}"

    @property
    def is_ours(self) -> bool:
        """Whether the reader is one of ours, escapes aside."""
        return getattr(self.reader, "func", self.reader) in READERS.values()

    def read(self) -> Iterator[Sentence]:
        """The sentences of all files; see :meth:`parts`."""
        return chain.from_iterable(sentences for _, sentences in self.parts())

    def parts(self) -> Iterator[tuple[str, Iterator[Sentence]]]:
        """The sentences of each file.

        Documents keep their names, but one that is called like the last of the file before is
        another document, and gets the file's name.
        """
        last = None

        def sentences(path: Path, own: str, before: str | None) -> Iterator[Sentence]:
            nonlocal last
            again = ahead if self.is_ours else _at_once
            for sentence in told(self.reader(str(path)), again(self.reader, str(path))):
                if sentence.document == before:
                    sentence = replace(sentence, document=own)
                last = sentence.document
                yield sentence

        for path in self.paths:
            own = path.relative_to(self.root).as_posix()
            yield own, sentences(path, own, last)


def _at_once(read: Reader, path: str) -> Iterable[Sentence]:
    return read(path)


def _folder(name: str, reader: Reader | None, split: str | None) -> Files:
    """The files beneath a folder that the reader, or one and the same known reader, reads."""
    root = Path(name)
    found = chosen(root, split, is_read=lambda path: bool(reader or _known(path)))
    if not found.paths:
        endings = "" if reader else f" that end in {', '.join(READERS)}"
        raise ProbingError(f"{name}: expected files{endings}, found none")
    first, *others = found.paths
    own = reader_for(str(first), reader)
    for path in others:
        if reader_for(str(path), reader) is not own:
            raise ProbingError(
                f"{name}: expected files of one format, found {first.relative_to(root)} and "
                f"{path.relative_to(root)}; name one of them, or a reader with --data.reader"
            )
    return Files(name, root, found.paths, own, found.words)


def _escaping(files: Files, escapes: Escapes) -> Files:
    if escapes == "undo":
        return files
    if files.reader not in READERS.values():
        raise ProbingError(
            f"--data.escapes {escapes}: expected a reader of ours for {files.name}, since others "
            "undo escapes or keep them as they like"
        )
    as_written: Reader = partial(files.reader, undo=str)  # type: ignore[call-arg]
    return replace(files, reader=as_written)


def _known(path: Path) -> Reader | None:
    """The reader that goes with a file; those of several shared tasks are called ``.conll``."""
    found = _by_ending(path.name)
    is_any = found in (None, read_conllx) and path.name.lower().endswith("conll")
    is_other = is_any and path.is_file() and begins_document(str(path))
    return read_conll2012 if is_other else found


def _by_ending(name: str) -> Reader | None:
    endings = sorted(READERS, key=len, reverse=True)
    return next((READERS[e] for e in endings if name.lower().endswith(e)), None)
