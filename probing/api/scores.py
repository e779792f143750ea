"""All heads, and all probes, scored on a treebank without a run: for use from Python."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import torch
from matplotlib.figure import Figure

from probing.core import quantities
from probing.core.terms import MAIN
from probing.counting.counting import Counted, HeadCounting, ProbeCounting
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.data import EdgeData
from probing.learning.module import ProbingModule
from probing.reports.figures.heads import head_overview
from probing.reports.findings import Findings
from probing.reports.tables import BASELINES, PROBES, baseline_rows, head_columns, head_rows
from probing.reports.terminal.tables import describe


class Scores:
    """What was found on a treebank; a notebook shows the table of best heads.

    Args:
        findings: all of it, as a run reports it.
        counts: of the main encoder's heads and of the baselines.
    """

    def __init__(self, findings: Findings, counts: HeadCounts) -> None:
        self.findings = findings
        self.counts = counts

    @property
    def best_heads(self) -> pd.DataFrame:
        """The paper's Table 1 or 2; accuracies are fractions.

        The columns are the same where no row has enough anchors.
        """
        columns = ["anchors", "head", "direction", "accuracy"]
        for rival in self.findings.counts.terms.rivals:
            if rival.beside_heads:
                columns += [rival.name] if rival.is_choice else []
                columns.append(f"{rival.name} accuracy")
        lines = [
            {
                "anchors": best.total,
                "head": str(best.head),
                "direction": best.head.direction,
                "accuracy": best.accuracy,
                **{
                    name: value
                    for beside in best.beside
                    for name, value in (
                        *([(beside.rival.name, beside.label)] * beside.rival.is_choice),
                        (f"{beside.rival.name} accuracy", beside.correct / best.total),
                    )
                },
            }
            for best in self.findings.table
        ]
        relations = [best.relation for best in self.findings.table]
        return pd.DataFrame(lines, pd.Index(relations, name="relation"), columns)

    @property
    def heads(self) -> pd.DataFrame:
        """Every head on every row of the report; the columns of ``heads.csv``."""
        return _frame(head_rows(self.counts), head_columns(self.counts))

    @property
    def baselines(self) -> pd.DataFrame:
        """The columns of ``baselines.csv``."""
        return _frame(baseline_rows(self.counts), BASELINES)

    @property
    def probes(self) -> pd.DataFrame:
        """The columns of ``probes.csv``."""
        return _frame(self.findings.probe_table, PROBES)

    def figure(self) -> Figure:
        """``heads.png``."""
        return head_overview(self.findings)

    def __repr__(self) -> str:
        return self.findings.markdown

    def _repr_markdown_(self) -> str:
        return self.findings.markdown


def scored(module: ProbingModule, data: EdgeData, *, min_anchors: int) -> Scores:
    """Score the test data of ``data``, heads chosen on its validation data if there is any."""
    splits = [split for split in ("val", "test") if data.sources[split] is not None]
    if module.vectors is not None:  # all words at once: each reading takes the whole file
        module.vectors.read(word for split in splits for word in data.split(split).vocabulary)
    counted = {split: _counted(module, data, split) for split in splits}
    chosen_on = "val" if "val" in counted else "test"
    heads, probes = counted["test"]
    corpus = data.split("test")
    return Scores(
        Findings(
            split="test",
            source=corpus.source,
            model=module.description,
            counts=heads.heads,
            probes=probes,
            chosen_on=chosen_on,
            chosen=counted[chosen_on][0].as_choice_for(heads),
            min_anchors=min_anchors,
            holds=describe("test", corpus),
            scheme=corpus.scheme,
        ),
        heads.of_encoder[MAIN],
    )


def _counted(module: ProbingModule, data: EdgeData, split: str) -> tuple[Counted, ProbeCounts]:
    """What heads and probes get right on a split."""
    terms = data.split(split).terms
    heads, probes = HeadCounting(module, terms), ProbeCounting(module, terms)
    for batch in data.evaluation(split):
        moved = batch.to(module.device)
        with torch.no_grad():
            outcome = module.judge(moved)
            heads.update(moved, outcome)
            probes.update(moved, outcome)
    return heads.compute(), probes.compute()


def _frame(rows: Iterable[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    """A table whose numbers are numbers: the files round them to six decimals as text."""
    frame = pd.DataFrame(rows, columns=columns)
    measured = {each.name for each in quantities.QUANTITIES}
    numbers = {"correct", "accuracy", *measured} & set(columns)
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in sorted(numbers)})
