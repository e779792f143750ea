"""Noun phrases: whom or what to speak of, and how those are introduced."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probing.data.builtin import lexicon
from probing.data.builtin.discourse import Role
from probing.data.builtin.entities import Entity
from probing.data.builtin.grammar import Node, coordinate, determined, marked, name, noun, set_off
from probing.data.builtin.lexicon import Kind, Pronoun
from probing.data.builtin.modifiers import Modifiers
from probing.data.builtin.references import References
from probing.data.builtin.settings import Settings
from probing.data.builtin.story import Story

OWNED: frozenset[Kind] = frozenset(
    {"animal", "text", "food", "tool", "vehicle", "building", "furniture", "box"}
)


def is_mass(lemma: str) -> bool:
    """Whether a noun is of what is not counted."""
    return lemma.split("_")[-1] in lexicon.MASS


class NounPhrases:
    """Phrases of the kinds that are asked for.

    ``modify`` may add a clause to a phrase that introduces an entity.
    """

    def __init__(self, story: Story, modify: Callable[[Node, Entity], None]) -> None:
        self.story = story
        self.modify = modify
        self.references = References(story)
        self.modifiers = Modifiers(story)
        self.settings = Settings(story)

    def phrase(self, *kinds: Kind, role: Role = Role.OTHER, pronoun: bool = True) -> Node:
        """A noun phrase: somebody or something of the cast, or mentioned before, or another.

        Without ``pronoun`` it is a full phrase, of what this sentence has not mentioned.
        """
        story, references = self.story, self.references
        known: list[Entity | None] = []
        weights: list[float] = []
        for entity in dict.fromkeys([*story.cast, *story.discourse.names]):
            if entity.kind not in kinds or entity.quantified or entity in story.discourse.gone:
                continue
            here = story.discourse.is_here(entity, *Role)
            clear = pronoun and references.can_be_pronoun(entity)
            if clear or (references.can_be_noun(entity) and (pronoun or not here)):
                known.append(entity)
                # Two of a gender in one clause make it harder to say who is meant later.
                rivals = any(entity.pronoun == one.pronoun for one in story.clause.arguments)
                rival = rivals and entity.kind == "person"
                weight = 4 if entity in story.cast else 1
                weights.append(weight * (3 if clear or rival else 1))
        new = 1.5 if "person" in kinds else 3
        chosen = story.weighted([*known, None], [*weights, new])
        if chosen:
            return self.reference(chosen, role, pronoun=pronoun)
        if role is Role.SUBJECT and "person" in kinds and story.chance(0.15):
            someone = Node(story.choose(["someone", "everyone"]), "NN")
            return story.mention(someone, Entity("person", "", "she", quantified=True), role)
        return self.described(story.choose(kinds), role)

    def reference(self, entity: Entity, role: Role, *, pronoun: bool) -> Node:
        """An entity of the cast, or one mentioned before."""
        story, references = self.story, self.references
        if pronoun and references.can_be_pronoun(entity):
            here = story.discourse.is_here(entity, *Role)
            if here or not references.can_be_noun(entity) or story.chance(0.75):
                return references.pronoun(entity, role)
        if entity in story.discourse.names:
            return references.noun(entity, role)
        if entity.name:
            return self._named(entity, role)
        adjectives = references.trait(entity)
        node = noun(entity.noun, plural=entity.plural, adjectives=adjectives)
        if not entity.plural and (
            self.modifiers.needs_indefinite(entity.kind) or story.chance(0.5)
        ):
            determined(node, "a")
            story.discourse.vague.add(entity)
        else:
            determined(node, "the")
        story.mention(node, entity, role)
        self.extend(node, entity)
        return node

    def _named(self, entity: Entity, role: Role) -> Node:
        """Somebody by name for the first time, perhaps with what they are."""
        story = self.story
        node = story.mention(name(entity.name), entity, role)
        if story.afford(4, 0.5):
            words = noun(entity.noun, adjectives=self.references.trait(entity))
            node.after("appos", set_off(determined(words, story.choose(["a", "a", "the"]))))
            story.discourse.told.add(entity)
        else:
            self.modify(node, entity)
        return node

    # Somebody or something new

    def described(self, kind: Kind, role: Role, *, indefinite: bool = False) -> Node:
        """Somebody or something else, with what belongs to it."""
        story = self.story
        if kind == "person" and not indefinite and story.chance(0.2):
            owner = self._owner(several=False)
            if owner:
                return self._kin(owner, role)
        definite = kind == "person"  # there is no such thing as some owner of the shop
        relational = None
        if kind in lexicon.RELATIONAL and not (definite and indefinite) and story.afford(3, 0.25):
            relational = story.untaken(lexicon.RELATIONAL[kind])
        lemma = relational[0] if relational else story.untaken(lexicon.NOUNS[kind])
        mass = is_mass(lemma)
        plural = not mass and story.chance(lexicon.PLURALS[kind])
        adjectives = self.modifiers.adjectives(kind)
        node = noun(lemma, plural=plural, adjectives=adjectives)

        owner = None
        if kind in OWNED and not (indefinite or relational or mass) and story.chance(0.25):
            owner = self._owner()
        if owner:
            self.references.possess(node, owner)
            article = "the"
        elif relational and definite:
            article = "the"
            determined(node, article)
        elif mass:
            article = self.modifiers.mass(node, indefinite=indefinite)
        elif plural:
            article = self.modifiers.several(node, indefinite=indefinite)
        else:
            article = self.modifiers.one(node, kind, indefinite=indefinite)

        pronoun: Pronoun = "they" if plural else "it"
        if kind == "person" and not plural:
            pronoun = story.choose(["she", "he"])
        trait = adjectives[-1].word if adjectives else ""
        quantified = article in {"every", "all"}
        entity = Entity(kind, lemma, pronoun, trait=trait, quantified=quantified)
        if article != "the":
            story.discourse.vague.add(entity)
        story.mention(node, entity, role)
        if relational:
            node.after("nmod", self.complement(relational))
        else:
            self.extend(node, entity)
        return node

    def _kin(self, owner: Entity, role: Role) -> Node:
        """A relative of somebody."""
        story = self.story
        gender: Pronoun = story.choose(["she", "he"])
        lemma = story.untaken(lexicon.KIN[gender])
        node = self.references.possess(noun(lemma), owner)
        return story.mention(node, Entity("person", lemma, gender, owner=owner), role)

    def _owner(self, *, several: bool = True) -> Entity | None:
        """Somebody of the cast whom something can belong to here."""
        people = [
            entity
            for entity in self.story.cast
            if entity.kind == "person"
            and (several or not entity.plural)
            and entity not in self.story.discourse.gone
            and self.references.can_own(entity)
            and (entity in self.story.discourse.names or entity.name or entity.pronoun == "we")
        ]
        return self.story.choose(people) if people else None

    def complement(self, relational: tuple[str, str, list[Kind]]) -> Node:
        """What a noun asks for: *to the old cabinet* after *key*."""
        lemma, preposition, kinds = relational
        if lemma not in lexicon.MEASURES:
            return marked(preposition, self.phrase(*kinds, pronoun=False))
        content = self.story.choose(kinds)
        things = [word for word in lexicon.NOUNS[content] if not is_mass(word)]
        lemma = self.story.untaken(things)
        many = noun(lemma, plural=True, adjectives=self.modifiers.adjectives(content))
        return marked(preposition, self._vague(many, Entity(content, lemma, "they")))

    def instrument(self, tools: Sequence[str]) -> Node:
        """What something is done with: *a brush*."""
        lemma = self.story.untaken(tools)
        node = noun(lemma, adjectives=self.modifiers.adjectives("tool"))
        return self._vague(determined(node, "a"), Entity("tool", lemma))

    def _vague(self, node: Node, entity: Entity) -> Node:
        """An indefinite phrase, noted as a mention."""
        self.story.discourse.vague.add(entity)
        return self.story.mention(node, entity, Role.OTHER)

    # What follows a noun

    def extend(self, node: Node, entity: Entity) -> None:
        """A prepositional phrase or a clause that says which one is meant, if there is room."""
        if self.story.afford(3, 0.28):
            node.after("nmod", self.description(entity.kind, node.plural))
        else:
            self.modify(node, entity)

    def description(self, kind: Kind, plural: bool) -> Node:
        """Where, about what or in which clothes somebody or something is."""
        story = self.story
        if kind == "person" and story.chance(0.6):
            dressed = not story.said.isdisjoint(lexicon.CLOTHES)  # once a sentence will do
            if dressed or story.chance(0.4):
                return marked("from", self.settings.city())
            return marked("in", self.settings.clothes(plural=plural))
        preposition, kinds = story.choose(lexicon.DESCRIBING[kind])
        return marked(preposition, self.phrase(*kinds, pronoun=False))

    # Several phrases

    def coordinated(
        self, first: Node, kinds: Sequence[Kind], role: Role, word: str, *, comma: bool = False
    ) -> Node:
        """The phrase with others beside it, one of each of the kinds."""
        self.story.discourse.note_several(role)
        with self.story.brevity():
            others = [self.described(kind, role) for kind in kinds]
        return coordinate(first, others, word, comma=comma)

    # Where and when

    def place(self, preposition: str = "") -> Node:
        """A prepositional phrase of place."""
        story = self.story
        if story.chance(0.15):
            return marked(preposition or "in", self.settings.city())
        if story.chance(0.5):
            nearby = preposition or story.choose(["in", "near", "behind", "outside"])
            with story.brevity():
                return marked(nearby, self.phrase("building", pronoun=False))
        return self.settings.spot(preposition)
