"""Maps of long windows are made in parts: what they give is what whole ones give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from families import IDS, WIDTH, WORDS_OF
from torch import Tensor

from probing.core import maps
from probing.core.batches import EdgeBatch
from probing.core.head_picking import HeadPicking
from probing.core.outcomes import HeadPicks
from probing.encoder import Encoder
from probing.encoder.scores import PartwiseMap, Scores, softmax_of
from probing.encoder.word_maps import AGGREGATIONS

FAMILIES = ("bert", "gpt2", "llama", "mistral", "modernbert", "gemma2")


def scores_of(kind: str, *, batch: int = 2, heads: int = 3, length: int = 9) -> Scores:
    rng = torch.Generator().manual_seed(len(kind))
    queries, keys = torch.randn(2, batch, heads, length, 4, generator=rng)
    causal = torch.ones(length, length).tril().bool()
    masks: dict[str, Tensor | None] = {
        "none": None,
        "causal": causal.expand(batch, 1, -1, -1),
        "padding": (torch.arange(length) < 6).expand(batch, 1, length, -1),
        "bias": torch.randn(1, heads, length, length, generator=rng),
        "added": torch.zeros(batch, 1, length, length).masked_fill(~causal, -1e9),
    }
    softcap = 0.5 if kind == "none" else None
    return Scores(queries, keys, softcap, masks[kind])


@pytest.mark.parametrize("sink", [None, torch.tensor([0.1, -2.0, 3.0])], ids=["none", "sink"])
@pytest.mark.parametrize("kind", ["none", "causal", "padding", "bias", "added"])
@pytest.mark.parametrize("bound", [1, 60, 10**6])
def test_parts_are_those_of_the_softmax(
    kind: str, sink: Tensor | None, bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(maps.PART, "cpu", bound)
    scores = scores_of(kind)
    values = torch.randn(scores.queries.shape, generator=torch.Generator().manual_seed(1))
    whole, to_sink = softmax_of(scores, sink)
    parts = PartwiseMap(scores, values, sink)
    close: Callable[[Any, Any], None] = torch.testing.assert_close
    close(parts.whole(), whole.weights)
    assert parts.size == whole.size
    some = torch.tensor([[3, 0, 8, 3], [1, 1, 7, 5]])
    close(parts.rows(some), whole.rows(some))
    close(parts.columns(some), whole.columns(some))
    close(parts.averages(values), whole.averages(values))
    other = values.flip(2)
    close(parts.averages(other), whole.averages(other))
    assert not parts.faults.any()
    if to_sink is None:
        assert parts.sink is None
    else:
        close(parts.sink, to_sink)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_row_that_is_not_finite_is_a_fault(value: float) -> None:
    scores = scores_of("padding")
    scores.queries[1, 2, 4] = value
    whole, _ = softmax_of(scores, None)
    parts = PartwiseMap(scores, scores.queries, None)
    assert whole.faults[1, 2, 4]
    assert torch.equal(parts.faults, whole.faults)


def test_a_row_from_which_numbers_hide_everything_is_finite() -> None:
    """As in padding on the left; the least number there is stays a number."""
    scores = scores_of("none")
    hidden = torch.zeros(2, 1, 9, 9)
    hidden[1, 0, 0] = torch.finfo(torch.float32).min
    own = replace(scores, mask=hidden, softcap=None)
    whole, _ = softmax_of(own, None)
    parts = PartwiseMap(own, own.queries, None)
    assert not whole.faults.any()
    assert not parts.faults.any()
    torch.testing.assert_close(parts.whole()[0], whole.weights[0])


def picks(encoder: Encoder, batch: EdgeBatch) -> HeadPicks:
    picking = HeadPicking(batch)
    encoder(IDS, WORDS_OF, width=WIDTH, needs=(), collectors=[picking])
    return picking.found


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_heads_pick_the_same_of_parts(
    family: str,
    aggregation: Any,
    restricted: bool,
    folder_of: Callable[[str], str],
    random_edges: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = Encoder(folder_of(family), aggregation=aggregation).load()
    batch = random_edges(0, lengths=(8, 8, 8), gold=2, restricted=restricted, shared=True)[0]
    with torch.inference_mode():
        whole = picks(encoder, batch)
        for bounds in (maps.WHOLE, maps.PART):
            monkeypatch.setitem(bounds, "cpu", 1)
        parts = picks(encoder, batch)
    torch.testing.assert_close(parts.quantities, whole.quantities, rtol=1e-5, atol=1e-5)
    assert torch.equal(parts.reachable, whole.reachable)
    differ = parts.words != whole.words
    assert not differ.all()
    assert float(differ.double().mean()) < 0.01  # a random model attends nearly evenly: near ties
    for name in ("is_pick", "hits", "kinds"):
        own, other = getattr(parts, name), getattr(whole, name)
        assert torch.equal(own[~differ], other[~differ])
