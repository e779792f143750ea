"""Sentences from tables: one a row, their words, heads and relations in columns of lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from probing.core.digits import whole_number
from probing.core.errors import ProbingError
from probing.core.sentences import Sentence, annotation
from probing.data.formats.trees import tree_faults

# How tables say that there is nothing; "None" is what the hub's universal_dependencies says.
_NOTHING = (None, "", "_", "None")
# 3-4 or 5.1, also as the package conllu gives them: (3, '-', 4).
_NO_WORD = re.compile(r"\(?\d+\W+\d+\)?")


@dataclass(frozen=True)
class Columns:
    """The names of columns, by default those of the hub's ``universal_dependencies``.

    ``upos``, ``xpos`` and ``feats`` are columns of that name where they are there and hold texts
    or class labels; ``tags`` is that of ``xpos``, if not another. ``ids`` holds what the first
    column of CoNLL-U does and tells words from multiword ranges (``3-4``) and empty nodes
    (``5.1``).
    """

    words: str = "tokens"
    heads: str = "head"
    relations: str = "deprel"
    tags: str | None = None
    upos: str | None = None
    xpos: str | None = None
    feats: str | None = None
    ids: str | None = None


def read_table(
    rows: Iterable[Mapping[str, object]], columns: Columns, *, name: str
) -> Iterator[Sentence]:
    """Sentences of a table, one a row, lazily. The table is one document.

    Heads are numbers or text; relations and tags are text or class labels. The hub's
    ``universal_dependencies`` keeps multiword ranges and empty nodes among the tokens, with
    neither head nor relation, while heads are numbered without them: they are passed over.
    Where no ``ids`` say which these are, a word that nobody annotated would look the same, and
    passing it over would shift the heads; so what remains must then be a tree with one root.

    Args:
        rows: the table; its ``features`` name class labels.
        columns: which columns hold what.
        name: what complaints call the table.

    Raises:
        ProbingError: naming the row, counted from one, for a row that cannot be read, lacks a
            column, holds lists of unlike lengths, or heads that make no sense.
    """
    features = getattr(rows, "features", None) or {}
    labels = {column: _labels(feature) for column, feature in features.items()}
    stream = iter(rows)
    for number in count(1):
        try:
            row = next(stream, None)
        except Exception as error:  # each file format fails in its own way
            detail = in_one_line(error)
            raise ProbingError(f"{name}: cannot be read from row {number} on: {detail}") from error
        if row is None:
            return
        yield _Row(row, labels, name, number).sentence(columns)


def in_one_line(error: Exception) -> str:
    """What another library complains about, in a line that is not too long."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _labels(feature: object) -> Sequence[str] | None:
    """The names behind the numbers of a list of class labels."""
    import datasets

    inner = getattr(feature, "feature", None)
    return inner.names if isinstance(inner, datasets.ClassLabel) else None


@dataclass(frozen=True)
class _Row:
    values: Mapping[str, object]
    labels: Mapping[str, Sequence[str] | None]
    table: str
    number: int

    def sentence(self, columns: Columns) -> Sentence:
        words = self.list_of(columns.words, "words")
        size = len(words)
        heads = self.list_of(columns.heads, "heads", size)
        relations = self.texts(columns.relations, "relations", size)
        upos = self.optional(columns.upos, "upos", size)
        xpos = self.optional(columns.xpos, "xpos", size)
        feats = self.optional(columns.feats, "feats", size)
        tags: list[str | None] = [None] * size
        tagged = columns.tags or columns.xpos
        if tagged is not None or self.values.get("xpos") is not None:
            tags = self.texts(tagged or "xpos", "tags", size)
        if columns.ids is None:
            pairs = zip(heads, relations, strict=True)
            kept = [i for i, pair in enumerate(pairs) if any(v not in _NOTHING for v in pair)]
        else:
            kept = self.numbered(columns.ids, size)
        if not kept:
            raise self.fault("at least one word with a head", f"none among {size}")
        passed = size - len(kept)
        aside = f", not counting {passed} without head and relation" if passed else ""
        made = Sentence(
            words=[self.word(words[i]) for i in kept],
            heads=[self.head(heads[i], n, len(kept), aside) for n, i in enumerate(kept, start=1)],
            relations=[self.relation(relations[i]) for i in kept],
            tags=[tags[i] or "_" for i in kept],
            document=self.table,
            line=self.number,
            upos=annotation(upos[i] for i in kept),
            xpos=annotation(xpos[i] for i in kept),
            feats=annotation(feats[i] for i in kept),
        )
        if passed and columns.ids is None and (faults := tree_faults(made.heads)):
            raise self.fault(f"a tree{aside} (ids=COLUMN tells words from ranges)", faults[0])
        return made

    def fault(self, expected: str, found: str) -> ProbingError:
        return ProbingError(f"{self.table}, row {self.number}: expected {expected}, found {found}")

    def list_of(self, column: str, option: str, size: int | None = None) -> list[object]:
        """The values in ``column``, as many as there are words."""
        if column not in self.values:
            known = ", ".join(sorted(self.values))
            raise self.fault(f"a column {column!r} ({option}=COLUMN names another)", known)
        values = self.values[column]
        if not isinstance(values, list):
            raise self.fault(f"a list in column {column!r}", repr(values)[:80])
        if size is not None and len(values) != size:
            expected = f"as many values in column {column!r} as words ({size})"
            raise self.fault(expected, str(len(values)))
        return values

    def texts(self, column: str, option: str, size: int) -> list[str | None]:
        """The texts in ``column``, class labels turned to their names."""
        names = self.labels.get(column)
        found: list[str | None] = []
        for value in self.list_of(column, option, size):
            if names is not None and isinstance(value, int):
                found.append(names[value] if 0 <= value < len(names) else None)
            elif value is None or isinstance(value, str):
                found.append(value)
            else:
                raise self.fault(f"texts or class labels in column {column!r}", repr(value))
        return found

    def optional(self, named: str | None, usual: str, size: int) -> list[str | None]:
        """The texts in a column; one of the usual name may be missing, or hold something else."""
        if named is None and not self.has_texts(usual):
            return [None] * size
        found = self.texts(named or usual, usual, size)
        return [None if value in _NOTHING else value for value in found]

    def has_texts(self, column: str) -> bool:
        values = self.values.get(column)
        kinds = str if self.labels.get(column) is None else (str, int)
        return isinstance(values, list) and all(v is None or isinstance(v, kinds) for v in values)

    def numbered(self, column: str, size: int) -> list[int]:
        """Which tokens are words, numbered one after the other."""
        ids = [str(value) for value in self.list_of(column, "ids", size)]
        kept = [i for i, own in enumerate(ids) if not _NO_WORD.fullmatch(own)]
        for number, i in enumerate(kept, start=1):
            if ids[i] != str(number):
                raise self.fault(f"word number {number} in column {column!r}", repr(ids[i]))
        return kept

    def word(self, value: object) -> str:
        if not isinstance(value, str) or not value:
            raise self.fault("a word", repr(value))
        return value

    def head(self, value: object, word: int, size: int, aside: str) -> int:
        head = whole_number(str(value))
        if head is None:
            raise self.fault(f"a head that is a number for word {word}{aside}", repr(value))
        if head > size:
            raise self.fault(f"a head from 0 to {size} for word {word}{aside}", f"{head}")
        if head == word:
            raise self.fault(f"a head other than itself for word {word}{aside}", f"{head}")
        return head

    def relation(self, value: str | None) -> str:
        if value in (None, "", "None"):
            raise self.fault("a relation for each word that has a head", repr(value))
        return str(value)
