"""Several models beside each other as a picture."""

from __future__ import annotations

import textwrap
from itertools import cycle

from matplotlib.figure import Figure

from probing.reports.best_heads import where_chosen
from probing.reports.columns import percent
from probing.reports.comparison.findings import ComparisonFindings
from probing.reports.figures.styles import COLUMN, SMALL, STYLES, TEXT, Picture, drawn

_UP = 0.22  # inches from a relation to the next, and more for each further model
_APART = 0.1
_LETTERS = 52
"""Of a line of the legend."""


def comparison_figure(findings: ComparisonFindings) -> Figure:
    """Best heads of up to twelve relations: a mark a model, a line for the strongest baseline.

    Where there are intervals, whiskers show them.
    """
    relations, models = findings.pictured, findings.models
    found = {(line.best.relation, line.model.label): line.best for line in findings.lines}
    chosen = where_chosen(findings.chosen_on, findings.split, shared=findings.shared)
    bars = " Bars: 95% intervals." if findings.has_intervals else ""
    title = "\n".join(
        line
        for text in (findings.title, f"Heads chosen on {chosen}; anchors in brackets.{bars}")
        for line in textwrap.wrap(text, _LETTERS, break_on_hyphens=False)
    )
    above = title.count("\n") + 3 + len(models)
    tall = len(relations) * (_UP + _APART * (len(models) - 1))
    figure = Picture(figsize=(COLUMN, tall + 0.5 + 0.15 * above), layout="constrained")
    panel = figure.subplots()
    step = 0.6 / (len(models) - 1)
    for number, (model, (colour, marker, _)) in enumerate(zip(models, cycle(STYLES))):
        off = number * step - 0.3
        own = [found[relation, model.label] for relation in relations]
        places = [place + off for place in range(len(relations))]
        shares = [100 * best.accuracy for best in own]
        panel.plot(
            shares, places, marker, color=colour, markersize=4, label=drawn(model.label), zorder=3
        )
        for best, place in zip(own, places, strict=True):
            if best.interval:
                ends = (100 * best.interval.low, 100 * best.interval.high)
                panel.plot(ends, (place, place), color=colour, linewidth=1, zorder=2)
    label = "strongest baseline"
    for place, relation in enumerate(relations):
        strongest = found[relation, models[0].label].strongest
        if strongest:
            share = float(percent(strongest.correct, found[relation, models[0].label].total))
            panel.plot(
                (share, share), (place - 0.45, place + 0.45), color="0.45", linewidth=1.2,
                label=label, zorder=1,
            )  # fmt: skip
            label = "_"  # one line of the legend is enough
    totals = [found[relation, models[0].label].total for relation in relations]
    names = [f"{drawn(r)} ({total:,})" for r, total in zip(relations, totals, strict=True)]
    panel.set_yticks(range(len(relations)), names, fontsize=SMALL)
    panel.set_ylim(len(relations) - 0.4, -0.6)
    panel.set_xlim(-2, 102)
    panel.set_xlabel("accuracy (%)", fontsize=TEXT)
    panel.tick_params(axis="x", labelsize=SMALL, length=2)
    panel.grid(axis="x", color="0.9", linewidth=0.5)
    panel.set_axisbelow(True)
    figure.legend(
        loc="outside upper left", ncols=1, fontsize=SMALL, frameon=False, title=drawn(title),
        title_fontsize=SMALL, alignment="left",
    )  # fmt: skip
    return figure
