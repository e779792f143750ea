"""A file that is read ahead gives what it gives otherwise, in its order, faults included."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from probing.core.errors import ProbingError
from probing.data import ahead as module
from probing.data.ahead import ahead
from probing.data.sources.files import open_source

COUNT = 700  # more than two chunks


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 0)


def treebank(folder: Path, *, faulty: bool = False) -> str:
    path = folder / "some.conllu"
    lines = [f"1\tword{number}\t_\t_\t_\t_\t0\tpunct\t_\t_\n\n" for number in range(COUNT)]
    path.write_text("".join(lines) + ("1\tbroken\n\n" if faulty else ""), encoding="utf-8")
    return str(path)


def test_sentences_come_in_their_order_and_nobodys_seed_is_drawn(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    read = list(open_source(treebank(tmp_path), None).read())
    assert [sentence.words for sentence in read] == [[f"word{n}"] for n in range(COUNT)]
    assert torch.equal(torch.rand(1), expected)


def test_a_fault_comes_behind_what_stands_before_it(tmp_path: Path) -> None:
    stream = iter(open_source(treebank(tmp_path, faulty=True), None).read())
    for number in range(COUNT):
        assert next(stream).words == [f"word{number}"]
    with pytest.raises(ProbingError, match=rf"some\.conllu:{2 * COUNT + 1}: expected 10 columns"):
        next(stream)


def test_it_is_another_process_that_reads_and_none_is_left(tmp_path: Path) -> None:
    stream = ahead(process_of, treebank(tmp_path))
    child = next(stream)
    assert child in _children()
    assert child != os.getpid()
    stream.close()  # type: ignore[attr-defined]
    assert child not in _children()


def test_a_process_that_is_gone_is_said(tmp_path: Path) -> None:
    stream = ahead(process_of, path := treebank(tmp_path))
    os.kill(next(stream), signal.SIGKILL)
    with pytest.raises(ProbingError, match=f"^{path}: the process that read it is gone"):
        list(stream)


def test_small_files_and_readers_of_others_are_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = treebank(tmp_path)
    source = open_source(path, process_of)  # type: ignore[arg-type]
    assert not source.is_ours  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "LARGE", 10**9)
    assert next(ahead(process_of, path)) == os.getpid()


def process_of(path: str) -> Iterator[int]:
    """The number of the process that reads, without end."""
    assert Path(path).is_file()
    while True:
        yield os.getpid()


def _children() -> set[int | None]:
    return {process.pid for process in multiprocessing.active_children()}
