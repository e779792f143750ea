"""What is built of a checkout: the wheel, the archive of sources, and what is said about both."""

from __future__ import annotations

import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling import build

from probing.core.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = {path.name: path.read_bytes() for path in (ROOT / "configs").iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    """A wheel of the checkout, one of the archive of sources, and one for ``pip install -e``."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        names = {
            "checkout": build.build_wheel(str(folder)),
            "sdist": build.build_sdist(str(folder)),
        }
        (folder / "editable").mkdir()
        editable = build.build_editable(str(folder / "editable"))
        with tarfile.open(folder / names["sdist"]) as archive:
            archive.extractall(folder, filter="data")
        patch.chdir(folder / names["sdist"].removesuffix(".tar.gz"))
        (folder / "again").mkdir()
        again = build.build_wheel(str(folder / "again"))
    return {
        "checkout": zipfile.ZipFile(folder / names["checkout"]),
        "sdist": zipfile.ZipFile(folder / "again" / again),
        "editable": zipfile.ZipFile(folder / "editable" / editable),
    }


@pytest.mark.parametrize("source", ["checkout", "sdist"])
def test_a_wheel_holds_package_and_configs_and_no_more(
    built: dict[str, zipfile.ZipFile], source: str
) -> None:
    wheel = built[source]
    files = {name for name in wheel.namelist() if ".dist-info/" not in name}
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "probing").rglob("*.py")}
    page = {
        f"probing/reports/page/{name}"
        for name in ("page.css", "page.html", "base.js", "heads.js", "probes.js", "main.js")
    } | {f"probing/surface/report/page/surface.{ending}" for ending in ("css", "js")}
    data = {"probing/py.typed", "probing/reports/published.csv", *page}
    assert files == modules | data | {f"probing/configs/{n}" for n in CONFIGS}
    for name, content in CONFIGS.items():
        assert wheel.read(f"probing/configs/{name}") == content


def test_a_checkout_is_installed_without_copies(built: dict[str, zipfile.ZipFile]) -> None:
    names = [name for name in built["editable"].namelist() if ".dist-info/" not in name]
    assert [Path(name).suffix for name in names] == [".pth"]
    assert built["editable"].read(names[0]).decode().split() == [str(ROOT)]


def test_every_config_is_there_once() -> None:
    assert CONFIGS
    assert not list((ROOT / "probing").rglob("*.y*ml"))


def test_metadata(built: dict[str, zipfile.ZipFile]) -> None:
    wheel = built["checkout"]
    (info,) = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    said = message_from_bytes(wheel.read(f"{info}/METADATA"))
    assert said["Version"] == VERSION
    assert said["License-Expression"] == "Apache-2.0"
    notice = wheel.read(f"{info}/licenses/LICENSE").decode()
    assert "Apache License, Version 2.0" in notice
    assert "https://www.apache.org/licenses/LICENSE-2.0" in notice
    entries = wheel.read(f"{info}/entry_points.txt").decode().split("\n")
    assert [line for line in entries if line] == [
        "[console_scripts]",
        "probing = probing.jobs.command:command",
    ]


def test_the_citation_has_what_the_format_requires() -> None:
    cited: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["title"] == project["name"]
    assert cited["license"] == project["license"]
    assert cited["authors"] == project["authors"]
    assert str(cited["version"]) == VERSION
    (paper,) = cited["references"]
    assert {"type", "title", "authors"} <= paper.keys()
    families = [author["family-names"] for author in paper["authors"]]
    assert families == ["Clark", "Khandelwal", "Levy", "Manning"]
    assert (paper["start"], paper["end"], paper["year"]) == (276, 286, 2019)
    assert paper["doi"] == "10.18653/v1/W19-4828"


def test_the_changelog_begins_with_this_version() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0].startswith(f"## [{VERSION}]")
