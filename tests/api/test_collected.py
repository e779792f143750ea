"""Several runs as one table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import probing
from probing.core.errors import ProbingError


def run(folder: Path, seed: int, text: str, *, split: str = "test") -> Path:
    reports = folder / "reports" / split
    reports.mkdir(parents=True)
    (folder / "config.yaml").write_text("job: heads\n")
    (reports / "best_heads.csv").write_text(text, encoding="utf-8")
    summary = {"model": "tiny", "weights_sha256": "12ab", "seed": seed, "more": [1]}
    (reports / "summary.json").write_text(json.dumps(summary))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    head = "relation,direction,layer,head,correct,total,accuracy,offset,offset_accuracy"
    run(tmp_path / "runs/a", 1, f"{head}\nnan,both,3,1,7,10,0.700000,+1,0.500000\n")
    own = "relation,layer,head,correct,accuracy,hard_accuracy\n1,2,2,1.5,0.1,\nall,1,1,2,0.2,0.5\n"
    run(tmp_path / "runs/heads/version_0", 2, own)
    return tmp_path / "runs"


def test_lines_stand_behind_their_run(runs: Path) -> None:
    found = probing.collect(f"{runs}/*")
    assert found["run"].tolist() == [str(runs / "a"), *[str(runs / "heads/version_0")] * 2]
    assert found["seed"].tolist() == [1, 2, 2]
    assert set(found["model"]) == {"tiny"}
    assert found["relation"].tolist() == ["nan", "1", "all"]  # labels as the data has them
    assert found["offset"].tolist()[0] == "+1"
    assert found["layer"].tolist() == [3, 2, 1]
    assert found["accuracy"].mean() == pytest.approx(1 / 3)
    assert found["offset_accuracy"].isna().tolist() == [False, True, True]
    assert found["hard_accuracy"].isna().tolist() == [True, True, False]
    assert list(found)[:5] == ["run", "model", "weights_sha256", "seed", "relation"]


def test_a_run_is_there_once(runs: Path) -> None:
    found = probing.collect(runs / "a", runs, f"{runs}/*")
    assert found["run"].tolist() == [str(runs / "a"), *[str(runs / "heads/version_0")] * 2]


def test_a_run_without_the_table_is_warned_of(runs: Path) -> None:
    run(runs / "other", 3, "relation\nall\n", split="val")
    with pytest.warns(UserWarning, match=r"without reports/test/best_heads\.csv: .*/other"):
        assert len(probing.collect(runs)) == 3
    assert len(probing.collect(f"{runs}/o*", split="val")) == 1


@pytest.mark.parametrize("pattern", ["nothing*", "a"])
def test_where_there_is_nothing_it_says_so(runs: Path, pattern: str) -> None:
    with pytest.raises(ProbingError, match=r"reports/test/probes\.csv, found"):
        probing.collect(runs / pattern, table="probes")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("correct\nmany\n", ":2: correct: expected a number, found 'many'"),
        ("relation,correct\nall,1\n\nall,1,2\n", ":4: expected 2 cells, found 3"),
        ("relation,correct\nall,1,2\nall,1,2\n", ":2: expected 2 cells, found 3"),
        ("relation,correct\nall\n", ":2: expected 2 cells, found 1"),
        ("relation,relation\nall,1\n", ":1: expected names of columns, each once"),
        ("", ":1: expected names of columns"),
        ('relation\n"a', ":2: expected lines of cells"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(runs: Path, text: str, said: str) -> None:
    (runs / "a/reports/test/best_heads.csv").write_text(text)
    with pytest.raises(ProbingError, match=rf"a/reports/test/best_heads\.csv{said}"):
        probing.collect(runs)


@pytest.mark.parametrize("text", ["[]", "{", '{"seed": [1]}', "[" * 100_000])
def test_a_run_that_says_something_else_of_itself_is_named(runs: Path, text: str) -> None:
    (runs / "a/reports/test/summary.json").write_text(text)
    with pytest.raises(
        ProbingError, match=r"a/reports/test/summary\.json(:1)?: expected what a run"
    ):
        probing.collect(runs)
