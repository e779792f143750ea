"""From counts to the lines of tables: pure functions, no files, no trainer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan

import numpy as np

from probing.core import quantities
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.differences import Difference
from probing.counting.hard import Hard
from probing.counting.intervals import BOUNDS, Interval, bounds
from probing.counting.significance import TableTests
from probing.counting.spread import Family
from probing.counting.tallies import Score

HEADS = "relation,direction,layer,head,correct,total,reachable,accuracy".split(",")
"""Behind these stand the quantities, see :func:`head_columns`."""


KAPPA = "kappa"
KAPPA_MEANS = "Cohen's agreement of pick and gold beyond what their distances alone would bring"
"""Behind the quantities, where offsets were told apart."""


BASELINES = "baseline,relation,correct,total,accuracy".split(",")


ERRORS = "relation,direction,layer,head,error,count,share".split(",")


HARD = (
    "relation,direction,layer,head,baseline,total,hard,hard_correct,hard_accuracy,easy,"
    "easy_correct,easy_accuracy,agreed,agreement"
).split(",")


PROBES = "probe,relation,correct,total,accuracy".split(",")


SEEDS = "probe,relation,seeds,mean,sd,min,max".split(",")


DIFFERENCES = (
    "first,second,relation,total,first_accuracy,second_accuracy,difference,low,high,units"
).split(",")


WEIGHTS = "epoch,probe,direction,layer,head,weight".split(",")


TESTS = (
    "relation,direction,layer,head,total,correct,accuracy,baseline,baseline_correct,"
    "baseline_accuracy,difference,p,q,p_alone"
).split(",")


def with_bounds(columns: Sequence[str], counts: HeadCounts | ProbeCounts) -> list[str]:
    """The columns, and those of intervals where there are any."""
    return [*columns, *(BOUNDS if counts.resampled else ())]


def head_columns(counts: HeadCounts) -> list[str]:
    """The columns of ``heads.csv``: a quantity that is measured of heads is a column."""
    measured = [each.name for each in quantities.QUANTITIES]
    return with_bounds([*HEADS, *measured, *([KAPPA] if counts.has_kappa else [])], counts)


def head_rows(counts: HeadCounts) -> Iterator[tuple[object, ...]]:
    """Lines of ``heads.csv``."""
    _, directions, layers, heads = counts.correct.shape
    for r in counts.order():
        total = int(counts.total[r])
        kappa, ends = counts.kappa(r), _ends_of_heads(counts, r)
        right, sums_of = counts.correct[r].tolist(), counts.quantities[r].tolist()
        reachable = counts.reachable[r].tolist()
        for d in range(directions):
            for layer in range(layers):
                for head in range(heads):
                    correct, sums = right[d][layer][head], sums_of[d][layer][head]
                    yield (
                        counts.rows[r],
                        counts.terms.directions[d],
                        counts.layers[layer],
                        head + 1,
                        correct,
                        total,
                        reachable[d][layer],
                        f"{correct / total:.6f}",
                        *(f"{value / total:.6f}" for value in sums),
                        *(() if kappa is None else [_share(float(kappa[d, layer, head]))]),
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
        for (d, layer, head, kind), count in np.ndenumerate(counts.errors[r].numpy()):
            yield (
                counts.rows[r],
                counts.terms.directions[d],
                counts.layers[layer],
                head + 1,
                counts.terms.errors[kind],
                count,
                f"{count / total:.6f}",
            )


def test_rows(tests: TableTests) -> Iterator[tuple[object, ...]]:
    """Lines of ``tests.csv``: all that was tested."""
    counts = tests.counts
    for f, (r, baseline) in enumerate(zip(tests.rows, tests.baselines, strict=True)):
        right = round(float(counts.of_baseline(baseline)[r]), 6)
        right_of, total, share = share_cells(right, int(counts.total[r]))
        for d, layer, head in np.ndindex(*tests.p.shape[1:]):
            correct = int(counts.correct[r, d, layer, head])
            probabilities = (each[f, d, layer, head] for each in (tests.p, tests.q, tests.p_alone))
            yield (
                counts.rows[r],
                counts.terms.directions[d],
                counts.layers[layer],
                head + 1,
                total,
                correct,
                f"{correct / int(counts.total[r]):.6f}",
                baseline,
                right_of,
                share,
                f"{(correct - right) / int(counts.total[r]):.6f}",
                *(f"{float(value):.6f}" for value in probabilities),
            )


def hard_rows(found: Iterable[Hard]) -> Iterator[tuple[object, ...]]:
    """Lines of ``hard.csv``."""
    for own in found:
        yield (
            own.row,
            own.head.direction,
            own.head.layer,
            own.head.head,
            own.baseline,
            own.total,
            own.hard,
            own.hard_correct,
            _share(own.on_hard),
            own.easy,
            own.easy_correct,
            _share(own.on_easy),
            "" if own.agreed is None else own.agreed,
            _share(own.agreement),
        )


def _share(value: float | None) -> str:
    return "" if value is None or isnan(value) else f"{value:.6f}"


def score_rows(scores: Iterable[Score]) -> Iterator[tuple[object, ...]]:
    """Lines of ``baselines.csv``, ``probes.csv`` and ``trees.csv``."""
    for score in scores:
        yield (
            score.name,
            score.row,
            *share_cells(score.correct, score.total),
            *_ends(score.interval),
        )


def share_cells(correct: float, total: int) -> tuple[object, object, object]:
    """Correct, total and accuracy."""
    right = int(correct) if correct.is_integer() else f"{correct:.6f}"
    return right, total, f"{correct / total:.6f}"


def seed_rows(families: Iterable[Family]) -> Iterator[tuple[object, ...]]:
    """Lines of ``seeds.csv``."""
    for family in families:
        values = (family.mean, family.sd, family.low, family.high)
        seeds = len(family.accuracies)
        yield (family.name, family.row, seeds, *(f"{value:.6f}" for value in values))


def difference_rows(differences: Iterable[Difference]) -> Iterator[tuple[object, ...]]:
    """Lines of ``differences.csv``; without bounds where there is no interval."""
    for found in differences:
        shares = (f"{value:.6f}" for value in (found.first, found.second, found.apart))
        ends = _ends(found.interval) or ("", "", "" if found.units is None else found.units)
        yield (found.pair.first, found.pair.second, found.row, found.total, *shares, *ends)


def _ends(interval: Interval | None) -> tuple[object, ...]:
    return interval.cells if interval else ()
