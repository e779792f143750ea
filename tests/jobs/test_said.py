"""What a job is told and does not use is said; help leaves it out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probing.jobs.cli import main, usage
from probing.jobs.stored_config import for_evaluation

Say = Callable[..., tuple[str, str]]
MENTIONS = ("--config", "coreference_heads.yaml")
HEADS, DEMO = ("--config", "heads.yaml"), ("--config", "demo.yaml")


@pytest.fixture
def say(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    tiny_bert: Path,
) -> Say:
    """What a script shows until it finds no data, and then says."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    monkeypatch.chdir(tmp_path)

    def run(script: Any, *arguments: str) -> tuple[str, str]:
        assert main(script, [*arguments, "--model.encoder.name", str(tiny_bert)]) == 2
        return capsys.readouterr()

    return run


def test_training_data_that_is_not_read_is_said(say: Say) -> None:
    unread = ("--data.train=a.conllu", "--data.test=none.conllu")
    shown, told = say("evaluate", *MENTIONS, *unread)
    assert "train: a.conllu is not read: evaluate.py scores val and test" in shown
    assert "none.conllu: no such file" in told
    shown, _ = say("evaluate", *MENTIONS, "--data.test=none.conllu")
    assert "not read" not in shown


def test_a_revision_of_a_folder_is_not_used_and_said(say: Say, tiny_bert: Path) -> None:
    shown, _ = say("evaluate", *HEADS, "--model.encoder.revision=abc", "--data.test=none.conllu")
    assert f"model.encoder.revision abc: not used, {tiny_bert} is a folder" in " ".join(
        shown.split()
    )


def test_an_output_folder_of_a_cache_is_not_used_and_said(say: Say, tmp_path: Path) -> None:
    """The options of a run make its cache, also when the run is there."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("model: {}\n")
    own = ("--output=run", "--data.train=none.conllu", "--data.cache_features=kept")
    shown, told = say("cache", *DEMO, *own)
    assert "output run: not used, what is kept is in kept" in shown
    assert "none.conllu: no such file" in told
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.yaml"]


@pytest.mark.parametrize(("arguments", "left"), [([], None), (["--data.val=b.dep"], "a.conllu")])
def test_validation_data_of_a_checkpoint_that_is_not_here_is_said(
    arguments: list[str], left: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"data": {"init_args": {"val": "a.conllu"}}}
    assert for_evaluation(config, arguments)["data"]["init_args"]["val"] == left
    said = capsys.readouterr().out
    assert said.startswith("val: a.conllu is not here: heads are chosen on the test data") is (
        left is None
    )


def helped(script: Any, *arguments: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The options that help lists."""
    assert main(script, [*arguments, "--help"]) == 0
    return {word for word in capsys.readouterr().out.split() if word.startswith("--")}


TRAINING = {"--data.train", "--data.shuffle_seed", "--data.cache_features", "--trainer.max_epochs"}
REPORTING = {"--data.test", "--output", "--report.trees", "--predictions", "--intervals"}


def test_help_lists_what_a_script_uses(capsys: pytest.CaptureFixture[str]) -> None:
    train = helped("train", *DEMO, capsys=capsys)
    heads = helped("evaluate", *HEADS, capsys=capsys)
    cached = helped("cache", *DEMO, capsys=capsys)
    assert train >= TRAINING | REPORTING
    assert heads >= REPORTING
    assert heads & TRAINING == {"--data.train"}  # for the tags that it teaches
    assert not heads & {"--model.vectors", "--model.reduction"}
    assert cached >= {"--data.train", "--data.cache_features", "--model.vectors", "--seeds"}
    assert not cached & (REPORTING | {"--data.shuffle_seed", "--trainer.max_epochs"})


def test_so_does_help_without_a_config() -> None:
    train, heads, cached = (set(usage(s).split()) for s in ("train", "evaluate", "cache"))  # type: ignore[arg-type]
    data = {f"--data.{name}" for name in ("train", "val", "test", "cache_features")}
    assert train >= data | {"--output", "--resume"}
    assert heads & data == {"--data.train", "--data.val", "--data.test"}
    assert cached & data == {"--data.train", "--data.cache_features"}
    assert not cached & {"--output", "--overwrite", "--predictions", "--intervals", "--resume"}
