"""What figures have in common: the width of a column, letters, colours, and files of both kinds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from probing.core.files import write_whole
from probing.core.inert import visible

COLUMN, PAGE = 3.3, 6.9
"""Width of a column of a two-column paper, and of both, in inches."""
TEXT, SMALL = 8, 7
"""Letters in points: of titles and axes, and of ticks and legends."""
SEQUENTIAL = "cividis"  # made for readers with and without colour vision
DIVERGING = "PuOr"

# Okabe and Ito's (2008): told apart with any colour vision. Their yellow, too pale for thin lines,
# stays out; a dark red is added.
BLACK, GREY = "#000000", "#7F7F7F"
ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILLION, PURPLE, WINE = "#D55E00", "#CC79A7", "#882255"

# Shapes and lines differ as well, for print without colour. The second blue, nearest to another,
# comes last: a run of all that Table 3 compares has nine lines.
STYLES = (
    (BLACK, "o", "-"),
    (ORANGE, "s", "--"),
    (BLUE, "^", "-."),
    (GREEN, "D", "-"),
    (VERMILLION, "v", "--"),
    (PURPLE, "P", "-."),
    (WINE, "X", ":"),
    (GREY, "*", ":"),
    (SKY, ">", "-"),
)


class Picture(Figure):
    """A figure without a display, which a notebook shows as the last line of a cell."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        return png(self, dots_per_inch=110)


def drawn(text: str) -> str:
    """Text as matplotlib draws it letter by letter: a dollar is no sign of mathematics."""
    return visible(text, keep="\n").replace("$", r"\$")


def png(figure: Figure, *, dots_per_inch: int = 200) -> bytes:
    """The figure as a PNG file."""
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=dots_per_inch)
    return target.getvalue()


def pdf(figure: Figure) -> bytes:
    """The figure as a PDF: lines stay lines, and letters are letters of embedded fonts."""
    target = io.BytesIO()
    # Type 42 is TrueType. Publishers turn down matplotlib's usual type 3.
    with mpl.rc_context({"pdf.fonttype": 42}):
        figure.savefig(target, format="pdf", metadata={"CreationDate": None})
    return target.getvalue()


def write_figure(figure: Figure, path: Path, *, with_pdf: bool, dots_per_inch: int = 200) -> None:
    """Write ``path``, a PNG file, and the same as PDF beside it if that is wanted."""
    write_whole(path, png(figure, dots_per_inch=dots_per_inch))
    if with_pdf:
        write_whole(path.with_suffix(".pdf"), pdf(figure))
