"""``--config X --help``: the options of one job, with the values that the config gives them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from docstring_parser import DocstringStyle, parse
from jsonargparse import Namespace

from probing.encoder import Encoder
from probing.jobs.compared_models import MODELS
from probing.jobs.scripts import Script, called
from probing.learning.module import ProbingModule
from probing.reports.report import Report
from probing.reports.treebanks import Treebanks

_WIDTH = 100
_INDENT = 8


Values = dict[str, tuple[object, str]]
"""Values and descriptions of options by their names."""


def explain(config: Namespace, *, script: Script, job: str) -> str:
    """The text: a section each for model, probes, data, report and the run itself."""
    sections = {
        "model": options("model.encoder", Encoder, config.model.encoder)
        | options("model", ProbingModule, _own(config.model)),
        "probes": {},
        "data": options_of_data(config),
        "report": options("report", Report, config.report),
        "treebanks": options("treebanks", Treebanks, config.treebanks),
    }
    for name, encoder in (config.model.encoders or {}).items():
        sections["model"] |= options(f"model.encoders.{name}", Encoder, encoder)
    for name, probe in (config.model.probes or {}).items():
        key = f"model.probes.{name}"
        sections["probes"][key] = (probe.class_path, "the class; any class that can be imported")
        sections["probes"] |= options(key, _class(probe.class_path), probe.init_args)
    return explanation(sections, config, script=script, job=job)


def options_of_data(config: Namespace) -> Values:
    """The options of the class that a job's data is of."""
    data = config.data
    return options("data", _class(data.class_path), data.init_args)


def explanation(
    sections: Mapping[str, Values], config: Namespace, *, script: Script, job: str
) -> str:
    """The text made of sections, and of what every run has."""
    lines = [f"usage: {called(script)} --config {job} [options]", ""]
    for title, own in sections.items():
        if own:
            lines += [f"{title}:", *_listed(own)]
    trainer = config.trainer.as_dict()
    shown = ("max_epochs", "devices", "strategy", "accelerator", "precision")
    run = _RUN | ({"models": (config.models, MODELS)} if script == "evaluate" else {})
    lines += ["run:", *_listed(run)]
    lines += ["trainer (any argument of Lightning's Trainer; --help_trainer lists them all):"]
    lines += _listed({f"trainer.{name}": (trainer[name], "") for name in shown})
    return "\n".join(lines)


_RUN: Values = {
    "output": ("runs/<job>/version_N", "folder to write to"),
    "overwrite": (False, "replace the run that the folder holds"),
    "predictions": (False, "write what every probe and the chosen heads pick for each anchor"),
    "seed_everything": (1, "seed of everything random"),
    "seeds": ("", "several starts of each probe, trained in the same run: --seeds 1 2 3"),
    "intervals": (0, "resamples, 40 or more, for 95% intervals of every accuracy; 0 for none"),
    "paired": ("", "'A,B': the interval of the difference between two probes or heads"),
}


def _own(model: Namespace) -> SimpleNamespace:
    """The options of the model that are neither its encoder nor a class to be named."""
    return SimpleNamespace(vectors=model.vectors, reduction=model.reduction)


def _class(path: str) -> type:
    module, _, name = path.rpartition(".")
    found: type = getattr(import_module(module), name)
    return found


def options(key: str, owner: type, values: Any) -> Values:
    """Each argument of a class: its option, its value and what its docstring says."""
    said = {
        argument.arg_name: argument.description or ""
        for ancestor in reversed(owner.__mro__)
        for argument in parse(ancestor.__doc__ or "", style=DocstringStyle.GOOGLE).params
    }
    return {
        f"{key}.{name}": (value, " ".join(said.get(name, "").replace("``", "").split()))
        for name, value in vars(values).items()
        if name not in ("tokenizer", "encoder")  # one comes from the encoder, which has its own
    }


def _listed(options: dict[str, tuple[object, str]]) -> Iterator[str]:
    for option, (value, text) in options.items():
        yield f"  --{option} {'' if value is None else value}".rstrip()
        yield from textwrap.wrap(text, _WIDTH - _INDENT, initial_indent=" " * _INDENT,
                                 subsequent_indent=" " * _INDENT)  # fmt: skip
    yield ""
