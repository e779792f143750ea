"""Mentions in CoNLL-U: the brackets of ``Entity=`` in MISC.

The format is that of CorefUD (https://ufal.mff.cuni.cz/corefud) and, with it, of GUM and
OntoGUM: ``(e1-person`` opens a mention of the entity ``e1``, ``e1)`` closes it, ``(e2)`` does
both, ``(e3[1/2]`` opens the first of two parts. ``# global.Entity`` names the fields between
hyphens. Without it, or where it names no entity, brackets say something else: named entities, say.

Rules for all formats of coreference: what is between brackets is an entity as it stands, hyphens
included, but where a declaration says that hyphens separate fields; then those of the last field
alone are its own. One that begins with ``NOCOREF`` is each time another. A mention that is not
closed in its sentence is dropped, with a complaint. The same words may be mentions of two entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from probing.core.sentences import BROKEN, Complaint, Mention
from probing.data.formats.lines import fault

_BRACKET = re.compile(r"\((?P<opened>[^()]+)(?P<both>\))?|(?P<closed>[^()]+)\)")
_PART = re.compile(r"(?P<entity>.+)\[(?P<part>[0-9]{1,18})/(?P<parts>[0-9]{1,18})\]")
HEADS_BY = "the dependency tree"
UNDECLARED = "Entity= that no line '# global.Entity = ...' declares"
WITHOUT_ID = "Entity= that is declared without an id of the entity (eid or GRP)"
_ENTITY_FIELDS = ("eid", "GRP")

Found = tuple[tuple[int, ...], str]


@dataclass(frozen=True, slots=True)
class EntityField:
    """Which of the ``count`` fields between hyphens is the entity."""

    index: int
    count: int

    @classmethod
    def declared(cls, fields: str) -> EntityField | None:
        """From the value of ``# global.Entity``; ``None`` if no field is the entity."""
        names = fields.strip().split("-")
        index = next((names.index(name) for name in _ENTITY_FIELDS if name in names), None)
        return None if index is None else cls(index, len(names))

    def of(self, bracket: str) -> str:
        """The entity in what a bracket holds; a closing one may hold the entity alone."""
        fields = bracket.split("-", self.count - 1)
        return fields[self.index] if self.index < len(fields) else fields[-1]


def undeclared(path: str, line: int, value: str, *, kind: str) -> Complaint:
    """The complaint about a value of ``Entity=`` that nothing tells the entities of."""
    fields = re.split("[()]+", value.strip("()"))[0].split("-")
    numbered = next((i for i, name in enumerate(fields) if re.search(r"\d", name)), None)
    expected = "a line '# global.Entity = ...' before it that names a field 'eid', the entity's id"
    if numbered is not None:
        names = ["etype"] * numbered + ["eid"] + ["other"] * (numbered + 1 < len(fields))
        expected += f", as '# global.Entity = {'-'.join(names)}' if {fields[numbered]!r} is one"
    return Complaint(kind, str(fault(path, line, expected, f"'Entity={value}'")))


def own_entity(entity: str, line: int, words: Sequence[int]) -> str:
    """The name of an entity; AnCora's ``NOCOREF`` is no name, but says that there is no other."""
    return f"{entity} {line} {[*words]}" if entity.startswith("NOCOREF") else entity


def spans(
    path: str,
    document: str,
    rows: Sequence[tuple[int, int | None, str]],
    entity_field: EntityField,
) -> tuple[list[Found], list[Complaint]]:
    """Words and entity of each mention of a sentence, by first word, longer ones first.

    Nested brackets of one entity close in reverse order. A mention of nothing but empty nodes has
    no words. A bracket without its counterpart in the sentence is no mention, but a complaint.

    Args:
        path: the file, for complaints.
        document: likewise.
        rows: line, word (``None`` for an empty node) and value of ``Entity=`` of each row.
        entity_field: where the entity stands.
    """
    sentence = _Sentence(path, document, entity_field)
    for line, word, value in rows:
        sentence.take(line, word, value)
    return sentence.finished(last=max((line for line, _, _ in rows), default=0))


def tree_head(words: Sequence[int], heads: Sequence[int]) -> int:
    """The word of a mention whose head lies outside it; the first, if several.

    Words whose heads nobody annotated (-1) come after those.
    """
    inside = set(words)
    outside = [word for word in words if heads[word] - 1 not in inside]
    return next((word for word in outside if heads[word] >= 0), (outside or words)[0])


def mentions(found: Iterable[Found], heads: Sequence[int]) -> Iterator[Mention]:
    """Mentions with the heads that the tree gives them; without words, -1."""
    for words, entity in found:
        yield Mention(words, tree_head(words, heads) if words else -1, entity)


@dataclass(slots=True)
class _Open:
    """A mention, or a part of one, that is not closed yet."""

    name: str
    line: int
    words: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Sentence:
    """The brackets of a sentence, row by row."""

    path: str
    document: str
    entity_field: EntityField
    opened: list[_Open] = field(default_factory=list)
    parts: dict[tuple[str, int], list[list[int]]] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)
    complaints: list[tuple[int, str]] = field(default_factory=list)

    def take(self, line: int, word: int | None, value: str) -> None:
        """The next row."""
        matches = list(_BRACKET.finditer(value))
        if "".join(match[0] for match in matches) != value:
            self.complain(line, f"brackets of entities in {self.document}", repr(value))
        for match in matches:
            if match["opened"]:
                name = self.entity_field.of(match["opened"])
                if not name:
                    self.complain(line, f"the name of an entity in {self.document}", repr(value))
                    continue
                self.opened.append(_Open(name, line))
            if match["closed"] or match["both"]:
                self.close(line, word, match["closed"] or match["opened"], value)
        if word is not None:
            for mention in self.opened:
                mention.words.append(word)

    def close(self, line: int, word: int | None, text: str, value: str) -> None:
        mention = self.latest(text) or self.latest(self.entity_field.of(text))
        if mention is None:
            expected = f"an entity that this sentence of {self.document!r} opens"
            self.complain(line, expected, f"{value!r}, which closes {self.entity_field.of(text)!r}")
            return
        if word is not None:
            mention.words.append(word)
        part = _PART.fullmatch(mention.name)
        if part is None:
            self.keep(line, mention.words, mention.name)
            return
        entity, number, count = part["entity"], int(part["part"]), int(part["parts"])
        before = self.parts.pop((entity, count), [])
        if number != len(before) + 1 or number > count:
            expected = f"part {len(before) + 1} of {entity!r} in {self.document}"
            self.complain(line, expected, mention.name)
        elif number == count:
            words = {word for some in (*before, mention.words) for word in some}
            self.keep(line, sorted(words), entity)
        else:
            self.parts[entity, count] = [*before, mention.words]

    def latest(self, name: str) -> _Open | None:
        """Takes the mention that was opened last from those of ``name``."""
        for index in reversed(range(len(self.opened))):
            if self.opened[index].name == name:
                return self.opened.pop(index)
        return None

    def keep(self, line: int, words: Sequence[int], entity: str) -> None:
        self.found.append((tuple(words), own_entity(entity, line, words)))

    def complain(self, line: int, expected: str, found: str) -> None:
        self.complaints.append((line, str(fault(self.path, line, expected, found))))

    def finished(self, last: int) -> tuple[list[Found], list[Complaint]]:
        """All that was found, now that nothing more comes."""
        for mention in self.opened:
            expected = f"an entity that this sentence of {self.document!r} closes"
            self.complain(mention.line, expected, f"{mention.name!r}, which stays open")
        for entity, count in self.parts:
            self.complain(last, f"{count} parts of {entity!r} in {self.document}", "fewer")
        ordered = sorted(self.found, key=lambda mention: (mention[0][:1], -len(mention[0])))
        complaints = sorted(self.complaints, key=lambda complaint: complaint[0])
        return ordered, [Complaint(BROKEN, text) for _, text in complaints]
