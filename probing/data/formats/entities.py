"""Mentions in CoNLL-U: the brackets of ``Entity=`` in MISC.

The format is that of CorefUD (https://ufal.mff.cuni.cz/corefud) and, with it, of GUM and
OntoGUM: ``(e1-person`` opens a mention of the entity ``e1``, ``e1)`` closes it, ``(e2)`` does
both, ``(e3[1/2]`` opens the first of two parts. ``# global.Entity`` names the fields between
hyphens; where it is missing the entity comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from probing.core.sentences import Mention
from probing.data.formats.lines import fault

_BRACKET = re.compile(r"\((?P<opened>[^()]+)(?P<both>\))?|(?P<closed>[^()]+)\)")
_PART = re.compile(r"(?P<entity>.+)\[(?P<part>\d+)/(?P<parts>\d+)\]")
HEADS_BY = "the dependency tree"
_ENTITY_FIELDS = ("eid", "GRP")


@dataclass(slots=True)
class _Open:
    """A mention, or a part of one, that is not closed yet."""

    name: str
    line: int
    words: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EntityField:
    """Which of the fields between hyphens is the entity."""

    index: int = 0

    @classmethod
    def declared(cls, fields: str) -> EntityField:
        """From the value of ``# global.Entity``."""
        names = fields.strip().split("-")
        return cls(next((names.index(name) for name in _ENTITY_FIELDS if name in names), 0))

    def of(self, bracket: str) -> str:
        """The entity in what a bracket holds; a closing one may hold the entity alone."""
        fields = bracket.split("-")
        return fields[self.index] if self.index < len(fields) else fields[-1]


def spans(
    path: str,
    document: str,
    rows: Sequence[tuple[int, int | None, str]],
    entity_field: EntityField,
) -> list[tuple[tuple[int, ...], str]]:
    """Words and entity of each mention of a sentence, by first word, longer ones first.

    Nested brackets of one entity close in reverse order. A mention of nothing but empty nodes has
    no words.

    Args:
        path: the file, for complaints.
        document: likewise.
        rows: line, word (``None`` for an empty node) and value of ``Entity=`` of each row.
        entity_field: where the entity stands.

    Raises:
        ProbingError: naming file, line and document, for a bracket without its counterpart in
            the sentence.
    """
    opened: list[_Open] = []
    found: list[tuple[tuple[int, ...], str]] = []
    parts: dict[tuple[str, int], list[list[int]]] = {}
    for line, word, value in rows:
        for bracket in _brackets(path, line, document, value):
            if bracket["opened"]:
                opened.append(_Open(entity_field.of(bracket["opened"]), line))
                if not opened[-1].name:
                    raise fault(path, line, f"the name of an entity in {document}", repr(value))
            if bracket["closed"] or bracket["both"]:
                name = entity_field.of(bracket["closed"] or bracket["opened"])
                mention = _latest(opened, name)
                if mention is None:
                    raise fault(
                        path,
                        line,
                        f"an entity that this sentence of {document} opens",
                        f"{value!r}, which closes {name!r}",
                    )
                if word is not None:
                    mention.words.append(word)
                found += _finished(path, line, document, mention, parts)
        if word is not None:
            for mention in opened:
                mention.words.append(word)
    if opened:
        raise fault(
            path,
            opened[0].line,
            f"an entity that this sentence of {document} closes",
            f"{opened[0].name!r}, which stays open",
        )
    if parts:
        (entity, count), _ = next(iter(parts.items()))
        last = max(line for line, _, _ in rows)
        raise fault(path, last, f"{count} parts of {entity!r} in {document}", "fewer")
    return sorted(found, key=lambda mention: (mention[0][:1], -len(mention[0])))


def tree_head(words: Sequence[int], heads: Sequence[int]) -> int:
    """The word of a mention whose head lies outside it; the first, if several."""
    inside = set(words)
    return next((word for word in words if heads[word] - 1 not in inside), words[0])


def mentions(
    found: Iterable[tuple[tuple[int, ...], str]], heads: Sequence[int]
) -> Iterator[Mention]:
    """Mentions with the heads that the tree gives them; without words, -1."""
    for words, entity in found:
        yield Mention(words, tree_head(words, heads) if words else -1, entity)


def _brackets(path: str, line: int, document: str, value: str) -> Iterator[re.Match[str]]:
    """The brackets of one value, left to right."""
    end = 0
    while end < len(value):
        bracket = _BRACKET.match(value, end)
        if bracket is None:
            raise fault(path, line, f"brackets of entities in {document}", repr(value))
        yield bracket
        end = bracket.end()


def _latest(opened: list[_Open], name: str) -> _Open | None:
    """Takes the mention that was opened last from those of ``name``."""
    for index in reversed(range(len(opened))):
        if opened[index].name == name:
            return opened.pop(index)
    return None


def _finished(
    path: str,
    line: int,
    document: str,
    mention: _Open,
    parts: dict[tuple[str, int], list[list[int]]],
) -> Iterator[tuple[tuple[int, ...], str]]:
    """The mention that ends here, if this is not just a part of one."""
    part = _PART.fullmatch(mention.name)
    if part is None:
        yield tuple(mention.words), mention.name
        return
    number, count = int(part["part"]), int(part["parts"])
    key = (part["entity"], count)
    before = parts.pop(key, [])
    if number != len(before) + 1 or number > count:
        raise fault(
            path, line, f"part {len(before) + 1} of {part['entity']!r} in {document}", mention.name
        )
    if number == count:
        words = {word for some in (*before, mention.words) for word in some}
        yield tuple(sorted(words)), part["entity"]
    else:
        parts[key] = [*before, mention.words]
