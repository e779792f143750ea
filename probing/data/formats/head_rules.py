"""Head words of constituents, by the rules of Collins (1999).

Michael Collins, *Head-Driven Statistical Models for Natural Language Parsing*, PhD thesis,
University of Pennsylvania, 1999, Appendix A. What the thesis leaves open is decided as Daniel
M. Bikel says that Collins's parser decides it (*Intricacies of Collins' Parsing Model*,
Computational Linguistics 30(4), 2004): the head of a label without a rule is its first child,
and quotes and periods are out of the tree before heads are found; here all punctuation is.

Two departures. The possessive clitic (``POS``) does not head a noun phrase, as in Universal and
Stanford Dependencies. ``NX`` and OntoNotes' ``NML``, parts of noun phrases for which the thesis
has no rule, are headed and sought as nouns are, or their first word would be their head.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

HEADS_BY = "head rules"

Rule = list[tuple[str, frozenset[str]]]
"""The side to start looking from and the labels to look for, step by step; no label is any."""

_WORD = "a word"
_TABLE = """\
ADJP   left  NNS QP NN $ ADVP JJ VBN VBG ADJP JJR NP JJS DT FW RBR RBS SBAR RB
ADVP   right RB RBR RBS FW ADVP TO CD JJR JJ IN NP JJS NN
CONJP  right CC RB IN
FRAG   right
INTJ   left
LST    right LS :
NAC    left  NN NNS NNP NNPS NP NAC EX $ CD QP PRP VBG JJ JJS JJR ADJP FW
PP     right IN TO VBG VBN RP FW
PRN    left
PRT    right RP
QP     left  $ IN NNS NN JJ RB DT CD NCD QP JJR JJS
RRC    right VP NP ADVP ADJP PP
S      left  TO IN VP S SBAR ADJP UCP NP
SBAR   left  WHNP WHPP WHADVP WHADJP IN DT S SQ SINV SBAR FRAG
SBARQ  left  SQ S SINV SBARQ FRAG
SINV   left  VBZ VBD VBP VB MD VP S SINV ADJP NP
SQ     left  VBZ VBD VBP VB MD VP SQ
UCP    right
VP     left  TO VBD VBN MD VBZ VB VBG VBP VP ADJP NN NNS NP
WHADJP left  CC WRB JJ ADJP
WHADVP right CC WRB
WHNP   left  WDT WP WP$ WHADJP WHPP WHNP
WHPP   right IN TO FW"""
_NOUN_PHRASE = """\
right NN NNP NNPS NNS NX NML JJR
left  NP
right $ ADJP PRN
right CD
right JJ JJS RB QP"""


def _rules() -> dict[str, Rule]:
    steps = [line.split() for line in _NOUN_PHRASE.splitlines()]
    noun_phrase = [(side, frozenset(labels)) for side, *labels in steps]
    noun_phrase += [("right", frozenset({_WORD})), ("right", frozenset())]
    rules = dict.fromkeys(("NP", "NX", "NML"), noun_phrase)
    for label, side, *wanted in map(str.split, _TABLE.splitlines()):
        rules[label] = [(side, frozenset({one})) for one in wanted] + [(side, frozenset())]
    return rules


_RULES = _rules()
_FIRST: Rule = [("left", frozenset())]
# Never a head where there is anything else.
_PASSED_OVER = frozenset("`` '' . , : -LRB- -RRB- HYPH NFP POS".split())


@dataclass(frozen=True, slots=True)
class Constituent:
    """A node of a constituency tree: the words ``start`` to ``end - 1``, counted from zero.

    A word is a constituent without children, labelled with its tag.
    """

    label: str
    start: int
    end: int
    children: Sequence[Constituent] = ()


class HeadWords:
    """The head words of a tree, each sought once.

    Words are counted as the tree counts them.
    """

    def __init__(self, tree: Constituent) -> None:
        self._above: dict[int, Constituent] = {}
        self._leaves: dict[int, Constituent] = {}
        self._found: dict[int, int] = {}
        nodes = [tree]
        for node in nodes:
            self._above.update((id(child), node) for child in node.children)
            nodes += node.children
            if not node.children:
                self._leaves[node.start] = node

    def of(self, start: int, end: int) -> int:
        """The index of the head word of the words ``start`` to ``end - 1``.

        That is the head of the constituent that covers exactly these words. Where there is none,
        the largest constituents among them are taken for the children of a noun phrase, as most
        mentions are; of a verb phrase if the smallest constituent around them is one.
        """
        node = self._leaves[start]
        while node.end < end:
            node = self._above[id(node)]
        if (node.start, node.end) == (start, end):
            return self._head(node)
        label = "VP" if node.label == "VP" else "NP"
        return self._head(head_child(label, list(_within(node, start, end))))

    def _head(self, node: Constituent) -> int:
        way = []
        while node.children and id(node) not in self._found:
            way.append(node)
            node = head_child(node.label, node.children)
        head = self._found.get(id(node), node.start)
        self._found.update((id(each), head) for each in way)
        return head


def head_child(label: str, children: Sequence[Constituent]) -> Constituent:
    """Which of the children of a constituent ``label`` is its head.

    This includes the adjustment for coordination: a head right after a conjunction gives way to
    what is before the conjunction.
    """
    kept = [c for c in children if c.label not in _PASSED_OVER] or children
    head = next(_matches(_RULES.get(label, _FIRST), kept))
    if head >= 2 and kept[head - 1].label == "CC":
        head -= 2
    return kept[head]


def _matches(rule: Rule, children: Sequence[Constituent]) -> Iterator[int]:
    for side, wanted in rule:
        order = range(len(children))
        for i in order if side == "left" else reversed(order):
            is_word = not children[i].children
            if not wanted or children[i].label in wanted or (is_word and _WORD in wanted):
                yield i


def _within(node: Constituent, start: int, end: int) -> Iterator[Constituent]:
    """The largest constituents below ``node`` that lie between ``start`` and ``end``."""
    waiting = _overlapping(node, start, end)
    while waiting:
        child = waiting.pop()
        if start <= child.start and child.end <= end:
            yield child
        else:
            waiting += _overlapping(child, start, end)


def _overlapping(node: Constituent, start: int, end: int) -> list[Constituent]:
    """The children that have some of the words ``start`` to ``end - 1``, the last one first."""
    first = bisect_right(node.children, start, key=attrgetter("end"))
    behind = bisect_left(node.children, end, key=attrgetter("start"))
    return list(reversed(node.children[first:behind]))
