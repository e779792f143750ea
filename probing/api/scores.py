"""All heads, and all probes, scored on a treebank without a run: for use from Python."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import torch
from matplotlib.figure import Figure

from probing.core import quantities
from probing.core.errors import ProbingError
from probing.core.terms import ALL, MAIN
from probing.counting.best import baseline_scores
from probing.counting.counts import HeadCounts
from probing.counting.tallies import Score
from probing.data import EdgeData
from probing.data.resampling_units import overlaps
from probing.learning.encoding import check_embedded
from probing.learning.module import ProbingModule
from probing.reports import notebook
from probing.reports.best_heads import (
    absence,
    columns_of,
    folded,
    in_fewer_words,
    indented,
    markdown,
    notes_of,
    title_of,
)
from probing.reports.columns import STRONGEST
from probing.reports.example_list import ExampleList, of_head
from probing.reports.figures.heads import head_overview
from probing.reports.findings import Findings
from probing.reports.ledger import Ledger
from probing.reports.tables import BASELINES, KAPPA, PROBES, head_columns, head_rows
from probing.reports.terminal.progress import followed


class Scores:
    """What was found on a treebank; a notebook shows the table of best heads.

    Args:
        findings: all of it, as a run reports it.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    @property
    def counts(self) -> HeadCounts:
        """Of the main encoder's heads and of the baselines."""
        return self.findings.of_encoder[MAIN]

    @property
    def best_heads(self) -> pd.DataFrame:
        """The paper's Table 1 or 2; accuracies are fractions.

        The columns are the same where no row has enough anchors.
        """
        columns = ["anchors", "head", "direction", "accuracy"]
        for rival in self.findings.counts.terms.all_beside:
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
                    for beside in best.all_beside
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
        return _scores(baseline_scores(self.counts), BASELINES)

    @property
    def probes(self) -> pd.DataFrame:
        """The columns of ``probes.csv``."""
        return _scores(self.findings.scores, PROBES)

    def figure(self) -> Figure:
        """``heads.png``."""
        return head_overview(self.findings)

    def examples(
        self, row: str = ALL, head: str | None = None, *, right: int = 5, wrong: int = 5
    ) -> ExampleList:
        """Sentences in which a head is right, and in which it is wrong.

        They are taken from the anchors of the row that were noted (``examples=`` of
        :func:`probing.score` says how many), in an order that is as good as chance: there may be
        fewer than asked for.

        Args:
            row: of the report: a relation, a mention type, ``all``.
            head: layer and head, ``"3-9"``, which picks by its row, or ``"3-9 both"``; the one that
                was chosen for the row, if not given.
            right: the most that are right.
            wrong: the most that are wrong.

        Raises:
            ProbingError: if there is no such row or head, or nothing was noted.
        """
        if self.findings.examples is None:
            raise ProbingError("nothing was noted: examples=100 notes what heads pick")
        return of_head(self.findings.examples, row, head, right=right, wrong=wrong)

    def __repr__(self) -> str:
        return markdown(self.findings)

    def _repr_markdown_(self) -> str:
        return markdown(self.findings)

    def _repr_html_(self) -> str:
        findings = self.findings
        columns = [column for column in columns_of(findings) if column.brief]
        titles = [column.title for column in columns]
        lines = [
            [indented(findings, best.relation), *(own.in_brief(best) for own in columns[1:])]
            for best in folded(findings)
        ]
        words = {k for k, column in enumerate(columns) if column.words}
        notes = [
            *notes_of(findings, titles),
            *(in_fewer_words(findings.table) if STRONGEST in titles else []),
        ]
        notes += [absence(findings)] if not lines else []
        return notebook.table(title_of(findings), titles, lines, words=words, notes=notes)


def scored(module: ProbingModule, data: EdgeData, *, min_anchors: int, examples: int = 0) -> Scores:
    """Score the test data of ``data``, heads chosen on its validation data if there is any."""
    ledger = Ledger(min_anchors=min_anchors, examples=examples)
    splits = [split for split in ("val", "test") if data.sources[split] is not None]
    if module.vectors is not None:  # all words at once: each reading takes the whole file
        module.vectors.read(word for split in splits for word in data.split(split).vocabulary)
    check_embedded(module.encoders, (data.split(split) for split in splits))
    for split in splits:
        counting = ledger.begin(split, module, data.split(split))
        batches = data.evaluation(split)
        for batch in followed(batches, f"scoring {split}", count=len(batches)):
            moved = batch.to(module.device)
            with torch.no_grad():
                counting.update(moved, module.judge(moved))
        module.check_maps()
        probes = ledger.end(counting)
    findings = ledger.report(
        "test",
        probes,
        data.split("test"),
        model=module.description,
        also_in=overlaps("test", data.splits),
    )
    return Scores(findings)


def _scores(scores: Iterable[Score], columns: list[str]) -> pd.DataFrame:
    """A line a score; what is right is a whole number but where an expectation is among them."""
    lines = [(s.name, s.row, s.correct, s.total, s.accuracy) for s in scores]
    frame = pd.DataFrame(lines, columns=columns)
    if all(correct.is_integer() for correct in frame["correct"]):
        frame["correct"] = frame["correct"].astype("int64")
    return frame


def _frame(rows: Iterable[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    """A table whose numbers are numbers: the files round them to six decimals as text."""
    frame = pd.DataFrame(rows, columns=columns)
    measured = {each.name for each in quantities.QUANTITIES}
    numbers = {"correct", "accuracy", *measured, KAPPA} & set(columns)
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in sorted(numbers)})
