"""Treebanks by relations as a picture."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from probing.reports.figures.styles import SEQUENTIAL, Picture, drawn
from probing.reports.treebanks.findings import TreebankFindings

_MOST_TREEBANKS = 100
_CELL = (0.32, 0.2)  # width and height of a cell in inches


def treebank_heatmap(findings: TreebankFindings) -> Figure:
    """Two panels, a line a treebank and a column a relation, in percent; grey where unknown.

    On the left the accuracy of each treebank's own best head, on the right that of the first's.
    """
    treebanks = findings.treebanks[:_MOST_TREEBANKS]
    relations = findings.pictured
    own = np.full((len(treebanks), len(relations)), np.nan)
    first = own.copy()
    for row, treebank in enumerate(treebanks):
        for column, relation in enumerate(relations):
            if line := findings.shown.get((relation, treebank.name)):
                own[row, column] = 100 * line.best.accuracy
                if line.first_is_shown:
                    first[row, column] = 100 * line.first_accuracy
    longest = max(len(treebank.name) for treebank in treebanks)
    label = max((len(relation) for relation in relations), default=0)
    figure = Picture(
        figsize=(
            max(4.5, 2 * len(relations) * _CELL[0] + 0.065 * longest + 1.3),
            len(treebanks) * _CELL[1] + 0.055 * label + 0.9,
        ),
        layout="constrained",
    )
    axes = figure.subplots(1, 2, squeeze=False, sharey=True)[0]
    image: Any = None
    titles = ("its own best head", f"the best head of {findings.first.name}")
    for panel, values, title in zip(axes, (own, first), titles, strict=True):
        image = _panel(panel, values, relations)
        panel.set_title(drawn(title), fontsize=8, loc="left")
    axes[0].set_yticks(range(len(treebanks)), [drawn(each.name) for each in treebanks])
    title = findings.title
    if len(findings.treebanks) > len(treebanks):
        title += f", the first {len(treebanks)} of {len(findings.treebanks):,}"
    if share := findings.share(relations):
        title += f"\n{share}; all in treebanks.md"
    figure.suptitle(drawn(title), fontsize=9, x=0.01, ha="left")
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.set_label("accuracy (%)", fontsize=7)
    bar.ax.tick_params(labelsize=6)
    return figure


def _panel(panel: Any, values: np.ndarray[Any, Any], relations: list[str]) -> Any:
    colours = mpl.colormaps[SEQUENTIAL].with_extremes(bad="0.88")
    image = panel.imshow(values, cmap=colours, vmin=0, vmax=100, aspect="auto")
    panel.set_xticks(range(len(relations)), list(map(drawn, relations)), rotation=90)
    panel.tick_params(labelsize=6, length=2)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            ink = "black" if value > 55 else "white"
            panel.text(
                column, row, f"{value:.0f}", fontsize=5.5, color=ink, ha="center", va="center"
            )
    return image
