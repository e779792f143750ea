"""Clusters of heads: planted ones are found, and where there are none, none are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from probing.surface.report.clusters import BROAD, THRESHOLDS, behaviours, embed, layers_alike

LAYERS = [layer for layer in (1, 2, 3, 4) for _ in range(6)]


def distances_of(points: Tensor) -> Tensor:
    return (points[:, None] - points).norm(dim=-1)


def planted(*, apart: float, seed: int = 0) -> Tensor:
    """Distances of 24 heads whose layers lie ``apart`` from each other, in the plane."""
    rng = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(LAYERS), 2, generator=rng, dtype=torch.float64)
    centres = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]], dtype=torch.float64)
    return distances_of(apart * centres[torch.tensor(LAYERS) - 1] + noise)


# ------------------------------------------------------------------ in the plane


@pytest.mark.parametrize("seed", [0, 1])
def test_points_of_a_plane_are_found_again_up_to_turning(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    points = torch.randn(20, 2, generator=rng, dtype=torch.float64)
    found = embed(distances_of(points), seed=seed)
    assert found.points.shape == (20, 2)
    torch.testing.assert_close(distances_of(found.points), distances_of(points), rtol=0, atol=1e-3)
    assert found.stress < 1e-3


def test_the_plane_is_centred_and_turned_to_its_longest_axis() -> None:
    rng = torch.Generator().manual_seed(0)
    points = torch.randn(15, 2, generator=rng, dtype=torch.float64) * torch.tensor([1.0, 5.0])
    found = embed(distances_of(points)).points
    assert float(found.mean(0).abs().max()) < 1e-9
    assert float(found[:, 0].var()) > 10 * float(found[:, 1].var())
    assert abs(float((found[:, 0] * found[:, 1]).sum())) < 1e-9
    assert (found.abs().max(0).values == found.max(0).values).all()


def test_equal_seeds_give_equal_planes() -> None:
    distances = planted(apart=1).sqrt()  # not of a plane: starts end differently
    assert torch.equal(embed(distances, seed=3).points, embed(distances, seed=3).points)


def test_stress_says_how_much_does_not_fit_into_a_plane() -> None:
    count = 12
    equal = 1.0 - torch.eye(count, dtype=torch.float64)  # needs eleven dimensions
    found = embed(equal)
    here = distances_of(found.points)
    squares = [(float(here[i, j]) - 1) ** 2 for i in range(count) for j in range(count) if i != j]
    expected = math.sqrt(sum(squares) / float(here.square().sum()))
    assert found.stress == pytest.approx(expected)
    assert found.stress > 0.2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_heads_and_equal_heads(count: int) -> None:
    nothing = embed(torch.zeros(count, count))
    assert nothing.points.tolist() == [[0.0, 0.0]] * count
    assert nothing.stress == 0
    apart = embed(0.4 * (1 - torch.eye(count)))
    torch.testing.assert_close(
        distances_of(apart.points), 0.4 * (1 - torch.eye(count)).double(), rtol=0, atol=1e-4
    )


# ------------------------------------------------------------------ behaviours


UNIFORM = math.log(50)


def test_planted_behaviours() -> None:
    """A head of each kind, and one that does nothing in particular."""
    length, heads = 50, 7
    maps = torch.full((heads, length, length), 0.3 / length)
    positions = torch.arange(length)
    maps[0, positions[:-1], positions[1:]] += 0.7
    maps[1, positions[1:], positions[:-1]] += 0.7
    maps[2, :, 0] += 0.7
    maps[3, :, 20] += 0.35
    maps[3, :, 49] += 0.35
    maps[4, :, 10] += 0.7
    maps[5] = 1 / length
    maps[6, :, 7] += 0.7
    maps = (maps / maps.sum(-1, keepdim=True)).double()
    attention = {
        "next": maps.diagonal(1, 1, 2).sum(-1) / length,
        "previous": maps.diagonal(-1, 1, 2).sum(-1) / length,
        "[CLS]": maps[:, :, 0].mean(-1),
        "[SEP]": maps[:, :, [20, 49]].sum(-1).mean(-1),
        "punctuation": maps[:, :, 10].mean(-1),
    }
    entropy = -(maps * maps.log()).sum(-1).mean(-1)
    found = behaviours(
        {name: values[None] for name, values in attention.items()}, entropy[None], uniform=UNIFORM
    )
    assert found == ["next", "previous", "[CLS]", "[SEP]", "punctuation", "broad", None]


def test_thresholds_are_those_of_the_released_code() -> None:
    assert THRESHOLDS["next"] == THRESHOLDS["previous"] == 0.5
    assert THRESHOLDS["[CLS]"] == THRESHOLDS["[SEP]"] == THRESHOLDS["punctuation"] == 0.6
    assert BROAD * math.log(128) == pytest.approx(3.8)
    exactly = {name: torch.tensor([[value]]) for name, value in THRESHOLDS.items()}
    assert behaviours(exactly, torch.zeros(1, 1), uniform=1.0) == [None]  # above, not at


@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_of_several_behaviours_the_last_one_counts(holds: list[bool]) -> None:
    """As the released code overwrites colour and label."""
    order = ["next", "previous", "broad", "[CLS]", "[SEP]", "punctuation"]
    values = dict(zip(order, (torch.tensor([[0.9 * h]]) for h in holds), strict=True))
    entropy = values.pop("broad")
    expected = None
    for name, held in zip(order, holds, strict=True):
        expected = name if held else expected
    assert behaviours(values, entropy, uniform=1.0) == [expected]


def test_broad_means_the_same_for_other_lengths() -> None:
    shares = torch.tensor([[0.7, 0.78, 0.79, 0.9]])
    for length in (10, 128, 512):
        uniform = math.log(length)
        found = behaviours({}, shares * uniform, uniform=uniform)
        assert found == [None, None, "broad", "broad"]
    assert behaviours({}, torch.zeros(1, 2), uniform=0.0) == [None, None]


def test_heads_of_the_first_layer_come_first() -> None:
    sep = torch.zeros(2, 3)
    sep[1, 0] = 0.9
    expected = [None, None, None, "[SEP]", None, None]
    assert behaviours({"[SEP]": sep}, torch.zeros(2, 3), uniform=1.0) == expected


# ------------------------------------------------------------------ alike within layers


def naive_means(distances: Tensor, layers: list[int]) -> tuple[float, float]:
    within, between = [], []
    for i in range(len(layers)):
        for j in range(i):
            (within if layers[i] == layers[j] else between).append(float(distances[i, j]))
    return sum(within) / len(within), sum(between) / len(between)


@pytest.mark.parametrize("apart", [0.0, 1.0, 5.0])
def test_means_within_and_between(apart: float) -> None:
    distances = planted(apart=apart)
    found = layers_alike(distances, LAYERS, permutations=9)
    assert found is not None
    assert (found.within, found.between) == pytest.approx(naive_means(distances, LAYERS))


def test_planted_clusters_are_found() -> None:
    found = layers_alike(planted(apart=3), LAYERS, permutations=999)
    assert found is not None
    assert found.within < found.between
    assert found.p_value == 1 / 1000  # (1 + 0) / (1 + 999)
    assert found.permutations == 999
    turned = layers_alike(-planted(apart=3), LAYERS, permutations=999)
    assert turned is not None
    assert turned.p_value == 1


def test_without_clusters_every_p_value_is_as_likely() -> None:
    """Of 200 sets of points without layers, as many below each tenth as there should be."""
    found = []
    for seed in range(200):
        test = layers_alike(planted(apart=0, seed=seed), LAYERS, permutations=99, seed=seed)
        assert test is not None
        found.append(test.p_value)
    for bound in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9):
        share = np.mean(np.array(found) <= bound)
        # Three standard errors of a share of 200.
        assert abs(share - bound) < 3 * math.sqrt(bound * (1 - bound) / 200), bound


def test_the_p_value_is_that_of_all_permutations() -> None:
    """Four heads in two layers: of the 24 orders, 8 put the near ones together."""
    distances = torch.tensor(
        [[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 2], [9, 9, 2, 0]], dtype=torch.float64
    )
    found = layers_alike(distances, [5, 5, 7, 7], permutations=4000)
    assert found is not None
    assert found.p_value == pytest.approx(8 / 24, abs=0.03)
    everywhere = layers_alike(1 - torch.eye(4), [5, 5, 7, 7], permutations=50)
    assert everywhere is not None
    assert everywhere.p_value == 1  # nothing is nearer than anything else


def test_orders_that_differ_by_rounding_alone_are_as_small() -> None:
    """However four heads are paired, their distances sum to 0.3: as 0.3 + 0, as 0.1 + 0.2, …"""
    assert 0.1 + 0.2 > 0.3 + 0
    distances = torch.tensor(
        [[0, 0.3, 0.1, 0.15], [0.3, 0, 0.15, 0.2], [0.1, 0.15, 0, 0], [0.15, 0.2, 0, 0]],
        dtype=torch.float64,
    )
    found = layers_alike(distances, [5, 5, 7, 7], permutations=99)
    assert found is not None
    assert found.p_value == 1


@given(st.integers(0, 99))
def test_neither_order_of_heads_nor_names_of_layers_count(seed: int) -> None:
    distances = planted(apart=1)
    order = torch.randperm(len(LAYERS), generator=torch.Generator().manual_seed(seed))
    one = layers_alike(distances, LAYERS, permutations=1)
    other = layers_alike(
        distances[order][:, order], [40 - LAYERS[k] for k in order], permutations=1
    )
    assert one is not None
    assert other is not None
    assert (one.within, one.between) == pytest.approx((other.within, other.between))


def test_equal_seeds_give_equal_p_values() -> None:
    distances = planted(apart=0.3)
    tests = [layers_alike(distances, LAYERS, permutations=99, seed=s) for s in (1, 1, 2)]
    assert tests[0] == tests[1]


@pytest.mark.parametrize("layers", [[1], [1, 2, 3], [4, 4, 4], []])
def test_nothing_to_compare(layers: list[int]) -> None:
    count = len(layers)
    assert layers_alike(1 - torch.eye(count), layers) is None
