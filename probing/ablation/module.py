"""The LightningModule that runs a model with and without heads; nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torchmetrics import Metric

from probing.ablation.controls import Plan
from probing.ablation.data import Part
from probing.ablation.effects import Measured
from probing.ablation.heads import Head
from probing.ablation.others import maps_of
from probing.ablation.steps import Step
from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.encoder.language import LanguageModel, language_model
from probing.encoder.soundness import over_processes
from probing.learning.module import ProbingModule
from probing.surface.measures.quantities import entropy


class Values(Metric):
    """The value of each item with each set ablated: each comes from the process that has the item.

    States: ``values [1 + sets, items]`` and ``weights [items]``, float64, so that their sums over
    processes are what one process has.
    """

    full_state_update = False
    values: Tensor
    weights: Tensor

    def __init__(self, sets: int, items: int) -> None:
        super().__init__()
        zeros = torch.zeros(1 + sets, items, dtype=torch.float64)
        self.add_state("values", zeros, dist_reduce_fx="sum")
        self.add_state("weights", zeros[0].clone(), dist_reduce_fx="sum")

    def update(self, items: Tensor, values: Tensor, weights: Tensor) -> None:
        """Note ``values [1 + sets, B]`` and ``weights [B]`` of ``items [B]``."""
        self.values[:, items] = values.double()
        self.weights[items] = weights.double()

    def compute(self) -> tuple[Tensor, Tensor]:
        """Values and weights of all items, on the CPU."""
        return self.values.cpu(), self.weights.cpu()


class AblationModule(LightningModule):
    """Runs the model over texts, whole and with each set of heads ablated.

    Args:
        encoder: the frozen model.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.language: LanguageModel | None = None
        self.model: nn.Module
        self.judge: ProbingModule | None = None
        """Runs sentences with trees, and probes, if there are any."""
        self.plan: Plan
        self.steps: Sequence[Step] = ()
        self.measured: Sequence[Sequence[Values]] = ()
        self._configured = False

    def configure_model(self) -> None:
        """Load the model, with its language-model head if it has a trained one, once."""
        if self._configured:
            return
        self.encoder.load()
        self.language = language_model(self.encoder)
        self.model = self.encoder.model if self.language is None else self.language.model
        self._configured = True

    def heads(self) -> list[Head]:
        """Every head of the layers that are looked at."""
        count = self.encoder.sizes.heads
        numbers = self.encoder.layer_numbers
        return [(number, head + 1) for number in numbers for head in range(count)]

    def entropies(self, parts: Sequence[Part]) -> dict[Head, float]:
        """The mean entropy of each head's rows over all sentences, in nats."""
        zero = torch.zeros(self.encoder.sizes.heads, dtype=torch.float64)
        sums = dict.fromkeys(self.encoder.layer_numbers, zero)
        rows = 0
        for part in parts:
            for indices in part.batches:
                for side in part[indices].sides:
                    rows += side.ids.numel()
                    maps = maps_of(self.encoder, side.ids.to(self.device))
                    for number, own in maps.items():
                        sums[number] = sums[number] + entropy(own.double()).sum((0, 2)).cpu()
        return {
            (number, head + 1): value / rows
            for number, found in sums.items()
            for head, value in enumerate(found.tolist())
        }

    def start(self, plan: Plan, parts: Sequence[Part], steps: Sequence[Step]) -> None:
        """Begin to count; batches of loader ``k`` are those of ``parts[k]``, for ``steps[k]``."""
        self.plan = plan
        self.steps = steps
        self.measured = [
            [Values(len(plan.sets), len(part)).to(self.device) for _ in step.outcomes]
            for part, step in zip(parts, steps, strict=True)
        ]

    def test_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Run a batch with each set of heads ablated."""
        if not batch.sides:
            return
        step = self.steps[dataloader_idx]
        values, weights = step(batch, self.plan.sets)
        if not values.isfinite().all():
            self.encoder.check_maps()  # which layer, if it is one of the model as it is
            names = ", ".join(outcome.name for outcome in step.outcomes)
            raise ProbingError(f"{self.encoder.title}: {names}: not finite where heads are ablated")
        items = torch.tensor(batch.items, device=self.device)
        for k, own in enumerate(self.measured[dataloader_idx]):
            own.update(items, values[k], weights[k])

    def on_test_epoch_end(self) -> None:
        """Refuse what is not finite, before it is reported."""
        self.encoder.check_maps(over_processes)

    def found(self, parts: Sequence[Part]) -> list[Measured]:
        """What came of all ablations; every process must come by."""
        found = []
        for part, step, measured in zip(parts, self.steps, self.measured, strict=True):
            units = torch.tensor(part.units)
            for outcome, own in zip(step.outcomes, measured, strict=True):
                found.append(Measured(part.name, outcome, *own.compute(), units))
        return found
