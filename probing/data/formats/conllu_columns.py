"""The columns of CoNLL-U, and of CoNLL-U Plus, which declares its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from probing.data.formats.lines import fault
from probing.data.formats.penn import are_penn

_DECLARED = "global.columns"
_NEEDED = ("ID", "FORM")
_READ = ("ID", "FORM", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "MISC")


@dataclass(frozen=True, slots=True)
class Row:
    """What is read of a line; a column that the file does not have holds ``_``."""

    line: int
    id: str
    form: str
    upos: str
    xpos: str
    feats: str
    head: str
    relation: str
    misc: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns, in their order: those of CoNLL-U, if not declared."""

    names: tuple[str, ...] = tuple("ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC".split())

    @classmethod
    def declared(cls, path: str, line: int, names: str) -> Columns:
        """From the value of ``# global.columns``.

        Raises:
            ProbingError: naming file and line, without a column of numbers and one of words, or
                where one comes twice.
        """
        found = tuple(names.split())
        if not set(_NEEDED) <= set(found) or len(set(found)) < len(found):
            expected = "different names of columns, ID and FORM among them"
            raise fault(path, line, expected, repr(names.strip()))
        return cls(found)

    def row(self, path: str, number: int, line: str) -> Row:
        """A line that is no comment.

        Raises:
            ProbingError: naming file and line, for another number of columns, or no form.
        """
        cells = line.split("\t")
        if len(cells) != len(self.names):
            expected = f"{len(self.names)} columns separated by tabs"
            raise fault(path, number, expected, f"{len(cells)}")
        row = Row(number, *["_" if at is None else cells[at] for at in _places(self.names)])
        if not row.form.strip(" "):
            raise fault(path, number, f"a form of {row.id}", "none")
        return row


@cache
def _places(names: tuple[str, ...]) -> Sequence[int | None]:
    """Where in a line what is read of it stands."""
    return [names.index(name) if name in names else None for name in _READ]


def declaration(comment: str) -> str | None:
    """The names of the columns, if a comment says them."""
    key, _, value = comment.removeprefix("#").partition("=")
    return value if key.strip() == _DECLARED else None


def has_penn_tags(path: str) -> bool:
    """Whether the XPOS of a whole file are tags of the Penn Treebank."""
    counts: Counter[bytes] = Counter()
    names: Sequence[str] = Columns().names
    numbers, tags = names.index("ID"), names.index("XPOS")
    try:
        with open(path, "rb") as file:
            for line in file:
                if not line.startswith(b"#"):
                    cells = line.rstrip(b"\r\n").split(b"\t")
                    if len(cells) == len(names) and cells[numbers].isdigit():
                        counts[cells[tags]] += 1
                elif _DECLARED.encode() in line:
                    declared = declaration(line.decode(errors="replace"))
                    if declared is not None:
                        names = declared.split()
                        if not {"ID", "XPOS"} <= set(names):
                            return False
                        numbers, tags = names.index("ID"), names.index("XPOS")
    except OSError:  # whoever reads it says so
        return False
    del counts[b"_"]
    return are_penn({tag.decode(errors="replace"): count for tag, count in counts.items()})
