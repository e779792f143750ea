"""Control sets against every combination there is."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from probing.ablation.controls import planned
from probing.ablation.heads import Head, HeadSet

# Layer one has six heads, layer two four; entropies that are not in the heads' order.
ENTROPIES: dict[Head, float] = {(1, h): e for h, e in enumerate((0.9, 0.1, 0.5, 0.55, 0.2, 0.8), 1)}
ENTROPIES |= {(2, h): e for h, e in enumerate((0.3, 0.7, 0.31, 0.1), 1)}


def drawn(heads: list[tuple[int, int]], nearest: int, count: int, seed: int = 0) -> list[HeadSet]:
    target = HeadSet.of(heads)
    plan = planned([target], ENTROPIES, nearest=nearest, count=count, seed=seed)
    assert plan.targets == [target]
    assert plan.sets == [target, *plan.controls[target]]
    return list(plan.controls[target])


def nearest_to(
    layer: int, head: int, without: set[tuple[int, int]], k: int
) -> set[tuple[int, int]]:
    others = {own for own in ENTROPIES if own[0] == layer} - without
    own = ENTROPIES[layer, head]
    return set(sorted(others, key=lambda other: abs(ENTROPIES[other] - own))[:k])


@pytest.mark.parametrize("nearest", [1, 2, 3, 5, 9])
def test_a_head_has_the_nearest_of_its_layer(nearest: int) -> None:
    for (layer, head), _ in ENTROPIES.items():
        found = drawn([(layer, head)], nearest, 100)
        near = nearest_to(layer, head, {(layer, head)}, nearest)
        assert {own.heads for own in found} == {(other,) for other in near}
        assert len(found) == len(near)


def test_sets_have_as_many_heads_of_the_same_layers_and_none_of_the_ablated_ones() -> None:
    target = [(1, 3), (1, 4), (2, 1)]
    found = drawn(target, 3, 1000)
    near = [nearest_to(*head, {*target}, 3) for head in target]
    every = {tuple(sorted((a, b, c))) for a in near[0] for b in near[1] for c in near[2] if a != b}
    assert {own.heads for own in found} == every
    some = drawn(target, 3, 5)
    assert len(some) == 5
    assert {own.heads for own in some} < every
    assert some == drawn(target, 3, 5)
    assert some != drawn(target, 3, 5, seed=1)


def test_of_very_many_combinations_some_are_drawn_without_listing_them() -> None:
    entropies = {(1, h): h / 100 for h in range(1, 65)}
    target = HeadSet.of((1, h) for h in range(1, 9))
    plan = planned([target], entropies, nearest=56, count=30, seed=4)
    found = plan.controls[target]
    assert len(set(found)) == 30
    for own in found:
        assert len(own.heads) == 8
        assert not set(own.heads) & set(target.heads)


def test_there_may_be_none() -> None:
    assert drawn([(2, h) for h in (1, 2, 3, 4)], 10, 10) == []
    assert drawn([(2, h) for h in (1, 2, 3)], 10, 10) == []  # one head is no three
    assert drawn([(1, 1)], 0, 10) == []
    assert drawn([(1, 1)], 3, 0) == []


def test_a_plan_runs_each_set_once() -> None:
    targets = [HeadSet.of([head]) for head in ENTROPIES]
    plan = planned(targets, ENTROPIES, nearest=3, count=10, seed=0)
    assert plan.sets == targets  # controls of single heads are single heads
    pairs = [HeadSet.of(own) for own in combinations([(1, 1), (1, 2), (1, 3)], 2)]
    sets = planned(pairs, ENTROPIES, nearest=4, count=10, seed=0).sets
    assert len(set(sets)) == len(sets)
    assert HeadSet.of([(1, 2), (1, 1)]) == next(
        HeadSet.of(own) for own in permutations([(1, 1), (1, 2)])
    )
