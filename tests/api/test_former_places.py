"""Names from before version 0.2: they can be imported, with a warning, and nothing of ours does."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOVED = [
    ("probing.batch", "Sentence", "probing.core.sentences"),
    ("probing.batch", "Mention", "probing.core.sentences"),
    ("probing.batch", "EdgeBatch", "probing.core.batches"),
    ("probing.batch", "Encoding", "probing.core.batches"),
    ("probing.batch", "Sizes", "probing.core.batches"),
    ("probing.errors", "ProbingError", "probing.core.errors"),
    ("probing.schemes", "STANFORD_TO_UD", "probing.core.schemes"),
    ("probing.vectors", "WordVectors", "probing.encoder.vectors"),
]
FORMER = {former for former, _, _ in MOVED}


@pytest.mark.parametrize(("former", "name", "today"), MOVED)
def test_a_former_place_has_the_same_thing_and_warns(former: str, name: str, today: str) -> None:
    sys.modules.pop(former, None)
    with pytest.warns(DeprecationWarning, match=rf"{former} is now .*{today}") as said:
        found = importlib.import_module(former)
    assert len(said) == 1
    assert getattr(found, name) is getattr(importlib.import_module(today), name)


def test_what_did_not_move_is_where_it_was() -> None:
    from probing.data.text import joined

    assert callable(joined)


def imported(source: str) -> Iterator[str]:
    """Every module, or name of one, that is imported anywhere in a source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_of_ours_imports_a_former_place() -> None:
    places = ("probing", "tests", "benchmarks", "docs/examples")
    files = [path for place in places for path in (ROOT / place).rglob("*.py")]
    assert len(files) > 100
    for path in [*files, ROOT / "train.py", ROOT / "evaluate.py"]:
        assert not FORMER & {*imported(path.read_text(encoding="utf-8"))}, path


def test_the_look_at_imports_sees_them() -> None:
    source = "def f():\n    from probing import batch\n    import probing.errors as e\n"
    assert FORMER & {*imported(source)} == {"probing.batch", "probing.errors"}
