"""YAML as every parser of options reads it: of bounded depth and size, and without loops."""

from __future__ import annotations

import json
import re
from math import isfinite, isnan
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from jsonargparse import get_loader, set_loader

from probing.core.errors import ProbingError

_read = get_loader("yaml")
_NOTHING = frozenset({"", "~", "null"})
_DEPTH, _SIZE = 50, 100_000  # of what a text may hold, aliases followed


def read_yaml(text: str) -> Any:
    """What a text holds.

    Raises:
        yaml.YAMLError: for no YAML, and for YAML that no program should walk through.
    """
    try:
        found = _read(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, no base64
        raise yaml.YAMLError(str(error)) from error
    _measure(found, _DEPTH, [_SIZE])
    return found


def in_json(value: Any) -> str:
    """A value as JSON that is YAML, too: that knows no character in two halves, and no ``NaN``."""
    mark = uuid4().hex
    text = json.dumps(_marked(value, mark), default=str, ensure_ascii=False)
    text = re.sub(f'"{mark}(.*?)"', r"\1", text)
    return re.sub(r"[^ -~]", lambda found: f"\\U{ord(found[0]):08x}", text)


def _marked(value: Any, mark: str) -> Any:
    """The value with what JSON has no number for as texts of YAML behind a mark."""
    if isinstance(value, dict):
        return {name: _marked(each, mark) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(each, mark) for each in value]
    if isinstance(value, float) and not isfinite(value):
        return mark + (".nan" if isnan(value) else ".inf" if value > 0 else "-.inf")
    return value


def use_yaml() -> None:
    """Let parsers read YAML by :func:`read_yaml`, where they read it in the value of an option."""
    set_loader("yaml", of_option, exceptions=(yaml.YAMLError,))


def of_option(text: str) -> Any:
    """What the value of an option holds; nothing only where it says so, as no comment does."""
    found = read_yaml(text)
    return text if found is None and text.strip().lower() not in _NOTHING else found


def read_config(path: str) -> dict[str, Any]:
    """The options that a config holds.

    Raises:
        ProbingError: naming the file, for what is none.
    """
    text = text_of(path)
    try:
        found = read_yaml(text)
    except yaml.YAMLError as error:
        raise ProbingError(f"{path}: expected YAML: {in_short(error)}") from error
    if not isinstance(found, dict):
        kind = "nothing" if found is None else f"{type(found).__name__} {str(found)[:80]!r}"
        raise ProbingError(f"{path}: expected a mapping of options, found {kind}")
    return found


def text_of(path: str | Path) -> str:
    """The text of a configuration.

    Raises:
        ProbingError: naming the file, where it cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ProbingError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ProbingError(f"{path}: expected UTF-8, found another encoding") from error


def in_short(error: yaml.YAMLError) -> str:
    """What is wrong with a text, and in which line."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    where = f" in line {mark.line + 1}" if mark is not None else ""
    return f"{problem or ' '.join(str(error).split())}{where}"


def _measure(value: Any, depth: int, left: list[int]) -> None:
    """Refuse what is too deep, as a loop is, or has more than ``left`` values."""
    left[0] -= 1
    if depth < 0 or left[0] < 0:
        raise yaml.YAMLError("nested too deeply, in a loop, or too large")
    if isinstance(value, dict):
        for each in value.values():
            _measure(each, depth - 1, left)
    elif isinstance(value, list | set):
        for each in value:
            _measure(each, depth - 1, left)
