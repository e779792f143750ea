"""Batches: every window once, within the budget, the same ones over any number of processes."""

from __future__ import annotations

from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.data.samplers import EvaluationBatches, TrainingBatches, batches_by_length

lengths = st.lists(st.integers(1, 40), max_size=60)
budgets = st.integers(1, 120)
worlds = st.integers(1, 7)


def training(
    sizes: list[int], budget: int, *, seed: int = 0, rank: int = 0, world: int = 1, epoch: int = 0
) -> TrainingBatches:
    sampler = TrainingBatches(sizes, wordpieces=budget, seed=seed, rank=rank, world=world)
    sampler.set_epoch(epoch)
    return sampler


def counted(batches: list[list[int]]) -> Counter[tuple[int, ...]]:
    return Counter(map(tuple, batches))


# Forming


@given(lengths, budgets)
def test_batches_cover_every_window_exactly_once(sizes: list[int], budget: int) -> None:
    batches = batches_by_length(sizes, wordpieces=budget)
    assert sorted(chain(*batches)) == list(range(len(sizes)))
    assert all(batches)


@given(lengths, budgets)
def test_a_batch_with_its_padding_keeps_to_the_budget(sizes: list[int], budget: int) -> None:
    for batch in batches_by_length(sizes, wordpieces=budget):
        assert len(batch) == 1 or len(batch) * max(sizes[i] for i in batch) <= budget


@given(lengths, budgets)
def test_no_batch_could_take_the_first_window_of_the_next(sizes: list[int], budget: int) -> None:
    batches = batches_by_length(sizes, wordpieces=budget)
    for batch, following in pairwise(batches):
        assert sizes[following[0]] * (len(batch) + 1) > budget


@given(lengths, budgets)
def test_windows_come_by_length_and_as_they_stand(sizes: list[int], budget: int) -> None:
    flat = list(chain(*batches_by_length(sizes, wordpieces=budget)))
    assert flat == sorted(range(len(sizes)), key=lambda i: (sizes[i], i))


@given(lengths, budgets, st.randoms(use_true_random=False))
def test_an_order_arranges_windows_of_the_same_length(sizes, budget, random) -> None:
    order = list(range(len(sizes)))
    random.shuffle(order)
    batches = batches_by_length(sizes, wordpieces=budget, order=np.array(order, dtype=np.int64))
    rank = {index: position for position, index in enumerate(order)}
    assert list(chain(*batches)) == sorted(order, key=lambda i: (sizes[i], rank[i]))


def test_a_window_over_the_budget_is_a_batch_of_its_own() -> None:
    assert batches_by_length([5, 50, 5, 50], wordpieces=10) == [[0, 2], [1], [3]]


def test_lengths_may_be_an_array() -> None:
    sizes = [3, 1, 2, 2]
    array = np.asarray(sizes, dtype=np.int32)
    assert batches_by_length(array, wordpieces=4) == batches_by_length(sizes, wordpieces=4)


def test_a_large_budget_does_not_overflow_the_type_of_the_lengths() -> None:
    sizes = np.full(5, 2**30, dtype=np.int32)
    assert batches_by_length(sizes, wordpieces=2**31) == [[0, 1], [2, 3], [4]]


# Evaluation


@given(lengths, budgets, worlds)
def test_processes_share_the_very_batches_of_one(sizes: list[int], budget: int, world: int) -> None:
    batches = batches_by_length(sizes, wordpieces=budget)
    dealt = [list(EvaluationBatches(batches, rank=r, world=world)) for r in range(world)]
    assert counted([b for own in dealt for b in own if b]) == counted(batches)


@given(lengths, budgets, worlds)
def test_every_process_has_a_batch_and_only_one_without_any_an_empty_one(
    sizes: list[int], budget: int, world: int
) -> None:
    batches = batches_by_length(sizes, wordpieces=budget)
    for rank in range(world):
        own = list(EvaluationBatches(batches, rank=rank, world=world))
        assert own == [[]] if rank >= len(batches) else all(own)
        assert len(own) == len(EvaluationBatches(batches, rank=rank, world=world)) > 0


def test_more_processes_than_batches() -> None:
    dealt = [list(EvaluationBatches([[0, 1], [2]], rank=r, world=4)) for r in range(4)]
    assert dealt == [[[0, 1]], [[2]], [[]], [[]]]


def test_the_load_is_even_to_one_batch() -> None:
    batches = [[i] for i in range(17)]
    sizes = [len(EvaluationBatches(batches, rank=r, world=5)) for r in range(5)]
    assert max(sizes) - min(sizes) <= 1


def test_evaluation_comes_in_the_same_order_every_time() -> None:
    sampler = EvaluationBatches([[0], [1], [2]])
    assert list(sampler) == list(sampler) == [[0], [1], [2]]


@given(lengths, budgets, st.integers(1, 5))
def test_a_batch_has_no_more_windows_than_it_may(sizes: list[int], budget: int, most: int) -> None:
    free = batches_by_length(sizes, wordpieces=budget)
    batches = batches_by_length(sizes, wordpieces=budget, windows=most)
    assert list(chain(*batches)) == list(chain(*free))
    for batch, following in pairwise([*batches, []]):
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(sizes[i] for i in batch) <= budget
        full = len(batch) == most
        assert full or not following or sizes[following[0]] * (len(batch) + 1) > budget


# Training


@given(lengths, budgets, worlds, st.integers(0, 3))
def test_training_can_take_one_window_a_step(
    sizes: list[int], budget: int, world: int, epoch: int
) -> None:
    dealt = []
    for rank in range(world):
        sampler = TrainingBatches(
            sizes, wordpieces=budget, windows=1, seed=0, rank=rank, world=world
        )
        sampler.set_epoch(epoch)
        assert len(sampler) == len(list(sampler)) == -(-len(sizes) // world)
        dealt += list(sampler)
    assert all(len(batch) == 1 for batch in dealt)
    assert set(chain(*dealt)) == set(range(len(sizes)))


@given(lengths.filter(bool), budgets, worlds, st.integers(0, 3))
def test_training_covers_every_window_on_some_process(
    sizes: list[int], budget: int, world: int, epoch: int
) -> None:
    dealt = [list(training(sizes, budget, rank=r, world=world, epoch=epoch)) for r in range(world)]
    assert set(chain(*chain(*dealt))) == set(range(len(sizes)))


@given(lengths, budgets, worlds, st.integers(0, 3))
def test_every_process_trains_equally_many_batches(
    sizes: list[int], budget: int, world: int, epoch: int
) -> None:
    samplers = [training(sizes, budget, rank=r, world=world, epoch=epoch) for r in range(world)]
    counts = {len(list(sampler)) for sampler in samplers}
    assert counts == {len(samplers[0])}
    assert {len(s) for s in samplers} == counts


@given(lengths.filter(bool), budgets, worlds)
def test_fewer_batches_come_again_than_there_are_processes(
    sizes: list[int], budget: int, world: int
) -> None:
    alone = counted(list(training(sizes, budget)))
    together = counted(
        [b for rank in range(world) for b in training(sizes, budget, rank=rank, world=world)]
    )
    assert not alone - together
    assert (together - alone).total() < world
    assert set(together) == set(alone)


@given(lengths, budgets, st.integers(0, 9), st.integers(0, 9))
def test_the_same_seed_and_epoch_give_the_same_order(
    sizes: list[int], budget: int, seed: int, epoch: int
) -> None:
    first = list(training(sizes, budget, seed=seed, epoch=epoch))
    assert first == list(training(sizes, budget, seed=seed, epoch=epoch))


@given(lengths, budgets, st.integers(0, 3))
def test_training_batches_keep_to_the_budget(sizes: list[int], budget: int, epoch: int) -> None:
    for batch in training(sizes, budget, epoch=epoch):
        assert len(batch) == 1 or len(batch) * max(sizes[i] for i in batch) <= budget


@pytest.mark.parametrize("change", [{"epoch": 1}, {"seed": 1}])
def test_another_epoch_or_seed_gives_another_order(change: dict[str, int]) -> None:
    sizes = [3] * 20 + [5] * 20
    assert list(training(sizes, 15)) != list(training(sizes, 15, **change))


def test_an_epoch_mixes_windows_of_a_length_anew_and_not_only_batches() -> None:
    sizes = [3] * 40
    assert counted(list(training(sizes, 15))) != counted(list(training(sizes, 15, epoch=1)))


def test_training_batches_do_not_come_by_length() -> None:
    sizes = list(range(1, 41))
    found = [max(sizes[i] for i in batch) for batch in training(sizes, 60)]
    assert found != sorted(found)


def test_an_epoch_does_not_depend_on_those_before_it() -> None:
    sampler = training([2] * 30, 8)
    list(sampler)
    sampler.set_epoch(5)
    assert list(sampler) == list(training([2] * 30, 8, epoch=5))


@given(lengths, budgets, worlds, st.integers(0, 3))
def test_shared_batches_are_those_of_one_process(
    sizes: list[int], budget: int, world: int, epoch: int
) -> None:
    options = {"wordpieces": budget, "seed": 1}
    one = TrainingBatches(sizes, **options)  # type: ignore[arg-type]
    several = [
        TrainingBatches(sizes, **options, rank=rank, world=world, shared=True)  # type: ignore[arg-type]
        for rank in range(world)
    ]
    for sampler in (one, *several):
        sampler.set_epoch(epoch)
    assert {len(sampler) for sampler in several} == {len(one)}
    for whole, *parts in zip(one, *several, strict=True):
        assert sorted(chain(*parts)) == sorted(whole)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
