"""Poisson weights against integers of plain Python, and sums against plain loops over anchors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from picked import heads_of
from splitmix import WORD, mixed
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_sum

from probing.core.batches import EdgeBatch, Encoding
from probing.core.terms import Terms
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.resampling import Resampler, draws, poisson

Edges = tuple[EdgeBatch, Encoding]
OVER_E = sum((Fraction((-1) ** k, math.factorial(k)) for k in range(40)), Fraction(0))
UNITS = (7, -3, 7, 10**18)  # the first and the third window are of one document
LENGTHS = (5, 2, 7, 4)


def step(bits: int, number: int) -> int:
    return (bits + number * 0x9E3779B97F4A7C15) % WORD


@cache
def naive_weight(unit: int, resample: int) -> int:
    """How often a resample, counted from zero, draws a unit."""
    uniform = Fraction(mixed(step(mixed(unit % WORD), resample + 1)) % 2**63, 2**63)
    weight, below = 0, OVER_E
    while uniform >= below:
        weight += 1
        below += OVER_E / math.factorial(weight)
    return weight


def test_the_mixing_of_these_tests_is_that_of_the_published_generator() -> None:
    """The first numbers of SplitMix64 from the seed 1234567."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [mixed(step(1234567, n)) for n in (1, 2, 3)] == published


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4), st.integers(1, 20))
def test_weights_are_those_of_plain_integers(units: list[int], count: int) -> None:
    found = Resampler(count).weights(torch.tensor(units, dtype=torch.int64))
    assert found.tolist() == [[naive_weight(unit, n) for n in range(count)] for unit in units]


def test_the_ends_of_the_distribution() -> None:
    over_e = int(2**63 / math.e)
    ends = torch.tensor([0, over_e - 2**20, over_e + 2**20, 2**63 - 1])
    assert poisson(ends).tolist()[:3] == [0, 0, 1]
    assert 18 <= int(poisson(ends)[3]) <= 22


@pytest.fixture(scope="module")
def many() -> Tensor:
    """Weights of units whose identities follow each other, which a poor hash would not part."""
    return Resampler(400).weights(torch.arange(5000)).double()


def test_weights_have_the_moments_of_poisson(many: Tensor) -> None:
    size = many.numel()
    assert float(many.mean()) == pytest.approx(1, abs=5 / math.sqrt(size))
    assert float(many.var()) == pytest.approx(1, abs=5 * math.sqrt(3 / size))
    for k in range(6):
        share = 1 / (math.e * math.factorial(k))
        spread = math.sqrt(share * (1 - share) / size)
        assert float((many == k).double().mean()) == pytest.approx(share, abs=5 * spread)


def test_weights_of_different_units_and_resamples_are_independent(many: Tensor) -> None:
    centred = many - 1
    size = math.sqrt(many.numel())
    for lag in (1, 2, 3, 64, 256):
        units = centred[:-lag] * centred[lag:]
        resamples = centred[:, :-lag] * centred[:, lag:]
        assert abs(float(units.mean())) < 5 / size
        assert abs(float(resamples.mean())) < 5 / size
    totals = many.sum(0)  # of each resample
    assert float(totals.var()) == pytest.approx(len(many), rel=5 * math.sqrt(2 / 400))


def test_a_unit_has_its_weights_whatever_stands_beside_it() -> None:
    one = Resampler(30).weights(torch.tensor([5]))
    several = Resampler(30).weights(torch.tensor([9, 5, -1, 5]))
    assert torch.equal(several[1:2], one)
    assert torch.equal(several[3:], one)
    assert torch.equal(Resampler(10).weights(torch.tensor([5])), one[:, :10])
    assert int(draws(torch.tensor([5]), 1000).min()) >= 0


# ----------------------------------------------------------------------------- sums


@pytest.fixture(params=[{}, {"gold": 3, "restricted": True, "shared": True, "root": False}])
def edges(
    request: pytest.FixtureRequest, random_edges: Callable[..., Edges], terms: Terms
) -> Edges:
    batch, encoding = random_edges(3, lengths=LENGTHS, terms=terms, **request.param)
    return replace(batch, units=torch.tensor(UNITS)), encoding


def naive_sums(batch: EdgeBatch, hits: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Every resample, window, anchor and row, one after the other; ``counts [B, A]``."""
    assert batch.units is not None
    shape = (len(batch.rows), 20)
    correct = torch.zeros(*shape, *hits.shape[2:], dtype=torch.float64)
    total = torch.zeros(shape, dtype=torch.int64)
    for n in range(20):
        for b, unit in enumerate(batch.units.tolist()):
            weight = naive_weight(unit, n)
            for a in counts[b].nonzero()[:, 0].tolist():
                for r in batch.member[b, a].nonzero()[:, 0].tolist():
                    correct[r, n] += weight * hits[b, a].double()
                    total[r, n] += weight
    return correct, total


def test_probes_and_baselines_are_counted_as_a_loop_counts(edges: Edges) -> None:
    batch, _ = edges
    metric = EdgeAccuracy(batch.terms.baselines, Resampler(20))
    metric.update(batch, batch.baselines)
    found = metric.compute()
    correct, total = naive_sums(batch, batch.baselines, batch.is_anchor)
    assert torch.equal(found["drawn_correct"], correct)
    assert torch.equal(found["drawn_total"], total)


def test_heads_are_counted_as_a_loop_counts(edges: Edges) -> None:
    """What a head gets right of an anchor is what it gets right of a batch with no other."""
    batch, encoding = edges
    asked = batch.is_anchor & batch.gold[:, :, 1:].any(-1)
    hits = torch.zeros(*batch.anchors.shape, 3, 2, 3, dtype=torch.bool)
    for b, a in asked.nonzero().tolist():
        alone = torch.zeros_like(batch.is_anchor)
        alone[b, a] = True
        own = HeadAccuracy()
        first = replace(batch, is_anchor=alone, member=torch.ones_like(batch.member[:, :, :1]),
                        rows=("all",))  # fmt: skip
        own.update(first, heads_of(first, encoding))
        hits[b, a] = own.compute()["correct"][0].bool()
    metric = HeadAccuracy(Resampler(20))
    metric.update(batch, heads_of(batch, encoding))
    found = metric.compute()
    correct, total = naive_sums(batch, hits, asked)
    assert torch.equal(found["drawn_correct"], correct)
    assert torch.equal(found["drawn_total"], total)


def counted(parts: Sequence[Edges]) -> dict[str, Tensor]:
    metric = HeadAccuracy(Resampler(20))
    for batch, encoding in parts:
        metric.update(batch, heads_of(batch, encoding))
    return metric.compute()


def test_batches_and_processes_change_nothing(edges: Edges, take: Callable[..., Edges]) -> None:
    """A document in pieces, in other batches and on other processes, has the same weights."""
    whole = counted([edges])
    in_pieces = counted([take(*edges, order) for order in ([2, 1], [3], [0], [])])
    one, other = counted([take(*edges, [0, 3])]), counted([take(*edges, [2, 1])])
    for name in ("drawn_correct", "drawn_total"):
        assert torch.equal(in_pieces[name], whole[name])
        assert torch.equal(one[name] + other[name], whole[name])


def test_states_are_reduced_by_summing(edges: Edges) -> None:
    metric = HeadAccuracy(Resampler(20))
    metric.update(edges[0], heads_of(*edges))
    for name in ("drawn_correct", "drawn_total"):
        assert metric._reductions[name] is dim_zero_sum


def test_resamples_change_no_count(edges: Edges) -> None:
    plain = HeadAccuracy()
    plain.update(edges[0], heads_of(*edges))
    found = counted([edges])
    for name, value in plain.compute().items():
        assert torch.equal(found[name], value)


def test_shares_add_up_to_the_same_in_any_order() -> None:
    """Thirds are no sums of powers of two: their sums show the order, unless rounded first."""
    rng = torch.Generator().manual_seed(0)
    hits = torch.rand(1, 200, 1, generator=rng, dtype=torch.float64) / 3
    member = torch.ones(1, 200, 1, dtype=torch.bool)
    sums = []
    for order in (torch.arange(200), torch.randperm(200, generator=rng)):
        correct = torch.zeros(1, 50, 1, dtype=torch.float64)
        total = torch.zeros(1, 50, dtype=torch.int64)
        for some in order.split(7):
            Resampler(50).add(correct, total, hits[:, some], member[:, some], torch.tensor([1]))
        sums.append(correct)
    assert torch.equal(*sums)
    weights = Resampler(50).weights(torch.tensor([1]))[0]
    assert torch.allclose(sums[0][0, :, 0], weights * hits.sum(), atol=1e-4)


def test_a_batch_that_does_not_say_its_units_is_refused(edges: Edges) -> None:
    batch, encoding = edges
    with pytest.raises(ValueError, match="units of a batch"):
        HeadAccuracy(Resampler(20)).update(replace(batch, units=None), heads_of(batch, encoding))


def test_no_pickers_and_no_windows(edges: Edges, take: Callable[..., Edges]) -> None:
    batch, _ = take(*edges, [])
    metric = EdgeAccuracy((), Resampler(20))
    metric.update(batch, batch.is_anchor.new_zeros(*batch.is_anchor.shape, 0))
    found = metric.compute()
    assert found["drawn_correct"].shape == (len(batch.rows), 20, 0)
    assert not found["drawn_total"].any()


def test_sums_agree_with_numpy_on_many_units() -> None:
    """The product over windows at once against NumPy's integers."""
    random = np.random.default_rng(0)
    hits = torch.from_numpy(random.random((40, 6, 3)) < 0.4)
    member = torch.from_numpy(random.random((40, 6, 5)) < 0.3)
    units = torch.from_numpy(random.integers(0, 12, 40))
    correct = torch.zeros(5, 30, 3, dtype=torch.float64)
    total = torch.zeros(5, 30, dtype=torch.int64)
    Resampler(30).add(correct, total, hits, member, units)
    weights = Resampler(30).weights(units).numpy()
    expected = np.einsum("bn,bar,bak->rnk", weights, member.numpy().astype(int), hits.numpy())
    assert correct.tolist() == expected.tolist()
    assert total.tolist() == np.einsum("bn,bar->rn", weights, member.numpy().astype(int)).tolist()
