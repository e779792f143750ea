"""Where panels of layers by heads stand in a figure, and how one is drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from torch import Tensor

from probing.core.inert import visible
from probing.reports.figures.styles import TEXT, Picture


@dataclass(frozen=True)
class Page:
    """Where panels of ``across`` by ``up`` stand, in lines of ``columns``; all in inches.

    Each has ``captioned`` lines of letters above it, the page ``titled``. Places that are reckoned
    cost nothing, where a layout that matplotlib finds draws all twice.
    """

    width: float
    columns: int
    lines: int
    across: float
    up: float
    captioned: int
    titled: int

    LEFT, RIGHT, BOTTOM, GAP = 0.42, 0.06, 0.62, 0.14
    LINE = 1.25 * TEXT / 72
    TALLEST = 9.0

    @classmethod
    def of(
        cls, count: int, layers: int, heads: int, *, width: float, columns: int, captioned: int,
        titled: int,
    ) -> Page:  # fmt: skip
        """For ``count`` panels of ``layers`` by ``heads`` cells on a page so wide."""
        pitch = (width - cls.LEFT - cls.RIGHT) / columns
        cell = min(0.19, (pitch - cls.GAP) / max(heads, 1))
        lines = max(1, -(-count // columns))
        page = cls(width, columns, lines, heads * cell, layers * cell, captioned, titled)
        # Rather flat cells than a figure that no page has room for, but no flatter than half.
        over = max(0.0, page.height - cls.TALLEST) / lines
        return replace(page, up=max(page.up - over, page.up / 2))

    @property
    def pitch(self) -> tuple[float, float]:
        """From a panel to the next one, across and down."""
        across = (self.width - self.LEFT - self.RIGHT) / self.columns
        return across, self.up + self.captioned * self.LINE + self.GAP

    @property
    def top(self) -> float:
        """Of the first line of panels, below the upper edge."""
        return self.titled * self.LINE + self.GAP

    @property
    def height(self) -> float:
        """Of the figure."""
        return self.top + self.lines * self.pitch[1] + self.BOTTOM

    def figure(self) -> Figure:
        """An empty one."""
        return Picture(figsize=(self.width, self.height))

    def panel(self, figure: Figure, number: int) -> Any:
        """The panel ``number``, counted from zero, line by line from the top."""
        line, column = divmod(number, self.columns)
        across, down = self.pitch
        left = self.LEFT + column * across
        top = self.height - self.top - line * down - self.captioned * self.LINE
        return self.axes(figure, left, top - self.up, self.across, self.up)

    def axes(self, figure: Figure, left: float, low: float, across: float, up: float) -> Any:
        """Axes at a place, from the lower left corner."""
        wide, tall = self.width, self.height
        return figure.add_axes((left / wide, low / tall, across / wide, up / tall))


def wrapped(text: str, inches: float, *, size: float = TEXT) -> list[str]:
    """A text in lines that are no wider, broken at spaces; a word that is too wide is broken, too.

    Letters are ``size`` points tall.
    """
    font = FontProperties(size=size)
    lines = [""]
    for word in visible(text).split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _wide(joined, font) <= inches:
            lines[-1] = joined
            continue
        lines += [""] if lines[-1] else []
        while _wide(word, font) > inches and len(word) > 1:
            fits = bisect_right(range(1, len(word)), inches, key=lambda n: _wide(word[:n], font))
            lines[-1:] = [word[: max(1, fits)], ""]
            word = word[max(1, fits) :]
        lines[-1] = word
    return lines


def _wide(text: str, font: FontProperties) -> float:
    """How wide a text is drawn, in inches."""
    wide, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(wide) / 72


def grid(
    panel: Any,
    values: Tensor,
    numbers: Sequence[int],
    *,
    cmap: str,
    low: float,
    high: float,
    left: bool = True,
    bottom: bool = True,
) -> Any:
    """Draw ``values [L, H]``, the lowest of the layers ``numbers`` on top, as in a table.

    Layers are numbered at the ``left``, heads at the ``bottom``, unless a panel beside or below
    it has the numbers: to make ticks takes longer than all else of a panel.
    """
    layers, heads = values.shape
    image = panel.imshow(
        values.double().numpy(),
        cmap=mpl.colormaps[cmap],
        vmin=low,
        vmax=high,
        aspect="equal",
        extent=(0.5, heads + 0.5, layers + 0.5, 0.5),
    )
    across, down = _ticks(heads) if bottom else [], _ticks(layers) if left else []
    panel.set_xticks(across)
    panel.set_yticks(down, [str(numbers[tick - 1]) for tick in down])
    panel.tick_params(labelsize=6, length=2)
    return image


def frame(panel: Any, layer: int, head: int) -> None:
    """Frame the cell of a row and a column in black on white: it stands out on every colour."""
    for colour, width in (("white", 2.0), ("black", 0.9)):
        panel.add_patch(
            mpl.patches.Rectangle(
                (head - 0.5, layer - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=width
            )
        )


def _ticks(count: int) -> list[int]:
    step = max(1, -(-count // 6))
    return list(range(1, count + 1, step))
