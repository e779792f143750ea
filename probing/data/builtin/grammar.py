"""Trees that know their word order, and the syntax of English clauses.

A phrase is a `Node` with its dependents in order; reading the tree from left to right gives the
sentence, and with it the number of each head. So whatever is built here is a well-formed
projective tree, in the current style of the English Web Treebank (Universal Dependencies v2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from probing.core.sentences import Mention
from probing.data.builtin.entities import Entity
from probing.data.builtin.lexicon import (
    DAYS_AND_MONTHS,
    DOUBLING,
    IRREGULAR_PLURALS,
    IRREGULAR_VERBS,
)


@dataclass(eq=False, slots=True)
class Node:
    """A word with its dependents on either side; ``plural`` is what a verb agrees with.

    ``entity`` is whom or what the phrase refers to of which this is the head.
    """

    word: str
    tag: str
    plural: bool = False
    relation: str = "root"
    entity: Entity | None = None
    left: list[Node] = field(default_factory=list)
    right: list[Node] = field(default_factory=list)

    def before(self, relation: str, child: Node) -> Node:
        """Attach ``child`` to the left of all that is there; returns this node."""
        child.relation = relation
        self.left.insert(0, child)
        return self

    def after(self, relation: str, child: Node) -> Node:
        """Attach ``child`` to the right of all that is there; returns this node."""
        child.relation = relation
        self.right.append(child)
        return self

    def walk(self, head: Node | None = None) -> Iterator[tuple[Node, Node | None]]:
        """The nodes of this tree from left to right, each with its head."""
        for child in self.left:
            yield from child.walk(self)
        yield self, head
        for child in self.right:
            yield from child.walk(self)


Row = tuple[str, int, str, str]
# What belongs to a noun phrase, and so to the mention that it is; a clitic does too.
OF_PHRASE = frozenset("det amod nummod compound flat nmod nmod:poss appos acl acl:relcl".split())


def linearise(root: Node, names: Mapping[Entity, str]) -> tuple[list[Row], list[Mention]]:
    """The words of the sentence and its mentions, by their first words, the longest first.

    A row has the word, its head (from one, 0 is ROOT), its relation and its tag. Two things
    depend on the neighbouring word alone and are settled here: *a* or *an*, and commas, which
    vanish before other punctuation. ``names`` are the names of all entities.
    """
    pairs = list(root.walk())
    following = [node.word for node, _ in pairs[1:]] + [""]
    kept = [
        (node, head, after)
        for (node, head), after in zip(pairs, following, strict=True)
        if not (node.word == "," and after in {",", ".", "?"})
    ]
    index = {id(node): i for i, (node, _, _) in enumerate(kept)}
    rows: list[Row] = []
    mentions: list[Mention] = []
    for i, (node, head, after) in enumerate(kept):
        word = node.word
        if word == "a" and _starts_with_vowel(after):
            word = "an"
        if not rows:
            word = word[0].upper() + word[1:]
        rows.append((word, index[id(head)] + 1 if head else 0, node.relation, node.tag))
        if node.entity:
            words = [index[id(part)] for part in _phrase(node) if id(part) in index]
            if kept[words[-1]][0].word == ",":
                del words[-1]
            mentions.append(Mention(tuple(words), i, names[node.entity]))
    mentions.sort(key=lambda mention: (mention.words[0], -len(mention.words)))
    return rows, mentions


def _phrase(head: Node) -> Iterator[Node]:
    """The nodes of a noun phrase from left to right, without preposition and conjuncts."""
    for child in head.left:
        if child.relation in OF_PHRASE:
            yield from (node for node, _ in child.walk())
    yield head
    for child in head.right:
        if child.relation in OF_PHRASE or child.tag == "POS":
            yield from (node for node, _ in child.walk())


def _starts_with_vowel(word: str) -> bool:
    # By sound: an honest guard, a useful rope.
    return word == "honest" or (word[0] in "aeiou" and not word.startswith("use"))


def plural_of(noun: str) -> str:
    """The plural of a noun: keys, boxes, stories, shelves."""
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    return _with_s(noun)


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def inflect(lemma: str, tag: str, plural: bool = False) -> str:
    """A verb in the form that its tag names; ``plural`` matters for *be* in the past only."""
    if lemma == "be":
        past = "were" if plural else "was"
        forms = {"VBZ": "is", "VBP": "are", "VBD": past, "VBN": "been", "VBG": "being"}
        return forms.get(tag, "be")
    stem = lemma + lemma[-1] if lemma in DOUBLING else lemma
    if tag == "VBZ":
        special = {"have": "has", "do": "does", "go": "goes"}
        return special.get(lemma) or _with_s(lemma)
    if tag == "VBG":
        return (stem[:-1] if stem.endswith("e") and stem[-2] not in "eo" else stem) + "ing"
    if tag in {"VBD", "VBN"}:
        if lemma in IRREGULAR_VERBS:
            return IRREGULAR_VERBS[lemma][tag == "VBN"]
        if stem.endswith("y") and stem[-2] not in "aeiou":
            return stem[:-1] + "ied"
        return stem + ("d" if stem.endswith("e") else "ed")
    return lemma


@dataclass(frozen=True, slots=True)
class Tense:
    """How a clause is placed in time, and whether it is denied."""

    past: bool
    modal: str = ""
    perfect: bool = False
    progressive: bool = False
    negative: bool = False


@dataclass(slots=True)
class Predicate:
    """A predicate not yet inflected: a verb as its lemma, or what follows the copula.

    ``link`` is the relation of *be*: ``cop``, ``aux:pass``, or empty where there is none.
    """

    head: Node
    link: str = ""


# What an auxiliary asks of the verb after it, by lemma and relation; the others take VB.
_GOVERNED = {("have", "aux"): "VBN", ("be", "aux"): "VBG", ("be", "aux:pass"): "VBN"}


def finite(
    predicate: Predicate,
    subject: Node | None,
    tense: Tense,
    *,
    plural: bool | None = None,
    adverb: Node | None = None,
    question: bool = False,
) -> Node:
    """A finite clause: auxiliaries, negation and subject put around the predicate.

    Without a ``subject`` (the second of two coordinated verbs), ``plural`` says what to agree
    with; with one, it may overrule it (a relative pronoun agrees with its antecedent).
    """
    head, link = predicate.head, predicate.link
    chain: list[tuple[str, str]] = []
    if tense.modal:
        chain.append((tense.modal, "aux"))
    if tense.perfect:
        chain.append(("have", "aux"))
    if tense.progressive:
        chain.append(("be", "aux"))
    if link:
        chain.append(("be", link))
    elif not chain and (tense.negative or question) and head.word != "be":
        chain.append(("do", "aux"))
    if plural is None:
        plural = subject.plural if subject else False

    tag = "MD" if tense.modal else "VBD" if tense.past else "VBP" if plural else "VBZ"
    helpers: list[Node] = []
    for lemma, relation in chain:
        helpers.append(Node(inflect(lemma, tag, plural), tag, relation=relation))
        tag = _GOVERNED.get((lemma, relation), "VB")
    if link != "cop":
        head.word, head.tag = inflect(head.word, tag, plural), tag

    for helper in reversed(helpers[1:]):
        head.before(helper.relation, helper)
    if adverb:
        head.before("advmod", adverb)
    if tense.negative:
        head.before("advmod", Node("not", "RB"))
    role = "nsubj:pass" if link == "aux:pass" else "nsubj"
    if subject and question:
        head.before(role, subject)
    for helper in helpers[:1]:
        head.before(helper.relation, helper)
    if subject and not question:
        head.before(role, subject)
    return head


def infinitive(predicate: Predicate) -> Node:
    """An infinitive with *to*."""
    head = predicate.head
    if predicate.link:
        head.before(predicate.link, Node("be", "VB"))
    if predicate.link == "aux:pass":
        head.word, head.tag = inflect(head.word, "VBN"), "VBN"
    return head.before("mark", Node("to", "TO"))


def participle(predicate: Predicate, tag: str) -> Node:
    """A reduced relative clause: *reading a letter* (VBG), *written by a nurse* (VBN)."""
    predicate.head.word, predicate.head.tag = inflect(predicate.head.word, tag), tag
    return predicate.head


def noun(lemma: str, *, plural: bool = False, adjectives: Sequence[Node] = ()) -> Node:
    """A noun with its compound parts and its adjectives."""
    *modifiers, last = lemma.split("_")
    word = plural_of(last) if plural else last
    node = Node(word, "NNS" if plural else "NN", plural)
    for part in reversed(modifiers):
        node.before("compound", Node(part, "NN"))
    for adjective in reversed(adjectives):
        node.before("amod", adjective)
    return node


def name(parts: Sequence[str]) -> Node:
    """A proper name; all that follows its first word is flat."""
    node = Node(parts[0], "NNP")
    for part in parts[1:]:
        node.after("flat", Node(part, "NNP"))
    return node


def determined(phrase: Node, word: str) -> Node:
    """The phrase with a determiner, a numeral, or nothing if ``word`` is empty."""
    return phrase.before("det", Node(word, "DT")) if word else phrase


def possessed(phrase: Node, owner: Node) -> Node:
    """The phrase with an owner that is a noun phrase: *the nurse 's hat*."""
    clitic = "'" if owner.plural and owner.word.endswith("s") else "'s"
    return phrase.before("nmod:poss", owner.after("case", Node(clitic, "POS")))


def marked(preposition: str, phrase: Node) -> Node:
    """The phrase with a preposition."""
    return phrase.before("case", Node(preposition, "IN"))


def adjunct(text: str) -> Node:
    """A short prepositional phrase from its words: *in the morning*, *on Monday*."""
    preposition, *articles, last = text.split()
    node = Node(last, "NNP" if last in DAYS_AND_MONTHS else "NN")
    for article in articles:
        determined(node, article)
    return marked(preposition, node)


def coordinate(first: Node, others: Sequence[Node], word: str, comma: bool) -> Node:
    """Coordinated phrases, the later ones hanging on the first.

    Commas and the conjunction belong to the conjunct that they precede.
    """
    for other in others:
        if other is others[-1]:
            other.before("cc", Node(word, "CC"))
        if comma or other is not others[-1]:
            other.before("punct", Node(",", ","))
        first.after("conj", other)
    return first


def set_off(phrase: Node) -> Node:
    """The phrase between commas, which belong to it."""
    return phrase.before("punct", Node(",", ",")).after("punct", Node(",", ","))
