"""The report on trees, alongside training: spanning trees, distances, breakdowns, Table 3."""

from __future__ import annotations

from pathlib import Path

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn

from probing.core.batches import EdgeBatch
from probing.core.files import write_csv, write_whole
from probing.core.outcomes import Outcome
from probing.core.terms import ALL, MAIN
from probing.counting.subtypes import roll_ups, rolled_up
from probing.counting.trees.parses import Distances, ParseCounts, Parses
from probing.counting.trees.undirected import Undirected
from probing.learning.module import ProbingModule
from probing.reports.figures.heads import png
from probing.reports.findings import Findings
from probing.reports.report import Report
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback
from probing.reports.tables import PROBES
from probing.reports.terminal.tables import show_epoch, show_table
from probing.reports.trees.breakdown import BREAKDOWN, breakdown, tree_rows
from probing.reports.trees.figure import breakdown_figure
from probing.reports.trees.latex import latex
from probing.reports.trees.lines import entries
from probing.reports.trees.table3 import (
    CAPTION,
    NOTES,
    SHORT,
    TABLE,
    UNDIRECTED,
    Scores,
    entry_rows,
    lines_of,
    markdown,
    undirected_rows,
)


class TreeReport(SplitCallback):
    """What trees tell beyond single heads, into ``reports/<split>/``.

    Distances are judged at every validation. What takes longer is done once, for the split that
    the run ends with: ``trees.csv``, ``uuas.csv``, ``breakdown.csv`` and the paper's Table 3.

    Args:
        report: the report of the same run; it comes before this among the callbacks.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.undirected: dict[str, Undirected] = {}

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start counting."""
        head = None
        if self.report.chosen_on is not None:
            chosen = self.report.counted[self.report.chosen_on].of_encoder[MAIN]
            every = chosen.row(ALL)
            head = None if every is None else chosen.best_head(every)
        is_last = split == self.report.final and trainer.state.fn != TrainerFn.FITTING
        self.parses = Parses(module, self.report.terms, head) if is_last else None
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
                self._write(folder, self.report.findings[split], counts, module)

    def _write(
        self, folder: Path, findings: Findings, counts: ParseCounts, module: ProbingModule
    ) -> None:
        """The files of the split that the run ends with, and the table in the terminal."""
        found = self.undirected[findings.split]
        subtypes = self.report.terms.subtypes
        trees = rolled_up(counts.trees, roll_ups(counts.trees.rows, subtypes), subtypes)
        write_csv(folder / "trees.csv", PROBES, tree_rows(trees, findings))
        parts = breakdown(findings, self.report.counted[findings.split], counts)
        write_csv(folder / "breakdown.csv", BREAKDOWN, (part.cells for part in parts))
        listed = entries(module, findings, self.undirected)
        title = f"{findings.split}: {Path(findings.source).name}"
        figure = breakdown_figure(parts, listed, title=f"{title}\n{module.encoder.title}")
        write_whole(folder / "breakdown.png", png(figure))
        every = list(counts.trees.rows).index(ALL)
        total = int(counts.trees.total[every])
        scores = Scores(
            uas={name: accuracy for name, (_, _, accuracy) in findings.overall.items()},
            tree={
                name: float(counts.trees.correct[every, k]) / total
                for k, name in enumerate(counts.trees.names)
                if total
            },
            undirected=found,
        )
        write_csv(folder / "table3.csv", TABLE, entry_rows(listed, scores))
        title = f"Trees ({title})"
        lines = lines_of(listed, scores)
        notes = [f"{findings.model}. {found.scope}", *findings.caveats, *NOTES]
        write_whole(folder / "table3.md", markdown(title, lines, notes))
        caption = [f"{title}. {CAPTION}", *findings.caveats]
        caption += [found.scope] if found.left_out else []
        source = latex(SHORT, lines, label="tab:trees", caption=caption, notes=notes)
        write_whole(folder / "table3.tex", source)
        show_table(title, SHORT, lines)
