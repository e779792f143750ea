"""Counts of every head and baseline, treebank by treebank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.terms import Terms
from probing.counting.counting import head_counts
from probing.counting.counts import HeadCounts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy


class TreebankAccuracy:
    """Metrics for each of several treebanks, whose windows may share a batch.

    What a head picks in a window does not depend on the others in the batch, so the integer
    counts of the treebanks add up to those of the whole.

    Args:
        names: of the treebanks.
        of: the treebank of each window of the corpus, an index into ``names``.
        terms: of the task.
        device: where batches come from.
    """

    def __init__(
        self,
        names: Sequence[str],
        of: Sequence[int],
        *,
        terms: Terms,
        device: torch.device,
    ) -> None:
        self.names = names
        self.of = of
        self.terms = terms
        self.heads = [HeadAccuracy().to(device) for _ in names]
        self.baselines = [EdgeAccuracy(terms.baselines).to(device) for _ in names]

    def update(self, batch: EdgeBatch, encoding: Encoding) -> None:
        """Count a batch, whose encoding must hold ``attention`` and ``boundary``."""
        windows: dict[int, list[int]] = {}
        for window, number in enumerate(batch.numbers):
            windows.setdefault(self.of[number], []).append(window)
        for treebank, (heads, baselines) in enumerate(zip(self.heads, self.baselines, strict=True)):
            own = windows.get(treebank, [])
            # Every process must know the rows of every treebank, if by an empty batch.
            if own or not heads.rows:
                some, encoded = of_windows(batch, encoding, own)
                heads.update(some, encoded)
                for part in some.parts:
                    baselines.update(part, part.baselines)

    def compute(self, layers: Sequence[int]) -> Mapping[str, HeadCounts]:
        """The counts of each treebank, summed over processes; ``layers`` are their numbers."""
        return {
            name: head_counts(heads, baselines, self.terms, layers=layers)
            for name, heads, baselines in zip(self.names, self.heads, self.baselines, strict=True)
        }


def of_windows(
    batch: EdgeBatch, encoding: Encoding, windows: Iterable[int]
) -> tuple[EdgeBatch, Encoding]:
    """Some windows of a batch and their encoding, padding included."""
    chosen = list(windows)
    if chosen == list(range(len(batch.words))):
        return batch, encoding
    index = torch.tensor(chosen, dtype=torch.long, device=batch.ids.device)

    asides = None if batch.asides is None else _chosen(batch.asides, chosen, index)
    return (
        replace(_chosen(batch, chosen, index), asides=asides),
        replace(encoding, **_tensors(encoding, index)),
    )


def _chosen(batch: EdgeBatch, windows: Sequence[int], index: Tensor) -> EdgeBatch:
    words = [batch.words[window] for window in windows]
    numbers = [batch.numbers[window] for window in windows] if batch.numbers else ()
    return replace(batch, words=words, numbers=numbers, **_tensors(batch, index))


def _tensors(whole: EdgeBatch | Encoding, index: Tensor) -> dict[str, Any]:
    values = {field.name: getattr(whole, field.name) for field in fields(whole)}
    return {name: value[index] for name, value in values.items() if isinstance(value, Tensor)}
