"""From counts to tables: pure functions, no files, no trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from .batch import ALL
from .functional import DIRECTIONS, OFFSETS

HEADS = (
    "relation,direction,layer,head,correct,total,reachable,accuracy,gold_mass,special_mass"
).split(",")
BASELINES = "baseline,relation,correct,total,accuracy".split(",")
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
    """What :class:`~probing.metrics.HeadAccuracy` counted, and the fixed offsets beside it.

    ``correct``, ``gold_mass``, ``special_mass [R, 3, L, H]``, ``reachable [R, 3, L]``,
    ``total [R]``, ``offsets [R, len(OFFSETS)]``. ``layers`` are the numbers of the ``L`` layers
    in the model, counted from one: all of them, if not given.
    """

    rows: Sequence[str]
    total: Tensor
    correct: Tensor
    reachable: Tensor
    gold_mass: Tensor
    special_mass: Tensor
    offsets: Tensor
    layers: Sequence[int] = ()

    def __post_init__(self) -> None:
        """Number the layers if that has not been done."""
        count = self.correct.shape[2]
        object.__setattr__(self, "layers", tuple(self.layers or range(1, count + 1)))
        assert len(self.layers) == count, f"expected {count} layers, found {self.layers}"

    def order(self) -> list[int]:
        """Rows with anchors: ``all``, then the most frequent first."""
        return _order(self.rows, self.total)

    def row(self, name: str) -> int | None:
        """The index of a row that has anchors, else ``None``."""
        index = self.rows.index(name) if name in self.rows else None
        return index if index is not None and self.total[index] > 0 else None

    def best_head(self, row: int) -> Cell:
        """The head and direction with the most anchors right; the first of several."""
        _, layers, heads = self.correct.shape[1:]
        flat = int(self.correct[row].flatten().argmax())
        return Cell(
            DIRECTIONS[flat // (layers * heads)],
            self.layers[flat // heads % layers],
            flat % heads + 1,
        )

    def best_offset(self, row: int) -> int:
        """The offset with the most anchors right; the first of several."""
        return OFFSETS[int(self.offsets[row].argmax())]

    def right(self, row: int, cell: Cell) -> int:
        """How many anchors of ``row`` the head gets right."""
        return int(self.of(cell)[row])

    def of(self, cell: Cell) -> Tensor:
        """How many anchors of each row the head gets right, ``[R]``."""
        direction, layer = DIRECTIONS.index(cell.direction), self.layers.index(cell.layer)
        return self.correct[:, direction, layer, cell.head - 1]

    def right_offset(self, row: int, offset: int) -> int:
        """How many anchors of ``row`` a fixed offset gets right."""
        return int(self.offsets[row, OFFSETS.index(offset)])


@dataclass(frozen=True)
class ProbeCounts:
    """What the probes got right: ``correct [R, K]`` of ``total [R]``."""

    rows: Sequence[str]
    names: Sequence[str]
    correct: Tensor
    total: Tensor


@dataclass(frozen=True)
class BestHead:
    """A line of the paper's Table 1: chosen on one split, counted on another or the same."""

    relation: str
    total: int
    head: Cell
    correct: int
    offset: int
    offset_correct: int

    @property
    def accuracy(self) -> float:
        """Of the head, a fraction."""
        return self.correct / self.total

    @property
    def offset_accuracy(self) -> float:
        """Of the fixed offset, a fraction."""
        return self.offset_correct / self.total


def head_rows(counts: HeadCounts) -> Iterator[tuple[object, ...]]:
    """Lines of ``heads.csv``."""
    _, directions, layers, heads = counts.correct.shape
    for r in counts.order():
        total = int(counts.total[r])
        for d in range(directions):
            for layer in range(layers):
                for head in range(heads):
                    correct = int(counts.correct[r, d, layer, head])
                    yield (
                        counts.rows[r],
                        DIRECTIONS[d],
                        counts.layers[layer],
                        head + 1,
                        correct,
                        total,
                        int(counts.reachable[r, d, layer]),
                        f"{correct / total:.6f}",
                        f"{float(counts.gold_mass[r, d, layer, head]) / total:.6f}",
                        f"{float(counts.special_mass[r, d, layer, head]) / total:.6f}",
                    )


def baseline_rows(counts: HeadCounts) -> Iterator[tuple[object, ...]]:
    """Lines of ``baselines.csv``, over the same anchors as the heads."""
    for k, offset in enumerate(OFFSETS):
        for r in counts.order():
            yield (
                f"offset={offset}",
                counts.rows[r],
                *_score(counts.offsets[r, k], counts.total[r]),
            )


def probe_rows(
    probes: ProbeCounts, heads: HeadCounts, chosen: HeadCounts
) -> Iterator[tuple[object, ...]]:
    """Lines of ``probes.csv``: the probes, then what takes no training, root words wrong.

    ``best-offset`` and ``best-head`` are those that are best over ``all`` in ``chosen``.
    """
    order = _order(probes.rows, probes.total)
    for k, name in enumerate(probes.names):
        for r in order:
            yield (name, probes.rows[r], *_score(probes.correct[r, k], probes.total[r]))
    for name, correct in untrained(heads, chosen).items():
        for r in order:
            yield (name, probes.rows[r], *_score(correct[r], probes.total[r]))


def untrained(heads: HeadCounts, chosen: HeadCounts) -> Mapping[str, Tensor]:
    """Anchors of each row that need no training to get right, ``[R]`` each."""
    rows: dict[str, Tensor] = {"right-branching": heads.offsets[:, OFFSETS.index(1)]}
    every = chosen.row(ALL)
    if every is not None:
        offset = OFFSETS.index(chosen.best_offset(every))
        rows["best-offset"] = heads.offsets[:, offset]
        rows["best-head"] = heads.of(chosen.best_head(every))
    return rows


def best_heads(counts: HeadCounts, chosen: HeadCounts, *, at_least: int) -> list[BestHead]:
    """The paper's Table 1: relations with ``at_least`` anchors, most frequent first.

    Heads and offsets are chosen by their counts in ``chosen`` and reported from ``counts``.
    A relation without an anchor in ``chosen`` has no choice to report and is left out.
    """
    table = []
    for r in counts.order():
        choice = chosen.row(counts.rows[r])
        if counts.total[r] < at_least or choice is None:
            continue
        head, offset = chosen.best_head(choice), chosen.best_offset(choice)
        table.append(
            BestHead(
                relation=counts.rows[r],
                total=int(counts.total[r]),
                head=head,
                correct=counts.right(r, head),
                offset=offset,
                offset_correct=counts.right_offset(r, offset),
            )
        )
    return table


def _order(rows: Sequence[str], total: Tensor) -> list[int]:
    """Rows with anchors: ``all``, then the most frequent first, then by name."""
    counted = [r for r in range(len(rows)) if total[r] > 0]
    return sorted(counted, key=lambda r: (rows[r] != ALL, -int(total[r]), rows[r]))


def _score(correct: Tensor, total: Tensor) -> tuple[int, int, str]:
    return int(correct), int(total), f"{int(correct) / int(total):.6f}"
