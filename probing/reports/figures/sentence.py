"""The attention between the words of one sentence as a picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from probing.reports.figures.styles import SEQUENTIAL, SMALL, TEXT, Picture, drawn

_PICK, _GOLD = "#D55E00", "#FFFFFF"
_NOTHING: Mapping[int, Collection[int]] = MappingProxyType({})


def head_map(
    words: Sequence[str],
    attention: Tensor,
    *,
    title: str = "",
    picks: Mapping[int, int | None] = MappingProxyType({}),
    gold: Mapping[int, Collection[int]] = _NOTHING,
    specials: Mapping[str, Tensor] = MappingProxyType({}),
) -> Figure:
    """Attention ``[W, W]`` from each word, a row, to each word, a column; 0 to 1 in every picture.

    Args:
        words: of the sentence.
        attention: between them.
        title: what it is of.
        picks: the word that is picked for a word, framed in its row.
        gold: its gold words, ringed there.
        specials: attention ``[W]`` of each word to further tokens, which are further columns.
    """
    columns = [*words, *specials]
    values = np.column_stack([own.double().numpy() for own in (attention, *specials.values())])
    wide, tall = 0.24 * len(columns), 0.24 * len(words)
    figure = Picture(figsize=(wide + 2.2, tall + 1.7), layout="constrained")
    panel = figure.subplots()
    image = panel.imshow(values, cmap=mpl.colormaps[SEQUENTIAL], vmin=0, vmax=1)
    panel.set_xticks(range(len(columns)), list(map(drawn, columns)), rotation=90, fontsize=SMALL)
    panel.set_yticks(range(len(words)), list(map(drawn, words)), fontsize=SMALL)
    panel.tick_params(length=2)
    panel.set_ylabel("from", fontsize=TEXT)
    panel.set_xlabel("to", fontsize=TEXT)
    if specials:
        panel.axvline(len(words) - 0.5, color="white", linewidth=2)
    framed = [(word, pick) for word, pick in picks.items() if pick is not None]
    for word, pick in framed:
        place = (pick - 0.5, word - 0.5)
        panel.add_patch(
            mpl.patches.Rectangle(place, 1, 1, fill=False, edgecolor=_PICK, linewidth=1.5)
        )
    ringed = [(word, own) for word, every in gold.items() for own in every]
    if ringed:
        rows, at = zip(*ringed, strict=True)
        panel.plot(at, rows, "o", linestyle="none", markersize=5, mec=_GOLD, mew=1.2, mfc="black")
    marks = [
        *(
            [Line2D([], [], marker="s", ls="none", mfc="none", mec=_PICK, label="picked")]
            * bool(framed)
        ),
        *(
            [Line2D([], [], marker="o", ls="none", mfc="black", mec="0.6", label="gold")]
            * bool(ringed)
        ),
    ]
    if marks:
        figure.legend(
            handles=marks, loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False
        )
    bar = figure.colorbar(image, ax=panel, shrink=0.8, pad=0.02)
    bar.set_label("attention", fontsize=TEXT)
    bar.ax.tick_params(labelsize=SMALL)
    figure.suptitle(drawn(title), fontsize=TEXT)
    return figure
