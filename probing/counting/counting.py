"""What heads, baselines and probes get right on a split, counted batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from probing.core.batches import EdgeBatch
from probing.core.outcomes import Outcome
from probing.core.terms import MAIN, Terms
from probing.counting.best import beside_heads
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.examples import ExamplePicks
from probing.counting.hard import Choice, Hard, HardAnchors
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.noted import Noted, Sample
from probing.counting.resampling import Resampler, UnitWeights
from probing.counting.subtypes import Counts, roll_ups, rolled_up
from probing.counting.tallies import Resampled, Weighted
from probing.learning.module import ProbingModule


@dataclass(frozen=True)
class FurtherSums:
    """Weighted sums of all heads, and of the ``baselines`` of these names."""

    weights: UnitWeights
    baselines: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """The counts of a split; ``of_encoder`` are heads' by the name of their encoder.

    ``hard`` is what was counted of the main encoder's heads that were chosen on another split,
    ``noted`` what they pick of the examples, ``None`` where there are none.
    """

    of_encoder: Mapping[str, HeadCounts]
    hard: Sequence[Hard] = ()
    noted: Noted | None = None

    @property
    def heads(self) -> HeadCounts:
        """The main encoder's, with those of further ones as what they are compared with."""
        others = {name: counts for name, counts in self.of_encoder.items() if name != MAIN}
        return beside_heads(self.of_encoder[MAIN], others)

    def as_choice_for(self, other: Counted) -> HeadCounts:
        """What heads are chosen by where ``other`` is reported.

        It has the rows of the other, also those of which it has one label only.
        """
        heads = self.heads
        return rolled_up(heads, other.of_encoder[MAIN].rows, heads.terms.subtypes)


class HeadCounting:
    """Counts every head of every encoder, and the baselines, over the batches of a split.

    Args:
        module: whose encoders they are.
        terms: of the task.
        resampler: counts them in resamples, too, if given.
        units: how many units have an anchor of heads, by the name of the row.
        weighted: further sums, by name, of the main encoder's heads and of baselines.
        chosen: heads of the main encoder, and baselines, that were chosen on other data.
        most_rows: in how many rows an anchor counts at most.
        sample: of which anchors it is noted what the main encoder's heads pick, if given.
    """

    def __init__(
        self,
        module: ProbingModule,
        terms: Terms,
        *,
        resampler: Resampler | None = None,
        units: Mapping[str, int] = MappingProxyType({}),
        weighted: Mapping[str, FurtherSums] = MappingProxyType({}),
        chosen: Sequence[Choice] = (),
        most_rows: int = 1,
        sample: Sample | None = None,
    ) -> None:
        self.terms = terms
        self.units = units
        self.hard: HardAnchors | None = None
        sizes = module.encoder.sizes
        if chosen:
            self.hard = HardAnchors(
                chosen,
                terms,
                layers=sizes.layer_numbers,
                heads=sizes.heads,
                most=most_rows,
            ).to(module.device)
        self.examples: ExamplePicks | None = None
        if sample is not None:
            cells = len(terms.directions), sizes.layers, sizes.heads
            self.examples = ExamplePicks(sample, cells).to(module.device)
        self.layers = {name: encoder.layer_numbers for name, encoder in module.encoders.items()}
        own = {name: sums.weights for name, sums in weighted.items()}
        self.heads = {
            name: HeadAccuracy(resampler, own if name == MAIN else {}).to(module.device)
            for name in module.encoders
        }
        self.baselines = EdgeAccuracy(terms.baselines, resampler).to(module.device)
        self.beside = {
            name: EdgeAccuracy(sums.baselines, weighted={name: sums.weights}).to(module.device)
            for name, sums in weighted.items()
        }

    def update(self, batch: EdgeBatch, outcome: Outcome) -> None:
        """Count a batch that :meth:`~probing.learning.module.ProbingModule.judge` has judged."""
        for name, heads in self.heads.items():
            heads.update(batch, outcome.heads[name])
        member = batch.member_of_heads
        self.baselines.update(batch, batch.baselines, member)
        for metric in self.beside.values():
            places = [self.terms.baselines.index(name) for name in metric.names]
            metric.update(batch, batch.baselines[..., places], member)
        if self.hard is not None:
            self.hard.update(batch, outcome.heads[MAIN])
        if self.examples is not None:
            self.examples.update(batch, outcome.heads[MAIN])

    def compute(self) -> Counted:
        """The counts, summed over processes."""
        return Counted(
            {
                name: head_counts(
                    metric,
                    self.baselines,
                    self.terms,
                    layers=self.layers[name],
                    units=self.units,
                    beside=self.beside if name == MAIN else {},
                )
                for name, metric in self.heads.items()
            },
            () if self.hard is None else self.hard.found(),
            None if self.examples is None else self.examples.found(),
        )


class ProbeCounting:
    """Counts every probe that picks candidates over a split; see :class:`HeadCounting`."""

    def __init__(
        self,
        module: ProbingModule,
        terms: Terms,
        *,
        resampler: Resampler | None = None,
        units: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.terms = terms
        self.units = units
        self.metric = EdgeAccuracy(tuple(module.pickers), resampler).to(module.device)

    def update(self, batch: EdgeBatch, outcome: Outcome) -> None:
        """Count a batch that :meth:`~probing.learning.module.ProbingModule.judge` has judged."""
        self.metric.update(batch.probed, outcome.hits)

    def compute(self) -> ProbeCounts:
        """The counts, summed over processes."""
        found = self.metric.compute()
        drawn = Resampled.taken(found, self.units, self.metric.rows)
        counts = ProbeCounts(self.metric.rows, self.metric.names, resampled=drawn, **found)
        return _with_roll_ups(counts, self.terms)


def head_counts(
    heads: HeadAccuracy,
    baselines: EdgeAccuracy,
    terms: Terms,
    *,
    layers: Sequence[int],
    units: Mapping[str, int] = MappingProxyType({}),
    beside: Mapping[str, EdgeAccuracy] = MappingProxyType({}),
) -> HeadCounts:
    """What two metrics counted, summed over processes, and rows that add up others.

    Args:
        heads: every head of an encoder.
        baselines: those of the task.
        terms: of the task.
        layers: the numbers of the encoder's layers.
        units: how many units have an anchor of heads, by the name of the row.
        beside: further sums of baselines, by the name of the sums; ``heads`` have those, too.
    """
    # A metric keeps what it has computed, and gives it again.
    of_baselines, of_heads = dict(baselines.compute()), dict(heads.compute())
    drawn = Resampled.taken(of_heads, units, heads.rows)
    drawn_baselines = Resampled.taken(of_baselines, units, baselines.rows)
    weighted = {
        name: Weighted(
            heads=of_heads.pop(f"{name}_correct"),
            baselines=own.compute()[f"{name}_correct"],
            total=of_heads.pop(f"{name}_total"),
            names=own.names,
        )
        for name, own in beside.items()
    }
    counts = HeadCounts(
        terms=terms,
        rows=heads.rows,
        baselines=of_baselines["correct"],
        layers=layers,
        resampled=drawn,
        # Baselines count root words, too, which are no anchors of heads.
        resampled_baselines=drawn and drawn_baselines and drawn_baselines.beside(drawn),
        weighted=weighted,
        **of_heads,
    )
    return _with_roll_ups(counts, terms)


def _with_roll_ups(counts: Counts, terms: Terms) -> Counts:
    return rolled_up(counts, roll_ups(counts.rows, terms.subtypes), terms.subtypes)
