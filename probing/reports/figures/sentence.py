"""The attention between the words of one sentence as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from probing.reports.figures.heads import SEQUENTIAL, drawn


def head_map(words: Sequence[str], attention: Tensor, *, title: str = "") -> Figure:
    """Attention ``[W, W]`` from each word, a row, to each word, a column."""
    side = 0.24 * len(words) + 1.2
    figure = Figure(figsize=(side + 1.0, side + 0.3), layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    image = panel.imshow(attention.double().numpy(), cmap=mpl.colormaps[SEQUENTIAL], vmin=0)
    places = range(len(words))
    labels = [drawn(word) for word in words]
    panel.set_xticks(places, labels, rotation=90, fontsize=7)
    panel.set_yticks(places, labels, fontsize=7)
    panel.tick_params(length=2)
    panel.set_ylabel("from", fontsize=7)
    panel.set_xlabel("to", fontsize=7)
    bar = figure.colorbar(image, ax=panel, shrink=0.8, pad=0.02)
    bar.set_label("attention", fontsize=7)
    bar.ax.tick_params(labelsize=6)
    figure.suptitle(drawn(title), fontsize=8)
    return figure
