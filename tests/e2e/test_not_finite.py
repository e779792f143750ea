"""Numbers that are not finite end every job with a sentence and without a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from not_finite import overflowing

from probing.jobs.scripts import CONFIGS

SOURCE = "builtin:documents=2,seed={}"
SAID = "computes in float16 is not finite"


@pytest.fixture(scope="module")
def folder(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overflowing(tiny_bert, tmp_path_factory.mktemp("overflowing"))


JOBS: dict[str, tuple[str, str, dict[str, str]]] = {
    "heads": ("evaluate", "heads", {"val": SOURCE.format(1), "test": SOURCE.format(2)}),
    "coreference": ("evaluate", "coreference_heads", {"test": SOURCE.format(2)}),
    "probes": ("train", "dependency", {"train": SOURCE.format(1), "test": SOURCE.format(2)}),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_on_edges_is_refused(
    job: str, folder: Path, refuse: Callable[..., str], tmp_path: Path
) -> None:
    script, config, sources = JOBS[job]
    output = tmp_path / "output"
    arguments = ["--config", CONFIGS / f"{config}.yaml", "--model.encoder.name", folder]
    arguments += ["--model.encoder.precision", "float16", "--output", output]
    arguments += [f"--data.{split}={source}" for split, source in sources.items()]
    assert SAID in refuse(script, *arguments)
    assert not [path for path in output.rglob("*") if path.suffix in (".csv", ".ckpt")]


def test_plain_text_is_refused(folder: Path, refuse: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("The dog barked.\nIt was a cat.\n" * 20, encoding="utf-8")
    arguments = ["--config", CONFIGS / "surface.yaml", "--model.encoder.name", folder]
    arguments += ["--model.encoder.precision", "float16", "--output", tmp_path / "output"]
    assert SAID in refuse("evaluate", *arguments, "--data.test", tmp_path / "text.txt")
    assert not list((tmp_path / "output").rglob("*.csv"))


def test_on_two_processes_both_end(
    folder: Path, script: Callable[..., Any], tmp_path: Path
) -> None:
    """Also where only one of them has met it: with one batch, the other has none."""
    arguments = ["--config", "heads.yaml", "--model.encoder.name", folder]
    arguments += ["--model.encoder.precision", "float16", "--output", tmp_path / "output"]
    arguments += ["--data.batch_wordpieces", 100000, "--trainer.accelerator=cpu"]
    arguments += ["--trainer.devices=2", "--trainer.strategy=ddp"]
    done = script("evaluate", *arguments, test=SOURCE.format(2))
    assert (done.code, done.err.count(SAID)) == (2, 2), done.err
    assert "Traceback" not in done.err
    assert not list((tmp_path / "output").rglob("*.csv"))
