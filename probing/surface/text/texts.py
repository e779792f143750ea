"""Plain text: sentences in documents, from files, data sets and treebanks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from probing.core.errors import ProbingError
from probing.core.sentences import Reader
from probing.data.documents import in_order, taking_turns
from probing.data.formats.lines import numbered
from probing.data.sources.files import READERS, Source, open_source
from probing.data.sources.fingerprints import beneath, described, digest
from probing.data.sources.folders import UD_FILE
from probing.data.sources.huggingface import PREFIX, HuggingFaceData
from probing.data.text import joined

Line = tuple[str, str | None]
"""A document's name and one of its sentences; lines of a document follow one another.

There is no sentence where a treebank withholds its words.
"""

# What a sentence ends with, in rows that hold whole documents.
_ENDS = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["”’')\]]))\s+(?=["“‘'(\[]?[^\W_a-z])""")
_TREE = re.compile(r"\S+\s+\d+-\S+")


class TextSource(Protocol):
    """Sentences of plain text, and what tells them from others."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def files(self) -> str:
        """Which files of a folder are read, in words; empty where all of several are."""
        ...

    def fingerprint(self) -> str:
        """A text that differs whenever other sentences could be read."""
        ...

    def lines(self) -> Iterator[Line]:
        """The sentences, lazily, as they are written.

        Raises:
            ProbingError: for a faulty source, naming the place of the fault.
        """
        ...


def open_text(name: str, reader: Reader | None = None) -> TextSource:
    """The text that ``name`` stands for.

    A file that ends in ``.txt`` or in nothing that a reader of treebanks goes with, and the
    ``.txt`` files beneath a folder that is no release of a treebank of Universal Dependencies,
    hold one sentence a line and an empty line between documents.
    ``datasets:NAME,text=COLUMN`` is a column of text. Everything else is a treebank: its
    sentences as they were written, or with a space between words where it does not say.

    Args:
        name: what it is called.
        reader: function that reads files as a treebank.

    Raises:
        ProbingError: if there is no such thing.
    """
    if name.startswith(PREFIX) and re.search(r",(text|rows)=", name):
        return TextColumn.parse(name)
    if reader is None and os.path.isdir(name):
        paths = beneath(Path(name))
        files = [path for path in paths if path.suffix.lower() == ".txt"]
        if files and not any(UD_FILE.fullmatch(path.name) for path in paths):
            return TextFiles(name, Path(name), files)
    if reader is None and os.path.isfile(name) and _is_text(name):
        return TextFiles(name, Path(name).parent, [Path(name)])
    return Treebank(open_source(name, reader, split="test"))


def _is_text(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(".txt") or not any(lower.endswith(ending) for ending in READERS)


@dataclass(frozen=True)
class TextFiles:
    """Files with one sentence a line and empty lines between documents."""

    name: str
    root: Path
    paths: list[Path]
    files: ClassVar[str] = ""

    def fingerprint(self) -> str:
        """Names and bytes of the files."""
        return f"text {digest(self.root, self.paths)}"

    def lines(self) -> Iterator[Line]:
        """The sentences of all files; a file starts a document.

        Raises:
            ProbingError: for a file that is not UTF-8, or holds ``word head-label`` lines.
        """
        for path in self.paths:
            document, is_new = 0, True
            looked: list[str] = []
            for number, line in numbered(str(path)):
                if not line.strip():
                    is_new = True
                    continue
                document, is_new = (document + 1, False) if is_new else (document, False)
                if number <= 3:
                    looked.append(line)
                    self._check(path, looked)
                yield f"{path.relative_to(self.root).as_posix()}:{document}", line.strip()

    def _check(self, path: Path, looked: list[str]) -> None:
        if len(looked) == 3 and all(_TREE.fullmatch(line.strip()) for line in looked):
            raise ProbingError(
                f"{path}:1: expected a sentence a line, found 'word head-label' lines; "
                "--data.reader probing.data.formats.paper.read_text reads them as a treebank"
            )


@dataclass(frozen=True)
class TextColumn(HuggingFaceData):
    """A column of text of a data set: ``datasets:NAME,text=COLUMN,rows=documents``.

    With ``rows=documents``, as by default, a row is a document; its lines, cut where a sentence
    seems to end, are its sentences. With ``rows=sentences`` a row is a sentence, and an empty
    row ends a document.
    """

    known: ClassVar[tuple[str, ...]] = ("config", "split", "revision", "text", "rows")

    def lines(self) -> Iterator[Line]:
        """The sentences.

        Raises:
            ProbingError: for a data set without the column, or a row that is no text.
        """
        column, rows = self.options.get("text", "text"), self.options.get("rows", "documents")
        if rows not in ("documents", "sentences"):
            raise ProbingError(f"{self.name}: expected rows=documents or rows=sentences")
        name, table = self.table()
        document = 0
        for number, row in enumerate(table, start=1):
            text = _text(row, column, f"{name}, row {number}")
            if rows == "documents":
                for sentence in sentences_of(text):
                    yield f"{name}:{number}", sentence
            elif text.strip():
                yield f"{name}:{document}", " ".join(text.split())
            else:
                document += 1


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a text: its lines, cut behind what ends a sentence before a capital."""
    for line in text.splitlines():
        for sentence in _ENDS.split(line.strip()):
            if sentence.strip():
                yield sentence.strip()


def _text(row: Mapping[str, object], column: str, where: str) -> str:
    if column not in row:
        raise ProbingError(
            f"{where}: expected a column {column!r} (text=COLUMN names another), "
            f"found {', '.join(sorted(row))}"
        )
    value = row[column]
    if value is not None and not isinstance(value, str):
        raise ProbingError(f"{where}: expected text in column {column!r}, found {value!r:.80}")
    return value or ""


@dataclass(frozen=True)
class Treebank:
    """Any treebank, as the text that it is made of."""

    source: Source

    @property
    def name(self) -> str:
        """That of the treebank."""
        return self.source.name

    @property
    def files(self) -> str:
        """Those of the treebank."""
        return self.source.files

    def fingerprint(self) -> str:
        """That of the treebank, and how its words become text."""
        return f"words {self.source.fingerprint()} {described(joined)}"

    def lines(self) -> Iterator[Line]:
        """Its sentences, document by document; none in place of one whose words are withheld."""
        apart = taking_turns(self.source.parts())
        for _, sentences in in_order(self.source.parts(), apart):
            for sentence in sentences:
                text = None if sentence.is_withheld else joined([sentence]).text
                yield sentence.document, text
