"""Effects, ranks and intervals against plain loops."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean, stdev

import numpy as np
import pytest
import torch
from splitmix import resampled

from probing.ablation.controls import Plan
from probing.ablation.effects import (
    COLUMNS,
    CONTROLS,
    Effect,
    Measured,
    control_lines,
    effect_lines,
    effects,
)
from probing.ablation.heads import HeadSet
from probing.ablation.outcomes import Outcome

LOSS = Outcome("loss", "nats", "higher")
ACCURACY = replace(LOSS, name="accuracy", worse="lower")
A, B, C, D = (HeadSet.of([(1, h)]) for h in (1, 2, 3, 4))
PLAN = Plan({A: [B, C], B: [C, D], C: []})


def measured(items: int, outcome: Outcome = LOSS, units: int | None = None) -> Measured:
    rng = torch.Generator().manual_seed(items)
    values = torch.rand(1 + len(PLAN.sets), items, generator=rng, dtype=torch.float64)
    weights = torch.randint(1, 5, (items,), generator=rng).double()
    own = torch.arange(items) * 7919 + 3
    return Measured("text", outcome, values, weights, own if units is None else own % units)


@pytest.mark.parametrize("outcome", [LOSS, ACCURACY], ids=["higher", "lower"])
def test_means_differences_and_ranks(outcome: Outcome) -> None:
    found = measured(23, outcome)
    total = float(found.weights.sum())
    means = [sum(found.values[k].tolist()) / total for k in range(len(found.values))]
    after = dict(zip((A, B, C, D), means[1:], strict=True))
    sign = 1 if outcome.worse == "higher" else -1
    for own in effects(PLAN, found, resamples=0):
        assert own.before == pytest.approx(means[0], abs=1e-12)
        assert own.after == pytest.approx(after[own.heads], abs=1e-12)
        controls = [after[other] - means[0] for other in PLAN.controls[own.heads]]
        assert own.controls == pytest.approx(controls, abs=1e-12)
        worse = [other for other in controls if sign * other >= sign * own.difference]
        assert own.rank == 1 + len(worse)
        assert own.p == own.rank / (1 + len(controls))
        assert own.least_p == 1 / (1 + len(controls))
        if controls:
            assert own.control_mean == pytest.approx(mean(controls))
            assert own.control_sd == pytest.approx(stdev(controls))
        else:
            assert own.control_mean is None
            assert own.control_sd is None
        assert own.interval is None


def test_a_control_that_does_the_same_is_as_bad() -> None:
    own = Effect(A, "text", LOSS, 3, 1.0, 1.5, None, [B, C], [0.5, 0.25])
    assert own.rank == 2


@pytest.mark.parametrize("units", [None, 12])
def test_intervals_are_percentiles_of_resampled_differences(units: int | None) -> None:
    """Items of one unit are drawn together, and before and after in the same resamples."""
    found, count = measured(40, units=units), 60
    for own, heads in zip(effects(PLAN, found, resamples=count), (1, 2, 3), strict=True):
        apart = (found.values[heads] - found.values[0]).tolist()
        shares = resampled(apart, found.weights.tolist(), found.units.tolist(), count)
        low, high = np.percentile(shares, [2.5, 97.5])
        assert own.interval is not None
        assert (own.interval.low, own.interval.high) == pytest.approx((low, high), abs=1e-9)
        assert own.interval.units == (units or 40)


def test_few_units_have_no_interval() -> None:
    assert all(own.interval is None for own in effects(PLAN, measured(9), resamples=50))
    assert all(own.interval is None for own in effects(PLAN, measured(40, units=9), resamples=50))


def test_items_that_were_not_run_do_not_count() -> None:
    whole = measured(15)
    values = torch.cat([whole.values, torch.zeros(5, 4, dtype=torch.float64)], 1)
    weights = torch.cat([whole.weights, torch.zeros(4, dtype=torch.float64)])
    units = torch.cat([whole.units, torch.arange(4)])
    partial = Measured("text", LOSS, values, weights, units)
    assert effects(PLAN, partial, resamples=50) == effects(PLAN, whole, resamples=50)


def test_of_what_is_about_a_layer_only_sets_below_it_have_an_effect() -> None:
    found = measured(15, replace(LOSS, of_layer=1))
    assert effects(PLAN, found, resamples=0) == []
    above = replace(found, outcome=replace(LOSS, of_layer=2))
    assert [own.heads for own in effects(PLAN, above, resamples=0)] == [A, B, C]
    both = Plan({HeadSet.of([(1, 1), (2, 1)]): [], B: [C, D]})
    assert [own.heads for own in effects(both, above, resamples=0)] == [B]


def test_lines_have_what_their_columns_say() -> None:
    found = effects(PLAN, measured(30), resamples=50)
    lines = [dict(zip(COLUMNS, line, strict=True)) for line in effect_lines(found)]
    assert [line["heads"] for line in lines] == ["1-1", "1-2", "1-3"]
    for line, own in zip(lines, found, strict=True):
        assert float(str(line["difference"])) == pytest.approx(own.difference, abs=1e-9)
        assert line["items"] == line["units"] == 30
        assert line["sets"] == len(own.controls)
    assert [lines[2][name] for name in ("control_mean", "control_sd", "rank", "p", "least_p")] == [
        ""
    ] * 5
    controls = [dict(zip(CONTROLS, line, strict=True)) for line in control_lines(found)]
    assert [(line["heads"], line["control"]) for line in controls] == [
        ("1-1", "1-2"), ("1-1", "1-3"), ("1-2", "1-3"), ("1-2", "1-4"),
    ]  # fmt: skip
