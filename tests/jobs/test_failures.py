"""What is said of errors, read or not; and options that leave no report, before the run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from probing.core.errors import Interrupted, ProbingError, check_range
from probing.core.files import write_whole
from probing.jobs import cli
from probing.jobs.checks import check_place
from probing.jobs.cli import main
from probing.jobs.failures import in_words, refusing, shortened
from probing.jobs.scripts import CONFIGS
from probing.jobs.streams import Unbroken
from probing.jobs.yaml_text import read_config
from probing.learning.checkpoint_files import WholeCheckpoints

# Each list is the one before, nine times.
LISTS = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))
BOMB = "\n".join(["a0: &a0 [x]", *LISTS])
HELP = "from probing.jobs.cli import main; raise SystemExit(main('train', ['--help']))"


@pytest.mark.parametrize(
    ("error", "told", "status"),
    [
        (ProbingError("a.conllu:3: expected"), "a.conllu:3: expected", 2),
        (Interrupted("interrupted"), "interrupted", 130),
        (PermissionError(13, "Permission denied", "/a"), "/a: Permission denied", 2),
        (OSError(28, "No space left on device"), "No space left on device", 2),
        (MisconfigurationException("no\n  gpu"), "--trainer: no gpu", 2),
        (torch.OutOfMemoryError("CUDA out of memory"), "--data.batch_wordpieces N", 2),
        (KeyError("x"), "unexpected KeyError: 'x'\n       a fault of the program", 1),
        (OSError("without a number"), "unexpected OSError: without a number", 1),
    ],
)
def test_errors_in_words(error: Exception, told: str, status: int) -> None:
    text, found = in_words(error)
    assert told in text
    assert found == status
    assert len(text.splitlines()) <= 2


def test_what_is_quoted_is_shortened() -> None:
    text = shortened(f"a.conllu:1: expected a head, found '{'9' * 5000}'\n  did you mean x?")
    assert len(text) < 300
    assert text.startswith("a.conllu:1: expected a head, found '999")
    assert text.endswith("(5,002 characters)\n  did you mean x?")
    assert shortened("b " * 5000).endswith(" …")
    path = "/".join(["folder"] * 30)  # of 209 characters, which a user may want to copy
    assert shortened(path) == path


def test_what_a_library_refuses_is_an_error_of_an_option() -> None:
    with pytest.raises(ProbingError, match=r"^--trainer: `devices`  *must"), refusing("trainer"):
        raise TypeError("`devices`\n must be")
    with pytest.raises(FileNotFoundError), refusing("trainer"):
        raise FileNotFoundError(2, "no such file", "x")


@pytest.mark.parametrize(("value", "found"), [(0, "0"), (None, "None"), (float("nan"), "nan")])
def test_a_range(value: float | None, found: str) -> None:
    with pytest.raises(ProbingError, match=f"^batches: expected 1 or more, found {found}$"):
        check_range(1, batches=value)
    with pytest.raises(ProbingError, match=r"^batches: expected 5 or less, found 6$"):
        check_range(1, 5, batches=6)
    check_range(1, 5, batches=5, others=1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("job: café".encode("latin-1"), "expected UTF-8"),
        (b"&a [*a]", "in a loop"),
        (b"model: &a {x: *a}", "in a loop"),
        (b"a: " + b"[" * 3000, "nesting"),
        (b"a: " + b"[" * 100 + b"]" * 100, "nested too deeply"),
        (BOMB.encode(), "too large"),
        (b"seeds: " + b"9" * 5000, "4300 digits"),
        (b"a: 1\n---\nb: 2", "another document in line 2"),
        (b"a:\n\t- b", "in line 2"),
        (b"[1, 2]", "expected a mapping of options, found list '[1, 2]'"),
        (b"heads", "found str 'heads'"),
        (b"", "found nothing"),
    ],
)
def test_a_config_that_is_none(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ProbingError) as raised:
        read_config(str(path))
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)


def test_a_place_that_no_run_can_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for name, told in (("file", "is a file"), ("file/x", "is a file"), ("x" * 300, "too long")):
        with pytest.raises(ProbingError, match=told):
            check_place(str(tmp_path / name))
    with pytest.raises(ProbingError, match="an empty name"):
        check_place("")
    check_place(str(tmp_path / "new" / "folder"))
    assert (tmp_path / "file").read_text() == "mine"
    assert len([*tmp_path.iterdir()]) == 1


def test_what_cannot_be_written_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = WholeCheckpoints()
    path = tmp_path / "last.ckpt"
    before.save_checkpoint({"epoch": 1}, path)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    for write in (lambda: write_whole(path, b"x"), lambda: before.save_checkpoint({}, path)):
        with pytest.raises(ProbingError, match=r"last\.ckpt: cannot be written: No space left"):
            write()
    assert torch.load(path, weights_only=True) == {"epoch": 1}
    assert [*tmp_path.iterdir()] == [path]


def test_a_stream_without_a_reader() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        unbroken = Unbroken(stream)
        for _ in range(3):
            assert unbroken.write("x" * 100_000) == 100_000
        unbroken.flush()
        assert unbroken.encoding == stream.encoding


def test_a_stream_that_lacks_letters(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        Unbroken(stream).write("\u2501 caf\u00e9 \udcff\n")
    assert (tmp_path / "out").read_text() == "\\u2501 caf\\xe9 \\udcff\n"


def test_help_whose_reader_has_gone_ends_well() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HELP],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 0


Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    tiny_bert: Path,
) -> Say:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    monkeypatch.chdir(tmp_path)

    def run(script: Any, config: str, *arguments: str) -> tuple[int, str]:
        data = [f"--data.{split}=builtin:documents=1,seed=1" for split in ("train", "val", "test")]
        own = ["--config", str(CONFIGS / config), "--model.encoder.name", str(tiny_bert)]
        code = main(script, [*own, *(data if script == "train" else data[2:]), *arguments])
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("accelerator=gpu", "No supported gpu"),
        ("devices=two", "`devices`"),
        ("devices=99999", "processes at most, since this machine has"),
        ("strategy=[]", "strategy='[]'"),
        ("num_nodes=0", "`num_nodes` must be a positive integer"),
        ("max_steps=0", "no checkpoint to test"),
        ("max_time=00:00:00:00", "no checkpoint to test"),
        ("max_epochs=-1", "--trainer.max_epochs -1: never ends"),
        ("limit_test_batches=0", "--trainer.limit_test_batches 0: expected a batch at least"),
        ("limit_val_batches=0.0", "--trainer.limit_val_batches 0: expected a batch at least"),
        ("limit_test_batches=0.001", "leaves none of the 1 batches of builtin:documents=1"),
        ("val_check_interval=1000", "--trainer.val_check_interval 1000: expected 1 at most"),
        ("val_check_interval=0", "expected a whole number above 0 or a number above 0, found '0'"),
        ("accumulate_grad_batches=0", "expected a whole number above 0, found '0'"),
    ],
)
def test_what_the_trainer_cannot_do_is_refused_before_the_run(
    option: str, told: str, say: Say, tmp_path: Path
) -> None:
    code, err = say("train", "dependency.yaml", f"--trainer.{option}")
    assert code == 2, err
    assert told in err
    assert err.startswith("error: --trainer")
    assert [*tmp_path.iterdir()] == []


def test_numbers_that_no_option_takes(say: Say) -> None:
    for option, told in (
        ("--seed_everything=-1", "-1 is not in bounds"),
        ("--intervals=99999999999", "expected 0 or a number from 40 to 1,000,000"),
        ("--significance=18", "expected 0 or a number from 19 to 1,000,000, found 18"),
        ("--significance=100", "--significance needs --data.val FILE, on which baselines are"),
        ("--report.min_anchors=0", ": --report.min_anchors: expected 1 or more, found 0"),
        ("--data.workers=-1", ": --data.workers: expected 0 or more, found -1"),
        ("--data.batch_wordpieces=null", ": --data.batch_wordpieces: expected 1 or more"),
        ("--report.examples=-1", ": --report.examples: expected 0 or more, found -1"),
        ("--model.encoder.random_seed=-1", ": --model.encoder.random_seed: expected 0 or more"),
        ("--model.encoders.a={random_seed: -5}", ": --model.encoders.a.random_seed: expected 0"),
        (
            "--model.probes.a={class_path: probing.probes.AttentionProbe, "
            "init_args: {learning_rate: -2.0}}",
            ": --model.probes.a.learning_rate: expected 0",
        ),
    ):
        code, err = say("evaluate", "heads.yaml", option)
        assert code == 2, err
        assert told in err


def test_options_are_utf8(say: Say, tmp_path: Path) -> None:
    code, err = say("evaluate", "heads.yaml", "--output=a\udcff")
    assert code == 2
    assert err.startswith(r"error: --output=a\udcff: expected UTF-8")
    assert [*tmp_path.iterdir()] == []


def test_a_fault_of_ours_is_called_one(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("probing.jobs.launch.launch", fail)
    code, err = say("evaluate", "heads.yaml")
    assert code == 1
    assert err.startswith("error: unexpected ZeroDivisionError: of ours\n")
    assert "--traceback" in err
    with pytest.raises(ZeroDivisionError):
        say("evaluate", "heads.yaml", "--traceback")
    assert cli.main("train", ["--help"]) == 0
