"""Features that are cached by a command, then trained from: what is reported is the model's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from probing.encoder import Encoder
from probing.jobs.command import command

DATA = ("--data.val", "null", "--data.train", "builtin:documents=6,seed=1")
TEST = ("--data.test", "builtin:documents=6,seed=2")


@pytest.fixture
def probing(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["probing"])
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    monkeypatch.chdir(tmp_path)
    options = ("--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false")

    def run(name: str, *arguments: str) -> None:
        model = ("--model.encoder.name", str(tiny_bert))
        assert command([name, "--config", "demo.yaml", *model, *DATA, *options, *arguments]) == 0

    return run


def test_a_run_from_the_cache_is_the_run_without_one(
    probing: Callable[..., None],
    table: Callable[[Path], list[dict[str, str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    probing("cache", "--data.cache_features", "kept")
    said = capfd.readouterr().out
    assert "Cached features: kept: " in said
    assert "to be written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    runs: list[int] = []
    run = Encoder._run

    def counted(self: Encoder, *args: object, **options: object) -> object:
        runs.append(1)
        return run(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoder, "_run", counted)
    probing("train", *TEST, "--output", "live")
    live = len(runs)
    probing("train", *TEST, "--output", "cached", "--data.cache_features", "kept")
    cached = len(runs) - live
    probing("evaluate", *TEST, "--job", "heads", "--model.probes", "null", "--output", "heads")
    # The cache saves the runs of training, and none of those of the test.
    assert 0 < len(runs) - live - cached <= cached < live
    left, right = (Path(name) / "reports" / "test" for name in ("live", "cached"))
    for name in ("heads.csv", "baselines.csv"):
        assert (left / name).read_bytes() == (right / name).read_bytes()
    rows = list(zip(table(left / "probes.csv"), table(right / "probes.csv"), strict=True))
    assert rows
    for one, other in rows:
        assert abs(int(one["correct"]) - int(other["correct"])) <= 0.01 * int(one["total"])


def test_what_cannot_be_cached_is_refused(refuse: Callable[..., str], tiny_bert: Path) -> None:
    model = ("--config", "demo.yaml", "--model.encoder.name", str(tiny_bert))
    assert "give --data.train FILE and --data.cache_features DIR" in refuse("cache", *model, *DATA)
    kept = ("--data.cache_features", "kept")
    assert "give its --config alone" in refuse("cache", *kept, "--ckpt_path", "last.ckpt")
    said = refuse("cache", "--config", "heads.yaml", *kept)
    assert "job 'heads' is one of evaluate.py, not of probing cache" in said
    Path("file").write_text("")
    assert "file" in refuse("cache", *model, *DATA, "--data.cache_features", "file/kept")
