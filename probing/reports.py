"""From counts to tables: pure functions, no files, no trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .batch import ALL, Rival, Terms
from .intervals import BOUNDS, Interval, Resampled, Tally, bounds

HEADS = (
    "relation,direction,layer,head,correct,total,reachable,accuracy,gold_mass,special_mass"
).split(",")
BASELINES = "baseline,relation,correct,total,accuracy".split(",")
ERRORS = "relation,direction,layer,head,error,count,share".split(",")
PROBES = "probe,relation,correct,total,accuracy".split(",")
WEIGHTS = "epoch,probe,direction,layer,head,weight".split(",")


@dataclass(frozen=True)
class Cell:
    """A head in a direction; ``layer`` and ``head`` count from one, as in the paper."""

    direction: str
    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.layer}-{self.head}"


@dataclass(frozen=True)
class HeadCounts:
    """What :class:`~probing.metrics.HeadAccuracy` counted, and the baselines beside it.

    ``correct``, ``gold_mass``, ``special_mass [R, 3, L, H]``, ``errors [R, 3, L, H, E]``,
    ``reachable [R, 3, L]``, ``total [R]``, ``baselines [R, N]``. ``layers``
    are the numbers of the ``L`` layers in the model, counted from one: all, if not given.
    ``resampled`` and ``resampled_baselines`` are what was counted in resamples, if any were drawn.
    """

    terms: Terms
    rows: Sequence[str]
    total: Tensor
    correct: Tensor
    errors: Tensor
    reachable: Tensor
    gold_mass: Tensor
    special_mass: Tensor
    baselines: Tensor
    layers: Sequence[int] = ()
    resampled: Resampled | None = None
    resampled_baselines: Resampled | None = None

    def __post_init__(self) -> None:
        """Number the layers if that has not been done."""
        count = self.correct.shape[2]
        object.__setattr__(self, "layers", tuple(self.layers or range(1, count + 1)))
        assert len(self.layers) == count, f"expected {count} layers, found {self.layers}"

    def order(self) -> list[int]:
        """Rows with anchors, in the order of the report."""
        return ordered(self.rows, self.total, self.terms)

    def row(self, name: str) -> int | None:
        """The index of a row that has anchors, else ``None``."""
        index = self.rows.index(name) if name in self.rows else None
        return index if index is not None and self.total[index] > 0 else None

    def best_head(self, row: int) -> Cell:
        """The head and direction with the most anchors right; the first of several."""
        _, layers, heads = self.correct.shape[1:]
        flat = int(self.correct[row].flatten().argmax())
        return Cell(
            self.terms.directions[flat // (layers * heads)],
            self.layers[flat // heads % layers],
            flat % heads + 1,
        )

    def of_head(self, cell: Cell) -> Tensor:
        """How many anchors of each row a head gets right, ``[R]``."""
        return self.head(cell).correct

    def head(self, cell: Cell) -> Tally:
        """What a head gets right, and in resamples."""
        direction = self.terms.directions.index(cell.direction)
        index = direction, self.layers.index(cell.layer), cell.head - 1
        drawn = self.resampled and self.resampled.of(*index)
        return Tally(self.correct[:, *index], self.total, drawn)

    def best_of(self, row: int, rival: Rival) -> str:
        """The baseline of ``rival`` with the most anchors right; the first of several."""
        return max(rival.of, key=lambda name: round(float(self.of_baseline(name)[row]), 6))

    def of_baseline(self, name: str) -> Tensor:
        """How many anchors of each row a baseline gets right, ``[R]``."""
        return self.baseline(name).correct

    def baseline(self, name: str) -> Tally:
        """What a baseline gets right, and in resamples."""
        index = self.terms.baselines.index(name)
        drawn = self.resampled_baselines and self.resampled_baselines.of(index)
        return Tally(self.baselines[:, index], self.total, drawn)


@dataclass(frozen=True)
class ProbeCounts:
    """What the probes got right: ``correct [R, K]`` of ``total [R]``; in resamples, if any."""

    rows: Sequence[str]
    names: Sequence[str]
    correct: Tensor
    total: Tensor
    resampled: Resampled | None = None

    def probe(self, name: str) -> Tally:
        """What a probe gets right, and in resamples."""
        index = list(self.names).index(name)
        drawn = self.resampled and self.resampled.of(index)
        return Tally(self.correct[:, index], self.total, drawn)

    def beside(self, other: Tally) -> Tally:
        """What a head or a baseline gets right, of the anchors of the probes."""
        drawn = self.resampled and other.resampled and other.resampled.beside(self.resampled)
        return Tally(other.correct, self.total, drawn)


@dataclass(frozen=True)
class Beside:
    """A rival of a best head, the baseline that was chosen, and how many anchors it gets right."""

    rival: Rival
    baseline: str
    correct: float
    interval: Interval | None = None

    @property
    def label(self) -> str:
        """What was chosen, as the tables show it."""
        return self.rival.label(self.baseline)


@dataclass(frozen=True)
class BestHead:
    """A line of the paper's Table 1 or 2: chosen on one split, counted on another or the same.

    ``own`` is the head that is best where it is counted, which gets ``own_correct`` right.
    """

    relation: str
    total: int
    head: Cell
    correct: int
    beside: Sequence[Beside]
    own: Cell
    own_correct: int
    interval: Interval | None = None

    @property
    def accuracy(self) -> float:
        """Of the head, a fraction."""
        return self.correct / self.total

    @property
    def own_accuracy(self) -> float:
        """Of the head that is best where it is counted."""
        return self.own_correct / self.total

    @property
    def flattery(self) -> float:
        """How much higher the accuracy would be had the head been chosen where it is counted."""
        return (self.own_correct - self.correct) / self.total


def with_bounds(columns: Sequence[str], counts: HeadCounts | ProbeCounts) -> list[str]:
    """The columns, and those of intervals where there are any."""
    return [*columns, *(BOUNDS if counts.resampled else ())]


def head_rows(counts: HeadCounts) -> Iterator[tuple[object, ...]]:
    """Lines of ``heads.csv``."""
    _, directions, layers, heads = counts.correct.shape
    for r in counts.order():
        total = int(counts.total[r])
        ends = _ends_of_heads(counts, r)
        for d in range(directions):
            for layer in range(layers):
                for head in range(heads):
                    correct = int(counts.correct[r, d, layer, head])
                    yield (
                        counts.rows[r],
                        counts.terms.directions[d],
                        counts.layers[layer],
                        head + 1,
                        correct,
                        total,
                        int(counts.reachable[r, d, layer]),
                        f"{correct / total:.6f}",
                        f"{float(counts.gold_mass[r, d, layer, head]) / total:.6f}",
                        f"{float(counts.special_mass[r, d, layer, head]) / total:.6f}",
                        *(ends[d, layer, head].cells if ends else ()),
                    )


def _ends_of_heads(counts: HeadCounts, row: int) -> Mapping[tuple[int, int, int], Interval]:
    """The interval of every head in every direction; nothing where there are no resamples."""
    drawn = counts.resampled
    if drawn is None:
        return {}
    units = int(drawn.units[row])
    low, high = bounds(
        counts.correct[row], counts.total[row], drawn.correct[row], drawn.total[row], units
    )  # [3, L, H] each
    return {
        (d, layer, head): Interval(float(low[d, layer, head]), float(high[d, layer, head]), units)
        for d, layer, head in np.ndindex(*low.shape)
    }


def error_rows(counts: HeadCounts) -> Iterator[tuple[object, ...]]:
    """Lines of ``errors.csv``: the wrong picks of each head by kind, and their share of anchors."""
    for r in counts.order():
        total = int(counts.total[r])
        for d, layer, head, kind in torch.cartesian_prod(
            *(torch.arange(size) for size in counts.errors.shape[1:])
        ).tolist():
            count = int(counts.errors[r, d, layer, head, kind])
            yield (
                counts.rows[r],
                counts.terms.directions[d],
                counts.layers[layer],
                head + 1,
                counts.terms.errors[kind],
                count,
                f"{count / total:.6f}",
            )


def beside_heads(counts: HeadCounts, others: Mapping[str, HeadCounts]) -> HeadCounts:
    """``counts`` with every head of further encoders as a baseline, the best of each as a rival.

    So the best head of a randomly initialised twin stands beside a best head, chosen as it is:
    what the architecture, and the choice among so many, give for nothing.

    Args:
        counts: of the main encoder's heads.
        others: of further ones by name, over the same anchors.
    """
    baselines, rivals, correct = [*counts.terms.baselines], [*counts.terms.rivals], counts.baselines
    drawn = counts.resampled_baselines
    for name, other in others.items():
        assert other.rows == counts.rows, "heads of one run are counted over the same rows"
        cells = [
            f"{name}={Cell(direction, layer, head + 1)} {direction}"
            for direction in other.terms.directions
            for layer in other.layers
            for head in range(other.correct.shape[3])
        ]
        baselines += cells
        rivals.append(Rival(name, tuple(cells), family=f"heads of {name}"))
        correct = torch.cat([correct, other.correct.flatten(1).to(correct.dtype)], 1)
        drawn = drawn and other.resampled and drawn.and_also(other.resampled)
    terms = replace(counts.terms, baselines=tuple(baselines), rivals=tuple(rivals))
    return replace(counts, terms=terms, baselines=correct, resampled_baselines=drawn)


def baseline_rows(counts: HeadCounts) -> Iterator[tuple[object, ...]]:
    """Lines of ``baselines.csv``, over the same anchors as the heads."""
    for name in counts.terms.baselines:
        counted = counts.baseline(name)
        for r in counts.order():
            yield (name, counts.rows[r], *_score(counted, r))


def probe_rows(
    probes: ProbeCounts, heads: HeadCounts, chosen: HeadCounts
) -> Iterator[tuple[object, ...]]:
    """Lines of ``probes.csv``: the probes, then what takes no training, root words wrong.

    ``best-offset`` and ``best-head`` are those that are best over ``all`` in ``chosen``.
    """
    order = ordered(probes.rows, probes.total, heads.terms)
    lines = {name: probes.probe(name) for name in probes.names}
    lines |= {name: probes.beside(c) for name, c in untrained(heads, chosen).items()}
    for name, counted in lines.items():
        for r in order:
            yield (name, probes.rows[r], *_score(counted, r))


def untrained(heads: HeadCounts, chosen: HeadCounts) -> Mapping[str, Tally]:
    """What needs no training, over the anchors of heads."""
    every = chosen.row(ALL)
    rows: dict[str, Tally] = {}
    for rival in heads.terms.rivals:
        if not rival.is_choice:
            rows[rival.name] = heads.baseline(rival.of[0])
        elif every is not None:
            rows[f"best-{rival.name}"] = heads.baseline(chosen.best_of(every, rival))
    if every is not None:
        rows["best-head"] = heads.head(chosen.best_head(every))
    return rows


def best_heads(counts: HeadCounts, chosen: HeadCounts, *, at_least: int) -> list[BestHead]:
    """The paper's Table 1 or 2: rows with ``at_least`` anchors, in the order of the report.

    Heads and baselines are chosen by their counts in ``chosen`` and reported from ``counts``.
    A row without an anchor in ``chosen`` has no choice to report and is left out.
    """
    table = []
    for r in counts.order():
        choice = chosen.row(counts.rows[r])
        if counts.total[r] < at_least or choice is None:
            continue
        head, own = chosen.best_head(choice), counts.best_head(r)
        counted = counts.head(head)
        table.append(
            BestHead(
                relation=counts.rows[r],
                total=int(counts.total[r]),
                head=head,
                correct=int(counted.correct[r]),
                beside=[
                    Beside(rival, name, float(other.correct[r]), other.interval(r))
                    for rival in counts.terms.rivals
                    if rival.beside_heads
                    for name in [chosen.best_of(choice, rival)]
                    for other in [counts.baseline(name)]
                ],
                own=own,
                own_correct=int(counts.of_head(own)[r]),
                interval=counted.interval(r),
            )
        )
    return table


def ordered(rows: Sequence[str], total: Tensor, terms: Terms) -> list[int]:
    """Rows with anchors: those that the task puts first, then the most frequent, then by name."""
    first = {name: place for place, name in enumerate(terms.order)}
    counted = [r for r in range(len(rows)) if total[r] > 0]
    return sorted(counted, key=lambda r: (first.get(rows[r], len(first)), -int(total[r]), rows[r]))


def _score(counted: Tally, row: int) -> tuple[object, ...]:
    """Correct, total, accuracy, and the interval if there is one.

    ``correct`` is a whole number but where it is an expectation.
    """
    # Rounded, since the order in which expectations are added shows in their last digits.
    right, total = round(float(counted.correct[row]), 6), int(counted.total[row])
    shown = int(right) if right.is_integer() else f"{right:.6f}"
    interval = counted.interval(row)
    return shown, total, f"{right / total:.6f}", *(interval.cells if interval else ())
