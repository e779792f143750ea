"""From counts to the lines of tables: pure functions, no files, no trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from probing.core import quantities
from probing.counting.best import untrained
from probing.counting.counts import HeadCounts, ProbeCounts, ordered
from probing.counting.intervals import BOUNDS, Interval, bounds
from probing.counting.tallies import Tally

HEADS = "relation,direction,layer,head,correct,total,reachable,accuracy".split(",")
"""Behind these stand the quantities, see :func:`head_columns`."""


BASELINES = "baseline,relation,correct,total,accuracy".split(",")


ERRORS = "relation,direction,layer,head,error,count,share".split(",")


PROBES = "probe,relation,correct,total,accuracy".split(",")


WEIGHTS = "epoch,probe,direction,layer,head,weight".split(",")


def with_bounds(columns: Sequence[str], counts: HeadCounts | ProbeCounts) -> list[str]:
    """The columns, and those of intervals where there are any."""
    return [*columns, *(BOUNDS if counts.resampled else ())]


def head_columns(counts: HeadCounts) -> list[str]:
    """The columns of ``heads.csv``: a quantity that is measured of heads is a column."""
    return with_bounds([*HEADS, *(each.name for each in quantities.QUANTITIES)], counts)


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
                    sums = counts.quantities[r, d, layer, head].tolist()
                    yield (
                        counts.rows[r],
                        counts.terms.directions[d],
                        counts.layers[layer],
                        head + 1,
                        correct,
                        total,
                        int(counts.reachable[r, d, layer]),
                        f"{correct / total:.6f}",
                        *(f"{value / total:.6f}" for value in sums),
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


def _score(counted: Tally, row: int) -> tuple[object, ...]:
    """Correct, total, accuracy, and the interval if there is one.

    ``correct`` is a whole number but where it is an expectation.
    """
    # Rounded, since the order in which expectations are added shows in their last digits.
    right, total = round(float(counted.correct[row]), 6), int(counted.total[row])
    shown = int(right) if right.is_integer() else f"{right:.6f}"
    interval = counted.interval(row)
    return shown, total, f"{right / total:.6f}", *(interval.cells if interval else ())
