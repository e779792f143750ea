"""The baseline that a head must beat: the strongest of those that need no model."""

from __future__ import annotations

import pytest
import torch

from probing.core.terms import Rival, Terms
from probing.counting.best import beside_heads
from probing.counting.counts import HeadCounts

ROWS = ("all", "obj")
NAMES = ("next", "far", "near", "dice")
TERMS = Terms(
    directions=("row", "column", "both"),
    baselines=NAMES,
    rivals=(
        Rival("next", ("next",), beside_heads=False),
        Rival("near or far", ("far", "near")),
        Rival("dice", ("dice",)),
    ),
)


def counts_of(baselines: list[list[float]], terms: Terms = TERMS) -> HeadCounts:
    cells = (len(ROWS), 3, 1, 2)
    return HeadCounts(
        terms=terms,
        rows=ROWS,
        total=torch.full((len(ROWS),), 10),
        correct=torch.full(cells, 9),
        errors=torch.zeros(*cells, 0),
        reachable=torch.zeros(cells[:3]),
        shared=torch.zeros(len(ROWS), 2),
        quantities=torch.zeros(*cells, 0),
        baselines=torch.tensor(baselines, dtype=torch.float64),
    )


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([9, 1, 2, 3.5], "dice"),  # the first stands beside probes alone
        ([9, 4, 3, 3.5], "far"),
        ([9, 4, 4, 4], "far"),  # the first of several
        ([9, 3.9999999, 4, 4], "far"),  # as expected values may miss the whole by their last digits
        ([0, 0, 0, 0], "far"),
    ],
)
def test_the_strongest_is_the_first_with_most_right(right: list[float], expected: str) -> None:
    other = [0.0, 0, 10, 0]
    counts = counts_of([other, right])
    assert counts.strongest(1) == expected
    assert counts.strongest(0) == "near"


def test_heads_of_a_twin_need_a_model() -> None:
    counts = counts_of([[0, 0, 10, 0], [9, 1, 2, 3.5]])
    beside = beside_heads(counts, {"twin": counts})
    assert beside.best_of(1, beside.terms.rivals[-1]) == "twin=1-1 row"
    assert beside.strongest(1) == "dice"
    assert beside.terms.beside_heads == ("far", "near", "dice")


def test_a_task_without_any_has_none() -> None:
    terms = Terms(directions=TERMS.directions, baselines=(), rivals=())
    assert terms.beside_heads == ()
    with pytest.raises(ValueError, match="empty"):
        counts_of([[], []], terms).strongest(0)
