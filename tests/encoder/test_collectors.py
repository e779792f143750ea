"""Who collects something of layers while the model runs, against plain loops."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.head_picking import HeadPicking
from probing.core.layers import Collector, LayerRecord
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.encoder.word_index import WordIndex
from probing.encoder.word_layers import WordMaps
from probing.encoder.word_maps import mean


class NormWeighted:
    """Hands on each weight times the length of the value that it weighs."""

    def __init__(self, collector: Collector[LayerRecord]) -> None:
        self.collector = collector

    def take(self, layer: LayerRecord) -> None:
        norms = layer.values.norm(dim=-1)  # [B, H, T]
        self.collector.take(layer.weighing(layer.weights * norms[:, :, None]))


class Kept:
    def __init__(self) -> None:
        self.layers: list[LayerRecord] = []

    def take(self, layer: LayerRecord) -> None:
        self.layers.append(layer)


def batch_of(encoder: Encoder) -> EdgeBatch:
    data = DependencyData(test="builtin:documents=1,seed=2", tokenizer=encoder.tokenizer)
    return data.open("test")[[0, 1, 2]]


def test_records_hold_what_makes_the_output(tiny_bert: Path) -> None:
    encoder = Encoder(str(tiny_bert), layers=[2]).load()
    batch, kept = batch_of(encoder), Kept()
    outputs: list[Tensor] = []
    attention = encoder.model.encoder.layer[1].attention.self
    hook = attention.register_forward_hook(lambda _, __, output: outputs.append(output[0]))
    encoder(batch.ids, batch.words_of, width=batch.width, needs={"hidden"})
    encoder.read(batch.ids, batch.words_of > -2, [kept])
    hook.remove()
    (layer,) = kept.layers
    assert layer.number == 2
    assert layer.module is attention
    mixed = (layer.weights @ layer.values).transpose(1, 2).flatten(2)  # [B, T, D]
    real = batch.words_of > -2
    torch.testing.assert_close(mixed[real], outputs[0][real], rtol=1e-5, atol=1e-6)


def test_a_further_map_is_scored_like_the_weight(tiny_encoder: Encoder) -> None:
    batch, kept, picking = batch_of(tiny_encoder), Kept(), HeadPicking(batch_of(tiny_encoder))
    index = WordIndex(batch.words_of, batch.width, batch.last_of)
    further = NormWeighted(WordMaps(index, mean, [picking]))
    tiny_encoder.read(batch.ids, batch.words_of > -2, [kept, further])
    found = picking.found
    differ = 0
    for b, a in batch.is_anchor.nonzero().tolist():
        word = int(batch.anchors[b, a])
        pieces = [
            [t for t, own in enumerate(batch.words_of[b].tolist()) if own == w]
            for w in range(len(batch.words[b]))
        ]
        for k, layer in enumerate(kept.layers):
            for head in range(layer.weights.shape[1]):
                weights = layer.weights[b, head].double()
                sums = []
                for norms in (
                    layer.values[b, head].double().norm(dim=-1),
                    torch.ones(len(weights)),
                ):
                    own = weights * norms
                    rows = [
                        sum(float(own[s, t]) for s in pieces[word] for t in to) for to in pieces
                    ]
                    rows[word] = -1.0
                    sums.append(rows)
                best, plain = (max(range(len(rows)), key=rows.__getitem__) for rows in sums)
                differ += best != plain
                assert int(found.words[b, a, 0, k, head]) == best
    assert differ > 0


def test_picks_while_the_model_runs_are_those_of_the_encoding(tiny_encoder: Encoder) -> None:
    """Without a stack of maps, and beside one."""
    batch = batch_of(tiny_encoder)
    alone, beside = HeadPicking(batch), HeadPicking(batch)
    run = {"width": batch.width, "last_of": batch.last_of}
    nothing = tiny_encoder(batch.ids, batch.words_of, needs=(), collectors=[alone], **run)
    assert nothing.attention is nothing.boundary is None
    maps = tiny_encoder(
        batch.ids, batch.words_of, needs={"attention"}, collectors=[beside], **run
    ).part("attention")
    assert torch.equal(alone.found.words, beside.found.words)
    for b, a in batch.is_anchor.nonzero().tolist():
        row = maps[b, :, :, int(batch.anchors[b, a])].clone()  # [L, H, W]
        row[..., ~batch.candidates[b, a, 1:]] = -1
        assert torch.equal(alone.found.words[b, a, 0], row.argmax(-1))
