"""A figure of effects beside the band of their controls."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from matplotlib.figure import Figure

from probing.ablation.effects import Effect, magnitude
from probing.reports.figures.styles import BLACK, BLUE, COLUMN, GREY, SMALL, TEXT, drawn
from probing.surface.report.drawing import sheet

_HEIGHT, _STEP, _MARGIN = 2.0, 0.13, 0.8  # inches: of a panel, from head to head, beside them
_LINE = 0.14  # inches: of the legend
_FEW = 4  # sets: names of more are turned, and have no room for ranks
_NAME = 24  # letters of a set that are shown


def effects_beside_controls(found: Sequence[Effect]) -> Figure:
    """A panel for each outcome: differences with their intervals, over the range of controls.

    Args:
        found: of all outcomes, those of each together.
    """
    panels = [list(own) for _, own in groupby(found, key=lambda e: (e.data, e.outcome.name))]
    widest = max(map(len, panels))
    width = max(COLUMN, _MARGIN + _STEP * widest)
    figure, axes = sheet(len(panels), height=_HEIGHT, width=width)
    few = widest <= _FEW
    for panel, effects in zip(axes, panels, strict=True):
        panel.axhline(0, color=GREY, linewidth=0.5)
        _band(panel, effects)
        _points(panel, effects)
        panel.set_xticks(
            range(len(effects)),
            [
                _short(str(own.heads)) + (f"\nrank {own.placed}" if few and own.placed else "")
                for own in effects
            ],
            rotation=0 if few else 90,
            fontsize=SMALL if few else SMALL - 1.5,
        )
        panel.set_xlim(-0.7, len(effects) - 0.3)
        first = effects[0]
        unit = _unit(panel, effects)
        panel.set_ylabel(f"difference in {first.outcome.name}{unit}", fontsize=TEXT)
        title = f"{drawn(first.data)}: {first.outcome.name}, {first.before:.4g} before"
        panel.set_title(title, fontsize=TEXT, loc="left", pad=4)
    keys = {
        label: handle
        for panel in axes
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    if keys:
        figure.set_figheight(figure.get_figheight() + _LINE * len(keys))
        figure.legend(
            list(keys.values()), list(keys), loc="outside upper left", fontsize=SMALL, frameon=False
        )
    return figure


def _between(numbers: Sequence[int]) -> str:
    """One number, or from the least to the greatest."""
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"


def _unit(panel: Any, effects: Sequence[Effect]) -> str:
    """Of small differences the power of ten that the ticks are multiples of, for their label.

    Matplotlib would write it above the axis, where the legend is.
    """
    power = magnitude(effects)
    if power > -4:
        return ""
    panel.yaxis.set_major_formatter(lambda value, _: f"{value * 10.0**-power:g}")
    return f" (1e{power})"


def _band(panel: object, effects: Sequence[Effect]) -> None:
    """From the least to the greatest difference of the controls, and their mean."""
    sizes = [len(effect.controls) for effect in effects if effect.controls]
    label = f"range of {_between(sizes)} control sets of the same layers" if sizes else None
    mean_label: str | None = "their mean"
    for place, effect in enumerate(effects):
        if effect.controls:
            ends = [min(effect.controls), max(effect.controls)]
            panel.fill_between(  # type: ignore[attr-defined]
                [place - 0.32, place + 0.32],
                *ends,
                color=GREY,
                alpha=0.35,
                linewidth=0.8,
                label=label,
            )
            mean = effect.control_mean
            panel.hlines(  # type: ignore[attr-defined]
                mean, place - 0.32, place + 0.32, color=GREY, linewidth=1, label=mean_label
            )
            label = mean_label = None


def _points(panel: object, effects: Sequence[Effect]) -> None:
    """The difference of each set with its interval, marked where no control is as bad."""
    worst = [bool(effect.controls) and effect.rank == 1 for effect in effects]
    has_intervals = any(effect.interval for effect in effects)
    plain = "ablated, and 95% interval" if has_intervals else "ablated"
    sizes = [
        1 + len(own.controls) for own, is_worst in zip(effects, worst, strict=True) if is_worst
    ]
    first = f"the same, rank 1 of {_between(sizes)}: no control set is as bad" if sizes else ""
    for colour, marker, is_worst, label in (
        (BLUE, "o", False, plain),
        (BLACK, "D", True, first if not all(worst) else first.replace("the same", plain)),
    ):
        places = [k for k, own in enumerate(worst) if own == is_worst]
        if not places:
            continue
        differences = [effects[k].difference for k in places]
        ends = [effects[k].interval for k in places]
        spans = [
            [
                0.0 if own is None else max(0.0, d - own.low)
                for d, own in zip(differences, ends, strict=True)
            ],
            [
                0.0 if own is None else max(0.0, own.high - d)
                for d, own in zip(differences, ends, strict=True)
            ],
        ]
        panel.errorbar(  # type: ignore[attr-defined]
            places,
            differences,
            yerr=spans,
            fmt=marker,
            color=colour,
            markersize=2.6,
            elinewidth=0.7,
            label=label,
        )


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
