"""Imports point one way. Read from the source, so that no import has to succeed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "probing"

# What each part (a module, or a package with all that is in it) may import of the others.
# No part may import one that is not listed for it, and every part must be listed.
BASE = {"batch", "errors", "files", "functional", "schemes", "trees"}
ALLOWED: dict[str, set[str]] = {
    "__init__": {"interactive"},  # when it is first used
    # At the bottom.
    "errors": set(),
    "files": set(),
    "functional": {"errors"},
    "batch": {"errors"},
    "trees": {"batch"},
    "decoding": {"batch", "trees"},
    "table3": {"files"},
    "latex": set(),
    "columns": set(),
    "resampling": set(),
    "intervals": set(),
    "schemes": set(),
    # None of these knows another.
    "encoder": BASE,
    "probes": BASE,
    "metrics": BASE | {"resampling"},
    "vectors": BASE,
    "reports": BASE | {"intervals"},
    "data": BASE,
    # These bring them together.
    "tree_metrics": BASE | {"metrics"},
    "parses": BASE | {"decoding", "metrics", "modules", "reports", "table3", "tree_metrics"},
    "modules": BASE | {"encoder", "probes", "metrics", "seeds", "vectors"},
    "subtypes": BASE | {"reports", "intervals"},
    "counting": BASE | {"metrics", "modules", "reports", "subtypes", "intervals", "resampling"},
    "seeds": {"errors"},
    "differences": BASE | {"reports", "intervals"},
    "layout": BASE | {"reports", "intervals"},
    "findings": BASE | {"reports", "intervals", "differences", "layout", "seeds"},
    "figures": BASE | {"reports", "findings"},
    "surface": BASE
    | {"__init__", "data", "encoder", "metrics", "figures", "folder", "terminal"}
    | {"findings", "splits"},
    "terminal": BASE | {"columns", "reports", "findings", "layout", "data"},
    "folder": BASE,
    "splits": BASE | {"data", "modules"},
    "callbacks": BASE
    | {"__init__", "data", "reports", "encoder", "probes"}
    | {"modules", "counting", "findings", "figures", "terminal", "folder"}
    | {"differences", "resampling", "seeds", "splits"},
    "head_weights": BASE | {"figures", "folder", "metrics", "modules", "reports", "splits"},
    "treebanks": BASE
    | {"data", "metrics", "reports", "modules", "findings", "figures", "terminal", "folder"}
    | {"callbacks", "counting", "layout", "splits", "subtypes"},
    "comparison": BASE
    | {"data", "reports", "modules", "findings", "terminal", "folder", "callbacks", "subtypes"}
    | {"layout", "splits"},
    "breakdown": BASE | {"counting", "findings", "parses", "reports", "tree_metrics"},
    "entries": BASE | {"findings", "modules", "probes", "seeds", "table3"},
    "tree_figures": BASE | {"breakdown", "table3", "tree_metrics"},
    "tree_report": BASE
    | {"breakdown", "callbacks", "entries", "figures", "findings", "folder", "modules", "parses"}
    | {"latex", "reports", "splits", "subtypes", "table3", "terminal", "tree_figures"},
    "choices": BASE | {"data", "reports", "subtypes"},
    "predictions": BASE
    | {"choices", "callbacks", "data", "encoder", "folder", "modules", "probes", "reports"}
    | {"splits"},
    "maps": BASE | {"figures"},
    "encoded": BASE | {"encoder", "probes", "maps"},
    "scores": BASE | {"counting", "data", "figures", "findings", "modules", "reports", "terminal"},
    # The command line. `cli` shows help without importing anything heavy, and imports `runs` late.
    "cli": BASE | {"runs", "text_runs"},
    "stored": BASE | {"cli", "data"},
    "complaints": BASE | {"data", "probes"},
    "explain": BASE | {"callbacks", "comparison", "encoder", "modules", "treebanks"},
    "runs": BASE
    | {"__init__", "data", "metrics", "reports", "encoder", "probes"}
    | {"decoding", "modules", "findings", "figures", "terminal", "folder", "callbacks", "subtypes"}
    | {"differences", "head_weights", "resampling", "comparison", "treebanks"}
    | {"cli", "stored", "complaints", "explain", "predictions", "seeds", "tree_report"},
    "text_runs": BASE
    | {"encoder", "surface", "terminal"}
    | {"cli", "complaints", "explain", "runs"},
    # Use from Python, which restores a checkpoint just as the command line does.
    "restore": BASE | {"data", "modules", "runs", "stored"},
    "interactive": BASE | {"data", "encoded", "encoder", "modules", "restore", "scores"},
}
TOP = {"cli", "stored", "complaints", "explain", "runs", "text_runs", "restore", "interactive"}
TOP |= {"__init__"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every import, those inside functions too."""
    package = ["probing", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def wrong_arrows(path: Path) -> list[str]:
    """Imports of other parts that the table does not allow."""
    own = part_of(path)
    wrong = []
    for line, name in imports_of(path):
        top, _, rest = name.partition(".")
        if top != "probing":
            continue
        other = rest.partition(".")[0]
        if not other or other not in {part_of(source) for source in SOURCES}:
            other = "__init__"
        if other != own and other not in ALLOWED[own]:
            wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {name}")
    return wrong


def outside(path: Path) -> set[str]:
    """Names of the packages from elsewhere that a file imports."""
    return {name.partition(".")[0] for _, name in imports_of(path)}


named = pytest.mark.parametrize(
    "path", SOURCES, ids=[str(path.relative_to(PACKAGE)) for path in SOURCES]
)


def test_every_part_has_its_place() -> None:
    assert {part_of(path) for path in SOURCES} == set(ALLOWED)


@named
def test_imports_point_one_way(path: Path) -> None:
    assert wrong_arrows(path) == []


def test_the_table_itself_has_no_circle_but_those_of_cli_and_runs() -> None:
    below: dict[str, set[str]] = {}
    left = {part: others - {part} for part, others in ALLOWED.items()}
    left["cli"] -= {"runs", "text_runs"}
    left["__init__"] -= {"interactive"}
    while left:
        ready = [part for part, others in left.items() if others <= set(below)]
        assert ready, f"a circle among {sorted(left)}"
        for part in ready:
            below[part] = left.pop(part)


def test_cli_imports_runs_only_when_a_run_starts() -> None:
    tree = ast.parse((PACKAGE / "cli.py").read_text(encoding="utf-8"))
    first = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    late = {"runs", "text_runs"}
    assert not late & {node.module for node in first}
    assert late <= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("part", sorted(TOP))
def test_nothing_below_knows_the_command_line(part: str) -> None:
    importers = {
        part_of(path)
        for path in SOURCES
        for _, name in imports_of(path)
        if name.startswith(f"probing.{part}.") or name == f"probing.{part}"
    }
    assert importers <= TOP


@named
def test_only_the_encoder_imports_transformers(path: Path) -> None:
    if part_of(path) != "encoder":
        assert outside(path).isdisjoint({"transformers", "tokenizers"})


@named
def test_nothing_imports_what_can_execute_a_file(path: Path) -> None:
    assert outside(path).isdisjoint({"pickle", "cloudpickle", "dill", "joblib", "shelve"})


@pytest.mark.parametrize("part", ["batch", "functional", "encoder", "probes", "data", "reports"])
def test_the_lower_parts_do_not_know_the_command_line_library(part: str) -> None:
    for path in SOURCES:
        if part_of(path) == part:
            assert outside(path).isdisjoint({"jsonargparse", "argparse", "rich", "matplotlib"})


def test_the_reading_of_imports_sees_all_kinds(tmp_path: Path) -> None:
    """The other tests are worth what this function sees."""
    folder = PACKAGE / "data"
    source = folder / "readers.py"
    seen = {name for _, name in imports_of(source)}
    assert {"re", "pathlib.Path", "probing.batch.Sentence", "probing.errors.ProbingError"} <= seen
    assert any(name == "probing.data.builtin.generate" for name in seen)
    within = {name for _, name in imports_of(PACKAGE / "cli.py")}
    assert "probing.runs.run" in within  # inside a function
    assert "probing.__version__" in {n for _, n in imports_of(PACKAGE / "callbacks.py")}
