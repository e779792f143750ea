"""The job that ablates heads: what it writes, on any number of processes, and refuses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probing.ablation.effects import COLUMNS, CONTROLS
from probing.jobs.cli import main

Run = Callable[..., Any]
Table = Callable[[Path], list[dict[str, str]]]
CONFIG = Path(__file__).resolve().parents[2] / "configs" / "ablate.yaml"
TEXT = "builtin:documents=12,seed=3"


def job(model: Path, output: Path, *more: object) -> list[str]:
    options = ["--data.pairs", '["builtin:roles,pairs=30,seed=1"]', "--data.batch_wordpieces=150"]
    options += ["--ablation.resamples=50", "--data.test", TEXT, "--trainer.accelerator=cpu"]
    given = ["--config", CONFIG, "--model.encoder.name", model, "--output", output]
    return [str(each) for each in (*given, *options, *more)]


@pytest.fixture(scope="module")
def alone(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run of one process: each head in turn, and a set of two."""
    folder = tmp_path_factory.mktemp("ablation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")  # a run sets it: undone afterwards
        own = job(tiny_bert, folder / "o", "--heads", "1-1,2-3", "--each", "--ablation.how=uniform")
        assert main("evaluate", own) == 0
    return folder / "o" / "reports" / "test"


def test_a_run_writes_effects_and_controls(alone: Path, table: Table) -> None:
    lines = table(alone / "ablation.csv")
    assert tuple(lines[0]) == tuple(COLUMNS)
    heads = ["1-1,2-3", *(f"{n}-{h}" for n in (1, 2) for h in (1, 2, 3, 4))]
    assert [(line["data"], line["heads"]) for line in lines] == [
        (data, own) for data in ("text", "roles") for own in heads
    ]
    for line in lines:
        assert line["outcome"] == {"text": "moved", "roles": "distance"}[line["data"]]
        before, after = float(line["before"]), float(line["after"])
        assert float(line["difference"]) == pytest.approx(after - before, abs=2e-9)
        assert float(line["low"]) <= float(line["difference"]) <= float(line["high"])
        assert (before == 0) == (line["data"] == "text")
        assert (after > 0) or line["data"] == "roles"
        assert line["sets"] == ("9" if line["heads"] == "1-1,2-3" else "3")
        rank, sets = int(line["rank"]), int(line["sets"])
        assert float(line["p"]) == pytest.approx(rank / (1 + sets), abs=1e-9)
        assert float(line["least_p"]) == pytest.approx(1 / (1 + sets), abs=1e-9)
    controls = table(alone / "controls.csv")
    assert tuple(controls[0]) == tuple(CONTROLS)
    own = {(line["data"], line["heads"]): line for line in lines}
    for line in controls:  # a control of one is the target of another
        if line["heads"] != "1-1,2-3":
            same = own[line["data"], line["control"]]
            assert float(line["difference"]) == pytest.approx(float(same["difference"]), abs=2e-9)
    summary = json.loads((alone / "summary.json").read_text())
    assert summary["passes"]["from_the_ablated_layer_up"] is True
    # One of two layers for the second layer's, two for those of the first and for the controls.
    assert summary["passes"]["of_a_whole_one"] == pytest.approx((4 * 0.5 + 14) / 18, abs=1e-6)
    assert (alone / "figures" / "ablation.png").read_bytes().startswith(b"\x89PNG")
    assert (alone / "figures" / "ablation.pdf").read_bytes().startswith(b"%PDF")


def test_two_processes_write_the_bytes_of_one(
    alone: Path, script: Run, tiny_bert: Path, tmp_path: Path
) -> None:
    more = ["--heads", "1-1,2-3", "--each", "--ablation.how=uniform"]
    more += ["--trainer.devices=2", "--trainer.strategy=ddp"]
    script("evaluate", *job(tiny_bert, tmp_path / "o", *more), timeout=400).ok()
    for name in ("ablation.csv", "controls.csv", "figures/ablation.png"):
        other = tmp_path / "o" / "reports" / "test" / name
        assert other.read_bytes() == (alone / name).read_bytes()


def test_heads_that_a_report_has_chosen(
    alone: Path, tiny_bert: Path, tmp_path: Path, refuse: Run, table: Table
) -> None:
    summary = json.loads((alone / "summary.json").read_text())
    run = tmp_path / "run"
    (run / "reports" / "test").mkdir(parents=True)
    scored = {"accuracy": 0.5, "direction": "dep->head"}
    best = {"obj": {"head": "2-3", **scored}, "nsubj": {"head": "1-4", **scored}}
    best["all"] = {"head": "2-2", **scored}
    written = {"weights_sha256": summary["weights_sha256"], "best_heads": best}
    (run / "reports" / "test" / "summary.json").write_text(json.dumps(written))
    small = ["--data.test=null", "--ablation.how=zero", "--ablation.controls=1"]
    chosen = ["--heads-from", f"{run}:obj", f"{run}:obj,nsubj", f"{run}:all"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        assert main("evaluate", job(tiny_bert, tmp_path / "o", *small, *chosen)) == 0
    lines = table(tmp_path / "o" / "reports" / "test" / "ablation.csv")
    assert [line["heads"] for line in lines] == ["2-3", "1-4,2-3", "2-2"]
    near = "expected one of obj, nsubj, all, found 'iobj'; did you mean 'obj'?"
    for value, said in ((f"{run}:iobj", near),
                        (str(run), "expected the folder of a run that scored heads and a relation"),
                        ("nowhere:obj", "nowhere")):  # fmt: skip
        message = refuse("evaluate", *job(tiny_bert, tmp_path / "p", "--heads_from", value))
        assert said in message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--heads", "1-5"], "--heads: expected LAYER-HEAD .* 1, 2 and a head from 1 to 4.*'1-5'"),
        (["--heads", "1-1,"], "--heads: expected LAYER-HEAD"),
        (["--data.test=null", "--data.pairs=null"], "nothing to read: give --data.test FILE"),
        (["--data.pairs", "[nowhere.tsv]"], "nowhere.tsv: No such file"),
        (["--data.most=0"], "--data.most: expected 1 or more"),
        (["--ablation.controls=-1"], "--ablation.controls: expected 0 or more"),
        (["--ablation.how=mean", "--data.pairs", '["builtin:roles,pairs=4,seed=1"]'],
         "of a length that fewer than 10 have"),
        (["--ablation.how=half"], "ablation.how"),
        (["--ckpt_path", "x.ckpt"], "x.ckpt"),
    ],
)  # fmt: skip
def test_what_is_refused(
    more: list[object], said: str, refuse: Run, tiny_bert: Path, tmp_path: Path
) -> None:
    message = refuse("evaluate", *job(tiny_bert, tmp_path / "o", *more))
    assert re.search(said, message), message
    assert not (tmp_path / "o").exists()


def test_accuracies_of_heads_that_a_report_names(
    alone: Path,
    tiny_bert: Path,
    tmp_path: Path,
    refuse: Run,
    table: Table,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Of the second layer, where heads of the first are ablated."""
    summary = json.loads((alone / "summary.json").read_text())
    scored = {"accuracy": 0.5, "direction": "dep->head"}
    best = {"det": {"head": "2-3", **scored}, "nsubj": {"head": "1-2", **scored}}
    best["nowhere"] = {"head": "2-1", **scored}
    written = {"weights_sha256": summary["weights_sha256"], "best_heads": best}
    report = tmp_path / "run" / "reports" / "val"
    report.mkdir(parents=True)
    (report / "summary.json").write_text(json.dumps(written))
    trees = ["--data.test=null", "--data.pairs=null", "--data.treebank=builtin:documents=11,seed=3"]
    own = ["--heads", "1-1", "2-1", "--ablation.how=uniform", "--ablation.best_heads"]
    own.append(tmp_path / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        assert main("evaluate", job(tiny_bert, tmp_path / "o", *trees, *own)) == 0
    lines = table(tmp_path / "o" / "reports" / "test" / "ablation.csv")
    assert [(line["heads"], line["data"], line["outcome"]) for line in lines] == [
        ("1-1", "trees", "det by 2-3")
    ]
    assert float(lines[0]["low"]) <= float(lines[0]["difference"]) <= float(lines[0]["high"])
    assert "not looked at, since no layer below is ablated: nsubj by 1-2" in capfd.readouterr().out
    message = refuse("evaluate", *job(tiny_bert, tmp_path / "p", *trees, *own[3:], "--heads=2-1"))
    assert "expected a head above layer 2" in message
    assert "nothing changes in det by 2-3, nsubj by 1-2" in message
    message = refuse("evaluate", *job(tiny_bert, tmp_path / "p", *trees))
    assert "--data.treebank FILE goes with what to look at in it" in message
    message = refuse("evaluate", *job(tiny_bert, tmp_path / "p", *own[3:]))
    assert "--data.treebank FILE goes with what to look at in it" in message
