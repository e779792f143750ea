"""The command ``probing``: its help, what it hands on, and where configs are found."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from probing.core.version import VERSION
from probing.jobs import scripts
from probing.jobs.cli import main, usage
from probing.jobs.command import command
from probing.jobs.scripts import CONFIGS, with_shipped

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In an empty folder, and not run as a script."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/probing"])


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_job_under_its_script(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(arguments) == 0
    train, _, evaluate = capsys.readouterr().out.partition("\nevaluate:")
    for path in CONFIGS.glob("*.yaml"):
        is_trained = path.read_text(encoding="utf-8").startswith("# train:")
        assert (f" configs/{path.name} " in train) is is_trained, path
        assert (f" configs/{path.name} " in evaluate) is not is_trained, path


def test_what_is_no_script_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["evalute", "--help"]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert (
        said.err
        == "error: probing evalute: expected one of train, evaluate, cache, examples, paper\n"
    )


@pytest.mark.parametrize("arguments", [["--version"], ["train", "--version"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command(arguments) == 0
    assert capsys.readouterr().out == f"attention-probing {VERSION}\n"


def test_scripts_show_the_version_and_run_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("evaluate", ["--config", "no such file", "--version"]) == 0
    assert capsys.readouterr().out == f"attention-probing {VERSION}\n"


def test_what_follows_goes_to_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["evaluate", "--help"]) == 0
    assert capsys.readouterr().out == usage("evaluate") + "\n"
    assert command(["train", "--config", "heads.yml"]) == 2
    assert "heads.yml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "called"),
    [
        ("train.py", "python train.py"),
        ("../../train.py", "python train.py"),
        ("/venv/bin/probing", "probing train"),
        ("/venv/lib/probing/__main__.py", "probing train"),
        ("my_train.py", "probing train"),
    ],
)
def test_help_says_how_the_script_was_called(
    program: str, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    assert usage("train").startswith(f"usage: {called} [")


def test_help_of_a_job_says_which_config_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["evaluate", "--config", "heads.yaml", "--help"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == f"Config: {CONFIGS / 'heads.yaml'}"
    assert second == "usage: probing evaluate --config heads.yaml [options]"


@pytest.mark.parametrize("name", ["heads.yaml", "configs/heads.yaml", "./heads.yaml"])
def test_a_shipped_config_stands_in_where_no_file_has_its_name(name: str) -> None:
    shipped = str(CONFIGS / "heads.yaml")
    assert Path(shipped).is_file()
    more = ["--data.test", "heads.yaml", "--output=configs/heads.yaml"]
    for said in (["--config", name], ["-c", name]):
        assert with_shipped([*said, *more]) == [said[0], shipped, *more]
    assert with_shipped([f"--config={name}", *more]) == [f"--config={shipped}", *more]
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text("# evaluate: mine\n", encoding="utf-8")
    for own in (["--config", name], [f"--config={name}"]):
        assert with_shipped([*own, *more]) == [*own, *more]


@pytest.mark.parametrize(
    "name", ["head.yaml", "my/heads.yaml", "../heads.yaml", "/configs/heads.yaml", "heads", ""]
)
def test_no_other_name_stands_for_a_shipped_config(name: str) -> None:
    assert with_shipped(["--config", name]) == ["--config", name]


def at(package: Path) -> ModuleType:
    """The module that says where configs are, in a copy of the package elsewhere."""
    place = package / "jobs" / "scripts.py"
    place.parent.mkdir(parents=True)
    place.write_text(Path(scripts.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("copied", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_configs_are_beside_the_package_or_in_it(tmp_path: Path) -> None:
    beside = at(tmp_path / "checkout" / "probing")
    assert tmp_path / "checkout" / "configs" == beside.CONFIGS
    inside = tmp_path / "site-packages" / "probing" / "configs"
    inside.mkdir(parents=True)
    within = at(inside.parent)
    assert inside == within.CONFIGS
    assert CONFIGS == ROOT / "configs"
