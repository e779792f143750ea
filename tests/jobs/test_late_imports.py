"""What is imported when: help, and what reads reports, answer before PyTorch is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from probing.reports.example_file import FILE, write_examples
from probing.reports.examples import Anchor, Examples
from probing.reports.paper.files import write
from probing.reports.paper.lines import missing

SCRIPT = """
import sys
{what}
found = sorted({{name.partition('.')[0] for name in sys.modules}} & {{{heavy}}})
print(*found)
"""


def imported_by(what: str, *heavy: str) -> list[str]:
    """Which of some packages are there after ``what``, in a process of its own."""
    script = SCRIPT.format(what=what, heavy=", ".join(map(repr, heavy)))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return done.stdout.decode().splitlines()[-1].split()


HEAVY = ("torch", "pytorch_lightning", "transformers", "datasets", "jsonargparse", "matplotlib")


@pytest.mark.parametrize(
    "what",
    [
        "import probing",
        "from probing.jobs.cli import main; main('train', ['--help'])",
        "from probing.jobs.command import command; command(['--help']); command(['--version'])",
    ],
)
def test_nothing_heavy_is_imported_for_help(what: str) -> None:
    assert imported_by(what, *HEAVY) == []


READING = """
from probing.jobs.command import command
assert not command(['examples', {run!r}, '--head', '1-1'])
assert not command(['paper', {run!r}, '--output', {output!r}])
"""


def test_reports_are_read_without_what_made_them(tmp_path: Path) -> None:
    report = tmp_path / "run" / "reports" / "test"
    anchor = Anchor(["Ann", "sank"], 0, (1,), window=0, file="", document="", line=1, id=1)
    picks = np.ones((1, 1, 1, 1), dtype=np.int64)
    write_examples(
        Examples([anchor], {"all": np.array([0])}, picks, picks / 2, ["dep->head"], [1], {}),
        report / FILE,
    )
    write(list(missing(1)), report, title="One", notes=[])
    what = READING.format(run=str(tmp_path / "run"), output=str(tmp_path / "paper"))
    assert imported_by(what, *HEAVY, "torchmetrics", "scipy", "pandas") == []


# Lightning brings along transformers, matplotlib and SciPy, whoever imports it.
UNUSED = ("datasets", "pandas", "networkx", "sklearn", "tensorboard")
HELP = """
from probing.jobs.cli import main
for script, config in ("evaluate", "heads.yaml"), ("train", "table3.yaml"):
    assert not main(script, ["--config", config, "--help"])
"""


def test_help_of_a_job_reads_no_data_and_draws_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path))
    assert imported_by(HELP, *UNUSED) == []
    assert len(list((tmp_path / "help").iterdir())) == 2
    assert imported_by(HELP, *HEAVY) == []  # kept since


def test_the_look_at_what_is_imported_sees_it() -> None:
    assert imported_by("import probing.core.batches", *HEAVY) == ["torch"]
