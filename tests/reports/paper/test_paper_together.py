"""Runs that have a table each give one table; two that have the same numbers must agree."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from probing.core.errors import ProbingError
from probing.jobs.command import command
from probing.reports.paper.differences import Difference
from probing.reports.paper.files import COLUMNS, FILE, write
from probing.reports.paper.lines import NEEDS, Line, Value
from probing.reports.paper.together import Part, together
from probing.reports.published import constants

Cells = Mapping[tuple[int, str, str], Value]
TREES: Cells = {
    (1, "det", "accuracy"): 93.256,
    (1, "det", "head"): "8-11",
    (1, "nn", "offset"): "1",
}
ANAPHORS: Cells = {(2, "Head", "all"): 50.0, (2, "Head", "head"): "3-10"}
PROBES: Cells = {(3, "Attn", "UAS"): 61.004, (1, "det", "accuracy"): 93.256}
WHY = (Difference.DATA, Difference.MODEL)


def run(folder: Path, filled: Cells, notes: Mapping[int, str] = NEEDS, said: str = "") -> Path:
    """A run with a report on test data that has these numbers, and notes in the other lines."""
    lines = []
    for own in constants():
        here = filled.get((own.table, own.row, own.column))
        empty = Line(own, note=notes.get(own.table, NEEDS[own.table]))
        lines.append(empty if here is None else Line(own, here, WHY, said))
    write(lines, folder / "reports" / "test", title="One", notes=[])
    summary = {"model": f"{folder.name} model", "data": {"source": "a.dep"}}
    (folder / "reports" / "test" / "summary.json").write_text(json.dumps(summary))
    return folder


def cells(file: Path) -> dict[tuple[int, str, str], dict[str, str]]:
    with file.open(newline="") as stream:
        return {
            (int(own["table"]), own["row"], own["column"]): own for own in csv.DictReader(stream)
        }


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    found = [run(tmp_path / "one", TREES, said="as it is; in UD")]
    found.append(run(tmp_path / "two", ANAPHORS, {1: "needs dependency trees; so", 2: "no such"}))
    found.append(run(tmp_path / "three", PROBES, {3: "needs GloVe"}, "as it is; in UD"))
    return list(map(str, found))


def test_every_line_is_that_of_the_run_which_has_it(
    runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "all"
    assert command(["paper", *runs, "--output", str(output)]) == 0
    found = cells(output / FILE)
    assert list(found) == [(own.table, own.row, own.column) for own in constants()]
    reports = [cells(Path(own) / "reports" / "test" / FILE) for own in runs]
    for key, line in found.items():
        filled = [own[key] for own in reports if own[key]["here"]]
        assert line == filled[0] if filled else line["here"] == line["difference"] == ""
    assert {key for key, line in found.items() if line["here"]} == {*TREES, *ANAPHORS, *PROBES}
    # Of what is missing, that which says more than what any other run lacks.
    assert found[1, "prep", "head"]["why"] == "needs dependency trees; so"
    assert found[2, "Nearest", "all"]["why"] == "no such"
    assert found[3, "Attn + GloVe", "UAS"]["why"] == "needs GloVe"
    text = (output / "paper.md").read_text()
    about = [f"{own}/reports/test ({Path(own).name} model; a.dep)" for own in runs]
    said = capsys.readouterr().out
    assert f"Table 1: {about[0]}, {about[2]}.\nTable 2: {about[1]}.\nTable 3: {about[2]}." in said
    assert said.endswith(f"{output / FILE}, .md and .tex: 6 of {len(constants())} lines\n")
    assert text.count("one model; a.dep") == 1
    assert "| Attn | UAS | 61 | 61.0 | 61.00 |" in text or "| Attn | UAS | 61 |  | 61.00 |" in text
    assert (output / "paper.tex").read_text().count(r"\begin{table*}") == 3


def test_a_table_of_tables_may_be_put_together_again(runs: list[str], tmp_path: Path) -> None:
    first, both = tmp_path / "first", tmp_path / "both"
    assert command(["paper", *runs[:2], "--output", str(first)]) == 0
    assert command(["paper", str(first), runs[2], "--output", str(both)]) == 0
    assert command(["paper", *runs, "--output", str(tmp_path / "all")]) == 0
    assert (both / FILE).read_bytes() == (tmp_path / "all" / FILE).read_bytes()


def test_two_runs_with_other_numbers_are_refused_by_name(
    runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.append(
        str(run(tmp_path / "four", {(1, "det", "accuracy"): 93.25, (3, "Attn", "UAS"): 60.0}))
    )
    assert command(["paper", *runs, "--output", str(tmp_path / "all")]) == 2
    said = capsys.readouterr().err
    assert said == (
        f"error: {runs[0]} and {runs[3]}: Table 1, det, accuracy is 93.26 in the one and 93.25 in "
        f"the other; say which tables to take of each, such as {runs[0]}:1\n"
    )
    assert not (tmp_path / "all").exists()
    runs[2:] = [f"{runs[2]}:1,2", f"{runs[3]}:3"]
    assert command(["paper", *runs, "--output", str(tmp_path / "all")]) == 0
    assert cells(tmp_path / "all" / FILE)[3, "Attn", "UAS"]["here"] == "60.00"


def test_what_is_there_is_not_replaced_unasked(runs: list[str], tmp_path: Path) -> None:
    output = str(tmp_path / "all")
    assert command(["paper", *runs, "--output", output]) == 0
    assert command(["paper", *runs, "--output", output]) == 2
    assert command(["paper", *runs, "--output", output, "--overwrite"]) == 0
    own = f"{runs[0]}/reports/test"
    before = (Path(own) / FILE).read_bytes()
    assert command(["paper", *runs, "--output", own, "--overwrite"]) == 2
    assert (Path(own) / FILE).read_bytes() == before


FAULTS = {
    "heading": ("table,row", "tables,row", r"paper.csv:1: expected table,row"),
    "percentage": ("93.26", "93.3", r"paper.csv:\d+: expected a percentage .* '93.3'"),
    "no number": ("93.26", "nan", r"expected a percentage with two decimals, found 'nan'"),
    "unknown line": ("1,det,head", "1,dett,head", r"paper.csv:\d+: expected a number of the paper"),
    "another paper": ("94.3", "95.3", r"paper.csv:\d+: expected a number of the paper"),
    "twice": (
        "1,det,head,8-11,8-11,8-11",
        "1,det,accuracy,94.3,94.3,9.10",
        r":21: 1, det, accuracy comes twice",
    ),
    "unknown reason": ('"1, 3; as', '"1, 99; as', r"paper.csv:\d+: expected numbers of docs/paper"),
    "open quotes": ('"1, 3; as', '1, "3"; as', r"paper.csv"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_file_is_refused_with_its_line(fault: str, runs: list[str]) -> None:
    file = Path(runs[0]) / "reports" / "test" / FILE
    good, bad, said = FAULTS[fault]
    text = file.read_text()
    assert good in text
    file.write_text(text.replace(good, bad, 1))
    with pytest.raises(ProbingError, match=said):
        Part.of(runs[0])


def test_a_run_without_the_tables_says_what_writes_them(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match=r"reports/test/paper.csv \(--report.paper true writes"):
        Part.of(str(tmp_path))
    colon = run(tmp_path / "of:1", TREES)
    assert Part.of(str(colon)).tables == [1, 2, 3]
    assert Part.of(f"{colon}:2").tables == [2]


def test_lines_that_are_left_out_are_empty(runs: list[str]) -> None:
    file = Path(runs[0]) / "reports" / "test" / FILE
    kept = [own for own in cells(file).values() if own["here"]]
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(kept)
    lines = together([Part.of(runs[0])])
    assert len(lines) == len(constants())
    assert sum(line.here is not None for line in lines) == len(TREES)
    assert {line.note for line in lines if line.here is None} == set(NEEDS.values())
