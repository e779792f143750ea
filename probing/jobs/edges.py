"""A run: its configuration, its folder, and what happens in it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from inspect import signature
from pathlib import Path

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.jobs.arguments import own_arguments
from probing.jobs.checks import (
    check_checkpoint,
    is_first,
    make_ready,
)
from probing.jobs.compare import compare
from probing.jobs.compared_models import entries_of, labels_of
from probing.jobs.help import explain
from probing.jobs.parse_errors import naming
from probing.jobs.parser import Commands, Options
from probing.jobs.scripts import CHECKPOINT, DEFAULT, Script, called
from probing.jobs.stored_config import base_arguments, stored_config
from probing.learning.checkpoints import load_checkpoint
from probing.reports.report import Report
from probing.reports.run_folder import RunFolder


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


def _train(commands: Commands, early: Namespace) -> None:
    model, data, trainer = commands.model, commands.datamodule, commands.trainer
    if data.sources["train"] is None:
        raise ProbingError("no training data: give --data.train FILE")
    if trainer.fast_dev_run or trainer.max_epochs == 0:  # type: ignore[attr-defined]
        raise ProbingError(
            "--trainer.fast_dev_run and --trainer.max_epochs 0 leave no checkpoint to test; "
            "--trainer.max_epochs 1 --trainer.limit_train_batches 1 is a short run"
        )
    make_ready(commands, ("train", "val", "test"), resume=early.resume)
    resumed = Path(early.output or "") / CHECKPOINT
    start = str(resumed) if early.resume and resumed.exists() else None
    check_checkpoint(model, start)
    try:
        trainer.fit(model, datamodule=data, ckpt_path=start, weights_only=True)
    except SystemExit:  # how Lightning ends after Ctrl-C
        kept = (commands.folder.path / CHECKPOINT).exists()
        raise ProbingError(
            f"interrupted; go on with: {called('train')} --resume "
            f"--output {commands.folder.path}"
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
    make_ready(commands, ("val", "test"), resume=None)


def _evaluate(commands: Commands, early: Namespace) -> None:
    _evaluable(commands, early)
    model, data, trainer = commands.model, commands.datamodule, commands.trainer
    check_checkpoint(model, early.ckpt_path)
    if data.sources["val"] is not None:
        trainer.validate(
            model, datamodule=data, ckpt_path=early.ckpt_path, verbose=False, weights_only=True
        )
    trainer.test(
        model, datamodule=data, ckpt_path=early.ckpt_path, verbose=False, weights_only=True
    )
