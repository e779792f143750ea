"""An ablation changes the record of a layer, and the model goes on with what it became."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from families import IDS, REAL, Weights
from torch import Tensor, nn

from probing.core.layers import Changer, LayerRecord
from probing.encoder import Encoder
from probing.encoder.tap import Tap

LAYER, HEAD, SIZE = 1, 2, 8  # counted from one; from zero; units of a head
# Where the output of the heads of the first layer is projected.
PROJECTIONS: dict[str, Callable[[Any], nn.Module]] = {
    "bert": lambda model: model.encoder.layer[0].attention.output.dense,
    "gpt2": lambda model: model.h[0].attn.c_proj,
    "llama": lambda model: model.layers[0].self_attn.o_proj,
}


def without_head(layer: LayerRecord) -> LayerRecord:
    if layer.number != LAYER:
        return layer
    weights = layer.weights.clone()
    weights[:, HEAD] = 0
    return layer.weighing(weights)


def without_value(layer: LayerRecord) -> LayerRecord:
    if layer.number != LAYER:
        return layer
    values = layer.values.clone()
    values[:, HEAD] = 0
    return replace(layer, values=values)


def run(model: Any, change: Changer | None, **options: Any) -> tuple[Tensor, list[Tensor]]:
    kept = Weights()
    tap = Tap([kept], change=change, **options)
    states = model(input_ids=IDS, attention_mask=REAL.long(), tap=tap).last_hidden_state
    return states, kept.maps


@pytest.mark.parametrize("family", PROJECTIONS)
@pytest.mark.parametrize("change", [without_head, without_value])
def test_a_head_without_weights_is_one_whose_output_is_not_projected(
    family: str, change: Changer, folder_of: Callable[[str], str]
) -> None:
    model = Encoder(folder_of(family)).load().model
    whole, maps = run(model, None)
    changed, maps_after = run(model, change)
    other = Encoder(folder_of(family)).load().model
    projection = PROJECTIONS[family](other).weight
    own = slice(HEAD * SIZE, (HEAD + 1) * SIZE)
    (projection if family == "gpt2" else projection.T)[own] = 0  # GPT-2's is transposed
    expected, maps_expected = run(other, None)
    assert (changed - expected)[REAL].abs().max() < 1e-5
    assert (changed - whole)[REAL].abs().max() > 1e-2
    assert (maps_after[1] - maps_expected[1]).abs().max() < 1e-6
    assert (maps_after[1] - maps[1]).abs().max() > 1e-3
    # Collectors get what the model goes on with.
    assert torch.equal(maps_after[0][:, HEAD], maps[0][:, HEAD] * (change is not without_head))
    others = [h for h in range(4) if h != HEAD]
    assert torch.equal(maps_after[0][:, others], maps[0][:, others])


def test_a_layer_that_nobody_looks_at_is_changed_too(folder_of: Callable[[str], str]) -> None:
    model = Encoder(folder_of("bert")).load().model
    _, (_, expected) = run(model, without_head)
    _, (found,) = run(model, without_head, layers=[2])
    assert torch.equal(found, expected)


@pytest.mark.parametrize("family", PROJECTIONS)
def test_who_changes_nothing_changes_nothing(family: str, folder_of: Callable[[str], str]) -> None:
    model = Encoder(folder_of(family)).load().model
    seen: list[int] = []

    def look(layer: LayerRecord) -> LayerRecord:
        seen.append(layer.number)
        return layer

    (states, maps), (same, maps_same) = run(model, None), run(model, look)
    assert seen == [1, 2]
    assert torch.equal(states, same)
    assert all(map(torch.equal, maps, maps_same))
