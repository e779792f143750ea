"""Predicates: what somebody or something does, is, or has done to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probing.data.builtin import lexicon
from probing.data.builtin.discourse import Role
from probing.data.builtin.grammar import Node, Predicate, determined, infinitive, marked, noun
from probing.data.builtin.lexicon import Kind
from probing.data.builtin.phrases import NounPhrases
from probing.data.builtin.story import Story

OBJECT = Role.OBJECT


class Predicates:
    """Predicates that suit a kind of subject; ``clause`` makes the complement clauses."""

    def __init__(self, story: Story, phrases: NounPhrases, clause: Callable[[], Node]) -> None:
        self.story = story
        self.phrases = phrases
        self.clause = clause

    def predicate(self, kind: Kind, plural: bool) -> Predicate:
        """Something that a subject of this kind may do, be, or have done to it."""
        story = self.story
        if kind == "person":
            if story.afford(6, 0.2):
                return Predicate(self._reporting())
            if story.afford(4, 0.16):
                return Predicate(self._wanting())
        if kind in {"person", "animal"}:
            if story.chance(0.74):
                return self.active(kind)
        elif kind in lexicon.INTRANSITIVE and story.chance(0.2):
            verb = self._verb(lexicon.INTRANSITIVE[kind])
            return Predicate(verb if kind == "idea" else self._place_and_time(verb))
        return self._passive(kind) if story.chance(0.45) else self._state(kind, plural)

    def active(self, kind: Kind) -> Predicate:
        """An action without a clause in it."""
        if kind == "animal":
            actions = [(self._transitive, 4), (self._intransitive, 2), (self._motion, 2)]
        else:
            actions = [(self._transitive, 8), (self._intransitive, 2), (self._motion, 3)]
            actions += [(self._ditransitive, 3), (self._oblique, 3), (self._particle, 3)]
        choices, weights = zip(*actions, strict=True)
        return Predicate(self.story.weighted(choices, weights)(kind))

    def passive_verb(self, kind: Kind) -> Node:
        """A verb of which this kind is the object."""
        verbs = lexicon.TRANSITIVE["person"][kind]
        return self._verb([lemma for lemma in verbs if lemma not in lexicon.NEVER_PASSIVE])

    def agent(self) -> Node:
        """By whom something is done."""
        return marked("by", self.phrases.phrase("person", pronoun=False))

    def _verb(self, lemmas: Sequence[str]) -> Node:
        return Node(self.story.fresh(lemmas), "VB")

    # Being

    def _passive(self, kind: Kind) -> Predicate:
        verb = self.passive_verb(kind)
        if self.story.afford(2, 0.5):
            verb.after("obl:agent", self.agent())
        return Predicate(self._place_and_time(verb), "aux:pass")

    def _state(self, kind: Kind, plural: bool) -> Predicate:
        """An adjective, a place or a role after *be*, or an adjective after *seem*."""
        story = self.story
        if story.afford(2, 0.3):
            return Predicate(self.phrases.description(kind, plural), "cop")
        if kind == "person" and not plural and story.afford(4, 0.3):
            # What somebody is said to be is no mention.
            relational = story.untaken(lexicon.RELATIONAL[kind])
            role = determined(noun(relational[0]), "the")
            return Predicate(role.after("nmod", self.phrases.complement(relational)), "cop")
        adjective = Node(story.fresh(lexicon.STATES[kind]), "JJ")
        if kind in {"person", "animal"} and story.afford(1, 0.4):
            adjective.before("advmod", Node(story.fresh(lexicon.DEGREES), "RB"))
        if story.chance(0.2):
            lemmas = ["seem", "become"] if kind in {"person", "animal"} else ["seem"]
            return Predicate(self._verb(lemmas).after("xcomp", adjective))
        return Predicate(adjective, "cop")

    # With a clause

    def _reporting(self) -> Node:
        """A verb of saying or thinking with its complement clause."""
        story = self.story
        with story.clause_apart():
            clause = self.clause()
        if story.chance(0.15):
            verb, word = self._verb(lexicon.WHETHER_VERBS), "whether"
        else:
            verb, word = self._verb(lexicon.THAT_VERBS), "that"
        bare = word == "that" and verb.word in lexicon.BARE_VERBS and story.chance(0.5)
        if not bare:
            clause.before("mark", Node(word, "IN"))
        return verb.after("ccomp", clause)

    def _wanting(self) -> Node:
        """A verb with an infinitive, of which its subject or its object is the subject."""
        story = self.story
        if story.chance(0.3):
            verb = self._verb(lexicon.CAUSE_VERBS)
            whom = self.phrases.phrase("person", role=OBJECT)
            verb.after("obj", whom)
            if whom.entity:
                story.discourse.imply(whom.entity)
        else:
            verb = self._verb(lexicon.TO_VERBS)
        return verb.after("xcomp", infinitive(self.active("person")))

    # Doing

    def _transitive(self, kind: Kind) -> Node:
        story = self.story
        frames = lexicon.TRANSITIVE[kind]
        target = story.topic([*frames, "person"])
        verb = self._verb(frames[target])
        tools = lexicon.INSTRUMENTS.get(verb.word)
        verb.after("obj", self._objects(target))
        if kind == "person" and tools and story.afford(3, 0.4):
            return verb.after("obl", marked("with", self.phrases.instrument(tools)))
        return self._circumstances(verb, "doing")

    def _objects(self, kind: Kind) -> Node:
        """One object or several: *the pears, an old cake and some bread*."""
        story = self.story
        first = self.phrases.phrase(kind, role=OBJECT)
        if first.tag == "PRP" or first.right or not story.afford(3, 0.15):
            return first
        count = 2 if story.afford(3, 0.4) else 1
        word = "and" if story.chance(0.8) else "or"
        comma = count > 1 and story.chance(0.4)
        return self.phrases.coordinated(first, [kind] * count, OBJECT, word, comma=comma)

    def _ditransitive(self, kind: Kind) -> Node:
        lemma, preposition, kinds = self.story.fresh(lexicon.DITRANSITIVE)
        verb = Node(lemma, "VB")
        if self.story.chance(0.5):
            with self.story.brevity():
                verb.after("iobj", self.phrases.phrase("person", role=OBJECT))
            return verb.after("obj", self.phrases.phrase(*kinds, role=OBJECT, pronoun=False))
        with self.story.brevity():
            verb.after("obj", self.phrases.phrase(*kinds, role=OBJECT))
        return verb.after("obl", marked(preposition, self.phrases.phrase("person")))

    def _oblique(self, kind: Kind) -> Node:
        lemma, preposition, kinds = self.story.fresh(lexicon.OBLIQUE)
        verb = Node(lemma, "VB").after("obl", marked(preposition, self.phrases.phrase(*kinds)))
        return self._circumstances(verb, "resting")

    def _particle(self, kind: Kind) -> Node:
        lemma, word, kinds = self.story.fresh(lexicon.PARTICLE)
        thing, particle = self.phrases.phrase(*kinds, role=OBJECT), Node(word, "RP")
        verb = Node(lemma, "VB")
        # A pronoun must come first (picked it up), something long must not.
        short = len(thing.left) < 2 and not thing.right
        if thing.tag == "PRP" or (short and self.story.chance(0.4)):
            return verb.after("obj", thing).after("compound:prt", particle)
        return verb.after("compound:prt", particle).after("obj", thing)

    def _motion(self, kind: Kind) -> Node:
        story = self.story
        verb = self._verb(lexicon.MOTION[kind])
        if story.chance(0.15):
            verb.after("advmod", Node("home", "RB"))
        else:
            verb.after("obl", self.phrases.place("to"))
        if kind == "person" and story.afford(4, 0.3):
            return verb.after("advcl", infinitive(self.active("person")))
        return self._circumstances(verb, "moving")

    def _intransitive(self, kind: Kind) -> Node:
        return self._circumstances(self._verb(lexicon.INTRANSITIVE[kind]), "resting")

    # How, where and when

    def _circumstances(self, verb: Node, manner: str) -> Node:
        """How or with whom something is done, then where and when."""
        story = self.story
        if verb.word not in lexicon.STATIVE and story.afford(1, 0.15):
            verb.after("advmod", Node(story.fresh(lexicon.MANNER[manner]), "RB"))
        elif story.afford(3, 0.08):
            verb.after("obl", marked("with", self.phrases.phrase("person")))
        return self._place_and_time(verb)

    def _place_and_time(self, verb: Node) -> Node:
        story = self.story
        # A second place (walked to the park in the kitchen) would make little sense.
        placed = any(child.relation.startswith("obl") for child in verb.right)
        if not placed and story.afford(3, 0.3):
            verb.after("obl", self.phrases.place())
        if story.afford(3, 0.15):
            verb.after("obl", self.phrases.settings.time())
        return verb
