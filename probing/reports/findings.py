"""What a split's report says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from probing.core.files import markdown_table
from probing.core.schemes import Scheme, in_the_paper, is_roll_up
from probing.core.terms import ALL, Terms
from probing.counting.best import BestHead, best_heads
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.differences import Difference, Pair, differences
from probing.counting.intervals import BOUNDS, FEW, Interval
from probing.counting.spread import Family, families
from probing.reports.columns import Column, layout
from probing.reports.tables import probe_rows

DEMONSTRATION = "Demonstration on generated text: these scores are not findings."
PARTIAL = "Only a part of the data was scored, as the trainer was told: these are no results."
WILSON = f"Wilson's below {FEW} units, and where all or nothing is right."


@dataclass(frozen=True)
class Findings:
    """All that a split's report says, from what was counted on it.

    ``chosen`` is what heads and baselines are chosen by, the counts on the split ``chosen_on``;
    ``holds`` says what the split holds and what was left out, ``scheme`` how it is annotated;
    ``is_partial`` says that batches were left out (``--trainer.limit_test_batches``).
    ``resamples`` says what intervals come from; ``pairs`` are those to compare.
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
    resamples: str = ""
    pairs: Sequence[Pair] = ()

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
        """Over ``all``, of each line of ``probes.csv``: correct, total and accuracy.

        Empty where no anchor counts there, as where every relation is ``punct``.
        """
        return {
            str(name): (float(str(correct)), int(str(total)), float(str(accuracy)))
            for name, row, correct, total, accuracy, *_ in self.probe_table
            if row == ALL
        }

    @property
    def trained(self) -> dict[str, float]:
        """The accuracy over ``all`` of each trained probe that :attr:`overall` has."""
        overall = self.overall
        return {name: overall[name][2] for name in self.probes.names if name in overall}

    @property
    def best_over_all(self) -> dict[str, str]:
        """Which head, offset and the like :attr:`overall` has as the best, by its name there."""
        chosen, every = self.chosen, self.chosen.row(ALL)
        if every is None:
            return {}
        head = chosen.best_head(every)
        rivals = (rival for rival in chosen.terms.rivals if rival.is_choice)
        best = {f"best-{rival.name}": rival.label(chosen.best_of(every, rival)) for rival in rivals}
        return {"best-head": f"{head} {head.direction}"} | best

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """Of what :attr:`overall` holds; empty where there are none."""
        lines = (line for line in self.probe_table if line[1] == ALL and len(line) > 5)
        return {str(name): Interval.read(*cells) for name, _, _, _, _, *cells in lines}

    @property
    def is_demonstration(self) -> bool:
        """Whether the text is generated."""
        return self.source.startswith("builtin:")

    @property
    def title(self) -> str:
        """What the tables are about."""
        return f"Best head of each {self.counts.terms.row} ({self.split}: {Path(self.source).name})"

    @cached_property
    def layout(self) -> list[Column]:
        """The columns of the table of best heads."""
        return layout(
            self.counts.terms,
            has_intervals=self.counts.resampled is not None,
            own=f"best on {self.split}" if self.is_held_out else None,
        )

    @property
    def is_held_out(self) -> bool:
        """Whether heads are chosen on other data than they are scored on."""
        return self.chosen_on != self.split

    @property
    def columns(self) -> list[str]:
        """The columns of the table of best heads in the files."""
        return [column.title for column in self.layout]

    @property
    def lines(self) -> list[list[str]]:
        """The cells of the table of best heads; accuracies in percent."""
        return [[column.cell(best) for column in self.layout] for best in self.table]

    @property
    def flattery(self) -> float | None:
        """How much higher the best heads of the scored data score, mean over rows but ``all``."""
        found = [best.flattery for best in self.table if best.relation != ALL]
        return fmean(found) if found and self.is_held_out else None

    @cached_property
    def families(self) -> list[Family]:
        """Probes with several seeds, over ``all``."""
        return families(self.trained.items())

    @cached_property
    def differences(self) -> list[Difference]:
        """Of the pairs that the user named."""
        return list(differences(self.pairs, self.probes, self.counts, self.chosen))

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
    def caveats(self) -> list[str]:
        """What a reader of any table of these scores must know."""
        own = "" if self.is_held_out else ", the data that they are scored on"
        return [
            *([DEMONSTRATION] if self.is_demonstration else []),
            *([PARTIAL] if self.is_partial else []),
            f"{what_is_chosen(self.counts.terms)} chosen on {self.chosen_on}{own}.",
        ]

    @property
    def notes(self) -> list[str]:
        """What a reader of the table of best heads must know."""
        return [
            *self.caveats,
            *self._on_flattery,
            *([f"Intervals: 95%, from {self.resamples}. {WILSON}"] if self.resamples else []),
            f"At least {self.min_anchors} anchors. {self.model}.",
        ]

    @property
    def _on_flattery(self) -> list[str]:
        if self.flattery is None:
            return []
        return [
            f"Best on {self.split}: chosen on the data that it is scored on, as in the paper; "
            f"{100 * self.flattery:.1f} points higher, mean over the rows but {ALL}."
        ]

    @cached_property
    def markdown(self) -> str:
        """``best_heads.md``."""
        said = [*self.notes, *self.holds.splitlines()]
        if self.scheme is not None and self.scheme.name == "UD":
            said += in_the_paper([best.relation for best in self.table]).splitlines()
        notes = (line for note in said for line in (note.strip(), ""))
        words = [k for k, column in enumerate(self.layout) if column.words]
        table = (
            markdown_table(self.columns, self.lines, words=words) if self.table else [self.absence]
        )
        return "\n".join([f"# {self.title}", "", *notes, *table]) + "\n"

    def summary(self) -> dict[str, object]:
        """The part of ``summary.json`` that is about scores."""
        score = self.counts.terms.score.lower()
        ends = {name: _bounds(interval) for name, interval in self.intervals.items()}
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
                    **_bounds(b.interval),
                    **{
                        beside.rival.name: {
                            "baseline": beside.baseline,
                            "accuracy": round(beside.correct / b.total, 6),
                            **_bounds(beside.interval),
                        }
                        for beside in b.beside
                    },
                    **self._own(b),
                }
                for b in self.table
            },
            **({} if self.flattery is None else {"flattery": round(self.flattery, 6)}),
            score: {name: accuracy for name, (_, _, accuracy) in self.overall.items()},
            **({"intervals": {"from": self.resamples, score: ends}} if self.resamples else {}),
            **({"seeds": {f.name: f.summary for f in self.families}} if self.families else {}),
            **({"differences": self._differences} if self.pairs else {}),
        }

    def _own(self, best: BestHead) -> dict[str, object]:
        """The head that is best where it is scored, if another was chosen elsewhere."""
        if not self.is_held_out:
            return {}
        return {
            f"best_on_{self.split}": {
                "head": str(best.own),
                "direction": best.own.direction,
                "accuracy": round(best.own_accuracy, 6),
                "flattery": round(best.flattery, 6),
            }
        }

    @property
    def _differences(self) -> list[dict[str, object]]:
        """Over ``all``."""
        return [
            {
                "first": found.pair.first,
                "second": found.pair.second,
                "difference": round(found.apart, 6),
                **_bounds(found.interval),
            }
            for found in self.differences
            if found.row == ALL
        ]


def what_is_chosen(terms: Terms) -> str:
    """Heads, and which baselines, as the start of a sentence."""
    rivals = [rival for rival in terms.rivals if rival.is_choice]
    *first, last = "Heads", *(rival.family or f"{rival.name}s" for rival in rivals)
    return f"{', '.join(first)} and {last}" if first else last


def _bounds(interval: Interval | None) -> dict[str, float]:
    """Ends and units, for ``summary.json``."""
    if interval is None:
        return {}
    values = (round(interval.low, 6), round(interval.high, 6), interval.units)
    return dict(zip(BOUNDS, values, strict=True))
