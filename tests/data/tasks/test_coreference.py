"""Coreference: windows, questions, baselines and errors, against plain loops and planted cases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from columns import kinds_of
from letters import Letters

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.sentences import Mention, Sentence
from probing.core.windows import Window
from probing.data import CoreferenceData
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.tasks.agreement import features
from probing.data.tasks.candidates import CandidatesName
from probing.data.tasks.coreference import Coreference

CUT_OFF = "anaphors cut off from all their antecedents"
SINGLE = "mentions of entities with one mention, dropped"
EMPTY = "mentions of empty nodes only, dropped"
LATER = "after the first window of a document"
SEEDS = range(60)
NO_MENTION = 4  # the kind of error


Planted = tuple[str, Sequence[int]] | tuple[str, Sequence[int], int]


def sentence(
    words: str,
    *mentions: Planted,
    tags: str | None = None,
    document: str = "document",
) -> Sentence:
    """A sentence with mentions: entity, words and head word, the last one if not given."""
    split = words.split()
    return Sentence(
        split,
        [],
        [],
        ["NN"] * len(split) if tags is None else tags.split(),
        document,
        1,
        [Mention(m[1], m[2] if len(m) == 3 else m[1][-1], m[0]) for m in mentions],
        "hand",
    )


class Question(NamedTuple):
    """An anaphor: what a window says about it, in an order that does not matter."""

    anchor: int
    gold: tuple[int, ...]
    kinds: tuple[tuple[int, int], ...]  # of each candidate
    rows: frozenset[str]
    baselines: tuple[float, ...]
    picks: tuple[int, ...]

    @property
    def candidates(self) -> tuple[int, ...]:
        return tuple(column for column, _ in self.kinds)

    @property
    def right(self) -> dict[str, float]:
        return dict(zip(Coreference().terms.baselines, self.baselines, strict=True))


def questions(window: Window, census: Census) -> list[Question]:
    assert window.candidates is not None
    assert window.baselines is not None
    assert window.picks is not None
    assert window.kinds is not None
    columns = (window.anchors, window.gold, window.candidates, window.rows)
    found = []
    spans = [(1, 0)] * len(window.anchors) if window.spans is None else window.spans
    for anchor, gold, candidates, rows, right, picks, kinds, (first, last) in zip(
        *columns, window.baselines, window.picks, window.kinds, spans, strict=True
    ):
        for unique in (gold, candidates, rows):
            assert len(set(unique)) == len(unique)
        kind_of = {j: NO_MENTION for j in range(first, last + 1) if j != anchor + 1}
        kind_of |= dict(zip(candidates, kinds, strict=True))
        found.append(
            Question(
                anchor,
                tuple(sorted(gold)),
                tuple(sorted(kind_of.items())),
                frozenset(census.rows[row] for row in rows),
                tuple(right),
                tuple(picks),
            )
        )
    return found


def windows(
    *sentences: Sentence, task: Coreference | None = None, limit: int = 100
) -> tuple[list[Window], Census]:
    census = Census()
    return list((task or Coreference())(sentences, Letters(limit), census)), census


def asked(*sentences: Sentence) -> list[Question]:
    """The questions of sentences that fit into one window."""
    ((window,), census) = windows(*sentences)
    return questions(window, census)


# The oracle


class Placed(NamedTuple):
    """A mention, its words counted from the start of its window."""

    words: tuple[int, ...]
    head: int
    entity: str
    sentence: int
    text: tuple[str, ...]
    tag: str


class Expected(NamedTuple):
    words: list[str]
    ids: list[int]
    words_of: list[int]
    questions: list[Question]


def expected(
    sentences: Sequence[Sentence], task: Coreference, limit: int
) -> tuple[list[Expected], dict[str, object]]:
    """Windows and numbers of a census; ``limit`` is that of the model."""
    documents: list[list[Sentence]] = []
    for one in sentences:
        if not documents or documents[-1][0].document != one.document:
            documents.append([])
        documents[-1].append(one)
    found: list[Expected] = []
    left_out: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    used = 0
    for document in documents:
        kept = expected_mentions(document, counts)
        for number, numbers in enumerate(expected_packs(document, task, limit, left_out)):
            words = [word for n in numbers for word in document[n].words]
            letters = [(w, ord(c)) for w, word in enumerate(words) for c in word if c != "-"]
            if task.first_window and number > 0:
                left_out[LATER] += len(numbers)
            elif len(letters) + 2 > limit:
                left_out[f"in a window over {limit} wordpieces"] += len(numbers)
            else:
                used += len(numbers)
                asking = expected_questions(document, numbers, kept, counts, task.candidates)
                ids = [1, *(i for _, i in letters), 2]
                found.append(Expected(words, ids, [-1, *(w for w, _ in letters), -1], asking))
    numbers_of = {
        "documents": len(documents),
        "sentences": len(sentences),
        "used": used,
        "windows": len(found),
        "words": sum(len(window.words) for window in found),
        "wordpieces": sum(len(window.ids) for window in found),
        "left_out": +left_out,
        "counts": +counts,
    }
    return found, numbers_of


def expected_mentions(document: Sequence[Sentence], counts: Counter[str]) -> list[list[Mention]]:
    """Each mention once, without empty ones and without those that are alone."""
    once: list[list[Mention]] = []
    for one in document:
        some: list[Mention] = []
        for mention in one.mentions:
            if not any(m.words == mention.words and m.entity == mention.entity for m in some):
                some.append(mention)
        once.append(some)
    kept: list[list[Mention]] = []
    for some in once:
        kept.append([])
        for mention in some:
            others = sum(bool(m.words) and m.entity == mention.entity for ms in once for m in ms)
            if not mention.words:
                counts[EMPTY] += 1
            elif others == 1:
                counts[SINGLE] += 1
            else:
                kept[-1].append(mention)
                counts["mentions"] += 1
                counts["mentions with a head found by hand"] += 1
    return kept


def expected_packs(
    document: Sequence[Sentence], task: Coreference, limit: int, left_out: Counter[str]
) -> list[list[int]]:
    """The numbers of the sentences of each window."""
    in_words = task.unit == "words"
    room = limit if in_words or task.limit is None else task.limit
    packs: list[list[int]] = []
    for number, one in enumerate(document):
        letters = [len(word.replace("-", "")) for word in one.words]
        if sum(letters) + 2 > room:
            left_out[f"over {room} wordpieces"] += 1
        elif min(letters) == 0:
            left_out["a word without a wordpiece"] += 1
        elif task.limit is not None and in_words and len(one.words) > task.limit:
            left_out[f"over {task.limit} words"] += 1
        else:
            together = [*(packs[-1] if packs else []), number]
            words = [word for n in together for word in document[n].words]
            if in_words:
                fits = task.limit is not None and len(words) <= task.limit
            else:
                fits = len("".join(words).replace("-", "")) + 2 <= room
            if packs and fits:
                packs[-1].append(number)
            else:
                packs.append([number])
    return packs


def expected_questions(
    document: Sequence[Sentence],
    numbers: Sequence[int],
    kept: Sequence[Sequence[Mention]],
    counts: Counter[str],
    allowed: str,
) -> list[Question]:
    placed: list[Placed] = []
    start = 0
    for n in numbers:
        words = document[n].words
        for m in kept[n]:
            text = tuple(words[w].lower() for w in m.words)
            at = tuple(start + w for w in m.words)
            placed.append(Placed(at, start + m.head, m.entity, n, text, document[n].tags[m.head]))
        start += len(words)
    # By start, longer ones first; of those that reach as far, those without gaps.
    placed.sort(key=lambda m: (m.words[0], -m.words[-1], -len(m.words)))
    all_words = [word.lower() for n in numbers for word in document[n].words]
    found = []
    for index, mention in enumerate(placed):
        before = []
        for other in placed[:index]:
            contains = all(word in other.words for word in mention.words)
            if not contains and other.head != mention.head:
                before.append(other)
        antecedents = [other for other in before if other.entity == mention.entity]
        if not antecedents:
            elsewhere = [n for n in range(mention.sentence) if n not in numbers]
            if any(m.entity == mention.entity for n in elsewhere for m in kept[n]):
                counts[CUT_OFF] += 1
            continue
        counts["anaphors"] += 1
        gold = {other.head for other in antecedents}
        # The nearest right pick: a mention headed by a gold word, as a pick is right by its head.
        nearest = max(i for i, other in enumerate(before) if other.head in gold)
        own = all_words[mention.head]
        kinds = {}
        for column in range(len(all_words)):
            headed = [i for i, other in enumerate(before) if other.head == column]
            is_mention = any(other.head == column for other in placed)
            if not (
                headed
                or (allowed == "mentions" and is_mention and column > max(mention.words))
                or (allowed == "earlier-words" and column < mention.head)
                or (allowed == "words" and column != mention.head)
            ):
                continue
            if column in gold:
                kinds[column + 1] = 0
            elif not is_mention:
                kinds[column + 1] = NO_MENTION
            elif all_words[column] == own:
                kinds[column + 1] = 1
            elif any(i > nearest for i in headed):
                kinds[column + 1] = 2
            else:
                kinds[column + 1] = 3
        back = min(mention.sentence - other.sentence for other in antecedents)
        picked = expected_picks(mention, own, before, all_words)
        dice = len(gold) / len({other.head for other in before})
        found.append(
            Question(
                mention.head,
                tuple(sorted(head + 1 for head in gold)),
                tuple(sorted(kinds.items())),
                expected_rows(mention, own, [all_words[other.head] for other in before], back),
                tuple(dice if pick == -2 else float(pick in gold) for pick in picked),
                tuple(picked),
            )
        )
    return found


def expected_rows(mention: Placed, own: str, others: list[str], back: int) -> frozenset[str]:
    rows = {"all"}
    if mention.tag in ("PRP", "PRP$", "PRON"):
        rows.add("pronoun")
        if own in ("i", "you", "we", "my"):
            rows.add("pronoun-1-2")
        elif own in ("he", "she", "it", "they", "his"):
            rows.add("pronoun-3")
    elif mention.tag in ("NNP", "NNPS", "PROPN"):
        rows.add("proper")
    elif mention.tag == "_":
        rows.add("untagged")
    else:
        rows.add("nominal")
    if own not in others:
        rows.add("no-shared-head")
    if back in (0, 1):
        rows.add(f"distance={back}")
    else:
        rows.add("distance=2-4" if back < 5 else "distance=5+")
    return frozenset(rows)


def expected_picks(
    mention: Placed, own: str, before: Sequence[Placed], words: Sequence[str]
) -> list[int]:
    """The nearest, that with the same head word, the sieves, dice (-2), those of the same kind."""
    about = features(mention.text, own, mention.tag)
    same_head, same_text, agreeing = None, None, None
    for other in before:  # the last one that fits stays
        if words[other.head] == own:
            same_head = other
        if other.text == mention.text:
            same_text = other
        if features(other.text, words[other.head], other.tag).agrees(about):
            agreeing = other
    sieved = before[-1]
    for pick in (agreeing, same_head, same_text):  # the first sieve has the last say
        sieved = sieved if pick is None else pick
    alike = []
    for names in ("n", "g", "t", "ng", "nt", "gt", "ngt"):
        pick = -1
        for other in before:
            its = features(other.text, words[other.head], other.tag)
            same = {
                "n": bool(its.number & about.number),
                "g": bool(its.gender & about.gender),
                "t": expected_type(other.tag) == expected_type(mention.tag),
            }
            if all(same[name] for name in names):
                pick = other.head
        alike.append(pick)
    return [before[-1].head, -1 if same_head is None else same_head.head, sieved.head, -2, *alike]


def expected_type(tag: str) -> str:
    if tag in ("PRP", "PRP$", "PRON"):
        return "pronoun"
    return "proper" if tag in ("NNP", "NNPS", "PROPN") else tag if tag == "_" else "nominal"


VOCABULARY = [
    *((word, "PRP") for word in ("I", "you", "we", "he", "she", "it", "It", "they", "They")),
    *((word, "PRP$") for word in ("my", "his")),
    *((word, "PRON") for word in ("she", "you", "whose")),
    *((word, "NN") for word in ("dog", "Dog", "nurse", "king", "the")),
    *((word, "NNS") for word in ("dogs", "queens")),
    *((word, "NNP") for word in ("Ann", "Bo", "bo", "Mr.")),
    *((word, "PROPN") for word in ("Ann", "Cy")),
    *((word, "_") for word in ("red", "Red", "x", "--x", "cat-")),
    *((word, "VB") for word in ("see", "runs", "to")),
    ("-", "NN"),
    ("a" * 18, "JJ"),
]
RARE = {"-", "a" * 18}


def random_documents(seed: int) -> list[Sentence]:
    """Documents whose mentions nest, cross, have gaps, share heads and come twice.

    Documents use the same names of entities. Mentions with the same words have the same head.
    """
    rng = random.Random(seed)
    common = [entry for entry in VOCABULARY if entry[0] not in RARE]
    found = []
    for document in range(rng.randint(1, 3)):
        entities = [f"e{i}" for i in range(rng.randint(1, 5))]
        for line in range(rng.randint(1, 10)):
            size = rng.randint(1, 7)
            chosen = [
                rng.choice(VOCABULARY if rng.random() < 0.05 else common) for _ in range(size)
            ]
            heads: dict[tuple[int, ...], int] = {}
            ranks: dict[tuple[int, int, int], tuple[int, ...]] = {}
            mentions: list[Mention] = []
            for _ in range(rng.choice([0, 1, 1, 2, 3, 5])):
                first = rng.randrange(size)
                last = rng.randrange(first, size)
                inside = range(first, last + 1)
                gaps = rng.random() < 0.2
                words = tuple(w for w in inside if not gaps or rng.random() < 0.6) or (first,)
                if mentions and rng.random() < 0.2:
                    words = tuple(rng.choice(mentions).words) or words
                # What starts, ends and is filled alike has no order of its own.
                rank = (words[0], words[-1], len(words))
                if ranks.setdefault(rank, words) != words:
                    continue
                shared = [head for head in heads.values() if head in words]
                heads.setdefault(words, rng.choice([*words, *shared]))
                mention = Mention(words, heads[words], rng.choice(entities))
                mentions += [mention] * rng.choice([1, 1, 1, 2])
            if rng.random() < 0.1:
                mentions.append(Mention((), -1, rng.choice(entities)))
            rng.shuffle(mentions)
            text, tags = zip(*chosen, strict=True)
            found.append(Sentence(text, [], [], tags, f"d{document}", line, mentions, "hand"))
    return found


@pytest.mark.parametrize("first_window", [False, True])
@pytest.mark.parametrize(
    ("unit", "limit", "model"),
    [
        ("wordpieces", None, 200),
        ("wordpieces", None, 40),
        ("wordpieces", 20, 40),
        ("wordpieces", 60, 60),
        ("words", 4, 500),
        ("words", 12, 500),
        ("words", 30, 500),
        ("words", 12, 40),  # where a window of words may be too much for the model
    ],
)
def test_windows_are_what_plain_loops_make(
    unit: str, limit: int | None, model: int, first_window: bool
) -> None:
    task = Coreference(limit=limit, unit=unit, first_window=first_window)  # type: ignore[arg-type]
    for seed in SEEDS:
        sentences = random_documents(seed)
        found, census = windows(*sentences, task=task, limit=model)
        wanted, numbers = expected(sentences, task, model)
        context = f"seed {seed}"
        assert [list(w.words) for w in found] == [w.words for w in wanted], context
        for window, plain in zip(found, wanted, strict=True):
            assert list(window.wordpieces.ids) == plain.ids, context
            assert list(window.wordpieces.words_of) == plain.words_of, context
            assert len(window.wordpieces.ids) <= model
            assert sorted(questions(window, census), key=repr) == sorted(
                plain.questions, key=repr
            ), context
        counted = {name: getattr(census, name) for name in numbers}
        assert counted | {"counts": +census.counts} == numbers, context
        assert census.used + sum(census.left_out.values()) == census.sentences


@pytest.mark.parametrize("candidates", ["mentions", "earlier-words", "words"])
def test_candidates_are_what_plain_loops_make(candidates: CandidatesName) -> None:
    """Anchors, gold words and baselines stay the same, whatever may be picked."""
    task, usual = Coreference(limit=60, candidates=candidates), Coreference(limit=60)
    kinds = Counter[int]()
    for seed in SEEDS:
        sentences = random_documents(seed)
        found, census = windows(*sentences, task=task, limit=200)
        wanted, _ = expected(sentences, task, 200)
        same, _ = windows(*sentences, task=usual, limit=200)
        for window, plain, other in zip(found, wanted, same, strict=True):
            own = questions(window, census)
            assert sorted(own, key=repr) == sorted(plain.questions, key=repr), f"seed {seed}"
            for name in ("anchors", "gold", "rows", "baselines", "picks"):
                assert getattr(window, name) == getattr(other, name)
            kinds.update(kind for question in own for _, kind in question.kinds)
        batch = collate(found, census.rows, task.terms, 7)
        consistent(batch, is_over_earlier=False)
        for b, window in enumerate(found):
            for a, question in enumerate(questions(window, census)):
                of_batch = kinds_of(batch)[b, a].tolist()
                allowed = batch.candidates[b, a].nonzero()[:, 0].tolist()
                assert [(j, of_batch[j]) for j in allowed] == list(question.kinds)
    told = {1, 2, 3, NO_MENTION} if candidates.endswith("words") else {1, 2, 3}
    assert {kind for kind in kinds if kind} == told == {*range(1, len(task.terms.errors) + 1)}


def test_a_later_mention_of_the_entity_is_a_candidate_and_wrong() -> None:
    """The text has it so: a head picks an antecedent."""
    one = sentence(
        "b cat his dog cat b", ("b", [0]), ("a", [1]), ("a", [2]), ("a", [4]), ("b", [5])
    )
    of = {}
    for name in ("earlier-mentions", "mentions", "earlier-words", "words"):
        ((window,), census) = windows(one, task=Coreference(candidates=name))
        of[name] = dict(questions(window, census)[0].kinds)
    assert of == {
        "earlier-mentions": {1: 3, 2: 0},
        "mentions": {1: 3, 2: 0, 5: 3, 6: 3},
        "earlier-words": {1: 3, 2: 0},
        "words": {1: 3, 2: 0, 4: NO_MENTION, 5: 3, 6: 3},
    }


def test_random_documents_have_all_that_may_go_wrong() -> None:
    rows: set[str] = set()
    kinds: set[int] = set()
    rights: dict[str, set[float]] = {name: set() for name in Coreference().terms.baselines}
    counts: Counter[str] = Counter()
    shared = several = 0
    for seed in SEEDS:
        wanted, numbers = expected(random_documents(seed), Coreference(limit=60), 200)
        counts.update(numbers["counts"])  # type: ignore[call-overload]
        for window in wanted:
            anchors = Counter(question.anchor for question in window.questions)
            shared += sum(n > 1 for n in anchors.values())
            for question in window.questions:
                rows |= question.rows
                kinds |= {kind for _, kind in question.kinds}
                several += len(question.gold) > 1
                for name, right in question.right.items():
                    rights[name].add(right)
    assert rows == set(Coreference().terms.order)
    assert kinds == {0, 1, 2, 3}
    assert all({0.0, 1.0} <= rights[name] for name in ("nearest", "head-match", "rules"))
    assert len(rights["random"]) > 3
    assert min(shared, several, *(counts[name] for name in (CUT_OFF, SINGLE, EMPTY))) > 10


# Mentions, candidates and gold


def test_an_anaphor_picks_among_the_mentions_before_it() -> None:
    first, second = asked(
        sentence("Ann saw a dog", ("ann", [0]), ("dog", [2, 3])),
        sentence("it barked at Ann", ("dog", [0]), ("ann", [3])),
    )
    assert (first.anchor, first.gold, first.candidates) == (4, (4,), (1, 4))
    assert (second.anchor, second.gold, second.candidates) == (7, (1,), (1, 4, 5))


def test_every_earlier_mention_of_the_entity_is_gold() -> None:
    *_, last = asked(sentence("a b a b a", ("a", [0]), ("b", [1]), ("a", [2]), ("b", [3]),
                              ("a", [4])))  # fmt: skip
    assert (last.anchor, last.gold, last.candidates) == (4, (1, 3), (1, 2, 3, 4))


def test_what_contains_a_mention_is_no_candidate_of_it() -> None:
    # [1 [1 his] dog] barks : the longer mention of the same start comes first, but contains his.
    # With the mention before, his has one candidate, and the dog two.
    his, dog = asked(
        sentence("Bo likes his dog", ("1", [0]), ("1", [2]), ("1", [2, 3])),
    )
    assert {his.anchor, dog.anchor} == {2, 3}
    assert his.candidates == dog.candidates == (1,)


def test_what_a_mention_contains_is_a_candidate_only_where_it_comes_before() -> None:
    # The contained mention starts later, so it comes after what contains it.
    ((window,), census) = windows(sentence("the man I like", ("m", [0, 1, 2, 3], 1), ("m", [2])))
    assert list(window.anchors) == []
    assert census.counts["anaphors"] == 0
    assert census.counts["mentions"] == 2


def test_a_mention_that_crosses_is_a_candidate() -> None:
    (question,) = asked(sentence("a b c d", ("e", [0, 1, 2], 0), ("e", [1, 2, 3], 3)))
    assert (question.anchor, question.gold, question.candidates) == (3, (1,), (1,))


def test_a_mention_around_another_but_with_a_gap_there_is_a_candidate() -> None:
    (question,) = asked(sentence("a b c", ("e", [0, 2], 0), ("e", [1])))
    assert (question.anchor, question.gold) == (1, (1,))
    # Without the gap it contains the other.
    ((window,), _) = windows(sentence("a b c", ("e", [0, 1, 2], 0), ("e", [1])))
    assert not window.anchors


def test_mentions_that_share_a_head_share_an_anchor_and_are_no_candidates_of_each_other() -> None:
    ((window,), census) = windows(
        sentence("Ann and Bo sang", ("pair", [0, 1, 2], 0), ("ann", [0]), ("bo", [2])),
        sentence("Ann and Bo left", ("pair", [0, 1, 2], 0), ("ann", [0]), ("bo", [2])),
    )
    pair, ann, bo = sorted(questions(window, census), key=lambda q: (q.anchor, q.candidates))
    assert (pair.anchor, ann.anchor, bo.anchor) == (4, 4, 6)
    # Ann heads the pair too: one word, gold for both; the pair of the same sentence is none.
    assert pair.gold == ann.gold == (1,)
    assert bo.gold == (3,)
    assert pair.candidates == ann.candidates == (1, 3)
    assert bo.candidates == (1, 3, 5)


def test_a_word_is_gold_if_any_mention_headed_there_is() -> None:
    *_, they = asked(
        sentence("Ann and Bo sang", ("pair", [0, 1, 2], 0), ("ann", [0]), ("bo", [2])),
        sentence("Ann saw Bo", ("ann", [0]), ("bo", [2])),
        sentence("they left", ("pair", [0])),
    )
    assert (they.anchor, they.gold, they.candidates) == (7, (1,), (1, 3, 5, 7))
    assert dict(they.kinds)[1] == 0


def test_mentions_of_a_length_that_start_at_a_word_are_no_anaphors_of_each_other() -> None:
    ((window,), _) = windows(sentence("a b", ("x", [0, 1]), ("y", [0, 1]), ("x", [0], 0)))
    # x at [0] is contained in the others.
    assert not window.anchors


def test_an_entity_with_one_mention_is_no_candidate() -> None:
    ((window,), census) = windows(sentence("a b a", ("a", [0]), ("once", [1]), ("a", [2])))
    (question,) = questions(window, census)
    assert question.candidates == (1,)
    assert +census.counts == {
        "mentions": 2,
        "anaphors": 1,
        SINGLE: 1,
        "mentions with a head found by hand": 2,
    }


def test_a_mention_annotated_twice_counts_once() -> None:
    ((window,), census) = windows(sentence("a b", ("a", [0]), ("a", [0]), ("a", [0])))
    assert not window.anchors
    assert census.counts[SINGLE] == 1
    assert census.counts["mentions"] == 0


def test_entities_of_other_documents_are_others() -> None:
    found, census = windows(
        sentence("a", ("e", [0]), document="one"), sentence("a", ("e", [0]), document="two")
    )
    assert [list(w.anchors) for w in found] == [[], []]
    assert census.counts[SINGLE] == 2
    assert census.counts[CUT_OFF] == 0
    assert census.documents == 2


# Windows


def test_sentences_are_packed_up_to_the_limit_and_not_beyond() -> None:
    lines = [sentence("ab c"), sentence("ab c"), sentence("a")]
    packed = {
        limit: [list(w.words) for w in windows(*lines, task=Coreference(limit=limit))[0]]
        for limit in (8, 9, 7)
    }
    assert packed[9] == [["ab", "c", "ab", "c", "a"]]  # 7 letters and 2 special tokens
    assert packed[8] == [["ab", "c", "ab", "c"], ["a"]]
    assert packed[7] == [["ab", "c"], ["ab", "c", "a"]]


def test_sentences_are_packed_by_words() -> None:
    lines = [sentence("ab c"), sentence("abcdef g"), sentence("a")]
    in_words = Coreference(limit=4, unit="words")
    assert [list(w.words) for w in windows(*lines, task=in_words)[0]] == [
        ["ab", "c", "abcdef", "g"],
        ["a"],
    ]


def test_documents_do_not_share_windows() -> None:
    found, census = windows(sentence("a", document="one"), sentence("b", document="two"))
    assert [list(w.words) for w in found] == [["a"], ["b"]]
    assert (census.documents, census.sentences, census.used, census.windows) == (2, 2, 2, 2)


def test_an_anaphor_whose_antecedents_are_in_an_earlier_window_is_counted() -> None:
    found, census = windows(
        sentence("aa bb", ("a", [0]), ("b", [1])),
        sentence("aa bb", ("a", [0]), ("b", [1])),
        sentence("aa", ("a", [0])),
        task=Coreference(limit=4, unit="words"),
    )
    # The last mention of a is an anaphor that has nothing to pick from.
    assert [list(w.anchors) for w in found] == [[2, 3], []]
    assert census.counts[CUT_OFF] == 1
    assert census.counts["anaphors"] == 2


def test_a_mention_with_an_antecedent_in_its_window_is_not_cut_off() -> None:
    _, census = windows(
        sentence("a", ("a", [0])),
        sentence("a a", ("a", [0]), ("a", [1])),
        task=Coreference(limit=2, unit="words"),
    )
    assert census.counts[CUT_OFF] == 1  # the first of the two
    assert census.counts["anaphors"] == 1


def test_a_sentence_over_the_limit_in_the_middle_is_left_out() -> None:
    ((window,), census) = windows(
        sentence("a b", ("a", [0]), ("b", [1])),
        sentence("a toolong", ("a", [0])),
        sentence("c a", ("a", [1])),
        task=Coreference(limit=8),
    )
    assert list(window.words) == ["a", "b", "c", "a"]
    (question,) = questions(window, census)
    assert (question.anchor, question.gold, question.candidates) == (3, (1,), (1,))
    assert "distance=2-4" in question.rows  # the sentence left out lies between them
    assert census.left_out == {"over 8 wordpieces": 1}
    assert (census.sentences, census.used) == (3, 2)
    assert census.counts["mentions"] == 3


def test_the_limit_of_the_model_holds_where_words_are_counted() -> None:
    found, census = windows(
        sentence("abcdefgh"),
        sentence("a b c d"),
        sentence("abc"),
        task=Coreference(limit=3, unit="words"),
        limit=8,
    )
    assert [list(w.words) for w in found] == [["abc"]]
    assert census.left_out == {"over 8 wordpieces": 1, "over 3 words": 1}


def test_an_antecedent_in_a_sentence_left_out_before_is_counted() -> None:
    _, census = windows(
        sentence("a -", ("a", [0])), sentence("b", ("b", [0])), sentence("a", ("a", [0]))
    )
    assert census.counts[CUT_OFF] == 1
    assert census.left_out == {"a word without a wordpiece": 1}


def test_a_mention_in_a_sentence_left_out_later_is_no_antecedent() -> None:
    _, census = windows(
        sentence("a", ("a", [0])), sentence("a -", ("a", [0])), sentence("c"), sentence("d")
    )
    assert census.counts[CUT_OFF] == 0


def test_mentions_of_a_window_that_is_too_much_for_the_model_are_seen_by_later_ones() -> None:
    found, census = windows(
        sentence("abcdef", ("a", [0])),
        sentence("-", ("b", [0])),
        sentence("abcdef"),
        sentence("a b", ("a", [0]), ("b", [1])),
        task=Coreference(limit=2, unit="words"),
        limit=10,
    )
    assert [list(w.words) for w in found] == [["a", "b"]]
    assert census.left_out == {
        "in a window over 10 wordpieces": 2,
        "a word without a wordpiece": 1,
    }
    assert census.counts[CUT_OFF] == 2


def test_a_document_that_is_left_out_whole_has_no_window() -> None:
    found, census = windows(
        sentence("-", document="one"), sentence("a", document="two"), sentence("-", document="six")
    )
    assert [list(w.words) for w in found] == [["a"]]
    assert (census.documents, census.windows, census.wordpieces) == (3, 1, 3)


def test_only_the_first_window_of_each_document() -> None:
    lines = [sentence("a a", ("a", [0]), ("a", [1]), document=d) for d in "xxxy"]
    task = Coreference(limit=2, unit="words", first_window=True)
    found, census = windows(*lines, task=task)
    assert [list(w.anchors) for w in found] == [[1], [1]]
    assert census.left_out == {LATER: 2}
    assert (census.sentences, census.used, census.windows) == (4, 2, 2)
    assert census.counts["anaphors"] == 2
    assert census.counts[CUT_OFF] == 0


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Coreference(limit=0), "--data.limit"),
        (Coreference(limit=-3, unit="words"), "--data.limit"),
        (Coreference(limit=101), "100 wordpieces"),
        (Coreference(unit="words"), "--data.limit N"),
    ],
)
def test_options_that_cannot_be_met_are_refused(task: Coreference, words: str) -> None:
    with pytest.raises(ProbingError, match=words):
        windows(sentence("a"), task=task)


def test_words_are_not_limited_by_the_wordpieces_of_the_model() -> None:
    ((window,), _) = windows(sentence("a"), task=Coreference(limit=101, unit="words"))
    assert list(window.words) == ["a"]


def test_nothing_in_nothing_out() -> None:
    found, census = windows()
    assert found == []
    assert census == Census()


def test_windows_come_as_documents_are_read() -> None:
    def endless() -> Iterator[Sentence]:
        for number in count():
            yield sentence("a a", ("a", [0]), ("a", [1]), document=f"{number}")

    stream = Coreference()(endless(), Letters(), Census())
    assert [list(w.anchors) for w in islice(stream, 3)] == [[1], [1], [1]]


def test_a_long_document_is_consumed_window_by_window() -> None:
    words = "ann saw bo and ann saw the dog of bo"
    lines = [
        sentence(words, ("a", [0]), ("b", [2]), ("a", [4]), (f"dog{n // 2}", [6, 7]), ("b", [9]))
        for n in range(2000)
    ]
    tokenizer, census = Letters(2000), Census()
    stream = Coreference(limit=128, unit="words")(lines, tokenizer, census)
    first = next(stream)
    assert len(first.words) == 120
    assert sum(tokenizer.asked) == 20_000 + 120  # sentences to pack them, then the one window
    assert census.windows == 1
    sizes = [len(window.words) for window in stream]
    assert sizes == [120] * 165 + [80]
    assert sum(tokenizer.asked) == 40_000
    assert (census.words, census.used, census.windows) == (20_000, 2000, 167)
    # Two mentions of each window have lost their antecedents, but for the first one.
    assert census.counts[CUT_OFF] == 2 * 166
    assert census.counts["anaphors"] == 4 * 2000 - 2 * 167 + 1000
    assert not census.left_out


# Rows


@pytest.mark.parametrize(
    ("word", "tag", "rows"),
    [
        ("I", "PRP", {"pronoun", "pronoun-1-2"}),
        ("Our", "PRP$", {"pronoun", "pronoun-1-2"}),
        ("me", "PRON", {"pronoun", "pronoun-1-2"}),
        ("YOU", "PRP", {"pronoun", "pronoun-1-2"}),
        ("yourselves", "PRON", {"pronoun", "pronoun-1-2"}),
        ("she", "PRP", {"pronoun", "pronoun-3"}),
        ("Its", "PRP$", {"pronoun", "pronoun-3"}),
        ("themselves", "PRON", {"pronoun", "pronoun-3"}),
        ("qui", "PRON", {"pronoun"}),
        ("Smith", "NNP", {"proper"}),
        ("Smiths", "NNPS", {"proper"}),
        ("Smith", "PROPN", {"proper"}),
        ("dog", "NN", {"nominal"}),
        ("dog", "NOUN", {"nominal"}),
        ("this", "DT", {"nominal"}),
        ("who", "WP", {"nominal"}),
        ("running", "VBG", {"nominal"}),
        ("dog", "_", {"untagged"}),
        ("she", "_", {"untagged"}),
    ],
)
def test_rows_by_the_head_of_the_anaphor(word: str, tag: str, rows: set[str]) -> None:
    (question,) = asked(sentence(f"cat , the {word} x", ("e", [0]), ("e", [2, 3, 4], 3),
                                 tags=f"NNP , PRP {tag} NNP"))  # fmt: skip
    assert question.rows == {"all", "no-shared-head", "distance=0", *rows}


def test_a_reader_need_not_yield_tags() -> None:
    tagged = sentence("cat , dog", ("e", [0]), ("e", [2]), tags="_ _ _")
    assert asked(replace(tagged, tags=())) == asked(tagged)


@pytest.mark.parametrize(
    ("back", "row"),
    [(0, "0"), (1, "1"), (2, "2-4"), (3, "2-4"), (4, "2-4"), (5, "5+"), (6, "5+"), (9, "5+")],
)
def test_rows_by_sentences_back_to_the_nearest_antecedent(back: int, row: str) -> None:
    lines = [sentence("x a", ("a", [1])), sentence("a b", ("a", [0]))]
    lines += [sentence("b b", ("b", [0]), ("b", [1])) for _ in range(back)]
    *fillers, last = lines
    lines = [*fillers, sentence("b b b", *((m.entity, m.words) for m in last.mentions), ("a", [2]))]
    *_, question = asked(*lines)
    distances = {name for name in question.rows if name.startswith("distance")}
    assert question.gold == (2, 3)
    assert distances == {f"distance={row}"}


@pytest.mark.parametrize(("head", "shares"), [("dog", True), ("DOG", True), ("dogs", False)])
def test_no_candidate_has_the_same_head_word(head: str, shares: bool) -> None:
    # The candidate that shares the head word need not be the right one.
    *_, question = asked(
        sentence("Rex and a Dog of Rex", ("rex", [0]), ("other", [2, 3]), ("rex", [5])),
        sentence(f"the {head} of a dog", ("rex", [0, 1]), ("other", [3, 4])),
    )[:2]
    assert question.anchor == 7
    assert ("no-shared-head" not in question.rows) == shares


# Baselines and errors


@pytest.mark.parametrize(
    ("text", "tags", "mentions", "right"),
    [
        # The nearest is right, and nothing else tells.
        ("x y z", "IN IN IN", "b a a", {"nearest": 1, "head-match": 0, "rules": 1}),
        # The head matches a farther one.
        ("Dog cat dog", "NN NN NN", "a b a", {"nearest": 0, "head-match": 1, "rules": 1}),
        # Of two that match, the nearer one is taken, right or wrong.
        ("dog dog dog", "NN NN NN", "a b a", {"nearest": 0, "head-match": 0, "rules": 0}),
        # It agrees with the first one only.
        ("Ann Bo she he she", "NNP NNP PRP PRP PRP", "- b a b a",
         {"nearest": 0, "head-match": 1, "rules": 1}),
        ("woman dogs she", "NN NNS PRP", "a b a", {"nearest": 0, "head-match": 0, "rules": 1}),
        ("dogs woman they", "NNS NN PRP", "a b a", {"nearest": 0, "head-match": 0, "rules": 1}),
        ("me dog I", "PRP NN PRP", "a b a", {"nearest": 0, "head-match": 0, "rules": 1}),
        # Nothing agrees: the nearest.
        ("dogs cats she", "NNS NNS PRP", "b a a", {"nearest": 1, "head-match": 0, "rules": 1}),
        # The same head word goes before agreement.
        ("it dogs dog it", "PRP NNS NN PRP", "a b b a",
         {"nearest": 0, "head-match": 1, "rules": 1}),
    ],
)  # fmt: skip
def test_baselines_of_the_last_mention(
    text: str, tags: str, mentions: str, right: dict[str, float]
) -> None:
    entities = mentions.split()
    spans: list[Planted] = [(e, [i]) for i, e in enumerate(entities) if e != "-"]
    # Every entity is there again at the end, so that none is alone.
    again = sentence("z z z", ("a", [0]), ("b", [1]))
    found = [q for q in asked(sentence(text, *spans, tags=tags), again)
             if q.anchor == len(entities) - 1]  # fmt: skip
    (question,) = found
    assert {name: question.right[name] for name in right} == right


@pytest.mark.parametrize(
    ("feats", "right"),
    [
        # By the table a king is no she, and dogs, which may be female, are several.
        ("_ _ _ _", {"number": 0, "gender": 0, "number+gender": 1, "type": 0}),
        # The data knows better, word by word, and several values may be meant.
        ("Gender=Masc _ _ _", {"number+gender": 0}),
        ("_ Number=Sing|Gender=Neut,Fem Case=Nom _", {"number+gender": 0}),
        ("_ Gender=Neut _ _", {"number": 0, "gender": 1}),
        ("_ _ Number=Ptan|Gender=Com _", {"number": 1, "gender": 0, "number+gender": 1}),
        ("_ _ _ Number=Plur", {"number": 0, "number+gender": 0}),
        ("Number=Dual Number=Sing _ Number=Plur", {"number": 1, "number+gender": 1}),
        ("Number=Odd|Gender _ _ _", {"number": 0, "gender": 0, "number+gender": 1}),
    ],
)
def test_number_and_gender_are_those_of_the_data_where_it_says_them(
    feats: str, right: dict[str, float]
) -> None:
    planted: list[Planted] = [(e, [i]) for i, e in enumerate("a b c a".split())]
    one = sentence("woman dogs king she", *planted, tags="NN NNS NN PRP")
    again = sentence("z z", ("b", [0]), ("c", [1]))
    (question,) = [q for q in asked(replace(one, feats=feats.split()), again) if q.anchor == 3]
    assert {name: question.right[f"same-kind={name}"] for name in right} == right


def test_the_full_string_goes_before_a_nearer_head() -> None:
    (found,) = [
        q
        for q in asked(
            sentence("THE old dog", ("a", [0, 1, 2])),
            sentence("the new dog", ("b", [0, 1, 2])),
            sentence("The old Dog", ("a", [0, 1, 2])),
            sentence("b", ("b", [0])),
        )
        if q.anchor == 8
    ]
    own = {name: found.right[name] for name in ("nearest", "head-match", "rules", "random")}
    assert own == {"nearest": 0, "head-match": 0, "rules": 1, "random": 0.5}


def test_random_is_the_share_of_right_candidate_words() -> None:
    # Two mentions are headed by the first word; the share is one of words.
    *_, question = asked(
        sentence("a b c d", ("x", [0, 1], 0), ("y", [0]), ("y", [2]), ("z", [3])),
        sentence("e z", ("x", [0]), ("z", [1])),
    )[:2]
    assert question.anchor == 4
    assert question.candidates == (1, 3, 4)
    assert question.right["random"] == pytest.approx(1 / 3)


def test_kinds_of_errors() -> None:
    *_, question = asked(
        sentence("far dog far", ("far", [0]), ("b", [1]), ("far", [2])),
        sentence("cat near", ("a", [0]), ("b", [1])),
        sentence("Dog", ("a", [0])),
    )
    assert question.anchor == 5
    assert Coreference().terms.errors == ("same head word", "nearer mention", "other mention")
    # far, dog, far, cat (right), near
    assert question.kinds == ((1, 3), (2, 1), (3, 3), (4, 0), (5, 2))


def test_the_same_head_word_goes_before_nearness() -> None:
    *_, question = asked(sentence("cat dog", ("a", [0]), ("b", [1])), sentence("b dog", ("b", [0]),
                                  ("a", [1])))  # fmt: skip
    assert dict(question.kinds) == {1: 0, 2: 1, 3: 2}


def test_a_right_word_is_no_error_though_it_is_the_same_head_word() -> None:
    (question,) = asked(sentence("dog dog", ("a", [0]), ("a", [1])))
    assert question.kinds == ((1, 0),)


# Batches


def test_windows_without_anaphors_make_a_batch() -> None:
    found, census = windows(
        sentence("no mention here", document="one"),
        sentence("once", ("e", [0]), document="two"),
        sentence("a b a", ("a", [0]), ("b", [1]), ("a", [2]), document="six"),
        sentence("b", ("b", [0]), document="six"),
    )
    assert [len(w.anchors) for w in found] == [0, 0, 2]
    assert [w.candidates for w in found[:2]] == [[], []]  # not None: nothing is a candidate
    silent = collate(found[:2], census.rows, Coreference().terms, 7)
    assert silent.gold.shape == (2, 0, 4)
    assert silent.baselines.shape == (2, 0, len(Coreference().terms.baselines))
    assert silent.picked is not None
    assert silent.picked.shape == silent.baselines.shape
    batch = collate(found, census.rows, Coreference().terms, 7)
    assert batch.is_anchor.tolist() == [[False, False], [False, False], [True, True]]
    assert not batch.candidates[:2].any()
    assert not kinds_of(batch)[:2].any()
    assert batch.candidates[2].int().tolist() == [[0, 1, 1, 0, 0], [0, 1, 1, 1, 0]]
    assert batch.gold[2].int().tolist() == [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]


def test_a_batch_holds_what_its_windows_say() -> None:
    for seed in range(20):
        found, census = windows(*random_documents(seed), task=Coreference(limit=60))
        batch = collate(found, census.rows, Coreference().terms, 7)
        consistent(batch)
        for b, window in enumerate(found):
            for a, question in enumerate(questions(window, census)):
                columns = range(batch.width + 1)
                kinds = dict(question.kinds)
                assert [j for j in columns if batch.gold[b, a, j]] == list(question.gold)
                assert [j for j in columns if batch.candidates[b, a, j]] == list(kinds)
                assert kinds_of(batch)[b, a].tolist() == [kinds.get(j, 0) for j in columns]
                assert tuple(batch.baselines[b, a].tolist()) == question.baselines
                assert batch.picked is not None
                assert tuple(batch.picked[b, a].tolist()) == question.picks


def consistent(batch: EdgeBatch, *, is_over_earlier: bool = True) -> None:
    """What holds of every batch of this task."""
    assert not (batch.gold & ~batch.candidates).any()
    assert torch.equal(batch.gold.any(-1), batch.is_anchor)
    assert not batch.candidates[..., 0].any()  # ROOT
    own = (batch.anchors + 1)[..., None]
    assert not (batch.candidates.gather(2, own)[..., 0] & batch.is_anchor).any()
    wrong = kinds_of(batch).bool() & batch.candidates
    assert torch.equal(wrong, batch.candidates & ~batch.gold)
    assert ((batch.baselines >= 0) & (batch.baselines <= 1)).all()
    if not is_over_earlier:
        return
    assert not (kinds_of(batch).bool() & ~batch.candidates).any()
    share = batch.gold.sum(-1) / batch.candidates.sum(-1).clamp(min=1)
    assert torch.allclose(batch.baselines[..., 3].float(), share)


CONLLU = """\
# newdoc id = one
# global.Entity = GRP-etype
1\tMs.\tms.\tPROPN\tNNP\t_\t3\tnsubj\t_\tEntity=(1-person
2\tLee\tLee\tPROPN\tNNP\t_\t1\tflat\t_\tEntity=1)
3\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_
4\ther\this\tPRON\tPRP$\t_\t5\tnmod:poss\t_\tEntity=(2-animal(1-person)
5\tdog\tdog\tNOUN\tNN\t_\t3\tobj\t_\tSpaceAfter=No|Entity=2)

1\tIt\tit\tPRON\tPRP\t_\t2\tnsubj\t_\tEntity=(2-animal)
2\tslept\tsleep\tVERB\tVBD\t_\t0\troot\t_\t_

# newdoc id = two
1\tRain\train\tNOUN\tNN\t_\t0\troot\t_\tEntity=(1-event)

"""


def test_a_file_becomes_batches(tmp_path: Path) -> None:
    source = tmp_path / "some.conllu"
    source.write_text(CONLLU, encoding="utf-8")
    data = CoreferenceData(test=str(source), tokenizer=Letters())
    data.setup("test")
    census = data.split("test").census
    assert (census.documents, census.sentences, census.windows, census.left_out) == (2, 3, 2, {})
    (found_by,) = (name for name in census.counts if name.startswith("mentions with a head found"))
    assert "tree" in found_by
    assert census.counts["mentions"] == census.counts[found_by] == 4
    assert census.counts["anaphors"] == 2
    batches = list(data.test_dataloader())
    for batch in batches:
        consistent(batch)
    assert sum(int(batch.is_anchor.sum()) for batch in batches) == 2
    batch = next(batch for batch in batches if batch.is_anchor.any())
    (b,) = (b for b, words in enumerate(batch.words) if words[0] == "Ms.")
    gold = {int(batch.anchors[b, a]): batch.gold[b, a].nonzero()[:, 0].tolist() for a in (0, 1)}
    candidates = {
        int(batch.anchors[b, a]): batch.candidates[b, a].nonzero()[:, 0].tolist() for a in (0, 1)
    }
    assert gold == {3: [1], 5: [5]}  # her: Ms.; it: dog
    assert candidates == {3: [1], 5: [1, 4, 5]}
    named = {
        int(batch.anchors[b, a]): {
            name for name, member in zip(batch.rows, batch.member[b, a], strict=True) if member
        }
        for a in (0, 1)
    }
    pronoun = {"all", "pronoun", "pronoun-3", "no-shared-head"}
    assert named == {3: {*pronoun, "distance=0"}, 5: {*pronoun, "distance=1"}}


def test_options_reach_the_windows(tmp_path: Path) -> None:
    source = tmp_path / "some.conllu"
    source.write_text(CONLLU, encoding="utf-8")
    data = CoreferenceData(
        test=str(source), tokenizer=Letters(), limit=5, unit="words", first_window=True
    )
    census = data.split("test").census
    assert (census.windows, census.words, census.left_out) == (2, 6, {LATER: 1})
    assert census.counts["anaphors"] == 1


def test_a_file_of_which_nothing_can_be_used_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "some.conllu"
    source.write_text(CONLLU, encoding="utf-8")
    data = CoreferenceData(test=str(source), tokenizer=Letters(limit=5))
    with pytest.raises(ProbingError, match="no sentence can be used: 3 over 5 wordpieces"):
        data.setup("test")
