"""Agreement beyond chance against scikit-learn's kappa, loops, and by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from picked import heads_of
from sklearn.metrics import cohen_kappa_score
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.counting.agreement import add, binned, bins, kappa
from probing.counting.counts import HeadCounts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.rows import Rows
from probing.counting.subtypes import rolled_up
from probing.reports.tables import head_columns, head_rows

Edges = tuple[EdgeBatch, Encoding]
FAR = 1000


def of(picks: list[int | None], gold: list[int], reach: int = 20) -> float:
    """Kappa of one picker by offsets; ``None`` is no pick."""
    anchors = torch.full((1, len(gold)), FAR)
    told = torch.tensor([[pick is not None for pick in picks]])
    words = torch.tensor([[FAR + (pick or 0) for pick in picks]])
    histograms = torch.zeros(2, 1, bins(reach), dtype=torch.int64)
    rows = Rows(torch.ones(1, len(gold), 1, dtype=torch.bool))
    right = torch.tensor([[FAR + k for k in gold]])
    add(histograms[0], binned(words, anchors, told, reach), rows)
    add(histograms[1], binned(right, anchors, torch.ones_like(told), reach), rows)
    assert histograms.sum((1, 2)).tolist() == [len(gold)] * 2
    correct = sum(pick == k for pick, k in zip(picks, gold, strict=True))
    picked, answered = histograms[:, 0]
    return float(kappa(torch.tensor(correct), torch.tensor(len(gold)), picked, answered))


@pytest.mark.parametrize("seed", range(8))
def test_within_reach_it_is_cohens_kappa_of_two_annotators(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    gold = torch.randint(-3, 4, (60,), generator=rng).tolist()
    drawn = torch.randint(-3, 4, (60,), generator=rng).tolist()
    picks = [k if number % 3 == seed % 3 else other
             for number, (k, other) in enumerate(zip(gold, drawn, strict=True))]  # fmt: skip
    assert of(picks, gold) == pytest.approx(cohen_kappa_score(picks, gold), abs=1e-12)


def naive(picks: list[int | None], gold: list[int], reach: int) -> float:
    picked, answered = Counter(picks), Counter(gold)
    total = len(gold)
    chance = sum(picked[k] / total * answered[k] / total for k in range(-reach, reach + 1))
    right = sum(pick == k for pick, k in zip(picks, gold, strict=True)) / total
    return (right - chance) / (1 - chance)


def test_what_is_farther_and_what_is_no_pick_agrees_with_nothing_by_chance() -> None:
    """By hand: four anchors, offsets 1, 1, 21 and -21, of which two picks are right."""
    picks: list[int | None] = [1, None, 21, 3]
    gold = [1, 1, 21, -21]
    chance = 1 / 4 * 2 / 4  # that both are 1; 21 has no place of its own
    assert of(picks, gold) == pytest.approx((2 / 4 - chance) / (1 - chance))
    assert of(picks, gold) == pytest.approx(naive(picks, gold, 20))
    assert of(picks, gold, reach=21) == pytest.approx(naive(picks, gold, 21))
    assert of(picks, gold, reach=21) < of(picks, gold)


@pytest.mark.parametrize("seed", range(5))
def test_offsets_of_all_sizes_and_picks_that_are_none(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    gold = torch.randint(-30, 31, (200,), generator=rng).tolist()
    other = torch.randint(-30, 31, (200,), generator=rng).tolist()
    picks: list[int | None] = [
        None if n % 7 == 0 else gold[n] if n % 2 else other[n] for n in range(200)
    ]
    assert of(picks, gold) == pytest.approx(naive(picks, gold, 20), abs=1e-12)


def test_a_head_that_looks_at_the_next_word_knows_nothing_of_next_words() -> None:
    """Nine in ten heads of the relation are the next word, and so is every pick."""
    assert of([1] * 10, [1] * 9 + [2]) == pytest.approx(0)
    assert of([1] * 9 + [2], [1] * 9 + [2]) == pytest.approx(1)
    assert of([2] + [1] * 9, [1] * 9 + [2]) < 0


def test_where_chance_is_certain_there_is_no_kappa() -> None:
    assert math.isnan(of([1, 1, 1], [1, 1, 1]))
    assert of([25, 25], [25, 25]) == 1  # these are too far to agree by chance


# ----------------------------------------------------------------------- in reports


def counts_of(*edges: Edges) -> HeadCounts:
    heads, baselines = HeadAccuracy(), EdgeAccuracy(edges[0][0].terms.baselines)
    for batch, encoding in edges:
        heads.update(batch, heads_of(batch, encoding))
        baselines.update(batch, batch.baselines)
    return HeadCounts(
        batch.terms, batch.rows, baselines=baselines.compute()["correct"], **heads.compute()
    )


def naive_kappas(batch: EdgeBatch, encoding: Encoding, rows: list[str]) -> Tensor:
    """Of all anchors of some rows together, anchor by anchor: ``[3, L, H]``."""
    picks = heads_of(batch, encoding)
    found = torch.zeros(picks.words.shape[2:], dtype=torch.float64)
    own = [list(batch.rows).index(row) for row in rows]
    asked = [
        (b, a)
        for b, a in batch.is_anchor.nonzero().tolist()
        if batch.gold[b, a, 1:].any() and batch.member[b, a, own].any()
    ]
    gold = [int(batch.gold[b, a, 1:].nonzero()) - int(batch.anchors[b, a]) for b, a in asked]
    for cell in torch.ones_like(found).nonzero().tolist():
        offsets = [
            int(picks.words[b, a, *cell]) - int(batch.anchors[b, a])
            if picks.is_pick[b, a, *cell]
            else None
            for b, a in asked
        ]
        found[*cell] = naive(offsets, gold, 20)
    return found


def test_heads_csv_has_it_of_trees_alone(
    random_edges: Callable[..., Edges], terms: object, made_up: object
) -> None:
    batch, encoding = random_edges(4, lengths=(9, 25, 30), causal=True, terms=terms)
    counts = counts_of((batch, encoding))
    assert ("kappa" in head_columns(counts)) == (terms is not made_up)
    if terms is made_up:
        assert all(len(line) == len(head_columns(counts)) for line in head_rows(counts))
        return
    place = head_columns(counts).index("kappa")
    lines = list(head_rows(counts))
    for r in counts.order():
        own = [line[place] for line in lines if line[0] == counts.rows[r]]
        expected = naive_kappas(batch, encoding, [counts.rows[r]]).flatten().tolist()
        assert own == [f"{value:.6f}" for value in expected]


def test_rows_that_add_up_others_add_up_their_histograms(
    random_edges: Callable[..., Edges],
) -> None:
    batch, encoding = random_edges(4, lengths=(9, 8, 12))
    batch = replace(batch, rows=("all", "nsubj", "nsubj:pass", "punct"))
    counts = rolled_up(counts_of((batch, encoding)), ["nsubj:*"], ":")
    found = counts.kappa(list(counts.rows).index("nsubj:*"))
    assert found is not None
    expected = naive_kappas(batch, encoding, ["nsubj", "nsubj:pass"])
    assert torch.allclose(found, expected, atol=1e-12)


def test_a_kappa_that_is_none_is_an_empty_cell(random_edges: Callable[..., Edges]) -> None:
    batch, encoding = random_edges(4, lengths=(9,))
    counts = counts_of((batch, encoding))
    assert counts.offsets is not None
    assert counts.gold_offsets is not None
    offsets, gold = torch.zeros_like(counts.offsets), torch.zeros_like(counts.gold_offsets)
    offsets[..., 21] = counts.total.view(-1, 1, 1, 1)
    gold[:, 21] = counts.total
    counts = replace(counts, offsets=offsets, gold_offsets=gold)
    place = head_columns(counts).index("kappa")
    assert {line[place] for line in head_rows(counts)} == {""}
