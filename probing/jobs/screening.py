"""What a stored configuration may name, since whatever it names is imported, and may be called.

A checkpoint, or the configuration of an interrupted run, may come from a stranger. So all of it is
looked at before any parser sees it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from probing.core.errors import ProbingError
from probing.data.builtin.reader import read_builtin
from probing.data.sources.files import READERS

# Without the user's word: classes of the kinds that a run is built of, and our own readers.
_KNOWN = re.compile(
    r"(probing\.(probes|data)|torch\.optim)(\.[a-z_]+){0,2}\.[A-Z]\w*"
    r"|pytorch_lightning\.(accelerators|callbacks|loggers|plugins|profilers|strategies)"
    r"(\.[a-z_]+)*\.[A-Z]\w*"
)
_OUR_READERS = frozenset(
    f"{read.__module__}.{read.__name__}" for read in (*READERS.values(), read_builtin)
)
PLAIN = re.compile(
    r"data\.init_args\.(train|val|test)|model\.(encoder|encoders\.\w+)\.(name|revision)|model\.vectors"
    r"|treebanks\.first|trainer\.default_root_dir|models(\.name)?|paired"
)
"""Options that hold names and paths, never something to import."""
# Where the parser expects options of a class: there it takes a text for the path of a file.
_CLASSES = re.compile(
    r"(model|model\.(optimizer|encoder|encoders(\.\w+)?|probes(\.\w+)?)"
    r"|data|data\.init_args\.(task|reader)|report|report\.writers|treebanks|trainer"
    r"|trainer\.(accelerator|callbacks|logger|plugins|profiler|strategy))(\.init_args)?"
    r"|.*\.class_path"
)
# Options of the command line with which the user names classes, functions and modules.
_NAMING = re.compile(
    r"--(model(\.(optimizer|probes(\.\w+)?))?|data(\.(init_args\.)?(task|reader))?|report\.writers"
    r"|trainer(\.\w+)?)(\.class_path)?"
)


def named_by(arguments: Sequence[str]) -> list[str]:
    """The dotted names that a command line gives to options that import something."""
    found: list[str] = []
    for place, argument in enumerate(arguments):
        option, is_whole, value = argument.partition("=")
        if _NAMING.fullmatch(option):
            value = value if is_whole else " ".join(arguments[place + 1 : place + 2])
            found += re.findall(r"\w+(?:\.\w+)+", value)
    return found


def refuse_foreign(config: Any, said: Sequence[str], key: str = "") -> None:
    """Refuse a configuration that would import what the user did not name.

    Args:
        config: the configuration, or what stands at ``key`` in it.
        said: modules, and names in modules, that the user named.
        key: where.

    Raises:
        ProbingError: naming what it would import, and how to allow that.
    """
    if isinstance(config, dict):
        for name, value in config.items():
            refuse_foreign(value, said, f"{key}.{name}".lstrip("."))
    elif isinstance(config, list):
        for value in config:
            refuse_foreign(value, said, key)
    elif isinstance(config, str) and not PLAIN.fullmatch(key):
        _refuse_text(config, said, key)


def _refuse_text(text: str, said: Sequence[str], key: str) -> None:
    within = _within(text)
    if not isinstance(within, str):  # YAML in YAML, which the parser would read
        refuse_foreign(within, said, key)
    parts = text.strip().split(".")
    is_name = all(part.strip().isidentifier() for part in parts)
    if _CLASSES.fullmatch(key) and (not is_name or Path(text).is_file()):
        raise ProbingError(
            f"the stored config has the text {text[:80]!r} where {key} has options: "
            "only what it holds itself is read"
        )
    module = ".".join(parts[:-1])
    is_known = text in _OUR_READERS or _KNOWN.fullmatch(text)
    if is_name and module and not is_known and not any(_is_in(name, module) for name in said):
        raise ProbingError(
            f"the stored config names {text}, from outside the package; "
            f"if you trust it, add --import {module} (from Python: imports=[{module!r}])"
        )


def _within(text: str) -> Any:
    """What a text is to a parser that reads YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")
