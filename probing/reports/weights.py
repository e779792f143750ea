"""What weight each probe gives each head, alongside training."""

from __future__ import annotations

from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.files import write_csv
from probing.core.outcomes import Outcome
from probing.core.terms import Terms
from probing.counting.metrics import Spread, WordMean
from probing.learning.module import ProbingModule
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback
from probing.reports.tables import WEIGHTS


class HeadWeights(SplitCallback):
    """Writes ``reports/weights.csv``: the weight that each probe gives each head, each epoch.

    A weight is multiplied by the standard deviation of what it multiplies, the head's
    attention over all pairs of words of the validation data, so that heads compare. Those of the
    last epoch are in ``latest``, in the first process.
    """

    def __init__(self) -> None:
        self.spread: dict[str, Tensor] | None = None  # by encoder
        self.latest: dict[str, Tensor] = {}  # [2, L, H], by probe
        self.lines: list[tuple[object, ...]] = []
        self.terms: Terms

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start counting, if the probes are being trained."""
        self.latest = {}
        self.means: dict[str, WordMean] = {}
        if trainer.state.fn != TrainerFn.FITTING:
            return
        sizes = {name: encoder.sizes for name, encoder in module.encoders.items()}
        self.spreads: dict[str, Spread] = {}
        if self.spread is None:
            for name, size in sizes.items():
                self.spreads[name] = Spread(size.layer_numbers, size.heads).to(module.device)
                module.collectors[name].append(self.spreads[name])
        self.means = {
            name: WordMean((2, size.layers, size.heads)).to(module.device)
            for name, probe in module.probes.items()
            for size in [sizes[probe.encoder]]
        }

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """Count a batch."""
        if not self.means:
            return
        self.terms = batch.terms
        for name, weights in outcome.weights.items():
            self.means[name].update(weights, batch.lengths.sum())

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Sum over processes and write."""
        if not self.means:
            return
        if self.spread is None:
            self.spread = {name: spread.compute() for name, spread in self.spreads.items()}
            for name, spread in self.spreads.items():
                module.collectors[name].remove(spread)
        found = {name: mean.compute() for name, mean in self.means.items()}
        if not trainer.is_global_zero:
            return
        epoch = trainer.current_epoch + 1
        directions = self.terms.directions
        self.lines = [line for line in self.lines if line[0] != epoch]
        for name, mean in found.items():
            if mean is None:
                continue
            encoder = module.probes[name].encoder
            numbers = module.encoders[encoder].layer_numbers
            weights = self.latest[name] = mean * self.spread[encoder]  # [2, L, H]
            for d, layer, head in torch.cartesian_prod(*map(torch.arange, weights.shape)).tolist():
                value = f"{float(weights[d, layer, head]):.6g}"
                self.lines.append((epoch, name, directions[d], numbers[layer], head + 1, value))
        if self.lines:
            write_csv(run_folder(trainer) / "reports" / "weights.csv", WEIGHTS, self.lines)

    def state_dict(self) -> dict[str, Any]:
        """The epochs so far, so that a resumed run goes on with the same file."""
        return {"lines": [list(line) for line in self.lines]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the epochs of the interrupted run.

        Raises:
            ProbingError: for what is no state of it.
        """
        lines = state_dict.get("lines")
        if not isinstance(lines, list) or any(len(WEIGHTS) != len(line) for line in lines):
            raise ProbingError(f"the checkpoint has no lines of {len(WEIGHTS)} values of weights")
        self.lines = [tuple(line) for line in lines]
