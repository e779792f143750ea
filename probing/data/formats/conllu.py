"""Readers: one function per format, from a path to sentences.

A reader checks what it reads. What no tree can be made of stops it with file and line; what a
tree may lack (one root, no cycle) is left to :func:`tree_faults`, to be counted and reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from probing.core.digits import whole_number
from probing.core.sentences import Complaint, Mention, Sentence, annotation
from probing.data.formats import surface_heads
from probing.data.formats.conllu_columns import Columns, Row, declaration, has_penn_tags
from probing.data.formats.entities import (
    HEADS_BY,
    UNDECLARED,
    WITHOUT_ID,
    EntityField,
    Found,
    mentions,
    spans,
    undeclared,
)
from probing.data.formats.lines import Line, blocks, fault, named, quoted
from probing.data.formats.penn import UNDONE, Undo, penn_tag, unbracket
from probing.data.formats.trees import head_of, tree_sentence
from probing.data.text import MISMATCH, Token, found, placed


def read_conllu(path: str, undo: Undo = unbracket) -> Iterator[Sentence]:
    """Sentences of a CoNLL-U file (https://universaldependencies.org/format.html).

    Multiword ranges (``3-4``) and empty nodes (``5.1``) are no words of the basic tree; ranges
    say how words were written, together with ``# text`` and ``SpaceAfter=No``. Where ``# text``
    does not match the words, the text is made of the words. Documents start at ``# newdoc``; a
    file without any is one document. Mentions come from ``Entity=`` in MISC where
    ``# global.Entity`` declares it, their heads from the tree. Tags are XPOS in a file whose XPOS
    are those of the Penn Treebank, else UPOS. The head of a word is -1 where HEAD is ``_``.

    CoNLL-U Plus is read by its ``# global.columns``; a column that is missing holds ``_``.

    Args:
        path: the file.
        undo: what becomes of escaped words, unless ``# text`` has them as they are.

    Raises:
        ProbingError: naming file and line, where a line does not have as many columns as
            declared (ten), a form or relation is empty, a word or range is out of order, or a
            head is no number or outside the sentence or the word itself.
    """
    document = Path(path).stem
    columns, entities = Columns(), _Entities(path)
    is_penn = has_penn_tags(path)
    for block in blocks(path):
        text, lines = "", []
        for number, line in block:
            if not line.startswith("#"):
                lines.append((number, line))
                continue
            key, _, value = line[1:].partition("=")
            if key.split()[:1] == ["newdoc"]:
                document = named(path, number, value.strip()) or f"{Path(path).stem}:{number}"
            elif key.strip() == "global.Entity":
                entities = entities.declared(value)
            elif (names := declaration(line)) is not None:
                columns = Columns.declared(path, number, names)
            elif key.split() == ["text"]:
                text = value.strip()
        read = _Rows.read(path, lines, columns)
        if read.words:
            yield _sentence(read, text, document, entities, undo, is_penn=is_penn)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a sentence: all but ranges, its words among them, and what was written."""

    path: str
    rows: Sequence[tuple[int | None, Row]]
    tokens: Sequence[Token]

    @property
    def words(self) -> list[Row]:
        return [row for word, row in self.rows if word is not None]

    @classmethod
    def read(cls, path: str, lines: Sequence[Line], columns: Columns) -> _Rows:
        rows: list[tuple[int | None, Row]] = []
        tokens: list[Token] = []
        count = covered = 0
        for number, line in lines:
            row = columns.row(path, number, line)
            space = "SpaceAfter=No" not in row.misc.split("|")
            if "-" in row.id:
                if count < covered:
                    raise fault(path, number, f"word number {count + 1}", repr(row.id))
                covered = _range_end(path, number, row.id, first=count + 1)
                tokens.append(Token(row.form, covered - count, space))
            elif "." in row.id:
                rows.append((None, row))
            else:
                if row.id != str(count + 1):
                    raise fault(path, number, f"word number {count + 1}", repr(row.id))
                rows.append((count, row))
                count += 1
                if count > covered:
                    tokens.append(Token(row.form, 1, space))
        if count < covered:
            raise fault(path, lines[-1][0], f"word number {count + 1}", "no more words")
        return cls(path, rows, tokens)


@dataclass(frozen=True, slots=True)
class _Entities:
    """What ``Entity=`` means: mentions of a field, or nothing, and why."""

    path: str
    entity_field: EntityField | None = None
    why: str = UNDECLARED

    def declared(self, fields: str) -> _Entities:
        return _Entities(self.path, EntityField.declared(fields), WITHOUT_ID)

    def of(self, document: str, read: _Rows) -> tuple[list[Found], list[Complaint]]:
        if not any("Entity=" in row.misc for _, row in read.rows):
            return [], []
        values = [(row.line, word, _entity(row.misc)) for word, row in read.rows]
        if self.entity_field is not None:
            return spans(self.path, document, values, self.entity_field)
        # What has no bracket is something else: Entity=PER is a kind of name.
        bracketed = ((line, value) for line, _, value in values if "(" in value or ")" in value)
        first = next(bracketed, None)
        return [], [undeclared(self.path, *first, kind=self.why)] if first else []


def _sentence(
    read: _Rows, text: str, document: str, entities: _Entities, undo: Undo, *, is_penn: bool
) -> Sentence:
    rows, tokens = read.words, read.tokens
    forms = [row.form for row in rows]
    words = [undo(form) for form in forms]
    if words != forms:
        if found(text, tokens) is None:
            tokens = [replace(token, form=undo(token.form)) for token in tokens]
        else:
            words = forms  # the text has them as they are
    heads = [head_of(read.path, row.line, row.head) for row in rows]
    relations = [row.relation for row in rows]
    tags = [(penn_tag(row.xpos) if is_penn else None) or row.upos for row in rows]
    lines = [row.line for row in rows]
    tree = tree_sentence(read.path, words, heads, relations, tags, document, lines)
    spotted, complaints = entities.of(document, read)
    own, places = placed(words, tokens, text)
    oddities = [MISMATCH] if text and own != text else []
    by_tree = any(head >= 0 for head in heads)
    return replace(
        tree,
        mentions=list(mentions(spotted, heads) if by_tree else _by_surface(spotted, words, tags)),
        heads_by=HEADS_BY if by_tree else surface_heads.HEADS_BY,
        text=own,
        spans=places,
        oddities=[*oddities, *([UNDONE] if words != forms else [])],
        upos=annotation(row.upos for row in rows),
        xpos=annotation(row.xpos for row in rows),
        feats=annotation(row.feats for row in rows),
        complaints=complaints,
    )


def _by_surface(
    found: Sequence[Found], words: Sequence[str], tags: Sequence[str]
) -> Iterator[Mention]:
    """Mentions in a sentence without a tree."""
    for own, entity in found:
        inside = [words[i] for i in own], [tags[i] for i in own]
        yield Mention(own, own[surface_heads.surface_head(*inside)] if own else -1, entity)


def _entity(misc: str) -> str:
    """The value of ``Entity=`` in MISC, empty where there is none."""
    fields = misc.split("|")
    return next((f.removeprefix("Entity=") for f in fields if f.startswith("Entity=")), "")


def _range_end(path: str, line: int, text: str, *, first: int) -> int:
    """The last word of a multiword range, ``4`` in ``3-4``."""
    start, _, end = text.partition("-")
    last = whole_number(end)
    if start != str(first) or last is None or last < first:
        raise fault(path, line, f"a range that begins with word {first}", quoted(text))
    return last
