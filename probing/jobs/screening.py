"""What a stored configuration may name, since whatever it names is imported, and may be called.

A checkpoint, or the configuration of an interrupted run, may come from a stranger. So all of it is
looked at before any parser sees it, along with the types that the parser has for its options: where
it would import something, only known names may stand, and nothing that it would take for a file.
"""

from __future__ import annotations

import os
import re
import types
from argparse import Namespace
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

import yaml

from probing.core.errors import ProbingError
from probing.jobs.known_names import known_names
from probing.jobs.known_options import arguments_of, imported
from probing.jobs.yaml_text import read_yaml

# Options of the command line with which the user names classes, functions and modules.
_NAMING = re.compile(
    r"--(model(\.(optimizer|probes(\.\w+)?))?|data(\.(init_args\.)?(task|reader))?|report\.writers"
    r"|trainer(\.\w+)?)(\.class_path)?"
)
_LEAVES = (str, int, float, bool, complex, type(None), Path, timedelta)
_CONTAINERS = (Union, types.UnionType, list, dict, tuple, set, Sequence, Iterable, Mapping)
# Whoever starts a run says where it writes, and to whom.
_WRITING = ("default_root_dir", "logger", "model_registry", "profiler")


def named_by(arguments: Sequence[str]) -> list[str]:
    """The dotted names that a command line gives to options that import something."""
    found: list[str] = []
    for place, argument in enumerate(arguments):
        option, is_whole, value = argument.partition("=")
        if _NAMING.fullmatch(option):
            value = value if is_whole else " ".join(arguments[place + 1 : place + 2])
            found += re.findall(r"\w+(?:\.\w+)+", value)
    return found


@dataclass(frozen=True)
class Screen:
    """Lets a configuration pass that imports, and writes, nothing that the user did not name.

    Args:
        place: where it is stored, for complaints.
        said: modules, and names in modules, that the user named.
        options: the command line.
    """

    place: str
    said: Sequence[str] = ()
    options: Sequence[str] = ()

    def check(self, config: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
        """Refuse what the user would have to name.

        Args:
            config: the configuration; no parser has seen it.
            hints: the types of its sections and options.

        Raises:
            ProbingError: naming what it would import, and how to allow that; for a text where
                options belong.
        """
        self._check_names(config, type, "the run")
        for name, value in config.items():
            self._check(value, hints.get(name), name)
        trainer = config.get("trainer")
        options = trainer if isinstance(trainer, dict) else {}
        for name in _WRITING:
            told = any(option.startswith(f"--trainer.{name}") for option in self.options)
            if isinstance(value := options.get(name), str) and not told:
                self._refuse(
                    f"has {_short(value)} for trainer.{name}, which may write outside of --output; "
                    f"if you want it, say --trainer.{name} again"
                )

    def _check(self, value: Any, hint: Any, key: str) -> None:
        """Refuse ``value`` at ``key``, where the parser expects a ``hint``."""
        if isinstance(value, dict):
            if isinstance(path := value.get("class_path"), str):
                self._check_text(path, type, f"{key}.class_path")
                hint = imported(path)
            self._check_names(value, hint, key)
            for name, each in value.items():
                if name != "class_path" or not isinstance(each, str):
                    self._check(each, _within(hint, name), f"{key}.{name}")
        elif isinstance(value, list):
            for each in value:
                self._check(each, _item(hint), key)
        elif isinstance(value, str) and not _is_plain(hint):
            self._check_text(value, hint, key)

    def _check_names(self, options: Mapping[Any, Any], hint: Any, key: str) -> None:
        """Refuse what is no name of an option: of a path of names the parser would make several."""
        is_free = hint is None or any(dict in (each, get_origin(each)) for each in _members(hint))
        for name in () if is_free else options:
            if not (isinstance(name, str) and name.isidentifier()):
                self._refuse(f"has {_short(name)} among the options of {key}")

    def _check_text(self, text: str, hint: Any, key: str) -> None:
        """Refuse a text where the parser would import something, or read a file."""
        parts = text.strip(" \t\n'\"").split(".")
        is_name = len(parts) > 1 and all(part.isidentifier() for part in parts)
        if is_name and not self.is_known(".".join(parts)):
            module = ".".join(parts[:-1])
            self._refuse(
                f"names {text}, from outside the package; "
                f"if you trust it, add --import {module} (from Python: imports=[{module!r}])"
            )
        may_be_text = hint is None or any(
            each in (str, Any) or get_origin(each) is Literal for each in _members(hint)
        )
        if _is_file(text) or not (is_name or (may_be_text and _is_scalar(text))):
            self._refuse(
                f"has the text {_short(text)} where {key} has options: "
                "only what it holds itself is read"
            )

    def _refuse(self, why: str) -> NoReturn:
        raise ProbingError(f"{self.place}: the stored config {why}")

    def is_known(self, name: str) -> bool:
        """Whether the user named it, or it is known to be harmless."""
        return name in known_names() or any(
            name == module or name.startswith(f"{module}.") for module in self.said
        )


def refuse_made(config: Any, screen: Screen, words: Collection[str]) -> None:
    """Refuse a parsed configuration of a class that neither the screen knows nor the user wrote.

    Args:
        config: as it was parsed, of stored options and the command line's; nothing is built.
        screen: that the stored options have passed.
        words: of the command line, and of the configs that it names.

    Raises:
        ProbingError: naming the class.
    """
    values = vars(config) if isinstance(config, Namespace) else config
    if isinstance(values, dict):
        path = str(values.get("class_path", ""))
        if path and not screen.is_known(path) and path.rpartition(".")[2] not in words:
            raise ProbingError(
                f"{screen.place}: the stored config makes a {path}, which nobody has named"
            )
        values = list(values.values())
    for value in values if isinstance(values, list | tuple) else ():
        refuse_made(value, screen, words)


def _is_plain(hint: Any) -> bool:
    """Whether nothing that is imported may stand there, however deep."""
    if get_origin(hint) is Literal:
        return True
    if inner := get_args(hint):
        is_container = get_origin(hint) in _CONTAINERS
        return is_container and all(each is Ellipsis or _is_plain(each) for each in inner)
    return hint in _LEAVES


def _members(hint: Any) -> tuple[Any, ...]:
    """What may stand there, one or another."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _item(hint: Any) -> Any:
    """What may stand in a list; nothing that is known, where it could be one of several."""
    inner = [get_args(each) for each in _members(hint) if get_origin(each) not in (None, dict)]
    found = [each[0] for each in inner if each]
    return found[0] if len(found) == 1 else None


def _within(hint: Any, name: Any) -> Any:
    """What may stand under a name; nothing that is known, where it could be one of several."""
    found = []
    for each in _members(hint):
        if get_origin(each) is dict:
            found.append(get_args(each)[1])
        elif isinstance(each, type) and each not in (*_LEAVES, dict, list):
            found.append(each if name == "init_args" else arguments_of(each).get(name))
    return found[0] if len(found) == 1 else None


def _is_file(text: str) -> bool:
    """Whether the parser could read more options there."""
    return "://" in text or text.startswith("file:") or os.path.lexists(os.path.expanduser(text))


def _is_scalar(text: str) -> bool:
    """Whether a parser that reads YAML in a text finds no mapping or list there."""
    try:
        return not isinstance(read_yaml(text), dict | list | set | tuple)
    except yaml.YAMLError:
        return False


def _short(value: Any) -> str:
    return repr(str(value)[:80])
