"""Each way to ablate against the same model with other weights, or against a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from families import CONFIGS, IDS
from torch import Tensor, nn

from probing.ablation.changes import ablating, given, sink, uniform, zero
from probing.ablation.heads import HeadSet
from probing.ablation.passes import Passes
from probing.core.layers import LayerRecord
from probing.core.maps import WholeMap
from probing.encoder import Encoder

SIZE = 8  # units of a head in all of these


def of_bert(model: Any, layer: int) -> nn.Module:
    return model.encoder.layer[layer].attention.output.dense  # type: ignore[no-any-return]


def of_llama(model: Any, layer: int) -> nn.Module:
    return model.layers[layer].self_attn.o_proj  # type: ignore[no-any-return]


PROJECTIONS: dict[str, Callable[[Any, int], nn.Module]] = {
    "distilbert": lambda model, k: model.transformer.layer[k].attention.out_lin,
    "albert": lambda model, _: (
        model.encoder.albert_layer_groups[0].albert_layers[0].attention.dense
    ),
    "modernbert": lambda model, k: model.layers[k].attn.Wo,
    "gpt2": lambda model, k: model.h[k].attn.c_proj,
    "gpt_neox": lambda model, k: model.layers[k].attention.dense,
    **dict.fromkeys(("llama", "qwen3", "mistral"), of_llama),
}


def projection(family: str, model: Any, layer: int) -> Tensor:
    """The weights from units of heads to hidden ones, ``[H * D/H, D]``."""
    weight: Tensor = PROJECTIONS.get(family, of_bert)(model, layer - 1).weight
    return weight if family == "gpt2" else weight.T


def states(output: Any) -> Tensor:
    found: Tensor = output.last_hidden_state
    return found


@pytest.mark.parametrize("family", CONFIGS)
def test_zero_is_a_projection_that_leaves_the_head_out(
    family: str, folder_of: Callable[[str], str]
) -> None:
    encoder = Encoder(folder_of(family)).load()
    passes = Passes(encoder, encoder.model)
    whole, recording = passes.whole(IDS, states)
    is_shared = family == "albert"  # what one layer loses, the other does
    sets = [[(1, 3), (2, 3)]] if is_shared else [[(1, 3)], [(2, 1)], [(1, 4), (2, 2)]]
    for heads in map(HeadSet.of, sets):
        found = passes.ablated(recording, heads, ablating(heads, zero), states)
        other = Encoder(folder_of(family)).load()
        for layer, head in heads.heads:
            projection(family, other.model, layer)[(head - 1) * SIZE : head * SIZE] = 0
        expected, _ = Passes(other, other.model).whole(IDS, states)
        assert (found - expected).abs().max() < 2e-5
        assert (found - whole).abs().max() > 1e-3
    again, _ = passes.whole(IDS, states)
    assert torch.equal(again, whole)
    # Layers that are one module all run again.
    count = encoder.source.layers
    run = count if is_shared else count + (count - 1) + count
    assert passes.run_layers == run
    assert passes.share == run / (count * len(sets))


EVEN = {
    "bert": lambda model: model.encoder.layer[0].attention.self.query,
    "llama": lambda model: model.layers[0].self_attn.q_proj,
    "mistral": lambda model: model.layers[0].self_attn.q_proj,
}


@pytest.mark.parametrize("family", EVEN)
def test_uniform_changes_nothing_of_an_even_head(
    family: str, folder_of: Callable[[str], str]
) -> None:
    """A query of zero asks for nothing; of grouped keys, the other heads' stay."""
    encoder = Encoder(folder_of(family)).load()
    query = EVEN[family](encoder.model)
    query.weight[SIZE : 2 * SIZE] = 0
    if query.bias is not None:
        query.bias[SIZE : 2 * SIZE] = 0
    passes = Passes(encoder, encoder.model)
    whole, recording = passes.whole(IDS, states)
    for head in (1, 2, 3):
        heads = HeadSet.of([(1, head)])
        found = passes.ablated(recording, heads, ablating(heads, uniform), states)
        assert ((found - whole).abs().max() < 1e-5) == (head == 2)


def record(mask: Tensor | None, sunk: bool) -> LayerRecord:
    rng = torch.Generator().manual_seed(3)
    scores = torch.randn(2, 4, 5, 6, generator=rng)
    if mask is not None:
        scores[..., :5] = scores[..., :5].masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1) if sunk else scores[..., :5].softmax(-1)
    values = torch.randn(2, 4, 5, 3, generator=rng)
    own = WholeMap(weights[..., :5])
    return LayerRecord(2, own, mask, values, nn.Identity(), weights[..., 5] if sunk else None)


MASKS = {
    "none": None,
    "causal": torch.ones(5, 5).tril().bool().expand(2, 1, 5, 5),
    "window": (torch.ones(5, 5).tril() - torch.ones(5, 5).tril(-2)).bool().expand(2, 1, 5, 5),
}


@pytest.mark.parametrize("sunk", [False, True], ids=["", "sink"])
@pytest.mark.parametrize("kind", MASKS)
def test_rows_are_what_a_loop_makes_of_them(kind: str, sunk: bool) -> None:
    layer, heads = record(MASKS[kind], sunk), [1, 3]
    other = torch.rand(2, 4, 5, 5, generator=torch.Generator().manual_seed(4)) / 5
    even, first = uniform(layer, heads), sink(layer, heads)
    taken = given({2: other})(layer, heads)
    for b in range(2):
        for h in range(4):
            for i in range(5):
                seen = [j for j in range(5) if kind == "none" or bool(MASKS[kind][b, 0, i, j])]  # type: ignore[index]
                rows = [own.weights[b, h, i].tolist() for own in (even, first, taken)]
                left = [
                    None if own.sink is None else float(own.sink[b, h, i])
                    for own in (even, first, taken)
                ]
                if h not in heads:
                    assert rows == [layer.weights[b, h, i].tolist()] * 3
                    assert left == [None if layer.sink is None else float(layer.sink[b, h, i])] * 3
                    continue
                expected = [
                    [1 / len(seen) if j in seen else 0 for j in range(5)],
                    [float(j == seen[0]) for j in range(5)],
                    other[b, h, i].tolist(),
                ]
                assert rows[0] == pytest.approx(expected[0])
                assert rows[1:] == expected[1:]
                if sunk:
                    assert left == pytest.approx([0, 0, 1 - sum(expected[2])], abs=1e-6)
    assert layer.weights[:, 1].std() > 0.05  # what is changed is a copy


def test_nothing_is_changed_in_layers_without_the_heads() -> None:
    layer = record(None, False)
    changer = ablating(HeadSet.of([(1, 2), (3, 1)]), zero)
    assert changer(layer) is layer
    silent = ablating(HeadSet.of([(2, 4), (3, 1)]), zero)(layer)
    assert torch.equal(silent.values[:, 3], torch.zeros(2, 5, 3))
    assert torch.equal(silent.values[:, :3], layer.values[:, :3])


def test_a_set_of_heads_has_an_order_and_a_name() -> None:
    heads = HeadSet.of([(10, 2), (3, 11), (3, 4), (3, 4)])
    assert str(heads) == "3-4,3-11,10-2"
    assert heads.lowest == 3
    assert heads.by_layer == {3: [3, 10], 10: [1]}
