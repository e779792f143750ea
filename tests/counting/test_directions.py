"""Without the sum of row and column, all else stays as it is."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from picked import heads_of

import probing
from probing.core.terms import Terms
from probing.data import DependencyData
from probing.reports.figures.heads import relation_heatmap

SOURCE = "builtin:documents=4,seed=3"


def test_heads_pick_the_same(random_edges: Any, terms: Terms) -> None:
    for causal in (False, True):
        for lengths in ((5, 2, 7), (6, 6)):
            batch, encoding = random_edges(3, lengths=lengths, causal=causal, terms=terms)
            two = replace(batch, terms=replace(terms, directions=terms.directions[:2]))
            every, found = heads_of(batch, encoding), heads_of(two, encoding)
            for field in fields(every):
                expected = getattr(every, field.name)[:, :, :2]
                assert torch.equal(getattr(found, field.name), expected), field.name


def test_counts_and_choices(tiny_bert: Path) -> None:
    """A head that is best by its sum is not chosen where there is none."""
    model = probing.load(str(tiny_bert))
    every = model.score(SOURCE, data=DependencyData(), min_anchors=1)
    found = model.score(SOURCE, data=DependencyData(directions=2), min_anchors=1)
    assert found.counts.terms.directions == every.counts.terms.directions[:2]
    assert torch.equal(found.counts.correct, every.counts.correct[:, :2])
    assert torch.equal(found.counts.reachable, every.counts.reachable[:, :2])
    assert torch.equal(found.counts.baselines, every.counts.baselines)
    assert "both" in {every.counts.best_head(r).direction for r in every.counts.order()}
    assert "both" not in {found.counts.best_head(r).direction for r in found.counts.order()}
    most = found.counts.correct.flatten(1).max(1).values
    for r in found.counts.order():
        assert found.counts.of_head(found.counts.best_head(r))[r] == most[r]
    panels = relation_heatmap(found.counts, "all").axes[:2]
    assert [p.get_title().split(",")[0] for p in panels] == ["dep->head", "head->dep"]
