"""Signs of units against integers of plain Python, and sums against plain loops over anchors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import pytest
import torch
from picked import heads_of
from splitmix import WORD, mixed
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_sum

from probing.core.batches import EdgeBatch, Encoding
from probing.core.terms import Terms
from probing.counting.counting import head_counts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.resampling import Resampler, UnitWeights
from probing.counting.sign_flips import SignFlips
from probing.counting.stability import Genres

Edges = tuple[EdgeBatch, Encoding]
UNITS = (7, -3, 7, 10**18)  # the first and the third window are of one document
LENGTHS = (5, 2, 7, 4)


def naive_sign(unit: int, pattern: int) -> int:
    """Of a unit in a pattern, the first of which flips none."""
    if pattern == 0:
        return 1
    drawn = mixed((mixed(mixed(unit % WORD)) + pattern * 0x9E3779B97F4A7C15) % WORD)
    return 1 - 2 * (drawn % 2)


def test_signs_are_those_of_plain_python() -> None:
    found = SignFlips.of(30, ()).weights(torch.tensor(UNITS))
    assert found.tolist() == [[naive_sign(unit, n) for n in range(31)] for unit in UNITS]
    fewer = SignFlips.of(9, ()).weights(torch.tensor([UNITS[3]]))
    assert torch.equal(fewer[0], found[3, :10])


def test_signs_are_fair_and_hang_on_nothing_else() -> None:
    units = torch.arange(4000)
    signs = SignFlips.of(200, ()).weights(units)[:, 1:].double()
    assert signs.abs().min() == 1
    assert signs.mean(0).abs().max() < 5 / 4000**0.5
    assert signs.mean(1).abs().max() < 5 / 200**0.5
    together = signs.T @ signs / 4000  # of two patterns
    assert (together - torch.eye(200)).abs().max() < 6 / 4000**0.5
    weights = Resampler(200).weights(units).double()
    assert (signs.T @ (weights - 1) / 4000).abs().max() < 6 / 4000**0.5


def test_few_units_have_every_pattern_once() -> None:
    few = (5, -9, 10**18)
    flips = SignFlips.of(1000, few)
    assert flips.count == 8
    signs = flips.weights(torch.tensor([-9, 5, 10**18, 5]))
    assert torch.equal(signs[1], signs[3])
    patterns = [tuple(column) for column in signs[:3].T.tolist()]
    assert patterns[0] == (1, 1, 1)
    assert sorted(patterns) == sorted(product((1, -1), repeat=3))


# ----------------------------------------------------------------------------- sums


@pytest.fixture(params=[{}, {"gold": 3, "restricted": True, "shared": True, "root": False}])
def edges(
    request: pytest.FixtureRequest, random_edges: Callable[..., Edges], terms: Terms
) -> Edges:
    batch, encoding = random_edges(3, lengths=LENGTHS, terms=terms, **request.param)
    return replace(batch, units=torch.tensor(UNITS)), encoding


WEIGHTED: dict[str, UnitWeights] = {
    "flipped": SignFlips.of(20, ()),
    "counted_out": SignFlips.of(20, (7, -3, 10**18)),
    "by_genre": Genres(3, {7: 2, 10**18: 0}),  # a document has none
}


def naive_weights(name: str, unit: int) -> list[int]:
    if name == "flipped":
        return [naive_sign(unit, n) for n in range(21)]
    if name == "by_genre":
        return [int({7: 2, 10**18: 0}.get(unit) == place) for place in range(3)]
    place = (7, -3, 10**18).index(unit)
    return [-1 if n >> place & 1 else 1 for n in range(8)]


def counted(parts: Sequence[Edges]) -> dict[str, Tensor]:
    """Of heads, and of baselines."""
    heads = HeadAccuracy(Resampler(20), WEIGHTED)
    baselines = EdgeAccuracy(parts[0][0].terms.baselines, weighted=WEIGHTED)
    for batch, encoding in parts:
        heads.update(batch, heads_of(batch, encoding))
        baselines.update(batch, batch.baselines)
    others = {f"baselines_{name}": value for name, value in baselines.compute().items()}
    return heads.compute() | others


def test_sums_are_those_of_plain_loops(edges: Edges) -> None:
    batch, encoding = edges
    found, picks = counted([edges]), heads_of(batch, encoding)
    for name, weights in WEIGHTED.items():
        expected = {key: torch.zeros_like(found[key]) for key in found if name in key}
        for b, a in batch.is_anchor.nonzero().tolist():
            own = naive_weights(name, UNITS[b])
            for r, n in product(range(len(batch.rows)), range(weights.count)):
                if not batch.member[b, a, r]:
                    continue
                expected[f"baselines_{name}_correct"][r, n] += own[n] * batch.baselines[b, a]
                expected[f"baselines_{name}_total"][r, n] += own[n]
                if batch.gold[b, a, 1:].any():
                    expected[f"{name}_correct"][r, n] += own[n] * picks.hits[b, a].double()
                    expected[f"{name}_total"][r, n] += own[n]
        for key, value in expected.items():
            exact = "baselines" not in key or not (batch.baselines % 1).any()
            assert torch.allclose(found[key], value, rtol=0, atol=0 if exact else 1e-5), key
        assert expected[f"{name}_correct"].any()


def test_batches_and_processes_change_nothing(edges: Edges, take: Callable[..., Edges]) -> None:
    whole = counted([edges])
    in_pieces = counted([take(*edges, order) for order in ([2, 1], [3], [0], [])])
    one, other = counted([take(*edges, [0, 3])]), counted([take(*edges, [2, 1])])
    for name in (name for name in whole if any(own in name for own in WEIGHTED)):
        assert torch.equal(in_pieces[name], whole[name]), name
        assert torch.equal(one[name] + other[name], whole[name]), name


def test_further_sums_change_no_count(edges: Edges) -> None:
    batch, encoding = edges
    plain = HeadAccuracy(Resampler(20))
    plain.update(batch, heads_of(batch, encoding))
    found = counted([edges])
    for name, value in plain.compute().items():
        assert torch.equal(found[name], value)


def test_states_are_reduced_by_summing(edges: Edges) -> None:
    metric = HeadAccuracy(weighted=WEIGHTED)
    metric.update(edges[0], heads_of(*edges))
    for name in WEIGHTED:
        assert metric._reductions[f"{name}_correct"] is dim_zero_sum
        assert metric._reductions[f"{name}_total"] is dim_zero_sum


def test_counts_have_sums_of_heads_and_of_some_baselines(edges: Edges) -> None:
    batch, encoding = edges
    heads = HeadAccuracy(Resampler(20), WEIGHTED)
    baselines = EdgeAccuracy(batch.terms.baselines, Resampler(20))
    places = [3, 1]
    some = tuple(batch.terms.baselines[place] for place in places)
    beside = {n: EdgeAccuracy(some, weighted={n: own}) for n, own in WEIGHTED.items()}
    heads.update(batch, heads_of(batch, encoding))
    baselines.update(batch, batch.baselines)
    for metric in beside.values():
        metric.update(batch, batch.baselines[..., places])
    for _ in range(2):  # asked twice, it says the same
        counts = head_counts(heads, baselines, batch.terms, layers=(1, 2), beside=beside)
        assert counts.resampled
        assert set(counts.weighted) == set(WEIGHTED)
    for name, found in counts.weighted.items():
        rows = len(batch.rows)
        assert torch.equal(found.heads, getattr(heads, f"{name}_correct"))
        assert torch.equal(found.total, getattr(heads, f"{name}_total"))
        for place, baseline in zip(places, some, strict=True):
            everything = found.baseline(baseline)
            if name == "by_genre":
                continue
            # The first pattern is what was observed.
            assert torch.equal(found.heads[:, 0], counts.correct[:rows].double())
            assert torch.allclose(everything[:, 0], counts.baselines[:rows, place], atol=1e-5)


def test_a_batch_that_does_not_say_its_units_is_refused(edges: Edges) -> None:
    batch, encoding = edges
    with pytest.raises(ValueError, match="units of a batch"):
        HeadAccuracy(weighted=WEIGHTED).update(
            replace(batch, units=None), heads_of(batch, encoding)
        )
