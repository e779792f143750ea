"""The built-in corpus: plain English with gold trees, from a seed and nothing else.

It lets every part of the project run and be tested without a licence or a download. Each
document keeps to a small cast of entities, which are named, described and referred back to.
The grammar makes the trees right by construction (`builtin_grammar`), the lexicon keeps the
sentences sensible (`builtin_lexicon`); this file decides what is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from probing.batch import Sentence
from probing.data import builtin_lexicon as lexicon
from probing.data.builtin_grammar import (
    Node,
    Predicate,
    Row,
    Tense,
    adjunct,
    coordinate,
    determined,
    finite,
    infinitive,
    linearise,
    marked,
    name,
    noun,
    participle,
    possessed,
    set_off,
)
from probing.data.builtin_lexicon import Gender, Kind

SENTENCES = (3, 6)  # of a document
LENGTHS = (4, 30)  # of a sentence, in words
THINGS: list[Kind] = ["text", "food", "tool", "vehicle", "building", "furniture", "box", "event",
                      "idea"]  # fmt: skip
OWNED: frozenset[Kind] = frozenset(
    {"animal", "text", "food", "tool", "vehicle", "building", "furniture", "box"}
)

# Subject, object, possessive.
PRONOUNS: dict[tuple[Gender, bool], tuple[str, str, str]] = {
    ("feminine", False): ("she", "her", "her"),
    ("masculine", False): ("he", "him", "his"),
    ("neuter", False): ("it", "it", "its"),
    ("neuter", True): ("they", "them", "their"),
    ("speaker", True): ("we", "us", "our"),
}


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something that a document is about.

    No two of a cast share a pronoun, so each pronoun has one antecedent.
    """

    kind: Kind
    noun: str
    gender: Gender = "neuter"
    plural: bool = False
    name: tuple[str, ...] = ()
    trait: str = ""


def generate(*, documents: int, seed: int) -> Iterator[Sentence]:
    """The sentences of ``documents`` documents of three to six sentences each.

    Document ``k`` is the same however many are asked for. It is called ``builtin-SEED-k``,
    counted from one; ``line`` numbers the sentences through all documents, from one too.
    """
    line = 0
    for number in range(1, documents + 1):
        writer = _Writer.from_random(Random(f"{seed}/{number}"))
        for _ in range(writer.random.randint(*SENTENCES)):
            line += 1
            words, heads, relations, tags = zip(*writer.sentence(), strict=True)
            yield Sentence(words, heads, relations, tags, f"builtin-{seed}-{number:04d}", line)


def _cast(random: Random) -> list[Entity]:
    """Two or three (groups of) people and one animal or thing."""
    people = random.sample(lexicon.NOUNS["person"], 2)
    cast = []
    genders: tuple[Gender, Gender] = ("feminine", "masculine")
    for gender, role in zip(genders, people, strict=True):
        full = (random.choice(lexicon.NAMES[gender]), random.choice(lexicon.SURNAMES))
        named = random.random() < 0.75
        trait = random.choice(random.choice(lexicon.ADJECTIVES["person"]))
        cast.append(Entity("person", role, gender, False, full if named else (), trait))
    if random.random() < 0.2:
        cast.append(Entity("person", "", "speaker", True))
    if random.random() < 0.4:
        groups = [group for group in lexicon.GROUPS if group not in people]
        cast.append(Entity("person", random.choice(groups), plural=True))
    if len(cast) > 3:
        del cast[random.randrange(2)]
    kind: Kind = random.choice(["animal", "text", "tool", "vehicle", "building", "idea"])
    trait = random.choice(random.choice(lexicon.ADJECTIVES[kind]))
    return [*cast, Entity(kind, random.choice(lexicon.NOUNS[kind]), trait=trait)]


T = TypeVar("T")
Option = TypeVar("Option", str, tuple[str, str, list[Kind]])


def _word(option: str | tuple[str, str, list[Kind]]) -> str:
    return option if isinstance(option, str) else option[0]


def _is_mass(lemma: str) -> bool:
    return lemma.split("_")[-1] in lexicon.MASS


@dataclass(slots=True)
class _Writer:
    """Writes one document, sentence by sentence.

    ``known`` are the entities mentioned so far, ``here`` those of this sentence, ``busy`` those
    of this clause (which a clause never mentions twice: *she saw her* would be someone else).
    ``said`` are the content words of this sentence, and ``room`` is about how many words it may
    still grow by.
    """

    random: Random
    cast: list[Entity]
    past: bool
    known: set[Entity] = field(default_factory=set)
    here: set[Entity] = field(default_factory=set)
    busy: set[Entity] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    room: int = 0

    @classmethod
    def from_random(cls, random: Random) -> _Writer:
        return cls(random, _cast(random), past=random.random() < 0.65)

    # Decisions

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def afford(self, words: int, probability: float) -> bool:
        """Whether to add something optional of about so many words."""
        if self.room < words or not self.chance(probability):
            return False
        self.room -= words
        return True

    def choose(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def fresh(self, options: Sequence[Option]) -> Option:
        """One of the words (or rows that begin with one) that this sentence has not used."""
        unsaid = [option for option in options if _word(option) not in self.said]
        choice = self.choose(unsaid or options)
        self.said.add(_word(choice))
        return choice

    def brief(self, *kinds: Kind, pronoun: bool = True) -> Node:
        """A noun phrase that takes no room."""
        room, self.room = self.room, 0
        node = self.phrase(*kinds, pronoun=pronoun)
        self.room = room
        return node

    # Noun phrases

    def phrase(self, *kinds: Kind, subject: bool = False, pronoun: bool = True) -> Node:
        """A noun phrase of one of the kinds: somebody or something of the cast, or another."""
        known = [
            entity
            for entity in self.cast
            if entity.kind in kinds
            and entity not in self.busy
            and (pronoun or (entity.noun and entity not in self.here))
        ]
        if known and self.chance(0.8 if "person" in kinds else 0.55):
            return self.mention(self.choose(known), subject=subject, pronoun=pronoun)
        if subject and "person" in kinds and self.chance(0.04):
            return Node(self.choose(["someone", "everyone"]), "NN")
        return self.described(self.choose(kinds))

    def mention(self, entity: Entity, *, subject: bool, pronoun: bool) -> Node:
        """An entity by a pronoun, by its name, or by its noun; the only place that does so."""
        seen, repeated = entity in self.known, entity in self.here
        self.known.add(entity)
        self.here.add(entity)
        self.busy.add(entity)
        if not entity.noun or repeated or (pronoun and seen and self.chance(0.6)):
            form = PRONOUNS[entity.gender, entity.plural][0 if subject else 1]
            return Node(form, "PRP", entity.plural)
        if entity.name:
            if seen:
                return name(entity.name[: 1 if self.chance(0.8) else 2])
            node = name(entity.name)
            if self.afford(4, 0.3):
                role = noun(entity.noun, adjectives=self.trait(entity))
                node.after("appos", set_off(determined(role, self.choose(["a", "the"]))))
            elif self.afford(7, 0.1):
                with self.inside({entity}):
                    node.after("acl:relcl", set_off(self.who(entity.kind, plural=False)))
            return node
        node = noun(entity.noun, plural=entity.plural, adjectives=self.trait(entity))
        if not seen:
            self.extend(node, entity.kind, {entity})
        indefinite = not seen and not entity.plural and self.chance(0.5)
        return determined(node, "a" if indefinite else "the")

    def trait(self, entity: Entity) -> list[Node]:
        if not entity.trait or entity.trait in self.said or not self.afford(1, 0.5):
            return []
        self.said.add(entity.trait)
        return [Node(entity.trait, "JJ")]

    def described(self, kind: Kind, *, indefinite: bool = False) -> Node:
        """Somebody or something else, with what belongs to it."""
        if kind == "person" and not indefinite and self.chance(0.15):
            gender: Gender = self.choose(["feminine", "masculine"])
            return self.owned(noun(self.fresh(lexicon.KIN[gender])), several=False)
        taken = {entity.noun for entity in self.cast}
        complement = None
        definite = kind == "person"  # there is no such thing as some owner of the shop
        if kind in lexicon.RELATIONAL and not (definite and indefinite) and self.afford(3, 0.25):
            lemma, complement = self.relational(kind)
        else:
            lemma = self.fresh([word for word in lexicon.NOUNS[kind] if word not in taken])
        mass = _is_mass(lemma)
        plural = not mass and self.chance(lexicon.PLURALS[kind])
        node = noun(lemma, plural=plural, adjectives=self.adjectives(kind))
        if complement:
            node.after("nmod", complement)
        else:
            self.extend(node, kind, set())
        if complement and definite:
            return determined(node, "the")
        if mass:
            articles = ["some", ""] if indefinite else ["the", "some", ""]
            return determined(node, self.choose(articles))
        if kind in OWNED and not indefinite and not complement and self.chance(0.18):
            return self.owned(node)
        return self.counted(node, indefinite) if plural else self.single(node, indefinite)

    def relational(self, kind: Kind) -> tuple[str, Node]:
        """A noun that asks for a complement, with it: *key* and *to the old cabinet*."""
        lemma, preposition, kinds = self.fresh(lexicon.RELATIONAL[kind])
        if lemma not in lexicon.MEASURES:
            return lemma, marked(preposition, self.phrase(*kinds, pronoun=False))
        content = self.choose(kinds)
        things = [word for word in lexicon.NOUNS[content] if not _is_mass(word)]
        many = noun(self.fresh(things), plural=True, adjectives=self.adjectives(content))
        return lemma, marked(preposition, many)

    def owned(self, node: Node, *, several: bool = True) -> Node:
        """The phrase with an owner, or ``several``, from the cast; by a pronoun once known."""
        people = [
            entity
            for entity in self.cast
            if entity.kind == "person" and (several or not entity.plural)
        ]
        owner = self.choose(people)
        if not owner.noun or owner in self.here or (owner in self.known and self.chance(0.6)):
            phrase = Node(PRONOUNS[owner.gender, owner.plural][2], "PRP$")
            node.before("nmod:poss", phrase)
        elif owner.name:
            possessed(node, name(owner.name[:1]))
        else:
            possessed(node, determined(noun(owner.noun, plural=owner.plural), "the"))
        self.known.add(owner)
        self.here.add(owner)
        return node

    def single(self, node: Node, indefinite: bool) -> Node:
        words = ["a", "the", "this", "that", "every"]
        weights = [1] if indefinite else [40, 52, 3, 3, 2]
        return determined(node, self.random.choices(words[: len(weights)], weights)[0])

    def counted(self, node: Node, indefinite: bool) -> Node:
        if self.chance(0.25):
            node.before("nummod", Node(self.fresh(lexicon.NUMBERS), "CD"))
            articles = [""] if indefinite else ["the", "", "", "these"]
            return determined(node, self.choose(articles))
        if self.chance(0.1):
            return node.before("amod", Node(self.choose(["many", "several"]), "JJ"))
        words = ["some", "", "the", "these", "those", "all"]
        weights = [3, 1] if indefinite else [15, 25, 48, 4, 3, 2]
        return determined(node, self.random.choices(words[: len(weights)], weights)[0])

    def adjectives(self, kind: Kind) -> list[Node]:
        ranks = lexicon.ADJECTIVES[kind]
        count = 0
        while count < 2 and self.afford(1, 0.35):
            count += 1
        chosen = sorted(self.random.sample(range(len(ranks)), count))
        nodes = [Node(self.fresh(ranks[rank]), "JJ") for rank in chosen]
        if nodes and self.afford(1, 0.1):
            nodes[0].before("advmod", Node(self.choose(["very", "rather"]), "RB"))
        return nodes

    # What follows a noun

    def extend(self, node: Node, kind: Kind, avoid: set[Entity]) -> None:
        """A prepositional phrase or a clause that says which one is meant, if there is room."""
        if self.afford(3, 0.28):
            node.after("nmod", self.description(kind, node.plural))
        elif self.afford(5, 0.3):
            node.after("acl:relcl", self.relative(kind, node.plural, avoid))
        elif self.afford(4, 0.2):
            self.reduce(node, kind, avoid)

    def description(self, kind: Kind, plural: bool) -> Node:
        if kind == "person" and self.chance(0.6):
            if self.chance(0.4):
                return marked("from", name([self.fresh(lexicon.CITIES)]))
            colour = Node(self.fresh(lexicon.COLOURS), "JJ")
            clothes = noun(self.fresh(lexicon.CLOTHES), plural=plural, adjectives=[colour])
            return marked("in", clothes if plural else determined(clothes, "a"))
        preposition, kinds = self.choose(lexicon.DESCRIBING[kind])
        return marked(preposition, self.phrase(*kinds, pronoun=False))

    def relative(self, kind: Kind, plural: bool, avoid: set[Entity]) -> Node:
        """A relative clause on the subject, the object, an oblique or an owner."""
        with self.inside(avoid):
            verbs = lexicon.TRANSITIVE["person"][kind]
            preposed = [(verb, prep) for verb, prep, kinds in lexicon.OBLIQUE if kind in kinds]
            pronoun = ("whom", "WP") if kind == "person" else ("which", "WDT")
            if self.chance(0.45):
                clause = self.about_to(self.fresh(verbs))
                if self.chance(0.25):
                    return clause
                form = pronoun if self.chance(0.3) else ("that", "WDT")
                return clause.before("obj", Node(*form))
            if preposed and self.chance(0.2):
                verb, preposition = self.choose(preposed)
                return self.about_to(verb).before("obl", marked(preposition, Node(*pronoun)))
            if kind == "person" and self.chance(0.35):
                thing: Kind = self.choose(["vehicle", "building", "animal", "tool"])
                subject = noun(self.fresh(lexicon.NOUNS[thing]))
                subject.before("nmod:poss", Node("whose", "WP$"))
                return finite(self.predicate(thing, False), subject, self.tense(plain=True))
            return self.who(kind, plural=plural)

    def about_to(self, verb: str) -> Node:
        """A clause whose verb still lacks what the relative pronoun stands for."""
        subject = self.phrase("person", subject=True)
        return finite(Predicate(Node(verb, "VB")), subject, self.tense(plain=True))

    def who(self, kind: Kind, *, plural: bool) -> Node:
        form = ("who", "WP") if kind == "person" else ("that", "WDT")
        predicate = self.predicate(kind, plural)
        tense = self.tense(predicate, plain=self.chance(0.6))
        return finite(predicate, Node(*form), tense, plural=plural)

    def reduce(self, node: Node, kind: Kind, avoid: set[Entity]) -> None:
        """*The nurse reading a letter*, *the letter written by a nurse*, *the plan to leave*."""
        with self.inside(avoid):
            if kind in {"person", "animal"}:
                node.after("acl", participle(self.active(kind), "VBG"))
            elif node.word in lexicon.PURPOSES:
                node.after("acl", infinitive(self.active("person")))
            else:
                verb = self.passive_verb(kind)
                verb.after("obl:agent", marked("by", self.phrase("person", pronoun=False)))
                node.after("acl", participle(Predicate(verb), "VBN"))

    # Predicates

    def predicate(self, kind: Kind, plural: bool) -> Predicate:
        """Something that a subject of this kind may do, be, or have done to it."""
        if kind == "person":
            if self.afford(6, 0.2):
                return Predicate(self.reporting())
            if self.afford(4, 0.16):
                return Predicate(self.wanting())
        if kind in {"person", "animal"}:
            if self.chance(0.74):
                return self.active(kind)
        elif kind in lexicon.INTRANSITIVE and self.chance(0.2):
            verb = self.verb(lexicon.INTRANSITIVE[kind])
            return Predicate(verb if kind == "idea" else self.place_and_time(verb))
        return self.passive(kind) if self.chance(0.45) else self.state(kind, plural)

    def verb(self, lemmas: Sequence[str]) -> Node:
        return Node(self.fresh(lemmas), "VB")

    def passive_verb(self, kind: Kind) -> Node:
        verbs = lexicon.TRANSITIVE["person"][kind]
        return self.verb([lemma for lemma in verbs if lemma not in lexicon.NEVER_PASSIVE])

    def passive(self, kind: Kind) -> Predicate:
        verb = self.passive_verb(kind)
        if self.afford(2, 0.5):
            verb.after("obl:agent", marked("by", self.phrase("person", pronoun=False)))
        return Predicate(self.place_and_time(verb), "aux:pass")

    def state(self, kind: Kind, plural: bool) -> Predicate:
        """An adjective, a place or a role after *be*, or an adjective after *seem*."""
        if self.afford(2, 0.3):
            return Predicate(self.description(kind, plural), "cop")
        if kind == "person" and not plural and self.afford(4, 0.3):
            lemma, complement = self.relational(kind)
            return Predicate(determined(noun(lemma), "the").after("nmod", complement), "cop")
        adjective = Node(self.fresh(lexicon.STATES[kind]), "JJ")
        if kind in {"person", "animal"} and self.afford(1, 0.4):
            adjective.before("advmod", Node(self.fresh(lexicon.DEGREES), "RB"))
        if self.chance(0.2):
            lemmas = ["seem", "become"] if kind in {"person", "animal"} else ["seem"]
            return Predicate(self.verb(lemmas).after("xcomp", adjective))
        return Predicate(adjective, "cop")

    def reporting(self) -> Node:
        """A verb of saying or thinking with its complement clause."""
        with self.inside(set()):
            clause = self.clause()
        if self.chance(0.15):
            verb, word = self.verb(lexicon.WHETHER_VERBS), "whether"
        else:
            verb, word = self.verb(lexicon.THAT_VERBS), "that"
        bare = word == "that" and verb.word in lexicon.BARE_VERBS and self.chance(0.5)
        if not bare:
            clause.before("mark", Node(word, "IN"))
        return verb.after("ccomp", clause)

    def wanting(self) -> Node:
        """A verb with an infinitive, of which its subject or its object is the subject."""
        if self.chance(0.3):
            verb = self.verb(lexicon.CAUSE_VERBS)
            verb.after("obj", self.phrase("person"))
        else:
            verb = self.verb(lexicon.TO_VERBS)
        return verb.after("xcomp", infinitive(self.active("person")))

    def active(self, kind: Kind) -> Predicate:
        """An action without a clause in it."""
        if kind == "animal":
            actions = [(self.transitive, 4), (self.intransitive, 2), (self.motion, 2)]
        else:
            actions = [(self.transitive, 8), (self.intransitive, 2), (self.motion, 3)]
            actions += [(self.ditransitive, 3), (self.oblique, 3), (self.particle, 3)]
        choices, weights = zip(*actions, strict=True)
        return Predicate(self.random.choices(choices, weights)[0](kind))

    def transitive(self, kind: Kind) -> Node:
        frames = lexicon.TRANSITIVE[kind]
        target = self.choose(list(frames))
        verb = self.verb(frames[target])
        tools = lexicon.INSTRUMENTS.get(verb.word)
        verb.after("obj", self.objects(target))
        if kind == "person" and tools and self.afford(3, 0.4):
            tool = noun(self.fresh(tools), adjectives=self.adjectives("tool"))
            return verb.after("obl", marked("with", determined(tool, "a")))
        return self.circumstances(verb, "doing")

    def objects(self, kind: Kind) -> Node:
        """One object or several: *the pears, an old cake and some bread*."""
        first = self.phrase(kind)
        if first.tag == "PRP" or first.right or not self.afford(3, 0.15):
            return first
        others = [self.described(kind) for _ in range(2 if self.afford(3, 0.4) else 1)]
        word = "and" if self.chance(0.8) else "or"
        return coordinate(first, others, word, comma=len(others) > 1 and self.chance(0.4))

    def ditransitive(self, kind: Kind) -> Node:
        lemma, preposition, kinds = self.fresh(lexicon.DITRANSITIVE)
        verb = Node(lemma, "VB")
        if self.chance(0.5):
            verb.after("iobj", self.brief("person"))
            return verb.after("obj", self.phrase(*kinds, pronoun=False))
        verb.after("obj", self.brief(*kinds))
        return verb.after("obl", marked(preposition, self.phrase("person")))

    def oblique(self, kind: Kind) -> Node:
        lemma, preposition, kinds = self.fresh(lexicon.OBLIQUE)
        verb = Node(lemma, "VB").after("obl", marked(preposition, self.phrase(*kinds)))
        return self.circumstances(verb, "resting")

    def particle(self, kind: Kind) -> Node:
        lemma, word, kinds = self.fresh(lexicon.PARTICLE)
        thing, particle = self.phrase(*kinds), Node(word, "RP")
        verb = Node(lemma, "VB")
        # A pronoun must come first (picked it up), something long must not.
        if thing.tag == "PRP" or (len(thing.left) < 2 and not thing.right and self.chance(0.4)):
            return verb.after("obj", thing).after("compound:prt", particle)
        return verb.after("compound:prt", particle).after("obj", thing)

    def motion(self, kind: Kind) -> Node:
        verb = self.verb(lexicon.MOTION[kind])
        if self.chance(0.15):
            verb.after("advmod", Node("home", "RB"))
        else:
            verb.after("obl", self.place("to"))
        if kind == "person" and self.afford(4, 0.3):
            return verb.after("advcl", infinitive(self.active("person")))
        return self.circumstances(verb, "moving")

    def intransitive(self, kind: Kind) -> Node:
        return self.circumstances(self.verb(lexicon.INTRANSITIVE[kind]), "resting")

    def circumstances(self, verb: Node, manner: str) -> Node:
        """How or with whom something is done, then where and when."""
        if verb.word not in lexicon.STATIVE and self.afford(1, 0.15):
            verb.after("advmod", Node(self.fresh(lexicon.MANNER[manner]), "RB"))
        elif self.afford(3, 0.08):
            verb.after("obl", marked("with", self.phrase("person")))
        return self.place_and_time(verb)

    def place_and_time(self, verb: Node) -> Node:
        # A second place (walked to the park in the kitchen) would make little sense.
        placed = any(child.relation.startswith("obl") for child in verb.right)
        if not placed and self.afford(3, 0.3):
            verb.after("obl", self.place())
        if self.afford(3, 0.15):
            verb.after("obl", self.time())
        return verb

    def place(self, preposition: str = "") -> Node:
        if self.chance(0.15):
            return marked(preposition or "in", name([self.fresh(lexicon.CITIES)]))
        if self.chance(0.5):
            nearby = preposition or self.choose(["in", "near", "behind", "outside"])
            return marked(nearby, self.brief("building", pronoun=False))
        spot = self.fresh(list(lexicon.PLACES))
        return marked(preposition or lexicon.PLACES[spot], determined(noun(spot), "the"))

    def time(self) -> Node:
        return adjunct(self.fresh(lexicon.TIMES))

    # Clauses

    @contextmanager
    def inside(self, busy: set[Entity]) -> Iterator[None]:
        """An inner clause, which has its own ``busy`` entities."""
        outer, self.busy = self.busy, set(busy)
        yield
        self.busy = outer

    def tense(self, predicate: Predicate | None = None, *, plain: bool = False) -> Tense:
        """The tense of the document, mostly simple; ``plain`` asks for nothing else."""
        if plain:
            return Tense(self.past)
        verb = predicate.head.word if predicate and not predicate.link else "be"
        if predicate and predicate.link == "cop":
            # A state is more often guessed at than commanded or completed.
            modals, weights = ["might"] if self.past else ["may", "must"], [85, 10, 0, 0]
        else:
            modals = lexicon.PAST_MODALS if self.past else lexicon.PRESENT_MODALS
            weights = [68, 13, 10, 0 if verb in lexicon.STATIVE else 9]
        kind = self.random.choices(["", "modal", "perfect", "progressive"], weights)[0]
        negative = kind in {"", "modal"} and "not" not in self.said and self.chance(0.1)
        if negative:
            self.said.add("not")
        return Tense(
            self.past,
            modal=self.fresh(modals) if kind == "modal" else "",
            perfect=kind == "perfect",
            progressive=kind == "progressive",
            negative=negative,
        )

    def subject(self) -> tuple[Kind, Node]:
        """Who or what a clause is about: mostly people."""
        kinds: list[Kind] = ["person", "animal", self.choose(THINGS)]
        kind = self.random.choices(kinds, [64, 9, 27])[0]
        node = self.phrase(kind, subject=True)
        if node.tag != "PRP" and not node.right and self.afford(3, 0.12):
            coordinate(node, [self.described(kind)], "and", comma=False).plural = True
        return kind, node

    def clause(self, *, plain: bool = False, question: bool = False) -> Node:
        """A statement or a yes-no question, perhaps with two verbs."""
        kind, subject = self.subject()
        if kind in {"person", "animal"} and not question and self.afford(4, 0.16):
            first = finite(self.active(kind), subject, self.tense(plain=True))
            second = self.active(kind)
            then = finite(second, None, self.tense(plain=True), plural=subject.plural)
            return coordinate(first, [then], self.choose(["and", "and", "but"]), comma=False)
        predicate = self.predicate(kind, subject.plural)
        tense = self.tense(predicate, plain=plain or question)
        adverb = None
        simple = tense == Tense(self.past)
        if simple and not plain and not question and self.afford(1, 0.12):
            adverb = Node(self.fresh(lexicon.FREQUENCY), "RB")
        return finite(predicate, subject, tense, adverb=adverb, question=question)

    def existential(self) -> Node:
        kinds: list[Kind] = ["person", "animal", "text", "tool", "vehicle", "furniture", "box"]
        thing = self.described(self.choose(kinds), indefinite=True)
        node = finite(Predicate(Node("be", "VB")), None, Tense(self.past), plural=thing.plural)
        node.before("expl", Node("there", "EX")).after("nsubj", thing)
        return node.after("obl", self.place())

    def subordinate(self) -> Node:
        """An adverbial clause."""
        with self.inside(set()):
            if self.chance(0.5):
                clause, word = self.clause(), self.fresh(lexicon.REASONS)
            else:
                clause, word = self.clause(plain=True), self.fresh(lexicon.OCCASIONS)
        if word == "when":
            return clause.before("advmod", Node(word, "WRB"))
        return clause.before("mark", Node(word, "IN"))

    # Sentences

    def sentence(self) -> list[Row]:
        """The next sentence of the document; one of a bad length is thought over again."""
        while True:
            known = set(self.known)
            self.here, self.busy, self.said = set(), set(), set()
            self.room = self.random.randint(0, 22)
            rows = linearise(self.utterance())
            if LENGTHS[0] <= len(rows) <= LENGTHS[1]:
                return rows
            self.known = known

    def utterance(self) -> Node:
        if self.chance(0.04):
            question = self.clause(question=True)
            if self.chance(0.3):
                question.before("advmod", Node("why", "WRB"))
            return question.after("punct", Node("?", "."))
        if self.chance(0.05):
            return self.existential().after("punct", Node(".", "."))
        front = self.opening()
        root = self.clause()
        if self.afford(7, 0.22):
            with self.inside(set()):
                other = self.clause()
            coordinate(root, [other], self.choose(["and", "and", "but"]), comma=True)
        elif not front and self.afford(6, 0.25):
            root.after("advcl", self.subordinate())
        if front:
            root.before(*front)
        return root.after("punct", Node(".", "."))

    def opening(self) -> tuple[str, Node] | None:
        """What may stand before the subject, with its relation; the comma belongs to it."""
        comma = Node(",", ",")
        if self.afford(7, 0.2):
            with self.inside(set()):
                return "advcl", self.subordinate().after("punct", comma)
        if self.afford(3, 0.08):
            return "obl", self.time().after("punct", comma)
        if self.afford(2, 0.08):
            return "advmod", Node(self.fresh(lexicon.OPENERS), "RB").after("punct", comma)
        return None
