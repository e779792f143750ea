"""Rows that add up a relation's labels, against counting them as rows of the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from picked import heads_of

from probing.core.batches import EdgeBatch, Encoding
from probing.counting.best import baseline_scores, best_heads, probe_scores
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.subtypes import roll_ups, rolled_up
from probing.data.tasks.dependencies import Dependencies
from probing.reports.tables import head_rows

Edges = tuple[EdgeBatch, Encoding]
LABELS = ("all", "aux", "nsubj", "nsubj:pass", "nsubj:outer", "subj@pass", "subj", "poss+clitic")
SUMS = {"nsubj:*": ("nsubj", "nsubj:pass", "nsubj:outer"), "subj:*": ("subj", "subj@pass")}


def test_a_relation_with_several_labels_makes_a_row() -> None:
    assert roll_ups(LABELS, ":@") == list(SUMS)
    assert roll_ups(LABELS, ":") == ["nsubj:*"]
    assert roll_ups(["all", "nsubj", "obj"], ":@") == []
    assert roll_ups(["all", "compound:prt"], ":@") == []  # it would only say the same again
    assert roll_ups(["acl:x", "acl:y"], ":@") == ["acl:*"]
    assert roll_ups(["all", ":x", ":y"], ":@") == []
    assert roll_ups(LABELS, "") == []


@given(st.lists(st.sampled_from(["a", "a:x", "a:x:y", "a@z", "ab", "ab:x", "b:x", "c"])))
def test_names_do_not_depend_on_the_order_of_rows(rows: list[str]) -> None:
    found = roll_ups(rows, ":@")
    assert set(found) == set(roll_ups(rows[::-1], ":@"))
    assert len(found) == len(set(found))
    assert roll_ups([*rows, *found], ":@") == found


def labelled(edges: Edges, seed: int, further: Sequence[str] = ()) -> Edges:
    """The same edges with one label each, in ``all`` but where it is aux; and in ``further``."""
    batch, encoding = edges
    rng = torch.Generator().manual_seed(seed)
    rows = [*LABELS, *further]
    own = torch.randint(1, len(LABELS), batch.anchors.shape, generator=rng)
    member = torch.zeros(*batch.anchors.shape, len(rows), dtype=torch.bool)
    member.scatter_(2, own[..., None], True)
    member[..., 0] = own != 1
    for name in further:
        member[..., rows.index(name)] = member[..., [rows.index(x) for x in SUMS[name]]].any(-1)
    return replace(batch, rows=rows, member=member), encoding


def counted(edges: Edges) -> tuple[HeadCounts, ProbeCounts]:
    batch, encoding = edges
    heads, baselines = HeadAccuracy(), EdgeAccuracy(batch.terms.baselines)
    probes = EdgeAccuracy(("mine",))
    heads.update(batch, heads_of(batch, encoding))
    baselines.update(batch, batch.baselines)
    probes.update(batch, batch.gold[..., 1:2])
    found = probes.compute()
    counts = HeadCounts(
        terms=batch.terms,
        rows=batch.rows,
        baselines=baselines.compute()["correct"],
        **heads.compute(),
    )
    return counts, ProbeCounts(batch.rows, ("mine",), found["correct"], found["total"])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("causal", [False, True])
def test_sums_are_what_counting_gives(
    random_edges: Callable[..., Edges], seed: int, causal: bool
) -> None:
    edges = random_edges(seed, lengths=(9, 4, 7), causal=causal)
    heads, probes = (rolled_up(c, list(SUMS), ":@") for c in counted(labelled(edges, seed)))
    direct, direct_probes = counted(labelled(edges, seed, further=list(SUMS)))
    assert list(heads.rows) == list(direct.rows) == list(probes.rows) == [*LABELS, *SUMS]
    for name in ("total", "correct", "errors", "reachable", "shared", "baselines"):
        assert torch.equal(getattr(heads, name), getattr(direct, name)), name
    torch.testing.assert_close(heads.quantities, direct.quantities, rtol=1e-12, atol=1e-12)
    assert torch.equal(probes.correct, direct_probes.correct)
    assert torch.equal(probes.total, direct_probes.total)
    assert int(heads.total[-2:].sum()) > 0
    # What else a report is made of follows: the same lines in every file.
    assert list(baseline_scores(heads)) == list(baseline_scores(direct))
    assert [r[:7] for r in head_rows(heads)] == [r[:7] for r in head_rows(direct)]
    expected = list(probe_scores(direct_probes, direct, direct))
    assert list(probe_scores(probes, heads, heads)) == expected
    assert best_heads(heads, heads, at_least=1) == best_heads(direct, direct, at_least=1)


def counts_of(rows: Sequence[str], right: Sequence[int]) -> HeadCounts:
    """Two heads: the second has ``right`` anchors right of ten in each row, the first none."""
    correct = torch.zeros(len(rows), 3, 1, 2, dtype=torch.long)
    correct[:, 0, 0, 1] = torch.tensor(right)
    zeros = torch.zeros(correct.shape, dtype=torch.float64)
    return HeadCounts(
        terms=Dependencies.terms,
        rows=rows,
        total=torch.full((len(rows),), 10),
        correct=correct,
        errors=correct.new_zeros(*correct.shape, 0),
        reachable=correct.new_zeros(len(rows), 3, 1),
        shared=correct.new_zeros(len(rows), 2),
        quantities=zeros[..., None],
        baselines=torch.zeros(len(rows), 20, dtype=torch.float64),
    )


def test_a_split_with_fewer_labels_still_chooses() -> None:
    """Validation data without ``aux:pass``: its ``aux`` chooses the head of ``aux:*``."""
    tested = counts_of(["all", "aux", "aux:pass", "cop:x"], [9, 4, 5, 1])
    tested = rolled_up(tested, roll_ups(tested.rows, ":@"), ":@")
    val = counts_of(["all", "aux", "cop"], [7, 6, 2])
    chosen = rolled_up(val, tested.rows, ":@")
    assert list(chosen.rows) == ["all", "aux", "cop", "aux:*"]  # and no row for "cop:x"
    assert chosen.correct[3].equal(val.correct[1])
    table = {line.relation: line for line in best_heads(tested, chosen, at_least=1)}
    assert set(table) == {"all", "aux", "aux:*"}
    assert (table["aux:*"].correct, table["aux:*"].total) == (9, 20)
    assert str(table["aux:*"].head) == "1-2"
    # A label that validation data lacks is not made of others.
    lacking = counts_of(["all", "aux:pass"], [7, 6])
    assert list(rolled_up(lacking, tested.rows, ":@").rows) == ["all", "aux:pass", "aux:*"]
    assert rolled_up(tested, tested.rows, ":@").rows == tested.rows  # nothing is made twice
