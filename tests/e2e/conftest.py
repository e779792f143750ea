"""The real scripts in real processes, on a model of a few kilobytes and a built-in corpus."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import transformers

from probing.jobs.cli import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Finished:
    """A process that came to its end."""

    code: int
    out: str
    err: str

    def ok(self) -> Finished:
        """The same, if it ended well."""
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self

    def refused(self) -> str:
        """What it said, if it refused its input in one to three lines and no other way."""
        told = f"exit code {self.code}\n{self.out}\n{self.err}"
        assert self.code == 2, told
        assert "Traceback" not in self.out + self.err, told
        lines = self.err.splitlines()
        assert 1 <= len(lines) <= 3, told
        assert lines[0].startswith("error: "), told
        return self.err


@pytest.fixture(scope="session")
def other_bert(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that only its weights tell from ``tiny_bert``."""
    folder = tmp_path_factory.mktemp("models") / "other"
    shutil.copytree(tiny_bert, folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = transformers.AutoConfig.from_pretrained(folder)
        transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """No network, no GPU, a cache of its own; nothing of what started the tests."""
    launched = {"LOCAL_RANK", "RANK", "WORLD_SIZE", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT"}
    launched.add("PROBING_FIRST_PROCESS")  # as a test that ran in this process has left it
    return {
        **{name: value for name, value in os.environ.items() if name not in launched},
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PROBING_CACHE": str(tmp_path_factory.mktemp("e2e_cache")),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="session")
def server(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The process that :mod:`forking` describes."""
    command = [sys.executable, str(Path(__file__).with_name("forking.py"))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.communicate()


@pytest.fixture(scope="session")
def script(
    environment: Mapping[str, str],
    server: subprocess.Popen[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Finished]:
    """Runs a script: ``script("train", "--model.encoder.name", folder, test=source)``.

    ``train``, ``val`` and ``test`` name data; what is ``None`` is left to the config. A
    ``launcher`` is what stands between Python and the script.
    """
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    streams = tmp_path_factory.mktemp("said")

    def run(
        name: str,
        *arguments: object,
        cwd: Path = elsewhere,
        launcher: Sequence[str] = (),
        timeout: int = 150,
        **data: object,
    ) -> Finished:
        sources = [f"--data.{split}={source}" for split, source in data.items() if source]
        path, said = str(ROOT / f"{name}.py"), [*map(str, arguments), *sources]
        if launcher:
            command = [sys.executable, *launcher, path, *said]
            done = subprocess.run(
                command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout
            )
            return Finished(done.returncode, done.stdout, done.stderr)
        own = Path(tempfile.mkdtemp(dir=streams))
        out, err = own / "out", own / "err"
        out.touch()
        err.touch()
        request = {"path": path, "arguments": said, "cwd": str(cwd), "timeout": timeout}
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps({**request, "out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, "the process that runs scripts has ended"
        code = int(answer)
        assert code != -signal.SIGALRM, f"{name}.py took more than {timeout} s"
        return Finished(code, out.read_text("utf-8"), err.read_text("utf-8"))

    return run


@pytest.fixture
def refuse(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., str]:
    """What a script says when it refuses its input, in this process: a new one costs seconds.

    The working folder is ``tmp_path``, unless ``cwd`` says otherwise.
    """
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")  # a run sets it: undone afterwards

    def run(name: str, *arguments: object, cwd: Path = tmp_path) -> str:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", [f"{name}.py"])
        capfd.readouterr()
        code = main(name, [str(argument) for argument in arguments])  # type: ignore[arg-type]
        return Finished(code, *capfd.readouterr()).refused()

    return run


@pytest.fixture(scope="session")
def table() -> Callable[[Path], list[dict[str, str]]]:
    """Reads a CSV file that a run wrote."""
    import csv

    def read(path: Path) -> list[dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read
