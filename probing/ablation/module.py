"""The LightningModule that runs a model with and without heads; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torchmetrics import Metric

from probing.ablation.batches import Side, TextBatch, Texts
from probing.ablation.changes import UNCONDITIONAL, Change, How, ablating, given
from probing.ablation.controls import Plan
from probing.ablation.effects import Measured
from probing.ablation.heads import Head
from probing.ablation.others import maps_of, others_of
from probing.ablation.outcomes import Outcome
from probing.ablation.passes import Passes
from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.encoder.language import LanguageModel, language_model
from probing.encoder.soundness import over_processes
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
        self.passes: Passes
        self.plan: Plan
        self.outcomes: Sequence[Outcome] = ()
        self.measured: Sequence[Values] = ()
        self.changes: Callable[[Side], Callable[[int], Change]]
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

    def entropies(self, parts: Sequence[Texts]) -> dict[Head, float]:
        """The mean entropy of each head's rows over all texts, in nats."""
        sums = {
            number: torch.zeros((), dtype=torch.float64) for number in self.encoder.layer_numbers
        }
        rows = 0
        for texts in parts:
            for indices in texts.batches:
                for side in texts[indices].sides:
                    rows += side.ids.numel()
                    maps = maps_of(self.encoder, side.ids.to(self.device))
                    for number, own in maps.items():
                        sums[number] = sums[number] + entropy(own.double()).sum((0, 2)).cpu()
        return {
            (number, head + 1): value / rows
            for number, found in sums.items()
            for head, value in enumerate(found.tolist())
        }

    def start(
        self,
        plan: Plan,
        parts: Sequence[Texts],
        outcomes: Sequence[Outcome],
        *,
        how: How,
        seed: int,
    ) -> None:
        """Begin to count; batches of loader ``k`` are for ``outcomes[k]``."""
        self.plan = plan
        self.outcomes = outcomes
        self.passes = Passes(self.encoder, self.model)
        self.measured = [Values(len(plan.sets), len(texts)).to(self.device) for texts in parts]
        self.changes = self._changes(how, wordpieces=max(t.wordpieces for t in parts), seed=seed)

    def _changes(
        self, how: How, *, wordpieces: int, seed: int
    ) -> Callable[[Side], Callable[[int], Change]]:
        """From texts to what becomes of heads, where each text is run in so many copies."""
        if how != "mean" and how != "resample":
            change = UNCONDITIONAL[how]
            return lambda side: lambda copies: change
        others = others_of(how, self.encoder, wordpieces=wordpieces, seed=seed)

        def of(side: Side) -> Callable[[int], Change]:
            maps = others(side)
            return lambda copies: given(maps, copies)

        return of

    def test_step(self, batch: TextBatch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Run a batch with each set of heads ablated."""
        if not batch.sides:
            return
        outcome = self.outcomes[dataloader_idx]
        queries = [outcome.reading(side, batch.items) for side in batch.sides]
        changes = [
            self.changes(side)(query.copies)
            for side, query in zip(batch.sides, queries, strict=True)
        ]
        runs = [self.passes.whole(query.ids, query.take) for query in queries]
        whole = [taken for taken, _ in runs]
        found = [outcome.value(whole, whole)]
        for heads in self.plan.sets:
            now = [
                self.passes.ablated(recording, heads, ablating(heads, change), query.take)
                for (_, recording), change, query in zip(runs, changes, queries, strict=True)
            ]
            found.append(outcome.value(now, whole))
        items = torch.tensor(batch.items, device=self.device)
        values = torch.stack(found)
        if not values.isfinite().all():
            self.encoder.check_maps()  # which layer, if it is one of the model as it is
            raise ProbingError(
                f"{self.encoder.title}: {outcome.name} is not finite where heads are ablated"
            )
        weights = torch.full_like(items, outcome.counted(queries[0]), dtype=torch.float64)
        self.measured[dataloader_idx].update(items, values, weights)

    def on_test_epoch_end(self) -> None:
        """Refuse what is not finite, before it is reported."""
        self.encoder.check_maps(over_processes)

    def found(self, parts: Sequence[Texts]) -> list[Measured]:
        """What came of all ablations; every process must come by."""
        computed = [values.compute() for values in self.measured]
        return [
            Measured(texts.part.name, outcome, values, weights, torch.tensor(texts.part.units))
            for texts, outcome, (values, weights) in zip(
                parts, self.outcomes, computed, strict=True
            )
        ]
