"""A table and a figure of your own in the report: how good the best head of each layer is."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from probing.core.files import write_csv, write_whole
from probing.reports.figures.heads import png
from probing.reports.findings import Findings


def layers(findings: Findings, folder: Path) -> None:
    """``layers.csv``: of each row in the table of best heads, the best accuracy in each layer."""
    counts = findings.counts
    lines = [
        (best.relation, layer, f"{correct / best.total:.6f}")
        for best in findings.table
        for layer, correct in zip(counts.layers, _best_of(findings, best.relation), strict=True)
    ]
    write_csv(folder / "layers.csv", ("relation", "layer", "accuracy"), lines)


@dataclass
class LayersFigure:
    """``layers.png``: the same as a curve for each of the first ``rows``."""

    rows: int = 5

    def __call__(self, findings: Findings, folder: Path) -> None:
        """Draw it."""
        figure = Figure()
        axes = figure.subplots()
        for best in findings.table[: self.rows]:
            shares = [100 * correct / best.total for correct in _best_of(findings, best.relation)]
            axes.plot(findings.counts.layers, shares, label=best.relation)
        axes.set_xlabel("layer")
        axes.set_ylabel("accuracy of the best head (%)")
        axes.legend()
        write_whole(folder / "layers.png", png(figure))


def _best_of(findings: Findings, relation: str) -> list[int]:
    """How many anchors the best head of each layer gets right, in its best direction."""
    counts = findings.counts
    correct = counts.correct[counts.rows.index(relation)]  # [3, L, H]
    found: list[int] = correct.amax((0, 2)).tolist()
    return found
