"""Words that share all their wordpieces, by hand and against sets."""

from __future__ import annotations

import pytest
import torch
from columns import listed
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from probing.core.windows import Wordpieces
from probing.core.word_classes import shared_gold, standing_in
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies


@pytest.mark.parametrize(
    ("words_of", "last_of", "expected"),
    [
        ([-1, 0, 1, -1], None, None),
        ([-1, 0, 1, -1], [-1, 0, 1, -1], None),
        ([-1, 0, 2, -1], [-1, 1, 2, -1], [0, 0, 2]),  # du + mot
        ([-1, 0, 0, -1], [-1, 1, 1, -1], [0, 0]),  # two wordpieces, both of both words
        ([-1, 0, 0, -1], [-1, 1, 0, -1], None),  # the second word has but one of the two
        ([-1, 0, 1, -1], [-1, 1, 2, -1], None),  # each neighbour shares a part
        ([-1, 0, 1, -1], [-1, 2, 2, -1], [0, 1, 1]),  # three words, of which two have more
        ([0, 3], [2, 4], [0, 0, 0, 3, 3]),  # no special tokens
        ([-1, -1], [-1, -1], None),
        ([-1, 0, -1, 0, 2], [-1, 1, -1, 1, 2], [0, 0, 2]),  # a special token in between
    ],
)
def test_classes_by_hand(
    words_of: list[int], last_of: list[int] | None, expected: list[int] | None
) -> None:
    assert Wordpieces([0] * len(words_of), words_of, last_of).class_of == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(0, 2)), max_size=9))
def test_classes_are_those_of_sets(pieces: list[tuple[int, int]]) -> None:
    """Whatever a tokenizer does: wordpieces in any order, words with none."""
    words_of = [first for first, _ in pieces]
    last_of = [first + more if first >= 0 else -1 for first, more in pieces]
    found = Wordpieces([0] * len(pieces), words_of, last_of).class_of
    width = max(last_of, default=-1) + 1
    held = [
        {t for t in range(len(pieces)) if words_of[t] >= 0 and words_of[t] <= w <= last_of[t]}
        for w in range(width)
    ]
    expected = [
        next(other for other in range(width) if held[other] == held[w]) if held[w] else w
        for w in range(width)
    ]
    assert found == (None if expected == list(range(width)) else expected)


def flags(width: int, *lines: list[int]) -> torch.Tensor:
    found = torch.zeros(1, len(lines), width, dtype=torch.bool)
    for a, line in enumerate(lines):
        found[0, a, line] = True
    return found


def test_who_stands_for_a_class() -> None:
    """Words 0 and 1 are alike, and so are 2, 3 and 4; word 5 is alone."""
    class_of = torch.tensor([[0, 0, 2, 2, 2, 5]])
    anchors = torch.tensor([[5, 0, 3, 3, 5, 5]])
    candidates = flags(
        6, [0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [0, 1, 2, 4, 5], [0, 2, 3, 4, 5], [3, 4], [0, 1, 4]
    )
    gold = flags(6, [3], [1], [2, 5], [4], [0], [1, 4])
    found = standing_in(candidates, gold, anchors, class_of)
    assert (
        found[0].int().tolist()
        == flags(
            6,
            [0, 3],  # the gold word for its class, the first for the other
            [2, 5],  # nothing of the anchor's own class, gold or not
            [0, 5],
            [0, 4, 5],  # an anchor that may pick itself may pick its class: the gold word of it
            [3],  # what is no candidate stands for nothing
            [1, 4],
        )[0]
        .int()
        .tolist()
    )
    assert shared_gold(listed(F.pad(gold, (1, 0))), anchors, class_of)[0].int().tolist() == [
        [1, 0],
        [1, 1],
        [1, 0],  # one of two gold words is elsewhere
        [1, 1],
        [1, 0],
        [1, 0],
    ]


def test_where_no_words_are_alike_nothing_changes() -> None:
    rng = torch.Generator().manual_seed(0)
    candidates, gold = torch.rand(2, 3, 4, 5, generator=rng) < 0.5
    anchors = torch.randint(5, (3, 4), generator=rng)
    assert standing_in(candidates, gold, anchors, None) is candidates
    alone = torch.arange(5).repeat(3, 1)
    no_self = candidates.scatter(-1, anchors[..., None], False)
    assert torch.equal(standing_in(no_self, gold, anchors, alone), no_self)
    for class_of in (None, alone):
        shared = shared_gold(listed(F.pad(gold, (1, 0))), anchors, class_of)
        assert shared.shape == (3, 4, 2)
        assert not shared.any()


def test_an_empty_batch_has_classes_of_nothing() -> None:
    batch = collate([], ["all"], Dependencies.terms, 0)
    assert batch.class_of is None
    assert batch.choices.shape == (0, 0, 0)
    for size, asking in ((0, 2), (2, 0)):
        none = torch.zeros(size, asking, 3, dtype=torch.bool)
        anchors, class_of = none[..., 0].long(), torch.tensor([0, 0, 2]).repeat(size, 1)
        assert standing_in(none, none, anchors, class_of).shape == none.shape
        assert shared_gold(listed(F.pad(none, (1, 0))), anchors, class_of).shape == (
            size,
            asking,
            2,
        )
