"""``probing examples``: sentences on which a head is right and wrong, from the report of a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from probing.core.errors import ProbingError
from probing.core.inert import visible
from probing.jobs.streams import read_or_not

ABOUT = "Show sentences on which a head is right and wrong, from the folder of a run."


def main(argv: Sequence[str]) -> int:
    """Show what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser("probing examples", description=ABOUT, allow_abbrev=False)
    parser.add_argument("run", type=Path, help="the folder of a run, or of a report of it")
    parser.add_argument(
        "--row", default="all", help="a relation or mention type; all, if not given"
    )
    parser.add_argument(
        "--head",
        help="LAYER-HEAD, which picks by its row, or 'LAYER-HEAD DIRECTION'; the chosen one, if "
        "not given",
    )
    parser.add_argument("--right", type=int, default=5, help="how many right ones, at most")
    parser.add_argument("--wrong", type=int, default=5, help="how many wrong ones, at most")
    said = parser.parse_args(argv)
    with read_or_not():
        try:
            print(_shown(said))
        except ProbingError as error:
            print(f"error: {visible(str(error), keep=chr(10))}", file=sys.stderr)
            return 2
    return 0


def _shown(said: argparse.Namespace) -> str:
    from probing.reports.example_file import read_examples  # takes a second
    from probing.reports.example_list import of_head

    examples = read_examples(_file(said.run))
    return repr(of_head(examples, said.row, said.head, right=said.right, wrong=said.wrong))


def _file(run: Path) -> Path:
    """The examples of a report; of a run, those of its test data, else of its validation data.

    Raises:
        ProbingError: if there are none.
    """
    from probing.reports.example_file import FILE

    folders = (run, run / "reports" / "test", run / "reports" / "val")
    found = [folder / FILE for folder in folders if (folder / FILE).is_file()]
    if not found:
        raise ProbingError(
            f"{run}: expected the folder of a run that has reports/test/{FILE}, found none"
        )
    return found[0]
