"""Places, cities, times and clothes: mentions of which nothing else is told."""

from __future__ import annotations

from probing.data.builtin import lexicon
from probing.data.builtin.discourse import Role
from probing.data.builtin.entities import Entity
from probing.data.builtin.grammar import Node, adjunct, determined, marked, name, noun
from probing.data.builtin.story import OutOfWordsError, Story


class Settings:
    """Phrases for where and when something happens; places may come again."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def spot(self, preposition: str = "") -> Node:
        """A prepositional phrase of a place such as *in the garden*."""
        story = self.story
        entity = self._earlier(list(lexicon.PLACES), 0.3)
        if not entity:
            entity = Entity("setting", story.untaken(list(lexicon.PLACES)))
        node = determined(noun(entity.noun), "the")
        story.mention(node, entity, Role.OTHER)
        return marked(preposition or lexicon.PLACES[entity.noun], node)

    def city(self) -> Node:
        """The name of a city."""
        story = self.story
        entity = self._earlier(lexicon.CITIES, 0.4)
        if not entity:
            nouns = story.discourse.nouns
            if "city" in nouns and nouns.isdisjoint(lexicon.CITIES):
                raise OutOfWordsError  # as "the city" was another one
            entity = Entity("setting", story.untaken(lexicon.CITIES))
            nouns.add("city")
        return story.mention(name([entity.noun]), entity, Role.OTHER)

    def _earlier(self, lemmas: list[str], probability: float) -> Entity | None:
        """One of the places that other sentences have mentioned, as often as that."""
        discourse = self.story.discourse
        known = [
            entity
            for entity in discourse.names
            if entity.kind == "setting"
            and entity.noun in lemmas
            and not discourse.is_here(entity, *Role)
        ]
        return self.story.choose(known) if known and self.story.chance(probability) else None

    def time(self) -> Node:
        """A prepositional phrase of time; no two of a document have the same noun."""
        story = self.story
        phrases = {text.split()[-1]: text for text in story.shuffled(lexicon.TIMES)}
        lemma = story.untaken(list(phrases))
        node = adjunct(phrases[lemma])
        return story.mention(node, Entity("setting", lemma), Role.OTHER)

    def clothes(self, *, plural: bool) -> Node:
        """What somebody wears."""
        story = self.story
        lemma = story.untaken(lexicon.CLOTHES)
        story.said.add(lemma)
        colour = Node(story.fresh(lexicon.COLOURS), "JJ")
        node = noun(lemma, plural=plural, adjectives=[colour])
        if not plural:
            determined(node, "a")
        entity = Entity("setting", lemma, "they" if plural else "it")
        return story.mention(node, entity, Role.OTHER)
