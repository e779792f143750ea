"""Passes through a model: whole ones, and those that begin at the first layer that is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from probing.ablation.changes import ablating, zero
from probing.ablation.heads import HeadSet
from probing.core.layers import Changer, Collector, LayerRecord
from probing.encoder import Encoder
from probing.encoder.again import Layers
from probing.encoder.alone import Pile, forget_lengths
from probing.encoder.running import run
from probing.encoder.tap import Tap

Take = Callable[[Any], Tensor]
"""Takes of what a model gives what is wanted."""


@dataclass(frozen=True)
class Recording:
    """Texts ``ids [B, T]`` of one length, and what each layer gave for them, if it was kept."""

    ids: Tensor
    given: Sequence[Any]


class Passes:
    """Runs a model over texts of one length, without padding.

    A head that is ablated changes nothing below its layer. Where the model's layers are found, and
    a trial shows that they can give again what they gave, only the layers from there up compute.

    Args:
        encoder: the loaded encoder.
        model: what is run: the encoder's model, or that with a head on top.
    """

    def __init__(self, encoder: Encoder, model: Any) -> None:
        self.encoder = encoder
        self.model = model
        self.layers: Layers | None = None
        self.run_layers = 0
        """How many layers have computed for ablations so far."""
        self.ablations = 0
        """How many ablations that were for."""
        found = self._found()
        if found is not None and self._agrees(found):
            self.layers = found

    @property
    def share(self) -> float | None:
        """How many passes through all layers an ablation took on average; ``None`` before any."""
        all_layers = self.ablations * self.encoder.source.layers
        return self.run_layers / all_layers if all_layers else None

    def whole(
        self, ids: Tensor, take: Take, collectors: Sequence[Collector[LayerRecord]] = ()
    ) -> tuple[Tensor, Recording]:
        """Run the model as it is.

        Args:
            ids: ``[B, T]``, without padding.
            take: what is wanted of the output.
            collectors: get the layers that are looked at.
        """
        real = torch.ones_like(ids, dtype=torch.bool)
        tap = self.encoder.tap([self.encoder.soundness.watch(real), *collectors])
        if self.layers is None:
            return self._run(ids, take, tap), Recording(ids, ())
        with self.layers.recorded() as given:
            taken = self._run(ids, take, tap)
        return taken, Recording(ids, given)

    def ablated(self, of: Recording, heads: HeadSet, change: Changer, take: Take) -> Tensor:
        """Run the model again with some heads changed.

        Args:
            of: of the model as it is.
            heads: that ``change`` is about.
            change: of the layers that have them.
            take: what is wanted of the output.
        """
        count = self.encoder.source.layers
        start = 1 if self.layers is None else heads.lowest
        self.ablations += 1
        self.run_layers += count - start + 1
        return self._from(start, self.layers, of, change, take)

    def _from(
        self, start: int, layers: Layers | None, of: Recording, change: Changer, take: Take
    ) -> Tensor:
        numbers = [number for number in self.encoder.attending if number >= start]
        tap = Tap([], numbers=numbers, change=change)
        if layers is None:
            return self._run(of.ids, take, tap)
        with layers.computed_from(start, of.given):
            return self._run(of.ids, take, tap)

    def _run(self, ids: Tensor, take: Take, tap: Tap) -> Tensor:
        if self.encoder.together is not None:
            forget_lengths(self.encoder.model)
        # As the weights are, whatever the trainer computes in.
        with torch.autocast(ids.device.type, enabled=False):
            return take(run(self.model, ids, torch.ones_like(ids), tap=tap))

    def _found(self) -> Layers | None:
        ids, kept = self._trial(), Pile()
        tap = Tap([kept], numbers=self.encoder.attending)
        with torch.inference_mode():
            self._run(ids, _first, tap)
        attention = {layer.number: layer.module for layer in kept.layers}
        return Layers.around(attention, self.model, self.encoder.source.layers)

    def _agrees(self, layers: Layers) -> bool:
        """Whether passes from each layer up give what whole ones give, twice."""
        ids = self._trial()
        heads = [HeadSet.of([(number, 1)]) for number in self.encoder.attending]
        with torch.inference_mode():
            with layers.recorded() as given:
                self._run(ids, _first, Tap([], numbers=self.encoder.attending))
            recording = Recording(ids, given)
            for own in (*heads, heads[-1]):
                change = ablating(own, zero)
                whole = self._from(1, None, recording, change, _first)
                try:
                    again = self._from(own.lowest, layers, recording, change, _first)
                except Exception:  # a family whose layers leave something for later ones
                    return False
                if not torch.allclose(again, whole, rtol=1e-4, atol=1e-5):
                    return False
        return True

    def _trial(self) -> Tensor:
        """Wordpieces that every vocabulary has, ``[1, 4]``."""
        device = next(self.model.parameters()).device
        return torch.zeros(1, 4, dtype=torch.long, device=device)


def _first(output: Any) -> Tensor:
    """What a model gives first: hidden states, or logits."""
    found: Tensor = output[0]
    return found
