"""Tests over the whole table: by hand, by plain loops, against SciPy, and on planted tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np
import pytest
import scipy.stats
import torch
from flipped import chosen_of, counts_of, random_table
from torch import Tensor

from probing.core.head_names import Cell
from probing.counting.counts import HeadCounts
from probing.counting.sign_flips import SignFlips
from probing.counting.significance import (
    HeadTest,
    TableTests,
    discovery_rates,
    table_tests,
)


def run(counts: HeadCounts) -> TableTests:
    found = table_tests(counts, chosen_of(counts), at_least=1)
    assert found is not None
    return found


# -------------------------------------------------------------------------- by hand


def few(units: int) -> SignFlips:
    return SignFlips.of(1000, tuple(range(units)))


def six_documents() -> tuple[Tensor, Tensor]:
    """The first head is above the baseline everywhere, the second in half of the documents."""
    first = torch.tensor([13, 11, 12, 12, 11, 14])
    second = torch.tensor([12, 9, 12, 8, 13, 10])
    heads = torch.zeros(6, 1, 3, 1, 2, dtype=torch.int64)
    heads[:, 0, 0, 0] = torch.stack([first, second], 1)
    heads[:, 0, 1:] = 10  # in the other directions, heads are as good as the baseline everywhere
    baselines = torch.full((6, 1, 3), 10)
    baselines[:, :, 0] = 4
    return heads, baselines


def test_six_documents_and_two_heads_by_hand() -> None:
    """All 64 patterns; the first head's difference is 13, as high as it can be: 1 in 64.

    The second's differences are 2, -1, 2, -2, 3 and 0, in sum 4.
    """
    first, second = (3, 1, 2, 2, 1, 4), (2, -1, 2, -2, 3, 0)
    # The mean square of a sum with random signs is the sum of squares.
    spreads = [sqrt(9 + 1 + 4 + 4 + 1 + 16), sqrt(4 + 1 + 4 + 4 + 9)]
    highest, alone = [], [0, 0]
    for signs in product((1, -1), repeat=6):
        sums = [sum(s * d for s, d in zip(signs, own, strict=True)) for own in (first, second)]
        alone = [count + (s >= t) for count, s, t in zip(alone, sums, (13, 4), strict=True)]
        # Heads that never differ from the baseline have a statistic of zero.
        highest.append(max(0.0, *(s / spread for s, spread in zip(sums, spreads, strict=True))))
    found = run(counts_of(*six_documents(), few(6), asked=80))
    assert found.patterns == 64
    assert found.size == 6
    assert found.baselines == ["strong"]
    by_hand = [
        sum(h >= t / spread - 1e-12 for h in highest) / 64
        for t, spread in zip((13, 4), spreads, strict=True)
    ]
    assert by_hand[0] == 1 / 64
    assert found.p[0, 0, 0].tolist() == by_hand
    assert found.p_alone[0, 0, 0].tolist() == [count / 64 for count in alone]
    assert alone[0] == 1
    assert found.p[0, 1:].tolist() == [[[1, 1]], [[1, 1]]]
    assert found.p_alone[0, 1:].tolist() == [[[1, 1]], [[1, 1]]]
    # Of 64 patterns three may be as high, the observed one among them; so the third highest other
    # must be exceeded.
    critical = sorted(highest[1:])[-3]
    assert found.critical == pytest.approx(critical)
    test = found.of("row", Cell("to", 1, 1))
    assert test is not None
    own = sqrt(sum(x * x for x in _others(first)) / 63)
    least = pytest.approx(critical * own * sqrt(63 / (64 - critical**2)) / 80)
    assert test == HeadTest("strong", 13 / 80, by_hand[0], pytest.approx(6 / 64), 1 / 64, least)
    assert found.of("other", Cell("to", 1, 1)) is None
    never = found.of("row", Cell("fro", 1, 1))
    assert never == HeadTest("strong", 0, 1, 1, 1, None)


def _others(differences: Sequence[int]) -> list[int]:
    patterns = list(product((1, -1), repeat=len(differences)))[1:]
    return [sum(s * d for s, d in zip(signs, differences, strict=True)) for signs in patterns]


def test_where_patterns_are_few_nothing_can_be_found() -> None:
    """Of four documents, one in sixteen is the least p."""
    heads, baselines = six_documents()
    found = run(counts_of(heads[:4], baselines[:4], few(4)))
    assert float(found.p_alone.min()) == 1 / 16
    assert float(found.p.min()) == 2 / 16  # the other head's highest is higher in one pattern
    assert found.critical is None
    test = found.of("row", Cell("to", 1, 1))
    assert test is not None
    assert test.detectable is None


# ------------------------------------------------------------------- plain loops


def naive(heads: Tensor, baselines: Tensor, signs: Sequence[Sequence[int]]) -> dict[str, Tensor]:
    """Every pattern, row and head, one after the other; ``signs`` has the observed ones first."""
    units, rows, *cell = heads.shape
    statistics = torch.zeros(len(signs), rows, *cell, dtype=torch.float64)
    for r, d, layer, head in np.ndindex(rows, *cell):
        apart = [int(heads[u, r, d, layer, head] - baselines[u, r, 1]) for u in range(units)]
        sums = [sum(s * a for s, a in zip(own, apart, strict=True)) for own in signs]
        spread = sqrt(sum(s * s for s in sums) / len(sums))
        for n, own in enumerate(sums):
            statistics[n, r, d, layer, head] = own / spread if spread else 0
    highest = statistics.flatten(1).max(1).values
    found = {name: torch.zeros(rows, *cell, dtype=torch.float64) for name in ("p", "p_alone")}
    for index in np.ndindex(rows, *cell):
        observed = float(statistics[0, *index])
        own = statistics[:, *index].tolist()
        found["p"][index] = sum(h >= observed - 1e-9 for h in highest.tolist()) / len(signs)
        found["p_alone"][index] = sum(s >= observed - 1e-9 for s in own) / len(signs)
    return found


@pytest.mark.parametrize("units", [5, 30])
def test_tests_are_those_of_plain_loops(units: int) -> None:
    heads, baselines = random_table(1, units)
    flips = few(units) if units < 10 else SignFlips.of(99, ())
    signs = flips.weights(torch.arange(units)).T.tolist()
    assert signs[0] == [1] * units
    found = run(counts_of(heads, baselines, flips, rows=("a", "b", "c")))
    expected = naive(heads, baselines, signs)
    for name in ("p", "p_alone"):
        assert torch.allclose(getattr(found, name), expected[name], atol=1e-12), name
    assert 0 < int((found.p < 1).sum()) < found.size


def test_q_is_scipys() -> None:
    rng = torch.Generator().manual_seed(3)
    for size in (1, 2, 7, 300):
        p = torch.rand(size, generator=rng, dtype=torch.float64) ** 3
        p[::3] = p[0]  # ties
        expected = scipy.stats.false_discovery_control(p.numpy())
        assert discovery_rates(p).tolist() == pytest.approx(expected.tolist(), abs=1e-15)
    found = run(counts_of(*random_table(4, 25), SignFlips.of(199, ()), rows=("a", "b", "c")))
    expected = scipy.stats.false_discovery_control(found.p_alone.flatten().numpy())
    assert found.q.flatten().tolist() == pytest.approx(expected.tolist(), abs=1e-15)


# ------------------------------------------------------------------------- SciPy


def scipys(first: Tensor, second: Tensor, patterns: float) -> float:
    found = scipy.stats.permutation_test(
        (first.numpy(), second.numpy()),
        lambda a, b, axis: (a - b).sum(axis),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
        n_resamples=patterns,
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)


@pytest.mark.parametrize("seed", range(4))
def test_of_few_units_one_head_has_the_p_of_scipy(seed: int) -> None:
    heads, baselines = random_table(seed, 9)
    found = run(counts_of(heads, baselines, few(9), rows=("a", "b", "c")))
    for r, d, layer, head in np.ndindex(3, 3, 2, 2):
        if (d, layer, head) == (2, 1, 1):
            continue  # is never different
        expected = scipys(heads[:, r, d, layer, head], baselines[:, r, 1], np.inf)
        assert float(found.p_alone[r, d, layer, head]) == pytest.approx(expected, abs=1e-12)


def test_of_many_units_one_head_has_nearly_the_p_of_scipy() -> None:
    heads, baselines = random_table(5, 40, rows=1)
    found = run(counts_of(heads, baselines, SignFlips.of(9999, ())))
    for d, head in product(range(3), range(2)):
        expected = scipys(heads[:, 0, d, 0, head], baselines[:, 0, 1], 9999)
        assert float(found.p_alone[0, d, 0, head]) == pytest.approx(expected, abs=0.02)


def test_the_only_head_has_the_same_p_with_and_without_others() -> None:
    heads, baselines = random_table(6, 30, rows=1)
    heads = heads[:, :, :, :1, :1]
    heads[:, :, 1:] = baselines[:, :, 1].view(-1, 1, 1, 1, 1)  # in one direction alone
    found = run(counts_of(heads, baselines, SignFlips.of(199, ())))
    if float(found.p_alone[0, 0, 0, 0]) < 0.4:  # the others' statistic is zero
        assert found.p[0, 0, 0, 0] == found.p_alone[0, 0, 0, 0]


# ---------------------------------------------------------------- planted tables


def false_alarms(tables: int, *, better: float = 0) -> int:
    """How many tables have a p of 5% somewhere, where head and baseline are swapped by document.

    ``better`` is how many anchors one head is above in every document.
    """
    random = np.random.default_rng(11)
    alarms = 0
    for _ in range(tables):
        units = int(random.integers(20, 40))
        baseline = random.integers(5, 25, (units, 3))
        other = baseline[:, :, None, None, None] + random.integers(-9, 10, (units, 3, 3, 2, 3))
        sign = random.choice([-1, 1], units)
        apart = (other - baseline[:, :, None, None, None]) * sign[:, None, None, None, None]
        heads = torch.from_numpy(baseline[:, :, None, None, None] + apart)
        heads[:, 1, 0, 1, 2] += int(better)
        baselines = torch.from_numpy(np.stack([0 * baseline, baseline, 0 * baseline], 2))
        found = run(
            counts_of(heads, baselines, SignFlips.of(199, ()), rows=("a", "b", "c"), asked=1000)
        )
        alarms += bool((found.p <= 0.05).any())
    return alarms


def test_of_two_hundred_tables_without_an_effect_about_ten_have_an_alarm() -> None:
    """Without mending for 54 tests most would have one."""
    assert 4 <= false_alarms(200) <= 16


def test_an_effect_is_found() -> None:
    assert false_alarms(20, better=8) == 20


# ------------------------------------------------------------------ what is tested


def test_rows_that_are_not_tested() -> None:
    """Sums of others, those with few anchors, and those that the choice has not seen."""
    rows = ("all", "nsubj", "nsubj:pass", "nsubj:*", "rare", "new", "obj")
    heads, baselines = random_table(7, 25, rows=len(rows))
    counts = counts_of(heads, baselines, SignFlips.of(99, ()), rows=rows)
    counts = replace(counts, total=torch.tensor([500, 100, 101, 201, 99, 150, 120]))
    chosen = chosen_of(counts)
    seen = [r for r, row in enumerate(rows) if row != "new"]
    chosen = replace(
        chosen,
        rows=[rows[r] for r in seen],
        **{name: getattr(chosen, name)[seen] for name in ("total", "correct", "baselines")},
    )
    found = table_tests(counts, chosen, at_least=100)
    assert found is not None
    assert sorted(counts.rows[r] for r in found.rows) == ["nsubj", "nsubj:pass", "obj"]
    alone = counts_of(
        heads[:, [1, 2, 6]], baselines[:, [1, 2, 6]], SignFlips.of(99, ()), rows=("1", "2", "6")
    )
    expected = run(alone)
    for f, r in enumerate(found.rows):
        assert torch.equal(found.p[f], expected.p[[1, 2, 6].index(r)])


def test_each_row_has_the_baseline_that_is_strongest_elsewhere() -> None:
    counts = counts_of(*random_table(8, 25), SignFlips.of(99, ()), rows=("a", "b", "c"))
    weak = table_tests(counts, chosen_of(counts, "weak"), at_least=1)
    assert weak is not None
    assert weak.baselines == ["weak"] * 3
    assert not torch.equal(weak.p, run(counts).p)
    assert table_tests(replace(counts, weighted={}), counts, at_least=1) is None


def test_no_row_is_enough() -> None:
    counts = counts_of(*random_table(8, 25), SignFlips.of(99, ()), rows=("a", "b", "c"))
    found = table_tests(counts, chosen_of(counts), at_least=101)
    assert found is not None
    assert found.size == 0
    assert found.of("a", Cell("to", 1, 1)) is None
