"""The parser of a run's options, and the parts that it builds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import yaml
from jsonargparse import set_parsing_settings
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI

from probing.core.errors import ProbingError
from probing.counting.differences import read_pair
from probing.counting.resampling import Resampler
from probing.data import EdgeData
from probing.encoder import Encoder
from probing.jobs.compared_models import MODELS, labels_of
from probing.jobs.parse_errors import Parser, refuse_empty
from probing.jobs.scripts import CHECKPOINT
from probing.learning.module import ProbingModule
from probing.reports.ledger import Ledger
from probing.reports.own_writers import OwnWriters, ReportOptions
from probing.reports.predictions.callback import Predictions
from probing.reports.report import Report
from probing.reports.run_folder import RunFolder
from probing.reports.treebanks import Treebanks
from probing.reports.trees.report import TreeReport
from probing.reports.weights import HeadWeights

FEWEST = 40  # resamples that a 2.5th percentile can be told from


class Commands(LightningCLI):
    """LightningCLI with the options of a run; it parses and builds, and runs nothing."""

    kinds: ClassVar[tuple[type, type]] = (ProbingModule, EdgeData)

    def __init__(self, arguments: Sequence[str], *, job: str, is_quiet: bool = False) -> None:
        set_parsing_settings(subclasses_disabled=[Encoder])
        self.job = job
        self.is_quiet = is_quiet
        super().__init__(
            *self.kinds,
            subclass_mode_data=True,
            run=False,
            args=list(arguments),
            parser_class=Parser,
            parser_kwargs={"allow_abbrev": False},
            auto_configure_optimizers=False,
            save_config_callback=None,
            load_from_checkpoint_support=False,
            seed_everything_default=1,
            trainer_defaults={
                "devices": 1,
                "logger": False,  # RunFolder brings one, once it knows where
                "use_distributed_sampler": False,
                "num_sanity_val_steps": 0,
                "enable_model_summary": False,
                "log_every_n_steps": 10,
            },
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Read command line and configs.

        Raises:
            ProbingError: for what they do not say rightly.
        """
        super().parse_arguments(parser, args)
        for path in self.config.config or []:
            said = yaml.safe_load(path.get_content())
            if isinstance(said, dict):
                refuse_empty(str(path), said, self.config.as_dict())

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options of a run and hand the encoder's tokenizer to the data."""
        parser.add_argument("--output", type=str | None, help="folder to write to")
        parser.add_argument("--overwrite", type=bool, default=False, help="replace a run there")
        self.add_report(parser)
        parser.link_arguments(
            "model.encoder.tokenizer", "data.init_args.tokenizer", apply_on="instantiate"
        )

    def add_report(self, parser: LightningArgumentParser) -> None:
        """Add the options of the reports."""
        parser.add_argument("--models", type=list[str | dict[str, Any]] | None, help=MODELS)
        parser.add_argument("--predictions", type=bool, default=False, help="write every choice")
        parser.add_argument("--intervals", type=int, default=0, help="resamples, 40 or more")
        parser.add_argument("--paired", type=list[str], default=[], help="'A,B' to compare")
        parser.add_argument("--seeds", type=list[int], default=[], help="starts of each probe")
        parser.link_arguments("seeds", "model.seeds")
        parser.add_class_arguments(ReportOptions, "report")
        parser.add_class_arguments(Treebanks, "treebanks", skip={"ledger"}, instantiate=False)

    def instantiate_classes(self) -> None:
        """Build a run; the models of a comparison get one each, and later."""
        if self.config.get("models") is None:
            super().instantiate_classes()

    def instantiate_trainer(self, **kwargs: Any) -> Any:
        """Add what every run has: a folder, a checkpoint, the weights of heads."""
        self.folder = RunFolder(
            job=self.job,
            output=self.config.get("output"),
            overwrite=bool(self.config.get("overwrite")),
            config=self.parser.dump(self.config, skip_unset=False),
            folders=labels_of,
        )
        config = {**self._get(self.config_init, "trainer", default={}), **kwargs}
        return self._instantiate_trainer(config, [self.folder, *self.callbacks()])

    def callbacks(self) -> list[Callback]:
        """What looks on while the trainer runs."""
        checkpoint = ModelCheckpoint(
            filename=CHECKPOINT.stem,
            save_top_k=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
        self.report = self._get(self.config_init, "report")
        final = "val" if self.datamodule.sources["test"] is None else "test"
        ledger = self.ledger = Ledger(
            min_anchors=self.report.min_anchors,
            final=None if self.is_quiet else final,
            resampler=_resampler(self.config.intervals),
            pairs=[read_pair(text) for text in self.config.paired],
        )
        self.treebanks = Treebanks(ledger, **self._get(self.config_init, "treebanks"))
        self.own_writers = OwnWriters(ledger, self.report.writers)
        trees = [TreeReport(ledger)] if self.report.trees else []
        found: list[Callback] = [Report(ledger), *trees, self.treebanks, HeadWeights(), checkpoint]
        if self.config.get("predictions"):
            found.append(Predictions(ledger))
        return [*found, self.own_writers]


def _resampler(count: int) -> Resampler | None:
    """What ``--intervals`` asks for.

    Raises:
        ProbingError: for a number of resamples that has no percentiles.
    """
    if count and count < FEWEST:
        raise ProbingError(f"--intervals: expected 0 or a number from {FEWEST}, found {count}")
    return Resampler(count) if count else None


class Options(Commands):
    """Parses and builds nothing."""

    def instantiate_classes(self) -> None:
        """Leave everything as it was read."""
