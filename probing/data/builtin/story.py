"""What all parts of the writer share while they write a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from probing.data.builtin.discourse import Discourse, Role
from probing.data.builtin.entities import Entity, cast, head_noun
from probing.data.builtin.grammar import Node
from probing.data.builtin.lexicon import Kind, Pronoun

T = TypeVar("T")
Option = TypeVar("Option", bound="str | tuple[str, str, object]")


class OutOfWordsError(Exception):
    """The document has used up the nouns of a kind: the sentence must be thought over."""


@dataclass(slots=True)
class Clause:
    """The entities of one clause: its ``arguments``, and all that it has ``mentioned``.

    It never mentions an argument twice: *she saw her* would be someone else.
    """

    arguments: set[Entity] = field(default_factory=set)
    mentioned: set[Entity] = field(default_factory=set)


@dataclass(slots=True)
class Story:
    """A document in the making.

    ``said`` are the content words of this sentence, and ``room`` is about how many words it may
    still grow by.
    """

    random: Random
    cast: list[Entity]
    past: bool
    discourse: Discourse
    clause: Clause = field(default_factory=Clause)
    said: set[str] = field(default_factory=set)
    room: int = 0

    @classmethod
    def from_random(cls, random: Random) -> Story:
        """A story that has not begun."""
        people = cast(random)
        nouns = {head_noun(entity.noun) for entity in people}
        return cls(random, people, random.random() < 0.65, Discourse(nouns=nouns))

    # Decisions

    def chance(self, probability: float) -> bool:
        """True as often as that."""
        return self.random.random() < probability

    def afford(self, words: int, probability: float) -> bool:
        """Whether to add something optional of about so many words."""
        if self.room < words or not self.chance(probability):
            return False
        self.room -= words
        return True

    def choose(self, options: Sequence[T]) -> T:
        """One of the options."""
        return self.random.choice(options)

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in any order."""
        return self.random.sample(options, len(options))

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, each as often as its weight says."""
        return self.random.choices(options, weights)[0]

    def fresh(self, options: Sequence[Option]) -> Option:
        """One of the words (or rows that begin with one) that this sentence has not used."""
        unsaid = [option for option in options if _word(option) not in self.said]
        choice = self.choose(unsaid or options)
        self.said.add(_word(choice))
        return choice

    def untaken(self, options: Sequence[Option]) -> Option:
        """One of the nouns (or rows that begin with one) that nothing in the document has.

        So what has the same noun is the same: *a letter*, later *the letter*.

        Raises:
            OutOfWordsError: if there is none.
        """
        nouns = self.discourse.nouns
        left = [option for option in options if head_noun(_word(option)) not in nouns]
        if not left:
            raise OutOfWordsError
        choice = self.choose(left)
        nouns.add(head_noun(_word(choice)))
        return choice

    def topic(self, kinds: Sequence[Kind]) -> Kind:
        """One of the kinds, often that of what a pronoun could mean."""
        pronouns: list[Pronoun] = ["it", "they"]
        found = [self.discourse.antecedent(pronoun) for pronoun in pronouns]
        current = [entity.kind for entity in found if entity and entity.kind in kinds]
        return self.choose(current if current and self.chance(0.5) else kinds)

    # Mentions

    def mention(self, node: Node, entity: Entity, role: Role, *, argument: bool = True) -> Node:
        """The phrase, noted as a mention; all mentions pass here in the order of their heads."""
        node.entity = entity
        self.discourse.note(entity, role)
        self.clause.mentioned.add(entity)
        if argument:
            self.clause.arguments.add(entity)
        return node

    @contextmanager
    def clause_about(self, entity: Entity) -> Iterator[None]:
        """A clause within the noun phrase of an entity, of which the entity is a part."""
        outer = self.clause
        self.clause = Clause({entity}, outer.mentioned)
        yield
        self.clause = outer

    @contextmanager
    def clause_apart(self) -> Iterator[None]:
        """A clause beside or within another clause."""
        outer, self.clause = self.clause, Clause()
        yield
        self.clause = outer

    @contextmanager
    def brevity(self) -> Iterator[None]:
        """Nothing within takes room."""
        room, self.room = self.room, 0
        yield
        self.room = room


def _word(option: str | tuple[str, str, object]) -> str:
    return option if isinstance(option, str) else option[0]
