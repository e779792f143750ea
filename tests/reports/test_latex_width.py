"""Tables in LaTeX are as wide as a page's text, by the metrics of Times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import pytest
from fontTools.afmLib import AFM  # type: ignore[import-untyped]

from probing.reports.latex import latex

TEXT = 397  # points, of NeurIPS
POINTS = {"small": 9, "footnotesize": 8, "scriptsize": 7}
TIMES = AFM(str(Path(matplotlib.get_data_path()) / "fonts/pdfcorefonts/Times-Roman.afm"))
GLYPHS: dict[int, float] = {TIMES[name][0]: TIMES[name][1] for name in TIMES.chars()}
GLYPHS |= {ord("–"): TIMES["endash"][1], ord("−"): 694}  # of mathematics
COLUMNS = {
    "relation": "nmod:poss",
    "anchors": "12,345",
    "head": "10-11",
    "direction": "dep->head",
    "accuracy": "88.8",
    "interval": "12.3–45.6",
    "strongest baseline": "2nd NOUN, PRON or PROPN left (form)",
    "strongest %": "45.6",
    "where it is wrong": "34.5",
    "best on test": "10-12",
    "flattery": "-12.3",
}
HEADING = re.compile(r"\\begin\{tabular\}\[b\]\{@\{\}[lr]@\{\}\}(.*)\\end\{tabular\}")


def drawn(line: str) -> float:
    """The width of a line of a cell, in thousandths of the letters' size."""
    plain = line.replace(r"\textgreater{}", ">").replace(r"\_\allowbreak{}", "_")
    plain = plain.replace(r"\quad ", "  " * 2).replace("--", "–").replace("$-$", "−")
    return sum(GLYPHS[ord(letter)] for letter in plain.replace(r"\%", "%"))


def width(source: str) -> float:
    """Of the table, in points, each column as wide as the widest of its lines or as it is told."""
    lines = source.splitlines()
    points = next(POINTS[line[1:]] for line in lines if line[1:] in POINTS)
    beside = float(re.search(r"tabcolsep\}\{([\d.]+)em", source)[1]) * points  # type: ignore[index]
    opened = next(line for line in lines if line.startswith(r"\begin{tabular}"))
    layout = opened.split("@{}")[1].replace(r">{\raggedright\arraybackslash}", "")
    columns = re.findall(r"p\{([\d.]+)\\textwidth\}|[lr]", layout)
    start, end = lines.index(r"\toprule") + 1, lines.index(r"\bottomrule")
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines[start:end] if "&" in line]
    total = 2 * beside * (len(columns) - 1)
    for share, cells in zip(columns, zip(*rows, strict=True), strict=True):
        broken = [HEADING.sub(r"\1", cell).split(r"\\") for cell in cells]
        parts = [part for cell in broken for line in cell for part in (line.split() or [""])]
        own = TEXT * float(share) if share else 0.0
        words = max(drawn(word) for word in parts) * points / 1000
        whole = max(drawn(line) for cell in broken for line in cell) * points / 1000
        assert not share or words <= own
        total += own if share else whole
    return total


def table(titles: Sequence[str]) -> str:
    cells = [COLUMNS[title] for title in titles]
    words = {titles.index(title) for title in ("direction", "strongest baseline")}
    return latex(titles, [cells] * 3, label="t", caption=["C."], notes=[], words=words)


def test_the_usual_columns_fit_at_nine_points() -> None:
    source = table([title for title in COLUMNS if title != "interval"])
    assert "\\small\n" in source
    assert width(source) <= TEXT
    assert r"\begin{tabular}[b]{@{}r@{}}where\\it is\\wrong\end{tabular}" in source


def test_where_there_is_more_letters_are_smaller() -> None:
    source = table([*COLUMNS])
    assert "\\footnotesize\n" in source
    assert width(source) <= TEXT


def test_where_there_is_less_words_take_the_room_that_is_left() -> None:
    source = table(["relation", "direction", "accuracy", "strongest baseline"])
    own = re.search(r"p\{([\d.]+)\\textwidth\}", source)
    assert own is not None
    assert TEXT * float(own[1]) >= drawn(COLUMNS["strongest baseline"]) * POINTS["small"] / 1000
    assert width(source) <= TEXT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(("offset -1", "offset $-$1"), ("-0.5", "$-$0.5"), ("−2", "$-$2"), ("3-10", "3-10")),
        *(("a-b", "a-b"), ("12.3–45.6", "12.3--45.6"), ("bert-2", "bert-2"), ("dep-", "dep-")),
    ],
)
def test_a_minus_is_no_hyphen(text: str, shown: str) -> None:
    assert f"\n{shown} \\\\\n" in latex(["x"], [[text]], label="t", caption=[], notes=[])


def test_a_table_without_lines_has_its_heading() -> None:
    source = latex(["two words", "y"], [], label="t", caption=[], notes=[])
    assert r"two\\words" in source
