"""Writes ``report.html`` when all that it shows has been found."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn

from probing.core.errors import ProbingError
from probing.learning.module import ProbingModule
from probing.reports.ledger import Ledger
from probing.reports.page.writer import PageFindings, report_page
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback
from probing.reports.trees.report import TreeReport
from probing.reports.weights import HeadWeights


class Page(SplitCallback):
    """Writes ``reports/<split>/report.html``, after each epoch, too.

    Args:
        ledger: of the run.
        weights: of its probes.
        trees: the report on trees, if there is one; this comes after all three among the
            callbacks.
    """

    def __init__(self, ledger: Ledger, weights: HeadWeights, trees: TreeReport | None) -> None:
        self.ledger = ledger
        self.weights = weights
        self.trees = trees
        self.curve: list[tuple[int, dict[str, float]]] = []
        self.of_heads: dict[str, tuple[list[int], Any]] = {}

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Write."""
        if not trainer.is_global_zero:
            return
        findings = self.ledger.findings[split]
        if trainer.state.fn == TrainerFn.FITTING:
            epoch = trainer.current_epoch + 1
            before = [each for each in self.curve if each[0] < epoch]
            self.curve = [*before, (epoch, findings.trained)]
            self.of_heads = {
                name: (list(module.encoders[module.probes[name].encoder].layer_numbers), own.cpu())
                for name, own in self.weights.latest.items()
            }
        found = PageFindings(
            findings,
            curve=self.curve,
            weights=self.of_heads,
            trees=self.trees.findings.get(split) if self.trees else None,
        )
        report_page(found, run_folder(trainer) / "reports" / split)

    def state_dict(self) -> dict[str, Any]:
        """The curve so far, so that a resumed run goes on with it."""
        return {"curve": [list(each) for each in self.curve]} if self.curve else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the curve of the interrupted run.

        Raises:
            ProbingError: for what is no state of it.
        """
        self.curve = _checked(state_dict.get("curve"))


def _checked(curve: Any) -> list[tuple[int, dict[str, float]]]:
    def is_sound(each: Any) -> bool:
        return (
            isinstance(each, list | tuple)
            and len(each) == 2
            and type(each[0]) is int
            and isinstance(each[1], dict)
            and all(isinstance(k, str) and type(v) is float for k, v in each[1].items())
        )

    if not isinstance(curve, list) or not all(map(is_sound, curve)):
        raise ProbingError("the checkpoint has no learning curve of epochs and accuracies")
    return [(epoch, own) for epoch, own in curve]
