"""A checkpoint is read once, and a task of one's own has its fields as options."""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from probing.data.builtin.reader import read_builtin
from probing.jobs.cli import main
from probing.learning import checkpoints

ROOT = Path(__file__).resolve().parents[2]
TEST = "builtin:documents=4,seed=3"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The checkpoints that are opened in this process."""
    found: list[str] = []
    opened = checkpoints.ZipFile

    def noted(file: Any, *arguments: Any, **options: Any) -> Any:
        found.extend([file] if isinstance(file, str) else [])
        return opened(file, *arguments, **options)

    monkeypatch.setattr(checkpoints, "ZipFile", noted)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("once")
    shutil.copy(ROOT / "docs" / "examples" / "my_task.py", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        yield folder


def train(place: Path, model: Path, output: str, *more: str) -> Path:
    sources = [f"--data.{split}={TEST}" for split in ("train", "val", "test")]
    probes = '{"attention": {"class_path": "probing.probes.AttentionProbe"}}'
    own = ["--model.encoder.name", str(model), "--model.probes", probes, "--output", output]
    assert main("train", [*own, *sources, "--trainer.max_epochs=1", *more]) == 0
    return place / output / "checkpoints" / "last.ckpt"


def test_a_checkpoint_is_read_once(place: Path, tiny_bert: Path, reads: list[str]) -> None:
    checkpoint = train(place, tiny_bert, "trained")
    assert reads == [str(checkpoint)] or reads == ["trained/checkpoints/last.ckpt"]
    reads.clear()
    assert main("evaluate", ["--ckpt_path", str(checkpoint), "--output", "evaluated"]) == 0
    assert reads == [str(checkpoint)]
    for split in ("val", "test"):
        for name in ("probes.csv", "heads.csv"):
            made, again = (
                (place / run / "reports" / split / name).read_bytes()
                for run in ("trained", "evaluated")
            )
            assert made == again


def repeats(most: int) -> Counter[str]:
    """How many words stood at most so many places before, by distance."""
    found: Counter[str] = Counter()
    for sentence in read_builtin(TEST):
        for place, word in enumerate(sentence.words):
            back = [
                d for d in range(1, most + 1) if d <= place and sentence.words[place - d] == word
            ]
            found.update([str(back[0]), "all"] if back else [])
    return found


@pytest.mark.parametrize("most", [3, 8])
def test_the_fields_of_a_task_are_options(most: int, place: Path, tiny_bert: Path) -> None:
    task = ["--data", "probing.data.EdgeData", "--data.task", "my_task.Repeats"]
    own = ["--model.encoder.name", str(tiny_bert), "--data.test", TEST, "--output", f"of_{most}"]
    assert main("evaluate", [*own, *task, "--data.task.most", str(most)]) == 0
    with (place / f"of_{most}" / "reports" / "test" / "heads.csv").open(encoding="utf-8") as file:
        totals = {row["relation"]: int(row["total"]) for row in csv.DictReader(file)}
    assert totals == repeats(most)
    assert repeats(3) != repeats(8)


def test_a_task_in_a_stored_config_is_screened(
    place: Path, tiny_bert: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = ("--data=probing.data.EdgeData", "--data.task=my_task.Repeats")
    checkpoint = train(place, tiny_bert, "own_task", *task, "--data.task.most=8")
    capsys.readouterr()
    stored = torch.load(checkpoint, weights_only=True)["config"]
    assert yaml.safe_load(stored)["data"]["init_args"]["task"]["init_args"] == {"most": 8}
    arguments = ["--ckpt_path", str(checkpoint), "--output"]
    assert main("evaluate", [*arguments, "refused"]) == 2
    assert "--import my_task" in capsys.readouterr().err
    assert not (place / "refused").exists()
    assert main("evaluate", [*arguments, "allowed", "--import", "my_task"]) == 0
