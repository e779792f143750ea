"""Tables in a narrow terminal: no word is broken, and what is left out is said."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from probing.core.terms import Terms
from probing.counting.tallies import Score
from probing.reports.best_heads import folded, indented
from probing.reports.columns import ALWAYS, RATHER, Column
from probing.reports.terminal import tables as terminal
from probing.reports.terminal.widths import fits, longest_word, room, widths
from probing.reports.trees.table3 import SHORT
from probing.reports.wording import Wording

DRAWS = [
    ["right-branching", "30.9", "–", "43.0", "0.55", "26"],
    ["random initialisation: best single head (3 draws)", "15.5 (15.4–15.7)", "–", "–", "–", ""],
    ["random initialisation: attention and words (3 draws)",
     "26.2 (26.2–26.4)", "26.3 (26.1–26.5)", "28.7 (28.5–28.9)", "–", "30"],
    ["structural probe (layer 3, best of 7 on val)", "–", "–", "68.7", "0.77", "80 (UUAS)"],
]  # fmt: skip
SEEDS = [
    *DRAWS,
    ["structural probe (layer 3, rank 64, best of 14 on val) (3 seeds)",
     "–", "–", "68.7 (68.6–68.8)", "0.77 (0.76–0.78)", "80 (UUAS)"],
]  # fmt: skip
Shown = Callable[[int, Callable[[], None]], str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What is shown on a terminal so many columns wide."""

    def show(width: int, task: Callable[[], None]) -> str:
        written = io.StringIO()
        narrow = Console(highlight=False, soft_wrap=True, file=written, width=width)
        monkeypatch.setattr(terminal, "console", narrow)
        task()
        return written.getvalue()

    return show


def words_of(text: str) -> list[list[str]]:
    """The words of each cell, lines of one row joined: a row starts where its first cell does."""
    rows = [line.strip("│┃").replace("┃", "│").split("│") for line in text.splitlines()
            if line[:1] in ("│", "┃")]  # fmt: skip
    return [[word for row in rows for word in row[k].split()] for k in range(len(rows[0]))]


def expected_words(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """The same of what is to be shown, column by column."""
    return [
        [word for cells in (columns, *lines) for word in cells[k].split()]
        for k in range(len(columns))
    ]


@pytest.mark.parametrize("lines", [DRAWS, SEEDS])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_last_table_breaks_at_spaces_only(
    shown: Shown, width: int, lines: list[list[str]]
) -> None:
    text = shown(width, lambda: terminal.show_table("Trees", SHORT, lines))
    assert max(map(len, text.splitlines())) <= width
    assert words_of(text) == expected_words(SHORT, lines)


def test_a_wide_terminal_has_each_line_of_the_table_in_one(shown: Shown) -> None:
    text = shown(160, lambda: terminal.show_table("Trees", SHORT, DRAWS))
    assert len(text.splitlines()) == 1 + 3 + len(DRAWS) + 1
    assert "│ random initialisation: attention and words (3 draws) │ 26.2 (26.2–26.4) │" in text


def test_where_no_width_suffices_a_name_is_broken_and_no_number(shown: Shown) -> None:
    lines = [["a_name_without_any_space_that_is_long", *DRAWS[2][1:]]]
    text = shown(80, lambda: terminal.show_table("Trees", SHORT, lines))
    assert max(map(len, text.splitlines())) <= 80
    assert words_of(text)[1:] == expected_words(SHORT, lines)[1:]
    assert "".join(words_of(text)[0]) == lines[0][0]


# ---------------------------------------------------------------------- best heads

TITLES = ["relation", "anchors", "units", "head", "direction", "accuracy", "offset", "offset %",
          "twin", "twin %", "best on test", "flattery"]  # fmt: skip
HEADS = [
    ["all", "19,952", "7", "3-9", "dep->head", "45.0", "+1", "34.1", "10.3", "9.1", "3-2", "+0.1"],
    ["nmod:poss", "387", "7", "10-12", "head->dep", "71.8", "+1", "61.8", "12.7", "8", "3-9", "+0"],
]


def column(place: int) -> Column:
    return Column(
        TITLES[place],
        lambda best: best.cells[place],  # type: ignore[attr-defined]
        words=place in (0, 4),
        brief=TITLES[place] != "units",
        weight={0: ALWAYS, 3: ALWAYS, 5: ALWAYS, 6: RATHER, 7: RATHER}.get(place, 0),
    )


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(terminal, "title_of", lambda _: "Best heads")
    monkeypatch.setattr(terminal, "notes_of", lambda _, titles: ["Chosen on val."])
    monkeypatch.setattr(terminal, "columns_of", lambda _: list(map(column, range(len(TITLES)))))
    words = Wording("relation", "UAS", "UAS without punctuation", "A note.")
    monkeypatch.setattr(terminal, "wording_of", lambda _: words)
    return SimpleNamespace(
        table=[SimpleNamespace(relation=cells[0], cells=cells) for cells in HEADS],
        counts=SimpleNamespace(terms=Terms(("a", "b", "c"), (), ())),
        split="test",
        overall={"mine": Score("mine", "all", 1.0, 2)},
        probes=SimpleNamespace(names=("mine",)),
        overall_families=[],
        differences=[],
    )


def best_heads(text: str) -> str:
    """The first of the tables, with its caption."""
    return text.partition("UAS without punctuation (test)")[0]


BRIEF = [k for k, title in enumerate(TITLES) if title != "units"]


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (160, BRIEF),
        # The longest words: 9, 7, 5, 9, 8, 6, 6, 4, 4, 4, 8; each column takes three more, and one.
        (104, BRIEF),
        (103, BRIEF[:-1]),
        (80, [0, 1, 3, 4, 5, 6, 7, 8]),
        (79, [0, 1, 3, 4, 5, 6, 7, 8]),
        (78, [0, 1, 3, 4, 5, 6, 7]),
        # What weighs more stays longer: direction and number of anchors go before the offset.
        (71, [0, 1, 3, 5, 6, 7]),
        (60, [0, 1, 3, 5, 6, 7]),
        (59, [0, 3, 5, 6, 7]),
        (50, [0, 3, 5, 6, 7]),
        (49, [0, 3, 5, 6]),
        (40, [0, 3, 5]),
        (32, [0, 3, 5]),
        (20, [0, 3, 5]),
    ],
)
def test_the_last_columns_go_until_no_word_is_broken(
    shown: Shown, findings: Any, width: int, kept: list[int]
) -> None:
    text = best_heads(shown(width, lambda: terminal.show_findings(findings)))
    rows = [line for line in text.splitlines() if line[:1] in ("│", "┃")]
    assert {row.replace("┃", "│").count("│") for row in rows} == {len(kept) + 1}
    if width > 20:
        cells = [[line[k] for k in kept] for line in HEADS]
        assert words_of(text) == expected_words([TITLES[k] for k in kept], cells)
        assert max(map(len, rows)) <= width
    more = len(TITLES) - len(kept)
    said = f"{more} more columns in best_heads.md."
    assert (said in " ".join(text.split())) == (kept != BRIEF)


def test_notes_are_folded_where_the_terminal_has_an_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    note = "a head-driven note with-a-hyphen " * 6
    written = io.StringIO()
    edged = Console(file=written, width=40, soft_wrap=True, force_terminal=True, color_system=None)
    monkeypatch.setattr(terminal, "console", edged)
    columns = [terminal.Filled("relation", ["obj"])]
    edged.print(terminal.as_table("Title", columns, [note]))
    lines = [line.strip() for line in written.getvalue().splitlines()[6:]]
    assert len(lines) > 1
    assert max(map(len, lines)) <= 40
    assert " ".join(lines).split() == note.split()  # hyphens break no word


def test_subtypes_stand_behind_what_adds_them_up() -> None:
    rows = ["all", "nsubj:*", "det", "obl", "nsubj:pass", "nsubj", "obl:*", "acl:relcl"]
    table = [SimpleNamespace(relation=row) for row in rows]

    def of(subtypes: str) -> list[str]:
        terms = SimpleNamespace(subtypes=subtypes)
        these: Any = SimpleNamespace(table=table, counts=SimpleNamespace(terms=terms))
        return [indented(these, best.relation) for best in folded(these)]

    assert of(":") == [
        *("all", "nsubj:*", "  nsubj:pass", "  nsubj", "det", "obl:*", "  obl", "acl:relcl")
    ]
    assert of("") == rows


# ---------------------------------------------------------------------- widths

CELLS = st.lists(st.text("ab ", max_size=12), min_size=1, max_size=4)


@given(st.lists(CELLS, min_size=1, max_size=5), st.integers(0, 60))
def test_columns_are_as_wide_as_they_may_be(columns: list[list[str]], space: int) -> None:
    found = widths(columns, space)
    least = [max(len(word) for cell in cells for word in [*cell.split(), ""]) for cells in columns]
    most = [max(map(len, cells)) for cells in columns]
    assert [longest_word(cells) for cells in columns] == least
    assert all(low <= own <= high for low, own, high in zip(least, found, most, strict=True))
    assert fits(columns, space) == (sum(least) <= space)
    if fits(columns, space):
        assert sum(found) == min(space, sum(most))  # no room is left unused
    else:
        assert found == least
    for k, own in enumerate(found):  # what is narrowed is as wide as any other that could be
        if own < most[k]:
            assert all(other <= max(own + 1, least[j]) for j, other in enumerate(found))


def test_borders_and_padding_take_room() -> None:
    assert room(3, 80) == 80 - len("│  │  │  │")
    assert room(3, 80, padding=1) == 80 - len("│ │ │ │")
