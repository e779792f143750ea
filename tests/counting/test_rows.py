"""Sums over anchors by row, against plain loops."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from probing.counting import agreement
from probing.counting.rows import Rows

SIZES = st.tuples(*[st.integers(0, 4)] * 4)  # B, A, R and how many values an anchor has


def naive_sums(values: Tensor, member: Tensor) -> list[list[float]]:
    windows, anchors, rows = member.shape
    sums = [[0.0] * values.shape[2] for _ in range(rows)]
    for b in range(windows):
        for a in range(anchors):
            for r in range(rows):
                for k in range(values.shape[2]):
                    sums[r][k] += float(values[b, a, k]) * bool(member[b, a, r])
    return sums


@given(SIZES, st.integers(0, 2**32), st.booleans())
def test_sums_are_those_of_plain_loops(
    sizes: tuple[int, int, int, int], seed: int, counts: bool
) -> None:
    windows, anchors, rows, many = sizes
    rng = torch.Generator().manual_seed(seed)
    member = torch.rand(windows, anchors, rows, generator=rng) < 0.4
    values = torch.rand(windows, anchors, many, generator=rng)
    values = values < 0.5 if counts else values
    found = Rows(member).sums(values)
    assert found.dtype == (torch.int64 if counts else torch.float64)
    assert found.shape == (rows, many)
    expected = torch.tensor(naive_sums(values, member), dtype=torch.float64).view(rows, many)
    torch.testing.assert_close(found.double(), expected, rtol=1e-12, atol=0)


def test_values_of_each_anchor_keep_their_shape() -> None:
    values = torch.arange(24.0).view(1, 2, 3, 4)
    found = Rows(torch.tensor([[[True, False], [True, False]]])).sums(values)
    assert found.shape == (2, 3, 4)
    assert found[0].equal((values[0, 0] + values[0, 1]).double())
    assert not found[1].any()


@given(SIZES, st.integers(0, 2**32))
def test_bins_are_counted_as_by_plain_loops(sizes: tuple[int, int, int, int], seed: int) -> None:
    windows, anchors, rows, cells = sizes
    rng = torch.Generator().manual_seed(seed)
    bins = agreement.bins(1)
    member = torch.rand(windows, anchors, rows, generator=rng) < 0.4
    places = torch.randint(bins, (windows, anchors, cells), generator=rng, dtype=torch.int32)
    of_each = torch.zeros(rows, cells, bins, dtype=torch.int64)
    of_all = torch.zeros(rows, bins, dtype=torch.int64)
    agreement.add(of_all, places, Rows(member))
    if cells:
        agreement.add(of_each, places, Rows(member))
    expected = torch.zeros_like(of_each)
    for b, a, r in member.nonzero().tolist():
        for cell in range(cells):
            expected[r, cell, int(places[b, a, cell])] += 1
    assert of_each.equal(expected)
    assert of_all.equal(expected.sum(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_sums_are_in_float64_whatever_the_values_are_in(dtype: torch.dtype) -> None:
    many = 100_000
    values = torch.full((1, many, 1), 0.1, dtype=dtype)
    found = Rows(torch.ones(1, many, 1, dtype=torch.bool)).sums(values)
    assert abs(float(found) - many * float(values[0, 0, 0])) < 1e-6


def test_anchors_may_have_one_value_each() -> None:
    found = Rows(torch.tensor([[[True], [False], [True]]])).sums(torch.tensor([[1.0, 2.0, 4.0]]))
    assert found.tolist() == [5.0]
