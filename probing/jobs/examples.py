"""``probing examples``: sentences on which a head is right and wrong, from the report of a run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from probing.core.errors import ProbingError
from probing.jobs.streams import printed

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
    return printed(lambda: _shown(said))


def _shown(said: argparse.Namespace) -> str:
    from probing.reports.example_file import FILE, read_examples  # Arrow is there for this alone
    from probing.reports.example_list import of_head
    from probing.reports.read_back import report_file

    examples = read_examples(report_file(said.run, FILE, writes="--report.examples 100"))
    try:
        return repr(of_head(examples, said.row, said.head, right=said.right, wrong=said.wrong))
    except ProbingError as error:  # about an argument, which is an option of the same name
        raise ProbingError(f"--{error}") from error
