"""What the documents point at is there: files, headings, modules and names."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=[p.name for p in DOCUMENTS])


def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """What a link to a heading of a document may say behind ``#``."""
    headings = re.findall(r"^#+ (.*)", prose(path), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, attribute = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except ModuleNotFoundError:  # the parent is a class, or is not there
        pass
    return bool(module) and resolves(module) and hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "LICENSE"]
)
def test_the_readme_leads_to_every_document_of_the_project(name: str) -> None:
    assert (ROOT / name).is_file()
    assert name == "README.md" or f"]({name})" in (ROOT / "README.md").read_text(encoding="utf-8")


@every_document
def test_links_lead_to_files_and_headings(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        file, _, heading = link.partition("#")
        if file.startswith(("http://", "https://", "mailto:")):
            continue
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


@every_document
def test_paths_of_the_project_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rooms = r"(?:probing|tests|configs|benchmarks|docs)"
    for found in re.findall(rf"`({rooms}/[\w/.]*)`", text):
        assert (ROOT / found).exists(), found
    for found in re.findall(r"\b(?:python |--config )((?:benchmarks|configs)/[\w/]+\.\w+)", text):
        assert (ROOT / found).exists() or "X.yaml" in found, found


@every_document
def test_names_of_the_package_can_be_imported(path: Path) -> None:
    for name in re.findall(r"`(probing(?:\.\w+)+)", prose(path)):
        assert resolves(name), name


@every_document
def test_examples_import_what_there_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("probing"):
                for alias in node.names:
                    assert resolves(f"{node.module}.{alias.name}"), ast.unparse(node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith("probing"):
                        assert resolves(alias.name), ast.unparse(node)


def test_the_looks_at_documents_see_what_is_missing(tmp_path: Path) -> None:
    assert resolves("probing.data.text.joined")
    assert resolves("probing.core")
    for name in ("probing.cores", "probing.data.text.parted", "probing.batchs.Sentence"):
        assert not resolves(name)
    page = tmp_path / "page.md"
    page.write_text("# What `one` is, and more\n```\n# not this\n```\n", encoding="utf-8")
    assert anchors(page) == {"what-one-is-and-more"}
