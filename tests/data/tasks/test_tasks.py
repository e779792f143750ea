"""What every task must do, whatever it asks. The task of a data module that is exported is covered.

The sentences have trees, tags and mentions, so that each task finds something to ask.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from itertools import count, islice

import pytest
from letters import Letters

import probing.data
from probing.core.sentences import Mention, Sentence
from probing.core.terms import ALL
from probing.core.windows import Window
from probing.data import EdgeData
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.tasks.base import Task
from probing.data.text import spaced
from probing.reports.wording import wording_of

CLASSES = [
    value
    for value in vars(probing.data).values()
    if inspect.isclass(value) and issubclass(value, EdgeData) and value is not EdgeData
]
TAGGED = "he/PRP she/PRP it/PRP I/PRP Ann/NNP dogs/NNS dog/NN cat/_ -/:"
LETTERS = Letters(limit=40, pad_id=0)
TAGS = dict(pair.split("/") for pair in TAGGED.split())


def documents(seed: int = 0) -> Iterator[Sentence]:
    """Documents of one to six sentences, without end; a few sentences cannot be used.

    Every word but the first depends on one before it, and every other word is a mention, or the
    head of one, of one of four entities. A few mentions lie in others, and some share their heads.
    """
    rng = random.Random(seed)
    for number in count():
        for line in range(rng.randint(1, 6)):
            words = rng.choices([*TAGS][:-1], k=rng.choice([1, 3, 4, 5, 6, 7, 15]))
            if rng.random() < 0.1:
                words[rng.randrange(len(words))] = "-"
            mentions = []
            for head in range(0, len(words), 2):
                entity = f"e{rng.randrange(4)}"
                span = range(max(0, head - rng.randrange(3)), head + 1)
                mentions.append(Mention(tuple(span), head, entity))
                if rng.random() < 0.2:
                    mentions.append(Mention((head,), head, f"e{rng.randrange(4)}"))
            yield Sentence(
                words=words,
                heads=[0, *(rng.randint(1, i) for i in range(1, len(words)))],
                relations=["root", *rng.choices(["obj", "punct", "det"], k=len(words) - 1)],
                tags=[TAGS[word] for word in words],
                document=f"d{number}",
                line=line + 1,
                mentions=mentions,
                heads_by="tree",
            )


SENTENCES = list(islice(documents(), 300))


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def cls(request: pytest.FixtureRequest) -> type[EdgeData]:
    found: type[EdgeData] = request.param
    return found


@pytest.fixture
def task(cls: type[EdgeData]) -> Task:
    return cls().task


def windows(task: Task) -> tuple[list[Window], Census]:
    census = Census()
    return list(task(iter(SENTENCES), LETTERS, census)), census


def test_something_is_asked(task: Task) -> None:
    """The rest of this suite is worth what there is to look at."""
    found, census = windows(task)
    assert len(found) > 50
    assert sum(len(window.anchors) for window in found) > 100
    assert len(census.rows) > 2
    assert len(census.left_out) > 1


def test_columns_are_of_the_window_and_gold_ones_are_candidates(task: Task) -> None:
    for window in windows(task)[0]:
        width = len(window.words)
        assert len(window.gold) == len(window.rows) == len(window.anchors)
        if window.candidates is not None:
            assert len(window.candidates) == len(window.anchors)
        for a, (anchor, gold) in enumerate(zip(window.anchors, window.gold, strict=True)):
            assert 0 <= anchor < width
            own = range(width + 1) if window.candidates is None else window.candidates[a]
            assert 0 < len(gold) == len(set(gold))
            assert len(own) == len(set(own))
            assert set(gold) <= set(own) <= set(range(width + 1))
            assert anchor + 1 not in gold
            if window.candidates is not None:
                assert anchor + 1 not in own  # no head may pick the word that asks


def test_wordpieces_are_those_of_the_window_and_fit(task: Task) -> None:
    for window in windows(task)[0]:
        (expected,) = LETTERS([spaced(window.words)])
        assert list(window.wordpieces.ids) == expected.ids
        assert list(window.wordpieces.words_of) == expected.words_of
        assert len(expected.ids) <= LETTERS.limit
        assert set(expected.words_of) >= set(range(len(window.words)))


def test_each_anchor_has_every_baseline_and_each_candidate_a_kind(task: Task) -> None:
    found = windows(task)[0]
    used = set()
    for window in found:
        if window.baselines is None:
            assert all(name.startswith("offset=") for name in task.terms.baselines)
        else:
            assert len(window.baselines) == len(window.anchors)
            for shares in window.baselines:
                assert len(shares) == len(task.terms.baselines)
                assert all(0 <= share <= 1 for share in shares)
        if window.kinds is not None:
            assert window.candidates is not None
            for a, kinds in enumerate(window.kinds):
                columns = window.candidates[a]
                assert len(kinds) == len(columns)
                for column, kind in zip(columns, kinds, strict=True):
                    assert 0 <= kind <= len(task.terms.errors)
                    assert kind == 0 or column not in window.gold[a]
                used.update(kinds)
    assert used - {0} == set(range(1, len(task.terms.errors) + 1))  # each error can be made


def test_rows_are_those_of_the_census(task: Task) -> None:
    found, census = windows(task)
    assert census.rows[0] == ALL
    assert len(set(census.rows)) == len(census.rows)
    used = set()
    for window in found:
        for rows in window.rows:
            assert 0 < len(rows) == len(set(rows))
            used.update(rows)
    assert used == set(range(len(census.rows)))


def test_every_sentence_is_used_or_left_out_for_one_reason(task: Task) -> None:
    found, census = windows(task)
    assert census.sentences == len(SENTENCES)
    assert census.used + census.left_out.total() == census.sentences
    assert census.documents == len({sentence.document for sentence in SENTENCES})
    assert census.windows == len(found)
    assert census.words == sum(len(window.words) for window in found)
    assert census.wordpieces == sum(len(window.wordpieces.ids) for window in found)
    assert all(n > 0 for n in census.left_out.values())


def test_words_stand_in_the_order_of_the_text(task: Task) -> None:
    """Windows hold whole sentences, one after the other, of one document each."""
    left = [list(sentence.words) for sentence in SENTENCES]
    for window in windows(task)[0]:
        rest = list(window.words)
        while rest:
            following = left.pop(0)  # fails where a window holds what is not there
            if rest[: len(following)] == following:
                rest = rest[len(following) :]


def test_windows_are_the_same_every_time(task: Task, cls: type[EdgeData]) -> None:
    assert windows(task) == windows(cls().task)


def test_windows_come_as_sentences_are_read(task: Task) -> None:
    stream = task(documents(), LETTERS, Census())
    assert len(list(islice(stream, 30))) == 30


def test_terms_name_what_there_is(task: Task) -> None:
    terms = task.terms
    assert len(set(terms.directions)) == 3
    for names in (terms.baselines, terms.errors, terms.order, [r.name for r in terms.rivals]):
        assert len(set(names)) == len(names)
    for rival in terms.rivals:
        assert rival.of
        assert set(rival.of) <= set(terms.baselines)
    assert any(rival.beside_heads for rival in terms.rivals)
    assert terms.order[0] == ALL
    words = wording_of(terms)
    assert all(text for text in (words.row, words.score, words.title))


def test_rows_that_come_first_exist(task: Task) -> None:
    """A name in ``order`` that no anchor ever counts in is a slip of the pen."""
    _, census = windows(task)
    assert set(task.terms.order) <= set(census.rows)


def test_a_task_is_frozen_and_told_from_others_by_its_options(
    task: Task, cls: type[EdgeData]
) -> None:
    """Its ``repr`` is part of the name under which windows are kept."""
    assert is_dataclass(task)
    assert repr(task) == repr(cls().task)
    assert " at 0x" not in repr(task)
    for field in fields(task):
        assert f"{field.name}={getattr(task, field.name)!r}" in repr(task)
        with pytest.raises(FrozenInstanceError):
            setattr(task, field.name, None)


def test_windows_make_a_batch(task: Task) -> None:
    found, census = windows(task)
    batch = collate(found, census.rows, task.terms, 0)
    asked = batch.is_anchor
    assert int(asked.sum()) == sum(len(window.anchors) for window in found)
    assert batch.baselines.shape[-1] == len(task.terms.baselines)
    assert (batch.gold & batch.candidates).equal(batch.gold)
    assert batch.gold.any(-1).equal(asked)
    assert batch.member.any(-1).equal(asked)
