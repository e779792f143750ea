"""Heat maps for the logger of a run; files hold the same numbers."""

from __future__ import annotations

from pytorch_lightning import Trainer

from probing.learning.module import ProbingModule
from probing.reports.figures.heads import relation_heatmap, weight_heatmap
from probing.reports.ledger import Ledger
from probing.reports.run_folder import add_figure
from probing.reports.split_callback import SplitCallback
from probing.reports.weights import HeadWeights


class HeatMaps(SplitCallback):
    """Shows every head on the most frequent relations, and the weight that probes give each head.

    Heads do not change while a probe trains, so they are shown once a split.

    Args:
        ledger: of the run.
        weights: of its probes; this comes after both among the callbacks.
    """

    def __init__(self, ledger: Ledger, weights: HeadWeights) -> None:
        self.ledger = ledger
        self.weights = weights
        self.shown: set[str] = set()

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Show what the others have found."""
        if not trainer.is_global_zero:
            return
        if split not in self.shown:
            self.shown.add(split)
            findings = self.ledger.findings[split]
            for best in findings.pictured:
                said = f"{best.head}, chosen on {findings.chosen_on}"
                figure = relation_heatmap(findings.counts, best.relation, best.head, said=said)
                add_figure(trainer, f"{split}/heads/{best.relation}", figure)
        for name, weights in self.weights.latest.items():
            figure = weight_heatmap(
                weights,
                module.encoders[module.probes[name].encoder].layer_numbers,
                title=f"{name}, epoch {trainer.current_epoch + 1}",
                directions=self.weights.terms.directions,
            )
            add_figure(trainer, f"weights/{name}", figure)
