"""Counts treebanks beside each other while the heads are scored, and writes what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytorch_lightning import Trainer

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.outcomes import Outcome
from probing.core.terms import MAIN
from probing.counting.counts import HeadCounts
from probing.counting.subtypes import rolled_up
from probing.counting.treebanks import TreebankAccuracy
from probing.data.resampling_units import share_in
from probing.data.sources.folders import listed
from probing.data.store import EdgeWindows
from probing.learning.module import ProbingModule
from probing.reports.best_heads import where_chosen
from probing.reports.ledger import Ledger
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback, corpora, is_partial
from probing.reports.treebanks.findings import Treebank, TreebankFindings
from probing.reports.treebanks.grouping import By, Grouping, grouped
from probing.reports.treebanks.tables import show_treebanks
from probing.reports.treebanks.writers import OF_TREEBANKS
from probing.reports.writers import write


@dataclass(frozen=True)
class TreebankOptions:
    """How treebanks of one folder are told apart.

    Args:
        by: how files are told apart: by ``language`` or ``treebank``, as their names say
            (en_ewt-ud-test.conllu is en and en_ewt), by ``file``, or not at all (``none``).
            ``auto``: by language, or by treebank where there is one language; files of other
            names by file, unless there are more than 50.
        first: the language, treebank or file whose best heads are tried on the others; the
            first in sorted order, if not given.
    """

    by: By = "auto"
    first: str | None = None


class Treebanks(SplitCallback):
    """Tells the files of a folder apart and compares their best heads.

    Writes ``treebanks.csv``, ``treebanks.md`` and ``treebanks.png`` beside the reports on the
    whole folder, which are the same with or without.

    Args:
        ledger: of the run; the report that fills it comes before this among the callbacks.
        options: how they are told apart.
    """

    def __init__(self, ledger: Ledger, options: TreebankOptions) -> None:
        self.ledger = ledger
        self.by, self.first = options.by, options.first
        self.counts: dict[str, Mapping[str, HeadCounts]] = {}
        self.metric: TreebankAccuracy | None = None

    def check(self, corpora: Mapping[str, EdgeWindows], final: str) -> None:
        """Find out what is wrong with the options before anything is scored.

        Training data may have files of any name: no report tells them apart.

        Raises:
            ProbingError: for files that cannot be told apart as was asked for, and for a
                ``first`` that is none of the treebanks of the split ``final``.
        """
        groupings = {
            split: self.grouping(corpora[split]) for split in ("val", "test") if split in corpora
        }
        if self.first is None or final not in groupings:
            return
        found = groupings[final]
        if found is None:
            raise ProbingError(
                f"--treebanks.first {self.first}: expected a folder of several treebanks as "
                f"{final} data, found one corpus (--treebanks.by says how files are told apart)"
            )
        if self.first not in found.names:
            raise ProbingError(
                f"--treebanks.first {self.first}: expected one of {listed(found.names)}"
            )

    def grouping(self, corpus: EdgeWindows) -> Grouping | None:
        """Which treebank each file of a corpus belongs to; ``None`` if there are not several."""
        if len(corpus.parts) < 2:
            return None
        return grouped([part.name for part in corpus.parts], self.by)

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start counting, if the split is a folder of several treebanks."""
        self.metric = None
        corpus = corpora(trainer)[split]
        found = self.grouping(corpus)
        if split not in self.counts and found is not None:
            of = [found.of[part] for part in corpus.part_of.tolist()]
            self.metric = TreebankAccuracy(
                found.names, of, terms=corpus.terms, device=module.device
            )

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """Count a batch."""
        if self.metric is not None:
            self.metric.update(batch, outcome.heads[MAIN])

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Sum over processes, write, and show the table."""
        if self.metric is None:
            return
        self.counts[split] = self.metric.compute(module.encoder.layer_numbers)
        self.metric = None
        if trainer.is_global_zero:
            self._write(split, trainer, module)

    def _write(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        corpus = corpora(trainer)[split]
        grouping = self.grouping(corpus)
        assert grouping is not None
        findings = TreebankFindings(
            kind=grouping.kind,
            split=split,
            source=corpus.source,
            model=module.encoder.description,
            treebanks=[
                self._treebank(name, split, grouping, corpus)
                for name in sorted(grouping.names, key=lambda name: (name != self.first, name))
            ],
            min_anchors=self.ledger.min_anchors,
            is_partial=is_partial(trainer, split),
            with_pdf=self.ledger.with_pdf,
        )
        folder = run_folder(trainer) / "reports" / split
        write(OF_TREEBANKS, findings, folder)
        if self.ledger.shows(split):
            show_treebanks(findings)

    def _treebank(self, name: str, split: str, grouping: Grouping, corpus: EdgeWindows) -> Treebank:
        """One treebank; its heads are chosen on its own validation data, else on all of them."""
        counts = self.counts[split][name]
        chosen, chosen_on = self._choice(name, split, grouping, corpus)
        parts = [corpus.parts[number] for number in grouping.parts(name)]
        return Treebank(
            name=name,
            counts=counts,
            # The rows of this split, also those of which the other has one label only.
            chosen=rolled_up(chosen, counts.rows, corpus.terms.subtypes),
            chosen_on=chosen_on,
            files=len(parts),
            sentences=sum(part.sentences for part in parts),
            used=sum(part.used for part in parts),
            words=sum(part.words for part in parts),
            unknown=sum(part.unknown for part in parts),
        )

    def _choice(
        self, name: str, split: str, grouping: Grouping, corpus: EdgeWindows
    ) -> tuple[HeadCounts, str]:
        """What a treebank's heads are chosen by, and what that was counted on, in words."""
        whole = self.ledger.chosen_on
        if whole is None or whole == split:
            return self.counts[split][name], where_chosen(split, split, shared=0.0)
        scored, known = corpus.sentences_of(grouping.parts(name)), self.ledger.corpora[whole]
        if name not in self.counts.get(whole, {}):
            shared = share_in(known.sentences, scored)
            every = self.ledger.counted[whole].of_encoder[MAIN]
            return every, where_chosen(f"the whole of {whole}", split, shared=shared)
        same = self.grouping(known)
        assert same is not None, "it was counted treebank by treebank"
        shared = share_in(known.sentences_of(same.parts(name)), scored)
        chosen_on = where_chosen(f"{whole} of the same {grouping.kind}", split, shared=shared)
        return self.counts[whole][name], chosen_on
