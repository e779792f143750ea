"""A run: its configuration, its folder, and what happens in it."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import yaml
from jsonargparse import set_parsing_settings
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.utilities import rank_zero_only

from .batch import MAIN
from .callbacks import Report
from .cli import DEFAULT, Script
from .comparison.entries import MODELS, entries_of, labels_of
from .comparison.run import compare
from .complaints import Parser, naming, refuse_empty
from .data import CoreferenceData, EdgeData
from .decoding import SEARCH, by_networkx
from .differences import check, names, read_pair
from .encoder import Encoder
from .errors import ProbingError
from .explain import explain
from .folder import RunFolder
from .head_weights import HeadWeights
from .modules import ProbingModule
from .predictions import Predictions
from .reports import Cell
from .resampling import Resampler
from .seeds import family_of
from .stored import base_arguments, load_checkpoint, stored_config
from .terminal import show, watched
from .tree_report import TreeReport
from .treebanks import Treebanks
from .trees import gold_trees

CHECKPOINT = Path("checkpoints") / "last.ckpt"
FEWEST = 40  # resamples that a 2.5th percentile can be told from


class Commands(LightningCLI):
    """LightningCLI with the options of a run; it parses and builds, and runs nothing."""

    kinds: ClassVar[tuple[type, type]] = (ProbingModule, EdgeData)

    def __init__(self, arguments: Sequence[str], *, job: str) -> None:
        set_parsing_settings(subclasses_disabled=[Encoder])
        self.job = job
        self.is_quiet = False
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
        parser.add_lightning_class_args(Report, "report")
        parser.add_lightning_class_args(Treebanks, "treebanks")

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
        self.report.resampler = _resampler(self.config.intervals)
        self.report.pairs = [read_pair(text) for text in self.config.paired]
        self.treebanks = self._get(self.config_init, "treebanks")
        trees = [TreeReport(self.report)] if self.report.trees else []
        found: list[Callback] = [self.report, *trees, self.treebanks, HeadWeights(), checkpoint]
        if self.config.get("predictions"):
            found.append(Predictions(self.report))
        return found


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


def run(script: Script, arguments: Sequence[str], *, early: Namespace) -> None:
    """Do what the command line says.

    Raises:
        ProbingError: for bad input, before anything is written.
    """
    stored = stored_config(script, early)
    own = own_arguments(arguments)
    job = Path(early.config[-1]).stem if early.config else DEFAULT[script]
    if stored is not None and not early.config:
        job = "evaluate" if script == "evaluate" else job
    with base_arguments(script, early, stored, arguments) as base, naming(early.config, own):
        if {"--help", "-h"} & set(arguments):
            own = [argument for argument in own if argument not in ("--help", "-h")]
            named = early.config[-1] if early.config else job
            print(explain(Options([*base, *own], job=job).config, script=script, job=named))
            return
        commands = Commands([*base, *own], job=job)
    if commands.config.get("models") is not None:
        _compare(commands, script, early, [*base, *own])
        return
    for name in commands.config.model.probes or {}:
        if not name.isidentifier():
            raise ProbingError(f"probe {name!r}: expected a name of letters, digits and _")
    taken = {"head", *(rival.name for rival in commands.datamodule.task.terms.rivals)}
    for name in commands.model.encoders:
        if name in taken:  # it would stand in the same column of the report
            raise ProbingError(f"encoder {name!r}: the report calls something else that")
    {"train": _train, "evaluate": _evaluate}[script](commands, early)


def own_arguments(arguments: Sequence[str]) -> list[str]:
    """What the parser of a job gets to see; and the current folder becomes importable."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # so that a probe in the current folder can be named
    own = [a for a in arguments if a not in ("--traceback", "--resume")]
    own = _without(_without(own, "--ckpt_path"), "--import")
    own = _flag(_flag(own, "--overwrite"), "--predictions")
    own = _several(_several(own, "--seeds"), "--paired")
    return ["--help" if argument == "--help_trainer" else argument for argument in own]


def _train(commands: Commands, early: Namespace) -> None:
    model, data, trainer = commands.model, commands.datamodule, commands.trainer
    if data.sources["train"] is None:
        raise ProbingError("no training data: give --data.train FILE")
    if trainer.fast_dev_run or trainer.max_epochs == 0:  # type: ignore[attr-defined]
        raise ProbingError(
            "--trainer.fast_dev_run and --trainer.max_epochs 0 leave no checkpoint to test; "
            "--trainer.max_epochs 1 --trainer.limit_train_batches 1 is a short run"
        )
    _ready(commands, ("train", "val", "test"), resume=early.resume)
    resumed = Path(early.output or "") / CHECKPOINT
    start = str(resumed) if early.resume and resumed.exists() else None
    _check_checkpoint(model, start)
    try:
        trainer.fit(model, datamodule=data, ckpt_path=start, weights_only=True)
    except SystemExit:  # how Lightning ends after Ctrl-C
        kept = (commands.folder.path / CHECKPOINT).exists()
        raise ProbingError(
            f"interrupted; go on with: python train.py --resume --output {commands.folder.path}"
            + ("" if kept else " (from the start: no epoch was finished)")
        ) from None
    made = str(commands.folder.path / CHECKPOINT)
    judged = {"datamodule": data, "ckpt_path": made, "verbose": False, "weights_only": True}
    is_last = data.sources["test"] is None
    if data.sources["val"] is not None and (is_last or not _is_judged(made, commands.report)):
        trainer.validate(model, **judged)
    if not is_last:
        trainer.test(model, **judged)
    if trainer.is_global_zero:
        print(f"Checkpoint: {made}")


def _is_judged(checkpoint: str, report: Report) -> bool:
    """Whether the report on the validation data is about the probes of ``checkpoint``.

    It is not where the last epoch was not validated at its end, and where a resumed run was
    finished already.
    """
    step: int = load_checkpoint(checkpoint)["global_step"]
    return report.judged_at.get("val") == step


def _compare(
    commands: Commands, script: Script, early: Namespace, arguments: Sequence[str]
) -> None:
    """Evaluate each of the models that the command line names, then compare them."""
    if script != "evaluate" or early.ckpt_path:
        raise ProbingError("--models compares heads: it goes with evaluate.py, without probes")
    if further := commands.config.model.encoders:
        raise ProbingError(
            f"--model.encoders ({', '.join(further)}) goes without --models: a comparison is of "
            "each model's main encoder; name a further one in --models"
        )

    def build(more: Sequence[str]) -> Commands:
        job = Commands([*arguments, "--models=null", *more], job=commands.job)
        job.is_quiet = True
        return job

    compare(
        entries_of(commands.config.models, signature(Encoder).parameters),
        build=build,
        ready=lambda job: _evaluable(job, early),
        evaluate=lambda job: _evaluate(job, early),
        folder=RunFolder(
            job=commands.job,
            output=commands.config.get("output"),
            overwrite=bool(commands.config.get("overwrite")),
            config=commands.parser.dump(commands.config, skip_unset=False),
            folders=labels_of,
        ),
        is_first=is_first(),
    )


def _evaluable(commands: Commands, early: Namespace) -> None:
    """Refuse what cannot be evaluated."""
    model, data = commands.model, commands.datamodule
    if model.probes and not early.ckpt_path:
        raise ProbingError("the config names probes: give their checkpoint with --ckpt_path CKPT")
    if data.sources["test"] is None:
        raise ProbingError("no test data: give --data.test FILE")
    _ready(commands, ("val", "test"), resume=None)


def _evaluate(commands: Commands, early: Namespace) -> None:
    _evaluable(commands, early)
    model, data, trainer = commands.model, commands.datamodule, commands.trainer
    _check_checkpoint(model, early.ckpt_path)
    if data.sources["val"] is not None:
        trainer.validate(
            model, datamodule=data, ckpt_path=early.ckpt_path, verbose=False, weights_only=True
        )
    trainer.test(
        model, datamodule=data, ckpt_path=early.ckpt_path, verbose=False, weights_only=True
    )


def _ready(commands: Commands, splits: Iterable[str], *, resume: bool | None) -> None:
    """Find out what is wrong before other processes start and before anything is written."""
    data, model = commands.datamodule, commands.model
    final = "val" if data.sources["test"] is None else "test"
    commands.report.final = "" if commands.is_quiet else final
    if is_first():
        commands.folder.check(resume=resume)
    check_precision(commands.trainer)
    _check_batches(commands.trainer)
    measuring = [name for name, probe in model.probes.items() if probe.measures_distances]
    if model.vectors is not None:
        model.vectors.check()
    model.encoder.load()
    if is_first():
        for split in splits:
            if data.sources[split] is not None:
                data.split(split)
        commands.treebanks.check(data.splits, final)
        if model.vectors is not None:
            words = (word for split in data.splits.values() for word in split.vocabulary)
            model.vectors.read(words, watch=watched)
        model.configure_model()
        model.rehearse(next(iter(data.splits.values()))[[0]])
        if commands.report.trees:
            _check_trees(data)
            if SEARCH is by_networkx:
                show("trees: pip install 'attention-probing[trees]' finds them much faster")
        _check_intervals(commands)
        if measuring and not commands.report.trees:
            named = ", ".join(dict.fromkeys(family_of(name)[0] for name in measuring))
            verb = "measures" if "," not in named else "measure"
            show(f"{named}: {verb} distances, which --report.trees true reports")


def _check_checkpoint(model: ProbingModule, path: str | None) -> None:
    """Refuse a checkpoint of other probes, encoders or vectors, before anything is written."""
    if path is not None and is_first():
        model.configure_model()
        model.on_load_checkpoint(load_checkpoint(path))


def _check_trees(data: EdgeData) -> None:
    """Refuse to report on trees where there are none.

    Raises:
        ProbingError: naming the data.
    """
    if isinstance(data, CoreferenceData):
        raise ProbingError("--report.trees needs dependency trees; a coreference job has none")
    for corpus in data.splits.values():
        count = len(corpus)
        blocks = (range(first, min(first + 20, count)) for first in range(0, count, 20))
        if not any(gold_trees(corpus[block]).is_tree.any() for block in blocks):
            raise ProbingError(
                f"--report.trees needs dependency trees; none of the {count:,} sentences of "
                f"{corpus.source} that can be used is one"
            )


def _check_intervals(commands: Commands) -> None:
    """Refuse intervals that cannot be had, and names to compare that the run does not have.

    Raises:
        ProbingError: saying which.
    """
    report, model, data = commands.report, commands.model, commands.datamodule
    if report.pairs and report.resampler is None:
        raise ProbingError("--paired needs --intervals N, the number of resamples")
    if report.resampler is not None and not all(c.units.known for c in data.splits.values()):
        raise ProbingError(
            f"--intervals: {type(data.task).__name__} does not say of which document its windows "
            "are (Window.document, Window.place)"
        )
    terms, sizes = data.task.terms, model.encoder.sizes
    cells = (
        Cell(direction, layer, head + 1)
        for direction in terms.directions
        for layer in sizes.layer_numbers
        for head in range(sizes.heads)
    )
    further = [name for name in model.encoders if name != MAIN]
    measuring = model.probes.keys() - model.pickers.keys()
    check(report.pairs, names(terms, model.pickers, cells, further), measuring=measuring)


def check_precision(trainer: Trainer) -> None:
    """Refuse what would round probes and counts along with the model.

    Raises:
        ProbingError: saying how to have a model in half precision.
    """
    if trainer.precision not in ("32-true", "16-mixed", "bf16-mixed"):
        raise ProbingError(
            f"--trainer.precision {trainer.precision}: expected 32-true, bf16-mixed or 16-mixed; "
            "--model.encoder.precision bfloat16 keeps the model's own weights in half precision"
        )


def _check_batches(trainer: Trainer) -> None:
    """Refuse an option with which Lightning forms batches of its own.

    Raises:
        ProbingError: naming another option.
    """
    if said := getattr(trainer, "overfit_batches", 0):
        raise ProbingError(
            f"--trainer.overfit_batches {said}: not possible, since batches are "
            "formed by length; --trainer.limit_train_batches learns from a part of the data"
        )


def is_first() -> bool:
    """Whether this is the first process, before and after others are launched."""
    return int(getattr(rank_zero_only, "rank", 0)) == 0


def _without(arguments: Sequence[str], option: str) -> list[str]:
    """The arguments less an option and its value."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != option and not argument.startswith(f"{option}="):
            kept.append(argument)
        skip = not skip and argument == option
    return kept


def _flag(arguments: Sequence[str], option: str) -> list[str]:
    """The arguments with a bare flag spelt out, as LightningCLI wants it."""
    return [f"{option}=true" if argument == option else argument for argument in arguments]


def _several(arguments: Sequence[str], option: str) -> list[str]:
    """The arguments with several values of an option as one list, as LightningCLI wants it."""
    kept: list[str] = []
    values: list[str] | None = None
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name == option:
            values = [value] if value else []
            kept.append(argument)
        elif values is not None and not argument.startswith("-"):
            values.append(argument)
        else:
            values = None
            kept.append(argument)
        if values and not values[0].startswith("["):
            kept[-1] = f"{option}={json.dumps(values)}"
        elif values:
            kept[-1] = f"{option}={values[0]}"
    return kept
