"""What must be known of a command line before, and beside, its parser."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence


def early_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """What must be known before the real parser can be fed."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-c", "--config", action="append", default=[])
    parser.add_argument("--ckpt_path")
    parser.add_argument("--output")
    parser.add_argument("--import", dest="imports", action="append", default=[])
    parser.add_argument("--resume", action="store_true")
    return parser.parse_known_args(list(arguments))[0]


def own_arguments(arguments: Sequence[str]) -> list[str]:
    """What the parser of a job gets to see; and the current folder becomes importable."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # so that a probe in the current folder can be named
    own = [a for a in arguments if a not in ("--traceback", "--resume")]
    own = _without(_without(own, "--ckpt_path"), "--import")
    own = _flag(_flag(own, "--overwrite"), "--predictions")
    own = _several(_several(own, "--seeds"), "--paired")
    return ["--help" if argument == "--help_trainer" else argument for argument in own]


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
