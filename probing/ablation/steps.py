"""What is done with a batch: the model runs, whole and with each set of heads ablated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from probing.ablation.batches import TextBatch
from probing.ablation.changes import ablating
from probing.ablation.heads import HeadSet
from probing.ablation.others import Changes
from probing.ablation.outcomes import Outcome, TextOutcome
from probing.ablation.passes import Passes
from probing.ablation.trees import TreeBatch, TreeCounts


class Step(Protocol):
    """Runs batches of a loader."""

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """What is looked at, ``K`` of them."""
        ...

    def __call__(self, batch: Any, sets: Sequence[HeadSet]) -> tuple[Tensor, Tensor]:
        """Values ``[K, 1 + sets, B]`` of the items, the whole model's first, and their weights.

        Weights ``[K, B]`` are the same whatever is ablated. The batch is not empty.
        """
        ...


class TextStep:
    """Of texts, or of pairs of them: passes that begin at the ablated layer.

    Args:
        outcome: what is looked at.
        passes: through the model.
        changes: what becomes of heads.
    """

    def __init__(self, outcome: TextOutcome, passes: Passes, changes: Changes) -> None:
        self.outcome = outcome
        self.outcomes = [outcome]
        self.passes = passes
        self.changes = changes

    def __call__(self, batch: TextBatch, sets: Sequence[HeadSet]) -> tuple[Tensor, Tensor]:
        """See :class:`Step`."""
        outcome = self.outcome
        queries = [outcome.reading(side, batch.items) for side in batch.sides]
        pairs = zip(batch.sides, queries, strict=True)
        changes = [self.changes(side)(query.copies) for side, query in pairs]
        runs = [self.passes.whole(query.ids, query.take) for query in queries]
        whole = [taken for taken, _ in runs]
        values = [outcome.value(whole, whole)]
        for heads in sets:
            now = [
                self.passes.ablated(recording, heads, ablating(heads, change), query.take)
                for (_, recording), change, query in zip(runs, changes, queries, strict=True)
            ]
            values.append(outcome.value(now, whole))
        weights = torch.full_like(values[0], outcome.counted(queries[0]))
        return torch.stack(values)[None], weights[None]


class TreeStep:
    """Of sentences with trees: passes through all layers, whose maps heads and probes pick by.

    Args:
        counts: what is counted, and with which probes.
        changes: what becomes of heads.
    """

    def __init__(self, counts: TreeCounts, changes: Changes) -> None:
        self.counts = counts
        self.outcomes = counts.outcomes
        self.changes = changes

    def __call__(self, batch: TreeBatch, sets: Sequence[HeadSet]) -> tuple[Tensor, Tensor]:
        """See :class:`Step`."""
        [side] = batch.sides
        change = self.changes(side)(1)
        whole, weights = self.counts(batch.edges)
        values = [whole]
        for heads in sets:
            with self.counts.judge.encoder.changed(ablating(heads, change)):
                values.append(self.counts(batch.edges)[0])
        return torch.stack(values, 1), weights
