"""Letters of shapes: every one that a docstring, a comment or a document uses is in the legend."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from probing.core import batches

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "probing").rglob("*.py"), *(ROOT / "docs").glob("*.md")])
LEGEND = re.findall(r"^``([A-Z])``  \S", batches.__doc__ or "", re.MULTILINE)
# A letter with what it is multiplied by or added to, a number, a word, or an ellipsis.
SIZE = re.compile(r"\d*[A-Z]?(\([a-z]\))?([+*/-]\w)*|[a-z]+|\.\.\.")


def said(path: Path) -> Iterator[str]:
    """Docstrings and comments of a module; all of a document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield text
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def shapes(text: str) -> Iterator[str]:
    """What stands in brackets and is made of sizes; brackets behind a name are an index."""
    for inside in re.findall(r"(?<![\w\]])\[([^\[\]]+)\]", text):
        if all(SIZE.fullmatch(size.strip()) for size in inside.split(",")):
            yield inside


def letters(text: str) -> set[str]:
    return {letter for shape in shapes(text) for letter in re.findall(r"[A-Z]", shape)}


def test_each_letter_stands_once() -> None:
    assert len(LEGEND) == len(set(LEGEND)) > 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_letter_is_in_the_legend(path: Path) -> None:
    for text in said(path):
        assert letters(text) <= set(LEGEND), text


def test_no_letter_of_the_legend_is_idle() -> None:
    used = {letter for path in FILES for text in said(path) for letter in letters(text)}
    assert used == set(LEGEND)


def test_the_look_at_shapes_sees_them() -> None:
    assert letters("scores ``[B, A, 3, L*H, W+1]``, then [2V]  # [B, W(i), 2, X]") == set("BALHWVX")
    assert letters("[SEP], [start] R, A_k[I, J], Sequence[T], [see](that.md), [D/H, ...]") == set(
        "DH"
    )
