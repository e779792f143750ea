"""Scripts in this process, told something that they should refuse."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mutants import Say, check_message
from pytorch_lightning.strategies.launchers import subprocess_script

from probing.jobs.cli import main


@pytest.fixture
def say(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    tiny_bert: Path,
) -> Say:
    """Says something to a script; it finds no data in the end, and leaves all files as they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    monkeypatch.setattr(subprocess_script, "subprocess", None)  # nothing is started

    def run(script: str, *arguments: str) -> None:
        path, files = list(sys.path), files_in(tmp_path)
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", [f"{script}.py"])
            own = [*arguments, "--model.encoder.name", str(tiny_bert)]
            code = main(script, own)  # type: ignore[arg-type]
        sys.path[:] = path
        out, err = capfd.readouterr()
        told = f"{code}\n{out}\n{err}"
        assert files_in(tmp_path) == files
        if code == 0:  # an option that is answered, as help is
            assert out, told
            return
        assert code == 2, told
        said = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(said) == 1, told
        assert "Traceback" not in out + err, told
        check_message(err[err.index("error: ") :])

    return run


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}
