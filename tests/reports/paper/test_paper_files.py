"""``paper.csv``, ``paper.md`` and ``paper.tex`` say what the lines say."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from probing.reports.paper.differences import Difference
from probing.reports.paper.files import COLUMNS, write
from probing.reports.paper.lines import Line, missing
from probing.reports.published import constants

HERE = {"det": 93.256, "auxpass": 94.1, "poss": 80.5}


@pytest.fixture
def lines() -> list[Line]:
    found = []
    for own in (each for each in constants() if each.table == 1):
        if own.column == "accuracy" and own.row in HERE:
            why = (Difference.DATA, Difference.MISPRINT) if own.row == "auxpass" else ()
            found.append(Line(own, HERE[own.row], why))
        elif own.row == "nn":
            found.append(Line(own, "4-10", (Difference.TIES,), "a_b | c"))
        else:
            found.append(Line(own, note="no such thing"))
    return [*found, *missing(2), *missing(3)]


@pytest.fixture
def folder(lines: list[Line], tmp_path: Path) -> Path:
    write(lines, tmp_path, title="Beside the paper (test: a_b.dep)", notes=["Model m."])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "paper.csv",
        "paper.md",
        "paper.tex",
    ]
    return tmp_path


def test_the_table_has_every_number_in_its_order(folder: Path, lines: list[Line]) -> None:
    with (folder / "paper.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == COLUMNS
    assert len(found) == len(lines) == len(constants())
    for cells, own in zip(found, constants(), strict=True):
        assert cells["table"] == str(own.table)
        same = ("row", "column", "paper", "notebook")
        assert [cells[name] for name in same] == [getattr(own, name) for name in same]
    rows = {cells["row"]: cells for cells in found if cells["column"] == "accuracy"}
    assert (rows["det"]["here"], rows["det"]["difference"]) == ("93.26", "-1.04")
    assert rows["det"]["why"] == ""
    auxpass = rows["auxpass"]  # the paper's 82.5 is what it is compared with, misprint or not
    assert (auxpass["here"], auxpass["difference"]) == ("94.10", "+11.60")
    assert auxpass["why"] == "1, 12"
    assert (rows["nn"]["here"], rows["nn"]["difference"]) == ("4-10", "")
    assert rows["nn"]["why"] == "13; a_b | c"
    assert (rows["num"]["here"], rows["num"]["why"]) == ("", "no such thing")


def test_the_page_says_what_is_missing_once(folder: Path) -> None:
    text = (folder / "paper.md").read_text(encoding="utf-8")
    assert text.startswith("# Beside the paper (test: a_b.dep)\n\nModel m.\n\n")
    assert r"| nn | accuracy | 70.4 | 70.4 | 4-10 |  | 13; a_b \| c |" in text
    assert "| det | accuracy | 94.3 | 94.3 | 93.26 | -1.04 |  |" in text
    assert text.count("needs coreference data") == 1
    assert "## Table 2\n\nNothing here: needs coreference data (configs/paper_table2.yaml)." in text
    assert text.endswith("## Why\n\n1: Data, 12: Misprint, 13: Ties.\n")


def test_latex_has_the_numbers_that_the_paper_prints(folder: Path) -> None:
    text = (folder / "paper.tex").read_text(encoding="utf-8")
    assert text.count(r"\begin{table*}") == 1
    assert r"\label{tab:paper1}" in text
    rows = re.findall(r"^(.*) \\\\$", text, re.MULTILINE)
    assert r"\begin{tabular}{@{}lrrrrl@{}}" in text  # reasons are words
    assert rows[0] == " & paper & notebook & here & difference & why"
    assert rows[1:] == [
        "det, accuracy & 94.3 & 94.3 & 93.26 & $-$1.04 & ",
        "poss, accuracy & 80.5 & 80.5 & 80.50 & +0.00 & ",
        "auxpass, accuracy & 82.5 & 94.1 & 94.10 & +11.60 & 1, 12",
    ]
    assert "What differs: 1: data, 12: misprint." in text


def test_a_table_of_no_run_of_its_kind_is_a_line(tmp_path: Path) -> None:
    anaphors = {("Head", "all"): 50.0, ("Nearest", "all"): 30.25}
    lines = [*missing(1)]
    for own in constants():
        here = anaphors.get((own.row, own.column)) if own.table == 2 else None
        note = missing_note(own.table)
        if own.table == 3 and own.row == "Right-branching":
            lines.append(Line(own, 30.89))  # of the heads' run
        elif own.table > 1:
            lines.append(Line(own, note=note) if here is None else Line(own, here))
    write(lines, tmp_path, title="Beside the paper", notes=[])
    csv_text = (tmp_path / "paper.csv").read_text()
    assert csv_text.count("\n") == 1 + len(constants())
    assert "3,Right-branching,UAS,26," in csv_text
    assert "30.89" in csv_text
    said = f"Nothing here but Right-branching, UAS: 30.89: {missing_note(3)}."
    assert f"## Table 3\n\n{said}" in (tmp_path / "paper.md").read_text()
    source = (tmp_path / "paper.tex").read_text()
    assert f"% Table 3. {said}\n" in source
    assert source.count(r"\begin{table*}") == 1
    assert "notebook" not in source  # Table 2 has nothing of it
    assert r" & paper & here & difference & why \\" in source
    assert "Table 2 of Clark et al. (2019) and this run, in percent." in source


def missing_note(table: int) -> str:
    return next(missing(table)).note
