"""Trees, distances, spanning trees and ranks, against networkx and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import networkx
import numpy as np
import pytest
import scipy.sparse.csgraph
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.trees import (
    ancestors,
    gold_trees,
    head_edges,
    not_punctuation,
    rank_correlation,
    spanning_edges,
    tree_distances,
)

SEEDS = st.integers(0, 10_000)
LENGTHS = (5, 1, 9, 2, 14)


def graph_of(heads: list[int]) -> Any:
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(heads)))
    graph.add_edges_from((word, head - 1) for word, head in enumerate(heads) if head)
    return graph


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_distances_are_shortest_paths(tree_heads: Callable[..., list[int]], seed: int) -> None:
    heads = [tree_heads(seed + n, n) for n in LENGTHS]
    padded = torch.full((len(LENGTHS), max(LENGTHS)), -1)
    for b, of_window in enumerate(heads):
        padded[b, : len(of_window)] = torch.tensor(of_window)
    found = tree_distances(ancestors(padded))
    for b, of_window in enumerate(heads):
        paths = dict(networkx.all_pairs_shortest_path_length(graph_of(of_window)))
        n = len(of_window)
        assert found[b, :n, :n].tolist() == [[paths[i][j] for j in range(n)] for i in range(n)]


def test_a_path_as_long_as_a_window_can_be(tree_batch: Callable[..., EdgeBatch]) -> None:
    chain = list(range(300))  # each word hangs from the one before
    gold = gold_trees(tree_batch([chain]))
    place = torch.arange(300)
    assert gold.is_tree.item()
    assert torch.equal(gold.distances[0], (place[:, None] - place).abs())


@pytest.mark.parametrize(
    ("heads", "is_tree"),
    [
        ([2, 0, 2], True),
        ([0], True),
        ([0, 0, 2], False),  # two roots
        ([2, 1, 0], False),  # a cycle beside the root
        ([2, 3, 1], False),  # no root
    ],
)
def test_what_is_a_tree(
    tree_batch: Callable[..., EdgeBatch], heads: list[int], is_tree: bool
) -> None:
    gold = gold_trees(tree_batch([heads, [2, 0, 2, 3]]))
    assert gold.is_tree.tolist() == [is_tree, True]
    assert gold.heads[0, : len(heads)].tolist() == heads
    assert is_tree or not gold.distances[0].any()


def test_words_that_do_not_ask_or_ask_twice_make_no_tree(
    tree_batch: Callable[..., EdgeBatch], random_edges: Callable[..., Any]
) -> None:
    batch = tree_batch([[2, 0, 2], [0, 1]])
    asks = batch.is_anchor.clone()
    asks[0, 2] = False
    assert gold_trees(replace(batch, is_anchor=asks)).is_tree.tolist() == [False, True]
    twice = batch.anchors.clone()
    twice[0, 2] = 1
    assert gold_trees(replace(batch, anchors=twice)).is_tree.tolist() == [False, True]
    chains, _ = random_edges(0, gold=3, restricted=True, shared=True, few=True, root=False)
    assert not gold_trees(chains).is_tree.any()
    empty, _ = random_edges(0, lengths=())
    assert gold_trees(empty).distances.shape == (0, 0, 0)


def kruskal(distances: Tensor, nodes: list[int]) -> set[frozenset[int]]:
    """As in the released code of Hewitt and Manning: sorted pairs, components joined."""
    pairs = [(float(distances[i, j]), i, j) for i in nodes for j in nodes if i < j]
    group = {node: node for node in nodes}
    tree = set()
    for _, i, j in sorted(pairs):
        if group[i] != group[j]:
            tree.add(frozenset((i, j)))
            old = group[i]
            group = {node: group[j] if g == old else g for node, g in group.items()}
    return tree


def pairs_of(edges: Tensor) -> set[frozenset[int]]:
    assert torch.equal(edges, edges.mT)
    return {frozenset(pair) for pair in edges.nonzero().tolist()}


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.booleans())
def test_spanning_trees(seed: int, tied: bool) -> None:
    rng = torch.Generator().manual_seed(seed)
    distances = torch.rand(4, 9, 9, generator=rng)
    distances = distances + distances.mT
    if tied:
        distances = (distances * 3).round()
    nodes = torch.rand(4, 9, generator=rng) < 0.7
    nodes[3] = False
    edges = spanning_edges(distances, nodes)
    for b in range(4):
        kept = nodes[b].nonzero()[:, 0].tolist()
        assert pairs_of(edges[b]) == kruskal(distances[b], kept)
        # SciPy takes zero for no edge; all sums are moved by as much.
        own = np.triu(distances[b][kept][:, kept].double().numpy() + 1, 1)
        least = scipy.sparse.csgraph.minimum_spanning_tree(own).sum()
        total = float((distances[b].double() + 1)[edges[b].triu()].sum())
        assert total == pytest.approx(least)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_a_tree_is_the_spanning_tree_of_its_distances(
    tree_heads: Callable[..., list[int]], tree_batch: Callable[..., EdgeBatch], seed: int
) -> None:
    batch = tree_batch([tree_heads(seed + n, n) for n in LENGTHS])
    gold = gold_trees(batch)
    edges = spanning_edges(gold.distances, batch.is_word)
    assert torch.equal(edges, head_edges(gold.heads, batch.is_word))


def test_punctuation_is_no_node(tree_batch: Callable[..., EdgeBatch]) -> None:
    batch = tree_batch([[2, 0, 2, 2], [0, 1]], punctuation=[[3], []])
    words = [[True, True, True, False], [True, True, False, False]]
    assert not_punctuation(batch).tolist() == words


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.booleans())
@pytest.mark.filterwarnings("ignore:An input array is constant")
def test_rank_correlation_is_that_of_scipy(seed: int, tied: bool) -> None:
    rng = torch.Generator().manual_seed(seed)
    left, right = torch.randn(2, 6, 11, generator=rng)
    if tied:
        left, right = (left * 2).round(), (right * 1.5).round()
    counted = torch.rand(6, 11, generator=rng) < 0.8
    found = rank_correlation(left, right, counted)
    assert found.dtype == torch.float64
    for row in range(6):
        kept = counted[row]
        expected = scipy.stats.spearmanr(left[row][kept].numpy(), right[row][kept].numpy())
        value = 0.0 if np.isnan(expected.statistic) else expected.statistic
        assert float(found[row]) == pytest.approx(value, abs=1e-12)
