"""``--config X --help``: the options of one job, with the values that the config gives them."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import Any

from docstring_parser import DocstringStyle, parse
from jsonargparse import Namespace

from probing.encoder import Encoder
from probing.jobs.registry import EVERY, TACIT, Row
from probing.jobs.scripts import Script, as_named, called

_WIDTH = 100
_INDENT = 8
_TRAINER = ("max_epochs", "devices", "strategy", "accelerator", "precision")

Values = dict[str, tuple[object, str]]
"""Values and descriptions of options by their names."""


def explained(
    config: Namespace, row: Row, owners: Mapping[str, type], *, script: Script, config_name: str
) -> str:
    """The text: a section each for model, probes, data, report and the run itself.

    Args:
        config: the values.
        row: of the registry, whose own options stand under the headings that they name.
        owners: whose arguments the options of a section are; ``model`` is headed by its encoder.
        script: that was called.
        config_name: the config, as it was named.
    """
    sections: dict[str, Values] = {"model": {}, "probes": {}, "data": {}}
    for key, owner in owners.items():
        sections.setdefault(key.partition(".")[0], {}).update(options(key, owner, config[key]))
    for name, encoder in (config.model.get("encoders") or {}).items():
        sections["model"] |= options(f"model.encoders.{name}", Encoder, encoder)
    for name, probe in (config.model.get("probes") or {}).items():
        sections["probes"] |= _named(f"model.probes.{name}", probe)
    sections["data"] = _named("data", config.data)
    for option in (*EVERY, *row.options):
        value = config[option.name] if option.shown is None else option.shown
        sections.setdefault(option.title, {})[option.name] = (value, option.text)
    trainer: Values = {f"trainer.{name}": (config.trainer[name], "") for name in _TRAINER}
    tacit = row.tacit | TACIT[script]
    lines = [f"usage: {called(script)} --config {as_named(config_name)} [options]", ""]
    for title, values in sections.items():
        if title not in tacit and (shown := _but(values, tacit)):
            lines += [f"{title}:", *_listed(shown)]
    lines += ["trainer (any argument of Lightning's Trainer; --help_trainer lists them all):"]
    lines += _listed(_but(trainer, tacit))
    return "\n".join(lines)


def _but(values: Values, tacit: Collection[str]) -> Values:
    return {name: value for name, value in values.items() if name not in tacit}


def _named(key: str, said: Namespace) -> Values:
    """A class that is named, and its options; an option may be such a class in turn."""
    values: Values = {key: (said.class_path, "the class; any class that can be imported")}
    own = options(key, _class(said.class_path), said.init_args)
    for name, value in vars(said.init_args).items():
        if isinstance(value, Namespace) and "class_path" in value:
            own.pop(f"{key}.{name}")
            own |= _named(f"{key}.{name}", value)
    return values | own


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
        # One comes from the encoder; others have options of their own.
        if name not in ("tokenizer", "encoder", "encoders", "probes", "optimizer", "seeds")
    }


def _listed(options: dict[str, tuple[object, str]]) -> Iterator[str]:
    for option, (value, text) in options.items():
        yield f"  --{option} {'' if value is None else value}".rstrip()
        yield from textwrap.wrap(text, _WIDTH - _INDENT, initial_indent=" " * _INDENT,
                                 subsequent_indent=" " * _INDENT)  # fmt: skip
    yield ""
