"""Where layers cannot be run from the midst, every ablation runs all of them, and is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from families import IDS
from torch import nn

from probing.ablation.changes import ablating, uniform
from probing.ablation.heads import HeadSet
from probing.ablation.passes import Passes
from probing.encoder import Encoder
from probing.encoder.again import Layers

HEADS = HeadSet.of([(2, 3)])


def ablated(encoder: Encoder) -> tuple[Passes, torch.Tensor]:
    passes = Passes(encoder, encoder.model)
    _, recording = passes.whole(IDS, lambda output: output[0])
    return passes, passes.ablated(recording, HEADS, ablating(HEADS, uniform), lambda o: o[0])


class Leaving(nn.Module):
    """A layer that leaves something for the next one."""

    def __init__(self, layer: nn.Module, left: list[int], asks: bool) -> None:
        super().__init__()
        self.layer, self.left, self.asks = layer, left, asks

    def forward(self, *given: Any, **named: Any) -> Any:
        if self.asks:
            self.left.pop()
        else:
            self.left.append(1)
        return self.layer(*given, **named)


@pytest.mark.parametrize("fault", ["another order", "something left", "none found"])
def test_layers_that_do_not_run_again_are_not_used(
    fault: str, folder_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("bert")
    own, expected = ablated(Encoder(folder).load())
    assert own.run_layers == 1  # of two
    encoder = Encoder(folder).load()
    layers = encoder.model.encoder.layer
    if fault == "another order":
        monkeypatch.setattr(Layers, "around", lambda *_: Layers([*layers][::-1]))
    elif fault == "something left":
        left: list[int] = []
        encoder.model.encoder.layer = nn.ModuleList(
            [Leaving(layers[0], left, asks=False), Leaving(layers[1], left, asks=True)]
        )
    else:
        monkeypatch.setattr(Layers, "around", lambda *_: None)
    passes, found = ablated(encoder)
    assert passes.layers is None
    assert passes.run_layers == 2
    assert (found - expected).abs().max() < 1e-6
    assert all("forward" not in vars(module) for module in encoder.model.modules())
