"""Intervals against formulas, a textbook bootstrap in plain loops, and planted truths."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from probing.counting.intervals import FEW, Interval, bounds, central, quantile, wilson
from probing.counting.resampling import Resampler
from probing.counting.tallies import Resampled, Tally, paired

Z = 1.959963984540054  # of the normal distribution, between 2.5% and 97.5%


@given(st.integers(1, 5000), st.data())
def test_wilson_solves_its_equation(total: int, data: st.DataObject) -> None:
    """Its ends are the shares p for which ``|found - p| = z * sqrt(p (1 - p) / n)``."""
    correct = data.draw(st.integers(0, total))
    low, high = wilson(torch.tensor(correct), torch.tensor(total)).tolist()
    share = correct / total
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    for end in (low, high):
        apart = Z * math.sqrt(max(0.0, end * (1 - end)) / total)
        assert abs(share - end) == pytest.approx(apart, abs=1e-7)


def test_wilson_where_everything_is_right_or_wrong() -> None:
    low, high = wilson(torch.tensor([10, 0]), torch.tensor(10)).tolist()
    assert high == pytest.approx([1, Z**2 / (10 + Z**2)])
    assert low == pytest.approx([10 / (10 + Z**2), 0])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    ordered = torch.tensor(sorted(values), dtype=torch.float64)
    assert float(quantile(ordered, share)) == pytest.approx(np.quantile(values, share), abs=1e-9)


def test_the_middle_of_two_hundred_values() -> None:
    """Places 4.975 and 194.025, counted from zero."""
    values = torch.arange(200).double() ** 2
    low, high = central(values[torch.randperm(200)]).tolist()
    assert low == pytest.approx(16 + 0.975 * 9)
    assert high == pytest.approx(194**2 + 0.025 * (195**2 - 194**2))


# ---------------------------------------------------------- the textbook's bootstrap


def planted(seed: int, units: int, *, spread: float, asked: int = 8) -> tuple[Tensor, Tensor]:
    """Right anchors and anchors of each unit; units differ in how easy they are, half on average.

    ``spread`` is how far the chance of a unit may be from one half.
    """
    random = np.random.default_rng(seed)
    total = random.integers(1, 2 * asked, units)
    chance = 0.5 + spread * random.uniform(-1, 1, units)
    return torch.from_numpy(random.binomial(total, chance)), torch.from_numpy(total)


def resampled(correct: Sequence[Tensor], total: Tensor, seed: int, count: int = 200) -> Resampled:
    """One row of several pickers over units, counted in resamples: ``correct [1, N, K]``."""
    weights = Resampler(count).weights(torch.arange(len(total)) + 1000 * seed).double()
    drawn = torch.stack([weights.T @ right.double() for right in correct], 1)
    units = torch.tensor([len(total)])
    return Resampled(drawn[None], (weights.T @ total.double()).long()[None], units)


def naive_interval(right: Tensor, total: Tensor, seed: int, count: int = 200) -> list[float]:
    """Percentiles of the shares of resamples, one after the other, with the same weights."""
    shares = []
    for n in range(count):
        hits = anchors = 0
        for unit, (some, asked) in enumerate(zip(right.tolist(), total.tolist(), strict=True)):
            weight = int(Resampler(count).weights(torch.tensor([unit + 1000 * seed]))[0, n])
            hits += weight * some
            anchors += weight * asked
        if anchors:
            shares.append(hits / anchors)
    shares.sort()
    ends = []
    for tail in (0.025, 0.975):
        place = tail * (len(shares) - 1)
        below = math.floor(place)
        ends.append(shares[below] + (place - below) * (shares[below + 1] - shares[below]))
    return ends


def interval_of(right: Tensor, total: Tensor, seed: int, count: int = 200) -> Interval:
    drawn = resampled([right], total, seed, count).of(0)
    found = Tally(right.sum()[None], total.sum()[None], drawn).interval(0)
    assert found is not None
    return found


@pytest.mark.parametrize("units", [10, 25])
def test_an_interval_is_that_of_a_loop_over_the_same_resamples(units: int) -> None:
    right, total = planted(1, units, spread=0.3)
    found = interval_of(right, total, 1, count=60)
    assert [found.low, found.high] == pytest.approx(
        naive_interval(right, total, 1, count=60), abs=1e-15
    )
    assert found.units == units


def test_intervals_are_those_of_the_textbook_which_draws_units_with_replacement() -> None:
    """To a tenth of their width, nearly always: two hundred resamples are not more exact."""
    random = np.random.default_rng(0)
    apart = []
    for seed in range(20):
        right, total = planted(seed, 80, spread=0.4)
        times = random.multinomial(80, np.full(80, 1 / 80), 5000)
        shares = (times @ right.numpy()) / (times @ total.numpy())
        ends = np.quantile(shares, [0.025, 0.975])
        found = interval_of(right, total, seed)
        gap = np.abs(ends - [found.low, found.high]) / (ends[1] - ends[0])
        apart += gap.tolist()
    assert np.mean(apart) < 0.06
    assert np.mean([gap < 0.1 for gap in apart]) > 0.85
    assert max(apart) < 0.2


@pytest.mark.parametrize("spread", [0.0, 0.45])
def test_about_nineteen_in_twenty_intervals_hold_the_truth(spread: float) -> None:
    """Also where units differ: Wilson's, which takes anchors for independent, are short there."""
    tries, held, by_formula = 1000, 0, 0
    for seed in range(tries):
        right, total = planted(seed + 5, 60, spread=spread)
        found = interval_of(right, total, seed)
        held += found.low <= 0.5 <= found.high
        low, high = wilson(right.sum(), total.sum()).tolist()
        by_formula += low <= 0.5 <= high
    assert 0.91 <= held / tries <= 0.97
    assert (by_formula / tries < 0.9) == (spread > 0)


# ------------------------------------------------------- where resamples tell nothing


def test_all_or_nothing_right_and_few_units_have_wilsons_interval() -> None:
    right, total = planted(2, 40, spread=0.2)
    pickers = torch.stack([total, 0 * total, right])
    drawn = resampled(list(pickers), total, 2)
    everywhere = (drawn.correct[0], drawn.total[0])
    enough = bounds(pickers.sum(1), total.sum(), *everywhere, FEW)
    few = bounds(pickers.sum(1), total.sum(), *everywhere, FEW - 1)
    formula = wilson(pickers.sum(1), total.sum())
    assert torch.equal(few, formula)
    assert torch.equal(enough[:, :2], formula[:, :2])
    assert not torch.equal(enough[:, 2], formula[:, 2])


def test_resamples_without_an_anchor_tell_nothing_of_a_share() -> None:
    correct, total = torch.tensor(3), torch.tensor(6)
    drawn, totals = torch.tensor([0.0, 1, 2, 0]), torch.tensor([0, 2, 2, 0])
    found = bounds(correct, total, drawn, totals, FEW)
    assert torch.equal(found, central(torch.tensor([0.5, 1.0])))
    none = bounds(correct, total, 0 * drawn, 0 * totals, FEW)
    assert torch.equal(none, wilson(correct, total))


def test_an_expected_value_that_misses_the_whole_by_its_last_digits_is_the_whole() -> None:
    total = torch.tensor(12)
    drawn, totals = torch.full((50,), 12.0), torch.full((50,), 12)
    found = bounds(total - 1e-9, total, drawn, totals, 30)
    assert found.tolist() == pytest.approx(wilson(total, total).tolist(), abs=1e-6)


def test_without_resamples_there_is_no_interval() -> None:
    alone = Tally(torch.tensor([3]), torch.tensor([5]))
    assert alone.interval(0) is None
    assert paired(alone, alone, 0) is None


# -------------------------------------------------------------------- differences


def two(seed: int, units: int = 60) -> tuple[Tally, Tally, Tensor, Tensor, Tensor]:
    """Two pickers that agree on most anchors."""
    right, total = planted(seed, units, spread=0.4)
    random = np.random.default_rng(seed)
    other = (right - torch.from_numpy(random.binomial(1, 0.2, units))).clamp_min(0)
    drawn = resampled([right, other], total, seed)
    one, less = (
        Tally(hits.sum()[None], total.sum()[None], drawn.of(k))
        for k, hits in enumerate((right, other))
    )
    return one, less, right, other, total


def test_differences_are_those_of_each_resample() -> None:
    first, second, right, other, total = two(3)
    found = paired(first, second, 0)
    assert found is not None
    weights = Resampler(200).weights(torch.arange(60) + 3000).T.tolist()
    shares = sorted(
        sum(w * (a - b) for w, a, b in zip(of, right.tolist(), other.tolist(), strict=True))
        / sum(w * n for w, n in zip(of, total.tolist(), strict=True))
        for of in weights
    )
    expected = np.quantile(shares, [0.025, 0.975])
    assert [found.low, found.high] == pytest.approx(expected.tolist(), abs=1e-12)
    assert found.units == 60


def test_paired_intervals_are_narrower_than_those_of_two_who_know_nothing_of_each_other() -> None:
    first, second, *_ = two(4)
    both, one, other = paired(first, second, 0), first.interval(0), second.interval(0)
    assert both
    assert one
    assert other
    assert both.high - both.low < 0.5 * min(one.high - one.low, other.high - other.low)
    back = paired(second, first, 0)
    assert back
    assert [back.low, back.high] == pytest.approx([-both.high, -both.low])


def test_a_difference_that_is_the_same_in_all_resamples_has_no_interval() -> None:
    first, *_, total = two(4)
    assert paired(first, first, 0) is None
    drawn = resampled([total, total * 0], total, 4)
    every, none = (Tally(total.sum()[None] * k, total.sum()[None], drawn.of(1 - k)) for k in (1, 0))
    assert paired(every, none, 0) is None


def test_differences_of_few_units_have_no_interval() -> None:
    first, second, *_ = two(5, units=FEW - 1)
    assert paired(first, second, 0) is None


def test_cells_have_six_decimals() -> None:
    found = Interval(0.25, 0.5, 12)
    assert found.cells == ("0.250000", "0.500000", 12)
