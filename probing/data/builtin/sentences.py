"""Sentences: what a document says next."""

from __future__ import annotations

from probing.core.sentences import Mention
from probing.data.builtin.clauses import Clauses
from probing.data.builtin.grammar import Node, Row, coordinate, linearise
from probing.data.builtin.lexicon import OPENERS
from probing.data.builtin.story import Clause, OutOfWordsError, Story

LENGTHS = (4, 30)  # of a sentence, in words


class Sentences:
    """The sentences of a story, one after the other."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.clauses = Clauses(story)

    def sentence(self) -> tuple[list[Row], list[Mention]]:
        """The next sentence; one of a bad length is thought over again."""
        story = self.story
        before = story.discourse
        while True:
            story.discourse = before.after()
            story.clause, story.said = Clause(), set()
            story.room = story.random.randint(0, 26)
            try:
                root = self._utterance()
            except OutOfWordsError:
                continue
            rows, mentions = linearise(root, story.discourse.names)
            if LENGTHS[0] <= len(rows) <= LENGTHS[1]:
                return rows, mentions

    def _utterance(self) -> Node:
        story, clauses = self.story, self.clauses
        if story.chance(0.04):
            question = clauses.clause(question=True)
            if story.chance(0.3):
                question.before("advmod", Node("why", "WRB"))
            return question.after("punct", Node("?", "."))
        if story.chance(0.05):
            return clauses.existential().after("punct", Node(".", "."))
        front = self._opening()
        root = clauses.clause(introducing=not front)
        if story.afford(7, 0.22):
            with story.clause_apart():
                other = clauses.clause()
            coordinate(root, [other], story.choose(["and", "and", "but"]), comma=True)
        elif not front and story.afford(6, 0.25):
            root.after("advcl", clauses.subordinate())
        if front:
            root.before(*front)
        return root.after("punct", Node(".", "."))

    def _opening(self) -> tuple[str, Node] | None:
        """What may stand before the subject, with its relation; the comma belongs to it."""
        story = self.story
        comma = Node(",", ",")
        if story.afford(7, 0.2):
            return "advcl", self.clauses.subordinate().after("punct", comma)
        if story.afford(3, 0.08):
            return "obl", self.clauses.phrases.settings.time().after("punct", comma)
        if story.afford(2, 0.08):
            return "advmod", Node(story.fresh(OPENERS), "RB").after("punct", comma)
        return None
