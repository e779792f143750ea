"""The paper's numbers, as they are checked in, against what other places say of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from probing.core.schemes import STANFORD_TO_UD, TABLE_1
from probing.reports.paper.differences import OFFSETS, Difference
from probing.reports.published import Constant, constants, published

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOK = "Syntax_Analysis.ipynb, output of cell"

# Written down by hand once more, from the paper.
TABLE_2 = """
Nearest      27 29 29 19
Head match   52 47 67 40
Rule-based   69 70 77 60
Head         65 64 73 58
"""
TABLE_3 = {
    "Structural probe": "80",
    "Right-branching": "26",
    "Distances + GloVe": "58",
    "Random Init Attn + GloVe": "30",
    "Attn": "61",
    "Attn + GloVe": "77",
}


def of_table(number: int) -> dict[tuple[str, str], Constant]:
    return {(own.row, own.column): own for own in constants() if own.table == number}


def test_every_cell_is_there_once_and_says_where_it_is_from() -> None:
    with (ROOT / "probing/reports/published.csv").open(newline="") as file:
        assert next(csv.reader(file)) == "table,row,column,paper,notebook,source".split(",")
    found = constants()
    assert len({(own.table, own.row, own.column) for own in found}) == len(found)
    for own in found:
        of_paper, _, of_notebook = own.source.partition("; ")
        if NOTEBOOK in of_paper:
            of_paper, of_notebook = "", of_paper
        assert bool(own.paper) == (of_paper in (f"Table {own.table}", "section 4.2"))
        assert bool(own.notebook) == bool(re.fullmatch(rf"{NOTEBOOK} (6|11)", of_notebook))
        assert own.paper or own.notebook


FORMS = {
    "head": r"([1-9]|1[0-2])-([1-9]|1[0-2])",
    "direction": r"dep->head|head->dep",
    "offset": "|".join(map(str, OFFSETS)),
    "anchors": r"[1-9]\d{2,3}",
    "accuracy": r"\d\d\.\d",
    "baseline": r"\d{1,2}\.\d",
}


def test_cells_have_the_form_of_their_columns() -> None:
    for own in constants():
        form = FORMS.get(own.column, r"\d\d(\.0)?")
        for text in filter(None, (own.paper, own.notebook)):
            assert re.fullmatch(form, text), own
        assert own.is_percentage == (own.column not in {"head", "direction", "offset", "anchors"})


def test_table_1_is_that_of_the_documents() -> None:
    """``docs/schemes.md`` has the notebook's numbers, and was written without this file."""
    cells, rows = of_table(1), {}
    for line in (ROOT / "docs/schemes.md").read_text(encoding="utf-8").splitlines():
        parts = [part.strip(" `") for part in line.split("|")[1:-1]]
        if len(parts) == 7 and re.fullmatch(FORMS["head"], parts[3]):
            rows[parts[0]] = parts[3:6]
    assert tuple(rows) == TABLE_1
    for relation, (head, accuracy, offset) in rows.items():
        found = [cells[relation, c].notebook for c in ("head", "accuracy", "baseline", "offset")]
        share, place = offset.split(" (")
        assert found == [head, accuracy, share, str(int(place.rstrip(")")))]
        if relation != "auxpass":
            assert found[1:3] == [cells[relation, c].paper for c in ("accuracy", "baseline")]


def test_paper_and_notebook_agree_but_for_a_misprint_and_a_rerun() -> None:
    apart = {
        (own.row, own.column): (own.paper, own.notebook)
        for own in constants()
        if own.paper and own.notebook and own.paper != own.notebook
    }
    assert apart == {
        ("auxpass", "accuracy"): ("82.5", "94.1"),
        ("auxpass", "baseline"): ("40.5", "82.5"),
        ("Attn + GloVe", "UAS"): ("77", "78.0"),
    }


def test_the_notebook_counts_words_from_the_most_frequent_relation_down() -> None:
    relations = [own for own in constants() if own.column == "anchors"]
    assert len(relations) == 32
    assert {own.row for own in relations} <= set(STANFORD_TO_UD)
    # Table 1 has the ten most frequent first, and of the others only some.
    most = sorted(relations, key=lambda own: -int(own.notebook))
    assert {own.row for own in most[:9]} == set(TABLE_1[:9])
    further = [int(own.notebook) for own in relations if own.row not in TABLE_1]
    assert further == sorted(further, reverse=True)


def test_the_rows_of_all_words() -> None:
    cells = of_table(1)
    assert [cells["All", c].paper for c in ("head", "accuracy", "baseline")] == [
        *("7-6", "34.5", "26.3")
    ]
    assert [cells["all words", c].notebook for c in ("head", "accuracy", "baseline")] == [
        *("7-6", "34.7", "26.7")
    ]
    assert {own.notebook for (row, _), own in cells.items() if row == "All"} == {""}
    assert {own.paper for (row, _), own in cells.items() if row == "all words"} == {""}


def test_tables_2_and_3() -> None:
    expected = {("Head", "head"): "5-4", ("Neural coref", "all"): "83"}
    for line in TABLE_2.strip().splitlines():
        *name, every, pronoun, proper, nominal = line.split()
        row = " ".join(name)
        expected |= {(row, "all"): every, (row, "pronoun"): pronoun}
        expected |= {(row, "proper"): proper, (row, "nominal"): nominal}
    assert {key: own.paper for key, own in of_table(2).items()} == expected
    assert {row: own.paper for (row, _), own in of_table(3).items()} == TABLE_3
    assert published(3, "Structural probe", "UUAS") == "80"
    with pytest.raises(KeyError, match="UUAS"):
        published(3, "Attn", "UUAS")


def test_the_differences_are_those_of_the_documents() -> None:
    text = (ROOT / "docs/paper.md").read_text(encoding="utf-8")
    section = text[text.index("## What differs\n") :]
    section = section[: section.index("\n## ", 1)]
    listed = re.findall(r"^(\d+)\. \*\*(.+?)\.\*\* ", section, re.MULTILINE)
    assert listed == [(str(int(each)), each.title) for each in Difference]
