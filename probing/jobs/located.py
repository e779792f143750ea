"""Which option of the command line an argument of a class was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonargparse import Namespace

from probing.core.errors import OutOfRange


def located(error: OutOfRange, said: Any) -> OutOfRange:
    """The complaint of a class about one of its arguments, under the name of the option."""
    key = next((key for key, value in _options(said) if _is_meant(error, key, value)), None)
    if key is None:
        return error
    return OutOfRange(f"--{key}", error.bounds, error.found)


def _is_meant(error: OutOfRange, key: str, value: object) -> bool:
    return key.rpartition(".")[2] == error.option and value == error.found


def _options(said: Any, key: str = "") -> Iterator[tuple[str, object]]:
    """Options and their values, classes and mappings in them included."""
    if isinstance(said, Namespace):
        said = vars(said)
    if not isinstance(said, Mapping):
        yield key.removeprefix(".").replace(".init_args", ""), said
        return
    for name, value in said.items():
        yield from _options(value, f"{key}.{name}")
