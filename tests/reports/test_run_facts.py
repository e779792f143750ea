"""What a run says of itself, and what it says to loggers."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.figure import Figure
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger

from probing.reports import run_facts
from probing.reports.run_folder import add_figure, add_scalars


def test_facts_name_no_path_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    here = str(tmp_path / "data" / "my file.conllu")
    monkeypatch.setattr(sys, "argv", ["/some/where/evaluate.py", f"--data.test={here}", "a b"])
    found = run_facts.run_facts()
    assert found["command"] == "evaluate.py '--data.test=data/my file.conllu' 'a b'"
    assert found["python"] == platform.python_version()
    since = datetime.now(UTC) - datetime.fromisoformat(str(found["date"]))
    assert timedelta(0) <= since < timedelta(minutes=5)


def test_the_commit_is_that_of_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def git(*arguments: str) -> str:
        own = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(own, capture_output=True, text=True, check=True).stdout.strip()

    def commit() -> str | None:
        run_facts._commit.cache_clear()
        return run_facts._commit()

    file = tmp_path / "probing" / "reports" / "run_facts.py"
    monkeypatch.setattr(run_facts, "__file__", str(file))
    assert commit() is None
    file.parent.mkdir(parents=True)
    file.write_text("")
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    git("tag", "-a", "v1", "-m", "v1")
    assert commit() == git("rev-parse", "HEAD")
    file.write_text("changed")
    assert commit() == git("rev-parse", "HEAD") + "-dirty"
    monkeypatch.setenv("PATH", "")
    assert commit() is None
    run_facts._commit.cache_clear()


class Images(CSVLogger):
    """A logger that takes pictures, as that of Weights & Biases does."""

    def log_image(self, key: str, images: list[Any], step: int) -> None:
        self.seen = (key, images, step)


def test_every_logger_gets_numbers_and_those_that_can_figures(tmp_path: Path) -> None:
    plain, images = CSVLogger(tmp_path / "plain"), Images(tmp_path / "images")
    board = TensorBoardLogger(tmp_path / "board")
    trainer: Any = SimpleNamespace(loggers=[plain, images, board], global_step=7)
    add_scalars(trainer, {"test/heads/a\x1b": 0.5})
    figure = Figure()
    add_figure(trainer, "x", figure)
    assert images.seen == ("x", [figure], 7)
    for logger in (plain, images):
        assert logger.experiment.metrics == [{r"test/heads/a\x1b": 0.5, "step": 7}]
