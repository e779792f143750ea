"""What a split's report says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .batch import ALL
from .reports import BestHead, HeadCounts, ProbeCounts, best_heads, probe_rows

DEMONSTRATION = "Demonstration on generated text: these scores are not findings."
PARTIAL = "Only a part of the data was scored, as the trainer was told: these are no results."


@dataclass(frozen=True)
class Findings:
    """All that a split's report says, from what was counted on it.

    ``chosen`` is what heads and offsets are chosen by, the counts on the split ``chosen_on``;
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
    is_partial: bool = False

    @cached_property
    def table(self) -> list[BestHead]:
        """Table 1."""
        return best_heads(self.counts, self.chosen, at_least=self.min_anchors)

    @cached_property
    def probe_table(self) -> list[tuple[object, ...]]:
        """Lines of ``probes.csv``."""
        return list(probe_rows(self.probes, self.counts, self.chosen))

    @property
    def overall(self) -> dict[str, tuple[int, int, float]]:
        """Over ``all``, of each line of ``probes.csv``: correct, total and accuracy."""
        return {
            str(name): (int(str(correct)), int(str(total)), float(str(accuracy)))
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
        return f"Best head of each relation ({self.split}: {Path(self.source).name})"

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables must know."""
        own = "" if self.chosen_on != self.split else ", the data that they are scored on"
        return [
            *([DEMONSTRATION] if self.is_demonstration else []),
            *([PARTIAL] if self.is_partial else []),
            f"Heads and offsets chosen on {self.chosen_on}{own}.",
            f"At least {self.min_anchors} anchors. {self.model}.",
        ]

    @cached_property
    def markdown(self) -> str:
        """``best_heads.md``."""
        return best_heads_markdown(self.table, title=self.title, notes=self.notes)

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
                    "offset": b.offset,
                    "offset_accuracy": round(b.offset_accuracy, 6),
                }
                for b in self.table
            },
            "uas": {name: accuracy for name, (_, _, accuracy) in self.overall.items()},
        }


def best_heads_markdown(table: Sequence[BestHead], *, title: str, notes: Sequence[str]) -> str:
    """``best_heads.md``."""
    lines = [f"# {title}", "", *(line for note in notes for line in (note, ""))]
    lines += [
        "| relation | anchors | best head | direction | accuracy | best offset | its accuracy |",
        "|---|---:|---:|---|---:|---:|---:|",
    ]
    lines += [
        f"| {b.relation} | {b.total:,} | {b.head} | {b.head.direction} | {100 * b.accuracy:.1f} "
        f"| {b.offset:+d} | {100 * b.offset_accuracy:.1f} |"
        for b in table
    ]
    return "\n".join(lines) + "\n"
