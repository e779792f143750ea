"""What the figures share: marks, panels, and how they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from probing.reports.figures.styles import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    Picture,
    drawn,
    write_figure,
)


@dataclass(frozen=True)
class Mark:
    """How something is drawn: the same in every figure."""

    colour: str
    marker: str
    label: str

    @property
    def style(self) -> dict[str, Any]:
        """What matplotlib calls these."""
        return {"color": self.colour, "marker": self.marker, "label": self.label}


# By the names of what is attended to and of what heads do.
MARKS = {
    "[CLS]": Mark(PURPLE, "P", "[CLS]"),
    "[SEP]": Mark(VERMILLION, "s", "[SEP]"),
    "punctuation": Mark(GREEN, "D", "punctuation"),
    "rest": Mark(GREY, "o", "other tokens"),
    "next": Mark(BLUE, ">", "next token"),
    "previous": Mark(ORANGE, "<", "previous token"),
    "current": Mark(BLACK, "x", "current token"),
    "broad": Mark(SKY, "^", "broad"),
}
LEFT = [(BLUE, "o"), (VERMILLION, "s"), (GREEN, "D"), (PURPLE, "P"), (ORANGE, "^"), (GREY, "v")]


def marks_of(names: Sequence[str]) -> dict[str, Mark]:
    """How to draw each of ``names``; one without a mark of its own gets a colour that is left."""
    taken = {MARKS[name].colour for name in names if name in MARKS}
    left = cycle([pair for pair in LEFT if pair[0] not in taken] or LEFT)
    return {name: MARKS.get(name) or Mark(*next(left), drawn(name)) for name in names}


def sheet(rows: int, *, height: float, width: float = COLUMN) -> tuple[Figure, list[Any]]:
    """A figure of ``rows`` panels, one below the other, ``height`` inches each."""
    figure = Picture(figsize=(width, rows * height), layout="constrained")
    panels = list(figure.subplots(rows, 1, squeeze=False)[:, 0])
    for panel in panels:
        plain(panel)
    return figure, panels


def plain(panel: Any) -> None:
    """Small ticks, and no frame at the top and the right."""
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=SMALL, length=2, pad=2)


def legend(panel: Any, *, columns: int = 4, **options: Any) -> None:
    """A legend above ``panel``, out of the way of what is drawn."""
    panel.legend(
        **{"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2} | options,
        ncols=columns,
        fontsize=SMALL,
        frameon=False,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=0.9,
    )


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``name.png`` (300 dots an inch) and ``name.pdf``, each whole or not at all."""
    path = folder / f"{name}.png"
    write_figure(figure, path, with_pdf=True, dots_per_inch=300)
    return [path, path.with_suffix(".pdf")]
