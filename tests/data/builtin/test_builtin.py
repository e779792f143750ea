"""The built-in corpus: reproducible, well-formed, agreeing with itself, and varied."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby, islice

import pytest

from probing.core.sentences import Sentence
from probing.data.builtin import generate

RELATIONS = set(
    """root nsubj nsubj:pass obj iobj obl obl:agent nmod nmod:poss det amod nummod case mark cc conj
    aux aux:pass cop advmod advcl acl acl:relcl ccomp xcomp compound compound:prt appos flat expl
    punct""".split()
)
TAGS = set(
    "NN NNS NNP DT JJ RB IN TO VB VBD VBZ VBP VBN VBG MD PRP PRP$ POS CC CD RP EX WDT WP WP$ WRB "
    ". ,".split()
)
FINITE = {"VBZ", "VBP", "VBD", "MD"}


@pytest.fixture(scope="module")
def corpus() -> list[Sentence]:
    return list(generate(documents=300, seed=1))


Child = tuple[int, str, str, str]  # number from one, word, relation, tag


def children(sentence: Sentence, number: int) -> list[Child]:
    columns = zip(sentence.words, sentence.heads, sentence.relations, sentence.tags, strict=True)
    return [
        (i, word, relation, tag)
        for i, (word, head, relation, tag) in enumerate(columns, start=1)
        if head == number
    ]


def show(sentence: Sentence) -> str:
    columns = zip(sentence.words, sentence.heads, sentence.relations, sentence.tags, strict=True)
    return " ".join(f"{word}/{tag}/{relation}>{head}" for word, head, relation, tag in columns)


# Reproducible


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert list(generate(documents=20, seed=7)) == list(generate(documents=20, seed=7))


def test_fewer_documents_are_a_prefix_of_more() -> None:
    few, many = (list(generate(documents=n, seed=3)) for n in (5, 50))
    assert few == many[: len(few)]
    assert {s.document for s in few}.isdisjoint(s.document for s in many[len(few) :])


def test_sentences_are_made_when_asked_for() -> None:
    endless = generate(documents=10**12, seed=1)
    assert isinstance(endless, Iterator)
    assert len(list(islice(endless, 3))) == 3


@pytest.mark.parametrize("documents", [0, 1, 4])
def test_documents_and_lines_are_numbered_from_one(documents: int) -> None:
    sentences = list(generate(documents=documents, seed=7))
    names = [name for name, _ in groupby(sentence.document for sentence in sentences)]
    assert names == [f"builtin-7-{number:04d}" for number in range(1, documents + 1)]
    assert [sentence.line for sentence in sentences] == list(range(1, len(sentences) + 1))


def test_documents_have_four_to_seven_sentences(corpus: list[Sentence]) -> None:
    sizes = set(Counter(sentence.document for sentence in corpus).values())
    assert sizes == {4, 5, 6, 7}


def test_seeds_share_practically_no_sentence() -> None:
    one, two = (
        [tuple(sentence.words) for sentence in generate(documents=400, seed=seed)]
        for seed in (1, 2)
    )
    seen = set(one)
    assert sum(words in seen for words in two) < 0.01 * len(two)


# Well-formed


def test_every_word_has_a_known_tag_and_relation(corpus: list[Sentence]) -> None:
    for s in corpus:
        assert len(s.words) == len(s.heads) == len(s.relations) == len(s.tags)
        assert set(s.relations) <= RELATIONS, show(s)
        assert set(s.tags) <= TAGS, show(s)
        assert all(word and " " not in word for word in s.words)


def test_every_tree_has_one_root_and_no_cycle(corpus: list[Sentence]) -> None:
    for s in corpus:
        assert [i for i, head in enumerate(s.heads) if head == 0] == [
            i for i, relation in enumerate(s.relations) if relation == "root"
        ], show(s)
        assert s.relations.count("root") == 1, show(s)
        for number in range(1, len(s.words) + 1):
            steps = 0
            while number and steps <= len(s.words):
                number, steps = s.heads[number - 1], steps + 1
            assert number == 0, show(s)


def test_every_tree_is_projective(corpus: list[Sentence]) -> None:
    for s in corpus:
        arcs = [tuple(sorted((i, head))) for i, head in enumerate(s.heads, start=1) if head]
        crossing = [(a, b) for a in arcs for b in arcs if a[0] < b[0] < a[1] < b[1]]
        assert not crossing, show(s)


@pytest.mark.parametrize("relation", ["conj", "flat", "appos"])
def test_these_run_from_left_to_right(corpus: list[Sentence], relation: str) -> None:
    for s in corpus:
        for i, (head, label) in enumerate(zip(s.heads, s.relations, strict=True), start=1):
            assert label != relation or head < i, show(s)


def test_function_words_are_leaves(corpus: list[Sentence]) -> None:
    leaves = "case mark cc det aux aux:pass cop punct expl compound:prt nummod".split()
    for s in corpus:
        for number, relation in enumerate(s.relations, start=1):
            assert relation not in leaves or not children(s, number), show(s)


def test_no_predicate_has_a_role_twice(corpus: list[Sentence]) -> None:
    for s in corpus:
        for number in range(1, len(s.words) + 1):
            roles = Counter(relation for _, _, relation, _ in children(s, number))
            assert roles["nsubj"] + roles["nsubj:pass"] <= 1, show(s)
            for role in "obj iobj ccomp xcomp cop aux:pass obl:agent expl det compound:prt".split():
                assert roles[role] <= 1, show(s)
            assert not roles["iobj"] or roles["obj"], show(s)


def test_passives_have_passive_subjects(corpus: list[Sentence]) -> None:
    for s in corpus:
        for number, tag in enumerate(s.tags, start=1):
            roles = {relation for _, _, relation, _ in children(s, number)}
            assert ("nsubj:pass" in roles) == ("aux:pass" in roles), show(s)
            if "aux:pass" in roles or "obl:agent" in roles:
                assert tag == "VBN", show(s)
            if "aux:pass" in roles:
                assert "obj" not in roles, show(s)


def test_conjunctions_belong_to_conjuncts(corpus: list[Sentence]) -> None:
    for s in corpus:
        for i, (head, relation) in enumerate(zip(s.heads, s.relations, strict=True), start=1):
            if relation == "cc":
                assert s.relations[head - 1] == "conj", show(s)
                assert i < head, show(s)


@pytest.mark.parametrize(
    ("relation", "tags"),
    [
        ("det", {"DT"}),
        ("amod", {"JJ"}),
        ("nummod", {"CD"}),
        ("case", {"IN", "POS"}),
        ("mark", {"IN", "TO"}),
        ("cc", {"CC"}),
        ("expl", {"EX"}),
        ("compound:prt", {"RP"}),
        ("compound", {"NN"}),
        ("flat", {"NNP"}),
        ("advmod", {"RB", "WRB"}),
        ("nmod:poss", {"PRP$", "WP$", "NN", "NNS", "NNP"}),
        ("punct", {".", ","}),
        ("obl:agent", {"NN", "NNS", "NNP"}),
    ],
)
def test_relations_go_with_their_tags(
    corpus: list[Sentence], relation: str, tags: set[str]
) -> None:
    found = {tag for s in corpus for tag, label in zip(s.tags, s.relations, strict=True)
             if label == relation}  # fmt: skip
    assert found == tags


@pytest.mark.parametrize(("relation", "needs"), [("obl:agent", "case"), ("cop", "nsubj")])
def test_relations_that_come_in_pairs(corpus: list[Sentence], relation: str, needs: str) -> None:
    for s in corpus:
        for i, (head, label) in enumerate(zip(s.heads, s.relations, strict=True), start=1):
            if label == relation:
                number = i if needs == "case" else head
                assert needs in {child[2] for child in children(s, number)}, show(s)


# Agreement


def is_plural(s: Sentence, number: int) -> bool:
    """Whether a subject is plural, judged by tags: the antecedent stands in for a pronoun."""
    word, tag = s.words[number - 1].lower(), s.tags[number - 1]
    if tag in {"WP", "WDT"}:
        clause = s.heads[number - 1]
        assert s.relations[clause - 1] == "acl:relcl", show(s)
        # A relative clause may stand inside a coordination, whose own number is not meant.
        return s.tags[s.heads[clause - 1] - 1] == "NNS"
    coordinated = any(relation == "conj" for _, _, relation, _ in children(s, number))
    return coordinated or tag == "NNS" or word in {"we", "they"}


def test_verbs_agree_with_their_subjects(corpus: list[Sentence]) -> None:
    checked: Counter[tuple[str, bool]] = Counter()
    for s in corpus:
        for i, (head, relation) in enumerate(zip(s.heads, s.relations, strict=True), start=1):
            if not relation.startswith("nsubj"):
                continue
            verbs = [
                (s.words[n - 1].lower(), s.tags[n - 1])
                for n in [head, *(c[0] for c in children(s, head))]
                if s.tags[n - 1] in FINITE
                and (n == head or s.relations[n - 1] in {"aux", "aux:pass", "cop"})
            ]
            assert len(verbs) == 1, show(s)
            word, tag = verbs[0]
            plural = is_plural(s, i)
            assert tag != "VBZ" or not plural, show(s)
            assert tag != "VBP" or plural, show(s)
            assert word not in {"was", "were"} or (word == "were") == plural, show(s)
            checked[tag, plural] += 1
    assert min(checked[tag, number] for tag in ("VBD", "MD") for number in (True, False)) > 20
    assert min(checked["VBZ", False], checked["VBP", True]) > 100


def test_articles_agree_with_the_next_word(corpus: list[Sentence]) -> None:
    for s in corpus:
        for word, after in zip(s.words, s.words[1:], strict=False):
            if word.lower() in {"a", "an"}:
                vowel = after == "honest" or (
                    after[0] in "aeiou" and not after.startswith(("use", "uni"))
                )
                assert (word.lower() == "an") == vowel, show(s)


def test_determiners_agree_with_their_nouns(corpus: list[Sentence]) -> None:
    singular, plural = {"a", "an", "this", "that", "every"}, {"these", "those", "all"}
    for s in corpus:
        for word, head, relation in zip(s.words, s.heads, s.relations, strict=True):
            if relation == "det" and word.lower() in singular | plural:
                assert (s.tags[head - 1] == "NNS") == (word.lower() in plural), show(s)
            if relation == "nummod":
                assert s.tags[head - 1] == "NNS", show(s)


def test_sentences_begin_and_end_as_they_should(corpus: list[Sentence]) -> None:
    for s in corpus:
        assert s.words[0][0].isupper()
        assert s.words[-1] in {".", "?"}
        assert s.relations[s.heads[-1] - 1] == "root", show(s)
        assert not {".", "?"} & set(s.words[:-1])
        pairs = zip(s.words, s.words[1:], strict=False)
        assert not any(a == "," and b in {",", ".", "?"} for a, b in pairs), show(s)


# Varied


def has(relation: str, tag: str = "", word: str = "") -> Callable[[Sentence], bool]:
    def test(s: Sentence) -> bool:
        return any(
            label == relation and (not tag or t == tag) and (not word or w.lower() == word)
            for w, label, t in zip(s.words, s.relations, s.tags, strict=True)
        )

    return test


def under(outer: str, inner: str, tags: str = "") -> Callable[[Sentence], bool]:
    """A word of relation ``outer`` (and one of ``tags``) with a dependent of ``inner``."""

    def test(s: Sentence) -> bool:
        return any(
            relation == outer
            and (not tags or tag in tags.split())
            and any(child[2] == inner for child in children(s, number))
            for number, (relation, tag) in enumerate(zip(s.relations, s.tags, strict=True), 1)
        )

    return test


def relative_object(s: Sentence) -> bool:
    return any(
        relation == "obj" and tag in {"WDT", "WP"}
        for relation, tag in zip(s.relations, s.tags, strict=True)
    )


def attractor(s: Sentence) -> bool:
    """A noun of the other number stands between a subject and its present-tense verb."""
    return any(
        relation.startswith("nsubj")
        and tag in {"NN", "NNS"}
        and any(s.tags[n] in {"NN", "NNS"} and s.tags[n] != tag for n in range(i + 1, head - 1))
        and any(t in {"VBZ", "VBP"} for t in s.tags[i + 1 : head])
        for i, (head, relation, tag) in enumerate(zip(s.heads, s.relations, s.tags, strict=True))
    )


def two_adjectives(s: Sentence) -> bool:
    return max(Counter(h for h, r in zip(s.heads, s.relations, strict=True)
                       if r == "amod").values(), default=0) > 1  # fmt: skip


CONSTRUCTIONS: dict[str, Callable[[Sentence], bool]] = {
    **{relation: has(relation) for relation in RELATIONS},
    **{f"tag {tag}": lambda s, tag=tag: tag in s.tags for tag in TAGS},  # type: ignore[misc]
    "subject relative": lambda s: has("nsubj", "WP")(s) or has("nsubj", "WDT")(s),
    "object relative": relative_object,
    "owner relative": has("nmod:poss", "WP$"),
    "oblique relative": lambda s: has("obl", "WP")(s) or has("obl", "WDT")(s),
    "passive relative": lambda s: has("nsubj:pass", "WDT")(s),
    "reduced relative": has("acl", "VBN"),
    "that clause": under("ccomp", "mark"),
    "to clause": under("xcomp", "mark"),
    "object control": lambda s: any(
        {"obj", "xcomp"} <= {c[2] for c in children(s, n)} for n in range(1, len(s.words) + 1)
    ),
    "passive with agent": lambda s: has("aux:pass")(s) and has("obl:agent")(s),
    "coordinated nouns": under("conj", "cc", "NN NNS"),
    "coordinated verbs": lambda s: any(
        relation == "conj" and s.tags[i] in FINITE
        and not any(c[2].startswith("nsubj") for c in children(s, i + 1))
        for i, relation in enumerate(s.relations)
    ),
    "coordinated clauses": under("conj", "nsubj"),
    "attractor": attractor,
    "clitic": has("case", "POS", "'s"),
    "plural clitic": has("case", "POS", "'"),
    "possessive pronoun": has("nmod:poss", "PRP$"),
    "several adjectives": two_adjectives,
    "adjective modified": under("amod", "advmod"),
    "negation": has("advmod", "RB", "not"),
    "do": lambda s: has("aux", word="did")(s) or has("aux", word="does")(s),
    "copula and adjective": under("root", "cop", "JJ"),
    "copula and place": lambda s: under("root", "cop")(s) and under("root", "case")(s),
    "fronted clause": lambda s: has("advcl")(s) and s.relations.index("advcl") + 1 < s.heads[-1],
    "final clause": lambda s: any(
        relation == "advcl" and head <= i
        for i, (head, relation) in enumerate(zip(s.heads, s.relations, strict=True))
    ),
    "double object": has("iobj"),
    "pronoun before its particle": lambda s: any(
        a == "PRP" and b == "RP" for a, b in zip(s.tags, s.tags[1:], strict=False)
    ),
    "full name": has("flat", "NNP"),
    "question": lambda s: s.words[-1] == "?",
}  # fmt: skip


@pytest.mark.parametrize("construction", sorted(CONSTRUCTIONS))
def test_each_construction_occurs(corpus: list[Sentence], construction: str) -> None:
    assert sum(map(CONSTRUCTIONS[construction], corpus)) >= 3


def test_sentences_are_of_ordinary_length(corpus: list[Sentence]) -> None:
    lengths = [len(sentence.words) for sentence in corpus]
    assert 4 <= min(lengths) <= 5
    assert 25 <= max(lengths) <= 30
    assert 12 <= sum(lengths) / len(lengths) <= 14.5


def test_the_vocabulary_has_hundreds_of_words(corpus: list[Sentence]) -> None:
    words = Counter(word.lower() for sentence in corpus for word in sentence.words)
    assert 700 < len(words) < 2000
    assert sum(count >= 2 for count in words.values()) > 600


def test_documents_refer_back_to_their_cast(corpus: list[Sentence]) -> None:
    documents = Counter(sentence.document for sentence in corpus)
    with_pronouns = {s.document for s in corpus if {"PRP", "PRP$"} & set(s.tags)}
    assert len(with_pronouns) > 0.75 * len(documents)


def test_a_thousand_documents_take_seconds() -> None:
    start = time.process_time()
    assert sum(1 for _ in generate(documents=1000, seed=5)) > 4000
    assert time.process_time() - start < 10  # well below 3 s; the rest is for a busy machine
