"""Tables against plain loops over the same counts, for each task's terms."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from picked import heads_of
from rich.console import Console
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.head_names import Cell
from probing.core.terms import Rival, Terms
from probing.counting.best import (
    Beside,
    baseline_scores,
    beside_heads,
    best_heads,
    probe_scores,
    untrained,
)
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.data.census import Census
from probing.data.store import EdgeWindows
from probing.reports.best_head_files import csv_columns, csv_rows, tex
from probing.reports.best_heads import (
    DEMONSTRATION,
    PARTIAL,
    absence,
    caveats,
    columns_of,
    markdown,
    notes_of,
    title_of,
)
from probing.reports.described import describe, unread
from probing.reports.figures.heads import head_overview, relation_heatmap, weight_heatmap
from probing.reports.figures.styles import COLUMN, PAGE
from probing.reports.findings import Findings
from probing.reports.summary import summary as summary_of
from probing.reports.tables import (
    BASELINES,
    ERRORS,
    PROBES,
    error_rows,
    head_columns,
    head_rows,
    score_rows,
)
from probing.reports.terminal import tables as terminal
from probing.reports.wording import wording_of

LAYERS, MANY = 3, 4
ROWS = ("obj", "all", "root", "det", "punct", "amod", "rare")
TOTALS = (40, 200, 0, 160, 70, 160, 9)

# What each task of the fixtures shows, written down by hand: the rows that come first, rivals that
# stand beside every best head, what probes are compared with, columns, and labels of baselines.
FIRST = {"relation": ["all"], "kind of errand": ["all", "punct", "rare"]}
BESIDE = {"relation": ["offset"], "kind of errand": ["rule", "random", "lag"]}
UNTRAINED = {
    "relation": ["right-branching", "best-offset", "best-head"],
    "kind of errand": ["best-rule", "random", "best-lag", "the first", "best-edge", "best-head"],
}
COLUMNS = {
    "relation": [
        *("relation", "anchors", "head", "direction", "accuracy"),
        *("strongest baseline", "strongest %", "offset", "offset %"),
    ],
    "kind of errand": [
        *("kind of errand", "anchors", "head", "direction", "accuracy"),
        *("strongest baseline", "strongest %", "rule", "rule %", "random %"),
        *("lag", "lag %"),
    ],
}
BRIEF = 7  # of these the terminal shows the first
STRONGEST = {f"offset={k}": f"offset {k:+d}" for k in range(-10, 11)}
# What stands behind these where heads were chosen elsewhere; the terminal leaves out some.
OWN = ["best on test", "best on test, direction", "best on test %", "flattery"]
OWN_IN_BRIEF = ["best on test", "flattery"]
LABELS = {
    **{f"offset={k}": f"{k:+d}" for k in range(-10, 11)},
    **{name: name for name in ("first", "last", "random")},
    "lag=far": "far",
    "lag=1": "+1",
    "lag=-2": "-2",
}


def random_counts(
    terms: Terms, seed: int, rows: Sequence[str] = ROWS, totals: Sequence[int] = TOTALS
) -> HeadCounts:
    """Few levels, so that heads and baselines tie; ``random`` has expected values."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(totals)

    def counts(*shape: int) -> Tensor:
        share = torch.randint(0, 4, (len(rows), *shape), generator=rng)
        return share * total.view(-1, *[1] * len(shape)) // 4

    cell = (3, LAYERS, MANY)
    correct = counts(*cell)
    wrong = total.view(-1, 1, 1, 1, 1) - correct[..., None]
    baselines = counts(len(terms.baselines)).double()
    for k, name in enumerate(terms.baselines):
        if name == "random":
            baselines[:, k] = total * torch.rand(len(rows), generator=rng, dtype=torch.float64)
    return HeadCounts(
        terms=terms,
        rows=rows,
        total=total,
        correct=correct,
        errors=wrong * torch.tensor([1, 0, 2])[: len(terms.errors)] // 4,
        reachable=counts(*cell[:2]),
        shared=total.view(-1, 1) // torch.tensor([4, 8]),
        quantities=torch.rand(len(rows), *cell, 3, generator=rng, dtype=torch.float64),
        baselines=baselines,
    )


def naive_order(terms: Terms, rows: Sequence[str], totals: Sequence[int]) -> list[str]:
    """Those of the task first, then the most frequent; the alphabet decides between equals."""
    named = {row: total for row, total in zip(rows, totals, strict=True) if total}
    first = [row for row in FIRST[wording_of(terms).row] if row in named]
    rest = sorted(set(named) - set(first))
    rest.sort(key=lambda row: -named[row])  # stable
    return first + rest


def naive_best_head(counts: HeadCounts, relation: str) -> tuple[int, int, int]:
    r, best, found = counts.rows.index(relation), -1, (0, 0, 0)
    for d in range(3):
        for layer in range(LAYERS):
            for head in range(MANY):
                if int(counts.correct[r, d, layer, head]) > best:
                    best, found = int(counts.correct[r, d, layer, head]), (d, layer, head)
    return found


def right(counts: HeadCounts, relation: str, baseline: str) -> float:
    """How many anchors of a row a baseline gets right."""
    return float(
        counts.baselines[counts.rows.index(relation), counts.terms.baselines.index(baseline)]
    )


def naive_best(counts: HeadCounts, relation: str, names: Sequence[str]) -> str:
    """The first of those of ``names`` that get the most right."""
    best, found = -1.0, ""
    for name in names:
        if right(counts, relation, name) > best:
            best, found = right(counts, relation, name), name
    return found


def rivals_of(terms: Terms) -> list[Rival]:
    """Those beside every best head."""
    named = {rival.name: rival for rival in terms.rivals}
    return [named[name] for name in BESIDE[wording_of(terms).row]]


def naive_strongest(counts: HeadCounts, relation: str) -> str:
    """Of all baselines of :func:`rivals_of` the first that gets the most right."""
    beside = {name for rival in rivals_of(counts.terms) for name in rival.of}
    return naive_best(counts, relation, [n for n in counts.terms.baselines if n in beside])


def shown(correct: float) -> object:
    """Counts are whole; an expected value has six decimals."""
    return int(correct) if correct == int(correct) else f"{correct:.6f}"


def test_order_is_that_of_the_task_and_then_by_frequency(terms: Terms) -> None:
    counts = random_counts(terms, 0)
    expected = {
        "relation": ["all", "amod", "det", "punct", "obj", "rare"],
        "kind of errand": ["all", "punct", "rare", "amod", "det", "obj"],
    }
    assert [ROWS[r] for r in counts.order()] == expected[wording_of(terms).row]
    assert naive_order(terms, ROWS, TOTALS) == expected[wording_of(terms).row]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same split", "another split"])
def test_best_heads_are_chosen_on_one_split_and_counted_on_another(
    seed: int, elsewhere: bool, terms: Terms
) -> None:
    counts = random_counts(terms, seed)
    # The other split has its rows in another order, and other totals.
    other = random_counts(terms, seed + 100, ROWS[::-1], [80] * len(ROWS))
    chosen = other if elsewhere else counts
    table = best_heads(counts, chosen, at_least=40)
    relations = [row for row in naive_order(terms, ROWS, TOTALS) if TOTALS[ROWS.index(row)] >= 40]
    assert [line.relation for line in table] == relations
    assert "obj" in relations  # exactly as many as it takes
    for line in table:
        r = ROWS.index(line.relation)
        d, layer, head = naive_best_head(chosen, line.relation)
        assert line.head == Cell(terms.directions[d], layer + 1, head + 1)
        assert str(line.head) == f"{layer + 1}-{head + 1}"
        assert line.total == TOTALS[r]
        assert line.correct == int(counts.correct[r, d, layer, head])
        assert line.accuracy == line.correct / TOTALS[r]
        d, layer, head = naive_best_head(counts, line.relation)
        assert line.own == Cell(terms.directions[d], layer + 1, head + 1)
        assert line.own_correct == int(counts.correct[r, d, layer, head])
        expected = []
        for rival in rivals_of(terms):
            name = naive_best(chosen, line.relation, rival.of)
            expected.append(Beside(rival, name, right(counts, line.relation, name)))
        assert list(line.beside) == expected
        name = naive_strongest(chosen, line.relation)
        assert line.strongest
        assert line.strongest.baseline == name
        assert line.strongest.correct == right(counts, line.relation, name)
        assert [beside.label for beside in line.beside] == [LABELS[e.baseline] for e in expected]


def test_choosing_elsewhere_costs_accuracy(terms: Terms) -> None:
    """Were all chosen by the split that they are reported on, both tables would agree."""
    counts, chosen = random_counts(terms, 0), random_counts(terms, 100)
    own = {line.relation: line for line in best_heads(counts, counts, at_least=1)}
    other = {line.relation: line for line in best_heads(counts, chosen, at_least=1)}
    assert own.keys() == other.keys()
    assert all(other[relation].correct <= own[relation].correct for relation in own)
    assert any(other[relation].correct < own[relation].correct for relation in own)
    for k, rival in enumerate(rivals_of(terms)):
        pairs = [(other[row].beside[k].correct, own[row].beside[k].correct) for row in own]
        assert all(left <= best for left, best in pairs)
        assert any(left < best for left, best in pairs) == (len(rival.of) > 1)


@pytest.mark.parametrize(
    ("rows", "totals"),
    [(("all", "obj", "amod"), (10, 5, 5)), (("all", "det", "obj", "amod"), (10, 0, 5, 5))],
    ids=["no such row", "a row without anchors"],
)
def test_a_relation_that_the_choice_has_not_seen_is_left_out(
    rows: Sequence[str], totals: Sequence[int], terms: Terms
) -> None:
    chosen = random_counts(terms, 1, rows, totals)
    table = best_heads(random_counts(terms, 0), chosen, at_least=1)
    assert [line.relation for line in table] == ["all", "amod", "obj"]


def test_ties_go_to_the_first_head_and_baseline(terms: Terms) -> None:
    """The first that the rival names, wherever it stands among the baselines."""
    counts = random_counts(terms, 0)
    counts = replace(
        counts,
        correct=torch.ones_like(counts.correct),
        baselines=torch.ones_like(counts.baselines),
    )
    line = best_heads(counts, counts, at_least=1)[0]
    assert line.head == Cell(terms.directions[0], 1, 1)
    first = {"relation": ["offset=-10"], "kind of errand": ["first", "random", "lag=far"]}
    assert [beside.baseline for beside in line.beside] == first[wording_of(terms).row]


def test_heads_and_baselines_are_counted_over_all_rows(terms: Terms) -> None:
    counts = random_counts(terms, 1)
    for d, direction in enumerate(terms.directions):
        found = counts.of_head(Cell(direction, 3, 2))
        assert found.tolist() == [int(counts.correct[r, d, 2, 1]) for r in range(len(ROWS))]
    for name in terms.baselines:
        assert counts.of_baseline(name).tolist() == [right(counts, row, name) for row in ROWS]


def test_head_rows_are_lines_of_heads_csv(terms: Terms) -> None:
    counts = random_counts(terms, 2)
    directions = {
        "relation": ("dep->head", "head->dep", "both"),
        "kind of errand": ("seeker->found", "found->seeker", "either way"),
    }
    expected = []
    for relation in naive_order(terms, ROWS, TOTALS):
        r = ROWS.index(relation)
        for d, direction in enumerate(directions[wording_of(terms).row]):
            for layer in range(LAYERS):
                for head in range(MANY):
                    correct = int(counts.correct[r, d, layer, head])
                    gold = float(counts.quantities[r, d, layer, head, 0])
                    special = float(counts.quantities[r, d, layer, head, 1])
                    wins = float(counts.quantities[r, d, layer, head, 2])
                    expected.append(
                        {
                            "relation": relation,
                            "direction": direction,
                            "layer": layer + 1,
                            "head": head + 1,
                            "correct": correct,
                            "total": TOTALS[r],
                            "reachable": int(counts.reachable[r, d, layer]),
                            "accuracy": f"{correct / TOTALS[r]:.6f}",
                            "gold_mass": f"{gold / TOTALS[r]:.6f}",
                            "special_mass": f"{special / TOTALS[r]:.6f}",
                            "special_wins": f"{wins / TOTALS[r]:.6f}",
                        }
                    )
    assert [
        dict(zip(head_columns(counts), line, strict=True)) for line in head_rows(counts)
    ] == expected


def test_error_rows_are_lines_of_errors_csv(terms: Terms) -> None:
    counts = random_counts(terms, 2)
    expected = []
    for relation in naive_order(terms, ROWS, TOTALS):
        r = ROWS.index(relation)
        for d, direction in enumerate(terms.directions):
            for layer in range(LAYERS):
                for head in range(MANY):
                    for kind, error in enumerate(terms.errors):
                        count = int(counts.errors[r, d, layer, head, kind])
                        expected.append(
                            {
                                "relation": relation,
                                "direction": direction,
                                "layer": layer + 1,
                                "head": head + 1,
                                "error": error,
                                "count": count,
                                "share": f"{count / TOTALS[r]:.6f}",
                            }
                        )
    assert [dict(zip(ERRORS, line, strict=True)) for line in error_rows(counts)] == expected
    assert bool(expected) == bool(terms.errors)


def test_baseline_rows_are_lines_of_baselines_csv(terms: Terms) -> None:
    counts = random_counts(terms, 3)
    names = {
        "relation": [f"offset={k}" for k in [*range(-10, 0), *range(1, 11)]],
        "kind of errand": ["lag=-2", "random", "last", "lag=1", "first", "lag=far"],
    }
    expected = [
        {
            "baseline": name,
            "relation": relation,
            "correct": shown(right(counts, relation, name)),
            "total": TOTALS[ROWS.index(relation)],
            "accuracy": f"{right(counts, relation, name) / TOTALS[ROWS.index(relation)]:.6f}",
        }
        for name in names[wording_of(terms).row]
        for relation in naive_order(terms, ROWS, TOTALS)
    ]
    assert [
        dict(zip(BASELINES, line, strict=True)) for line in score_rows(baseline_scores(counts))
    ] == expected


@pytest.mark.parametrize(
    ("correct", "expected"),
    [(0.0, 0), (7.0, 7), (9.0, 9), (4.5, "4.500000"), (1 / 3, "0.333333"), (2e6 / 3e6, "0.666667")],
)
def test_only_an_expected_value_is_written_with_decimals(
    correct: float, expected: object, made_up: Terms
) -> None:
    counts = random_counts(made_up, 0, ["all"], [9])
    counts = replace(counts, baselines=torch.full_like(counts.baselines, correct))
    for line in score_rows(baseline_scores(counts)):
        assert line[2:] == (expected, 9, f"{correct / 9:.6f}")
        assert type(line[2]) is type(expected)


def test_the_order_of_batches_does_not_show_in_an_expected_value(made_up: Terms) -> None:
    """However batches were dealt to processes, the files are the same."""
    shares = torch.tensor([1 / 3, 1 / 6, 1 / 2, 1 / 7, 6 / 7, 1 / 3, 2 / 3], dtype=torch.float64)
    counts = random_counts(made_up, 0, ["all"], [9])
    written = set()
    for order in permutations(range(len(shares))):
        correct = sum(shares[list(order)], torch.zeros((), dtype=torch.float64))
        baselines = correct.expand_as(counts.baselines)
        written.add(tuple(score_rows(baseline_scores(replace(counts, baselines=baselines)))))
    assert len(written) == 1


def random_probes(seed: int, names: Sequence[str], totals: Sequence[int] = TOTALS) -> ProbeCounts:
    """Root words are anchors of probes: their row counts here, and so ``all`` counts more."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(
        [t + 20 if r in ("all", "root") else t for r, t in zip(ROWS, totals, strict=True)]
    )
    share = torch.rand(len(ROWS), len(names), generator=rng)
    return ProbeCounts(ROWS, names, (share * total[:, None]).floor().double(), total)


@pytest.mark.parametrize("names", [("first probe", "second"), ()])
def test_probe_rows_are_lines_of_probes_csv(names: tuple[str, ...], terms: Terms) -> None:
    heads, chosen = random_counts(terms, 4), random_counts(terms, 104)
    probes = random_probes(4, names)
    totals = dict(zip(ROWS, probes.total.tolist(), strict=True))
    order = naive_order(terms, ROWS, probes.total.tolist())
    assert "root" in order
    d, layer, head = naive_best_head(chosen, "all")
    rivals = {rival.name: rival.of for rival in terms.rivals}
    expected = []
    for name in (*names, *UNTRAINED[wording_of(terms).row]):
        for relation in order:
            r = ROWS.index(relation)
            if name in names:
                correct = float(probes.correct[r, names.index(name)])
            elif name == "best-head":
                correct = float(heads.correct[r, d, layer, head])
            else:
                best = naive_best(chosen, "all", rivals[name.removeprefix("best-")])
                correct = right(heads, relation, best)
            accuracy = f"{correct / totals[relation]:.6f}"
            line = (name, relation, shown(correct), totals[relation], accuracy)
            expected.append(dict(zip(PROBES, line, strict=True)))
            if relation == "root" and name not in names:
                assert correct == 0
    found = [
        dict(zip(PROBES, line, strict=True))
        for line in score_rows(probe_scores(probes, heads, chosen))
    ]
    assert found == expected


def test_without_a_choice_only_what_needs_none_is_reported(terms: Terms) -> None:
    heads = random_counts(terms, 0)
    nothing = random_counts(terms, 0, totals=[0] * len(ROWS))
    alone = {"relation": ["right-branching"], "kind of errand": ["random", "the first"]}
    assert list(untrained(heads, nothing)) == alone[wording_of(terms).row]
    assert list(untrained(heads, heads)) == UNTRAINED[wording_of(terms).row]
    for name in alone[wording_of(terms).row]:
        found, expected = untrained(heads, nothing)[name], untrained(heads, heads)[name]
        assert torch.equal(found.correct, expected.correct)


def test_root_words_are_wrong_for_what_needs_no_training(
    random_edges: Callable[..., tuple[EdgeBatch, Encoding]],
) -> None:
    """From a batch up: a right-branching tree's root word has no word to its right as head."""
    batch, encoding = random_edges(6, lengths=(6, 3, 8))
    heads, offsets, probes = (
        HeadAccuracy(),
        EdgeAccuracy(batch.terms.baselines),
        EdgeAccuracy(()),
    )
    heads.update(batch, heads_of(batch, encoding))
    offsets.update(batch, batch.baselines)
    probes.update(batch, batch.is_anchor.new_zeros(*batch.is_anchor.shape, 0))
    counts = HeadCounts(
        terms=batch.terms,
        rows=batch.rows,
        baselines=offsets.compute()["correct"],
        **heads.compute(),
    )
    anchors = probes.compute()
    probe_counts = ProbeCounts(batch.rows, (), anchors["correct"], anchors["total"])
    cell = counts.best_head(0)

    words = roots = branching = head_right = 0
    for b, a in batch.is_anchor.nonzero().tolist():
        if not batch.member[b, a, 0]:
            continue  # punctuation
        i, gold = int(batch.anchors[b, a]), int(batch.gold[b, a].nonzero()) - 1
        words, roots = words + 1, roots + (gold < 0)
        branching += gold == i + 1
        row = encoding.part("attention")[b, cell.layer - 1, cell.head - 1, i]
        column = encoding.part("attention")[b, cell.layer - 1, cell.head - 1, :, i]
        scores = {"dep->head": row, "head->dep": column, "both": row + column}[cell.direction]
        others = [j for j in range(int(batch.lengths[b])) if j != i]
        head_right += max(others, key=lambda j: float(scores[j])) == gold
    assert roots > 0
    lines = {
        (line[0], line[1]): line[2:]
        for line in score_rows(probe_scores(probe_counts, counts, counts))
    }
    assert lines["right-branching", "all"] == (branching, words, f"{branching / words:.6f}")
    assert lines["best-head", "all"] == (head_right, words, f"{head_right / words:.6f}")
    assert int(counts.total[0]) == words - roots


# -------------------------------------------------------------------- what is written


def findings(
    terms: Terms,
    split: str = "test",
    chosen_on: str = "val",
    source: str = "a/wsj.conllu",
    min_anchors: int = 40,
) -> Findings:
    """Some rows have over a thousand anchors: tables write such numbers with a comma."""
    totals = [10 * total for total in TOTALS]
    return Findings(
        split=split,
        source=source,
        model="tiny",
        counts=random_counts(terms, 6, totals=totals),
        probes=random_probes(6, ("mine",), totals),
        chosen_on=chosen_on,
        chosen=random_counts(terms, 106),
        min_anchors=min_anchors,
    )


def titles_of(these: Findings) -> list[str]:
    return [column.title for column in columns_of(these)]


def cells_of_table(these: Findings) -> list[list[str]]:
    return [[column.cell(best) for column in columns_of(these)] for best in these.table]


def expected_lines(these: Findings, own: Sequence[str] = OWN) -> list[list[str]]:
    """The cells of the table of best heads, ``own`` columns last."""
    counts, terms = these.counts, these.counts.terms
    totals = counts.total.tolist()
    lines = []
    for relation in naive_order(terms, ROWS, totals):
        total = totals[ROWS.index(relation)]
        if total < these.min_anchors:
            continue
        d, layer, head = naive_best_head(these.chosen, relation)
        correct = int(counts.correct[ROWS.index(relation), d, layer, head])
        cells = [relation, f"{total:,}", f"{layer + 1}-{head + 1}", terms.directions[d]]
        cells.append(f"{100 * correct / total:.1f}")
        name = naive_strongest(these.chosen, relation)
        cells.append(STRONGEST.get(name, name))
        cells.append(f"{100 * right(counts, relation, name) / total:.1f}")
        for rival in rivals_of(terms) if own is OWN else ():
            name = naive_best(these.chosen, relation, rival.of)
            cells += [LABELS[name]] if len(rival.of) > 1 else []
            cells.append(f"{100 * right(counts, relation, name) / total:.1f}")
        d, layer, head = naive_best_head(counts, relation)
        best = int(counts.correct[ROWS.index(relation), d, layer, head])
        higher = f"{100 * (best - correct) / total:+.1f}"
        share = f"{100 * best / total:.1f}"
        there = [f"{layer + 1}-{head + 1}", terms.directions[d], share, higher]
        cells += [there[OWN.index(column)] for column in own]
        lines.append(cells)
    return lines


@pytest.mark.parametrize("min_anchors", [1, 400, 5000])
def test_lines_are_the_cells_under_the_columns(min_anchors: int, terms: Terms) -> None:
    these = findings(terms, min_anchors=min_anchors)
    assert titles_of(these) == COLUMNS[wording_of(terms).row] + OWN
    assert cells_of_table(these) == expected_lines(these)
    assert [len(line) for line in cells_of_table(these)] == [len(columns_of(these))] * len(
        these.table
    )
    assert len(cells_of_table(these)) == {1: 6, 400: 5, 5000: 0}[min_anchors]


def test_every_label_is_shown_for_what_it_stands_for(made_up: Terms) -> None:
    """Each baseline of a rival, when it is the best."""
    counts = random_counts(made_up, 0, ["all"], [100])
    for k, name in enumerate(made_up.baselines):
        best = torch.zeros_like(counts.baselines)
        best[:, k] = 50
        (line,) = best_heads(replace(counts, baselines=best), counts, at_least=1)
        (own,) = best_heads(counts, replace(counts, baselines=best), at_least=1)
        labels = {beside.baseline: beside.label for beside in own.beside}
        assert labels[name] == LABELS[name]
        assert {beside.correct for beside in line.beside} <= {0, 50}


def test_markdown_has_a_line_for_each_relation(terms: Terms) -> None:
    these = replace(findings(terms), is_partial=True)
    lines = markdown(these).splitlines()
    assert lines[0] == f"# Best head of each {wording_of(terms).row} (test: wsj.conllu)"
    assert lines[1:4] == ["", PARTIAL, ""]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    assert cells[0] == COLUMNS[wording_of(terms).row] + OWN
    words = (wording_of(terms).row, "direction", "best on test, direction", "strongest baseline")
    assert cells[1] == ["---" if column in words else "---:" for column in cells[0]]
    assert cells[2:] == expected_lines(these)
    assert lines[-1].startswith("|")
    assert markdown(these).endswith("|\n")


def test_findings_say_where_heads_and_which_baselines_were_chosen(terms: Terms) -> None:
    what = {"relation": "Heads and offsets", "kind of errand": "Heads, rules, lags and edges"}
    assert f"{what[wording_of(terms).row]} chosen on val." in markdown(findings(terms))
    own = findings(terms, split="val")
    assert "chosen on val, the data that they are scored on" in markdown(own)
    assert summary_of(findings(terms))["heads_chosen_on"] == "val"


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        (0.0, "chosen on val."),
        (0.8999, "chosen on val."),
        (0.9, "chosen on val, which holds 90.0% of the scored sentences: no held-out choice."),
        (1.0, "chosen on val, which holds all of the scored sentences: no held-out choice."),
    ],
)
def test_data_that_holds_the_scored_sentences_is_no_held_out_choice(
    shared: float, said: str, terms: Terms, screen: Callable[[], list[str]]
) -> None:
    these = replace(findings(terms), shared=shared)
    is_held_out = said == "chosen on val."
    terminal.show_findings(these)
    for text in (markdown(these), "\n".join(screen())):
        assert said in text
        assert ("best on test" in text) == ("points higher" in text) == is_held_out
    summary = summary_of(these)
    assert (summary["heads_chosen_on"], summary["held_out"]) == ("val", is_held_out)
    assert ("flattery" in summary) == is_held_out
    assert summary_of(findings(terms, split="val"))["held_out"] is False


def test_generated_text_is_called_a_demonstration(terms: Terms) -> None:
    generated = findings(terms, source="builtin:documents=3,seed=1")
    assert DEMONSTRATION in markdown(generated)
    assert summary_of(generated)["demonstration"] is True
    assert DEMONSTRATION not in markdown(findings(terms))
    assert summary_of(findings(terms))["demonstration"] is False


def test_the_summary_repeats_the_tables(terms: Terms) -> None:
    these = findings(terms)
    summary = summary_of(these)
    scores = {own.name: own.accuracy for own in these.scores if own.row == "all"}
    assert summary[{"relation": "uas", "kind of errand": "found"}[wording_of(terms).row]] == scores
    assert list(scores) == ["mine", *UNTRAINED[wording_of(terms).row]]
    best = summary["best_heads"]
    assert isinstance(best, dict)
    assert list(best) == [line.relation for line in these.table]
    for line in these.table:
        baselines = {}
        strongest = [n for n in terms.baselines if any(n in r.of for r in rivals_of(terms))]
        for rival in [Rival("strongest", tuple(strongest)), *rivals_of(terms)]:
            name = naive_best(these.chosen, line.relation, rival.of)
            share = right(these.counts, line.relation, name) / line.total
            baselines[rival.name] = {"baseline": name, "accuracy": round(share, 6)}
        assert best[line.relation] == {
            "head": str(line.head),
            "direction": line.head.direction,
            "accuracy": round(line.correct / line.total, 6),
            "anchors": line.total,
            **baselines,
            "best_on_test": {
                "head": str(line.own),
                "direction": line.own.direction,
                "accuracy": round(line.own_correct / line.total, 6),
                "flattery": round((line.own_correct - line.correct) / line.total, 6),
            },
        }


# ---------------------------------------------------------------------- for programs and papers


def test_the_file_for_programs_says_what_the_table_says(terms: Terms) -> None:
    these = findings(terms)
    titles = csv_columns(these)
    found = [dict(zip(titles, row, strict=True)) for row in csv_rows(these)]
    assert [row["relation"] for row in found] == [best.relation for best in these.table]
    for row, cells in zip(found, expected_lines(these), strict=True):
        d, layer, head = naive_best_head(these.chosen, str(row["relation"]))
        place = (row["direction"], row["layer"], row["head"])
        assert place == (terms.directions[d], layer + 1, head + 1)
        assert row["correct"] == int(
            these.counts.correct[ROWS.index(row["relation"]), d, layer, head]
        )
        assert f"{100 * float(row['accuracy']):.1f}" == cells[4]
        assert f"{100 * float(row['strongest_accuracy']):.1f}" == cells[6]
        own = f"{row['own_layer']}-{row['own_head']}"
        assert [own, row["own_direction"]] == cells[-4:-2]
        assert f"{100 * float(row['own_accuracy']):.1f}" == cells[-2]
    assert len({len(titles), *(len(row) for row in csv_rows(these))}) == 1
    flattered = replace(these, chosen_on=these.split, chosen=these.counts)
    assert not any(name.startswith("own_") for name in csv_columns(flattered))
    assert list(csv_rows(findings(terms, min_anchors=10_000))) == []


def test_the_table_for_a_paper_has_the_cells_of_the_terminal(terms: Terms) -> None:
    these = findings(terms)
    lines = tex(these).splitlines()
    heading = lines[lines.index(r"\toprule") + 1].removesuffix(r" \\").split(" & ")
    broken = re.compile(r"\\begin\{tabular\}\[b\]\{@\{\}[lr]@\{\}\}(.*)\\end\{tabular\}")
    joined = [broken.sub(r"\1", title).replace(r"\\", " ").replace(r"\%", "%") for title in heading]
    assert joined == COLUMNS[wording_of(terms).row][:BRIEF] + OWN_IN_BRIEF
    start, end = lines.index(r"\midrule") + 1, lines.index(r"\bottomrule")
    cells = [line.removesuffix(r" \\").split(" & ") for line in lines[start:end]]
    plain = [[cell.replace(r"\textgreater{}", ">").replace("--", "–").replace("–>", "->")
              .replace("$-$", "-").replace(r"\_\allowbreak{}", "_") for cell in row]
             for row in cells]  # fmt: skip
    assert plain == expected_lines(these, OWN_IN_BRIEF)
    assert r"\begin{tabular}{@{}lrrlrlrrr@{}}" in lines
    caption = next(line for line in lines if line.startswith(r"\caption"))
    assert "chosen on val." in caption
    assert "Best on test: chosen on the data that it is scored on" in caption
    assert "flattery: how many points higher that is" in caption
    assert "Where it is wrong" not in caption
    assert "VERB left" not in caption
    assert ("offset +1: the next word." in caption) == (wording_of(terms).row == "relation")
    flattered = tex(replace(these, chosen_on=these.split, chosen=these.counts))
    assert "flattery" not in flattered
    assert r"\label{tab:heads}" in lines


# ---------------------------------------------------------------------- what is shown


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What was shown so far, line by line, on a terminal wide enough for every table."""
    written = io.StringIO()
    wide = Console(highlight=False, soft_wrap=True, file=written, width=200)
    monkeypatch.setattr(terminal, "console", wide)
    return lambda: written.getvalue().splitlines()


def cells_of(lines: Sequence[str]) -> list[list[str]]:
    """The cells of the tables, headings included."""
    bars = str.maketrans("┃", "│")
    rows = [line.translate(bars) for line in lines if line[:1] in ("│", "┃")]
    return [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]


def test_the_terminal_shows_the_table_and_the_probes(
    terms: Terms, screen: Callable[[], list[str]]
) -> None:
    these = findings(terms)
    terminal.show_findings(these)
    cells = cells_of(screen())
    assert cells[0] == COLUMNS[wording_of(terms).row][:BRIEF] + OWN_IN_BRIEF
    count = len(expected_lines(these))
    assert cells[1 : count + 1] == expected_lines(these, OWN_IN_BRIEF)
    score = {"relation": "UAS", "kind of errand": "Found"}[wording_of(terms).row]
    assert cells[count + 1] == ["probe", "trained", "correct", "anchors", score]
    overall = {own.name: (own.correct, own.total) for own in these.scores if own.row == "all"}
    expected = [
        [
            name,
            "yes" if name == "mine" else "",
            f"{correct:,.0f}",
            f"{total:,}",
            f"{100 * correct / total:.1f}",
        ]
        for name, (correct, total) in sorted(overall.items(), key=lambda item: -item[1][0])
    ]
    assert cells[count + 2 :] == expected
    text = " ".join(screen())
    for said in (
        title_of(these),
        *notes_of(these, cells[0]),
        f"{wording_of(terms).title} (test)",
        *wording_of(terms).note.splitlines(),
    ):
        assert said in text


def test_with_many_rivals_the_terminal_shows_only_their_accuracies(
    terms: Terms, screen: Callable[[], list[str]]
) -> None:
    """Three draws of random weights fit beside what else there is."""
    alone = findings(terms)
    draws = {f"random_{k}": random_counts(terms, k, totals=alone.counts.total.tolist())
             for k in (1, 2, 3)}  # fmt: skip
    these = replace(
        alone,
        counts=beside_heads(alone.counts, draws),
        chosen=beside_heads(alone.chosen, {name: random_counts(terms, 106) for name in draws}),
    )
    terminal.show_findings(these)
    found = cells_of(screen())
    titles = titles_of(these)[: -len(OWN)]
    drawn = [title for name in draws for title in (name, f"{name} %")]
    assert titles == COLUMNS[wording_of(terms).row] + drawn
    assert found[0] == [*titles[:BRIEF], *(f"{name} %" for name in draws), *OWN_IN_BRIEF]
    shown = [[*line[:BRIEF], *line[len(titles) - 5 : len(titles) : 2]]
             for line in cells_of_table(these)]  # fmt: skip
    assert [line[: BRIEF + 3] for line in found[1 : 1 + len(shown)]] == shown


def test_what_is_best_over_all_is_named(terms: Terms) -> None:
    these = findings(terms)
    d, layer, head = naive_best_head(these.chosen, "all")
    expected = {"best-head": f"{layer + 1}-{head + 1} {terms.directions[d]}"}
    for rival in terms.rivals:
        if len(rival.of) > 1:
            best = naive_best(these.chosen, "all", rival.of)
            expected[f"best-{rival.name}"] = LABELS.get(best, best)
    assert these.best_over_all == expected
    assert set(expected) <= set(these.overall)
    unknown = random_counts(terms, 106, totals=[0] * len(ROWS))
    assert replace(these, chosen=unknown).best_over_all == {}


def test_a_table_without_a_line_says_how_to_see_more(
    terms: Terms, screen: Callable[[], list[str]]
) -> None:
    none = findings(terms, min_anchors=10_000)
    said = (
        f"No {wording_of(terms).row} has 10000 anchors; min_anchors=1 (--report.min_anchors 1) "
        "shows those with fewer."
    )
    terminal.show_findings(none)
    assert screen()[: 2 + len(notes_of(none, ()))] == [title_of(none), said, *notes_of(none, ())]
    assert markdown(none).splitlines()[-1] == said
    assert "|" not in markdown(none)
    assert " ".join(head_overview(none).texts[-1].get_text().split()) == said
    assert absence(findings(terms)) == ""


def test_a_table_without_a_line_says_where_its_rows_are_missing(terms: Terms) -> None:
    these = findings(terms)
    elsewhere = replace(these.chosen, total=torch.zeros_like(these.chosen.total))
    said = f"No {wording_of(terms).row} with 40 anchors has any on val, where heads are chosen."
    assert absence(replace(these, chosen=elsewhere)) == said
    nowhere = replace(these.counts, total=torch.zeros_like(these.counts.total))
    said = f"No {wording_of(terms).row} has an anchor that heads are scored on."
    assert absence(replace(these, counts=nowhere)) == said


@pytest.mark.parametrize("windows", [7000, 5])
def test_a_split_is_described_by_what_is_used_and_what_is_not(windows: int, terms: Terms) -> None:
    census = Census(
        documents=9,
        sentences=7004,
        used=7000,
        windows=windows,
        words=81_000,
        wordpieces=92_000,
        left_out=Counter({"over 512 wordpieces": 1, "a word without a wordpiece": 3}),
        faults=Counter({"cycle": 1200}),
        counts=Counter({"errands": 1500, "of no use": 0}),
    )
    corpus = EdgeWindows("a.conllu", None, census, terms, np.zeros(windows, np.int32), 0)  # type: ignore[arg-type]
    packed = "" if windows == 7000 else " in 5 windows"
    assert describe("test", corpus).splitlines() == [
        f"test: a.conllu: 7,000 sentences{packed}, 81,000 words, 92,000 wordpieces, special tokens "
        "included; left out: 3 with a word without a wordpiece, 1 over 512 wordpieces; kept, "
        "though not trees: 1,200 with cycle",
        "  1,500 errands",
    ]


def test_what_the_tokenizer_does_not_know_is_in_the_first_line(terms: Terms) -> None:
    census = Census(sentences=1, used=1, windows=1, words=40, unknown=3, rebuilt=13)
    corpus = EdgeWindows("a.conllu", None, census, terms, np.zeros(1, np.int32), 0)  # type: ignore[arg-type]
    (line,) = describe("test", corpus).splitlines()
    assert line.endswith(
        "; 3 of 40 words (7.5%) hold an unknown wordpiece; 13 of 40 words (32.5%) get other "
        "wordpieces than tokenizer.json gives them (--model.encoder.tokenizer_file true takes "
        "those)"
    )


@pytest.mark.parametrize(("unknown", "is_read"), [(0, True), (20, True), (21, False), (40, False)])
def test_a_text_that_is_mostly_unknown_is_warned_of_with_every_table(
    unknown: int, is_read: bool, terms: Terms, screen: Callable[[], list[str]]
) -> None:
    said = unread(unknown, 40)
    assert is_read == (said == "")
    these = replace(findings(terms), unread=said)
    terminal.show_findings(these)
    shown = " ".join(screen())
    for text in (markdown(these), shown, " ".join(caveats(these))):
        assert ("the model cannot read this text" in text) != is_read
        assert (f"{unknown} of 40 words" in text) != is_read


def test_what_heads_pick_from_is_told_where_it_is_not_the_usual(terms: Terms) -> None:
    for name, is_told in (("COREFERENCE", False), ("COREFERENCE_WORDS", True)):
        these = findings(replace(terms, wording=f"probing.reports.wording.{name}"))
        for text in (markdown(these), " ".join(caveats(these))):
            assert ("pick from all words of the window" in text) == is_told


def test_an_epoch_is_a_line_of_the_probes_scores(screen: Callable[[], list[str]]) -> None:
    terminal.show_epoch(2, "val", "UAS", {"mine": 0.12345, "other": 1})
    terminal.show_epoch(3, "val", "UAS", {})
    assert screen() == ["after epoch 2: UAS on val: mine 12.3, other 100.0"]


def test_each_panel_of_the_overview_names_the_head_and_the_strongest_baseline(terms: Terms) -> None:
    these = findings(terms)
    panels = [axes for axes in head_overview(these).axes if axes.get_title(loc="left")]
    assert len(panels) == len(these.table)
    for panel, line in zip(panels, these.table, strict=True):
        name = naive_strongest(these.chosen, line.relation)
        share = right(these.counts, line.relation, name) / line.total
        drawn = panel.images[0].get_array()
        row, d = ROWS.index(line.relation), terms.directions.index(line.head.direction)
        expected = 100 * these.counts.correct[row, d].double() / line.total
        assert drawn.tolist() == expected.tolist()
        low, high = float(expected.min()), float(expected.max())
        assert panel.images[0].get_clim() == (low, high)
        assert " ".join(panel.get_title(loc="left").split()) == (
            f"{line.relation} ({line.total:,}) {line.head.direction} "
            f"{line.head}: {100 * line.accuracy:.0f}% ({low:.0f}–{high:.0f}%) "
            f"{STRONGEST.get(name, name)}: {100 * share:.0f}%"
        )
        (outer, inner) = panel.patches
        assert outer.get_xy() == inner.get_xy() == (line.head.head - 0.5, line.head.layer - 0.5)
        assert panel.images[0].get_extent() == [0.5, MANY + 0.5, LAYERS + 0.5, 0.5]  # 1 on top
    for width in (COLUMN, PAGE):
        said = " ".join(head_overview(these, width=width).get_suptitle().split())
        assert title_of(these) in said
        assert "chosen on val" in said
        assert said.endswith(these.model + ".")


def test_a_head_that_was_chosen_elsewhere_is_framed_in_its_direction(terms: Terms) -> None:
    counts = random_counts(terms, 0)
    chosen = Cell(terms.directions[1], 2, 3)
    figure = relation_heatmap(counts, "det", chosen, said="2-3, chosen on val")
    frames = [[patch.get_xy() for patch in panel.patches] for panel in figure.axes[:3]]
    assert frames == [[], [(2.5, 1.5)] * 2, []]
    assert "framed: 2-3, chosen on val" in figure.get_suptitle()


def test_other_figures_name_the_directions(terms: Terms) -> None:
    counts = random_counts(terms, 0)
    panels = relation_heatmap(counts, "det").axes
    for panel, direction in zip(panels, terms.directions, strict=False):
        assert panel.get_title().startswith(f"{direction}, best ")
    weights = weight_heatmap(
        torch.ones(2, 3, 4), (1, 2, 3), title="mine", directions=terms.directions
    )
    assert [panel.get_title() for panel in weights.axes[:2]] == list(terms.directions[:2])
