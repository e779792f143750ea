"""All figures of the documents about speed, as ratios, in one command.

    python -m benchmarks [ROW ...] [--trees FILE] [--coreference FILE] [--rounds N]
                         [--peer PYTHON] [--write FILE]

Each row runs in a process of its own, with one thread; both sides of a ratio run in turn in it,
and processor time is what counts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.figures import BUILTIN, Setting
from benchmarks.running import ROWS, measured
from benchmarks.table import machine, write_table


def main() -> None:
    """Measure and print the rows asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)}; all if none")
    parser.add_argument("--trees", default=BUILTIN, help="trees to measure on")
    parser.add_argument("--coreference", help="documents with coreference to measure on")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs")
    parser.add_argument(
        "--most", type=int, default=100_000, help="sentences of the largest generated treebank"
    )
    parser.add_argument("--peer", help="the python of an environment that has TransformerLens")
    parser.add_argument("--write", type=Path, help="write a Markdown file, and JSON beside it")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"expected rows of {', '.join(ROWS)}, found {', '.join(sorted(unknown))}")
    setting = Setting(
        arguments.trees, arguments.coreference, arguments.rounds, arguments.most, arguments.peer
    )
    figures = list(measured(arguments.rows or ROWS, setting))
    print(machine())
    if arguments.write is not None:
        write_table(arguments.write, figures, setting)


if __name__ == "__main__":
    main()
