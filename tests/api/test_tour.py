"""The notebook of the documents runs, and shows something after each cell that ends in a value."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "tour.ipynb"


def ran(source: str, names: dict[str, Any]) -> object:
    """Run a cell; returns the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NOTEBOOK.name, "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


def test_the_notebook_runs_and_every_cell_shows_something(tmp_path: Path) -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") for cell in cells)  # what is there would grow old
    names: dict[str, Any] = {}
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        for cell in cells:
            if cell["cell_type"] == "code":
                shown.append(ran("".join(cell["source"]), names))
    assert list(tmp_path.iterdir()) == []  # nothing is written
    pictures = [value for value in shown if hasattr(value, "_repr_png_")]
    pages = [value._repr_html_() for value in shown if hasattr(value, "_repr_html_")]
    pages = [page for page in pages if page is not None]  # as of a figure
    assert len(pictures) == 2
    assert all(value._repr_png_().startswith(b"\x89PNG") for value in pictures)
    assert len(pages) == 5
    assert all("<table" in page for page in pages)
    assert all(value is not None for value in shown)
    scores = names["scores"]
    assert all(
        f">{relation}<" in pages[2].replace(">  ", ">") for relation in scores.best_heads.index
    )
