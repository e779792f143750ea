"""Figures 2, 3 and 4 of the paper, by layer: data in, figure out. Made without a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from probing.surface.report.drawing import BLACK, LARGE, SMALL, legend, marks_of, sheet


def attention_by_layer(panels: Sequence[Mapping[str, Tensor]], layers: Sequence[int]) -> Figure:
    """Figure 2: average attention by layer, a point for each head and a line for their mean.

    Args:
        panels: from what is attended to (``[CLS]``, ``next``, …) to average attention ``[L, H]``,
            a share of one; one mapping for each panel.
        layers: the numbers of the ``L`` layers.
    """
    figure, axes = sheet(len(panels), height=1.75)
    for panel, series in zip(axes, panels, strict=True):
        shares = {name: 100 * values.double() for name, values in series.items()}
        _points(panel, shares, layers)
        top = max((float(values.max()) for values in shares.values()), default=0.0)
        panel.set_ylim(0, min(max(1.08 * top, 1.0), 104))
        panel.set_ylabel("average attention (%)", fontsize=LARGE)
        legend(panel)
    return figure


def entropy_by_layer(
    panels: Mapping[str, Tensor], uniform: Mapping[str, float], layers: Sequence[int]
) -> Figure:
    """Figure 4: entropy of attention by layer, with that of uniform attention as a line.

    Args:
        panels: from what attends (``all tokens``, ``[CLS]``) to mean entropy ``[L, H]``, in nats.
        uniform: the entropy that uniform attention would have, in nats, of each panel.
        layers: the numbers of the ``L`` layers.
    """
    figure, axes = sheet(len(panels), height=1.75)
    top = max(float(entropy.max()) for entropy in panels.values())
    top = 1.06 * max(top, *(uniform[name] for name in panels))  # the same, to compare by
    for panel, (name, entropy) in zip(axes, panels.items(), strict=True):
        _points(panel, {f"attention from {name}": entropy.double()}, layers)
        panel.axhline(uniform[name], color=BLACK, linestyle="--", linewidth=0.9, label="uniform")
        panel.set_ylim(0, top or 1.0)
        panel.set_ylabel("entropy (nats)", fontsize=LARGE)
        legend(panel)
    return figure


def gradient_by_layer(magnitudes: Mapping[str, Tensor], layers: Sequence[int]) -> Figure:
    """Figure 3: how much the loss depends on attention, by layer.

    Args:
        magnitudes: from what is attended to (``[CLS]``, ``[SEP]``, …) to the mean absolute
            derivative of the loss (nats) with respect to an attention weight, ``[L]``.
        layers: the numbers of the ``L`` layers.
    """
    figure, (panel,) = sheet(1, height=2.0)
    for name, mark in marks_of(list(magnitudes)).items():
        values = magnitudes[name].double().numpy()
        panel.plot(range(len(layers)), values, markersize=3, linewidth=1.1, **mark.style)
    panel.set_ylim(bottom=0)
    _layer_axis(panel, layers)
    panel.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
    panel.yaxis.get_offset_text().set(size=SMALL)
    panel.set_ylabel("mean |∂loss/∂attention| (nats)", fontsize=LARGE)
    # On the right, since the factor of the axis stands on the left.
    legend(panel, loc="lower right", bbox_to_anchor=(1, 1))
    return figure


def _points(panel: Any, series: Mapping[str, Tensor], layers: Sequence[int]) -> None:
    """A point for each head of ``[L, H]`` and a line for their mean, series side by side."""
    for k, (name, mark) in enumerate(marks_of(list(series)).items()):
        values = series[name].numpy()
        places = np.arange(len(layers)) + 0.62 * ((k + 0.5) / len(series) - 0.5)
        every = np.repeat(places, values.shape[1])
        panel.scatter(
            every, values.ravel(), s=7, alpha=0.55, linewidths=0.4, **mark.style | {"label": None}
        )
        # The line's own markers are for the legend.
        panel.plot(places, values.mean(1), markersize=3, markevery=[], linewidth=1.2, **mark.style)
    _layer_axis(panel, layers)


def _layer_axis(panel: Any, layers: Sequence[int]) -> None:
    """Ticks at the layers, which stand side by side: as many as there is room for."""
    panel.set_xlabel("layer", fontsize=LARGE)
    shown = range(0, len(layers), max(1, -(-len(layers) // 16)))
    panel.set_xticks(list(shown), [str(layers[k]) for k in shown])
