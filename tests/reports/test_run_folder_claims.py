"""A run writes into its own folder alone, and no two runs write into one."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from probing.core.claims import LOCK, claim, release
from probing.core.errors import ProbingError
from probing.core.files import open_new, write_whole, written_aside
from probing.jobs.compared_models import labels_of
from probing.reports.run_folder import FINISHED, RunFolder

ROOT = Path(__file__).parents[2]
HOLDS = """
import sys, pathlib
from probing.core.claims import claim
claim(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    yield
    release()


def run_in(folder: Path, config: str = "a: 1", **settings: bool) -> RunFolder:
    overwrite = settings.get("overwrite", False)
    return RunFolder(
        job="x", output=str(folder), overwrite=overwrite, config=config, folders=labels_of
    )


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "file").write_text("mine", encoding="utf-8")
    return folder


LINKED = ("reports", "checkpoints", "reports/test", "checkpoints/last.ckpt", "config.yaml", LOCK,
          "events.out.tfevents.1", "comparison.md", "A", "A/reports", "A/checkpoints/last.ckpt",
          "reports/test/dangling")  # fmt: skip


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize("overwrite", [False, True])
def test_nothing_is_written_through_a_link_in_the_folder(
    name: str, overwrite: bool, tmp_path: Path, elsewhere: Path
) -> None:
    folder = tmp_path / "out"
    link = folder / name
    link.parent.mkdir(parents=True)
    goal = elsewhere / ("gone" if name.endswith("dangling") else "file")
    link.symlink_to(elsewhere if Path(name).suffix == "" and goal.exists() else goal)
    run = run_in(folder, "models: [some/A, B]", overwrite=overwrite)
    told = {"config.yaml": "holds another run", LOCK: f"{link}"}
    inner = "/" in name and not name.startswith("A")
    is_replaced = overwrite and (inner or name in run.MADE or name.startswith("events"))
    refused = pytest.raises(ProbingError, match=re.escape(told.get(name, f"{link} is a link to")))
    with nullcontext() if is_replaced else refused:
        run.check(resume=None)
        run.decide()
    assert link.is_symlink() != is_replaced or name == "config.yaml"
    assert {p.name: p.read_text() for p in elsewhere.iterdir()} == {"file": "mine"}


def test_a_folder_that_is_a_link_is_the_users_own(tmp_path: Path, elsewhere: Path) -> None:
    link = tmp_path / "out"
    link.symlink_to(elsewhere)
    run = run_in(link)
    run.check(resume=None)
    run.decide()
    assert (elsewhere / "config.yaml").read_text() == "a: 1"


def test_a_file_is_made_anew_where_a_link_has_its_name(tmp_path: Path, elsewhere: Path) -> None:
    link = tmp_path / "link"
    for write in (lambda: write_whole(link, "new"), lambda: open_new(link).close()):
        link.unlink(missing_ok=True)
        link.symlink_to(elsewhere / "file")
        write()
        assert not link.is_symlink()
        assert (elsewhere / "file").read_text() == "mine"


def test_what_is_written_aside_follows_no_link(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Known:
        hex = "0" * 32

    monkeypatch.setattr("probing.core.files.uuid4", Known)
    aside = tmp_path / f".file.{Known.hex}.tmp"
    aside.symlink_to(elsewhere / "file")
    with written_aside(tmp_path / "file") as path:
        assert path == aside
        path.write_text("new")
    assert (elsewhere / "file").read_text() == "mine"
    assert (tmp_path / "file").read_text() == "new"


def test_two_processes_do_not_hold_one_folder_and_a_killed_one_holds_none(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    for resume in (None, True):
        for overwrite in (False, True):
            with pytest.raises(ProbingError, match="another run is writing there"):
                run_in(folder, overwrite=overwrite).check(resume=resume)
    other.send_signal(signal.SIGKILL)
    other.wait()
    other.stdout.close()
    assert other.stdin is not None
    other.stdin.close()
    run_in(folder).check(resume=True)
    assert (folder / LOCK).exists()
    release()
    assert not (folder / LOCK).exists()


def test_a_run_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    run_in(tmp_path / "a" / "b").check(resume=None)
    run_in(tmp_path / "a" / "b").check(resume=None)  # a second job of this process
    release()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    claim(tmp_path / "kept")
    release()
    assert (tmp_path / "kept").is_dir()


def test_what_a_killed_run_had_begun_to_write_is_removed_and_nothing_else(tmp_path: Path) -> None:
    ours = [f".heads.csv.{'0a' * 16}.tmp", ".predictions.0.tmp"]
    others = [".predictions.tmp", "heads.csv.tmp", f"heads.{'0a' * 16}.tmp", ".x.12.tmp"]
    for folder in ("", "reports/test", "checkpoints", "notes"):
        for name in (*ours, *others):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
    run_in(tmp_path).check(resume=True)
    left = {(str(p.parent.relative_to(tmp_path)), p.name) for p in tmp_path.rglob(".*.tmp")}
    kept = {name for name in others if name.startswith(".")}
    assert left == {(f, n) for f in (".", "reports/test", "checkpoints") for n in kept} | {
        ("notes", name) for name in (*ours, *kept)
    }


def test_a_run_is_finished_when_it_did_what_is_asked_now(tmp_path: Path) -> None:
    run = run_in(tmp_path, "a: 1\noutput: here\noverwrite: true")
    run.check(resume=None)
    run.decide()
    assert not run_in(tmp_path).is_finished()
    write_whole(tmp_path / "reports" / "test" / "heads.csv", "x")
    run.finish()
    assert run_in(tmp_path).is_finished()
    assert run_in(tmp_path, "overwrite: false\na: 1").is_finished()
    assert not run_in(tmp_path, "a: 2").is_finished()
    (tmp_path / "reports" / "test" / "heads.csv").unlink()
    assert not run_in(tmp_path).is_finished()
    (tmp_path / FINISHED).write_bytes(b"\xff")
    assert not run_in(tmp_path).is_finished()
