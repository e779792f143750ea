"""What a split's report says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .batch import ALL
from .reports import BestHead, HeadCounts, ProbeCounts, best_heads, probe_rows
from .schemes import Scheme, in_the_paper, is_roll_up

DEMONSTRATION = "Demonstration on generated text: these scores are not findings."
PARTIAL = "Only a part of the data was scored, as the trainer was told: these are no results."


@dataclass(frozen=True)
class Findings:
    """All that a split's report says, from what was counted on it.

    ``chosen`` is what heads and baselines are chosen by, the counts on the split ``chosen_on``;
    ``holds`` says what the split holds and what was left out, ``scheme`` how it is annotated;
    ``is_partial`` says that batches were left out (``--trainer.limit_test_batches``).
    """

    split: str
    source: str
    model: str
    counts: HeadCounts
    probes: ProbeCounts
    chosen_on: str
    chosen: HeadCounts
    min_anchors: int
    holds: str = ""
    scheme: Scheme | None = None
    is_partial: bool = False

    @cached_property
    def table(self) -> list[BestHead]:
        """Table 1."""
        return best_heads(self.counts, self.chosen, at_least=self.min_anchors)

    @property
    def pictured(self) -> list[BestHead]:
        """The first twelve rows of Table 1 that do not add up others."""
        return [best for best in self.table if not is_roll_up(best.relation)][:12]

    @cached_property
    def probe_table(self) -> list[tuple[object, ...]]:
        """Lines of ``probes.csv``."""
        return list(probe_rows(self.probes, self.counts, self.chosen))

    @property
    def overall(self) -> dict[str, tuple[float, int, float]]:
        """Over ``all``, of each line of ``probes.csv``: correct, total and accuracy."""
        return {
            str(name): (float(str(correct)), int(str(total)), float(str(accuracy)))
            for name, row, correct, total, accuracy in self.probe_table
            if row == ALL
        }

    @property
    def is_demonstration(self) -> bool:
        """Whether the text is generated."""
        return self.source.startswith("builtin:")

    @property
    def title(self) -> str:
        """What the tables are about."""
        return f"Best head of each {self.counts.terms.row} ({self.split}: {Path(self.source).name})"

    @property
    def what_is_chosen(self) -> str:
        """Heads, and which baselines, as the start of a sentence."""
        rivals = [rival for rival in self.counts.terms.rivals if rival.is_choice]
        *first, last = "Heads", *(rival.family or f"{rival.name}s" for rival in rivals)
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def columns(self) -> list[str]:
        """The columns of the table of best heads, as the terminal and the files show them."""
        shown = [rival for rival in self.counts.terms.rivals if rival.beside_heads]
        beside = [
            column
            for rival in shown
            for column in ([rival.name, "its accuracy"] if rival.is_choice else [rival.name])
        ]
        return [self.counts.terms.row, "anchors", "head", "direction", "accuracy", *beside]

    def holds_words(self, column: str) -> bool:
        """Whether a column holds words, which stand to the left, or numbers, to the right."""
        return column in {self.counts.terms.row, "direction"}

    @property
    def lines(self) -> list[list[str]]:
        """The cells of the table of best heads; accuracies in percent."""
        return [
            [
                best.relation,
                f"{best.total:,}",
                str(best.head),
                best.head.direction,
                _percent(best.correct, best.total),
                *(
                    cell
                    for beside in best.beside
                    for cell in (
                        *([beside.label] if beside.rival.is_choice else []),
                        _percent(beside.correct, best.total),
                    )
                ),
            ]
            for best in self.table
        ]

    @property
    def absence(self) -> str:
        """Why the table of best heads has no line, if so."""
        if self.table:
            return ""
        row, totals = self.counts.terms.row, self.counts.total
        if not (totals > 0).any():
            return f"No {row} has an anchor that heads are scored on."
        if (totals >= self.min_anchors).any():
            return (
                f"No {row} with {self.min_anchors} anchors has any on {self.chosen_on}, "
                "where heads are chosen."
            )
        return (
            f"No {row} has {self.min_anchors} anchors; min_anchors=1 (--report.min_anchors 1) "
            "shows those with fewer."
        )

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables must know."""
        own = "" if self.chosen_on != self.split else ", the data that they are scored on"
        return [
            *([DEMONSTRATION] if self.is_demonstration else []),
            *([PARTIAL] if self.is_partial else []),
            f"{self.what_is_chosen} chosen on {self.chosen_on}{own}.",
            f"At least {self.min_anchors} anchors. {self.model}.",
        ]

    @cached_property
    def markdown(self) -> str:
        """``best_heads.md``."""
        said = [*self.notes, *self.holds.splitlines()]
        if self.scheme is not None and self.scheme.name == "UD":
            said += in_the_paper([best.relation for best in self.table]).splitlines()
        notes = (line for note in said for line in (note.strip(), ""))
        rule = ["---" if self.holds_words(column) else "---:" for column in self.columns]
        table = [f"| {' | '.join(cells)} |" for cells in (self.columns, *self.lines)]
        table.insert(1, f"|{'|'.join(rule)}|")
        shown = table if self.table else [self.absence]
        return "\n".join([f"# {self.title}", "", *notes, *shown]) + "\n"

    def summary(self) -> dict[str, object]:
        """The part of ``summary.json`` that is about scores."""
        return {
            "demonstration": self.is_demonstration,
            "partial": self.is_partial,
            "split": self.split,
            "heads_chosen_on": self.chosen_on,
            "best_heads": {
                b.relation: {
                    "head": str(b.head),
                    "direction": b.head.direction,
                    "accuracy": round(b.accuracy, 6),
                    "anchors": b.total,
                    **{
                        beside.rival.name: {
                            "baseline": beside.baseline,
                            "accuracy": round(beside.correct / b.total, 6),
                        }
                        for beside in b.beside
                    },
                }
                for b in self.table
            },
            self.counts.terms.score.lower(): {
                name: accuracy for name, (_, _, accuracy) in self.overall.items()
            },
        }


def _percent(correct: float, total: int) -> str:
    return f"{100 * correct / total:.1f}"
