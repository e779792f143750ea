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
from itertools import chain

from probing.core.digits import whole_number
from probing.core.sentences import BROKEN, Complaint, Mention
from probing.data.formats.lines import fault, quoted
from probing.data.formats.nesting import EXPECTED, too_many

_BRACKET = re.compile(r"(?P<opens>\()?(?P<inside>[^()]+)(?P<closes>\))?|[()]")
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


@dataclass(frozen=True, slots=True)
class _Open:
    """A mention, or a part of one, that is not closed yet: its first word, its place in a row."""

    name: str
    line: int
    start: int
    place: int


@dataclass(slots=True)
class _Sentence:
    """The brackets of a sentence, row by row; ``words`` counts those up to the row."""

    path: str
    document: str
    entity_field: EntityField
    words: int = 0
    opened: dict[str, list[_Open]] = field(default_factory=dict)
    parts: dict[tuple[str, int], list[range]] = field(default_factory=dict)
    found: list[tuple[Sequence[range], str, int]] = field(default_factory=list)
    complaints: list[tuple[int, str]] = field(default_factory=list)

    def take(self, line: int, word: int | None, value: str) -> None:
        """The next row."""
        start = self.words
        self.words += word is not None
        if any(not (each["opens"] or each["closes"]) for each in _BRACKET.finditer(value)):
            self.complain(line, f"brackets of entities in {quoted(self.document)}", quoted(value))
        for bracket in _BRACKET.finditer(value):
            if bracket["opens"]:
                name = self.entity_field.of(bracket["inside"])
                if not name:
                    expected = f"the name of an entity in {quoted(self.document)}"
                    self.complain(line, expected, quoted(value))
                    continue
                self.opened.setdefault(name, []).append(_Open(name, line, start, bracket.start()))
            if bracket["closes"]:
                self.close(line, bracket["inside"], value)

    def close(self, line: int, text: str, value: str) -> None:
        own = self.entity_field.of(text)
        opened = self.opened.get(text) or self.opened.get(own)
        if not opened:
            expected = f"an entity that this sentence of {quoted(self.document)} opens"
            self.complain(line, expected, f"{quoted(value)}, which closes {quoted(own)}")
            return
        mention = opened.pop()
        words = range(mention.start, self.words)
        part = _PART.fullmatch(mention.name)
        number, count = part and whole_number(part["part"]), part and whole_number(part["parts"])
        if part is None or number is None or count is None:
            self.found.append(([words], mention.name, line))
            return
        before = self.parts.pop((part["entity"], count), [])
        if number != len(before) + 1 or number > count:
            named = f"part {len(before) + 1} of {quoted(part['entity'])}"
            self.complain(line, f"{named} in {quoted(self.document)}", quoted(mention.name))
            return
        before.append(words)
        if number == count:
            self.found.append((before, part["entity"], line))
        else:
            self.parts[part["entity"], count] = before

    def complain(self, line: int, expected: str, found: str) -> None:
        self.complaints.append((line, str(fault(self.path, line, expected, found))))

    def finished(self, last: int) -> tuple[list[Found], list[Complaint]]:
        """All that was found, now that nothing more comes."""
        still = chain.from_iterable(self.opened.values())
        for mention in sorted(still, key=lambda own: (own.line, own.place)):
            expected = f"an entity that this sentence of {quoted(self.document)} closes"
            self.complain(mention.line, expected, f"{quoted(mention.name)}, which stays open")
        for entity, count in self.parts:
            expected = f"{count} parts of {quoted(entity)} in {quoted(self.document)}"
            self.complain(last, expected, "fewer")
        ordered = sorted(self.kept(), key=lambda mention: (mention[0][:1], -len(mention[0])))
        complaints = sorted(self.complaints, key=lambda complaint: complaint[0])
        return ordered, [Complaint(BROKEN, text) for _, text in complaints]

    def kept(self) -> Iterator[Found]:
        """The mentions, but for those that share a word with too many."""
        spans = [_span(words) for words, _, _ in self.found]
        order = sorted(range(len(spans)), key=lambda index: (spans[index][0], -spans[index][1]))
        beyond = {order[i] for i in too_many([spans[index] for index in order])}
        for index, (parts, entity, line) in enumerate(self.found):
            if index in beyond:
                self.complain(line, EXPECTED, f"another, of {quoted(entity)}")
            else:
                words = sorted(set(chain.from_iterable(parts)))
                yield tuple(words), own_entity(entity, line, words)


def _span(parts: Iterable[range]) -> tuple[int, int]:
    """The first word of a mention, and the one behind its last."""
    real = [part for part in parts if part]
    first = min((part.start for part in real), default=-1)
    return first, max((part.stop for part in real), default=-1)
