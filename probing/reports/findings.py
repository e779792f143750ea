"""What a split's report says, as numbers; other modules put them into words and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import fmean

from probing.core.schemes import Scheme, is_roll_up
from probing.core.terms import ALL
from probing.counting.best import BestHead, best_heads, probe_scores
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.differences import Difference, Pair, differences
from probing.counting.hard import Hard
from probing.counting.significance import TableTests, table_tests
from probing.counting.spread import Family, families
from probing.counting.tallies import Score
from probing.data.builtin.reader import is_builtin
from probing.reports.examples import Examples

SAME = 0.9
"""Data that hold this share of the scored sentences are the same data: nothing is held out."""


@dataclass(frozen=True)
class Findings:
    """All that a split's report says, from what was counted on it.

    ``counts`` are of the main encoder's heads, with those of further encoders among the baselines;
    ``of_encoder`` has each encoder's own, by its name. ``chosen`` is what heads and baselines are
    chosen by, the counts on the split ``chosen_on``, which holds ``shared``, a fraction, of the
    scored sentences;
    ``holds`` says what the split holds and what was left out, ``scheme`` how it is annotated;
    ``unread`` warns of a text that the model cannot read;
    ``is_partial`` says that batches were left out (``--trainer.limit_test_batches``).
    ``resamples`` says what intervals come from, ``flips`` what tests do; ``pairs`` are those to
    compare.
    ``hard`` says what heads that were chosen on other data get right where baselines are wrong.
    ``examples`` are those of what every head picks, ``None`` where none were noted.
    ``circumstances`` is the part of ``summary.json`` that says what was run, on what and how;
    ``with_pdf`` asks for figures as PDF, too.
    """

    split: str
    source: str
    model: str
    counts: HeadCounts
    probes: ProbeCounts
    chosen_on: str
    chosen: HeadCounts
    min_anchors: int
    shared: float = 0.0
    holds: str = ""
    unread: str = ""
    scheme: Scheme | None = None
    is_partial: bool = False
    resamples: str = ""
    flips: str = ""
    pairs: Sequence[Pair] = ()
    of_encoder: Mapping[str, HeadCounts] = field(default_factory=dict)
    hard: Sequence[Hard] = ()
    examples: Examples | None = None
    circumstances: Mapping[str, object] = field(default_factory=dict)
    with_pdf: bool = False

    @cached_property
    def table(self) -> list[BestHead]:
        """Table 1."""
        table = best_heads(self.counts, self.chosen, at_least=self.min_anchors, tests=self.tests)
        hard = {(own.row, own.baseline): own for own in self.hard}
        # A choice that was made on the scored data was not made before.
        is_before = self.chosen_on != self.split
        return [
            replace(
                best,
                hard=hard.get((best.relation, best.strongest.baseline)) if best.strongest else None,
                stability=best.stability if is_before else None,
            )
            for best in table
        ]

    @cached_property
    def tests(self) -> TableTests | None:
        """Of all heads against the strongest baselines; ``None`` where nobody asked for them."""
        return table_tests(self.counts, self.chosen, at_least=self.min_anchors)

    @property
    def pictured(self) -> list[BestHead]:
        """The first twelve rows of Table 1 that do not add up others."""
        sums = self.counts.terms.with_roots
        shown = [best for best in self.table if not is_roll_up(best.relation)]
        return [best for best in shown if best.relation not in sums][:12]

    @cached_property
    def scores(self) -> list[Score]:
        """Every row of each probe, then of what takes no training."""
        return list(probe_scores(self.probes, self.counts, self.chosen))

    @cached_property
    def overall(self) -> dict[str, Score]:
        """The scores over ``all``, by the name of the probe.

        Empty where no anchor counts there, as where every relation is ``punct``.
        """
        return {score.name: score for score in self.scores if score.row == ALL}

    @property
    def trained(self) -> dict[str, float]:
        """The accuracy over ``all`` of each trained probe that :attr:`overall` has."""
        overall = self.overall
        return {name: overall[name].accuracy for name in self.probes.names if name in overall}

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

    @property
    def is_demonstration(self) -> bool:
        """Whether the text is generated."""
        return is_builtin(self.source)

    @property
    def is_held_out(self) -> bool:
        """Whether heads are chosen on other data than they are scored on."""
        return self.chosen_on != self.split and self.shared < SAME

    @property
    def whole(self) -> tuple[str, ...]:
        """The rows of all anchors, whatever their relation."""
        return (ALL, *self.counts.terms.with_roots)

    @property
    def flattery(self) -> float | None:
        """How much higher the best heads of the scored data score, mean over rows but ``whole``."""
        found = [best.flattery for best in self.table if best.relation not in self.whole]
        return fmean(found) if found and self.is_held_out else None

    @cached_property
    def families(self) -> list[Family]:
        """Probes with several seeds, row by row."""
        return families(score for score in self.scores if score.name in self.probes.names)

    @property
    def overall_families(self) -> list[Family]:
        """Those over ``all``."""
        return [family for family in self.families if family.row == ALL]

    @cached_property
    def differences(self) -> list[Difference]:
        """Of the pairs that the user named."""
        return list(differences(self.pairs, self.probes, self.counts, self.chosen))
