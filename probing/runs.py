"""A run: its configuration, its folder, and what happens in it."""

from __future__ import annotations

import difflib
import os
import re
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any

import torch
import yaml
from jsonargparse import set_parsing_settings
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.utilities import rank_zero_only

from .callbacks import HeadWeights, Report, RunFolder
from .cli import CONFIGS, DEFAULT, Script
from .data import EdgeData
from .encoder import Encoder
from .errors import ProbingError
from .explain import explain
from .modules import ProbingModule
from .probes import Probe

CHECKPOINT = Path("checkpoints") / "last.ckpt"
# Packages whose classes a stored configuration may name without the user's word.
_OWN = frozenset({"probing", "torch", "pytorch_lightning", "builtins"})
# Options that hold names and paths, never something to import.
_PLAIN = frozenset({"train", "val", "test", "name", "revision", "output", "ckpt_path"})


class Parser(LightningArgumentParser):
    """A parser whose errors are ours: short, with the nearest name that exists."""

    def error(self, message: str, *args: Any, **kwargs: Any) -> Any:
        """Raise instead of exiting.

        Raises:
            ProbingError: always.
        """
        raise ProbingError(_shorten(message, self)) from None


class Commands(LightningCLI):
    """LightningCLI with the options of a run; it parses and builds, and runs nothing."""

    def __init__(self, arguments: Sequence[str], *, job: str) -> None:
        set_parsing_settings(subclasses_disabled=[Encoder])
        self.job = job
        super().__init__(
            ProbingModule,
            EdgeData,
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
                "use_distributed_sampler": False,
                "num_sanity_val_steps": 0,
                "enable_model_summary": False,
                "log_every_n_steps": 10,
            },
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options of a run and hand the encoder's tokenizer to the data."""
        parser.add_argument("--output", type=str | None, help="folder to write to")
        parser.add_argument("--overwrite", type=bool, default=False, help="replace a run there")
        parser.add_lightning_class_args(Report, "report")
        parser.link_arguments(
            "model.encoder.tokenizer", "data.init_args.tokenizer", apply_on="instantiate"
        )

    def instantiate_trainer(self, **kwargs: Any) -> Any:
        """Add what every run has: a folder, a checkpoint, the weights of heads."""
        self.folder = RunFolder(
            job=self.job,
            output=self.config.get("output"),
            overwrite=bool(self.config.get("overwrite")),
            config=self.parser.dump(self.config, skip_unset=False),
        )
        config = {**self._get(self.config_init, "trainer", default={}), **kwargs}
        checkpoint = ModelCheckpoint(
            filename=CHECKPOINT.stem,
            save_top_k=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
        self.report = self._get(self.config_init, "report")
        callbacks = [self.folder, self.report, HeadWeights(), checkpoint]
        return self._instantiate_trainer(config, callbacks)


class Options(Commands):
    """Parses and builds nothing."""

    def instantiate_classes(self) -> None:
        """Leave everything as it was read."""


def run(script: Script, arguments: Sequence[str], *, early: Namespace) -> None:
    """Do what the command line says.

    Raises:
        ProbingError: for bad input, before anything is written.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # so that a probe in the current folder can be named
    stored = _stored(script, early)
    own = [a for a in arguments if a not in ("--traceback", "--resume")]
    own = _without(_without(own, "--ckpt_path"), "--import")
    own = _flag(own, "--overwrite")
    own = ["--help" if argument == "--help_trainer" else argument for argument in own]
    job = Path(early.config[-1]).stem if early.config else DEFAULT[script]
    if stored is not None and not early.config:
        job = "evaluate" if script == "evaluate" else job
    with _base(script, early, stored, arguments) as base, _naming(early.config, own):
        if {"--help", "-h"} & set(arguments):
            own = [argument for argument in own if argument not in ("--help", "-h")]
            named = early.config[-1] if early.config else job
            print(explain(Options([*base, *own], job=job).config, script=script, job=named))
            return
        commands = Commands([*base, *own], job=job)
    for name, _ in commands.model.probes.items():
        if not name.isidentifier():
            raise ProbingError(f"probe {name!r}: expected a name of letters, digits and _")
    {"train": _train, "evaluate": _evaluate}[script](commands, early)


def _train(commands: Commands, early: Namespace) -> None:
    model, data, trainer = commands.model, commands.datamodule, commands.trainer
    if data.sources["train"] is None:
        raise ProbingError("no training data: give --data.train FILE")
    _ready(commands, ("train", "val", "test"), resume=early.resume)
    resumed = Path(early.output or "") / CHECKPOINT
    start = str(resumed) if early.resume and resumed.exists() else None
    trainer.fit(model, datamodule=data, ckpt_path=start, weights_only=True)
    if trainer.interrupted:
        raise ProbingError(
            f"interrupted; go on with: python train.py --resume --output {commands.folder.path}"
        )
    made = str(commands.folder.path / CHECKPOINT)
    if data.sources["test"] is not None:
        trainer.test(model, datamodule=data, ckpt_path=made, verbose=False, weights_only=True)
    elif data.sources["val"] is not None:
        trainer.validate(model, datamodule=data, ckpt_path=made, verbose=False, weights_only=True)
    if trainer.is_global_zero:
        print(f"Checkpoint: {made}")


def _evaluate(commands: Commands, early: Namespace) -> None:
    model, data, trainer = commands.model, commands.datamodule, commands.trainer
    if model.probes and not early.ckpt_path:
        raise ProbingError("the config names probes: give their checkpoint with --ckpt_path CKPT")
    if data.sources["test"] is None:
        raise ProbingError("no test data: give --data.test FILE")
    _ready(commands, ("val", "test"), resume=False)
    if early.ckpt_path:
        model.configure_model()
        model.on_load_checkpoint(_load(early.ckpt_path))
    if data.sources["val"] is not None:
        trainer.validate(
            model, datamodule=data, ckpt_path=early.ckpt_path, verbose=False, weights_only=True
        )
    trainer.test(
        model, datamodule=data, ckpt_path=early.ckpt_path, verbose=False, weights_only=True
    )


def _ready(commands: Commands, splits: Iterable[str], *, resume: bool) -> None:
    """Find out what is wrong before other processes start and before anything is written."""
    if _is_first():
        commands.folder.check(resume=resume)
    commands.model.encoder.load()
    if _is_first():
        for split in splits:
            if commands.datamodule.sources[split] is not None:
                commands.datamodule.splits[split] = commands.datamodule.open(split)
    commands.report.final = "val" if commands.datamodule.sources["test"] is None else "test"


def _is_first() -> bool:
    """Whether this is the first process, before and after others are launched."""
    return int(getattr(rank_zero_only, "rank", 0)) == 0


def _stored(script: Script, early: Namespace) -> str | None:
    """The resolved configuration that a checkpoint or an interrupted run holds."""
    if early.ckpt_path and script == "train":
        raise ProbingError("train.py goes on with --resume --output DIR; --ckpt_path evaluates")
    if early.ckpt_path:
        config = _load(early.ckpt_path).get("config")
        if not isinstance(config, str):
            raise ProbingError(f"{early.ckpt_path}: expected a checkpoint of train.py")
        return config
    if early.resume:
        if not early.output:
            raise ProbingError("--resume needs --output DIR, the folder of the interrupted run")
        path = Path(early.output) / "config.yaml"
        if not path.exists():
            raise ProbingError(f"{path}: there is no run to go on with")
        return path.read_text(encoding="utf-8")
    return None


def _load(path: str) -> dict[str, Any]:
    """A checkpoint, nothing in it executed.

    Raises:
        ProbingError: if there is none, or it is not one.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ProbingError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # torch names no narrower type for what is no checkpoint
        raise ProbingError(f"{path}: expected a checkpoint of train.py, found none") from error
    if not isinstance(found, dict) or "state_dict" not in found:
        raise ProbingError(f"{path}: expected a checkpoint of train.py")
    return found


@contextmanager
def _base(
    script: Script, early: Namespace, stored: str | None, arguments: Sequence[str]
) -> Iterator[list[str]]:
    """The arguments that come before the user's own: a stored config or the default job."""
    if stored is None:
        default = CONFIGS / f"{DEFAULT[script]}.yaml"
        yield [] if early.config else ["--config", str(default)]
        return
    config = yaml.safe_load(stored)
    config.pop("output", None)
    config.pop("overwrite", None)
    _refuse_foreign(config, [*early.imports, *arguments])
    sources = config.get("data", {}).get("init_args", {})
    if script == "evaluate" and sources.get("val") and not _exists(sources["val"]):
        print(f"val: {sources['val']} is not here: heads are chosen on the test data")
        sources["val"] = None
    # LightningCLI reads configs from files; this one lives as long as the parsing.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stored.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        yield ["--config", str(path)]


@contextmanager
def _naming(configs: Sequence[str], arguments: Sequence[str]) -> Iterator[None]:
    """Name the config in a complaint about something that the command line does not say."""
    try:
        yield
    except ProbingError as error:
        text = str(error)
        about = re.search(r"'([\w.]+)' is not accepted|accept option '([\w.]+)'", text)
        key = next((k for k in about.groups() if k), "") if about else ""
        said = any(key in argument for argument in arguments if argument.startswith("--"))
        if configs and ((key and not said) or text.startswith("Problems parsing config")):
            raise ProbingError(f"{configs[-1]}: {text}") from None
        raise


def _refuse_foreign(config: Any, said: Sequence[str], key: str = "") -> None:
    """Refuse a stored configuration that would import what the user did not name.

    Raises:
        ProbingError: naming the class and how to allow it.
    """
    if isinstance(config, dict):
        for name, value in config.items():
            _refuse_foreign(value, said, str(name))
    elif isinstance(config, list):
        for value in config:
            _refuse_foreign(value, said, key)
    elif isinstance(config, str) and key not in _PLAIN:
        found = re.fullmatch(r"([A-Za-z_]\w*)(\.[A-Za-z_]\w*)+", config)
        if found and found[1] not in _OWN and not any(_names(s, found[1]) for s in said):
            raise ProbingError(
                f"the stored config names {config}, from outside the package; "
                f"if you trust it, add --import {found[1]}"
            )


def _names(said: str, module: str) -> bool:
    return said == module or said.startswith(f"{module}.") or f"={module}." in said


def _exists(source: str) -> bool:
    return source.startswith("builtin:") or Path(source).exists()


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


def _shorten(message: str, parser: LightningArgumentParser) -> str:
    """What the parser complains about, in a line or two, with the nearest option that exists.

    Its messages are nested: an outer "does not validate" holds the reasons of each type that
    was tried, of which "expected None" is never the one that helps.
    """
    lines = [line.strip().removeprefix("- ") for line in message.strip().splitlines()]
    noise = ("Does not validate", "Subtypes:", "Errors:", "Given value", "Expected a <class 'None")
    reasons = [line for line in lines if line and not line.startswith(noise)]
    given = re.search(r"NestedArg\(key='([^']*)'", message)
    if given and reasons and reasons[0].startswith("Parser key"):
        outer = re.sub(r"^Parser key \"([^\"]*)\":.*", r"\1", reasons[0])
        reasons = [f"option {outer}.{given[1]}:", *reasons[1:]]
    text = " ".join(reasons) or "the command line cannot be read"
    wrong = re.search(r"(?:Option|option|--)\s?'?([\w.]+)'? is not accepted", message)
    wrong = wrong or re.search(r"does not accept option '([\w.]+)'", message)
    wrong = wrong or re.search(r"[Uu]nrecognized arguments?: --([\w.]+)", message)
    near = _nearest(wrong[1], parser) if wrong and "did you mean" not in text else None
    return f"{text}\n       did you mean {near!r}?" if near else text


def _nearest(name: str, parser: LightningArgumentParser) -> str | None:
    """The option that ``name`` is most like: as a whole, or in its last part."""
    known = {action.dest for action in parser._actions}
    for own in (EdgeData, Probe, *Probe.__subclasses__()):
        known |= {f"data.{n}" if own is EdgeData else n for n in signature(own).parameters}
    leaves = {option.rpartition(".")[2]: option for option in sorted(known)}
    whole = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    leaf = difflib.get_close_matches(name.rpartition(".")[2], leaves, n=1, cutoff=0.6)
    return whole[0] if whole else leaves[leaf[0]] if leaf else None
