"""Labels, file names and model names that mean something to a terminal, a page or a picture."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.text import Text

from probing.core.files import write_csv
from probing.core.inert import visible
from probing.core.schemes import is_roll_up
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.data.tasks.dependencies import Dependencies
from probing.reports import best_heads
from probing.reports.comparison import tables as comparison
from probing.reports.comparison.findings import Compared, ComparisonFindings
from probing.reports.figures.heads import (
    head_overview,
    png,
    relation_heatmap,
    seed_overview,
    weight_heatmap,
)
from probing.reports.figures.sentence import head_map
from probing.reports.findings import Findings
from probing.reports.latex import latex
from probing.reports.tables import head_columns, head_rows
from probing.reports.terminal import tables as terminal
from probing.reports.treebanks import tables as treebanks
from probing.reports.treebanks.figure import treebank_heatmap
from probing.reports.treebanks.findings import Treebank, TreebankFindings
from probing.reports.trees.breakdown import DISTANCE, LENGTH, RELATION, Part
from probing.reports.trees.figure import breakdown_figure
from probing.reports.trees.table3 import COLUMNS, Entry
from probing.reports.trees.table3 import markdown as table3
from probing.surface.report.lines_between_tokens import HeadOnText, heads_on_text

PIECES = (
    *("[/a]", "[bold]", "[link=x]", "[ewt]", ":smile:", r"\[b]", "$\\x$", "$a$ $b$", r"\$", "$"),
    *("|", r"\|", "[a](b)", "![a](b)", "[a]: b", "<i>", "<!--", "&amp;", "&#65;", "`a`", "*a*"),
    *("**", "_a_", "a_b", "~~a~~", "www.a.b", "HTTP://a.b", "# a", "- a", "> a", "1. a", "---"),
    *("\x1b[31m", "\x1b]0;a\x07", "\x9b31m", "\r", "\n", "\t", "\x7f", "\b", "\u2028", "\u200f"),
    *("\u202ea", "\u2066", "\ufeff", "\ud800", "\udcff", "%", "{", "}", "^^M", "~", "#", "&", "<"),
    *("a", "é", "字", "\u0645\u200c\u0646", "e\u0301", "nsubj:*", "-", "=", "'", '"', "``", "\\"),
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
names = st.lists(texts, min_size=2, max_size=5, unique_by=lambda text: visible(text).strip())
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
MANY = ["".join(PIECES[k : k + 3]) for k in range(0, len(PIECES), 3)]


def counts_of(rows: Sequence[str]) -> HeadCounts:
    rng = torch.Generator().manual_seed(len(rows))
    named = ["all", *rows]
    total = torch.full((len(named),), 200)
    terms = Dependencies.terms
    return HeadCounts(
        terms=terms,
        rows=named,
        total=total,
        correct=torch.randint(0, 200, (len(named), 3, 2, 3), generator=rng),
        shared=torch.zeros(len(named), 2, dtype=torch.long),
        errors=torch.zeros(len(named), 3, 2, 3, len(terms.errors), dtype=torch.long),
        reachable=total[:, None, None].expand(-1, 3, 2).clone(),
        quantities=torch.rand(len(named), 3, 2, 3, 3, generator=rng, dtype=torch.float64),
        baselines=torch.zeros(len(named), len(terms.baselines), dtype=torch.float64),
    )


def findings_of(rows: Sequence[str]) -> Findings:
    counts = counts_of(rows)
    probes = ProbeCounts(
        rows=counts.rows,
        names=["a@1", "a@2"],
        total=counts.total,
        correct=torch.full((len(counts.rows), 2), 50),
    )
    return Findings(
        split="test",
        source=f"/data/{rows[0].replace('/', '')}",
        model=f"Model {rows[-1]}",
        counts=counts,
        probes=probes,
        chosen_on="val",
        chosen=counts,
        min_anchors=1,
        holds=f"{rows[0]}\n  {rows[-1]}",
    )


def compared(rows: Sequence[str]) -> ComparisonFindings:
    models = [Compared(rows[k], rows[1 - k], counts_of(rows), counts_of(rows)) for k in (0, 1)]
    return ComparisonFindings("test", f"/data/{rows[0].replace('/', '')}", models, "val", 1)


def several(rows: Sequence[str]) -> TreebankFindings:
    counts = counts_of(rows)
    found = [Treebank(name, counts, counts, "val", 1, 2, 2, 9) for name in rows]
    return TreebankFindings("file", "test", f"/data/{rows[0].replace('/', '')}", rows[1], found, 1)


# ------------------------------------------------------------------------------------- terminal


def shown(task: Callable[[], None]) -> str:
    """What reaches a terminal that knows colours, without the colours."""
    console, written = terminal.console, io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "_file", written)
        patch.setattr(console, "_force_terminal", True)
        patch.setattr(console, "width", 2000)
        task()
    return re.sub(r"\x1b\[[0-9;]*m", "", written.getvalue())


@settings(max_examples=20)
@given(names)
def test_a_terminal_shows_every_text_and_obeys_none(rows: list[str]) -> None:
    columns, lines = ["x", *rows], [[row, *rows] for row in rows]
    said = [
        (shown(lambda: terminal.show_findings(findings_of(rows))), rows),
        (shown(lambda: comparison.show_comparison(compared(rows))), rows),
        (shown(lambda: treebanks.show_treebanks(several(rows))), rows),
        (shown(lambda: terminal.show_table(rows[0], columns, lines)), rows),
        *((shown(lambda row=row: terminal.show(row)), [row]) for row in rows),  # type: ignore[misc]
        (shown(lambda: terminal.show_epoch(1, "val", rows[0], dict.fromkeys(rows, 0.5))), rows),
    ]
    for text, expected in said:
        assert not CONTROL.search(text)
        squeezed = "".join(re.split(r"[\s│┃]+", text))
        for row in expected:
            assert "".join(visible(row, keep="\n").split()) in squeezed


def test_the_bar_of_a_file_shows_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_LARGE", 1)
    for name in PIECES:
        out = io.StringIO()
        console = terminal._Inert(file=out, force_terminal=True, width=400, color_system=None)
        monkeypatch.setattr(terminal, "console", console)
        with terminal.watched(io.BytesIO(b"xx"), name, 2) as file:
            assert file.read() == b"xx"
        assert visible(name).rstrip() in out.getvalue()


# ------------------------------------------------------------------------------------- Markdown

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def pages(rows: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Pages, and how many lines of tables each has that start with one of the names."""
    yield best_heads.markdown(findings_of(rows)), len(rows)
    yield comparison.markdown(compared(rows)), len(rows)
    yield treebanks.markdown(several(rows)), len(rows) * (2 + len(rows))
    yield table3(rows[0], [[row, *[""] * (len(COLUMNS) - 1)] for row in rows], rows), len(rows)


def rendered(page: str) -> tuple[list[str], list[list[str]]]:
    """Texts outside of tables, and cells line by line, of a page that holds nothing but these."""
    outside, lines, in_table = [], list[list[str]](), False
    for token in PARSER.parse(page):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        assert kind in {
            "heading",
            "paragraph",
            "inline",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        }
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        if token.type == "tr_open":
            lines.append([])
        if token.type == "inline":
            # An escaped character is a token of its own.
            assert {child.type for child in token.children or ()} <= {"text", "text_special"}
            text = "".join(child.content for child in token.children or ())
            (lines[-1] if in_table else outside).append(text)
    return outside, lines


@settings(max_examples=60)
@given(names)
def test_a_page_holds_texts_and_nothing_else(rows: list[str]) -> None:
    expected = {visible(row).strip() for row in rows}
    for page, count in pages(rows):
        assert not CONTROL.search(page)
        outside, lines = rendered(page)
        first = [cells[0] for cells in lines if cells[0] in expected]
        assert len(first) >= count - sum(not text for text in expected)
        assert any(visible(rows[0]).strip() in text for text in outside)
        assert not re.search(r"(?i)(https?|ftp)://|www\.", page)


# ---------------------------------------------------------------------------------------- LaTeX

COMMANDS = {
    **{f"\\{c}": c for c in "&%$#{}"},
    r"\_\allowbreak{}": "_",
    "$-$": "-",
    **{rf"\text{n}{{}}": c for n, c in {"backslash": "\\", "asciitilde": "~", "less": "<",
       "asciicircum": "^", "greater": ">", "bar": "|"}.items()},
}  # fmt: skip
_COMMAND = re.compile("|".join(map(re.escape, sorted(COMMANDS, key=len, reverse=True))))


@settings(max_examples=60)
@given(names)
def test_a_table_for_a_paper_holds_texts_and_nothing_else(rows: list[str]) -> None:
    source = latex(["x", "y"], [[row, row] for row in rows], label="t", caption=rows, notes=rows)
    assert not CONTROL.search(source)
    lines = [line for line in source.splitlines() if not line.startswith("%")]
    start = lines.index(r"\midrule") + 1
    cells = [*lines[start : start + len(rows)], next(x for x in lines if x.startswith(r"\caption"))]
    assert lines[start + len(rows)] == r"\bottomrule"
    for line, row in zip(cells, [*rows, " ".join(rows)], strict=True):
        inner = line.removeprefix(r"\caption{").removesuffix("}").removesuffix(r" \\")
        if line.endswith(r"\\") and visible(row).lstrip().startswith(("[", "*")):
            # Or it would be taken for what belongs to the end of the line before.
            assert inner.startswith("{}")
            inner = inner.removeprefix("{}")
        assert not re.search(r"[\\%$#{}_^~]", _COMMAND.sub("", inner))
        found = [_COMMAND.sub(lambda c: COMMANDS[c[0]], cell) for cell in inner.split(" & ")]
        shown = visible(row).replace("–", "--").replace("−", "-")
        assert found == ([shown, shown] if line.endswith(r"\\") else [shown])


# ------------------------------------------------------------------------------------- pictures


def figures(rows: Sequence[str]) -> Iterator[tuple[Figure, Sequence[str]]]:
    """Pictures, and what must be readable in each."""
    found = findings_of(rows)
    yield head_overview(found), rows[:1]
    yield relation_heatmap(found.counts, rows[0]), rows[:1]
    yield seed_overview(found), []
    yield weight_heatmap(torch.rand(2, 2, 3), [1, 2], title=rows[0], directions="ab"), rows[:1]
    yield head_map(rows, torch.rand(len(rows), len(rows)), title=rows[0]), rows
    yield treebank_heatmap(several(rows)), rows
    parts = [Part("p", RELATION, row, 1, 2) for row in ("all", *rows)]
    parts += [Part("p", DISTANCE, "1", 1, 2), Part("p", LENGTH, "1 to 10", 1, 2)]
    related = [row for row in rows[:12] if not is_roll_up(row)]
    yield breakdown_figure(parts, [Entry("p", rows[0])], title=rows[0]), related
    yield heads_on_text([HeadOnText(rows[0], rows, torch.rand(len(rows), len(rows)))]), rows[:1]


@pytest.mark.parametrize("start", range(0, len(MANY), 13))
def test_a_picture_shows_texts_letter_by_letter(start: int) -> None:
    rows = list(dict.fromkeys(MANY[start : start + 13]))
    for figure, expected in figures(rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no font has every letter
            png(figure, dots_per_inch=30)
        texts = [text for text in figure.findobj(Text) if text.get_text()]
        read = []
        for text in texts:
            assert not CONTROL.search(text.get_text())
            if text.get_parse_math():
                assert not is_math_text(text.get_text())
            is_math = text.get_parse_math()
            read.append(text.get_text().replace(r"\$", "$") if is_math else text.get_text())
        for row in expected:
            squeezed = "".join(visible(row, keep="\n").split())
            assert any(squeezed in "".join(text.split()) for text in read), row


def test_what_a_terminal_would_obey_is_written_as_python_shows_it() -> None:
    assert visible("a\x1b[31m\u202e\ud800\n") == r"a\x1b[31m\u202e\ud800\n"
    for kept in ("é 字 e\u0301", "\u0645\u200c\u0646", "👩\u200d🔬", "\u0600", ""):
        assert visible(kept) == kept


# ----------------------------------------------------------------------------------------- data


@settings(max_examples=30)
@given(names)
def test_tables_of_data_hold_texts_as_they_are(rows: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        kept: dict[str, Any] = {}
        patch.setattr("probing.core.files.write_whole", lambda path, text: kept.update(text=text))
        counts = counts_of(rows)
        write_csv(Path("heads.csv"), head_columns(counts), head_rows(counts))
    read = list(csv.reader(io.StringIO(kept["text"], newline="")))
    assert {line[0] for line in read[1:]} == {"all", *rows}
    assert len({len(line) for line in read}) == 1


def test_half_a_character_does_not_stop_a_file_from_being_written(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["x"], [["a\ud800b"], ["é"]])
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "x\na\\ud800b\né\n"
