"""Distances between heads against plain double loops in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_sum

from probing.surface.measures.distances import HeadDistances, divergence_sums

LAYERS, HEADS = 2, 3


def made_up(
    lengths: list[int],
    *,
    seed: int = 0,
    layers: int = LAYERS,
    heads: int = HEADS,
    causal: bool = False,
    width: int = 0,
) -> tuple[Tensor, Tensor]:
    """Attention ``[B, L, H, T, T]`` in float64, garbage on padding, and what is a token."""
    rng = torch.Generator().manual_seed(seed)
    width = max(width, *lengths)
    attention = torch.rand(
        len(lengths), layers, heads, width, width, generator=rng, dtype=torch.float64
    )
    is_token = torch.zeros(len(lengths), width, dtype=torch.bool)
    for b, n in enumerate(lengths):
        logits = 3 * torch.randn(layers, heads, n, n, generator=rng, dtype=torch.float64)
        if causal:
            logits = logits.masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf)
        attention[b, :, :, :n, :n] = logits.softmax(-1)
        is_token[b, :n] = True
    return attention, is_token


def naive_divergence(p: list[float], q: list[float]) -> float:
    """By the definition: half the Kullback-Leibler divergences from the mean."""
    total = 0.0
    for a, b in zip(p, q, strict=True):
        middle = (a + b) / 2
        total += a * math.log(a / middle) / 2 if a else 0.0
        total += b * math.log(b / middle) / 2 if b else 0.0
    return total


def naive_sums(maps: Tensor) -> Tensor:
    """Every pair and every row of ``[N, T, S]``, one after the other."""
    rows = maps.tolist()
    return torch.tensor(
        [
            [sum(naive_divergence(p, q) for p, q in zip(one, two, strict=True)) for two in rows]
            for one in rows
        ],
        dtype=torch.float64,
    )


def distances(*batches: tuple[Tensor, Tensor], **options: Any) -> Tensor:
    layers, heads = batches[0][0].shape[1:3]
    metric = HeadDistances(layers, heads, **options)
    for attention, is_token in batches:
        metric.update(attention, is_token)
    found = metric.compute()
    assert isinstance(found, Tensor)
    return found.reshape(layers * heads, layers * heads)  # of one head: a scalar


@pytest.mark.parametrize("causal", [False, True])
@given(length=st.integers(1, 9), seed=st.integers(0, 99), chunk=st.integers(1, 200))
def test_every_pair_and_row(causal: bool, length: int, seed: int, chunk: int) -> None:
    attention, _ = made_up([length], seed=seed, causal=causal)
    maps = attention[0].flatten(0, 1)
    found = divergence_sums(maps, chunk=chunk)
    torch.testing.assert_close(found, naive_sums(maps), rtol=0, atol=1e-12)


def test_a_float32_map_is_as_good_to_six_digits() -> None:
    attention, is_token = made_up([40, 25])
    mean = distances((attention, is_token))
    assert float((distances((attention.float(), is_token)) - mean).abs().max()) < 1e-6


def test_half_precision_is_not_what_logarithms_are_taken_in() -> None:
    attention, is_token = made_up([20])
    coarse = attention.bfloat16()
    torch.testing.assert_close(
        distances((coarse, is_token)), distances((coarse.double(), is_token)), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(("layers", "heads"), [(1, 1), (1, 2), (3, 5), (13, 12)])
def test_any_number_of_heads(layers: int, heads: int) -> None:
    """Trap 7: the released code takes 144 heads for granted."""
    batch = made_up([3, 2], layers=layers, heads=heads)
    found = distances(batch)
    assert found.shape == (layers * heads, layers * heads)
    sums = sum(naive_sums(batch[0][b, :, :, :n, :n].flatten(0, 1)) for b, n in enumerate((3, 2)))
    torch.testing.assert_close(found, torch.as_tensor(sums) / 5, rtol=0, atol=1e-12)


def test_the_mean_is_over_token_rows_and_not_over_windows() -> None:
    batch = made_up([6, 1])
    long, short = (batch[0][b, :, :, :n, :n].flatten(0, 1) for b, n in enumerate((6, 1)))
    expected = (naive_sums(long) + naive_sums(short)) / 7
    torch.testing.assert_close(distances(batch), expected, rtol=0, atol=1e-12)


@given(st.lists(st.integers(1, 8), min_size=1, max_size=4), st.integers(0, 99))
def test_bounds_and_symmetry(lengths: list[int], seed: int) -> None:
    found = distances(made_up(lengths, seed=seed))
    assert torch.equal(found, found.T)
    assert not found.diagonal().any()
    assert float(found.min()) >= 0
    assert float(found.max()) <= math.log(2)


def test_heads_that_never_attend_to_the_same_are_log_two_apart() -> None:
    maps = torch.zeros(1, 1, 2, 4, 4)
    maps[0, 0, 0, :, 0] = maps[0, 0, 1, :, 3] = 1
    found = distances((maps, torch.ones(1, 4).bool()))
    assert float(found[0, 1]) == pytest.approx(math.log(2), abs=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_heads_are_at_no_distance(dtype: torch.dtype) -> None:
    attention, is_token = made_up([17, 9])
    attention[:, 1, 2] = attention[:, 0, 1]
    found = distances((attention.to(dtype), is_token))
    assert float(found[1, 5]) < 1e-12
    assert (found[1, [0, 2, 3, 4]] > 0.01).all()


@given(st.lists(st.integers(1, 8), min_size=1, max_size=4), st.integers(1, 5))
def test_padding_changes_nothing(lengths: list[int], extra: int) -> None:
    attention, is_token = made_up(lengths, width=max(lengths) + extra)
    expected = distances((attention, is_token))
    attention[:, :, :, ~is_token.any(0)] = torch.nan
    assert torch.equal(distances((attention, is_token)), expected)
    alone = [(attention[b : b + 1, :, :, :n, :n], is_token[b : b + 1, :n])
             for b, n in enumerate(lengths)]  # fmt: skip
    torch.testing.assert_close(distances(*alone), expected, rtol=0, atol=1e-12)


@given(st.data(), st.lists(st.integers(1, 8), min_size=1, max_size=5))
def test_the_order_of_windows_changes_nothing(data: st.DataObject, lengths: list[int]) -> None:
    order = data.draw(st.permutations(range(len(lengths))))
    attention, is_token = made_up(lengths)
    moved = distances((attention[order], is_token[order]))
    torch.testing.assert_close(moved, distances((attention, is_token)), rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_processes_add_up() -> None:
    """Each has a share of the batches, one of them an empty one; states are summed."""
    batches = [made_up([5, 2]), made_up([7], seed=1), made_up([4, 4, 1], seed=2)]
    empty = (torch.zeros(0, LAYERS, HEADS, 3, 3), torch.zeros(0, 3).bool())
    shares = [HeadDistances(LAYERS, HEADS) for _ in range(3)]
    for metric, own in zip(shares, (batches[:2], batches[2:], [empty]), strict=True):
        for batch in own:
            metric.update(*batch)
    joined = HeadDistances(LAYERS, HEADS)
    for name in ("sums", "tokens"):
        reduce: Callable[[Tensor], Tensor] = joined._reductions[name]
        assert reduce is dim_zero_sum
        setattr(joined, name, reduce(torch.stack([getattr(metric, name) for metric in shares])))
    torch.testing.assert_close(joined.compute(), distances(*batches), rtol=1e-9, atol=1e-15)


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_nothing_counted_is_no_distance() -> None:
    assert not HeadDistances(LAYERS, HEADS).compute().any()
    assert not divergence_sums(torch.zeros(3, 0, 0)).any()


def test_smoothing_is_that_of_the_released_code() -> None:
    batch = made_up([4, 6], causal=True)
    sums = torch.zeros(LAYERS * HEADS, LAYERS * HEADS, dtype=torch.float64)
    for b, n in enumerate((4, 6)):
        maps = batch[0][b, :, :, :n, :n].flatten(0, 1)
        smoothed = 0.001 / n + maps * 0.999
        for head in range(len(maps)):
            one = smoothed[head][None]
            middle = (one + smoothed) / 2
            divergence = -one * (middle / one).log() - smoothed * (middle / smoothed).log()
            sums[head] += (divergence / 2).sum((-1, -2))
    found = distances(batch, smoothing=0.001)
    torch.testing.assert_close(found, sums / 10, rtol=0, atol=1e-12)
    assert not torch.allclose(found, distances(batch), rtol=0, atol=1e-6)


def test_the_maps_are_left_as_they_are() -> None:
    attention, is_token = made_up([5, 3])
    before = attention.clone()
    distances((attention, is_token), smoothing=0.001)
    assert torch.equal(attention, before)
