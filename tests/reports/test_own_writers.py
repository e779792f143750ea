"""Writers that are imported by name, called one after the other."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from probing.core.errors import ProbingError
from probing.reports.ledger import Ledger
from probing.reports.own_writers import OwnWriters, complain

CALLED: list[tuple[Any, ...]] = []
FINDINGS: Any = SimpleNamespace(split="test")


class Notes:
    def __init__(self, mark: str = "-") -> None:
        self.mark = mark

    def __call__(self, findings: Any, folder: Path) -> None:
        CALLED.append((self.mark, findings, folder))


def broken(divisor: int, findings: Any, folder: Path) -> None:
    CALLED.append((1 / divisor, findings, folder))


@pytest.fixture(autouse=True)
def mine(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("mine")
    vars(module).update(Notes=Notes, partly=functools.partial(broken, 0))
    monkeypatch.setitem(sys.modules, "mine", module)
    CALLED.clear()


def finished(tmp_path: Path, named: Any, *, is_first: bool = True) -> OwnWriters:
    ledger = Ledger()
    ledger.findings["test"] = FINDINGS
    own = OwnWriters(ledger, named)
    trainer: Any = SimpleNamespace(
        is_global_zero=is_first, callbacks=[], default_root_dir=str(tmp_path)
    )
    own.finish("test", trainer, None)  # type: ignore[arg-type]
    return own


def test_a_class_may_be_named_several_times(tmp_path: Path) -> None:
    other = {"class_path": "mine.Notes", "init_args": {"mark": "+"}}
    own = finished(tmp_path, ["mine.Notes", other])
    folder = tmp_path / "reports" / "test"
    assert [("-", FINDINGS, folder), ("+", FINDINGS, folder)] == CALLED
    complain(own.failures)


def test_one_need_not_be_a_list(tmp_path: Path) -> None:
    for named in ("mine.Notes", {"class_path": "mine.Notes"}):
        finished(tmp_path, named)
    assert [mark for mark, *_ in CALLED] == ["-", "-"]


def test_the_first_process_alone_writes(tmp_path: Path) -> None:
    assert not finished(tmp_path, "mine.partly", is_first=False).failures
    assert not CALLED


def test_what_follows_a_failure_is_written(tmp_path: Path) -> None:
    own = finished(tmp_path, ["mine.partly", "mine.Notes"])
    assert len(CALLED) == 1
    line = broken.__code__.co_firstlineno + 1
    said = rf"mine\.partly: ZeroDivisionError: .* \({__file__}, line {line}\)"
    with pytest.raises(ProbingError, match=said):
        complain(own.failures)
