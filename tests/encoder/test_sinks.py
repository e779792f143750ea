"""Learned sinks: a column more, which belongs to no word, against eager attention and loops."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from families import IDS, REAL, WIDTH, WORDS_OF, config_of, save
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.head_picking import HeadPicking
from probing.core.layers import LayerRecord, WordLayer
from probing.core.quantities import QUANTITIES
from probing.encoder import Encoder
from probing.surface.measures.averages import Averages
from probing.surface.measures.distances import HeadDistances, divergence_sums
from probing.surface.module import _with_maps
from probing.surface.text.batches import TokenBatch
from probing.surface.text.segments import OTHER, PADDING


class Kept:
    def __init__(self) -> None:
        self.layers: list[Any] = []

    def take(self, layer: Any) -> None:
        self.layers.append(layer)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder: Path = tmp_path_factory.mktemp("sinks")
    save(config_of("gpt_oss"), folder)
    return Encoder(str(folder)).load()


@pytest.fixture(scope="module")
def records(encoder: Encoder) -> list[LayerRecord]:
    kept = Kept()
    encoder.read(IDS, REAL, [kept])
    return kept.layers


def naive_sink(layer: LayerRecord, b: int, head: int, row: int) -> float:
    """What a row of eager attention, which leaves the sink out, lacks to one."""
    return 1 - sum(layer.weights[b, head, row].tolist())


def test_a_row_and_its_sink_sum_to_one(records: list[LayerRecord]) -> None:
    assert [layer.number for layer in records] == [1, 2]
    for layer in records:
        assert layer.sink is not None
        assert layer.sink.shape == (3, 4, 12)
        torch.testing.assert_close(layer.weights.sum(-1) + layer.sink, torch.ones(3, 4, 12))
        assert float(layer.sink.mean()) > 0.05


@pytest.mark.parametrize("aggregation", ["mean", "first", "max"])
def test_the_sink_of_a_word_is_that_of_its_wordpieces(
    aggregation: Any, encoder: Encoder, records: list[LayerRecord]
) -> None:
    kept, own = Kept(), Encoder(encoder.name, aggregation=aggregation).load()
    own(IDS, WORDS_OF, width=WIDTH, needs=(), collectors=[kept])
    rows = {"mean": lambda v: sum(v) / len(v), "first": lambda v: v[0], "max": max}[aggregation]
    for layer, record in zip(kept.layers, records, strict=True):
        assert isinstance(layer, WordLayer)
        assert layer.sink is not None
        for b, words_of in enumerate(WORDS_OF.tolist()):
            for word in range(WIDTH):
                pieces = [t for t, w in enumerate(words_of) if w == word]
                for head in range(4):
                    expected = [naive_sink(record, b, head, t) for t in pieces]
                    found = float(layer.sink[b, head, word])
                    assert found == pytest.approx(rows(expected) if pieces else 0, abs=1e-6)


def test_a_row_and_its_sink_are_divided_by_their_sum(encoder: Encoder) -> None:
    layers = {}
    for aggregation in ("max", "max-renormalised"):
        kept = Kept()
        own = Encoder(encoder.name, aggregation=aggregation).load()
        own(IDS, WORDS_OF, width=WIDTH, needs=(), collectors=[kept])
        layers[aggregation] = kept.layers
    for plain, shares in zip(layers["max"], layers["max-renormalised"], strict=True):
        words, own_words = plain.map.whole()[..., :WIDTH, :], shares.map.whole()[..., :WIDTH, :]
        sums = words.double().sum(-1) + plain.sink.double()
        sums = sums.masked_fill(sums == 0, 1)
        torch.testing.assert_close(own_words.double(), words.double() / sums[..., None])
        torch.testing.assert_close(shares.sink.double(), plain.sink.double() / sums)


def test_it_counts_in_the_mass_on_special_tokens(
    encoder: Encoder, random_edges: Any, records: list[LayerRecord]
) -> None:
    batch: EdgeBatch = random_edges(0, lengths=(8, 8, 8))[0]
    picking, kept = HeadPicking(batch), Kept()
    encoder(IDS, WORDS_OF, width=WIDTH, needs=(), collectors=[picking, kept])
    at = [quantity.name for quantity in QUANTITIES].index("special_mass")
    found = picking.found.quantities[..., at]  # [B, A, 3, L, H]
    for k, layer in enumerate(kept.layers):
        for b, a in batch.is_anchor.nonzero().tolist():
            word = int(batch.anchors[b, a])
            for head in range(4):
                to = float(layer.map.whole()[b, head, word, -2:].sum() + layer.sink[b, head, word])
                back = float(layer.map.whole()[b, head, -2:, word].sum())
                for direction, expected in enumerate((to, back, to + back)):
                    assert float(found[b, a, direction, k, head]) == pytest.approx(expected)


# ------------------------------------------------------------------- on plain text


def text() -> TokenBatch:
    kinds = torch.where(REAL, OTHER, PADDING)
    return TokenBatch(IDS, torch.zeros_like(IDS), kinds)


def row_of(layer: LayerRecord, b: int, head: int, t: int) -> list[float]:
    assert layer.sink is not None
    return [*layer.weights[b, head, t].double().tolist(), float(layer.sink[b, head, t])]


def test_entropy_is_that_of_the_whole_row(encoder: Encoder, records: list[LayerRecord]) -> None:
    metric = Averages(encoder.sizes)
    metric.update(encoder, text())
    found = metric.compute()["entropy"]
    for k, layer in enumerate(records):
        for head in range(4):
            own = [
                -sum(p * math.log(p) for p in row_of(layer, b, head, t) if p > 0)
                for b, t in REAL.nonzero().tolist()
            ]
            assert float(found[k, head]) == pytest.approx(sum(own) / len(own), abs=1e-6)


def test_heads_differ_by_what_they_give_to_the_sink(
    encoder: Encoder, records: list[LayerRecord]
) -> None:
    metric = HeadDistances(2, 4)
    _with_maps(metric, encoder, text())
    sums = torch.zeros(8, 8, dtype=torch.float64)
    for b, length in enumerate(REAL.sum(1).tolist()):
        rows = [
            [[*row_of(layer, b, h, t)[:length], row_of(layer, b, h, t)[-1]] for t in range(length)]
            for layer in records
            for h in range(4)
        ]
        sums += divergence_sums(torch.tensor(rows, dtype=torch.float64))
    expected: Tensor = sums / REAL.sum()
    torch.testing.assert_close(metric.compute(), expected, rtol=1e-5, atol=1e-6)
