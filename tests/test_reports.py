"""Tables against plain loops over the same counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from probing.batch import EdgeBatch, Encoding
from probing.findings import DEMONSTRATION, Findings, best_heads_markdown
from probing.functional import DIRECTIONS, OFFSETS, offset_hits
from probing.metrics import EdgeAccuracy, HeadAccuracy
from probing.reports import (
    BASELINES,
    HEADS,
    PROBES,
    Cell,
    HeadCounts,
    ProbeCounts,
    baseline_rows,
    best_heads,
    head_rows,
    probe_rows,
    untrained,
)

LAYERS, MANY = 3, 4
ROWS = ("obj", "all", "root", "det", "punct", "amod", "rare")
TOTALS = (40, 200, 0, 160, 70, 160, 9)


def random_counts(
    seed: int, rows: Sequence[str] = ROWS, totals: Sequence[int] = TOTALS
) -> HeadCounts:
    """Few levels, so that heads and offsets tie."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(totals)

    def counts(*shape: int) -> Tensor:
        share = torch.randint(0, 4, (len(rows), *shape), generator=rng)
        return share * total.view(-1, *[1] * len(shape)) // 4

    cell = (len(DIRECTIONS), LAYERS, MANY)
    return HeadCounts(
        rows=rows,
        total=total,
        correct=counts(*cell),
        reachable=counts(*cell[:2]),
        gold_mass=torch.rand(len(rows), *cell, generator=rng, dtype=torch.float64),
        special_mass=torch.rand(len(rows), *cell, generator=rng, dtype=torch.float64),
        offsets=counts(len(OFFSETS)),
    )


def naive_order(rows: Sequence[str], totals: Sequence[int]) -> list[str]:
    """``all`` first, then the most frequent; the alphabet decides between equals."""
    named = {row: total for row, total in zip(rows, totals, strict=True) if total}
    rest = sorted(set(named) - {"all"})
    rest.sort(key=lambda row: -named[row])  # stable
    return [*(["all"] if "all" in named else []), *rest]


def naive_best_head(counts: HeadCounts, relation: str) -> tuple[int, int, int]:
    r, best, found = counts.rows.index(relation), -1, (0, 0, 0)
    for d in range(3):
        for layer in range(LAYERS):
            for head in range(MANY):
                if int(counts.correct[r, d, layer, head]) > best:
                    best, found = int(counts.correct[r, d, layer, head]), (d, layer, head)
    return found


def naive_best_offset(counts: HeadCounts, relation: str) -> int:
    right = counts.offsets[counts.rows.index(relation)].tolist()
    return right.index(max(right))


def test_order_is_all_and_then_by_frequency() -> None:
    counts = random_counts(0)
    assert [ROWS[r] for r in counts.order()] == naive_order(ROWS, TOTALS)
    assert naive_order(ROWS, TOTALS) == ["all", "amod", "det", "punct", "obj", "rare"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same split", "another split"])
def test_best_heads_are_chosen_on_one_split_and_counted_on_another(
    seed: int, elsewhere: bool
) -> None:
    counts = random_counts(seed)
    # The other split has its rows in another order, and other totals.
    chosen = random_counts(seed + 100, ROWS[::-1], [80] * len(ROWS)) if elsewhere else counts
    table = best_heads(counts, chosen, at_least=40)
    relations = [row for row in naive_order(ROWS, TOTALS) if TOTALS[ROWS.index(row)] >= 40]
    assert [line.relation for line in table] == relations
    assert "obj" in relations  # exactly as many as it takes
    for line in table:
        r = ROWS.index(line.relation)
        d, layer, head = naive_best_head(chosen, line.relation)
        assert line.head == Cell(DIRECTIONS[d], layer + 1, head + 1)
        assert str(line.head) == f"{layer + 1}-{head + 1}"
        assert line.total == TOTALS[r]
        assert line.correct == int(counts.correct[r, d, layer, head])
        assert line.accuracy == line.correct / TOTALS[r]
        k = naive_best_offset(chosen, line.relation)
        assert line.offset == OFFSETS[k]
        assert line.offset_correct == int(counts.offsets[r, k])
        assert line.offset_accuracy == line.offset_correct / TOTALS[r]


def test_choosing_elsewhere_costs_accuracy() -> None:
    """Were heads chosen by the split that they are reported on, both tables would agree."""
    counts, chosen = random_counts(0), random_counts(100)
    own = {line.relation: line.correct for line in best_heads(counts, counts, at_least=1)}
    other = {line.relation: line.correct for line in best_heads(counts, chosen, at_least=1)}
    assert own.keys() == other.keys()
    assert all(other[relation] <= own[relation] for relation in own)
    assert other != own


@pytest.mark.parametrize(
    "chosen",
    [
        random_counts(1, ("all", "obj", "amod"), (10, 5, 5)),
        random_counts(1, ("all", "det", "obj", "amod"), (10, 0, 5, 5)),
    ],
    ids=["no such row", "a row without anchors"],
)
def test_a_relation_that_the_choice_has_not_seen_is_left_out(chosen: HeadCounts) -> None:
    table = best_heads(random_counts(0), chosen, at_least=1)
    assert [line.relation for line in table] == ["all", "amod", "obj"]


def test_ties_go_to_the_first_head_and_offset() -> None:
    counts = random_counts(0)
    counts = replace(
        counts,
        correct=torch.ones_like(counts.correct),
        offsets=torch.ones_like(counts.offsets),
    )
    line = best_heads(counts, counts, at_least=1)[0]
    assert line.head == Cell("dep->head", 1, 1)
    assert line.offset == -10


def test_head_rows_are_lines_of_heads_csv() -> None:
    counts = random_counts(2)
    expected = []
    for relation in naive_order(ROWS, TOTALS):
        r = ROWS.index(relation)
        for d, direction in enumerate(("dep->head", "head->dep", "both")):
            for layer in range(LAYERS):
                for head in range(MANY):
                    correct = int(counts.correct[r, d, layer, head])
                    gold = float(counts.gold_mass[r, d, layer, head])
                    special = float(counts.special_mass[r, d, layer, head])
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
                        }
                    )
    assert [dict(zip(HEADS, line, strict=True)) for line in head_rows(counts)] == expected


def test_baseline_rows_are_lines_of_baselines_csv() -> None:
    counts = random_counts(3)
    expected = [
        {
            "baseline": f"offset={offset}",
            "relation": relation,
            "correct": int(counts.offsets[ROWS.index(relation), k]),
            "total": TOTALS[ROWS.index(relation)],
            "accuracy": f"{int(counts.offsets[r, k]) / TOTALS[r]:.6f}",
        }
        for k, offset in enumerate([*range(-10, 0), *range(1, 11)])
        for relation in naive_order(ROWS, TOTALS)
        for r in [ROWS.index(relation)]
    ]
    assert [dict(zip(BASELINES, line, strict=True)) for line in baseline_rows(counts)] == expected


def random_probes(seed: int, names: Sequence[str]) -> ProbeCounts:
    """Root words are anchors of probes: their row counts here, and so ``all`` counts more."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(
        [t + 20 if r in ("all", "root") else t for r, t in zip(ROWS, TOTALS, strict=True)]
    )
    share = torch.rand(len(ROWS), len(names), generator=rng)
    return ProbeCounts(ROWS, names, (share * total[:, None]).long(), total)


@pytest.mark.parametrize("names", [("first", "second"), ()])
def test_probe_rows_are_lines_of_probes_csv(names: tuple[str, ...]) -> None:
    heads, chosen, probes = random_counts(4), random_counts(104), random_probes(4, names)
    totals = dict(zip(ROWS, probes.total.tolist(), strict=True))
    order = naive_order(ROWS, probes.total.tolist())
    assert "root" in order
    d, layer, head = naive_best_head(chosen, "all")
    k = naive_best_offset(chosen, "all")
    expected = []
    for name in (*names, "right-branching", "best-offset", "best-head"):
        for relation in order:
            r = ROWS.index(relation)
            if name in names:
                correct = int(probes.correct[r, names.index(name)])
            elif name == "best-head":
                correct = int(heads.correct[r, d, layer, head])
            else:
                right = {"right-branching": OFFSETS.index(1), "best-offset": k}[name]
                correct = int(heads.offsets[r, right])
            accuracy = f"{correct / totals[relation]:.6f}"
            expected.append(
                dict(
                    zip(PROBES, (name, relation, correct, totals[relation], accuracy), strict=True)
                )
            )
            if relation == "root" and name not in names:
                assert correct == 0
    found = [dict(zip(PROBES, line, strict=True)) for line in probe_rows(probes, heads, chosen)]
    assert found == expected


def test_without_a_choice_only_what_needs_none_is_reported() -> None:
    heads = random_counts(0)
    nothing = random_counts(0, totals=[0] * len(ROWS))
    assert set(untrained(heads, nothing)) == {"right-branching"}
    assert set(untrained(heads, heads)) == {"right-branching", "best-offset", "best-head"}


def test_root_words_are_wrong_for_what_needs_no_training(
    random_edges: Callable[..., tuple[EdgeBatch, Encoding]],
) -> None:
    """From a batch up: a right-branching tree's root word has no word to its right as head."""
    batch, encoding = random_edges(6, lengths=(6, 3, 8))
    heads, offsets, probes = (
        HeadAccuracy(),
        EdgeAccuracy(tuple(map(str, OFFSETS))),
        EdgeAccuracy(()),
    )
    heads.update(batch, encoding)
    offsets.update(batch, offset_hits(batch.gold, batch.anchors, batch.lengths))
    probes.update(batch, batch.is_anchor.new_zeros(*batch.is_anchor.shape, 0))
    counts = HeadCounts(rows=batch.rows, **heads.compute(), offsets=offsets.compute()["correct"])
    anchors = probes.compute()
    probe_counts = ProbeCounts(batch.rows, (), anchors["correct"], anchors["total"])
    cell = counts.best_head(0)

    words = roots = right = head_right = 0
    for b, a in batch.is_anchor.nonzero().tolist():
        if not batch.member[b, a, 0]:
            continue  # punctuation
        i, gold = int(batch.anchors[b, a]), int(batch.gold[b, a].nonzero()) - 1
        words, roots = words + 1, roots + (gold < 0)
        right += gold == i + 1
        row = encoding.part("attention")[b, cell.layer - 1, cell.head - 1, i]
        column = encoding.part("attention")[b, cell.layer - 1, cell.head - 1, :, i]
        scores = {"dep->head": row, "head->dep": column, "both": row + column}[cell.direction]
        others = [j for j in range(int(batch.lengths[b])) if j != i]
        head_right += max(others, key=lambda j: float(scores[j])) == gold
    assert roots > 0
    lines = {(line[0], line[1]): line[2:] for line in probe_rows(probe_counts, counts, counts)}
    assert lines["right-branching", "all"] == (right, words, f"{right / words:.6f}")
    assert lines["best-head", "all"] == (head_right, words, f"{head_right / words:.6f}")
    assert int(counts.total[0]) == words - roots


# -------------------------------------------------------------------- what is written


def test_markdown_has_a_line_for_each_relation() -> None:
    counts = random_counts(5)
    table = best_heads(counts, counts, at_least=40)
    text = best_heads_markdown(table, title="Best heads", notes=["One.", "Two."])
    lines = text.splitlines()
    assert lines[:5] == ["# Best heads", "", "One.", "", "Two."]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    assert len({len(line) for line in cells}) == 1
    assert text.endswith("|\n")
    for found, line in zip(cells[2:], table, strict=True):
        r = ROWS.index(line.relation)
        assert found == [
            line.relation,
            str(TOTALS[r]),
            f"{line.head.layer}-{line.head.head}",
            line.head.direction,
            f"{100 * line.correct / TOTALS[r]:.1f}",
            f"{line.offset:+d}",
            f"{100 * line.offset_correct / TOTALS[r]:.1f}",
        ]


def findings(split: str = "test", chosen_on: str = "val", source: str = "a/wsj.conllu") -> Findings:
    return Findings(
        split=split,
        source=source,
        model="tiny",
        counts=random_counts(6),
        probes=random_probes(6, ("mine",)),
        chosen_on=chosen_on,
        chosen=random_counts(106),
        min_anchors=40,
    )


def test_findings_say_where_heads_were_chosen() -> None:
    assert "chosen on val." in findings().markdown
    own = findings(split="val")
    assert "chosen on val, the data that they are scored on" in own.markdown
    assert findings().summary()["heads_chosen_on"] == "val"


def test_generated_text_is_called_a_demonstration() -> None:
    assert DEMONSTRATION in findings(source="builtin:documents=3,seed=1").markdown
    assert findings(source="builtin:documents=3,seed=1").summary()["demonstration"] is True
    assert DEMONSTRATION not in findings().markdown
    assert findings().summary()["demonstration"] is False


def test_the_summary_repeats_the_tables() -> None:
    these = findings()
    summary = these.summary()
    uas = {line[0]: float(str(line[4])) for line in these.probe_table if line[1] == "all"}
    assert summary["uas"] == uas
    assert list(uas) == ["mine", "right-branching", "best-offset", "best-head"]
    best = summary["best_heads"]
    assert isinstance(best, dict)
    for line in these.table:
        assert best[line.relation] == {
            "head": str(line.head),
            "direction": line.head.direction,
            "accuracy": round(line.correct / line.total, 6),
            "anchors": line.total,
            "offset": line.offset,
            "offset_accuracy": round(line.offset_correct / line.total, 6),
        }
