"""Heads of constituents against trees worked out by hand, and the rule without syntax."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.data.formats.head_rules import Constituent, HeadWords, head_child
from probing.data.formats.surface_heads import surface_head


def tree(text: str) -> tuple[Constituent, list[str]]:
    """A tree in the notation of the treebank, ``(NP (DT the) (NN dog))``, and its words."""
    tokens = re.findall(r"[()]|[^()\s]+", text)
    words: list[str] = []

    def node() -> Constituent:
        assert tokens.pop(0) == "("
        label, start = tokens.pop(0), len(words)
        children = []
        while tokens[0] != ")":
            if tokens[0] == "(":
                children.append(node())
            else:
                words.append(tokens.pop(0))
        tokens.pop(0)
        return Constituent(label, start, len(words), children)

    return node(), words


@pytest.mark.parametrize(
    ("text", "head"),
    [
        # The rules for noun phrases, in their order.
        ("(NP (DT the) (NN steam) (NN boat) (ADJP (JJ afloat)))", "boat"),
        ("(NP (NP (DT the) (NN boat)) (PP (IN on) (NP (DT the) (NN lake))))", "boat"),
        ("(NP (NP (DT the) (NN boat)) (PRN (NP (JJ old))))", "boat"),
        ("(NP (CD ten) ($ $))", "$"),
        ("(NP (DT the) (CD two) (ADJP (RB very) (JJ old)))", "old"),
        ("(NP (DT the) (JJ other) (CD two))", "two"),
        ("(NP (DT the) (JJ poor))", "poor"),
        ("(NP (PRP them) (DT all))", "all"),
        ("(NP (DT those) (SBAR (WHNP (WP who)) (S (VP (VBP row)))))", "those"),
        # The clitic is no head, whatever else the phrase is made of.
        ("(NP (NP (DT the) (NN pilot) (POS 's)) (NN boat))", "boat"),
        ("(NP (DT the) (NN pilot) (POS 's))", "pilot"),
        ("(NP (NP (DT the) (NN pilot)) (POS 's))", "pilot"),
        ("(NP (PRP one) (POS 's))", "one"),
        ("(NP (DT the) (JJ other) (POS 's))", "other"),
        # Labels that are headed like noun phrases.
        ("(NP (NML (NNP Lake) (NNP Ladoga)) (NNS boats))", "boats"),
        ("(NP (DT the) (NML (JJ old) (NN lake)))", "lake"),
        ("(NX (JJ small) (NN boat))", "boat"),
        # Coordination.
        ("(NP (NNS cats) (CC and) (NNS dogs))", "cats"),
        ("(NP (NNS cats) (, ,) (NNS dogs) (, ,) (CC and) (NNS birds))", "dogs"),
        ("(NP (DT the) (NN cat) (CC and) (NN dog) (NN show))", "show"),
        ("(NP (NP (NN tea)) (CC or) (NP (NN milk)))", "tea"),
        ("(NP (CC both) (NN tea) (CC and) (NN milk))", "tea"),
        ("(NP (CC and) (NN milk) (PP (IN of) (NP (NNS goats))))", "milk"),
        ("(NP (NML (NN tea) (NNS cups)) (CC and) (NML (NN milk) (NNS jugs)))", "cups"),
        # Verbs, prepositions and clauses.
        ("(S (NP (PRP she)) (VP (MD will) (VP (VB row))) (. .))", "will"),
        ("(VP (VBD saw) (NP (DT the) (NN lake)))", "saw"),
        ("(VP (TO to) (VP (VB row)))", "to"),
        ("(PP (IN on) (NP (DT the) (NN lake)))", "on"),
        ("(PP (RB just) (IN before) (NP (NN noon)))", "before"),
        ("(SBAR (WHNP (WP what)) (S (NP (PRP she)) (VP (VBD saw))))", "what"),
        ("(SBAR (IN that) (S (NP (PRP she)) (VP (VBD saw))))", "that"),
        ("(ADJP (RB very) (JJ old))", "old"),
        ("(ADVP (RB very) (RB soon))", "soon"),
        ("(QP (RB about) (CD two) (CD hundred))", "about"),
        ("(QP (CD two) (CD hundred))", "two"),
        ("(WHNP (WDT which) (NN boat))", "which"),
        ("(FRAG (NP (NN tea)) (NP (NN milk)))", "milk"),
        # A label without a rule, and punctuation.
        ("(EDITED (NP (DT the) (NN boat)) (NP (DT a) (NN lake)))", "boat"),
        ("(PRN (-LRB- -LRB-) (NP (DT the) (NN lake)) (-RRB- -RRB-))", "lake"),
        ("(UCP (NP (NN tea)) (. .) ('' ''))", "tea"),
        ("(NP (. .))", "."),
    ],
)
def test_the_head_of_a_constituent(text: str, head: str) -> None:
    root, words = tree(text)
    assert words[HeadWords(root).of(root.start, root.end)] == head
    # Below anything else, and with phrases of one constituent above and below, it is the same.
    wrapped, more = tree(f"(TOP (S (INTJ (UH oh)) (NP {text}) (. .)))")
    assert more[HeadWords(wrapped).of(1, 1 + len(words))] == head


SENTENCE = """
(TOP (S (NP (NP (DT the) (JJ old) (NN pilot)) (PP (IN of) (NP (DT the) (NN boat))))
        (VP (VBD gave) (NP (DT the) (NN girl)) (NP (DT an) (NN oar))
            (SBAR (WHNP (WDT which)) (S (VP (VBD broke)))))
        (. .)))
"""


@pytest.mark.parametrize(
    ("words", "head"),
    [
        ("old pilot", "pilot"),  # below a noun phrase
        ("pilot of the boat", "pilot"),
        ("the boat gave", "boat"),  # below a clause, as if in a noun phrase
        ("an oar which broke", "oar"),  # below a verb phrase
        ("gave the girl an oar", "gave"),
        ("the girl", "girl"),
        ("gave", "gave"),
        ("the old pilot of the boat gave the girl an oar which broke .", "gave"),
    ],
)
def test_words_that_are_no_constituent_have_a_head_too(words: str, head: str) -> None:
    root, all_words = tree(SENTENCE)
    sought = words.split()
    (start, *_) = [i for i in range(len(all_words)) if all_words[i : i + len(sought)] == sought]
    assert all_words[HeadWords(root).of(start, start + len(sought))] == head


def test_words_that_are_no_constituent_are_taken_for_a_noun_phrase() -> None:
    text = "(S (NP (DT the) (NN boat)) (, ,) (SBAR (IN if) (S (VP (VBN mended)))) (VP (VBZ sails)))"
    root, words = tree(text)
    assert words[HeadWords(root).of(0, 5)] == "boat"
    assert words[HeadWords(root).of(0, 6)] == "sails"


@given(st.data())
def test_any_words_of_any_tree_have_their_head_among_them(data: st.DataObject) -> None:
    labels = st.sampled_from("TOP S NP VP PP SBAR QP PRN NN DT CC POS , CD IN X".split())

    def grown(start: int, end: int, depth: int) -> Constituent:
        if depth == 0 and end - start == 1:
            return Constituent(data.draw(labels), start, end)
        inner = range(start + 1, end)
        cuts = sorted(data.draw(st.sets(st.sampled_from(inner)))) if inner else []
        if depth == 0:
            cuts = list(inner)
        parts = zip([start, *cuts], [*cuts, end], strict=True)
        children = [grown(a, b, max(depth - 1, 0)) for a, b in parts]
        return Constituent(data.draw(labels), start, end, children)

    count = data.draw(st.integers(1, 7))
    root = grown(0, count, 3)
    for start in range(count):
        for end in range(start + 1, count + 1):
            assert start <= HeadWords(root).of(start, end) < end


def test_a_deep_tree_is_walked_without_recursion() -> None:
    root = Constituent("NN", 0, 1)
    for _ in range(20_000):
        root = Constituent("NP", 0, 1, [root])
    assert HeadWords(root).of(0, 1) == 0


TABLE = {
    "PP": ("right", "IN TO VBG VBN RP FW"),
    "SINV": ("left", "VBZ VBD VBP VB MD VP S SINV ADJP NP"),
    "RRC": ("right", "VP NP ADVP ADJP PP"),
    "WHADVP": ("right", "CC WRB"),
    "UCP": ("right", ""),
    "INTJ": ("left", ""),
}


@given(
    st.sampled_from(sorted(TABLE)),
    st.lists(st.sampled_from("IN TO VB VP NP FW X".split()), min_size=1),
)
def test_the_table_is_read_as_the_thesis_says(label: str, labels: list[str]) -> None:
    side, wanted = TABLE[label]
    children = [Constituent(name, i, i + 1) for i, name in enumerate(labels)]
    looked_at = children if side == "left" else children[::-1]
    expected = looked_at[0]
    for name in reversed(wanted.split()):
        for child in reversed(looked_at):
            if child.label == name:
                expected = child
    assert head_child(label, children) is expected


# Without syntax


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("the/DT old/JJ pilot/NN", "pilot"),
        ("the/DT pilot/NN of/IN the/DT boat/NN", "pilot"),
        ("the/DT road/NN to/TO town/NN", "road"),
        ("the/DT pilot/NN who/WP left/VBD", "pilot"),
        ("the/DT pilot/NN ,/, whose/WP$ boat/NN sank/VBD", "pilot"),
        ("about/IN twenty/CD boats/NNS", "boats"),
        ("that/DT boat/NN", "boat"),
        ("all/PDT that/DT tea/NN", "tea"),  # its tag says that it is no relative pronoun
        ("the/DT outside/NN wall/NN", "wall"),
        ("the/DT pilot/NN 's/POS", "pilot"),
        ("the/DT pilots/NNS '/POS", "pilots"),
        ("the/DT lake/NN ''/''", "lake"),
        ("'s/POS", "'s"),
        (",/, of/IN", ","),
        ("he/PRP", "he"),
        # No tags that it knows: the words decide.
        ("the/_ pilot/_ Of/_ the/_ boat/_", "pilot"),
        ("the/- pilot/- that/- left/-", "pilot"),
        ("the/XX pilot/XX ’s/XX", "pilot"),
        ("the/DET pilot/NOUN of/ADP the/DET boat/NOUN", "pilot"),
        ("That/_ boat/_", "boat"),
        ("to/_ row/_", "row"),
    ],
)
def test_the_rule_without_syntax(text: str, head: str) -> None:
    words, tags = zip(*(part.rsplit("/", 1) for part in text.split()), strict=True)
    assert words[surface_head(words, tags)] == head


def naive_surface_head(words: Sequence[str], tags: Sequence[str]) -> int:
    """Walk on from the first word until a word ends the head."""
    best = last = 0
    found = False
    for i, (word, tag) in enumerate(zip(words, tags, strict=True)):
        if i > 0 and tag in ("IN", "TO", "WDT", "WP", "WP$"):
            break
        last = i
        if word.isalnum() and tag != "POS":
            best, found = i, True
    return best if found else last


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ",", "'s", "3"]), st.sampled_from("NN IN WP POS".split())
        ),
        min_size=1,
    )
)
def test_the_rule_is_that_of_a_naive_walk(mention: list[tuple[str, str]]) -> None:
    words, tags = zip(*mention, strict=True)
    assert surface_head(words, tags) == naive_surface_head(words, tags)
