"""Reports with intervals, and differences, against loops over the same resamples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from picked import heads_of
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.head_names import Cell
from probing.core.terms import Terms
from probing.counting.best import baseline_scores, beside_heads
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.differences import Pair, check, differences, names, read_pair
from probing.counting.intervals import FEW, wilson
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.resampling import Resampler
from probing.counting.subtypes import rolled_up
from probing.counting.tallies import Resampled
from probing.reports.best_heads import columns_of, markdown
from probing.reports.figures.heads import seed_overview
from probing.reports.findings import Findings
from probing.reports.summary import summary as summary_of
from probing.reports.tables import (
    BASELINES,
    DIFFERENCES,
    PROBES,
    difference_rows,
    head_columns,
    head_rows,
    score_rows,
    with_bounds,
)
from probing.reports.terminal import tables as terminal
from probing.reports.wording import wording_of

Edges = tuple[EdgeBatch, Encoding]
COUNT = 60
PROBE_NAMES = ("mine@1", "mine@2")


@pytest.fixture
def edges(random_edges: Callable[..., Edges], terms: Terms) -> Edges:
    """Forty windows of twenty documents."""
    batch, encoding = random_edges(8, lengths=[3 + i % 5 for i in range(40)], terms=terms)
    return replace(batch, units=torch.arange(40) % 20), encoding


def hits_of_probes(batch: EdgeBatch) -> Tensor:
    rng = torch.Generator().manual_seed(9)
    return torch.rand(*batch.anchors.shape, len(PROBE_NAMES), generator=rng) < 0.6


def counts_of(batch: EdgeBatch, encoding: Encoding, units: int = 20) -> HeadCounts:
    heads = HeadAccuracy(Resampler(COUNT))
    baselines = EdgeAccuracy(batch.terms.baselines, Resampler(COUNT))
    heads.update(batch, heads_of(batch, encoding))
    baselines.update(batch, batch.baselines)
    counted, plain = heads.compute(), baselines.compute()
    many = dict.fromkeys(batch.rows, units)
    drawn, others = (Resampled.taken(c, many, batch.rows) for c in (counted, plain))
    assert drawn
    assert others
    return HeadCounts(
        terms=batch.terms,
        rows=batch.rows,
        baselines=plain["correct"],
        resampled=drawn,
        resampled_baselines=others.beside(drawn),
        **counted,
    )


def probes_of(batch: EdgeBatch) -> ProbeCounts:
    metric = EdgeAccuracy(PROBE_NAMES, Resampler(COUNT))
    metric.update(batch, hits_of_probes(batch))
    counted = metric.compute()
    drawn = Resampled.taken(counted, dict.fromkeys(batch.rows, 20), batch.rows)
    return ProbeCounts(batch.rows, PROBE_NAMES, resampled=drawn, **counted)


def findings(edges: Edges, *pairs: str, units: int = 20) -> Findings:
    counts = counts_of(*edges, units)
    return Findings(
        split="test",
        source="a.conllu",
        model="tiny",
        counts=counts,
        probes=probes_of(edges[0]),
        chosen_on="test",
        chosen=counts,
        min_anchors=1,
        resamples="60 resamples of 20 documents",
        pairs=[read_pair(pair) for pair in pairs],
    )


def ends(shares: Tensor) -> tuple[str, str]:
    low, high = np.quantile(shares.numpy(), [0.025, 0.975])
    return f"{low:.6f}", f"{high:.6f}"


def expected_ends(correct: float, total: int, drawn: Tensor, totals: Tensor) -> tuple[str, str]:
    if correct in (0, total):
        low, high = wilson(torch.tensor(correct), torch.tensor(total)).tolist()
        return f"{low:.6f}", f"{high:.6f}"
    return ends(drawn / totals)


def test_every_line_of_heads_and_baselines_ends_in_its_interval(edges: Edges) -> None:
    counts = counts_of(*edges)
    drawn = counts.resampled
    assert drawn
    columns = head_columns(counts)
    assert columns[-3:] == ["low", "high", "units"]
    for line in head_rows(counts):
        cells = dict(zip(columns, line, strict=True))
        r = list(counts.rows).index(str(cells["relation"]))
        d = counts.terms.directions.index(str(cells["direction"]))
        own = drawn.correct[r, :, d, int(str(cells["layer"])) - 1, int(str(cells["head"])) - 1]
        correct, total = int(str(cells["correct"])), int(counts.total[r])
        assert (cells["low"], cells["high"]) == expected_ends(correct, total, own, drawn.total[r])
        assert cells["units"] == 20
    columns = with_bounds(BASELINES, counts)
    others = counts.resampled_baselines
    assert others
    for line in score_rows(baseline_scores(counts)):
        cells = dict(zip(columns, line, strict=True))
        r = list(counts.rows).index(str(cells["relation"]))
        k = counts.terms.baselines.index(str(cells["baseline"]))
        correct, total = float(str(cells["correct"])), int(counts.total[r])
        own = others.correct[r, :, k]
        assert (cells["low"], cells["high"]) == expected_ends(correct, total, own, drawn.total[r])


def test_probes_and_what_needs_no_training_have_intervals_over_the_same_anchors(
    edges: Edges,
) -> None:
    these = findings(edges)
    drawn, heads = these.probes.resampled, these.counts.resampled
    assert drawn
    assert heads
    columns = with_bounds(PROBES, these.probes)
    lines = {(str(line[0]), str(line[1])): line for line in score_rows(these.scores)}
    for (name, row), line in lines.items():
        cells = dict(zip(columns, line, strict=True))
        assert float(str(cells["low"])) <= float(str(cells["accuracy"])) + 0.1
        r = list(these.probes.rows).index(row)
        if name in PROBE_NAMES:
            own = drawn.correct[r, :, PROBE_NAMES.index(name)]
        elif name == "best-head":
            best = these.counts.best_head(0)
            d = these.counts.terms.directions.index(best.direction)
            own = heads.correct[r, :, d, best.layer - 1, best.head - 1]
        else:
            continue
        correct, total = float(str(cells["correct"])), int(these.probes.total[r])
        assert (cells["low"], cells["high"]) == expected_ends(correct, total, own, drawn.total[r])
    assert {name for name, _ in lines} >= {*PROBE_NAMES, "best-head"}


def test_tables_and_summary_show_intervals(edges: Edges) -> None:
    these = findings(edges)
    assert [column.title for column in columns_of(these)][:7] == [
        *(
            wording_of(these.counts.terms).row,
            "anchors",
            "units",
            "head",
            "direction",
            "accuracy",
            "interval",
        )
    ]
    assert "Intervals: 95%, from 60 resamples of 20 documents." in markdown(these)
    summary = summary_of(these)
    best = summary["best_heads"]
    assert isinstance(best, dict)
    for line in these.table:
        cells = [column.cell(line) for column in columns_of(these)]
        assert line.interval
        assert cells[2] == "20"
        assert cells[6] == f"{100 * line.interval.low:.1f}–{100 * line.interval.high:.1f}"
        low, high = round(line.interval.low, 6), round(line.interval.high, 6)
        assert {k: best[line.relation][k] for k in ("low", "high", "units")} == {
            "low": low,
            "high": high,
            "units": 20,
        }
    assert "interval" in [column.title for column in columns_of(these) if column.brief]


def test_without_resamples_nothing_speaks_of_intervals(edges: Edges) -> None:
    these = findings(edges)
    plain = replace(
        these,
        counts=replace(these.counts, resampled=None, resampled_baselines=None),
        probes=replace(these.probes, resampled=None),
        resamples="",
    )
    assert not {"interval", "units"} & {column.title for column in columns_of(plain)}
    assert with_bounds(BASELINES, plain.counts) == BASELINES
    assert {len(line) for line in score_rows(plain.scores)} == {len(PROBES)}
    assert "nterval" not in markdown(plain) + str(summary_of(plain))


def test_heads_of_further_encoders_bring_their_intervals(edges: Edges) -> None:
    counts = counts_of(*edges)
    both = beside_heads(counts, {"twin": counts})
    name = "twin=2-3 " + counts.terms.directions[1]
    own, twin = counts.head(Cell(counts.terms.directions[1], 2, 3)), both.baseline(name)
    assert own.interval(0) == twin.interval(0) is not None
    first = counts.terms.baselines[0]
    assert both.baseline(first).interval(0) == counts.baseline(first).interval(0)


# ----------------------------------------------------------------------- differences


def test_differences_are_those_of_the_two_in_each_resample(edges: Edges) -> None:
    first = edges[0].terms.directions[0]
    these = findings(edges, "mine@1,mine@2", f"2-1, 1-3 {first}", "mine@2,best-head")
    drawn, heads = these.probes.resampled, these.counts.resampled
    assert drawn
    assert heads
    best = these.counts.best_head(0)
    d = these.counts.terms.directions.index(best.direction)
    taken = {
        "mine@1": (drawn.correct[..., 0], these.probes.correct[:, 0]),
        "mine@2": (drawn.correct[..., 1], these.probes.correct[:, 1]),
        "2-1": (heads.correct[:, :, 0, 1, 0], these.counts.correct[:, 0, 1, 0]),
        f"1-3 {first}": (heads.correct[:, :, 0, 0, 2], these.counts.correct[:, 0, 0, 2]),
        "best-head": (
            heads.correct[:, :, d, best.layer - 1, best.head - 1],
            these.counts.correct[:, d, best.layer - 1, best.head - 1],
        ),
    }
    found = [
        dict(zip(DIFFERENCES, line, strict=True)) for line in difference_rows(these.differences)
    ]
    assert len(found) >= 9
    for cells in found:
        r = list(these.probes.rows).index(str(cells["relation"]))
        of_probes = "mine" in f"{cells['first']} {cells['second']}"
        base = drawn if of_probes else heads
        total = int((these.probes if of_probes else these.counts).total[r])
        one, other = taken[str(cells["first"])], taken[str(cells["second"])]
        apart = (float(one[1][r]) - float(other[1][r])) / total
        assert cells["total"] == total
        assert float(str(cells["difference"])) == pytest.approx(apart, abs=1e-6)
        assert cells["first_accuracy"] == f"{float(one[1][r]) / total:.6f}"
        low, high = np.quantile(((one[0] - other[0])[r] / base.total[r]).numpy(), [0.025, 0.975])
        assert float(str(cells["low"])) == pytest.approx(low, abs=1e-6)
        assert float(str(cells["high"])) == pytest.approx(high, abs=1e-6)


def test_few_units_leave_the_ends_of_a_difference_open(
    edges: Edges, capsys: pytest.CaptureFixture[str]
) -> None:
    these = findings(edges, "2-1,1-3", units=FEW - 1)
    assert {line[-3:] for line in difference_rows(these.differences)} == {("", "", FEW - 1)}
    assert {found.absence for found in these.differences} == {"too few (10 needed)"}
    terminal.show_findings(these)
    shown = capsys.readouterr().out
    (line,) = (line for line in shown.splitlines() if line.startswith("│ 2-1 "))
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells[-2:] == ["too few (10 needed)", str(FEW - 1)]


def test_no_interval_where_no_resample_differs(edges: Edges) -> None:
    these = findings(edges, f"2-1,2-1 {edges[0].terms.directions[0]}")
    assert these.differences
    for found, line in zip(these.differences, difference_rows(these.differences), strict=True):
        assert line[-4:] == ("0.000000", "", "", 20)
        assert found.absence == "the same in all resamples"


def test_the_best_head_of_a_further_encoder_can_be_compared(edges: Edges) -> None:
    these = findings(edges, "best-head,best-twin", "mine@1,best-twin")
    other = replace(these.counts, correct=these.counts.correct.flip(3))
    both = beside_heads(these.counts, {"twin": other})
    check(these.pairs, names(edges[0].terms, PROBE_NAMES, [], ["twin"]))
    found = list(differences(these.pairs, these.probes, both, both))
    best = other.head(other.best_head(0))
    assert {line.pair for line in found} == set(these.pairs)
    for line in found:
        right = float(best.correct[list(both.rows).index(line.row)])
        assert line.second == pytest.approx(right / line.total)


def test_a_pair_of_which_nothing_could_be_chosen_is_left_out(edges: Edges) -> None:
    these = findings(edges, "mine@1,best-head", "mine@1,mine@2")
    nothing = replace(these.counts, total=torch.zeros_like(these.counts.total))
    found = differences(these.pairs, these.probes, these.counts, nothing)
    assert {line.pair for line in found} == {Pair("mine@1", "mine@2")}


@pytest.mark.parametrize("text", ["", "a", "a,", "a,b,c", ","])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(ProbingError, match="--paired: expected two names with a comma"):
        read_pair(text)


def test_names_that_can_be_compared(terms: Terms) -> None:
    cells = [Cell(direction, 2, head) for direction in terms.directions for head in (1, 2)]
    known = names(terms, ["mine"], cells)
    first, second, third = terms.directions
    for name in ("mine", "2-1", f"2-2 {third}", "best-head", *terms.baselines):
        check([Pair(name, f"2-1 {second}")], known)
    for name in ("yours", "1-1", "2-3", f"2-1 {first}x", "best"):
        with pytest.raises(ProbingError, match=f"--paired: .*, found '{name}'"):
            check([Pair("mine", name)], known)
    with pytest.raises(ProbingError, match="found 'best-haed'; the nearest: 'best-head'"):
        check([Pair("mine", "best-haed")], known)


# ------------------------------------------------------------------------- what is shown


def test_the_terminal_shows_seeds_and_differences(
    edges: Edges, capsys: pytest.CaptureFixture[str]
) -> None:
    these = findings(edges, "mine@1,mine@2", "2-1,1-3")
    terminal.show_findings(these)
    shown = capsys.readouterr().out
    (family,) = these.overall_families
    numbers = [f"{100 * v:.1f}" for v in (family.mean, family.sd, family.low, family.high)]
    row = next(line for line in shown.splitlines() if line.startswith("│ mine "))
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["mine", "2", *numbers]
    over_all = [found for found in these.differences if found.row == "all"]
    for found in over_all:
        assert found.interval
        assert f"{100 * found.apart:+.1f}" in shown
        between = f"{100 * found.interval.low:+.1f} to {100 * found.interval.high:+.1f}"
        assert between in shown
    assert summary_of(these)["seeds"] == {
        "mine": {
            "seeds": [1, 2],
            "mean": round(family.mean, 6),
            "sd": round(family.sd, 6),
            "min": family.low,
            "max": family.high,
        }
    }
    listed = summary_of(these)["differences"]
    assert isinstance(listed, list)
    assert [item["difference"] for item in listed] == [round(f.apart, 6) for f in over_all]


def test_the_figure_of_seeds_has_a_circle_a_seed_and_lines_for_the_others(edges: Edges) -> None:
    these = findings(edges)
    (panel,) = seed_overview(these).axes
    circles = next(line for line in panel.lines if line.get_marker() == "o")
    scores = [100 * these.overall[name].accuracy for name in PROBE_NAMES]
    assert list(circles.get_xdata()) == pytest.approx(scores)
    labels = {text.get_text().rpartition(" ")[0] for text in panel.get_legend().get_texts()}
    assert labels == {name for name in these.overall if name not in PROBE_NAMES}


def test_added_up_rows_have_intervals_of_their_own(edges: Edges) -> None:
    """The sums of the labels' rows in each resample; a unit of both labels counts once."""
    batch, encoding = edges
    rows = ("all", "obj", "obj:x", "punct")
    counts = counts_of(replace(batch, rows=rows), encoding)
    drawn, others = counts.resampled, counts.resampled_baselines
    assert drawn
    assert others
    known = {"obj": 12, "obj:x": 15, "obj:*": 18}
    longer = rolled_up(
        replace(
            counts,
            resampled=replace(drawn, by_name=known),
            resampled_baselines=replace(others, by_name=known),
        ),
        ["obj:*"],
        ":",
    )
    assert longer.resampled
    assert longer.resampled_baselines
    assert list(longer.rows) == [*rows, "obj:*"]
    for found, parts in ((longer.resampled, drawn), (longer.resampled_baselines, others)):
        assert torch.equal(found.correct[4], parts.correct[1] + parts.correct[2])
        assert torch.equal(found.total[4], parts.total[1] + parts.total[2])
        assert found.units.tolist() == [20, 20, 20, 20, 18]
        assert torch.equal(found.correct[:4], parts.correct)
    interval = longer.head(Cell(counts.terms.directions[0], 1, 1)).interval(4)
    assert interval
    assert interval.units == 18
