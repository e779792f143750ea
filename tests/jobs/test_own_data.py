"""Generated data that a config brings along does not stand beside the user's own unasked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from probing.jobs.cli import main
from probing.jobs.own_data import left_out

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "val", "test")
GENERATED: dict[str, Any] = {
    "data": {
        "init_args": {split: f"builtin:documents=2,seed={n}" for n, split in enumerate(SPLITS)}
    }
}


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
@pytest.mark.parametrize("named", SPLITS)
def test_no_shipped_config_adds_generated_data_to_a_file(config: Path, named: str) -> None:
    options = yaml.safe_load(config.read_text(encoding="utf-8"))
    own = options["data"].get("init_args") or {}
    brought = {split for split in SPLITS if str(own.get(split, "")).startswith("builtin:")}
    assert set(left_out([options], [], [f"--data.{named}", "a.conllu"])) == brought - {named}


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        ([], ""),
        (["--data.test", "a.conllu"], "train val"),
        (["--data.init_args.test=a.conllu"], "train val"),
        (["--data", '{"init_args": {"test": "a.conllu"}}'], "train val"),
        (["--data.test=datasets:a: b,split=test"], "train val"),
        (["--data.val", "a.conllu", "--data.test", "b.conllu"], "train"),
        (["--data.val", "a.conllu", "--data.test", "builtin:documents=9,seed=9"], "train"),
        (["--data.test", "builtin:documents=9,seed=9"], ""),
        (["--data.test", "null"], ""),
        (["--data.test", "#a.conllu"], "train val"),  # which is a name on the command line
        (["--data.limit", "20", "--model.encoder.name", "a"], ""),
    ],
)
def test_what_nobody_named_goes_where_a_file_comes(arguments: Sequence[str], gone: str) -> None:
    assert left_out([GENERATED], [], arguments) == {
        split: GENERATED["data"]["init_args"][split] for split in gone.split()
    }


def test_a_users_config_names_data_as_the_command_line_does() -> None:
    own = {"data": {"test": "a.conllu"}}
    assert set(left_out([GENERATED], [own], [])) == {"train", "val"}
    mixed = {"data": {"init_args": {"test": "a.conllu", "val": "builtin:documents=1,seed=1"}}}
    assert set(left_out([GENERATED], [mixed], [])) == {"train"}
    assert left_out([], [mixed], []) == {}  # as they asked for
    assert left_out([{"data": None}, {}], [{"data": "a"}], ["--data"]) == {}


def test_data_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text("class_path: a.B\ninit_args:\n  test: a.conllu\n", encoding="utf-8")
    assert set(left_out([GENERATED], [], ["--data", str(file)])) == {"train", "val"}
    assert set(left_out([GENERATED], [{"data": str(file)}], [])) == {"train", "val"}


@pytest.mark.parametrize("named", ["name", "path"])
def test_heads_are_not_chosen_on_generated_sentences_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    file = tmp_path / "a.conllu"
    file.write_text(
        "1\tIt\t_\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\tworks\t_\tVERB\t_\t_\t0\troot\t_\t_\n\n",
        encoding="utf-8",
    )
    run = tmp_path / "run"
    assert main("evaluate", ["--data.val", str(file), "--output", str(run)]) == 2
    seen = capsys.readouterr()
    assert "test: builtin:documents=150,seed=3 is generated, and left out" in seen.out
    assert "no test data: give --data.test FILE" in seen.err
    assert not run.exists()
    config = {"name": "demo.yaml", "path": str(ROOT / "configs" / "demo.yaml")}[named]
    own = ["--config", config, "--data.test", str(file), "--output", str(run)]
    assert main("evaluate", [*own, "--model.probes=null"]) == 0
    kept = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    splits = kept["data"]["init_args"]
    assert [splits[split] for split in SPLITS] == [None, None, str(file)]
    summary = json.loads((run / "reports/test/summary.json").read_text(encoding="utf-8"))
    assert summary["heads_chosen_on"] == "test"
