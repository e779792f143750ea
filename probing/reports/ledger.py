"""What a run has counted, what heads are chosen on, and which split it ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from probing.core.batches import EdgeBatch
from probing.core.outcomes import Outcome
from probing.core.terms import MAIN
from probing.counting.counting import Counted, FurtherSums, HeadCounting, ProbeCounting
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.differences import Pair
from probing.counting.examples import sample_of
from probing.counting.hard import Choice, choices
from probing.counting.resampling import Resampler
from probing.counting.sign_flips import SignFlips
from probing.counting.significance import FLIPPED
from probing.counting.stability import BY_GENRE, Genres
from probing.counting.subtypes import roll_ups, rolled_up
from probing.data.resampling_units import share_in
from probing.data.store import EdgeWindows
from probing.learning.module import ProbingModule
from probing.reports.described import describe, flips_of, resamples_of, unread
from probing.reports.examples import Examples
from probing.reports.findings import Findings


@dataclass(frozen=True)
class SplitCounting:
    """Counts the batches of a split; ``heads`` is ``None`` if those were counted before."""

    split: str
    heads: HeadCounting | None
    probes: ProbeCounting

    def update(self, batch: EdgeBatch, outcome: Outcome) -> None:
        """Count a batch that :meth:`~probing.learning.module.ProbingModule.judge` has judged."""
        self.probes.update(batch, outcome)
        if self.heads is not None:
            self.heads.update(batch, outcome)


class Ledger:
    """One for a run, from the command line or from Python: who reports on it reads it here.

    ``counted`` holds the heads' counts of each split, ``findings`` what its report says (in the
    first process of a trainer), ``judged_at`` after which step of training its probes were counted,
    ``corpora`` the data of the splits that were begun.

    Args:
        min_anchors: how many anchors a row of the report needs for a line in the tables.
        final: the split that the run ends with, which is shown on the terminal.
        is_quiet: whether something else is shown there, such as a comparison of several runs.
        resampler: counts everything in resamples, too, if given.
        flips: how many patterns of signs heads are tested by, where they are chosen elsewhere.
        pairs: which two are to be compared.
        examples: of how many anchors of each row it is noted what every head picks.
        with_pdf: whether figures are written as PDF, too.
    """

    def __init__(
        self,
        *,
        min_anchors: int = 100,
        final: str = "test",
        is_quiet: bool = False,
        resampler: Resampler | None = None,
        flips: int = 0,
        pairs: Sequence[Pair] = (),
        examples: int = 0,
        with_pdf: bool = False,
    ) -> None:
        self.min_anchors = min_anchors
        self.final = final
        self.is_quiet = is_quiet
        self.resampler = resampler
        self.flips = flips
        self.pairs = pairs
        self.examples = examples
        self.with_pdf = with_pdf
        self.counted: dict[str, Counted] = {}
        self.findings: dict[str, Findings] = {}
        self.judged_at: dict[str, int] = {}
        self.corpora: dict[str, EdgeWindows] = {}

    def shows(self, split: str) -> bool:
        """Whether what was found on a split is shown on the terminal when the run ends."""
        return split == self.final and not self.is_quiet

    @property
    def chosen_on(self) -> str | None:
        """The split whose counts choose heads, if that is not each split's own."""
        return "val" if "val" in self.counted else None

    def chosen_for(self, split: str) -> HeadCounts:
        """What heads are chosen by where ``split`` is reported."""
        counted = self.counted[split]
        return self.counted[self.chosen_on or split].as_choice_for(counted)

    def shared(self, split: str) -> float:
        """The share of a split's sentences that stand where heads are chosen; 0 on the split."""
        if self.chosen_on in (None, split):
            return 0.0
        return share_in(self.corpora[self.chosen_on].sentences, self.corpora[split].sentences)

    def begin(self, split: str, module: ProbingModule, corpus: EdgeWindows) -> SplitCounting:
        """Start counting; heads do not change and are counted once."""
        self.corpora[split] = corpus
        terms, units, drawn = corpus.terms, corpus.units, self.resampler
        heads = None
        if split not in self.counted:
            chosen = self._chosen_before(split, corpus)
            heads = HeadCounting(
                module,
                terms,
                resampler=drawn,
                units=units.of_heads,
                most_rows=corpus.most_rows,
                chosen=chosen,
                weighted=self._further_sums(corpus, chosen),
                sample=sample_of(corpus, self.examples) if self.examples else None,
            )
        probes = ProbeCounting(module, terms, resampler=drawn, units=units.of_anchors)
        return SplitCounting(split, heads, probes)

    def _further_sums(
        self, corpus: EdgeWindows, chosen: Sequence[Choice]
    ) -> dict[str, FurtherSums]:
        """By genre and with flipped signs: of heads, and of the baselines that were the strongest.

        None where nothing was chosen.
        """
        units, found = corpus.units, {}
        strongest = tuple(dict.fromkeys(choice.baselines[0] for choice in chosen))
        if strongest and units.known and units.genres:
            genres = Genres(len(units.genres), units.genre_of)
            found[BY_GENRE] = FurtherSums(genres, strongest)
        if strongest and self.flips:
            flips = SignFlips.of(self.flips, units.few_identities)
            found[FLIPPED] = FurtherSums(flips, strongest)
        return found

    def _chosen_before(self, split: str, corpus: EdgeWindows) -> list[Choice]:
        """What was chosen on other data, in the rows of the split that is going to be counted."""
        if self.chosen_on in (None, split):
            return []
        names, separators = corpus.rows, corpus.terms.subtypes
        rows = [*names, *roll_ups(names, separators)]
        heads = self.counted[self.chosen_on].heads
        return choices(rolled_up(heads, rows, separators), rows)

    def end(self, counting: SplitCounting, *, step: int = 0) -> ProbeCounts:
        """Enter what was counted, summed over processes; returns the probes' counts.

        ``step`` is that of training.
        """
        self.judged_at[counting.split] = step
        if counting.heads is not None:
            self.counted[counting.split] = counting.heads.compute()
        return counting.probes.compute()

    def _examples(self, split: str, corpus: EdgeWindows) -> Examples | None:
        counted = self.counted[split]
        if counted.noted is None:
            return None
        own, chosen = counted.of_encoder[MAIN], self.chosen_for(split)
        return Examples.of(corpus, counted.noted, own, chosen)

    def report(
        self,
        split: str,
        probes: ProbeCounts,
        corpus: EdgeWindows,
        *,
        model: str,
        is_partial: bool = False,
        also_in: Mapping[str, int] = MappingProxyType({}),
        circumstances: Mapping[str, object] = MappingProxyType({}),
    ) -> Findings:
        """Enter, and return, what the report on a split says.

        Args:
            split: whose heads have been counted.
            probes: what :meth:`end` returned.
            corpus: the split.
            model: what was looked at, in words.
            is_partial: whether batches were left out.
            also_in: how many of its sentences stand elsewhere, too, by split.
            circumstances: what was run, for ``summary.json``.
        """
        counted = self.counted[split]
        findings = self.findings[split] = Findings(
            split=split,
            source=corpus.source,
            model=model,
            counts=counted.heads,
            probes=probes,
            chosen_on=self.chosen_on or split,
            chosen=self.chosen_for(split),
            min_anchors=self.min_anchors,
            shared=self.shared(split),
            holds=describe(split, corpus, also_in=also_in),
            unread=unread(corpus.census.unknown, corpus.census.words),
            scheme=corpus.scheme,
            is_partial=is_partial,
            resamples=resamples_of(self.resampler, corpus),
            flips=flips_of(counted.of_encoder[MAIN], corpus),
            pairs=self.pairs,
            of_encoder=counted.of_encoder,
            hard=counted.hard,
            examples=self._examples(split, corpus),
            circumstances=circumstances,
            with_pdf=self.with_pdf,
        )
        return findings
