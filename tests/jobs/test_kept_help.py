"""Help that was made before is kept, and made anew where anything about it has changed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from probing.core.files import cache_folder
from probing.jobs import kept_help as kept
from probing.jobs.arguments import peek
from probing.jobs.cli import main
from probing.jobs.scripts import CONFIGS

HEADS = str(CONFIGS / "heads.yaml")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["evaluate.py"])
    monkeypatch.setattr(sys, "path", list(sys.path))


def place(*arguments: str) -> Path | None:
    return kept.kept_help("evaluate", arguments, peek(arguments))


def test_help_is_kept_and_printed_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_is_users", lambda name: False)  # the tests are a user's modules
    assert main("evaluate", ["--config", HEADS, "--help"]) == 0
    made = capsys.readouterr().out
    assert "--model.encoder.name" in made
    found = place("--config", HEADS, "--help")
    assert found is not None
    assert found.parent.parent == cache_folder()
    found.write_text("kept")
    assert main("evaluate", ["--config", HEADS, "--help"]) == 0
    assert capsys.readouterr().out == "kept\n"
    assert main("evaluate", ["--config", HEADS, "--data.workers", "2", "--help"]) == 0
    assert "--data.workers 2" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [b"\xff", None], ids=["not UTF-8", "nowhere to keep it"])
def test_help_needs_no_cache(
    damage: bytes | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_is_users", lambda name: False)
    if damage is None:
        monkeypatch.setenv("PROBING_CACHE", "/dev/null")
    else:
        found = place("--config", HEADS, "--help")
        assert found is not None
        found.parent.mkdir(parents=True)
        found.write_bytes(damage)
    assert main("evaluate", ["--config", HEADS, "--help"]) == 0
    assert "--model.encoder.name" in capsys.readouterr().out


def test_another_config_code_or_package_is_another_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, packages = tmp_path / "mine.yaml", tmp_path / "packages"
    config.write_text("job: heads\n")
    packages.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    found = {place("--config", str(config), "--help")}
    assert found == {place("--config", str(config), "--help")}
    found.add(place("--config", str(config), "--help", "--trainer.max_epochs", "2"))
    (packages / "torch-99.dist-info").mkdir()
    found.add(place("--config", str(config), "--help"))
    config.write_text("job: heads\ndata:\n  workers: 1\n")
    found.add(place("--config", str(config), "--help"))
    monkeypatch.setattr(kept, "_PACKAGE", tmp_path)
    found.add(place("--config", str(config), "--help"))
    (tmp_path / "code.py").write_text("pass")
    found.add(place("--config", str(config), "--help"))
    assert len(found) == 6
    assert None not in found


@pytest.mark.parametrize(
    "more", [("--ckpt_path", "x"), ("--output", "x"), ("--resume",), ("--import", "x")]
)
def test_what_stored_runs_and_users_say_is_not_kept(more: tuple[str, ...]) -> None:
    assert place("--config", HEADS, "--help", *more) is None
    assert place("--help") is None
    assert place("--config", "absent.yaml", "--help") is None


def test_nothing_is_kept_of_what_a_module_of_the_users_has_part_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "cache" / "help.txt"
    monkeypatch.setattr(sys, "modules", {"os": os, "probing.jobs.kept_help": kept})
    kept.keep_help(target, "text")
    assert target.read_text() == "text"
    target.unlink()
    (tmp_path / "users_module.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import users_module

    monkeypatch.setattr(sys, "modules", {"os": os, "users_module": users_module})
    kept.keep_help(target, "text")
    assert not target.exists()
