"""What a reader knows so far, and whom a pronoun can mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from probing.data.builtin.entities import Entity
from probing.data.builtin.lexicon import HYPERNYMS, Pronoun

REACH = 3  # sentences in which a pronoun finds its antecedent, its own included


class Role(IntEnum):
    """What a mention is in its clause; the lower, the more prominent."""

    SUBJECT = 0
    OBJECT = 1
    OTHER = 2


class Reference(NamedTuple):
    """An entity that a sentence brings to mind, ``implied`` where no phrase stands for it."""

    entity: Entity
    role: Role
    implied: bool = False


@dataclass(slots=True)
class Discourse:
    """The mentions so far, sentence by sentence, the last sentence unfinished.

    A pronoun of the third person refers to the most prominent entity that agrees with it, in
    the nearest sentence that mentions any: this one, up to the pronoun, or one of the two
    before. A subject is more prominent than an object, and an object than anything else, as in
    centering (Grosz, Joshi and Weinstein 1995). Where two are equally prominent no pronoun is
    used, and all pronouns of a sentence that look the same mean the same entity.

    - In a relative clause, a participle or an infinitive, a relative pronoun or nothing at all
      may stand for the subject. A pronoun is used only if it means the same whether or not such
      subjects count.
    - A person whose gender nothing has shown yet agrees with *she* and with *he*; coordinated
      phrases agree with *they*, as does a phrase with *every*.

    ``names`` are the names of the entities mentioned, ``told`` are the people of whom the
    reader knows what they are, ``shown`` those whose gender a pronoun has shown, ``vague``
    those that an indefinite phrase introduced, and ``gone`` those never mentioned again.
    """

    names: dict[Entity, str] = field(default_factory=dict)
    told: set[Entity] = field(default_factory=set)
    shown: set[Entity] = field(default_factory=set)
    vague: set[Entity] = field(default_factory=set)
    gone: set[Entity] = field(default_factory=set)
    nouns: set[str] = field(default_factory=set)
    sentences: list[list[Reference]] = field(default_factory=list)
    meant: dict[Pronoun, Entity] = field(default_factory=dict)

    def after(self) -> Discourse:
        """The same with a sentence begun; this one stays as it is."""
        return Discourse(
            dict(self.names),
            set(self.told),
            set(self.shown),
            set(self.vague),
            set(self.gone),
            set(self.nouns),
            [*self.sentences, []],
        )

    def note(self, entity: Entity, role: Role) -> None:
        """An entity has been mentioned."""
        self.names.setdefault(entity, f"e{len(self.names) + 1}")
        self.sentences[-1].append(Reference(entity, role))

    def note_several(self, role: Role) -> None:
        """Coordinated phrases have been mentioned, to which together *they* could refer."""
        self.sentences[-1].append(Reference(Entity("setting", "", "they"), role))

    def imply(self, entity: Entity) -> None:
        """An entity is the subject of a clause without being mentioned there."""
        self.sentences[-1].append(Reference(entity, Role.SUBJECT, implied=True))

    def refer(self, entity: Entity) -> None:
        """A pronoun has been used for an entity."""
        self.meant[entity.pronoun] = entity
        self.shown.add(entity)

    def withdraw(self, since: int) -> None:
        """Forget what was introduced as *a letter* since the ``since``-th entity.

        After *she did not write a letter* there is none to speak of.
        """
        self.gone.update(set(list(self.names)[since:]) & self.vague)

    def agreeing(self, entity: Entity) -> Iterator[Pronoun]:
        """The pronouns that could be meant for an entity, as far as a reader knows."""
        if entity.tells_gender or entity in self.shown:
            yield entity.pronoun
        else:
            yield from ("she", "he")
        if entity.quantified:
            yield "they"

    def antecedent(self, pronoun: Pronoun) -> Entity | None:
        """Whom or what a pronoun would refer to here, if that is clear."""
        for sentence in self.sentences[: -REACH - 1 : -1]:
            found = [one for one in sentence if pronoun in self.agreeing(one.entity)]
            if found:
                prominent = _prominent(found) | _prominent(one for one in found if not one.implied)
                return prominent.pop() if len(prominent) == 1 else None
        return None

    def is_clear(self, entity: Entity) -> bool:
        """Whether a pronoun for the entity would be understood here."""
        if entity.pronoun == "we":
            return True
        meant = self.meant.get(entity.pronoun, entity)
        return meant is entity and self.antecedent(entity.pronoun) is entity

    def is_here(self, entity: Entity, *roles: Role) -> bool:
        """Whether this sentence has mentioned the entity in one of the roles."""
        return any(one.entity is entity and one.role in roles for one in self.sentences[-1])

    def is_alone(self, entity: Entity) -> bool:
        """Whether what such entities are called in general can only mean this one."""
        rivals = {entity.kind} | ({"setting"} if entity.kind == "building" else set())
        return entity.kind in HYPERNYMS and not any(
            other.kind in rivals and other is not entity for other in self.names
        )


def _prominent(references: Iterable[Reference]) -> set[Entity]:
    """The entities of the most prominent role."""
    by_role: dict[Role, set[Entity]] = {}
    for reference in references:
        by_role.setdefault(reference.role, set()).add(reference.entity)
    return set(by_role[min(by_role)])
