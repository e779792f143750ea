"""``probing paper``: the paper's tables, each of the run that has it, in one place."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from probing.core.errors import ProbingError
from probing.jobs.streams import printed

ABOUT = "Put the numbers of several runs beside the paper's, from their paper.csv."


def main(argv: Sequence[str]) -> int:
    """Write what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser("probing paper", description=ABOUT, allow_abbrev=False)
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="the folder of a run, or of a report of it; RUN:1,3 takes only these tables of it",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the tables that the folder holds"
    )
    said = parser.parse_args(argv)
    return printed(lambda: _written(said.runs, said.output, is_overwriting=said.overwrite))


def _written(runs: Sequence[str], output: Path, *, is_overwriting: bool) -> str:
    from probing.reports.paper.files import FILE, write
    from probing.reports.paper.together import Part, sources, together

    parts = [Part.of(run) for run in runs]
    if output.resolve() in {part.folder.resolve() for part in parts}:
        raise ProbingError(f"--output {output}: its own tables are among those that are read")
    if (output / FILE).exists() and not is_overwriting:
        raise ProbingError(f"--output {output}: {FILE} is there; --overwrite replaces it")
    lines, about = together(parts), list(sources(parts))
    write(lines, output, title="Beside the paper", notes=about)
    counted = f"{sum(line.here is not None for line in lines)} of {len(lines)} lines"
    return "\n".join([*about, f"{output / FILE}, .md and .tex: {counted}"])
