"""A stored configuration imports nothing that the user did not name, however it is put."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from probing.api.restore import restore
from probing.core.errors import ProbingError
from probing.jobs.cli import main
from probing.jobs.screening import named_by
from probing.jobs.stored_config import screened

CLASS = {"class_path": "marked.Probe", "init_args": {}}
AS_TEXT = "{mine: {class_path: marked.Probe}}"
PUT: dict[str, dict[str, Any]] = {
    "a class": {"model.probes.mine": CLASS},
    "a class by its name alone": {"model.probes.mine": "marked.Probe"},
    "letters of other alphabets": {"model.probes.mine": {"class_path": "märked.Probe"}},
    "what importlib takes and Python does not": {"model.probes.mine": {"class_path": "mar-ked.P"}},
    "YAML in YAML": {"model.probes": AS_TEXT},
    "YAML in YAML, for the optimizer": {"model.optimizer": "{class_path: marked.Probe}"},
    "YAML in YAML, for the data": {"data": "{class_path: marked.Probe}"},
    "YAML in YAML, for a reader": {"data.init_args.reader": "{class_path: marked.Probe}"},
    "YAML in YAML, for callbacks": {"trainer.callbacks": "[{class_path: marked.Probe}]"},
    "a file where a mapping belongs": {"model.probes": "./probes.yaml"},
    "a file without an ending": {"model.probes": "probes"},
    "a file for one probe": {"model.probes.mine": "probes.yaml"},
    "a file for the model": {"model": "probes.yaml"},
    "an address": {"model.probes": "https://example.org/probes.yaml"},
    "a writer": {"report.writers": ["marked.write"]},
    "a writer with a blank behind it": {"report.writers": "marked.write "},
    "a writer that is a class": {"report.writers": [{"class_path": "mar-ked.Writer"}]},
    "a task": {"data.init_args.task": {"class_path": "marked.Task"}},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with modules that leave a mark when they are imported."""
    for name in ("marked", "märked", "mar-ked", "last"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w').close()\n")
    (tmp_path / "probes.yaml").write_text(AS_TEXT)
    (tmp_path / "probes").write_text(AS_TEXT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def stored(changes: dict[str, Any]) -> str:
    config: dict[str, Any] = {
        "model": {"encoder": {"name": "google/bert"}, "probes": {}},
        "data": {"class_path": "probing.data.DependencyData", "init_args": {"val": "a.conllu"}},
        "report": {"trees": False},
        "trainer": {"strategy": "auto", "precision": "32-true"},
    }
    for key, value in changes.items():
        *outer, last = key.split(".")
        within = config
        for name in outer:
            within = within[name]
        within[last] = value
    return yaml.safe_dump(config)


def test_what_a_run_stores_passes() -> None:
    assert screened(stored({}), [], place="a.ckpt")["model"]["encoder"] == {"name": "google/bert"}


@pytest.mark.parametrize("changes", PUT.values(), ids=list(PUT))
@pytest.mark.parametrize("by", ["--ckpt_path", "--resume", "load_probes"])
def test_nothing_is_imported(
    changes: dict[str, Any], by: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = stored(changes)
    torch.save({"state_dict": {}, "config": config}, place / "last.ckpt")
    (place / "config.yaml").write_text(config)
    # What was asked for another run's reports is passed over; the model is not here, either.
    is_dropped = by != "--resume" and "report.writers" in changes
    told = "google/bert" if is_dropped else "stored config"
    if by == "load_probes":
        with pytest.raises(ProbingError, match=told):
            restore("last.ckpt")
    else:
        script: Any = "evaluate" if by == "--ckpt_path" else "train"
        said = [by, "./last.ckpt"] if by == "--ckpt_path" else [by, "--output", str(place)]
        assert main(script, said) == 2
        complaint = capsys.readouterr().err
        assert is_dropped or "last.ckpt: " in complaint or f"{place}: " in complaint
        assert told in complaint
    assert not (place / "mark").exists()
    assert not {"marked", "märked", "mar-ked", "last"} & set(sys.modules)


@pytest.mark.parametrize(
    "config", ["{", "a text", "[]", "model: text\ndata: {}", "model: {}", "data: {}", "3"]
)
def test_what_is_no_configuration_is_refused_with_its_place(config: str) -> None:
    with pytest.raises(ProbingError, match=r"^a\.ckpt: "):
        screened(config, [], place="a.ckpt")


def test_what_the_user_names_is_allowed() -> None:
    config = stored({"model.probes.mine": CLASS})
    for said in ("marked", "marked.Probe"):
        assert screened(config, [said], place="a.ckpt")["model"]["probes"] == {"mine": CLASS}
    with pytest.raises(ProbingError, match="--import marked"):
        screened(config, ["mark", "marked_too.Probe"], place="a.ckpt")


def test_only_options_that_import_name_anything() -> None:
    said = ["--model.probes.a", "one.A", "--model.probes.b=two.B", "--data.task", "three.T"]
    said += ["--report.writers", "[four.w, {class_path: five.W}]"]
    others = ["--ckpt_path", "last.ckpt", "--output=evil.d", "--data.test", "evil.conllu"]
    found = named_by([*said, *others])
    assert found == ["one.A", "two.B", "three.T", "four.w", "five.W"]
