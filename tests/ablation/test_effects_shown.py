"""Effects on the terminal and in the figure: small ones keep their digits."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from rich.console import Console

from probing.ablation.effects import Effect, magnitude
from probing.ablation.figure import effects_beside_controls
from probing.ablation.heads import HeadSet
from probing.ablation.outcomes import Outcome
from probing.ablation.shown import show_worst
from probing.counting.intervals import Interval
from probing.reports.terminal import tables

MOVED = Outcome("moved", "1 - cos", "higher")
SETS = [HeadSet.of([(3, head)]) for head in (5, 6, 7)]


def effect(difference: float, *, before: float = 0.0, head: int = 1) -> Effect:
    controls = [difference * share for share in (0.5, 0.25, -0.75)]
    ends = Interval(difference * 0.5, difference * 1.25, 30)
    heads = HeadSet.of([(3, head)])
    return Effect(heads, "text", MOVED, 9, before, before + difference, ends, SETS, controls)


@pytest.mark.parametrize("greatest", [3e-5, 1e-3, 0.0999, 0.1, 7.0, 123.0, 9e-12])
def test_the_magnitude_is_that_of_the_greatest(greatest: float) -> None:
    found = [effect(greatest / 9), effect(-greatest / 1.25, head=2)]
    power = magnitude(found)
    assert 10.0**power <= greatest * (1 + 1e-12) < 10.0 ** (power + 1)
    assert magnitude([effect(0.0)]) == magnitude([]) == 0


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("scale", [3.2e-5, 3.2e-2, 4.1e-14, 0.0])
def test_the_greatest_difference_has_two_digits_and_no_number_is_broken(
    scale: float, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(width=width, record=True, highlight=False)
    monkeypatch.setattr(tables, "console", console)
    found = [effect(scale, before=2.25), effect(scale / 4, before=2.25, head=2)]
    show_worst(found, how="mean", nearest=10)
    text = console.export_text()
    digits = min(8, max(4, 1 - math.floor(math.log10(1.25 * scale)))) if scale else 4
    words = set(re.findall(r"[-+]?\d+\.\d+", text))
    for own in found:
        assert own.interval is not None
        assert f"{own.after:.{digits}f}" in words
        for value in (own.difference, own.interval.low, own.interval.high, own.control_mean):
            assert f"{value:+.{digits}f}" in words
    assert all(len(word.partition(".")[2]) == digits for word in words)
    assert f"{found[0].rank} of 4" in text
    if scale == 3.2e-5:
        assert "+0.000032" in words


@pytest.mark.parametrize(("scale", "unit"), [(3.2e-5, " (1e-5)"), (3.2e-2, ""), (2.5, "")])
def test_small_differences_are_multiples_of_a_power_in_the_label(scale: float, unit: str) -> None:
    figure = effects_beside_controls([effect(scale), effect(scale / 4, head=2)])
    figure.canvas.draw()
    [panel] = figure.axes
    assert panel.get_ylabel() == f"difference in moved{unit}"
    assert panel.yaxis.get_offset_text().get_text() == ""
    factor = 1e5 if unit else 1.0
    low, high = panel.get_ylim()
    for tick, label in zip(panel.get_yticks(), panel.get_yticklabels(), strict=True):
        if low <= tick <= high:
            shown = float(label.get_text().replace("−", "-"))
            assert shown == pytest.approx(tick * factor, abs=1e-6)


def legend_of(found: list[Effect]) -> list[str]:
    [legend] = effects_beside_controls(found).legends
    return [text.get_text() for text in legend.get_texts()]


def test_the_figure_says_what_band_bars_and_marks_are() -> None:
    worst = effect(0.25)
    mild = replace(effect(0.125, head=2), controls=[1.0, 2.0, 0.0])
    band = ["range of 3 control sets of the same layers", "their mean"]
    bars = "ablated, and 95% interval"
    said = "rank 1 of 4: no control set is as bad"
    assert set(legend_of([worst, mild])) == {*band, bars, f"the same, {said}"}
    assert set(legend_of([worst])) == {*band, f"{bars}, {said}"}
    assert set(legend_of([replace(mild, interval=None)])) == {*band, "ablated"}
    assert legend_of([replace(mild, controls=[])]) == [bars]
    fewer = replace(mild, controls=[1.0])
    assert "range of 1–3 control sets of the same layers" in legend_of([worst, fewer])
    [panel] = effects_beside_controls([worst, mild]).axes
    ticks = [label.get_text().partition("\n")[2] for label in panel.get_xticklabels()]
    assert ticks == ["rank 1 of 4", "rank 3 of 4"]
