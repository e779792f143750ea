"""What stands before a noun that introduces something: article, numeral and adjectives."""

from __future__ import annotations

from probing.data.builtin import lexicon
from probing.data.builtin.grammar import Node, determined
from probing.data.builtin.lexicon import Kind
from probing.data.builtin.story import Story


class Modifiers:
    """Articles and adjectives for somebody or something new.

    The methods that put an article before a noun return it, empty if there is none.
    """

    def __init__(self, story: Story) -> None:
        self.story = story

    def needs_indefinite(self, kind: Kind) -> bool:
        """Whether *the nurse* would be taken for somebody known by name."""
        return kind == "person" and any(entity.name for entity in self.story.discourse.names)

    def one(self, node: Node, kind: Kind, *, indefinite: bool) -> str:
        """An article for one."""
        if indefinite:
            word = "a"
        elif self.needs_indefinite(kind):
            word = self.story.weighted(["a", "every"], [30, 1])
        else:
            word = self.story.weighted(["a", "the", "every"], [40, 55, 2])
        determined(node, word)
        return word

    def several(self, node: Node, *, indefinite: bool) -> str:
        """An article or a numeral for several, or both or neither."""
        story = self.story
        if story.chance(0.25):
            node.before("nummod", Node(story.fresh(lexicon.NUMBERS), "CD"))
            word = "" if indefinite else story.choose(["the", "", ""])
        elif story.chance(0.1):
            node.before("amod", Node(story.choose(["many", "several"]), "JJ"))
            word = ""
        else:
            words = ["some", "", "the", "all"]
            word = story.weighted(words, [3, 1, 0, 0] if indefinite else [15, 25, 48, 2])
        determined(node, word)
        return word

    def mass(self, node: Node, *, indefinite: bool) -> str:
        """An article for what is not counted."""
        word = self.story.choose(["some", ""] if indefinite else ["the", "some", ""])
        determined(node, word)
        return word

    def adjectives(self, kind: Kind) -> list[Node]:
        """Adjectives in their order, as many as there is room for."""
        story = self.story
        ranks = lexicon.ADJECTIVES[kind]
        count = 0
        while count < 2 and story.afford(1, 0.35):
            count += 1
        chosen = sorted(story.random.sample(range(len(ranks)), count))
        nodes = [Node(story.fresh(ranks[rank]), "JJ") for rank in chosen]
        if nodes and story.afford(1, 0.1):
            nodes[0].before("advmod", Node(story.choose(["very", "rather"]), "RB"))
        return nodes
