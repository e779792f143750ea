"""Figures: data in, figure out. Made without a display."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from torch import Tensor

from probing.core.head_names import Cell
from probing.counting.best import Beside, BestHead
from probing.counting.counts import HeadCounts
from probing.reports.best_heads import absence, title_of, where_chosen
from probing.reports.figures.panels import Page, frame, grid, wrapped
from probing.reports.figures.styles import (
    COLUMN,
    DIVERGING,
    PAGE,
    SEQUENTIAL,
    SMALL,
    TEXT,
    Picture,
    drawn,
    pdf,
    png,
)
from probing.reports.findings import Findings
from probing.reports.wording import in_brief, wording_of

__all__ = [
    "SEQUENTIAL",
    "drawn",
    "head_overview",
    "pdf",
    "png",
    "relation_heatmap",
    "seed_overview",
    "weight_heatmap",
]


def head_overview(findings: Findings, *, width: float = PAGE) -> Figure:
    """Every head's accuracy on up to twelve rows of the report, each in its best head's direction.

    The best head is framed; the caption of each panel gives its accuracy and that of the
    strongest baseline, and what the colours of the panel reach from and to.

    Args:
        findings: of a split.
        width: in inches, that of a column of a paper or of both.
    """
    counts, shown = findings.counts, findings.pictured
    columns = 4 if width > COLUMN else 2
    room = (width - Page.LEFT - Page.RIGHT) / columns - Page.GAP
    shares = [_share(counts, best) for best in shown]  # [L, H] each
    captions = [_caption(*pair, room) for pair in zip(shown, shares, strict=True)]
    title = [
        line
        for text in (title_of(findings), *_said(findings))
        for line in wrapped(text, width - 0.12)
    ]
    page = Page.of(
        len(shown),
        *counts.correct.shape[2:],
        width=width,
        columns=columns,
        captioned=max(map(len, captions), default=1),
        titled=len(title),
    )
    figure = page.figure()
    for number, (best, share, caption) in enumerate(zip(shown, shares, captions, strict=True)):
        panel = page.panel(figure, number)
        low, high = float(share.min()), float(share.max())
        grid(
            panel,
            share,
            counts.layers,
            cmap=SEQUENTIAL,
            low=low,
            high=high,
            left=number % page.columns == 0,
            bottom=number + page.columns >= len(shown),
        )
        panel.set_aspect("auto")  # the page says how tall a cell is
        panel.set_title(drawn("\n".join(caption)), fontsize=TEXT, loc="left", pad=3)
        frame(panel, counts.layers.index(best.head.layer) + 1, best.head.head)
    figure.suptitle(
        drawn("\n".join(title)),
        fontsize=TEXT,
        x=0.06 / page.width,
        y=1 - 0.06 / page.height,
        ha="left",
        va="top",
    )
    if shown:
        figure.supxlabel("head", fontsize=TEXT, y=0.3 / page.height, va="bottom")
        figure.supylabel("layer", fontsize=TEXT, x=0.05 / page.width, ha="left")
        _key(figure, page)
    else:
        figure.text(0.5, 0.5, textwrap.fill(absence(findings), 48), ha="center", fontsize=TEXT)
    return figure


def _share(counts: HeadCounts, best: BestHead) -> Tensor:
    """The accuracy of all heads in the direction of the best, ``[L, H]``, in percent."""
    row = counts.rows.index(best.relation)
    direction = counts.terms.directions.index(best.head.direction)
    return 100 * counts.correct[row, direction].double() / best.total


def _caption(best: BestHead, share: Tensor, room: float) -> list[str]:
    """Lines above a panel: what is asked, the best head, the strongest baseline, the scale."""
    low, high = float(share.min()), float(share.max())
    said = [
        f"{best.relation} ({best.total:,}) {best.head.direction}",
        f"{best.head}: {100 * best.accuracy:.0f}%  ({low:.0f}–{high:.0f}%)",
        *(_beside(beside, best.total) for beside in _strongest(best)),
    ]
    return [line for text in said for line in wrapped(text, room)]


def _said(findings: Findings) -> list[str]:
    """What a reader of the figure must know."""
    chosen = where_chosen(findings.chosen_on, findings.split, shared=findings.shared)
    row = wording_of(findings.counts.terms).row
    return [
        f"Each panel: a {row} (anchors) and direction; the framed head with its accuracy (and the "
        "lowest and highest of the panel, which its colours span); what it must beat. "
        f"Heads chosen on {chosen}.",
        f"{findings.model}.",
    ]


def _key(figure: Figure, page: Page) -> None:
    """What colours mean, at the bottom."""
    wide, tall = 0.8, 0.1
    place = page.width / 2 - wide
    bar = page.axes(figure, place, 0.1, wide, tall)
    bar.imshow(
        torch.linspace(0, 1, 64)[None].numpy(), cmap=mpl.colormaps[SEQUENTIAL], aspect="auto"
    )
    bar.set_axis_off()
    middle = (0.1 + tall / 2) / page.height
    for x, text, side in (
        (place - 0.06, "lowest", "right"),
        (place + wide + 0.06, "highest of the panel", "left"),
    ):
        figure.text(x / page.width, middle, text, ha=side, va="center", fontsize=SMALL)


def _strongest(best: BestHead) -> list[Beside]:
    """The strongest baseline, or a further model's head if that gets more right.

    A picture has no room for all, and must not flatter.
    """
    further = [beside for beside in best.beside if beside.rival.is_of_model]
    shown = [*([best.strongest] if best.strongest else []), *further]
    return sorted(shown, key=lambda beside: -beside.correct)[:1]


def _beside(beside: Beside, total: int) -> str:
    """A baseline's name and accuracy, for the caption of a panel."""
    rival = beside.rival
    name = f"{rival.name} {beside.label}" if rival.is_of_model else in_brief(beside.baseline)
    return f"{name}: {100 * beside.correct / total:.0f}%"


def relation_heatmap(
    counts: HeadCounts, relation: str, chosen: Cell | None = None, *, said: str = ""
) -> Figure:
    """One relation in each direction, ``[L, H]`` each, in percent.

    Args:
        counts: of all heads.
        relation: a row of them.
        chosen: the head to frame, in its direction; the best of each direction, if not given.
        said: why it is framed.
    """
    row = counts.rows.index(relation)
    total = int(counts.total[row])
    directions, layers, heads = counts.correct.shape[1:]
    figure, axes = _panels(layers, heads, directions)
    shares = 100 * counts.correct[row].double() / total
    image: Any = None
    for d, (panel, share) in enumerate(zip(axes, shares, strict=True)):
        name = counts.terms.directions[d]
        image = grid(
            panel, share, counts.layers, cmap=SEQUENTIAL, low=0, high=float(shares.max()) or 1.0
        )
        layer, head = divmod(int(share.argmax()), share.shape[1])
        if chosen is None:
            frame(panel, layer + 1, head + 1)
        elif chosen.direction == name:
            frame(panel, counts.layers.index(chosen.layer) + 1, chosen.head)
        panel.set_title(f"{name}, best {float(share.max()):.1f}%", fontsize=TEXT)
    title = f"{relation} ({total:,} anchors)" + (f"; framed: {said}" if said else "")
    figure.suptitle(drawn(title), fontsize=TEXT)
    _bar(figure, image, axes, label="accuracy (%)")
    return figure


def weight_heatmap(
    weights: Tensor, layers: Sequence[int], *, title: str, directions: Sequence[str]
) -> Figure:
    """A probe's weight on each head, ``[2, L, H]``, in units of what it adds to a score."""
    figure, axes = _panels(weights.shape[1], weights.shape[2], 2)
    bound = float(weights.abs().max()) or 1.0
    image: Any = None
    for d, panel in enumerate(axes):
        image = grid(panel, weights[d], layers, cmap=DIVERGING, low=-bound, high=bound)
        panel.set_title(directions[d], fontsize=8)
    figure.suptitle(drawn(title), fontsize=9)
    _bar(figure, image, axes, label="weight x std. dev.")
    return figure


def seed_overview(findings: Findings) -> Figure:
    """The score of every probe over all anchors under each seed, mean and standard deviation.

    What takes no training is a line across.
    """
    families = sorted(findings.overall_families, key=lambda family: family.mean)
    figure = Picture(figsize=(6.4, 1.3 + 0.42 * len(families)), layout="constrained")
    panel = figure.subplots()
    for place, family in enumerate(families):
        scores = [100 * accuracy for accuracy in family.accuracies.values()]
        panel.plot(scores, [place] * len(scores), "o", ms=4, mfc="none", color="#4c566a")
        panel.errorbar(
            100 * family.mean, place - 0.22, xerr=100 * family.sd, fmt="D", ms=4, capsize=3,
            color="black",
        )  # fmt: skip
        text = f"{100 * family.mean:.1f} ± {100 * family.sd:.1f}"
        panel.annotate(text, (100 * family.mean, place + 0.2), ha="center", fontsize=7)
    panel.set_yticks(range(len(families)), [drawn(f.name) for f in families], fontsize=8)
    panel.margins(x=0.12)
    panel.set_ylim(-0.6, len(families) - 0.4)
    others = [name for name in findings.overall if name not in findings.probes.names]
    for style, name in zip(cycle(("-", "--", ":", "-.")), others, strict=False):
        accuracy = 100 * findings.overall[name].accuracy
        label = f"{drawn(name)} {accuracy:.1f}"
        panel.axvline(accuracy, ls=style, lw=0.9, color="#b48a00", label=label)
    wording = wording_of(findings.counts.terms)
    panel.set_xlabel(f"{wording.score} (%)", fontsize=8)
    panel.tick_params(axis="x", labelsize=7)
    panel.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    title = f"{wording.title} ({findings.split}): a circle a seed, mean ± std. dev."
    figure.suptitle(drawn(title), fontsize=9)
    return figure


def _panels(layers: int, heads: int, count: int) -> tuple[Figure, list[Any]]:
    cell = min(0.2, 2.6 / max(heads, 1))
    figure = Picture(
        figsize=(count * (heads * cell + 0.6) + 1.0, layers * cell + 1.2), layout="constrained"
    )
    axes = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    for panel in axes:
        panel.set_xlabel("head", fontsize=7)
    axes[0].set_ylabel("layer", fontsize=7)
    return figure, list(axes)


def _bar(figure: Figure, image: Any, axes: Any, *, label: str) -> None:
    """The colour bar beside ``axes``."""
    _label(figure.colorbar(image, ax=axes, shrink=0.8, pad=0.01), label)


def _label(bar: Any, label: str) -> None:
    """Say what a colour bar measures."""
    bar.set_label(label, fontsize=7)
    bar.ax.tick_params(labelsize=6)
