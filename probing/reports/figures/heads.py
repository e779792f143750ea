"""Figures: data in, figure out. Made without a display."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from probing.core.inert import visible
from probing.counting.best import Beside, BestHead
from probing.counting.counts import HeadCounts
from probing.reports.best_heads import absence, title_of
from probing.reports.findings import Findings
from probing.reports.wording import in_brief, wording_of

SEQUENTIAL = "cividis"  # made for readers with and without colour vision
DIVERGING = "PuOr"


@dataclass(frozen=True)
class _Page:
    """Where panels of ``across`` by ``up`` stand, in lines of ``columns``; all in inches.

    Places that are reckoned cost nothing, where a layout that matplotlib finds draws all twice.
    """

    columns: int
    lines: int
    across: float
    up: float

    LEFT, RIGHT, TOP, BOTTOM = 0.45, 0.75, 0.32, 0.4
    BETWEEN, CAPTION, CAPTIONED = 0.35, 0.56, 2.75

    @classmethod
    def of(cls, count: int, layers: int, heads: int) -> _Page:
        """For panels of ``layers`` by ``heads`` cells."""
        cell = min(0.19, 2.3 / max(heads, 1))
        columns = min(4, max(1, count))
        return cls(columns, max(1, -(-count // columns)), heads * cell, layers * cell)

    @property
    def pitch(self) -> tuple[float, float]:
        """From a panel to the next one, across and down: captions have to fit, too."""
        return max(self.across + self.BETWEEN, self.CAPTIONED), self.up + self.CAPTION

    @property
    def width(self) -> float:
        """Of the figure."""
        return self.LEFT + self.columns * self.pitch[0] + self.RIGHT

    @property
    def height(self) -> float:
        """Of the figure."""
        return self.TOP + self.lines * self.pitch[1] + self.BOTTOM

    def panel(self, figure: Figure, number: int) -> Any:
        """The panel ``number``, counted from zero, line by line from the top."""
        line, column = divmod(number, self.columns)
        across, down = self.pitch
        left = self.LEFT + column * across
        top = self.height - self.TOP - line * down - (self.CAPTION - 0.14)
        return self._axes(figure, left, top - self.up, self.across, self.up)

    def bar(self, figure: Figure) -> Any:
        """Beside the first column's height, for the colour bar."""
        left = self.width - self.RIGHT + 0.1
        low, high = self.BOTTOM, self.height - self.TOP - self.CAPTION + 0.14
        tall = 0.8 * (high - low)
        return self._axes(figure, left, (low + high - tall) / 2, 0.13, tall)

    def _axes(self, figure: Figure, left: float, low: float, across: float, up: float) -> Any:
        wide, tall = self.width, self.height
        return figure.add_axes((left / wide, low / tall, across / wide, up / tall))


def head_overview(findings: Findings) -> Figure:
    """Every head's accuracy on up to twelve rows of the report, each in its best head's direction.

    The best head is framed; the caption of each panel gives its accuracy and that of the
    strongest baseline.
    """
    counts, shown = findings.counts, findings.pictured
    page = _Page.of(len(shown), *counts.correct.shape[2:])
    figure = Figure(figsize=(page.width, page.height))
    FigureCanvasAgg(figure)
    image: Any = None
    for number, best in enumerate(shown):
        panel = page.panel(figure, number)
        row = counts.rows.index(best.relation)
        direction = counts.terms.directions.index(best.head.direction)
        share = 100 * counts.correct[row, direction].double() / best.total  # [L, H]
        image = _grid(panel, share, counts.layers, cmap=SEQUENTIAL, low=0, high=100)
        left, bottom = number % page.columns == 0, number + page.columns >= len(shown)
        panel.tick_params(labelleft=left, labelbottom=bottom)
        panel.set_title(
            f"{drawn(best.relation)}  {best.head.direction}\n"
            f"{best.head}: {100 * best.accuracy:.0f}%"
            + "".join(f"   ({_beside(beside, best.total)})" for beside in _strongest(best)),
            fontsize=7,
            loc="left",
        )
        _frame(panel, counts.layers.index(best.head.layer) + 1, best.head.head)
    figure.suptitle(
        drawn(title_of(findings)), fontsize=9, x=0.01, y=1 - 0.08 / page.height, ha="left", va="top"
    )
    if image is not None:
        figure.supxlabel("head", fontsize=8, y=0.06 / page.height, va="bottom")
        figure.supylabel("layer", fontsize=8, x=0.06 / page.width, ha="left")
        bar = figure.colorbar(image, cax=page.bar(figure))
        _label(bar, "accuracy (%)")
    else:
        figure.text(0.5, 0.5, textwrap.fill(absence(findings), 48), ha="center", fontsize=7)
    return figure


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


def relation_heatmap(counts: HeadCounts, relation: str) -> Figure:
    """One relation in each direction, ``[L, H]`` each, in percent."""
    row = counts.rows.index(relation)
    total = int(counts.total[row])
    directions, layers, heads = counts.correct.shape[1:]
    figure, axes = _panels(layers, heads, directions)
    image: Any = None
    for d, panel in enumerate(axes):
        share = 100 * counts.correct[row, d].double() / total
        image = _grid(panel, share, counts.layers, cmap=SEQUENTIAL, low=0, high=100)
        layer, head = divmod(int(share.argmax()), share.shape[1])
        _frame(panel, layer + 1, head + 1)
        panel.set_title(f"{counts.terms.directions[d]}, best {float(share.max()):.1f}%", fontsize=8)
    figure.suptitle(f"{drawn(relation)} ({total:,} anchors)", fontsize=9)
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
        image = _grid(panel, weights[d], layers, cmap=DIVERGING, low=-bound, high=bound)
        panel.set_title(directions[d], fontsize=8)
    figure.suptitle(drawn(title), fontsize=9)
    _bar(figure, image, axes, label="weight x std. dev.")
    return figure


def seed_overview(findings: Findings) -> Figure:
    """The score of every probe over all anchors under each seed, mean and standard deviation.

    What takes no training is a line across.
    """
    families = sorted(findings.overall_families, key=lambda family: family.mean)
    figure = Figure(figsize=(6.4, 1.3 + 0.42 * len(families)), layout="constrained")
    FigureCanvasAgg(figure)
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


def drawn(text: str) -> str:
    """Text as matplotlib draws it letter by letter: a dollar is no sign of mathematics."""
    return visible(text, keep="\n").replace("$", r"\$")


def png(figure: Figure, *, dots_per_inch: int = 200) -> bytes:
    """The figure as a PNG file."""
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=dots_per_inch)
    return target.getvalue()


def _panels(layers: int, heads: int, count: int) -> tuple[Figure, list[Any]]:
    cell = min(0.2, 2.6 / max(heads, 1))
    figure = Figure(
        figsize=(count * (heads * cell + 0.6) + 1.0, layers * cell + 1.2), layout="constrained"
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    for panel in axes:
        panel.set_xlabel("head", fontsize=7)
    axes[0].set_ylabel("layer", fontsize=7)
    return figure, list(axes)


def _grid(
    panel: Any, values: Tensor, numbers: Sequence[int], *, cmap: str, low: float, high: float
) -> Any:
    """Draw ``values [L, H]``, the lowest of the layers ``numbers`` at the bottom."""
    layers, heads = values.shape
    image = panel.imshow(
        values.double().numpy(),
        cmap=mpl.colormaps[cmap],
        vmin=low,
        vmax=high,
        origin="lower",
        aspect="equal",
        extent=(0.5, heads + 0.5, 0.5, layers + 0.5),
    )
    panel.set_xticks(_ticks(heads))
    panel.set_yticks(_ticks(layers), [str(numbers[tick - 1]) for tick in _ticks(layers)])
    panel.tick_params(labelsize=6, length=2)
    return image


def _bar(figure: Figure, image: Any, axes: Any, *, label: str) -> None:
    """The colour bar beside ``axes``."""
    _label(figure.colorbar(image, ax=axes, shrink=0.8, pad=0.01), label)


def _label(bar: Any, label: str) -> None:
    """Say what a colour bar measures."""
    bar.set_label(label, fontsize=7)
    bar.ax.tick_params(labelsize=6)


def _ticks(count: int) -> list[int]:
    step = max(1, -(-count // 6))
    return list(range(1, count + 1, step))


def _frame(panel: Any, layer: int, head: int) -> None:
    """Frame the cell of a row and a column in black on white: it stands out on every colour."""
    for colour, width in (("white", 2.0), ("black", 0.9)):
        panel.add_patch(
            mpl.patches.Rectangle(
                (head - 0.5, layer - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=width
            )
        )
