"""``--report.writers``: tables and figures of the user's own, and what becomes of their faults."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import probing
from probing.jobs.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "my_writer.py"
DATA = [
    f"--data.{split}=builtin:documents=3,seed={seed}" for split, seed in (("val", 2), ("test", 3))
]
LEAST = "--report.min_anchors=5"
FAULTY = """\
from pathlib import Path

Path(__file__).with_name("imported").touch()


def fails(findings, folder):
    right = 0
    return findings.probes.total / [right]


def says(findings, folder):
    (folder / "said.txt").write_text(findings.split)


def one(findings):
    pass
"""
Run = Callable[..., int]
Table = Callable[[Path], list[dict[str, str]]]


@pytest.fixture
def run(tmp_path: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a script in this process, in a folder that holds the writers."""
    shutil.copy(EXAMPLE, tmp_path)
    (tmp_path / "faulty.py").write_text(FAULTY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")

    def call(script: Any, *arguments: object) -> int:
        return main(script, [*map(str, arguments), LEAST, *DATA])

    yield lambda script, *more: call(script, "--model.encoder.name", tiny_bert, *more)
    for module in ("faulty", "my_writer"):
        sys.modules.pop(module, None)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_example_adds_its_table_and_its_figure(run: Run, table: Table, tmp_path: Path) -> None:
    figure = "{class_path: my_writer.LayersFigure, init_args: {rows: 2}}"
    named = f"[my_writer.layers, {figure}]"
    assert run("evaluate", "--report.writers", named, "--output", "out") == 0
    heads = table(tmp_path / "out/reports/test/heads.csv")
    for split in ("val", "test"):
        folder = tmp_path / "out" / "reports" / split
        assert (folder / "layers.png").read_bytes().startswith(b"\x89PNG")
    lines = {
        (row["relation"], row["layer"]): row["accuracy"] for row in table(folder / "layers.csv")
    }
    for (relation, layer), accuracy in lines.items():
        own = [h for h in heads if (h["relation"], h["layer"]) == (relation, layer)]
        assert accuracy == max(h["accuracy"] for h in own)
    relations = {h["relation"] for h in heads if int(h["total"]) >= 5}
    assert set(lines) == {(relation, layer) for relation in relations for layer in "12"}


def test_a_fault_is_told_at_the_end_and_costs_no_other_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", "--output", "plain") == 0
    named = "[faulty.fails, faulty.says]"
    assert run("evaluate", "--report.writers", named, "--output", "out") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --report.writers faulty.fails: TypeError: ")
    assert f"({tmp_path / 'faulty.py'}, line 8)" in error
    assert "all other files are written" in error
    for split in ("val", "test"):
        plain, own = (tmp_path / name / "reports" / split for name in ("plain", "out"))
        assert files(own) == files(plain) | {"said.txt"}
        assert (own / "said.txt").read_text() == split


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (
            "faulty.fail",
            "--report.writers faulty.fail: module 'faulty' has no 'fail'; did you mean 'fails'?",
        ),
        ("nowhere.fails", "--report.writers nowhere.fails: No module named 'nowhere'"),
        ("fails", "--report.writers: expected an import path such as my_writers.sentences, or"),
        ("{path: faulty.fails}", "--report.writers: expected an import path such as"),
        (
            "faulty.one",
            "--report.writers faulty.one: expected what can be called with findings and",
        ),
        ("faulty.Path", "--report.writers faulty.Path: expected what can be called with findings"),
        (
            "{class_path: my_writer.LayersFigure, init_args: {row: 2}}",
            "--report.writers my_writer.LayersFigure: TypeError: ",
        ),
    ],
)
def test_what_cannot_be_called_is_refused_before_the_run(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str, said: str
) -> None:
    assert run("evaluate", "--report.writers", named, "--output", "out") == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_imports_no_writer_without_the_users_word(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ("--data.train=builtin:documents=3,seed=1", "--trainer.max_epochs=1")
    assert run("train", "--report.writers", "faulty.says", "--output", "out", *train) == 0
    assert (tmp_path / "out/reports/val/said.txt").exists()
    sys.modules.pop("faulty")
    mark = tmp_path / "imported"
    mark.unlink()
    checkpoint = str(tmp_path / "out" / "checkpoints" / "last.ckpt")
    assert run("evaluate", "--ckpt_path", checkpoint, "--output", "again") == 0
    assert probing.load_probes(checkpoint).probes
    assert files(tmp_path / "again/reports/test") == files(tmp_path / "out/reports/test") - {
        "said.txt"
    }
    capsys.readouterr()
    resume = ("--resume", "--output", "out")
    assert main("train", [*resume]) == 2
    assert "the stored config names faulty.says" in capsys.readouterr().err
    assert not mark.exists()
    assert main("train", [*resume, "--import", "faulty"]) == 0
    assert mark.exists()


def test_a_fault_costs_a_comparison_nothing(
    run: Run, tmp_path: Path, tiny_bert: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = (
        f"[{{name: {tiny_bert}, label: a}}, {{name: {tiny_bert}, random_init: true, label: b}}]"
    )
    named = ("--report.writers", "faulty.fails", "--models", models)
    assert main("evaluate", ["--config", str(ROOT / "configs/compare.yaml"), *named, LEAST, *DATA,
                             "--output", "out"]) == 2  # fmt: skip
    assert "faulty.fails: TypeError" in capsys.readouterr().err
    assert {"comparison.csv", "comparison.md"} <= files(tmp_path / "out")
    assert all((tmp_path / "out" / label / "reports/test/heads.csv").exists() for label in "ab")
