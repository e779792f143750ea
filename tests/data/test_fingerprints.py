"""What is kept of a corpus goes by the code that made it: all of it."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import probing
from probing.data import store
from probing.data.sources import fingerprints
from probing.surface.text import store as segments

PACKAGE = Path(probing.__file__).parent


def file_of(module: str) -> Path | None:
    """The file of a module of the package, if ``module`` is one."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return next((p for p in (path / "__init__.py", path.with_suffix(".py")) if p.is_file()), None)


def imported(path: Path) -> Iterator[Path]:
    """The files of the package that a file imports, by the source, late imports too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "probing":
            for name in [str(node.module), *(f"{node.module}.{a.name}" for a in node.names)]:
                if found := file_of(name):
                    yield found


def behind(path: Path) -> set[Path]:
    """A file, and all that it imports, and so on; not beyond the door of the encoder."""
    seen, left = set(), [path]
    while left:
        own = left.pop()
        if own not in seen and own != PACKAGE / "encoder" / "__init__.py":
            seen.add(own)
            left += imported(own)
    return seen


@pytest.mark.parametrize("made_by", [store, segments], ids=["windows", "segments"])
def test_every_file_that_shapes_what_is_kept_is_in_its_name(
    made_by: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "probing"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    here = copied / "data" / "sources" / "fingerprints.py"
    monkeypatch.setattr(fingerprints, "__file__", str(here))
    before = fingerprints.code_of(*made_by.SHAPING)  # type: ignore[attr-defined]
    shaping = behind(Path(str(made_by.__file__)))  # type: ignore[attr-defined]
    assert len(shaping) > 20
    for path in sorted(shaping):
        own = copied / path.relative_to(PACKAGE)
        text = own.read_bytes()
        own.write_bytes(text + b"\n")
        assert fingerprints.code_of(*made_by.SHAPING) != before, path  # type: ignore[attr-defined]
        own.write_bytes(text)
    assert fingerprints.code_of(*made_by.SHAPING) == before  # type: ignore[attr-defined]


def test_code_that_shapes_no_window_may_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("core/a.py", "data/b.py", "reports/c.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("old", encoding="utf-8")
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "data/sources/fingerprints.py"))
    before = fingerprints.code_of("core", "data")
    (tmp_path / "reports/c.py").write_text("new", encoding="utf-8")
    assert fingerprints.code_of("core", "data") == before
    (tmp_path / "core/a.py").write_text("new", encoding="utf-8")
    assert fingerprints.code_of("core", "data") != before
