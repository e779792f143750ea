"""Clauses: main, subordinate and relative ones, with subject, predicate and tense."""

from __future__ import annotations

from probing.data.builtin import lexicon
from probing.data.builtin.discourse import Role
from probing.data.builtin.entities import Entity
from probing.data.builtin.grammar import (
    Node,
    Predicate,
    Tense,
    coordinate,
    determined,
    finite,
    infinitive,
    marked,
    noun,
    participle,
    set_off,
)
from probing.data.builtin.lexicon import Kind
from probing.data.builtin.phrases import NounPhrases
from probing.data.builtin.predicates import Predicates
from probing.data.builtin.story import Story

THINGS: list[Kind] = ["text", "food", "tool", "vehicle", "building", "furniture", "box", "event",
                      "idea"]  # fmt: skip


class Clauses:
    """Clauses of a story; they hold noun phrases and predicates, which hold clauses again."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.phrases = NounPhrases(story, self.modify)
        self.predicates = Predicates(story, self.phrases, self.clause)

    # Main clauses

    def clause(
        self, *, plain: bool = False, question: bool = False, introducing: bool = False
    ) -> Node:
        """A statement or a yes-no question, perhaps with two verbs.

        One that is ``introducing`` may tell what somebody known by name is.
        """
        story = self.story
        start = len(story.discourse.names)
        kind, subject = self._subject()
        after_subject = len(story.discourse.names)
        if kind in {"person", "animal"} and not question and story.afford(4, 0.16):
            first = finite(self.predicates.active(kind), subject, self._tense(plain=True))
            second = self.predicates.active(kind)
            then = finite(second, None, self._tense(plain=True), plural=subject.plural)
            return coordinate(first, [then], story.choose(["and", "and", "but"]), comma=False)
        if introducing and story.afford(2, 0.6) and (role := self._role_of(subject)):
            return finite(role, subject, self._tense(plain=True))
        predicate = self.predicates.predicate(kind, subject.plural)
        tense = self._tense(predicate, plain=plain or question)
        if question or tense.negative or tense.modal:
            # A subject is outside the negation (a nurse did not come), but is asked about too.
            story.discourse.withdraw(start if question else after_subject)
        adverb = None
        simple = tense == Tense(story.past)
        if simple and not plain and not question and story.afford(1, 0.12):
            adverb = Node(story.fresh(lexicon.FREQUENCY), "RB")
        return finite(predicate, subject, tense, adverb=adverb, question=question)

    def existential(self) -> Node:
        """There is something somewhere."""
        kinds: list[Kind] = ["person", "animal", "text", "tool", "vehicle", "furniture", "box"]
        kind = self.story.choose(kinds)
        thing = self.phrases.described(kind, Role.SUBJECT, indefinite=True)
        be = Predicate(Node("be", "VB"))
        node = finite(be, None, Tense(self.story.past), plural=thing.plural)
        node.before("expl", Node("there", "EX")).after("nsubj", thing)
        return node.after("obl", self.phrases.place())

    def subordinate(self) -> Node:
        """An adverbial clause."""
        story = self.story
        with story.clause_apart():
            if story.chance(0.5):
                clause, word = self.clause(), story.fresh(lexicon.REASONS)
            else:
                clause, word = self.clause(plain=True), story.fresh(lexicon.OCCASIONS)
        if word == "when":
            return clause.before("advmod", Node(word, "WRB"))
        return clause.before("mark", Node(word, "IN"))

    def _subject(self) -> tuple[Kind, Node]:
        """Who or what a clause is about: mostly people."""
        story = self.story
        kinds: list[Kind] = ["person", "animal", story.topic(THINGS)]
        kind = story.weighted(kinds, [64, 9, 27])
        node = self.phrases.phrase(kind, role=Role.SUBJECT)
        if node.tag != "PRP" and not node.right and story.afford(3, 0.12):
            self.phrases.coordinated(node, [kind], Role.SUBJECT, "and").plural = True
        return kind, node

    def _role_of(self, subject: Node) -> Predicate | None:
        """What the subject is, if it is somebody by name of whom that is not yet known."""
        entity, told = subject.entity, self.story.discourse.told
        if not entity or not entity.name or subject.plural or entity in told:
            return None
        told.add(entity)
        adjectives = self.phrases.references.trait(entity)
        return Predicate(determined(noun(entity.noun, adjectives=adjectives), "a"), "cop")

    def _tense(self, predicate: Predicate | None = None, *, plain: bool = False) -> Tense:
        """The tense of the document, mostly simple; ``plain`` asks for nothing else."""
        story = self.story
        if plain:
            return Tense(story.past)
        verb = predicate.head.word if predicate and not predicate.link else "be"
        if predicate and predicate.link == "cop":
            # A state is more often guessed at than commanded or completed.
            modals, weights = ["might"] if story.past else ["may", "must"], [85, 10, 0, 0]
        else:
            modals = lexicon.PAST_MODALS if story.past else lexicon.PRESENT_MODALS
            weights = [68, 13, 10, 0 if verb in lexicon.STATIVE else 9]
        kind = story.weighted(["", "modal", "perfect", "progressive"], weights)
        negative = kind in {"", "modal"} and "not" not in story.said and story.chance(0.1)
        if negative:
            story.said.add("not")
        return Tense(
            story.past,
            modal=story.fresh(modals) if kind == "modal" else "",
            perfect=kind == "perfect",
            progressive=kind == "progressive",
            negative=negative,
        )

    # Clauses that belong to a noun

    def modify(self, node: Node, entity: Entity) -> None:
        """A clause that says more about an entity that is introduced, if there is room."""
        story = self.story
        if entity.name:
            if story.afford(7, 0.1):
                with story.clause_about(entity):
                    node.after("acl:relcl", set_off(self._who(entity)))
        elif story.afford(5, 0.3):
            with story.clause_about(entity):
                node.after("acl:relcl", self._relative(entity))
        elif story.afford(4, 0.2):
            with story.clause_about(entity):
                node.after("acl", self._reduced(node, entity))

    def _relative(self, entity: Entity) -> Node:
        """A relative clause on the subject, the object, an oblique or an owner."""
        story, kind = self.story, entity.kind
        verbs = lexicon.TRANSITIVE["person"][kind]
        preposed = [(verb, prep) for verb, prep, kinds in lexicon.OBLIQUE if kind in kinds]
        pronoun = ("whom", "WP") if kind == "person" else ("which", "WDT")
        if story.chance(0.45):
            clause = self._about_to(story.fresh(verbs))
            if story.chance(0.25):
                return clause
            form = pronoun if story.chance(0.3) else ("that", "WDT")
            return clause.before("obj", Node(*form))
        if preposed and story.chance(0.2):
            verb, preposition = story.choose(preposed)
            return self._about_to(verb).before("obl", marked(preposition, Node(*pronoun)))
        if kind == "person" and story.chance(0.35):
            return self._whose()
        return self._who(entity)

    def _about_to(self, verb: str) -> Node:
        """A clause whose verb still lacks what the relative pronoun stands for."""
        subject = self.phrases.phrase("person", role=Role.SUBJECT)
        return finite(Predicate(Node(verb, "VB")), subject, self._tense(plain=True))

    def _whose(self) -> Node:
        story = self.story
        thing: Kind = story.choose(["vehicle", "building", "animal", "tool"])
        lemma = story.untaken(lexicon.NOUNS[thing])
        subject = noun(lemma).before("nmod:poss", Node("whose", "WP$"))
        story.mention(subject, Entity(thing, lemma), Role.SUBJECT)
        return finite(self.predicates.predicate(thing, False), subject, self._tense(plain=True))

    def _who(self, entity: Entity) -> Node:
        """A relative clause on the subject."""
        story = self.story
        story.discourse.imply(entity)
        start = len(story.discourse.names)
        form = ("who", "WP") if entity.kind == "person" else ("that", "WDT")
        predicate = self.predicates.predicate(entity.kind, entity.plural)
        tense = self._tense(predicate, plain=story.chance(0.6))
        if tense.negative or tense.modal:
            story.discourse.withdraw(start)
        return finite(predicate, Node(*form), tense, plural=entity.plural)

    def _reduced(self, node: Node, entity: Entity) -> Node:
        """*The nurse reading a letter*, *the letter written by a nurse*, *the plan to leave*."""
        story = self.story
        if node.word in lexicon.PURPOSES:
            return infinitive(self.predicates.active("person"))
        story.discourse.imply(entity)
        if entity.kind in {"person", "animal"}:
            return participle(self.predicates.active(entity.kind), "VBG")
        verb = self.predicates.passive_verb(entity.kind)
        verb.after("obl:agent", self.predicates.agent())
        return participle(Predicate(verb), "VBN")
