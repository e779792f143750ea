"""What is counted over trees, against plain loops, SciPy and networkx."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import networkx
import numpy as np
import pytest
import scipy.stats
import torch
from picked import heads_of
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.trees import gold_trees, head_edges, not_punctuation, spanning_edges
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.trees.decoding import decode, decode_from_roots, head_hits
from probing.counting.trees.metrics import (
    BINS,
    DISTANCE_ROWS,
    LENGTH_ROWS,
    DistanceRanks,
    EdgeOverlap,
    by_distance_and_length,
)

LENGTHS = (7, 1, 12, 5, 4, 12, 60)
Trees = tuple[EdgeBatch, list[list[int]]]


@pytest.fixture(scope="module")
def trees(tree_heads: Callable[..., list[int]], tree_batch: Callable[..., EdgeBatch]) -> Trees:
    """Trees, some words punctuation with dependents among them, and windows that are no tree."""
    heads = [tree_heads(seed, n) for seed, n in enumerate(LENGTHS)] + [[0, 0, 1], [2, 1, 0, 3]]
    punctuation = [[1, 4], [], [3], [], [0], [2, 5, 8], [7], [], []]
    return tree_batch(heads, punctuation=punctuation), heads


def random_distances(batch: EdgeBatch, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    distances = torch.rand(len(batch.lengths), batch.width, batch.width, generator=rng)
    return distances + distances.mT


def parts(batch: EdgeBatch, tree_batch: Callable[..., EdgeBatch], heads: Any) -> Any:
    """The windows three at a time, as three processes might have them."""
    punctuation = [[1, 4], [], [3], [], [0], [2, 5, 8], [7], [], []]
    for start in (0, 3, 6):
        yield (
            slice(start, start + 3),
            tree_batch(heads[start : start + 3], punctuation=punctuation[start : start + 3]),
        )


def test_undirected_edges_are_those_of_networkx(trees: Trees) -> None:
    batch, heads = trees
    distances = random_distances(batch, 0)
    words = not_punctuation(batch)
    gold = gold_trees(batch)
    metric = EdgeOverlap(("mine",))
    metric.update(batch, gold, {"mine": spanning_edges(distances, words)})
    found = metric.compute()
    correct = total = 0
    for b in range(len(LENGTHS)):
        kept = words[b].nonzero()[:, 0].tolist()
        own, right = networkx.Graph(), networkx.Graph()
        whole = networkx.Graph((w, h - 1) for w, h in enumerate(heads[b]) if h)
        paths = dict(networkx.all_pairs_shortest_path_length(whole))
        for i in kept:
            for j in kept:
                if i < j:
                    own.add_edge(i, j, weight=float(distances[b, i, j]))
                    # Of equal distances the lower pair goes first.
                    right.add_edge(i, j, weight=paths[i][j] + 1e-4 * i + 1e-7 * j)
        trees_of = [
            {frozenset(edge) for edge in networkx.minimum_spanning_edges(graph, data=False)}
            for graph in (own, right)
        ]
        correct += len(trees_of[0] & trees_of[1])
        total += len(trees_of[1])
    assert correct > 0
    assert found == ({"mine": correct}, total, len(LENGTHS), 2)


def test_gold_distances_have_all_edges_and_all_ranks(trees: Trees) -> None:
    batch, _ = trees
    gold = gold_trees(batch)
    overlap, ranks = EdgeOverlap(("gold",)), DistanceRanks(("gold",))
    edges = spanning_edges(gold.distances, not_punctuation(batch))
    overlap.update(batch, gold, {"gold": edges})
    ranks.update(batch, gold, {"gold": gold.distances.float() ** 2})
    found, total, *_ = overlap.compute()
    assert found["gold"] == total > 0
    assert ranks.compute()["gold"] == pytest.approx(1)


def test_spearman_is_averaged_by_length_then_over_lengths(
    trees: Trees, tree_batch: Callable[..., EdgeBatch]
) -> None:
    batch, _ = trees
    gold = gold_trees(batch)
    distances = random_distances(batch, 1).round(decimals=1)  # ties
    ranks = DistanceRanks(("mine",))
    ranks.update(batch, gold, {"mine": distances})
    of_length: dict[int, list[float]] = {}
    for b, n in enumerate(LENGTHS):
        if 5 <= n <= 50:
            for i in range(n):
                rows = distances[b, i, :n].numpy(), gold.distances[b, i, :n].numpy()
                of_length.setdefault(n, []).append(scipy.stats.spearmanr(*rows).statistic)
    assert sorted(of_length) == [5, 7, 12]
    expected = np.mean([np.mean(values) for values in of_length.values()])
    assert ranks.compute()["mine"] == pytest.approx(expected, abs=1e-9)
    short = tree_batch([[0], [2, 0]])
    ranks = DistanceRanks(("mine",))
    ranks.update(short, gold_trees(short), {"mine": torch.rand(2, 2, 2)})
    assert ranks.compute()["mine"] is None


def test_parts_add_up(trees: Trees, tree_batch: Callable[..., EdgeBatch]) -> None:
    """Batches of other widths, as other processes have them, give the same sums."""
    batch, heads = trees
    distances = random_distances(batch, 2)
    whole = EdgeOverlap(("a",)), DistanceRanks(("a",))
    summed = deepcopy(whole)
    gold = gold_trees(batch)
    whole[0].update(batch, gold, {"a": spanning_edges(distances, not_punctuation(batch))})
    whole[1].update(batch, gold, {"a": distances})
    for where, part in parts(batch, tree_batch, heads):
        own, gold = distances[where, : part.width, : part.width], gold_trees(part)
        summed[0].update(part, gold, {"a": spanning_edges(own, not_punctuation(part))})
        summed[1].update(part, gold, {"a": own})
    empty = tree_batch([])
    summed[0].update(empty, gold_trees(empty), {"a": torch.zeros(0, 0, 0, dtype=torch.bool)})
    summed[1].update(empty, gold_trees(empty), {"a": torch.zeros(0, 0, 0)})
    assert whole[0].compute() == summed[0].compute()
    assert whole[1].compute()["a"] == pytest.approx(summed[1].compute()["a"], rel=1e-9)


def test_every_word_of_the_score_is_at_one_distance_and_in_one_length(trees: Trees) -> None:
    batch, heads = trees
    picked = torch.zeros(*batch.is_anchor.shape, 1, dtype=torch.bool)
    rng = torch.Generator().manual_seed(0)
    picked[..., 0] = torch.rand(batch.is_anchor.shape, generator=rng) < 0.5
    metric = EdgeAccuracy(("mine",))
    metric.update(by_distance_and_length(batch, gold_trees(batch).heads), picked)
    counted = metric.compute()
    correct = dict.fromkeys(metric.rows, 0)
    total = dict.fromkeys(metric.rows, 0)
    words = not_punctuation(batch)
    for b, of_window in enumerate(heads):
        for i, head in enumerate(of_window):
            if not words[b, i]:
                continue
            apart = head - 1 - i
            if head == 0:
                distance = "ROOT"
            elif abs(apart) >= 7:
                distance = "-7 and below" if apart < 0 else "+7 and above"
            else:
                distance = f"{apart:+d}"
            length = next(
                row
                for row, (low, high) in zip(LENGTH_ROWS, BINS, strict=True)
                if low <= len(of_window) <= (high or 10**6)
            )
            for row in (distance, length):
                total[row] += 1
                correct[row] += bool(picked[b, i, 0])
    assert dict(zip(metric.rows, counted["total"].tolist(), strict=True)) == total
    assert dict(zip(metric.rows, counted["correct"][:, 0].int().tolist(), strict=True)) == correct
    for rows in (DISTANCE_ROWS, LENGTH_ROWS):
        assert sum(total[row] for row in rows) == int(words.sum())


def test_hits_of_heads_are_those_of_the_report(random_edges: Callable[..., Any]) -> None:
    batch, encoding = random_edges(3, lengths=(9, 4, 1), trees=True)
    hits, report = EdgeAccuracy(), HeadAccuracy()
    heads = heads_of(batch, encoding)
    hits.update(batch, heads.hits)
    report.update(batch, heads)
    assert torch.equal(hits.compute()["correct"].long(), report.compute()["correct"])


def test_planted_heads_come_out_of_the_decoding(
    trees: Trees, tree_batch: Callable[..., EdgeBatch]
) -> None:
    """Scores that favour the gold heads, beside noise that alone gives no tree."""
    batch, heads = trees
    gold = gold_trees(batch)
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(batch.gold.shape, generator=rng)
    found = decode(scores + 50 * batch.gold, batch)
    tree = gold.is_tree[:, None] & batch.is_word
    assert torch.equal(found[tree], gold.heads[tree])
    assert ((found == 0).sum(1) == 1).all()  # one root, also where the gold heads have two
    assert head_hits(found[..., None], batch)[..., 0][batch.is_anchor & gold.is_tree[:, None]].all()
    metric = EdgeOverlap(("mine",))
    metric.update(batch, gold, {"mine": head_edges(found, torch.ones_like(batch.is_word))})
    found_edges, *_ = metric.compute()
    # All gold edges but those across punctuation that has dependents.
    kept = head_edges(gold.heads, not_punctuation(batch)) & gold.is_tree[:, None, None]
    assert found_edges["mine"] == int(kept.sum()) // 2

    weights = torch.rand(len(heads), batch.width, batch.width, generator=rng) / 100
    weights = weights + batch.gold[:, :, 1:]
    rooted = decode_from_roots(weights, gold, batch.lengths)
    assert torch.equal(rooted[tree], gold.heads[tree])
    assert (rooted[~gold.is_tree] == -1).all()
    assert not head_hits(rooted[..., None], batch)[..., 0][~gold.is_tree].any()


def test_the_order_of_anchors_changes_no_tree(trees: Trees) -> None:
    batch, _ = trees
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(batch.gold.shape, generator=rng)
    order = torch.randperm(batch.anchors.shape[1], generator=rng)
    names = "anchors is_anchor gold_at candidates_at member baselines kinds_at".split()
    values = ((name, getattr(batch, name)) for name in names)
    shuffled = replace(batch, **{n: v[:, order] for n, v in values if v is not None})
    assert torch.equal(decode(scores[:, order], shuffled), decode(scores, batch))
    assert torch.equal(gold_trees(shuffled).heads, gold_trees(batch).heads)


def test_what_asks_no_whole_tree_is_not_decoded(random_edges: Callable[..., Any]) -> None:
    batch, _ = random_edges(0, gold=2, restricted=True, shared=True, few=True, root=False)
    scores = torch.zeros(batch.gold.shape)
    assert (decode(scores, batch) == -1).all()
    empty, encoding = random_edges(0, lengths=())
    assert isinstance(encoding, Encoding)
    assert decode(torch.zeros(empty.gold.shape), empty).shape == (0, 0)
