"""Maximum spanning trees with one root, against every tree there is and against networkx."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probing import decoding
from probing.decoding import best_tree, by_networkx, by_turboparser, one_root_tree, rooted_tree


@pytest.fixture(autouse=True, params=[by_networkx, by_turboparser], scope="module")
def search(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything with either library."""
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
    return float(sum(scores[word, head] for word, head in enumerate(heads)))


def random_scores(seed: int, n: int, kind: str) -> Any:
    rng = np.random.default_rng(seed)
    if kind == "log-probabilities":
        return np.log(rng.dirichlet(np.full(n + 1, 0.2), size=n) + 1e-30)
    if kind == "ROOT drawn to":  # every word wants to be the root
        scores = rng.normal(size=(n, n + 1))
        scores[:, 0] += 20
        return scores
    return rng.integers(-3, 4, size=(n, n + 1)).astype(float)  # ties


KINDS = st.sampled_from(["log-probabilities", "ROOT drawn to", "ties"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), KINDS)
def test_no_tree_is_better(seed: int, n: int, kind: str) -> None:
    scores = random_scores(seed, n, kind)
    for decode, allowed in (
        (best_tree, TREES[n]),
        (one_root_tree, [heads for heads in TREES[n] if heads.count(0) == 1]),
    ):
        found = tuple(decode(scores))
        assert found in allowed
        best = max(weight(scores, heads) for heads in allowed)
        assert weight(scores, found) == pytest.approx(best)


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


@pytest.mark.parametrize("seed", range(4))
def test_what_is_settled_beforehand_changes_nothing(seed: int) -> None:
    """All edges given to networkx, for sentences of a usual length."""
    n = 14
    scores = random_scores(seed, n, "log-probabilities")
    graph = networkx.DiGraph()
    for word, head in product(range(1, n + 1), range(n + 1)):
        if word != head:
            graph.add_edge(head, word, weight=scores[word - 1, head])
    expected = networkx.maximum_spanning_arborescence(graph).edges
    assert {(head, word) for word, head in enumerate(best_tree(scores), start=1)} == set(expected)


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
