"""From sentences to windows, and from windows to batches, against plain loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import FrozenInstanceError, fields, replace
from itertools import count

import pytest
import torch
from columns import kinds_of
from hypothesis import given
from hypothesis import strategies as st
from letters import Letters

from probing.core.sentences import Sentence
from probing.core.terms import Terms
from probing.core.windows import Window, Wordpieces
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.tasks.base import misfit
from probing.data.tasks.dependencies import Dependencies
from probing.data.text import joined


def sentence(
    words: str,
    heads: Sequence[int] | None = None,
    relations: Sequence[str] | None = None,
    document: str = "document",
) -> Sentence:
    split = words.split()
    return Sentence(
        split,
        heads if heads is not None else list(range(len(split))),
        relations or ["dep"] * len(split),
        ["_"] * len(split),
        document,
        1,
    )


def windows(*sentences: Sentence, tokenizer: Letters | None = None) -> tuple[list[Window], Census]:
    census = Census()
    return list(Dependencies()(sentences, tokenizer or Letters(), census)), census


# Windows


def test_every_word_is_an_anchor_and_its_head_is_gold() -> None:
    ((window,), census) = windows(sentence("ab c def", [2, 0, 2]))
    assert list(window.words) == ["ab", "c", "def"]
    assert list(window.anchors) == [0, 1, 2]
    assert [list(g) for g in window.gold] == [[2], [0], [2]]
    assert window.candidates is None
    assert window.baselines is None
    assert window.kinds is None
    assert list(window.wordpieces.words_of) == [-1, 0, 0, 1, 2, 2, 2, -1]
    assert (census.sentences, census.windows, census.words, census.wordpieces) == (1, 1, 3, 8)
    assert (census.documents, census.used) == (1, 1)
    assert not census.counts
    assert not census.left_out
    assert not census.faults


def test_punctuation_has_a_row_of_its_own_and_is_not_in_all() -> None:
    relations = ["nsubj", "root", "punct", "punct:x"]
    ((window,), census) = windows(sentence("a b c d", [2, 0, 2, 2], relations))
    named = [{census.rows[r] for r in rows} for rows in window.rows]
    assert named == [{"all", "nsubj"}, {"all", "root"}, {"punct"}, {"punct:x"}]


def test_a_relation_that_only_begins_like_punctuation_counts() -> None:
    ((window,), census) = windows(sentence("a", [0], ["punctual"]))
    assert {census.rows[r] for r in window.rows[0]} == {"all", "punctual"}


def test_rows_keep_their_index_over_sentences() -> None:
    found, census = windows(
        sentence("a b", relations=["x", "y"]), sentence("c d", relations=["y", "z"])
    )
    named = [[census.rows[r] for r in rows] for window in found for rows in window.rows]
    assert named == [["all", "x"], ["all", "y"], ["all", "y"], ["all", "z"]]
    assert census.rows == ["all", "x", "y", "z"]


def test_a_sentence_over_the_limit_is_left_out_whole_and_counted() -> None:
    found, census = windows(
        sentence("abc"), sentence("abcd"), sentence("ab cd"), tokenizer=Letters(limit=5)
    )
    assert [list(w.words) for w in found] == [["abc"]]
    assert census.left_out == {"over 5 wordpieces": 2}
    assert (census.sentences, census.windows, census.words, census.wordpieces) == (3, 1, 1, 5)
    assert (census.documents, census.used) == (1, 1)


@pytest.mark.parametrize("words", ["- b c", "a - c", "a b -"])
def test_a_sentence_with_a_word_without_a_wordpiece_is_left_out_whole(words: str) -> None:
    found, census = windows(sentence(words), sentence("a b"))
    assert [list(w.words) for w in found] == [["a", "b"]]
    assert census.left_out == {"a word without a wordpiece": 1}
    assert (census.sentences, census.windows, census.words) == (2, 1, 2)


def test_a_sentence_is_left_out_for_one_reason_only() -> None:
    _, census = windows(sentence("abcdef -"), tokenizer=Letters(limit=5))
    assert sum(census.left_out.values()) == 1


def test_rows_of_sentences_left_out_do_not_come_up() -> None:
    _, census = windows(sentence("- a", relations=["gone", "gone"]), sentence("a"))
    assert census.rows == ["all", "dep"]


def test_what_is_no_tree_is_kept_and_counted() -> None:
    found, census = windows(
        sentence("a b", [2, 1]), sentence("a b", [0, 0]), sentence("a b", [2, 0])
    )
    assert len(found) == census.windows == 3
    assert census.faults == {"no root": 1, "cycle": 1, "several roots": 1}
    assert not census.left_out


def test_faults_of_sentences_left_out_are_not_counted() -> None:
    _, census = windows(sentence("- b", [2, 1]))
    assert not census.faults


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["ab", "abcdef"])), max_size=9))
def test_documents_are_numbered_by_their_names_first_appearance(
    said: list[tuple[str, str]],
) -> None:
    """Those of which every sentence is left out are counted, too: they were read."""
    sentences = [sentence(words, document=document) for document, words in said]
    found, census = windows(*sentences, tokenizer=Letters(limit=5))
    names = list(dict.fromkeys(document for document, _ in said))
    assert census.documents == len(names)
    numbers = [names.index(document) + 1 for document, words in said if words == "ab"]
    assert [window.document for window in found] == numbers
    assert census.sentences == len(said)
    assert census.used == census.windows == len(found) == [w for _, w in said].count("ab")
    assert census.left_out.total() == census.sentences - census.used


@pytest.mark.parametrize(
    ("words", "limit", "why"),
    [
        ("ab c", 5, None),
        ("ab c", 4, "over 4 wordpieces"),
        ("ab -", 5, "a word without a wordpiece"),
        ("- b", 5, "a word without a wordpiece"),
        ("ab -", 3, "over 3 wordpieces"),
    ],
)
def test_why_a_sentence_does_not_fit(words: str, limit: int, why: str | None) -> None:
    own = sentence(words)
    (wordpieces,) = Letters()([joined([own])])
    assert misfit(own, wordpieces, limit) == why


def test_a_task_is_told_from_another_by_its_repr() -> None:
    """It is part of the name under which windows are kept: no address, nothing to be changed."""
    assert repr(Dependencies()) == repr(Dependencies()) == "Dependencies(limit=None)"
    with pytest.raises(FrozenInstanceError):
        Dependencies().terms = None  # type: ignore[misc, assignment]


def test_nothing_in_nothing_out() -> None:
    found, census = windows()
    assert found == []
    assert census == Census()


def test_windows_come_as_sentences_are_read() -> None:
    def endless() -> Iterator[Sentence]:
        for _ in count():
            yield sentence("a b")

    stream = Dependencies()(endless(), Letters(), Census())
    assert list(next(stream).words) == ["a", "b"]


def test_windows_stay_in_order_over_more_sentences_than_are_tokenized_at_once() -> None:
    words = [f"w{i}" for i in range(700)]
    found, census = windows(*map(sentence, words))
    assert [w.words[0] for w in found] == words
    assert census.sentences == 700


# Batches


@st.composite
def random_window(draw: st.DrawFn, terms: Terms, rows: int = 4) -> Window:
    width = draw(st.integers(1, 5))
    pieces = [w for w in range(width) for _ in range(draw(st.integers(1, 3)))]
    anchors = draw(st.lists(st.integers(0, width - 1), max_size=6))
    columns = st.lists(st.integers(0, width), unique=True, min_size=1)
    candidates = [draw(columns) for _ in anchors] if draw(st.booleans()) else None
    span = st.tuples(st.integers(0, width), st.integers(0, width))
    kind = st.integers(0, len(terms.errors))
    fixed = terms.baselines[0].startswith("offset=") and draw(st.booleans())
    share = st.sampled_from([0.0, 1 / 3, 0.7, 1.0])
    some = st.lists(share, min_size=len(terms.baselines), max_size=len(terms.baselines))
    return Window(
        words=[f"w{i}" for i in range(width)],
        wordpieces=Wordpieces([1, *(10 + p for p in pieces), 2], [-1, *pieces, -1]),
        anchors=anchors,
        gold=[draw(columns) for _ in anchors],
        candidates=candidates,
        rows=[draw(st.lists(st.integers(0, rows - 1), unique=True)) for _ in anchors],
        baselines=None if fixed else [draw(some) for _ in anchors],
        kinds=[[draw(kind) for _ in own] for own in candidates]
        if candidates is not None and draw(st.booleans())
        else None,
        spans=[draw(span) for _ in anchors]
        if candidates is not None and draw(st.booleans())
        else None,
    )


def naive_baselines(window: Window, a: int, terms: Terms) -> list[float]:
    """Those of the anchor ``a``; where the window has none, each fixed offset."""
    if window.baselines is not None:
        return list(window.baselines[a])
    hits = []
    for name in terms.baselines:
        word = window.anchors[a] + int(name.removeprefix("offset="))
        inside = 0 <= word < len(window.words)
        hits.append(float(inside and word + 1 in window.gold[a]))
    return hits


@given(st.data())
def test_a_batch_is_what_plain_loops_make(terms: Terms, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(random_window(terms), min_size=1, max_size=4))
    rows = ["all", "x", "y", "z"]
    batch = collate(chosen, rows, terms, 7)
    length = max(len(w.wordpieces.ids) for w in chosen)
    width = max(len(w.words) for w in chosen)
    most = max(len(w.anchors) for w in chosen)
    assert batch.width == width
    assert batch.terms is terms
    assert list(batch.rows) == rows
    assert batch.ids.shape == batch.words_of.shape == (len(chosen), length)
    assert batch.anchors.shape == batch.is_anchor.shape == (len(chosen), most)
    assert batch.gold.shape == batch.candidates.shape == (len(chosen), most, width + 1)
    assert kinds_of(batch).shape == batch.gold.shape
    assert batch.member.shape == (len(chosen), most, len(rows))
    assert batch.baselines.shape == (len(chosen), most, len(terms.baselines))
    for b, window in enumerate(chosen):
        assert list(batch.words[b]) == list(window.words)
        assert int(batch.lengths[b]) == len(window.words)
        assert batch.is_word[b].tolist() == [i < len(window.words) for i in range(width)]
        assert batch.asks[b].tolist() == [i in window.anchors for i in range(width)]
        for t in range(length):
            there = t < len(window.wordpieces.ids)
            assert int(batch.ids[b, t]) == (window.wordpieces.ids[t] if there else 7)
            assert int(batch.words_of[b, t]) == (window.wordpieces.words_of[t] if there else -2)
        for a in range(most):
            asks = a < len(window.anchors)
            assert bool(batch.is_anchor[b, a]) == asks
            assert int(batch.anchors[b, a]) == (window.anchors[a] if asks else 0)
            kinds = {}
            if asks and window.kinds is not None and window.candidates is not None:
                kinds = dict(zip(window.candidates[a], window.kinds[a], strict=True))
            for j in range(width + 1):
                if asks and window.candidates is None:  # ROOT and every word but the anchor
                    allowed = j <= len(window.words) and j != window.anchors[a] + 1
                else:
                    allowed = asks and j in window.candidates[a]
                    if asks and window.spans is not None and j != window.anchors[a] + 1:
                        allowed |= window.spans[a][0] <= j <= window.spans[a][1]
                assert bool(batch.candidates[b, a, j]) == allowed
                assert bool(batch.gold[b, a, j]) == (asks and j in window.gold[a])
                if batch.spans is None:
                    assert int(kinds_of(batch)[b, a, j]) == kinds.get(j, 0)
                elif allowed and kinds:
                    assert int(kinds_of(batch)[b, a, j]) == kinds.get(j, len(terms.errors))
            for r in range(len(rows)):
                assert bool(batch.member[b, a, r]) == (asks and r in window.rows[a])
            nothing = [0.0] * len(terms.baselines)
            expected = naive_baselines(window, a, terms) if asks else nothing
            assert batch.baselines[b, a].tolist() == expected


def test_types_and_kinds_of_tensors() -> None:
    batch = collate(windows(sentence("a b"))[0], ["all", "dep"], Dependencies.terms, 0)
    integers = (batch.ids, batch.words_of, batch.lengths, batch.anchors)
    booleans = (batch.is_anchor, batch.gold, batch.candidates, batch.member)
    assert {t.dtype for t in integers} == {torch.long}
    assert {t.dtype for t in booleans} == {torch.bool}
    assert batch.baselines.dtype == torch.bool  # each is right or wrong
    assert batch.picked is not None
    assert batch.picked.dtype == torch.int32
    assert kinds_of(batch).dtype == torch.int8


def test_no_windows_make_an_empty_batch_of_the_same_kind() -> None:
    empty = collate([], ["all", "x"], Dependencies.terms, 0)
    full = collate(windows(sentence("a"))[0], ["all", "x"], Dependencies.terms, 0)
    assert empty.words == []
    assert empty.width == 0
    assert empty.rows == full.rows
    assert empty.terms == full.terms
    for field in fields(full):
        mine, theirs = getattr(empty, field.name), getattr(full, field.name)
        if isinstance(theirs, torch.Tensor):
            assert mine.shape[0] == 0
            assert mine.dtype == theirs.dtype
            assert mine.dim() == theirs.dim()
    assert empty.gold.shape == empty.candidates.shape == kinds_of(empty).shape == (0, 0, 1)
    assert empty.member.shape == (0, 0, 2)
    assert empty.baselines.shape == (0, 0, 20)


def test_windows_without_anchors_can_be_in_a_batch() -> None:
    ((window,), _) = windows(sentence("a b"))
    silent = Window(["c"], Wordpieces([1, 3, 2], [-1, 0, -1]), [], [], None, [])
    for none in (silent, replace(silent, candidates=[], baselines=[], kinds=[])):
        batch = collate([none, window], ["all", "dep"], Dependencies.terms, 0)
        assert batch.is_anchor.tolist() == [[False, False], [True, True]]
        assert not batch.candidates[0].any()
        assert not batch.baselines[0].any()
        assert batch.baselines[1].any()


def test_a_task_may_have_no_baselines(made_up: Terms) -> None:
    terms = replace(made_up, baselines=(), rivals=())
    window = Window(["a", "b"], Wordpieces([1, 2], [0, 1]), [0, 1], [[2], [1]], None, [[0], [0]])
    batch = collate([replace(window, baselines=[[], []])], ["all"], terms, 0)
    assert batch.baselines.shape == (1, 2, 0)


@pytest.mark.parametrize(
    ("words_of", "last_of", "expected"),
    [
        ([-1, 0, 1, 1, 2, 3, 3, 3, -1], None, 2),
        ([-1, -1], None, 0),
        ([-1, 0, 0, 2, -1], [-1, 1, 1, 2, -1], 2),  # both words have both wordpieces
        ([-1, 0, 1, -1], [-1, 1, 1, -1], 1),
    ],
)
def test_words_of_several_wordpieces_are_split(
    words_of: list[int], last_of: list[int] | None, expected: int
) -> None:
    pieces = Wordpieces([0] * len(words_of), words_of, last_of)
    last = last_of or words_of
    held = [{t for t, p in enumerate(words_of) if p <= w <= last[t] and p >= 0} for w in range(4)]
    assert pieces.split == sum(len(own) > 1 for own in held) == expected
    census = Census()
    census.count_window(pieces, [])
    census.count_window(pieces, [])
    assert census.split == 2 * expected
