"""Figures 1 and 5 of the paper: attention as lines between tokens. Made without a display."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from torch import Tensor

from probing.core.inert import visible
from probing.reports.figures.styles import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    GREY,
    SMALL,
    TEXT,
    VERMILLION,
    Picture,
)

LINE = 0.115  # inches from a token to the next
MARGIN = 0.06
ROOM = 0.42  # inches that lines need between the two columns of tokens, at least

OUTCOMES: dict[str, tuple[str, Any, str]] = {
    "right": (GREEN, "-", "picked, right"),
    "wrong": (VERMILLION, "-", "picked, wrong"),
    "missed": (BLACK, ":", "gold, not picked"),
}


@dataclass(frozen=True)
class Edge:
    """Attention to draw in colour, from a token on the left to one on the right.

    ``outcome`` is ``right`` (a pick that is gold), ``wrong`` (one that is not) or ``missed``
    (gold that was not picked).
    """

    source: int
    target: int
    outcome: str


@dataclass(frozen=True)
class HeadOnText:
    """A head's attention on a text: ``weights [T, T]`` from each token to each token.

    Tokens may be wordpieces, or words with or without special tokens; ``edges`` is for words.
    ``head`` is its layer and number, counted from one, where they are told.
    """

    title: str
    tokens: Sequence[str]
    weights: Tensor
    edges: Sequence[Edge] = ()
    head: tuple[int, int] | None = None


def edges_of(
    picks: Mapping[int, int | None], gold: Mapping[int, Collection[int]], *, by_column: bool = False
) -> list[Edge]:
    """What a head picks for each anchor, beside what is gold.

    Args:
        picks: from an anchor to the word that is picked for it, ``None`` for no pick.
        gold: from each anchor to its gold words.
        by_column: whether a head picks the word that attends most *to* the anchor
            (``head->dep``), so that lines lead from what is picked to the anchor.
    """
    edges = []
    for anchor, right in gold.items():
        pick = picks.get(anchor)
        found = {pick: "right" if pick in right else "wrong"} if pick is not None else {}
        missed = {} if pick in right else dict.fromkeys(sorted(right), "missed")
        for word, outcome in {**found, **missed}.items():
            ends = (word, anchor) if by_column else (anchor, word)
            edges.append(Edge(*ends, outcome))
    return edges


def heads_on_text(
    maps: Sequence[HeadOnText], *, columns: int = 2, width: float = COLUMN, by_title: bool = False
) -> Figure:
    """Figures 1 and 5: a panel for each head, attending tokens left and attended ones right.

    A line that is not full shares its width among what stands in it. With ``by_title`` panels of
    another title begin another line.

    The opacity of a line is the weight of attention. Coloured lines tell what a head picks; they
    have an opacity of a half at least, since a pick may be of little weight.
    """
    colours = [name for name in OUTCOMES if any(e.outcome == name for m in maps for e in m.edges)]
    lines = [
        own[start : start + columns]
        for own in (_by_title(maps) if by_title else [maps])
        for start in range(0, len(own), columns)
    ]
    heights = [max(len(head.tokens) for head in line) * LINE for line in lines]
    titled = max((head.title.count("\n") for head in maps), default=0)
    above, below = 0.34 + titled * 0.14, 0.2 if colours else 0.0  # for titles, for the legend
    height = sum(heights) + len(lines) * above + below + 2 * MARGIN
    figure = Picture(figsize=(width, height))
    top = height - MARGIN
    for line, tall in zip(lines, heights, strict=True):
        top -= above + tall
        for k, head in enumerate(line):
            room = (width - 2 * MARGIN) / len(line) - 0.1
            left = MARGIN + k * (width - 2 * MARGIN) / len(line) + 0.05
            own = len(head.tokens) * LINE
            place = (left / width, (top + tall - own) / height, room / width, own / height)
            _panel(figure.add_axes(place), head, room)
    if colours:
        _key(figure, colours)
    return figure


def _by_title(maps: Sequence[HeadOnText]) -> list[list[HeadOnText]]:
    """Those of one title together."""
    return [list(own) for _, own in groupby(maps, key=lambda head: head.title)]


def _key(figure: Any, outcomes: Sequence[str]) -> None:
    """What the colours mean, at the bottom."""
    lines = []
    for name in outcomes:
        colour, style, meaning = OUTCOMES[name]
        lines.append(Line2D([], [], color=colour, linestyle=style, label=meaning))
    figure.legend(
        handles=lines,
        loc="lower center",
        ncols=3,
        fontsize=SMALL,
        frameon=False,
        borderpad=0,
        borderaxespad=0.4,
        handlelength=1.4,
        columnspacing=1.0,
    )


def _panel(panel: Any, head: HeadOnText, room: float) -> None:
    """One head; both axes are in inches."""
    panel.set(xlim=(0, room), ylim=(len(head.tokens) * LINE, 0))
    panel.set_axis_off()
    panel.set_title(visible(head.title, keep="\n"), fontsize=TEXT, pad=12, parse_math=False)
    texts, widest = _fitting(panel, head.tokens, (room - ROOM) / 2)
    start, end = widest + 0.04, room - widest - 0.04
    for place, side, text in ((widest, "right", "from"), (room - widest, "left", "to")):
        panel.annotate(
            text, (place, 0), xytext=(0, 2), textcoords="offset points", ha=side, va="bottom",
            fontsize=SMALL, style="italic",
        )  # fmt: skip
    middle = (np.arange(len(texts)) + 0.5) * LINE
    for y, text in zip(middle, texts, strict=True):
        common = {"fontsize": SMALL, "va": "center_baseline", "parse_math": False}
        panel.text(widest, y, text, ha="right", **common)
        panel.text(room - widest, y, text, ha="left", **common)
    weights = head.weights.double().numpy().clip(0, 1)
    marked = np.zeros(weights.shape, dtype=bool)
    for edge in head.edges:
        marked[edge.source, edge.target] = True
    # What is fainter than a 255th cannot be seen, and there are many of these.
    source, target = np.nonzero((weights >= 1 / 255) & ~marked)
    panel.add_collection(
        LineCollection(
            [((start, middle[i]), (end, middle[j])) for i, j in zip(source, target, strict=True)],
            colors=[
                (*to_rgb(GREY if head.edges else BLUE), weights[i, j])
                for i, j in zip(source, target, strict=True)
            ],
            linewidths=0.9,
        )
    )
    for edge in head.edges:
        colour, style, _ = OUTCOMES[edge.outcome]
        panel.plot(
            (start, end),
            (middle[edge.source], middle[edge.target]),
            color=colour,
            linestyle=style,
            linewidth=1.2,
            alpha=1 if edge.outcome == "missed" else max(0.5, weights[edge.source, edge.target]),
        )


def _fitting(panel: Any, tokens: Sequence[str], room: float) -> tuple[list[str], float]:
    """Tokens cut to ``room`` inches, and the width of the widest."""
    figure = panel.get_figure()
    renderer, font = figure.canvas.get_renderer(), FontProperties(size=SMALL)

    def measure(text: str) -> float:
        wide, _, _ = renderer.get_text_width_height_descent(text, font, ismath=False)
        return float(wide) / float(figure.dpi)

    def fitting(token: str) -> str:
        if measure(token) <= room:
            return token
        cut = [f"{token[:kept]}…" for kept in range(1, len(token))] or [token]
        return cut[max(0, bisect_right(cut, room, key=measure) - 1)]

    texts = [fitting(visible(token)) for token in tokens]
    return texts, max(map(measure, texts), default=0.0)
