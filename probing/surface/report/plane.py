"""Figure 6 of the paper, heads in the plane: data in, figure out. Made without a display."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from torch import Tensor

from probing.core.inert import visible
from probing.reports.figures.styles import BLACK, GREY, SEQUENTIAL, SMALL, TEXT
from probing.surface.report.clusters import THRESHOLDS
from probing.surface.report.drawing import Mark, legend, marks_of, sheet


def map_of_heads(
    points: Tensor,
    layers: Sequence[int],
    behaviours: Sequence[str | None],
    labels: Mapping[int, str],
    *,
    stress: float,
) -> Figure:
    """Figure 6: heads in the plane, coloured by behaviour above and by layer below.

    Args:
        points: ``[M, 2]``, from :func:`~probing.surface.report.clusters.embed`, in nats.
        layers: the layer of each of the ``M`` heads.
        behaviours: what each head does, ``None`` for nothing in particular.
        labels: texts for some of the heads, by their index.
        stress: how far distances in the plane are off, see the same.
    """
    figure, (above, below) = sheet(2, height=3.1)
    x, y = points.double().numpy().T
    does = np.array([name or "" for name in behaviours])
    known = [name for name in (*THRESHOLDS, *does) if name in does and name]
    plain = {"": Mark(GREY, ".", "none of these")} if "" in does else {}
    for name, mark in {**marks_of(list(dict.fromkeys(known))), **plain}.items():
        own = does == name
        above.scatter(x[own], y[own], s=14, linewidths=0.6, **mark.style)
    legend(above, columns=3)
    above.annotate(
        f"stress {stress:.2f}", (0.99, 0.01), xycoords="axes fraction", fontsize=SMALL,
        ha="right", va="bottom",
    )  # fmt: skip
    numbers = sorted(set(layers))
    norm = mpl.colors.BoundaryNorm(np.arange(len(numbers) + 1) - 0.5, mpl.colormaps[SEQUENTIAL].N)
    shades = below.scatter(
        x,
        y,
        s=14,
        linewidths=0.3,
        edgecolors=BLACK,
        c=[numbers.index(layer) for layer in layers],
        cmap=mpl.colormaps[SEQUENTIAL],
        norm=norm,
    )
    ticks = range(0, len(numbers), max(1, -(-len(numbers) // 12)))
    bar = figure.colorbar(shades, ax=below, pad=0.02, ticks=list(ticks), spacing="proportional")
    bar.ax.set_yticklabels([str(numbers[tick]) for tick in ticks])
    bar.ax.tick_params(labelsize=SMALL, length=2)
    bar.ax.minorticks_off()
    bar.set_label("layer", fontsize=TEXT)
    for panel in (above, below):
        panel.set_xlabel("dimension 1 (nats)", fontsize=TEXT)
        panel.set_ylabel("dimension 2 (nats)", fontsize=TEXT)
    above.scatter(
        x[list(labels)], y[list(labels)], s=40, facecolors="none", edgecolors=BLACK, linewidths=0.8
    )
    _true_to_scale(figure, (above, below), x, y)
    _name_points(above, [(x[index], y[index], text) for index, text in labels.items()])
    return figure


def _true_to_scale(figure: Figure, panels: Sequence[Any], x: Any, y: Any) -> None:
    """Let an inch be the same distance along both axes of all ``panels``, and fix the layout.

    Not by ``set_aspect("equal")``: limits and layout depend on each other, and matplotlib gives
    two panels with the same points different limits.
    """
    middle = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    for _ in range(2):  # new limits, other tick labels, another layout
        figure.draw_without_rendering()
        boxes = [panel.get_window_extent() for panel in panels]
        scale = max(max(np.ptp(x) / box.width, np.ptp(y) / box.height) for box in boxes)
        for panel, box in zip(panels, boxes, strict=True):
            reach = 0.57 * (scale or 1.0) * np.array([box.width, box.height])
            panel.set_xlim(middle[0] - reach[0], middle[0] + reach[0])
            panel.set_ylim(middle[1] - reach[1], middle[1] + reach[1])
    figure.set_layout_engine("none")


def _name_points(panel: Any, names: Sequence[tuple[float, float, str]]) -> None:
    """Texts beside points, where they cover least of each other and of the points' circles.

    A line leads from each to its own point. The layout must be fixed.
    """
    places = panel.transData.transform([point[:2] for point in names]) if names else []
    room = 5 * panel.figure.dpi / 72  # around the middle of a circle
    taken = [Bbox([place - room, place + room]) for place in places]
    for number, (across, along, name) in enumerate(names):
        others = [box for k, box in enumerate(taken) if k != number]
        tries: list[tuple[int, int, Any, Any, Any]] = []
        for up, side in itertools.product((2, -2, 10, -10, 18, -18, 26, -26), (1, -1, 3, -3)):
            text = panel.annotate(
                visible(name),
                (across, along),
                xytext=(4 * side, up),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                va="bottom" if up > 0 else "top",
                fontsize=SMALL,
                parse_math=False,
                path_effects=[withStroke(linewidth=1.5, foreground="white")],
            )
            text.set_in_layout(False)
            box = text.get_window_extent()
            inside = panel.bbox.x0 <= box.x0 and box.x1 <= panel.bbox.x1
            edge = np.array([box.x0 if side > 0 else box.x1, (box.y0 + box.y1) / 2])
            line = Path([places[number], edge])
            over = box.count_overlaps(others) + sum(map(line.intersects_bbox, others))
            tries.append((over + 2 * (not inside), len(tries), text, box, edge))
        kept = min(tries, key=lambda tried: tried[:2])
        taken.append(kept[3])
        panel.annotate(
            "", (across, along), textcoords="offset points",
            xytext=(kept[4] - places[number]) * 72 / panel.figure.dpi,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3.2},
        ).set_in_layout(False)  # fmt: skip
        for tried in tries:
            if tried is not kept:
                tried[2].remove()
