"""The report on trees, alongside training: spanning trees, distances, breakdowns, Table 3."""

from __future__ import annotations

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn

from probing.core.batches import EdgeBatch
from probing.core.files import write_csv
from probing.core.outcomes import Outcome
from probing.core.terms import ALL, MAIN
from probing.counting.trees.parses import Distances, Parses
from probing.counting.trees.undirected import Undirected
from probing.learning.module import ProbingModule
from probing.reports.ledger import Ledger
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback, corpora
from probing.reports.terminal.tables import show_epoch, show_table
from probing.reports.trees.findings import TreeFindings
from probing.reports.trees.lines import entries
from probing.reports.trees.table3 import SHORT, UNDIRECTED, lines_of, undirected_rows
from probing.reports.trees.writers import OF_TREES, title_of
from probing.reports.writers import write


class TreeReport(SplitCallback):
    """What trees tell beyond single heads, into ``reports/<split>/``.

    Distances are judged at every validation. What takes longer is done once, for the split that
    the run ends with: ``trees.csv``, ``uuas.csv``, ``breakdown.csv`` and the paper's Table 3.

    Args:
        ledger: of the run; the report that fills it comes before this among the callbacks.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.undirected: dict[str, Undirected] = {}
        self.findings: dict[str, TreeFindings] = {}

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start counting."""
        head = None
        if self.ledger.chosen_on is not None:
            chosen = self.ledger.counted[self.ledger.chosen_on].of_encoder[MAIN]
            every = chosen.row(ALL)
            head = None if every is None else chosen.best_head(every)
        is_last = split == self.ledger.final and trainer.state.fn != TrainerFn.FITTING
        terms = corpora(trainer)[split].terms
        self.parses = Parses(module, terms, head) if is_last else None
        self.distances = Distances(module, self.parses.names if self.parses else ())

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """Count a batch."""
        decoded = self.parses.count(outcome, batch) if self.parses else {}
        self.distances.count(outcome.scores, batch.probed, decoded)

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Sum over processes, write, and show the table."""
        found = self.undirected[split] = self.distances.compute()
        counts = self.parses.compute() if self.parses else None
        every = {name: found.uuas(name) for name in self.distances.probes}
        shares = {name: share for name, share in every.items() if share is not None}
        for name, share in shares.items():
            module.log(f"{split}/uuas/{name}", share, rank_zero_only=True)
        if trainer.is_global_zero:
            if trainer.state.fn == TrainerFn.FITTING:
                show_epoch(trainer.current_epoch + 1, split, "UUAS", shares)
            folder = run_folder(trainer) / "reports" / split
            write_csv(folder / "uuas.csv", UNDIRECTED, undirected_rows(found))
            if counts is not None:
                findings = self.ledger.findings[split]
                listed = entries(module, findings, self.undirected)
                trees = TreeFindings(findings, counts, found, listed, module.encoder.title)
                self.findings[split] = trees
                write(OF_TREES, trees, folder)
                if self.ledger.shows(split):
                    show_table(title_of(trees), SHORT, lines_of(listed, trees.shares))
