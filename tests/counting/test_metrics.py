"""Counts against plain loops in float64, whatever the batches that they come from.

Words that share all their wordpieces come from real maps in `test_shared_wordpieces.py`; here
they are made up, so that everything else that is said of counts is said of them, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from columns import kinds_of, with_cells
from picked import heads_of, layers_of
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_sum

from probing.core.batches import EdgeBatch, Encoding
from probing.core.terms import Terms
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy, Spread, WordMean

Edges = tuple[EdgeBatch, Encoding]
MakeEdges = Callable[..., Edges]
LENGTHS = (5, 2, 7, 1)

KINDS: dict[str, dict[str, Any]] = {
    "dependency": {},
    "coreference": {"gold": 3, "restricted": True, "shared": True, "few": True, "root": False},
    "several gold, ROOT among them": {"gold": 3, "shared": True},
    "causal": {"causal": True, "gold": 2},
    "words alike": {"alike": True, "gold": 2},
    "mentions alike": {"gold": 3, "restricted": True, "shared": True, "root": False, "alike": True},
    "alike and causal": {"causal": True, "gold": 2, "few": True, "alike": True},
}
CLASSES = ([0, 0, 2, 3, 3, 5, 6], [0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 2, 2, 5, 5], [*range(7)])
"""The first word of each word's class, window by window."""
FINE = 2**12
REACH = {"probing.reports.wording.DEPENDENCIES": 42, "errands.WORDS": 0}
"""How many bins offsets have: -20 to 20, and one for all else."""


def coarse(encoding: Encoding, parts: int = 16) -> Encoding:
    """Attention in sixteenths: sums are exact in any order, and ties and zeros are many."""
    assert encoding.attention is not None
    assert encoding.boundary is not None
    return replace(
        encoding,
        attention=(parts * encoding.attention).round() / parts,
        boundary=(parts * encoding.boundary).round() / parts,
    )


def made_alike(batch: EdgeBatch, encoding: Encoding) -> Edges:
    """Words of a class get the rows and columns of its first one, but for what rounding does."""
    class_of = torch.tensor(CLASSES)
    window = torch.arange(len(LENGTHS))[:, None, None]
    to, of = class_of[:, :, None], class_of[:, None]
    attention = encoding.part("attention").movedim((1, 2), (3, 4))[window, to, of]
    rng = torch.Generator().manual_seed(8)
    noise = torch.randint(3, attention.shape, generator=rng) / 2**20 * (attention > 0)
    visible = encoding.visible
    seen = None if visible is None else visible.movedim(1, 3)[window, to, of].movedim(3, 1)
    attention = (attention + noise).movedim((3, 4), (1, 2))
    return replace(batch, class_of=class_of), replace(encoding, attention=attention, visible=seen)


@pytest.fixture(params=KINDS)
def edges(request: pytest.FixtureRequest, random_edges: MakeEdges, terms: Terms) -> Edges:
    """Of every kind, for each task."""
    kind = dict(KINDS[request.param])
    alike = kind.pop("alike", False)
    batch, encoding = random_edges(1, lengths=LENGTHS, terms=terms, **kind)
    # Finer parts, or rounding would part classes, too, that tie.
    return made_alike(batch, coarse(encoding, FINE)) if alike else (batch, coarse(encoding))


def offset_bin(anchor: int, word: int | None) -> int:
    """No window of these tests is so long that a word is too far."""
    return 41 if word is None else word - anchor + 20


def naive_counts(edges: Sequence[Edges]) -> dict[str, Tensor]:
    """Every anchor, head and direction, one after the other."""
    (batch, encoding), *_ = edges
    rows = len(batch.rows)
    _, layers, heads, _, _ = encoding.part("attention").shape
    cell = (rows, 3, layers, heads)
    counts = {
        "total": torch.zeros(rows, dtype=torch.int64),
        "correct": torch.zeros(cell, dtype=torch.int64),
        "errors": torch.zeros((*cell, len(batch.terms.errors)), dtype=torch.int64),
        "reachable": torch.zeros(cell[:3], dtype=torch.int64),
        "shared": torch.zeros(rows, 2, dtype=torch.int64),
        "quantities": torch.zeros((*cell, 3), dtype=torch.float64),
        "offsets": torch.zeros((*cell, REACH[batch.terms.wording]), dtype=torch.int64),
        "gold_offsets": torch.zeros(rows, REACH[batch.terms.wording], dtype=torch.int64),
    }
    told = counts["gold_offsets"].shape[1] > 0
    for batch, encoding in edges:
        for b, a in batch.is_anchor.nonzero().tolist():
            i = int(batch.anchors[b, a])
            gold = [j for j in range(batch.width) if batch.gold[b, a, j + 1]]
            if not gold:
                continue  # only ROOT is gold: no head could be right
            allowed = [j for j in range(batch.width) if batch.candidates[b, a, j + 1]]
            kinds = kinds_of(batch)[b, a, 1:].tolist()
            own = batch.member[b, a].nonzero().flatten().tolist()
            counts["total"][own] += 1
            of = [*range(batch.width)] if batch.class_of is None else batch.class_of[b].tolist()
            closed = None if i in allowed else of[i]  # the class that cannot be picked
            classes = sorted({of[j] for j in allowed} - {closed})
            counts["shared"][own, 0] += int(any(of.count(of[j]) > 1 for j in gold))
            counts["shared"][own, 1] += int(all(of[j] == of[i] for j in gold))
            open_gold = [j for j in gold if of[j] != closed]
            most = batch.gold_at.shape[2]  # of any anchor: what others lack has no offset
            for j in [*gold, *[None] * (most - len(gold))] if told else ():
                counts["gold_offsets"][own, offset_bin(i, j)] += 1
            for layer in range(layers):
                if encoding.visible is None:
                    row_sees = column_sees = bool(open_gold)
                else:
                    seen = encoding.visible[b, layer].tolist()
                    row_sees = any(seen[i][j] for j in open_gold)
                    column_sees = any(seen[j][i] for j in open_gold)
                for d, sees in enumerate((row_sees, column_sees, row_sees or column_sees)):
                    counts["reachable"][own, d, layer] += int(sees)
                for head in range(heads):
                    attention = encoding.part("attention")[b, layer, head].tolist()
                    to_first, to_last, from_first, from_last = encoding.part("boundary")[
                        b, layer, head, i
                    ].tolist()
                    row = attention[i]
                    column = [attention[j][i] for j in range(batch.width)]
                    both = [r + c for r, c in zip(row, column, strict=True)]
                    special = (
                        to_first + to_last,
                        from_first + from_last,
                        to_first + to_last + from_first + from_last,
                    )
                    strongest_special = (
                        max(to_first, to_last),
                        max(from_first, from_last),
                        max(to_first + from_first, to_last + from_last),
                    )
                    for d, scores in enumerate((row, column, both)):
                        best, pick = 0.0, None
                        for c in classes:
                            score = round(FINE * scores[c]) / FINE
                            if score > best:
                                best, pick = score, c
                        words = [j for j in allowed if of[j] == pick]
                        is_right = any(j in gold for j in words)
                        if told:  # of words alike, the gold one is picked
                            picked = (
                                next((j for j in words if j in gold), words[0]) if words else None
                            )
                            counts["offsets"][own, d, layer, head, offset_bin(i, picked)] += 1
                        counts["correct"][own, d, layer, head] += int(is_right)
                        if words and not is_right and kinds[words[0]] > 0:
                            counts["errors"][own, d, layer, head, kinds[words[0]] - 1] += 1
                        largest = max((scores[j] for j in allowed if of[j] != closed), default=0)
                        wins = float(strongest_special[d] > largest)
                        masses = torch.tensor([sum(scores[j] for j in gold), special[d], wins])
                        counts["quantities"][own, d, layer, head] += masses
    return counts


def counted(edges: Sequence[Edges]) -> dict[str, Tensor]:
    metric = HeadAccuracy()
    for batch, encoding in edges:
        metric.update(batch, heads_of(batch, encoding))
    return metric.compute()


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype, name
        assert torch.equal(found[name], value), name


def test_head_accuracy_counts_what_a_loop_counts(edges: Edges) -> None:
    expected = naive_counts([edges])
    assert 0 < expected["correct"].sum() < 3 * 2 * 3 * expected["total"].sum()
    assert_same(counted([edges]), expected)


def test_wrong_picks_are_counted_by_kind(random_edges: MakeEdges, made_up: Terms) -> None:
    """The loop above has something to count, and some wrong picks are of no kind."""
    batch, encoding = random_edges(1, lengths=LENGTHS, gold=2, terms=made_up)
    assert set(kinds_of(batch).unique().tolist()) == {0, 1, 2, 3}
    found = counted([(batch, encoding)])
    cells = (len(batch.rows), 3, 2, 3)
    assert found["errors"].shape == (*cells, 3)
    assert (found["errors"].sum((0, 1, 2, 3)) > 0).all()
    wrong = found["total"].view(-1, 1, 1, 1) - found["correct"]
    assert (found["errors"].sum(-1) <= wrong).all()
    assert (found["errors"].sum(-1) < wrong).any()
    # Were every wrong candidate of the second kind, every wrong pick would be, too.
    kinds = 2 * (batch.candidates & ~batch.gold).to(torch.int8)
    found = counted([(with_cells(batch, kinds=kinds), encoding)])
    assert torch.equal(found["errors"][..., 1], wrong)
    assert not found["errors"][..., [0, 2]].any()


def test_the_kind_of_what_is_no_candidate_counts_nowhere(edges: Edges) -> None:
    """Not even where there is no pick, and so no word whose kind it would be."""
    batch, encoding = edges
    kinds = kinds_of(batch).masked_fill(~batch.candidates, 1)
    assert_same(counted([(with_cells(batch, kinds=kinds), encoding)]), counted([edges]))


def test_an_error_by_hand(random_edges: MakeEdges, made_up: Terms) -> None:
    """Word 1 of three attends to word 0, of the third kind, and word 2 attends to it."""
    batch, encoding = random_edges(0, lengths=(3,), terms=made_up)
    gold, candidates, kinds = (torch.zeros(1, 3, 4, dtype=t) for t in (bool, bool, torch.int8))
    gold[0, 0, 3] = candidates[0, 0, 1] = candidates[0, 0, 3] = True
    kinds[0, 0, 1] = 3
    member = torch.zeros(1, 3, 4, dtype=torch.bool)
    member[0, 0, [0, 2]] = True
    batch = with_cells(
        batch,
        anchors=torch.tensor([[1, 0, 0]]),
        is_anchor=torch.tensor([[True, False, False]]),
        gold=gold,
        candidates=candidates,
        member=member,
        kinds=kinds,
    )
    attention = torch.zeros(1, 2, 3, 3, 3)
    attention[:, :, :, 1, 0] = 0.5
    attention[:, :, :, 2, 1] = 0.25
    attention[:, 1, 2, 2, 1] = 0.75  # the last head's sum of both is right
    found = counted([(batch, replace(encoding, attention=attention))])
    assert found["total"].tolist() == [1, 0, 1, 0]
    for row in (0, 2):
        assert found["correct"][row].tolist() == [
            [[0, 0, 0], [0, 0, 0]],
            [[1, 1, 1], [1, 1, 1]],
            [[0, 0, 0], [0, 0, 1]],
        ]
        assert found["errors"][row, ..., 2].tolist() == [
            [[1, 1, 1], [1, 1, 1]],
            [[0, 0, 0], [0, 0, 0]],
            [[1, 1, 1], [1, 1, 0]],
        ]
    assert not found["errors"][..., :2].any()
    # A head that attends to no candidate makes no error of any kind.
    nothing = counted([(batch, replace(encoding, attention=torch.zeros_like(attention)))])
    assert not nothing["errors"].any()


def test_only_the_candidates_decide_what_may_be_picked(random_edges: MakeEdges) -> None:
    """A task whose candidates hold the anchor's own word means it."""
    batch, encoding = random_edges(0, lengths=(3,))
    gold = torch.zeros_like(batch.gold)
    for a, word in enumerate(batch.anchors[0].tolist()):
        gold[0, a, (word + 1) % 3 + 1] = True
    everything = torch.ones_like(batch.candidates)
    attention = torch.eye(3).expand(1, 2, 3, 3, 3) + 0.1
    itself = counted(
        [
            (
                with_cells(batch, gold=gold, candidates=everything),
                replace(encoding, attention=attention),
            )
        ]
    )
    assert not itself["correct"].any()
    alone = counted(
        [(with_cells(batch, gold=gold, candidates=gold), replace(encoding, attention=attention))]
    )
    assert torch.equal(alone["correct"], alone["total"].view(-1, 1, 1, 1).expand(4, 3, 2, 3))


def test_masses_are_float64_sums_of_the_maps_own_numbers(random_edges: MakeEdges) -> None:
    """With one gold word a row or a column adds one number of the map; sixteenths hide nothing."""
    edges = random_edges(3, lengths=LENGTHS)
    found, expected = counted([edges])["quantities"], naive_counts([edges])["quantities"]
    torch.testing.assert_close(found[:, :2], expected[:, :2], rtol=1e-12, atol=0)
    torch.testing.assert_close(found[:, 2], expected[:, 2], rtol=1e-6, atol=0)
    assert 0 < float(found[..., 2].sum()) < float(found[..., 2].numel() * len(LENGTHS))


def test_anchors_that_share_a_word_are_counted_one_by_one(random_edges: MakeEdges) -> None:
    batch, encoding = random_edges(1, lengths=(4,), shared=True, root=False)
    words = batch.anchors[batch.is_anchor].tolist()
    assert len(words) > len(set(words))
    assert int(counted([(batch, coarse(encoding))])["total"][1:].sum()) == len(words)


def test_what_is_no_anchor_counts_nowhere(edges: Edges) -> None:
    """Whatever else stands in its place."""
    batch, encoding = edges
    rng = torch.Generator().manual_seed(0)
    fewer = batch.is_anchor & (torch.rand(batch.is_anchor.shape, generator=rng) < 0.5)
    batch = replace(batch, is_anchor=fewer)
    assert_same(counted([(batch, encoding)]), naive_counts([(batch, encoding)]))
    found = accuracy_of([(batch, random_hits(batch, 3))])
    assert 0 < int(fewer.sum()) < int(edges[0].is_anchor.sum())
    expected = (batch.member & fewer[:, :, None]).sum((0, 1))
    assert torch.equal(found["total"], expected)
    assert (found["correct"] <= expected[:, None]).all()


def test_root_words_are_no_anchors_of_heads(random_edges: MakeEdges, terms: Terms) -> None:
    batch, encoding = random_edges(1, lengths=(4,), terms=terms)
    gold = torch.zeros_like(batch.gold)
    gold[:, :, 0] = True
    for value in counted([(with_cells(batch, gold=gold), encoding)]).values():
        assert not value.any()


def test_a_causal_mask_decides_what_is_reachable(random_edges: MakeEdges) -> None:
    """By hand: word 1 of three looks back at word 0; word 2 is ahead of it."""
    batch, encoding = random_edges(0, lengths=(3,), causal=True)
    anchors = torch.tensor([[1, 1, 0]])
    gold = torch.zeros(1, 3, 4, dtype=torch.bool)
    gold[0, [0, 1, 2], [1, 3, 2]] = True  # word 1 to word 0, word 1 to word 2, word 0 to word 1
    member = torch.zeros(1, 3, 4, dtype=torch.bool)
    member[0, [0, 1, 2], [1, 2, 3]] = True
    candidates = torch.ones(1, 3, 4, dtype=torch.bool)
    candidates[0, [0, 1, 2], [2, 2, 1]] = False  # no word is a candidate of its own
    batch = with_cells(batch, anchors=anchors, gold=gold, candidates=candidates, member=member)
    reachable = counted([(batch, encoding)])["reachable"]
    assert reachable[1, :, 0].tolist() == [1, 0, 1]
    assert reachable[2, :, 0].tolist() == [0, 1, 1]
    assert reachable[3, :, 0].tolist() == [0, 1, 1]
    # An anchor that sees no candidate picks none: its maximum is zero.
    assert not counted([(batch, encoding)])["correct"][2:, 0].any()


# ----------------------------------------------------------- what batches do not change


def test_padding_changes_no_count(edges: Edges, pad: Callable[..., Edges]) -> None:
    expected = counted([edges])
    for fill in (0.0, 0.9):  # were it read, padding would win every pick
        assert_same(counted([pad(*edges, fill=fill)]), expected)


def test_order_and_composition_of_batches_change_no_count(
    edges: Edges, take: Callable[..., Edges]
) -> None:
    expected = counted([edges])
    for parts in ([[3, 1, 0, 2]], [[2], [0], [3], [1]], [[0, 3], [2, 1]], [[], [1, 2, 3], [0]]):
        assert_same(counted([take(*edges, part) for part in parts]), expected)


def test_states_of_several_processes_add_up(edges: Edges, take: Callable[..., Edges]) -> None:
    expected = counted([edges])
    parts = [counted([take(*edges, part)]) for part in ([2, 0], [], [3], [1])]
    assert_same({name: sum(p[name] for p in parts) for name in expected}, expected)


def test_states_are_reduced_by_summing(edges: Edges) -> None:
    batch, encoding = edges
    heads, picks = HeadAccuracy(), EdgeAccuracy(("one",))
    heads.update(batch, heads_of(batch, encoding))
    picks.update(batch, batch.is_anchor[:, :, None])
    for metric in (heads, picks, Spread((1, 2), 3), WordMean((2,))):
        assert metric._reductions
        assert set(metric._reductions.values()) == {dim_zero_sum}


def test_an_empty_batch_counts_nothing_and_knows_the_rows(
    random_edges: MakeEdges, edges: Edges
) -> None:
    empty = random_edges(0, lengths=(), terms=edges[0].terms)
    nothing = counted([empty])
    assert {n: v.shape for n, v in nothing.items()} == {
        n: v.shape for n, v in counted([edges]).items()
    }
    assert not any(value.any() for value in nothing.values())
    assert_same(counted([empty, edges, empty]), counted([edges]))


def test_a_reset_metric_starts_at_zero(edges: Edges) -> None:
    metric = HeadAccuracy()
    batch, encoding = edges
    metric.update(batch, heads_of(batch, encoding))
    metric.reset()
    metric.update(batch, heads_of(batch, encoding))
    assert_same(metric.compute(), counted([edges]))


# ---------------------------------------------------------------------------- pickers


def random_hits(batch: EdgeBatch, pickers: int) -> Tensor:
    """Padding anchors hit as well: they must not count."""
    rng = torch.Generator().manual_seed(5)
    hits = torch.rand(*batch.is_anchor.shape, pickers, generator=rng) < 0.5
    return hits | ~batch.is_anchor[:, :, None]


def shares(batch: EdgeBatch, pickers: int) -> Tensor:
    """How right each picker is, in eighths, so that sums are exact in any order."""
    rng = torch.Generator().manual_seed(6)
    drawn = torch.randint(9, (*batch.is_anchor.shape, pickers), generator=rng).double() / 8
    return drawn.masked_fill(~batch.is_anchor[:, :, None], 1.0)


HITS = {"hits": random_hits, "shares": shares}


@pytest.fixture(params=HITS)
def make_hits(request: pytest.FixtureRequest) -> Callable[[EdgeBatch, int], Tensor]:
    return HITS[request.param]


def accuracy_of(parts: Sequence[tuple[EdgeBatch, Tensor]]) -> dict[str, Tensor]:
    metric = EdgeAccuracy(("one", "two", "three"))
    for batch, hits in parts:
        metric.update(batch, hits)
    return metric.compute()


def naive_accuracy(batch: EdgeBatch, hits: Tensor) -> dict[str, Tensor]:
    total = torch.zeros(len(batch.rows), dtype=torch.int64)
    correct = torch.zeros(len(batch.rows), hits.shape[-1], dtype=torch.float64)
    for b, a in batch.is_anchor.nonzero().tolist():
        for r in range(len(batch.rows)):
            if batch.member[b, a, r]:
                total[r] += 1
                for k in range(hits.shape[-1]):
                    correct[r, k] += float(hits[b, a, k])
    return {"correct": correct, "total": total}


def test_edge_accuracy_counts_what_a_loop_counts(
    edges: Edges, make_hits: Callable[[EdgeBatch, int], Tensor]
) -> None:
    batch, _ = edges
    hits = make_hits(batch, 3)
    expected = naive_accuracy(batch, hits)
    assert 0 < float(expected["correct"].sum()) < 3 * int(expected["total"].sum())
    assert_same(accuracy_of([(batch, hits)]), expected)


def test_edge_accuracy_adds_up_parts_of_hits(edges: Edges) -> None:
    """An expected value of a third: whole numbers would lose it, float32 would show."""
    batch, _ = edges
    thirds = torch.full((*batch.is_anchor.shape, 3), 1 / 3, dtype=torch.float64)
    found = accuracy_of([(batch, thirds)])
    expected = found["total"].double()[:, None].expand(-1, 3) / 3
    assert (found["correct"] != found["correct"].round()).any()
    torch.testing.assert_close(found["correct"], expected, rtol=1e-14, atol=0)


def test_baselines_of_a_batch_are_counted_like_any_picker(edges: Edges) -> None:
    batch, _ = edges
    metric = EdgeAccuracy(batch.terms.baselines)
    metric.update(batch, batch.baselines)
    expected = naive_accuracy(batch, batch.baselines)
    assert expected["correct"].any()
    assert_same(metric.compute(), expected)


def test_edge_accuracy_is_the_same_in_any_batches(
    edges: Edges,
    make_hits: Callable[[EdgeBatch, int], Tensor],
    random_edges: MakeEdges,
    take: Callable[..., Edges],
    pad: Callable[..., Edges],
) -> None:
    batch, encoding = edges
    hits = make_hits(batch, 3)
    expected = accuracy_of([(batch, hits)])
    empty, _ = random_edges(0, lengths=(), terms=batch.terms)
    no_hits = torch.zeros(0, 0, 3, dtype=hits.dtype)
    order = [[2], [], [3, 0], [1]]
    parts = [(take(batch, encoding, part)[0], hits[part]) for part in order]
    assert_same(accuracy_of([(empty, no_hits), *parts]), expected)
    each = [accuracy_of([part]) for part in parts]
    assert_same({name: sum(p[name] for p in each) for name in expected}, expected)
    longer, _ = pad(batch, encoding, anchors=2)
    more = torch.cat([hits, torch.ones(len(LENGTHS), 2, 3, dtype=hits.dtype)], 1)
    assert_same(accuracy_of([(longer, more)]), expected)


def test_edge_accuracy_of_no_pickers_still_counts_anchors(edges: Edges) -> None:
    batch, _ = edges
    metric = EdgeAccuracy(())
    metric.update(batch, batch.is_anchor.new_zeros(*batch.is_anchor.shape, 0))
    found = metric.compute()
    assert found["correct"].shape == (len(batch.rows), 0)
    assert torch.equal(found["total"], accuracy_of([(batch, random_hits(batch, 3))])["total"])


# ------------------------------------------------------------------- float64 averages


def test_spread_is_the_standard_deviation_over_pairs_of_words(
    random_edges: MakeEdges, pad: Callable[..., Edges], take: Callable[..., Edges]
) -> None:
    batch, encoding = random_edges(2, lengths=LENGTHS)
    attention = encoding.part("attention").double()
    expected = torch.zeros(2, 3, dtype=torch.float64)
    for layer in range(2):
        for head in range(3):
            values = [
                float(attention[b, layer, head, i, j])
                for b, n in enumerate(LENGTHS)
                for i in range(n)
                for j in range(n)
                if i != j
            ]
            mean = sum(values) / len(values)
            variance = sum((v - mean) ** 2 for v in values) / len(values)
            expected[layer, head] = math.sqrt(variance)
    for parts in (
        [(batch, encoding)],
        [pad(batch, encoding, fill=0.9)],
        [take(batch, encoding, part) for part in ([3, 1], [], [0, 2])],
    ):
        metric = Spread((1, 2), 3)
        for part, its_encoding in parts:
            for layer in layers_of(part, its_encoding):
                metric.take(layer)
        found = metric.compute()
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_averages_of_nothing_are_nothing() -> None:
    assert not Spread((1, 2), 3).compute().any()
    assert WordMean((2, 3)).compute() is None


def test_word_mean_weighs_batches_by_their_words() -> None:
    rng = torch.Generator().manual_seed(0)
    values, words = torch.randn(4, 2, 3, generator=rng), [5, 0, 1, 12]
    metric = WordMean((2, 3))
    for value, count in zip(values, words, strict=True):
        metric.update(value, torch.tensor(count))
    expected = [
        [
            sum(float(v[i, j]) * n for v, n in zip(values, words, strict=True)) / sum(words)
            for j in range(3)
        ]
        for i in range(2)
    ]
    found = metric.compute()
    torch.testing.assert_close(
        found, torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=1e-12
    )
