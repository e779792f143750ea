"""Reports alongside training: what heads and probes get right, as tables and figures."""

from __future__ import annotations

import time

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn

from probing.core.batches import EdgeBatch
from probing.core.outcomes import Outcome
from probing.core.terms import ALL
from probing.counting.counts import ProbeCounts
from probing.data.resampling_units import overlaps
from probing.learning.module import ProbingModule
from probing.reports.described import describe
from probing.reports.findings import Findings
from probing.reports.ledger import Ledger
from probing.reports.run_folder import add_scalars, run_folder
from probing.reports.split_callback import SplitCallback, corpora, is_partial
from probing.reports.summary import circumstances
from probing.reports.terminal.tables import show, show_epoch, show_findings
from probing.reports.wording import wording_of
from probing.reports.writers import OF_HEADS, OF_PROBES, write


class Report(SplitCallback):
    """Counts every head, baseline and probe into a ledger, and writes ``reports/<split>/``.

    Heads do not change while a probe trains, so they are counted once a split; probes are
    counted at every validation. Every process counts its own batches; the sums are exact.

    Args:
        ledger: of the run; who reads it comes after this among the callbacks.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.started = time.monotonic()
        self.described: set[str] = set()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Say what the data holds."""
        assert isinstance(pl_module, ProbingModule)
        opened, vectors = corpora(trainer), pl_module.vectors
        if trainer.is_global_zero and not self.described:
            for oddity in pl_module.encoder.tokenizer.oddities:
                show(f"{pl_module.encoder.name}: {oddity}")
        if vectors is not None:  # all words at once: each reading takes the whole file
            vectors.read(word for corpus in opened.values() for word in corpus.vocabulary)
        for split, corpus in opened.items():
            wording_of(corpus.terms)  # wrong ones are found out before anything is counted
            if trainer.is_global_zero and split not in self.described:
                self.described.add(split)
                show(describe(split, corpus, also_in=overlaps(split, opened)))
                if vectors is not None:
                    show(f"  {vectors.name}: {vectors.coverage(corpus.vocabulary)}")

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start counting."""
        self.counting = self.ledger.begin(split, module, corpora(trainer)[split])
        # While probes train, nobody else asks what heads pick.
        is_fitting = trainer.state.fn == TrainerFn.FITTING
        module.picks_heads = self.counting.heads is not None or not is_fitting

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """Count a batch."""
        self.counting.update(batch, outcome)

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Sum over processes, write, and show the tables."""
        probes = self.ledger.end(self.counting, step=trainer.global_step)
        score = wording_of(corpora(trainer)[split].terms).score
        _log_accuracy(f"{split}/{score.lower()}", probes, module)
        if trainer.is_global_zero:
            findings = self._found(split, probes, trainer, module)
            folder = run_folder(trainer) / "reports" / split
            if self.counting.heads is not None:
                write(OF_HEADS, findings, folder)
                heads = {best.relation: best.accuracy for best in findings.table}
                add_scalars(trainer, {f"{split}/heads/{r}": share for r, share in heads.items()})
            write(OF_PROBES, findings, folder)
            if trainer.state.fn == TrainerFn.FITTING:
                show_epoch(trainer.current_epoch + 1, split, score, findings.trained)
            elif self.ledger.shows(split):
                show_findings(findings)
                show(f"Reports: {folder}")

    def _found(
        self, split: str, probes: ProbeCounts, trainer: Trainer, module: ProbingModule
    ) -> Findings:
        opened = corpora(trainer)
        corpus, also_in = opened[split], overlaps(split, opened)
        seconds = time.monotonic() - self.started
        return self.ledger.report(
            split,
            probes,
            corpus,
            model=module.description + _computed_in(trainer),
            is_partial=any(is_partial(trainer, s) for s in {split, self.ledger.chosen_on or split}),
            also_in=also_in,
            circumstances=circumstances(corpus, trainer, module, seconds=seconds, also_in=also_in),
        )


def _log_accuracy(score: str, probes: ProbeCounts, module: LightningModule) -> None:
    every = list(probes.rows).index(ALL)
    total = int(probes.total[every])
    for k, name in enumerate(probes.names if total else ()):
        share = float(probes.correct[every, k]) / total
        module.log(f"{score}/{name}", share, rank_zero_only=True)


def _computed_in(trainer: Trainer) -> str:
    """The precision of the run, where it is not the usual one."""
    return "" if trainer.precision == "32-true" else f"; computed in {trainer.precision}"
