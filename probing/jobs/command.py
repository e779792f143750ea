"""The command ``probing``: the two scripts under one name, wherever the package is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from probing.jobs import examples, paper
from probing.jobs.cli import ABOUT, NAME_AND_VERSION, jobs_of, main
from probing.jobs.scripts import Script

_READERS: Mapping[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "examples": (examples.main, examples.ABOUT),
    "paper": (paper.main, paper.ABOUT),
}
"""What reads the reports of runs, and what is said of it."""

_USAGE = """\
usage: probing train [--config FILE] [--output DIR] [options]
       probing evaluate [--config FILE] [--output DIR] [options]
       probing cache --data.cache_features DIR [--config FILE] [options]
       probing examples RUN [--row ROW] [--head LAYER-HEAD] [--right N] [--wrong N]
       probing paper RUN [RUN ...] --output DIR
       probing --version

{scripts}

{readers}

A job is a config; the first of each is what runs without one. Configs that are not in the current
folder are those that the package brings along. --help behind any of the words
above says more.
"""


def command(argv: Sequence[str] | None = None) -> int:
    """Run the script that the first argument names; returns its exit status."""
    first, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    for script in get_args(Script):
        if first == script:
            return main(script, rest)
    if first in _READERS:
        return _READERS[first][0](rest)
    if first == "--version":
        print(NAME_AND_VERSION)
        return 0
    if first in ("-h", "--help"):
        listed = (f"{name}: {ABOUT[name]}\n{jobs_of(name)}" for name in get_args(Script))
        readers = (f"{name}: {about}" for name, (_, about) in _READERS.items())
        print(_USAGE.format(scripts="\n\n".join(listed), readers="\n".join(readers)))
        return 0
    known = ", ".join([*get_args(Script), *_READERS])
    print(f"error: probing {first}: expected one of {known}", file=sys.stderr)
    return 2
