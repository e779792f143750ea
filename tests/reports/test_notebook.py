"""HTML for notebooks: texts stay texts, numbers stand to the right."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from probing.core.inert import visible
from probing.reports.figures.styles import Picture
from probing.reports.notebook import facts, table

HOSTILE = [
    "</td><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a & b",
    "</table>",
]
words = st.sampled_from(HOSTILE) | st.text(max_size=12)


class Cells(HTMLParser):
    """What stands in the cells, as a browser reads it, and every tag there is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self.is_open = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.is_open = tag in ("td", "th")
        if self.is_open:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.is_open = False

    def handle_data(self, data: str) -> None:
        if self.is_open:
            self.cells[-1] += data


@given(st.lists(words, min_size=2, max_size=2), words)
def test_words_of_data_are_no_markup(cells: list[str], title: str) -> None:
    plain = {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "small"}
    shown = [visible(cell, keep="\n") for cell in cells]
    read = Cells(table(title, ["x", "y"], [cells], words={0}, notes=cells))
    assert read.cells == ["x", "y", *shown]
    assert read.tags <= plain
    known = Cells(facts(title, {"words": cells[0], "more": cells[1]}))
    assert known.cells == ["words", shown[0], "more", shown[1]]
    assert known.tags <= plain


def test_numbers_stand_to_the_right() -> None:
    page = table("t", ["name", "count"], [["a", "1"]], words={0})
    assert page.count("text-align: left") == page.count("text-align: right") == 2


def test_a_figure_is_shown_as_a_picture() -> None:
    assert Picture(figsize=(1, 1))._repr_png_().startswith(b"\x89PNG")
