"""A figure of accuracy broken down by distance, sentence length and relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from probing.core.schemes import SUD_SEPARATORS, is_roll_up, universal
from probing.core.terms import ALL
from probing.counting.trees.metrics import ROOT
from probing.reports.figures.panels import wrapped
from probing.reports.figures.styles import COLUMN, SMALL, STYLES, TEXT, Picture, drawn
from probing.reports.trees.breakdown import DISTANCE, LENGTH, RELATION, Part
from probing.reports.trees.table3 import Entry, several

LEGEND = 190 / 72  # inches that a line of the legend has room for
RELATIONS = 12
LABELLED = (-7, -5, -3, 1, 3, 5, 7)


def breakdown_figure(parts: Sequence[Part], entries: Sequence[Entry], *, title: str = "") -> Figure:
    """Three panels, one above the other: by distance, by sentence length, by relation.

    Draws of one group are added up, and groups with the same heads are one. Of more groups than
    there are styles the first are shown, and the title says so.

    Args:
        parts: what was counted.
        entries: what is shown, in this order.
        title: what was counted on, and of which model.
    """
    lines = _lines(parts, entries)
    shown = [(_wrapped(" = ".join(said)), shares) for said, shares in lines[: len(STYLES)]]
    if len(lines) > len(shown):
        title = f"{title}\nthe first {len(shown)} of {len(lines)} lines".lstrip()
    title = _wrapped(title)
    order = {by: list(dict.fromkeys(p.value for p in parts if p.by == by)) for by in _BY}
    counts = {(part.by, part.value): part.total for part in parts}
    apart = [value for value in order[DISTANCE] if value != ROOT]
    aside = len(apart) + 1.2  # ROOT is no distance and stands apart
    relations = [row for row in order[RELATION] if _is_shown(row)][:RELATIONS]
    above = sum(text.count("\n") + 1 for text in (title, *(label for label, _ in shown)))
    figure = Picture(figsize=(COLUMN, 7.6 + 0.14 * above), layout="constrained")
    panels = figure.subplots(3, 1, height_ratios=(1, 1, 1.5))
    for (label, shares), (colour, marker, line) in zip(shown, STYLES, strict=False):
        style = {"color": colour, "marker": marker, "markersize": 3.5, "linewidth": 1.0}
        panels[0].plot(_of(shares, DISTANCE, apart), label=label, linestyle=line, **style)
        panels[0].plot(aside, _of(shares, DISTANCE, [ROOT]), linestyle="none", **style)
        panels[1].plot(_of(shares, LENGTH, order[LENGTH]), linestyle=line, **style)
        values = _of(shares, RELATION, relations)
        panels[2].plot(values, range(len(values)), linestyle="none", **style)
    # There is no room for all labels.
    places = {_short(v): float(k) for k, v in enumerate(apart) if int(v.split()[0]) in LABELLED}
    places[ROOT] = aside
    _bars(panels[0], [*apart, ROOT], [*range(len(apart)), aside], counts)
    _across(panels[0], places, "place of the head minus place of the word")
    places = {
        f"{_short(value)}\n{_thousands(counts[LENGTH, value])}": float(place)
        for place, value in enumerate(order[LENGTH])
    }
    _across(panels[1], places, "words in the sentence; below: words asked")
    names = [f"{drawn(row)} ({_thousands(counts[RELATION, row])})" for row in relations]
    _down(panels[2], names)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=1, fontsize=SMALL,
        frameon=False, handlelength=4, title=title, title_fontsize=SMALL, alignment="left",
    )  # fmt: skip
    return figure


def _is_shown(row: str) -> bool:
    """Whether a row is a relation, and none that attachment scores leave out."""
    return row != ALL and not is_roll_up(row) and universal(row, SUD_SEPARATORS) != "punct"


def _bars(
    panel: Any,
    values: Sequence[str],
    places: Sequence[float],
    counts: Mapping[tuple[str, str], int],
) -> None:
    """How many words are asked at each distance, as bars in the background."""
    totals = [counts.get((DISTANCE, value), 0) for value in values]
    most = max(totals, default=0) or 1
    panel.bar(places, [100 * n / most for n in totals], width=0.8, color="0.9", zorder=0)
    panel.annotate(
        f"bars: words asked, at most {_thousands(most)}", (1, 1.01), xycoords="axes fraction",
        fontsize=SMALL, ha="right", va="bottom",
    )  # fmt: skip


def _thousands(count: int) -> str:
    """A number where there is little room: ``12k``."""
    return f"{count:,}" if count < 10_000 else f"{count / 1000:.0f}k"


def _of(shares: Mapping[tuple[str, str], float], by: str, values: Sequence[str]) -> list[float]:
    """A group's percentages, in the order of ``values``; not a number where it has none."""
    return [shares.get((by, value), float("nan")) for value in values]


_BY = (RELATION, DISTANCE, LENGTH)


def _wrapped(label: str) -> str:
    """As lines that the legend has room for."""
    lines = (wrapped(line, LEGEND, size=SMALL) for line in label.splitlines())
    return drawn("\n".join(part for own in lines for part in own))


def _lines(
    parts: Sequence[Part], entries: Sequence[Entry]
) -> list[tuple[list[str], dict[tuple[str, str], float]]]:
    """Names, as in the table, and percent right of each group, by kind and value.

    Groups with the same percentages are one, which stands where the first of them does.
    """
    lines: list[tuple[list[str], dict[tuple[str, str], float]]] = []
    for group in dict.fromkeys(entry.group for entry in entries):
        members = [entry for entry in entries if entry.group == group]
        names = {entry.name for entry in members}
        sums: dict[tuple[str, str], tuple[float, int]] = {}
        for part in parts:
            if part.probe in names:
                correct, total = sums.get((part.by, part.value), (0.0, 0))
                sums[part.by, part.value] = (correct + part.correct, total + part.total)
        shares = {key: 100 * correct / total for key, (correct, total) in sums.items()}
        said = group + several(members)
        same = next((labels for labels, others in lines if others == shares), None)
        if same is not None:
            same.append(said)
        elif shares:
            lines.append(([said], shares))
    return lines


def _across(panel: Any, places: Mapping[str, float], label: str) -> None:
    """Values along the bottom at their places, accuracy up."""
    panel.set_xticks(list(places.values()), list(places))
    panel.set_xlabel(label, fontsize=TEXT)
    panel.set_ylabel("UAS (%)", fontsize=TEXT)
    panel.set_ylim(-3, 103)
    _common(panel)


def _down(panel: Any, values: Sequence[str]) -> None:
    """Values down the side, accuracy along the bottom."""
    panel.set_yticks(range(len(values)), list(values))
    panel.invert_yaxis()
    panel.set_xlabel("UAS (%)", fontsize=TEXT)
    panel.set_xlim(-3, 103)
    _common(panel)


def _common(panel: Any) -> None:
    panel.tick_params(labelsize=SMALL, length=2)
    panel.grid(color="0.9", linewidth=0.5)
    panel.set_axisbelow(True)


def _short(value: str) -> str:
    """``-7 and below`` as a mark on an axis."""
    number, _, rest = value.partition(" and ")
    sign = {"below": "≤", "above": "≥", "more": "≥"}.get(rest, "")
    return sign + number.replace("-", "−", 1) if sign or number[0] == "-" else number
