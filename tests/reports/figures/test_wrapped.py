"""Lines of letters above panels, as wide as they are drawn."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
from matplotlib.font_manager import FontProperties

from probing.reports.figures.panels import Page, wrapped
from probing.reports.figures.styles import TEXT, Picture

TEXTS = [
    "all (9,999) dep->head",
    "MMMMMMMMMMMM:WWWWWWWWWWWWWWWWWW (3,000) head->dep",
    "3-9: 87%  (0–87%)",
    "NOUN, PROPN or PRON right (gold): 80%",
    "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
    "$x$ a\x1bb",
    "",
]


def drawn_width(text: str) -> float:
    figure = Picture(figsize=(9, 1), dpi=300)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    font = FontProperties(size=TEXT)
    wide, _, _ = renderer.get_text_width_height_descent(text, font, ismath=False)
    return float(wide) / 300


@pytest.mark.parametrize("inches", [0.5, 1.4, 3.0])
@pytest.mark.parametrize("text", TEXTS)
def test_no_line_is_wider_and_none_could_hold_more(text: str, inches: float) -> None:
    lines = wrapped(text, inches)
    assert "".join(lines).replace(" ", "") == text.replace("\x1b", r"\x1b").replace(" ", "")
    for line in lines:
        assert drawn_width(line) <= inches * 1.02
    words = text.replace("\x1b", r"\x1b").split()
    for line, following in pairwise(lines):
        first = following.split()[0]
        if first in words:
            assert drawn_width(f"{line} {first}") > inches * 0.98
        elif " " not in line and line not in words:  # a part of a word that is broken
            assert drawn_width(line + following[:1]) > inches * 0.98
    if all(drawn_width(word) <= inches * 0.98 for word in words):
        assert " ".join(lines).split() == words  # broken at spaces alone


def test_a_page_is_no_taller_than_the_text_of_a_paper() -> None:
    of = partial(Page.of, width=3.3, columns=2, captioned=3, titled=7)
    tall = of(12, 12, 12)
    assert tall.height == pytest.approx(9.0)
    assert 0.5 * tall.across < tall.up < tall.across
    short = of(4, 12, 12)
    assert short.up == pytest.approx(short.across)
    assert short.height < 9.0
    deep = of(12, 48, 12)
    assert deep.up == pytest.approx(2 * deep.across)
