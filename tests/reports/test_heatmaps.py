"""Heat maps in TensorBoard: drawn where they are asked for, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from probing.jobs.cli import main

DATA = "builtin:documents={},seed=3"
RUN = (
    *("--model.probes", "null", "--model.probes.mine", "probing.probes.AttentionProbe"),
    *("--data.train", DATA.format(4), "--data.val", DATA.format(2), "--data.test", DATA.format(3)),
    *("--trainer.max_epochs", "2", "--trainer.accelerator", "cpu"),
    *("--trainer.enable_progress_bar", "false", "--report.min_anchors", "5"),
)


def pictures(tiny_bert: Path, folder: Path, *more: str) -> dict[str, int]:
    """How often each picture is shown that a run has for TensorBoard."""
    model = ("--model.encoder.name", str(tiny_bert), "--output", str(folder))
    assert main("train", [*RUN, *model, *more]) == 0
    events = EventAccumulator(str(folder)).Reload()
    assert "val/uas/mine" in events.Tags()["scalars"]
    return {tag: len(events.Images(tag)) for tag in events.Tags()["images"]}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")  # a run sets it: undone afterwards


def test_nothing_is_drawn_unless_it_is_asked_for(tiny_bert: Path, tmp_path: Path) -> None:
    assert pictures(tiny_bert, tmp_path / "run") == {}


def test_heads_are_shown_once_a_split_and_weights_each_epoch(
    tiny_bert: Path, tmp_path: Path
) -> None:
    shown = pictures(tiny_bert, tmp_path / "run", "--report.heatmaps", "true")
    assert shown.pop("weights/mine") == 2
    assert {tag.rpartition("/")[0] for tag in shown} == {"val/heads", "test/heads"}
    assert {"val/heads/all", "test/heads/all", "test/heads/det"} <= set(shown)
    assert set(shown.values()) == {1}
