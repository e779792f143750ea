"""The jobs on heads and probes as finders of edges: of dependency trees, of coreference, ..."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

from pytorch_lightning.callbacks import Callback, ModelCheckpoint, ProgressBar

from probing.core.category_rules import FORM, GOLD
from probing.core.errors import Interrupted, ProbingError
from probing.counting.differences import read_pair
from probing.counting.resampling import Resampler
from probing.data import DependencyData, EdgeData
from probing.encoder import Encoder
from probing.jobs.checks import check_place, hold_folder, is_first, make_ready
from probing.jobs.compare import compare
from probing.jobs.compared_models import entries_of
from probing.jobs.parse_errors import Parser
from probing.jobs.parser import Commands, flat
from probing.jobs.resuming import check_checkpoint, learnt_from
from probing.jobs.scripts import CHECKPOINT, Script, called
from probing.jobs.trainer_checks import check_length
from probing.learning.checkpoints import going_on, load_checkpoint
from probing.learning.feature_cache import CachedFeatures, cache_of
from probing.learning.module import ProbingModule
from probing.reports.heatmaps import HeatMaps
from probing.reports.ledger import Ledger
from probing.reports.own_writers import OwnWriters, ReportOptions, complain
from probing.reports.page.callback import Page
from probing.reports.paper.report import PaperReport
from probing.reports.predictions.callback import Predictions
from probing.reports.report import Report
from probing.reports.terminal.tables import show
from probing.reports.treebanks import TreebankOptions, Treebanks
from probing.reports.trees.report import TreeReport
from probing.reports.weights import HeadWeights

Checkpoint = dict[str, Any]
FEWEST = 40  # resamples that a 2.5th percentile can be told from
FEWEST_FLIPS = 19  # of which, and the observed one, one is 5%
MOST = 1_000_000  # of which each is a sum to keep


class Edges(Commands):
    """What the two jobs share: how heads, and the probes of a checkpoint, are evaluated."""

    kinds: ClassVar[tuple[type, type]] = (ProbingModule, EdgeData)
    sections: ClassVar[Mapping[str, type]] = {"report": ReportOptions, "treebanks": TreebankOptions}

    @classmethod
    def link(cls, parser: Parser) -> None:
        """Hand the seeds to the model; a list in brackets is one value of several."""
        parser.link_arguments("seeds", "model.seeds", compute_fn=flat)

    def callbacks(self) -> list[Callback]:
        """What looks on while the trainer runs."""
        checkpoint = ModelCheckpoint(
            filename=CHECKPOINT.stem,
            save_top_k=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
        self.report = self.built.report
        resamples = _number("--intervals", self.config.intervals, FEWEST)
        ledger = self.ledger = Ledger(
            min_anchors=self.report.min_anchors,
            final="val" if self.datamodule.sources["test"] is None else "test",
            is_quiet=self.is_quiet,
            resampler=Resampler(resamples) if resamples else None,
            flips=_number("--significance", self.config.significance, FEWEST_FLIPS),
            pairs=[read_pair(text) for text in self.config.paired],
            examples=self.report.examples,
            with_pdf=self.report.pdf,
        )
        self.treebanks = Treebanks(ledger, self.built.treebanks)
        self.own_writers = OwnWriters(ledger, self.report.writers)
        trees = TreeReport(ledger) if self.report.trees else None
        tree_reports = [trees] if trees else []
        paper = [PaperReport(ledger, *tree_reports)] if self.report.paper else []
        weights = HeadWeights()
        found: list[Callback] = [Report(ledger), *tree_reports, *paper]
        found += [self.treebanks, weights, checkpoint, Page(ledger, weights, trees)]
        if self.report.heatmaps:
            found.append(HeatMaps(ledger, weights))
        if self.config.predictions:
            found.append(Predictions(ledger))
        if self.datamodule.cache_features is not None:
            found.append(CachedFeatures(self.datamodule))
        return [*found, self.own_writers]

    def evaluate(self, checkpoint: Checkpoint | None) -> None:
        """Score heads, and probes if there are any, on ``val`` and ``test``."""
        self.check_evaluable(checkpoint)
        model, data, trainer = self.model, self.datamodule, self.trainer
        if checkpoint is not None:
            model.restore(checkpoint)
            data.learnt = learnt_from(checkpoint)
        if data.sources["val"] is not None:
            trainer.validate(model, datamodule=data, verbose=False)
        trainer.test(model, datamodule=data, verbose=False)

    def check_evaluable(self, checkpoint: Checkpoint | None) -> None:
        """Refuse what cannot be evaluated."""
        if self.model.probes and checkpoint is None:
            raise ProbingError(
                "the config names probes, which train.py trains; evaluate.py scores those of a "
                "checkpoint: --ckpt_path CKPT"
            )
        if self.datamodule.sources["test"] is None:
            raise ProbingError("no test data: give --data.test FILE")
        train = self.datamodule.sources["train"]
        is_read = isinstance(self.datamodule, DependencyData)  # for the tags that it teaches
        if train is not None and checkpoint is None and not is_read and not self.is_quiet:
            show(f"train: {train} is not read: evaluate.py scores val and test")
        hold_folder(self.folder, resume=None)
        make_ready(self, ("val", "test"))

    def check_names(self) -> None:
        """Refuse names that files and tables cannot hold."""
        for name in self.config.model.probes or {}:
            if not name.isidentifier():
                raise ProbingError(f"probe {name!r}: expected a name of letters, digits and _")
        terms = self.datamodule.task.terms
        taken = {"head", "strongest", FORM, GOLD, *(rival.name for rival in terms.rivals)}
        for name in self.model.encoders:
            if name in taken:  # it would stand in the same column of the report
                raise ProbingError(f"encoder {name!r}: the report calls something else that")


class Heads(Edges):
    """Every head of one model, or of several that are compared."""

    def run(self, script: Script, said: Namespace, checkpoint: Checkpoint | None) -> None:
        """Evaluate; see :meth:`Commands.run`."""
        if self.config.seeds:
            raise ProbingError("--seeds are starts of probes that train: it goes with train.py")
        if self.config.models is not None:
            self._compare(checkpoint)
            return
        self.build()
        self.check_names()
        self.evaluate(checkpoint)
        complain(self.own_writers.failures)

    def _compare(self, checkpoint: Checkpoint | None) -> None:
        """Evaluate each of the models that the command line names, then compare them."""
        if checkpoint is not None:
            raise ProbingError("--models compares heads: it goes without --ckpt_path and probes")
        if further := self.config.model.encoders:
            raise ProbingError(
                f"--model.encoders ({', '.join(further)}) goes without --models: a comparison is "
                "of each model's main encoder; name a further one in --models"
            )

        def build(options: Mapping[str, Any], output: str | None) -> Heads:
            job = self.with_values(
                {"models": None, "output": output, "model": {"encoder": dict(options)}}
            )
            job.is_quiet = True
            job.build()
            return job

        if is_first():
            check_place(self.config.output)
        failures: list[ProbingError] = []

        def evaluate(job: Heads) -> None:
            job.evaluate(None)
            failures.extend(job.own_writers.failures)

        compare(
            entries_of(self.config.models, signature(Encoder).parameters),
            build=build,
            ready=lambda job: job.check_evaluable(None),
            evaluate=evaluate,
            folder=self.run_folder(),
            is_first=is_first(),
        )
        complain(failures)


class Probes(Edges):
    """Probes: trained and then tested, or those of a checkpoint evaluated."""

    def run(self, script: Script, said: Namespace, checkpoint: Checkpoint | None) -> None:
        """Train or evaluate, as the script says; see :meth:`Commands.run`."""
        if self.config.models is not None:
            raise ProbingError(
                f"--models compares heads, without probes: {called('evaluate')} --models ..."
            )
        self.build()
        self.check_names()
        if script == "cache":
            self._cache()
        elif script == "train":
            self._train(said)
        else:
            self.evaluate(checkpoint)
        complain(self.own_writers.failures)

    def _cache(self) -> None:
        """Keep what the probes would learn from; nothing else is written."""
        model, data, trainer = self.model, self.datamodule, self.trainer
        if data.sources["train"] is None or data.cache_features is None:
            raise ProbingError("give --data.train FILE and --data.cache_features DIR")
        if self.config.output is not None:
            show(f"output {self.config.output}: not used, what is kept is in {data.cache_features}")
        make_ready(self, ("train",))
        own = (CachedFeatures, ProgressBar)
        trainer.callbacks = [each for each in trainer.callbacks if isinstance(each, own)]  # type: ignore[attr-defined]
        trainer.predict(model, datamodule=data, return_predictions=False)
        if trainer.is_global_zero:
            show(cache_of(model, data, precision=trainer.precision).plan())

    def _train(self, said: Namespace) -> None:
        model, data, trainer = self.model, self.datamodule, self.trainer
        if data.sources["train"] is None:
            raise ProbingError("no training data: give --data.train FILE")
        if said.resume and self.folder.is_finished():
            if is_first():
                show(f"{said.output}: this run is finished; --overwrite runs it anew")
            return
        check_length(trainer)
        hold_folder(self.folder, resume=said.resume)
        make_ready(self, ("train", "val", "test"))
        resumed = Path(said.output or "") / CHECKPOINT
        start = str(resumed) if said.resume and resumed.exists() else None
        if start is not None:
            check_checkpoint(model, data, trainer, start)
        try:
            with going_on(start):
                trainer.fit(model, datamodule=data, ckpt_path=start, weights_only=True)
        except SystemExit:  # how Lightning ends after Ctrl-C
            path = self.folder.path
            kept = (path / CHECKPOINT).exists()
            raise Interrupted(
                f"interrupted; go on with: {called('train')} --resume --output {path}"
                + ("" if kept else " (from the start: no epoch was finished)")
            ) from None
        made = str(self.folder.path / CHECKPOINT)
        if not os.path.exists(made):
            raise ProbingError(f"{made}: training ended before any was saved")
        checkpoint = load_checkpoint(made)
        model.restore(checkpoint)
        # The report on `val` is not about these probes where the last epoch was not validated at
        # its end, and where a resumed run was finished already.
        is_judged = self.ledger.judged_at.get("val") == checkpoint["global_step"]
        is_last = data.sources["test"] is None
        if data.sources["val"] is not None and (is_last or not is_judged):
            trainer.validate(model, datamodule=data, verbose=False)
        if not is_last:
            trainer.test(model, datamodule=data, verbose=False)
        if trainer.is_global_zero:
            if not self.own_writers.failures:
                self.folder.finish()
            show(f"Checkpoint: {made}")


def _number(option: str, count: int, fewest: int) -> int:
    """How many sums an option asks for, 0 for none.

    Raises:
        ProbingError: for fewer than tell anything, and for more than can be kept.
    """
    if count and not fewest <= count <= MOST:
        raise ProbingError(
            f"{option}: expected 0 or a number from {fewest} to {MOST:,}, found {count}"
        )
    return count
