"""What was counted of heads and probes, by row of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from probing.core.head_names import Cell
from probing.core.terms import Rival, Terms
from probing.counting.agreement import kappa
from probing.counting.tallies import Resampled, Tally, Weighted


@dataclass(frozen=True)
class HeadCounts:
    """What :class:`~probing.counting.metrics.HeadAccuracy` counted, and the baselines beside it.

    ``correct [R, 3, L, H]``, ``errors [R, 3, L, H, E]``, ``reachable [R, 3, L]``, ``quantities
    [R, 3, L, H, Q]``, ``total [R]``, ``shared [R, 2]``, ``baselines [R, K]``. ``layers`` are the
    numbers of the ``L`` layers in the model, counted from one: all, if not given. ``offsets
    [R, 3, L, H, O]`` and ``gold_offsets [R, O]`` are histograms; ``O`` is 0 where none are made.
    ``resampled`` and ``resampled_baselines`` are what was counted in resamples, if any were drawn;
    ``weighted`` are further sums, by name, without rows that add up others.
    """

    terms: Terms
    rows: Sequence[str]
    total: Tensor
    correct: Tensor
    errors: Tensor
    reachable: Tensor
    shared: Tensor
    quantities: Tensor
    baselines: Tensor
    offsets: Tensor | None = None
    gold_offsets: Tensor | None = None
    layers: Sequence[int] = ()
    resampled: Resampled | None = None
    resampled_baselines: Resampled | None = None
    weighted: Mapping[str, Weighted] = field(default_factory=dict)

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

    @property
    def has_kappa(self) -> bool:
        """Whether the task tells offsets apart."""
        return self.offsets is not None and self.offsets.shape[-1] > 0

    def kappa(self, row: int) -> Tensor | None:
        """Agreement with gold beyond chance of every head, ``[3, L, H]``.

        Not a number where it cannot be told; ``None`` without :attr:`has_kappa`.
        """
        if not self.has_kappa or self.offsets is None or self.gold_offsets is None:
            return None
        picks, gold = self.offsets[row], self.gold_offsets[row]
        return kappa(self.correct[row], self.total[row], picks, gold)

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
        index = self.index_of(cell)
        drawn = self.resampled and self.resampled.of(*index)
        return Tally(self.correct[:, *index], self.total, drawn)

    def index_of(self, cell: Cell) -> tuple[int, int, int]:
        """Where a head stands in ``[3, L, H]``."""
        direction = self.terms.directions.index(cell.direction)
        return direction, self.layers.index(cell.layer), cell.head - 1

    def best_of(self, row: int, rival: Rival) -> str:
        """The baseline of ``rival`` with the most anchors right; the first of several."""
        shares = dict(zip(self.terms.baselines, self.baselines[row].tolist(), strict=True))
        return max(rival.of, key=lambda name: round(float(shares[name]), 6))

    def strongest(self, row: int) -> str:
        """Of all baselines that stand beside heads and need no model, the one with the most right.

        The first of several, in the order of the terms.

        Raises:
            ValueError: where :attr:`Terms.beside_heads` has none.
        """
        return self.best_of(row, self.terms.strongest)

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


def ordered(rows: Sequence[str], total: Tensor, terms: Terms) -> list[int]:
    """Rows with anchors: those that the task puts first, then the most frequent, then by name."""
    first = {name: place for place, name in enumerate(terms.order)}
    counted = [r for r in range(len(rows)) if total[r] > 0]
    return sorted(counted, key=lambda r: (first.get(rows[r], len(first)), -int(total[r]), rows[r]))
