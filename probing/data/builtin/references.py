"""How an entity is mentioned again: by a pronoun, its name, its noun, or what else it is."""

from __future__ import annotations

from probing.data.builtin.discourse import Role
from probing.data.builtin.entities import FORMS, Entity
from probing.data.builtin.grammar import Node, determined, name, noun, possessed
from probing.data.builtin.lexicon import HYPERNYMS
from probing.data.builtin.story import Story

POSSESSIVE = 2  # of the three forms of a pronoun


class References:
    """Phrases for entities; a pronoun wherever it reads best and is clear."""

    def __init__(self, story: Story) -> None:
        self.story = story

    # What is possible here

    def can_be_pronoun(self, entity: Entity, *, possessive: bool = False) -> bool:
        """Whether a pronoun would be clear, and not the second argument of its clause."""
        free = possessive or entity not in self.story.clause.arguments
        known = entity in self.story.discourse.names or entity.pronoun == "we"
        return free and known and self.story.discourse.is_clear(entity)

    def can_be_noun(self, entity: Entity) -> bool:
        """Whether a name or noun would be good English.

        It is not within a clause that has mentioned the entity, nor after it was a subject
        (*Anna said that Anna was tired* would be about two people).
        """
        story = self.story
        if entity.pronoun == "we" or entity in story.clause.mentioned:
            return False
        if entity.owner and not self.can_own(entity.owner):
            return False
        return not story.discourse.is_here(entity, Role.SUBJECT)

    def can_own(self, entity: Entity) -> bool:
        """Whether the entity can be an owner, by a pronoun or otherwise."""
        return self.can_be_pronoun(entity, possessive=True) or self.can_be_noun(entity)

    # Phrases

    def pronoun(self, entity: Entity, role: Role) -> Node:
        """A pronoun as subject or as anything else."""
        form = FORMS[entity.pronoun][0 if role is Role.SUBJECT else 1]
        self.story.discourse.refer(entity)
        return self.story.mention(Node(form, "PRP", entity.plural), entity, role)

    def noun(self, entity: Entity, role: Role, *, argument: bool = True) -> Node:
        """A name, or a noun with its article."""
        node = self._named(entity) if entity.name else self._common(entity)
        return self.story.mention(node, entity, role, argument=argument)

    def possess(self, node: Node, owner: Entity) -> Node:
        """The phrase with its owner; the owner is mentioned, not yet the phrase."""
        story = self.story
        here = story.discourse.is_here(owner, *Role)
        by_pronoun = self.can_be_pronoun(owner, possessive=True) and (
            here or not self.can_be_noun(owner) or story.chance(0.7)
        )
        if by_pronoun:
            form = Node(FORMS[owner.pronoun][POSSESSIVE], "PRP$")
            story.discourse.refer(owner)
            story.mention(form, owner, Role.OTHER, argument=False)
            return node.before("nmod:poss", form)
        return possessed(node, self.noun(owner, Role.OTHER, argument=False))

    def _named(self, entity: Entity) -> Node:
        story = self.story
        if entity not in story.discourse.names:
            return name(entity.name)
        if entity in story.discourse.told and story.chance(0.45):
            return determined(noun(entity.noun, adjectives=self.trait(entity)), "the")
        return name(entity.name) if story.chance(0.1) else name([entity.called])

    def _common(self, entity: Entity) -> Node:
        """A noun: its own, a wider one if that is clear, or the head of a compound alone."""
        story = self.story
        lemma = entity.noun
        known = entity in story.discourse.names
        if known and story.discourse.is_alone(entity) and story.chance(0.2):
            lemma = HYPERNYMS[entity.kind]
        elif known and story.chance(0.5):
            lemma = lemma.split("_")[-1]
        adjectives = self.trait(entity)
        node = noun(lemma, plural=entity.plural, adjectives=adjectives)
        if entity.owner:
            return self.possess(node, entity.owner)
        if known and entity.kind != "person" and not adjectives and story.chance(0.12):
            words = ["these", "those"] if entity.plural else ["this", "that"]
            return determined(node, story.choose(words))
        return determined(node, "the")

    def trait(self, entity: Entity) -> list[Node]:
        """The adjective of an entity, if there is room."""
        story = self.story
        if not entity.trait or entity.trait in story.said or not story.afford(1, 0.4):
            return []
        story.said.add(entity.trait)
        return [Node(entity.trait, "JJ")]
