"""Maximum spanning trees with one root, against every tree there is and against networkx.

What `test_tree_metrics.py` says of decoding, it says of whole batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from math import fsum
from typing import Any

import networkx
import numpy as np
import pytest
import torch
from columns import with_cells
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from probing.core.batches import EdgeBatch
from probing.core.trees import gold_trees, head_edges
from probing.counting.trees import decoding
from probing.counting.trees.decoding import (
    best_tree,
    by_networkx,
    by_turboparser,
    decode,
    decode_from_roots,
    head_hits,
    one_root_tree,
    rooted_tree,
)


@pytest.fixture(autouse=True, params=[by_networkx, by_turboparser], scope="module")
def search(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything with networkx's search and with TurboParser's."""
    if request.param is by_turboparser:
        pytest.importorskip("ufal.chu_liu_edmonds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "SEARCH", request.param)
        yield


def leads_to_root(heads: tuple[int, ...]) -> bool:
    for start in range(1, len(heads) + 1):
        node = start
        for _ in heads:
            node = heads[node - 1] if node else 0
        if node:
            return False
    return True


def trees(n: int) -> Iterator[tuple[int, ...]]:
    """Every tree over ``n`` words, with any number of roots."""
    for heads in product(range(n + 1), repeat=n):
        if all(head != word for word, head in enumerate(heads, start=1)) and leads_to_root(heads):
            yield heads


TREES = {n: list(trees(n)) for n in range(1, 6)}


def weight(scores: Any, heads: Any) -> float:
    return fsum(scores[word, head] for word, head in enumerate(heads))


def random_scores(seed: int, n: int, kind: str) -> Any:
    rng = np.random.default_rng(seed)
    if kind == "log-probabilities":
        return np.log(rng.dirichlet(np.full(n + 1, 0.2), size=n) + 1e-30)
    if kind == "ROOT drawn to":  # every word wants to be the root
        scores = rng.normal(size=(n, n + 1))
        scores[:, 0] += 20
        return scores
    if kind == "badly scaled":  # each word's in a range of its own, and somewhere else
        scale, where = 10.0 ** rng.integers(-8, 9, size=(2, n, 1))
        return rng.normal(size=(n, n + 1)) * scale + where
    if kind == "tiny":
        return rng.normal(size=(n, n + 1)) * 1e-200
    if kind == "all equal":
        return np.full((n, n + 1), rng.normal() * 1e20)
    return rng.integers(-3, 4, size=(n, n + 1)).astype(float)  # ties


KINDS = st.sampled_from(
    ["log-probabilities", "ROOT drawn to", "badly scaled", "tiny", "all equal", "ties"]
)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), KINDS)
def test_no_tree_is_better(seed: int, n: int, kind: str) -> None:
    # networkx counts from the largest score plus one, so that what is tiny beside one is lost.
    assume(kind != "tiny" or decoding.SEARCH is not by_networkx)
    scores = random_scores(seed, n, kind)
    rounding = 1e-14 * float((scores.max(1) - scores.min(1)).sum() + abs(scores).max())
    for find, allowed in (
        (best_tree, TREES[n]),
        (one_root_tree, [heads for heads in TREES[n] if heads.count(0) == 1]),
    ):
        found = tuple(find(scores))
        assert found in allowed
        best = max(weight(scores, heads) for heads in allowed)
        assert weight(scores, found) >= best - (0 if kind == "ties" else rounding)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 4))
def test_no_tree_from_a_root_is_better(seed: int, n: int, root: int) -> None:
    root %= n
    scores = np.random.default_rng(seed).dirichlet(np.ones(n), size=n)  # attention
    found = tuple(rooted_tree(scores, root))
    allowed = [h for h in TREES[n] if h[root] == 0 and h.count(0) == 1]
    assert found in allowed
    whole = np.hstack([np.zeros((n, 1)), scores])
    best = max(weight(whole, heads) for heads in allowed)
    assert weight(whole, found) == pytest.approx(best)


@pytest.mark.parametrize("n", [14, 30])
@pytest.mark.parametrize("kind", ["log-probabilities", "nested"])
@pytest.mark.parametrize("seed", range(3))
def test_longer_sentences_have_the_trees_of_networkx(seed: int, n: int, kind: str) -> None:
    scores = random_scores(seed, n, "log-probabilities")
    if kind == "nested":  # near words above all, ROOT least: cycles of cycles
        place = np.random.default_rng(seed).random(n)
        scores = scores / 1000 - np.hstack([np.full((n, 1), 9), abs(place[:, None] - place)])
    graph = networkx.DiGraph()
    for word, head in product(range(1, n + 1), range(n + 1)):
        if word != head:
            graph.add_edge(head, word, weight=scores[word - 1, head])
    expected = networkx.maximum_spanning_arborescence(graph).edges
    assert {(head, word) for word, head in enumerate(best_tree(scores), start=1)} == set(expected)


@pytest.mark.parametrize("kind", ["log-probabilities", "ROOT drawn to"])
def test_both_searches_find_the_same_in_long_sentences(kind: str) -> None:
    pytest.importorskip("ufal.chu_liu_edmonds")
    scores = random_scores(0, 150, kind)
    np.fill_diagonal(scores[:, 1:], -np.inf)
    assert by_networkx(scores) == by_turboparser(scores)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["some", "a tree at least", "not ROOT"]))
def test_what_is_no_candidate_is_the_last_resort(
    tree_batch: Callable[..., EdgeBatch],
    tree_heads: Callable[..., list[int]],
    seed: int,
    kept: str,
) -> None:
    """Few candidates with scores far apart, and what is struck out would have the highest."""
    rng = np.random.default_rng(seed)
    lengths = (5, 4, 1, 3, 5)
    gold = [tree_heads(seed + b, n) for b, n in enumerate(lengths)]
    batch = tree_batch(gold)
    anywhere = batch.candidates.clone()
    candidates = anywhere & torch.from_numpy(rng.random(anywhere.shape) < 0.4)
    if kept == "a tree at least":
        candidates |= batch.gold
    elif kept == "not ROOT":
        candidates[..., 0] = False
    candidates |= batch.gold & ~candidates.any(-1, keepdim=True)  # something to choose from
    scores = torch.from_numpy(rng.normal(size=candidates.shape) * rng.choice([1, 30]))
    found = decode(scores + 50 * ~candidates, with_cells(batch, candidates=candidates))
    for b, n in enumerate(lengths):
        anchors = batch.anchors[b].tolist()
        own = [anchors.index(word) for word in range(n)]  # the row of each word
        of_words = candidates[b, own]
        chances = scores[b, own].masked_fill(~of_words, -torch.inf).log_softmax(-1)
        logs = chances.masked_fill(~of_words, 0).numpy()
        struck = ~of_words.numpy()
        trees = np.array([heads for heads in TREES[n] if heads.count(0) == 1])
        struck_of = struck[np.arange(n), trees].sum(1)
        fewest = struck_of == struck_of.min()
        best = logs[np.arange(n), trees].sum(1)[fewest].max()
        heads = found[b, :n].tolist()
        assert heads in trees.tolist()
        assert struck[np.arange(n), heads].sum() == struck_of.min()
        assert logs[np.arange(n), heads].sum() == pytest.approx(best, abs=1e-9)
        assert (found[b, n:] == -1).all()


def test_one_root_where_the_best_tree_has_several() -> None:
    scores = random_scores(0, 5, "ROOT drawn to")
    assert best_tree(scores) == [0] * 5
    assert one_root_tree(scores).count(0) == 1


def test_scores_are_left_as_they_are() -> None:
    scores = random_scores(3, 5, "ROOT drawn to")
    before = scores.copy()
    one_root_tree(scores)
    rooted_tree(scores[:, 1:], 2)
    assert (scores == before).all()


def naive_in_classes(weights: Any, gold: list[int], of: list[int]) -> list[int]:
    """Every tree from the gold root in which words of a class do what decoding allows them."""
    n, root = len(gold), gold.index(0)
    stands = {of[w]: root if of[w] == of[root] else of[w] for w in range(n)}
    allowed = [
        heads
        for heads in TREES[n]
        if heads[root] == 0
        and heads.count(0) == 1
        and all(h - 1 in stands.values() and of[h - 1] != of[w] for w, h in enumerate(heads) if h)
    ]
    if not allowed:  # all words are alike
        return [0 if w == root else -1 for w in range(n)]
    whole = np.hstack([np.zeros((n, 1)), weights])
    best = max(allowed, key=lambda heads: weight(whole, heads))
    graph = networkx.Graph((w, h - 1) for w, h in enumerate(gold) if h)
    graph.add_nodes_from(range(n))
    steps = dict(networkx.all_pairs_shortest_path_length(graph))
    found = []
    for w, h in enumerate(best):
        there = [g for g in range(n) if h and of[g] == of[h - 1]]
        nearest = min(there, key=lambda g: (g != gold[w] - 1, steps[w][g], g), default=-1)
        found.append(nearest + 1)
    return found


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000))
def test_trees_of_words_that_share_all_their_wordpieces(
    tree_batch: Callable[..., EdgeBatch], tree_heads: Callable[..., list[int]], seed: int
) -> None:
    """Their rows and columns are equal but for rounding, which decides nothing."""
    rng = np.random.default_rng(seed)
    lengths = (5, 4, 1, 3, 2, 5)
    gold = [tree_heads(seed + b, n) for b, n in enumerate(lengths)]
    class_of = torch.arange(5).repeat(len(lengths), 1)
    for b, n in enumerate(lengths):
        for w in range(1, n):
            if rng.random() < 0.4:
                class_of[b, w] = class_of[b, w - 1]
    batch = replace(tree_batch(gold), class_of=class_of)
    trees = gold_trees(batch)
    maps = torch.from_numpy(rng.dirichlet(np.full(5, 0.5), size=(len(lengths), 5)))
    window = torch.arange(len(lengths))[:, None, None]
    maps = maps[window, class_of[:, :, None], class_of[:, None]]
    for _ in range(3):
        noisy = maps * (1 + 1e-9 * torch.from_numpy(rng.random(maps.shape)))
        found = decode_from_roots(noisy, trees, batch.lengths, class_of)
        for b, n in enumerate(lengths):
            expected = naive_in_classes(maps[b, :n, :n].numpy(), gold[b], class_of[b, :n].tolist())
            assert found[b].tolist() == expected + [-1] * (5 - n)
    alone = torch.arange(5).repeat(len(lengths), 1)
    plain = decode_from_roots(maps, trees, batch.lengths)
    assert torch.equal(decode_from_roots(maps, trees, batch.lengths, alone), plain)


def test_what_hangs_from_a_class_hangs_from_its_right_word(
    tree_batch: Callable[..., EdgeBatch],
) -> None:
    """Words 0 and 1 are alike; 2 hangs from 1 in the gold tree, and 1 from 3, the root."""
    batch = tree_batch([[4, 4, 2, 0]])
    weights = torch.zeros(1, 4, 4)
    weights[0, [0, 1], 2] = 0.5  # both to 2, which must not go round in a circle
    weights[0, [0, 1], 3] = 0.4
    weights[0, 2, [0, 1]] = 0.9
    found = decode_from_roots(
        weights, gold_trees(batch), batch.lengths, torch.tensor([[0, 0, 2, 3]])
    )
    # The first stands for both and hangs from the root; the second may hang from word 2, whose
    # head is said to be the second, its own.
    assert found.tolist() == [[4, 3, 2, 0]]
    assert head_hits(found[..., None], batch)[0, :, 0].tolist() == [True, False, True, True]
    # The edge between 1 and 2 is there once, as is that between 0 and 3.
    edges = head_edges(found, batch.is_word)
    assert int((edges & head_edges(torch.tensor([[4, 4, 2, 0]]), batch.is_word)).sum()) // 2 == 2
