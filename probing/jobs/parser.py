"""The parser of a run's options, and the parts that it builds."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from inspect import signature
from typing import Any, ClassVar, Self

from jsonargparse.typing import PositiveFloat, PositiveInt
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.callbacks import Callback, ProgressBar

from probing.core.errors import ProbingError
from probing.core.version import VERSION
from probing.encoder import Encoder
from probing.jobs.arguments import PEEKED, Peeked
from probing.jobs.compared_models import labels_of
from probing.jobs.failures import refusing
from probing.jobs.help import explained
from probing.jobs.parse_errors import Parser, refuse_empty
from probing.jobs.parts import add_parts
from probing.jobs.processes import watch_over
from probing.jobs.registry import EVERY, Row
from probing.jobs.scripts import Script
from probing.jobs.yaml_text import read_yaml
from probing.learning.checkpoint_files import write_whole_checkpoints
from probing.reports.run_folder import RunFolder
from probing.reports.terminal.progress import Bars

_TRAINER = {
    "devices": 1,
    "logger": False,  # RunFolder brings one, once it knows where; also where one is asked for
    "use_distributed_sampler": False,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "log_every_n_steps": 10,
}
# A number of batches or, with a decimal point, a share of them. Which of the two Lightning reads in
# `1` depends on the order of types in its annotation, and that on what `typing` has cached.
_NUMBER_OR_SHARE = int | float | None
# By what is counted Lightning divides, without a look.
_TYPES: Mapping[str, Any] = {
    "limit_train_batches": _NUMBER_OR_SHARE,
    "limit_val_batches": _NUMBER_OR_SHARE,
    "limit_test_batches": _NUMBER_OR_SHARE,
    "limit_predict_batches": _NUMBER_OR_SHARE,
    "overfit_batches": _NUMBER_OR_SHARE,
    "val_check_interval": PositiveInt | PositiveFloat | None,
    "check_val_every_n_epoch": PositiveInt | None,
    "accumulate_grad_batches": PositiveInt,
}


class Commands(ABC):
    """What a command line and its configurations ask for, read and not yet built.

    Args:
        row: of the registry; its options are read beside those of :attr:`kinds` and
            :attr:`sections`.
        arguments: the command line.
        name: names the folder under ``runs/``.

    Raises:
        ProbingError: for what cannot be read.
    """

    kinds: ClassVar[tuple[type, type]]
    """The classes of the model and of the data."""
    sections: ClassVar[Mapping[str, type]] = {}
    """Further classes whose arguments are options, by what the options start with."""

    def __init__(self, row: Row, arguments: Sequence[str], *, name: str) -> None:
        self.row, self.job = row, name
        self.is_quiet = False
        self.parser = self.parser_of(row)
        self.config = self.parser.parse_args(arguments)
        for path in self.config.config or ():
            said = path and read_yaml(path.get_content())
            if isinstance(said, dict):
                for *_, flag in PEEKED:
                    if flag.lstrip("-") in said:
                        raise ProbingError(f"{path}: {flag} belongs on the command line")
                refuse_empty(str(path), said, self.config.as_dict())
        for option in row.options:
            if option.settings.get("nargs") == "+":
                self.config[option.name] = flat(self.config[option.name])
        seed = self.config.seed_everything
        if seed is not False:  # `true` is for a seed by chance
            with refusing("seed_everything"):
                self.config.seed_everything = seed_everything(None if seed is True else seed, True)

    @classmethod
    def parser_of(cls, row: Row) -> Parser:
        """The parser of the options of a job."""
        parser = Parser(dump_header=[f"attention-probing {VERSION}"])
        parser.add_option("-c", "--config", action="config", help="which job to run")
        parser.add_option("--help_trainer", action="help", help="every option, at length")
        for names, settings in PEEKED.items():
            parser.add_option(*names, action=Peeked, **settings)
        parser.add_option("--job", type=str, default=row.name, help="what kind of job it is")
        parser.add_section(Trainer, "trainer", instantiate=False, skip=_TYPES)
        for name, kind in _TYPES.items():
            default = signature(Trainer).parameters[name].default
            parser.add_option(f"--trainer.{name}", type=kind, default=default)
        parser.set_defaults({f"trainer.{name}": value for name, value in _TRAINER.items()})
        model, data = cls.kinds
        add_parts(parser, model=model, data=data)
        for option in (*EVERY, *row.options):
            parser.add_option(*option.flags, help=option.text, **option.settings)
        for key, owner in cls.sections.items():
            parser.add_section(owner, key)
        cls.link(parser)
        return parser

    @classmethod
    def types_of(cls, row: Row) -> dict[str, Any]:
        """What may stand at each section and option of a job."""
        options = {each.name: each.settings.get("type", bool) for each in (*EVERY, *row.options)}
        model, data = cls.kinds
        sections = {"trainer": Trainer, "model": model, "data": data, **cls.sections}
        return {"job": str, **options, **sections}

    @classmethod
    def link(cls, parser: Parser) -> None:
        """Hand what one option says to another; nothing, unless a job does."""
        return

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same with some values changed, not yet built."""
        other = copy(self)
        other.config = self.parser.parse_object(dict(values), self.config)
        return other

    def build(self) -> None:
        """Build model, data and trainer; nothing is loaded yet."""
        self.built = self.parser.instantiate(self.config)
        self.model, self.datamodule = self.built.model, self.built.data
        self.folder = self.run_folder()
        options = vars(self.built.trainer)
        options["logger"] = options["logger"] is not True and options["logger"]
        own = options.pop("callbacks") or []
        own = own if isinstance(own, list) else [own]
        has_bar = any(isinstance(each, ProgressBar) for each in own)
        shows = options["enable_progress_bar"] is not False and not has_bar
        bars = [Bars()] if shows else []
        callbacks = [*own, *bars, self.folder, *self.callbacks()]
        with refusing("trainer"):
            self.trainer = Trainer(**options, callbacks=callbacks)
        write_whole_checkpoints(self.trainer)
        watch_over(self.trainer)

    def run_folder(self) -> RunFolder:
        """Where the run writes."""
        return RunFolder(
            job=self.job,
            output=self.config.output,
            overwrite=self.config.overwrite,
            config=self.parser.dump(self.config, skip_unset=False),
            folders=labels_of,
        )

    def callbacks(self) -> list[Callback]:
        """What looks on while the trainer runs."""
        return []

    def explained(self, script: Script, config: str) -> str:
        """The options of the job, with the values that they have."""
        owners = {"model.encoder": Encoder, "model": self.kinds[0], **self.sections}
        return explained(self.config, self.row, owners, script=script, config_name=config)

    @abstractmethod
    def run(
        self, script: Script, said: argparse.Namespace, checkpoint: dict[str, Any] | None
    ) -> None:
        """Do what the command line says.

        Args:
            script: that was called.
            said: what was known of the command line before it was parsed.
            checkpoint: that it names, if so.

        Raises:
            ProbingError: for bad input, before anything is written.
        """


def flat(values: Sequence[Any]) -> list[Any]:
    """The values of an option of several, some of which may be lists of them."""
    return [each for value in values for each in (value if isinstance(value, list) else [value])]
