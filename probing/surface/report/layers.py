"""Figures 2, 3 and 4 of the paper, by layer: data in, figure out. Made without a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from probing.reports.figures.styles import SMALL, TEXT
from probing.surface.report.drawing import legend, marks_of, sheet

PALE = "0.8"
OUTLIERS = 4
"""Heads of a panel that are named at most."""
STANDS_OUT = 20
"""Points above the mean of their layer that these have at least."""


def attention_by_layer(
    panels: Sequence[Mapping[str, Tensor]],
    layers: Sequence[int],
    twin: Mapping[str, Tensor] = MappingProxyType({}),
) -> Figure:
    """Figure 2: average attention by layer, a point for each head and a line for their mean.

    All panels have the same axis. Of each panel the heads that stand out most have their names.

    Args:
        panels: from what is attended to (``[CLS]``, ``next``, …) to average attention ``[L, H]``,
            a share of one; one mapping for each panel.
        layers: the numbers of the ``L`` layers.
        twin: the same of a randomly initialised twin, whose means are dashed lines.
    """
    figure, axes = sheet(len(panels), height=1.9)
    top = max((100 * float(v.max()) for series in panels for v in series.values()), default=0.0)
    for panel, series in zip(axes, panels, strict=True):
        shares = {name: 100 * values.double() for name, values in series.items()}
        _points(panel, shares, layers, {n: 100 * v.double() for n, v in twin.items()})
        panel.set_ylim(0, min(max(1.12 * top, 1.0), 106))
        panel.set_ylabel("average attention (%)", fontsize=TEXT)
        _name_outliers(panel, shares, layers)
        legend(panel, columns=len(series) if twin else 3)  # a twin below its own
    return figure


def entropy_by_layer(
    panels: Mapping[str, Tensor],
    uniform: Mapping[str, float],
    layers: Sequence[int],
    twin: Mapping[str, Tensor] = MappingProxyType({}),
) -> Figure:
    """Figure 4: entropy of attention by layer, with that of uniform attention as a line.

    Args:
        panels: from what attends (``all tokens``, ``[CLS]``) to mean entropy ``[L, H]``, in nats.
        uniform: the entropy that uniform attention would have, in nats, of each panel.
        layers: the numbers of the ``L`` layers.
        twin: the same of a randomly initialised twin, whose means are dashed lines.
    """
    figure, axes = sheet(len(panels), height=1.75)
    top = max(float(entropy.max()) for entropy in panels.values())
    top = 1.06 * max(top, *(uniform[name] for name in panels))  # the same, to compare by
    for panel, (name, entropy) in zip(axes, panels.items(), strict=True):
        label = f"attention from {name}"
        _points(panel, {label: entropy.double()}, layers, {label: twin[name]} if twin else {})
        # Broad and pale, so that a mean that lies on it, as the twin's does, is seen.
        panel.axhline(uniform[name], color=PALE, linewidth=2.2, zorder=0.5, label="uniform")
        panel.set_ylim(0, top or 1.0)
        panel.set_ylabel("entropy (nats)", fontsize=TEXT)
        legend(panel)
    return figure


def gradient_by_layer(
    magnitudes: Mapping[str, Tensor],
    layers: Sequence[int],
    of_paper: Mapping[str, Tensor] | None = None,
) -> Figure:
    """Figure 3: how much the loss depends on attention, by layer.

    Args:
        magnitudes: from what is attended to (``[CLS]``, ``[SEP]``, …) to the mean absolute
            derivative of the loss (nats) with respect to an attention weight, ``[L]``.
        layers: the numbers of the ``L`` layers.
        of_paper: the same in the series of the paper, in a panel above.
    """
    drawn = [magnitudes] if of_paper is None else [of_paper, magnitudes]
    figure, axes = sheet(len(drawn), height=2.0)
    for panel, series in zip(axes, drawn, strict=True):
        for name, mark in marks_of(list(series)).items():
            values = series[name].double().numpy()
            panel.plot(range(len(layers)), values, markersize=3, linewidth=1.1, **mark.style)
        panel.set_ylim(bottom=0)
        _layer_axis(panel, layers)
        panel.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
        panel.yaxis.get_offset_text().set(size=SMALL)
        panel.set_ylabel("mean |∂loss/∂attention| (nats)", fontsize=TEXT)
        # On the right, since the factor of the axis stands on the left.
        legend(panel, columns=2, loc="lower right", bbox_to_anchor=(1, 1))
    return figure


def _name_outliers(panel: Any, series: Mapping[str, Tensor], layers: Sequence[int]) -> None:
    """Which heads they are that stand out most from the mean of their layer, upwards."""
    found = []
    for k, values in enumerate(series.values()):
        above = values - values.mean(1, keepdim=True)
        for flat in above.flatten().argsort(descending=True, stable=True)[:OUTLIERS].tolist():
            layer, head = divmod(flat, values.shape[1])
            if above[layer, head] >= STANDS_OUT:
                found.append((float(above[layer, head]), k, layer, head))
    for _, k, layer, head in sorted(found, reverse=True)[:OUTLIERS]:
        value = float([*series.values()][k][layer, head])
        panel.annotate(
            f"{layers[layer]}-{head + 1}",
            (_places(len(layers), k, len(series))[layer], value),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
        )


def _places(layers: int, k: int, count: int) -> Any:
    """Where the ``k``-th of ``count`` series stands at each of the layers."""
    return np.arange(layers) + 0.62 * ((k + 0.5) / count - 0.5)


def _points(
    panel: Any,
    series: Mapping[str, Tensor],
    layers: Sequence[int],
    twin: Mapping[str, Tensor] = MappingProxyType({}),
) -> None:
    """A point for each head of ``[L, H]`` and a line for their mean, series side by side."""
    for k, (name, mark) in enumerate(marks_of(list(series)).items()):
        values = series[name].numpy()
        places = _places(len(layers), k, len(series))
        every = np.repeat(places, values.shape[1])
        panel.scatter(
            every, values.ravel(), s=7, alpha=0.55, linewidths=0.4, **mark.style | {"label": None}
        )
        # The line's own markers are for the legend.
        panel.plot(places, values.mean(1), markersize=3, markevery=[], linewidth=1.2, **mark.style)
        if name in twin:
            means = twin[name].double().numpy().mean(1)
            panel.plot(
                places, means, linestyle="--", linewidth=0.9, color=mark.colour, label="twin, mean"
            )
    _layer_axis(panel, layers)


def _layer_axis(panel: Any, layers: Sequence[int]) -> None:
    """Ticks at the layers, which stand side by side: as many as there is room for."""
    panel.set_xlabel("layer", fontsize=TEXT)
    shown = range(0, len(layers), max(1, -(-len(layers) // 16)))
    panel.set_xticks(list(shown), [str(layers[k]) for k in shown])
