"""What must be known of a command line before its parser can be made."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any


def peek(arguments: Sequence[str]) -> argparse.Namespace:
    """Which job is asked for and what it goes on with; complaints are left to its parser."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-c", "--config", action="append", default=[])
    parser.add_argument("--import", dest="imports", action="append", default=[])
    for name in ("--job", "--ckpt_path", "--output"):
        parser.add_argument(name)
    for names in (("-h", "--help"), ("--resume",), ("--traceback",), ("--version",)):
        parser.add_argument(*names, action="store_true")
    try:
        return parser.parse_known_args(list(arguments))[0]
    except argparse.ArgumentError:
        return parser.parse_args([])


class Peeked(argparse.Action):
    """An option that :func:`peek` has read: it is known, and no configuration may hold it."""

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        hidden = argparse.SUPPRESS
        super().__init__(option_strings, dest=hidden, default=hidden, **settings)

    def __call__(self, *ignored: Any) -> None:
        """Leave everything as it is."""


PEEKED: Mapping[tuple[str, ...], Mapping[str, Any]] = {
    ("--ckpt_path",): {"help": "a checkpoint to evaluate"},
    ("--import",): {"help": "a module that a checkpoint may import"},
    ("--resume",): {"nargs": 0, "help": "go on with the run in the output folder"},
    ("--traceback",): {"nargs": 0, "help": "show where an error came from"},
    ("--version",): {"nargs": 0, "help": "show the version of this package"},
    ("-h", "--help"): {"nargs": 0, "help": "the options of the job"},
}
"""Options that :func:`peek` reads, as the parser of a job has them."""
