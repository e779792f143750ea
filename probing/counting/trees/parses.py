"""Counting trees, batch by batch: those that probes and a head make, and measured distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.head_names import Cell
from probing.core.layers import WordLayer
from probing.core.outcomes import Outcome
from probing.core.terms import MAIN, Terms
from probing.core.trees import gold_trees, head_edges, not_punctuation, spanning_edges
from probing.counting.counts import ProbeCounts
from probing.counting.metrics import EdgeAccuracy
from probing.counting.trees.decoding import decode, decode_from_roots, head_hits
from probing.counting.trees.metrics import (
    DistanceRanks,
    EdgeOverlap,
    by_distance_and_length,
)
from probing.counting.trees.undirected import Undirected
from probing.learning.module import ProbingModule

CHAIN = "right-branching"
HEAD = "best-head"


@dataclass(frozen=True)
class ParseCounts:
    """What :class:`Parses` counted.

    ``trees``: anchors that decoded trees get right, in the rows of the report; ``probes``,
    ``heads [R, 3, L, H]`` of each encoder and ``baselines [R, K]``: anchors that they get right,
    in rows of distance and of length.
    """

    trees: ProbeCounts
    probes: ProbeCounts
    heads: Mapping[str, Tensor]
    baselines: Tensor


class Distances:
    """Judges the probes that measure distances, and the places of the words as distances."""

    def __init__(self, module: ProbingModule, decoded: Sequence[str] = ()) -> None:
        self.probes = {n: p for n, p in module.probes.items() if p.measures_distances}
        names = (*self.probes, CHAIN)
        self.edges = EdgeOverlap((*names, *decoded)).to(module.device)
        self.ranks = DistanceRanks(names).to(module.device)

    def count(
        self, scores: Mapping[str, Tensor], batch: EdgeBatch, decoded: Mapping[str, Tensor]
    ) -> None:
        """Count a batch: ``scores [B, A, W+1]``, and the heads ``[B, W]`` of decoded trees."""
        gold, words = gold_trees(batch), not_punctuation(batch)
        place = torch.arange(batch.width, device=batch.lengths.device)
        chain = (place[:, None] - place).abs().expand(len(batch.lengths), -1, -1)
        distances = {n: p.distances(scores[n], batch) for n, p in self.probes.items()}
        distances[CHAIN] = chain
        edges = {name: spanning_edges(each, words) for name, each in distances.items()}
        edges |= {name: head_edges(heads, words) for name, heads in decoded.items()}
        self.ranks.update(batch, gold, distances)
        self.edges.update(batch, gold, edges)

    def compute(self) -> Undirected:
        """Sums over processes."""
        correct, total, sentences, left_out = self.edges.compute()
        return Undirected(correct, self.ranks.compute(), total, sentences, left_out)


class Parses:
    """Decodes trees from the scores of probes and from a head, and breaks accuracy down.

    Args:
        module: with the probes.
        terms: of the task.
        head: the head to decode from, chosen on other data; ``None`` if there is none.
    """

    def __init__(self, module: ProbingModule, terms: Terms, head: Cell | None) -> None:
        self.module = module
        self.names = (*module.pickers, *([HEAD] if head else []))
        self.trees = EdgeAccuracy(self.names).to(module.device)
        self.probes = EdgeAccuracy(tuple(module.pickers)).to(module.device)
        self.baselines = EdgeAccuracy(terms.baselines).to(module.device)
        self.heads = {name: EdgeAccuracy().to(module.device) for name in module.encoders}
        self.head = HeadMap(head, terms) if head else None
        if self.head is not None:
            module.collectors[MAIN].append(self.head)

    def count(self, outcome: Outcome, batch: EdgeBatch) -> dict[str, Tensor]:
        """Count a batch; returns the decoded heads, ``[B, W]`` each."""
        probed = batch.probed
        gold = gold_trees(probed)
        heads = probed.lengths.new_zeros(len(probed.lengths), probed.width, len(self.names))
        for k, name in enumerate(self.module.pickers):
            heads[..., k] = decode(outcome.scores[name], probed)
        if self.head is not None:
            heads[..., -1] = decode_from_roots(
                self.head.weights, gold, batch.lengths, batch.class_of
            )
        hits = head_hits(heads, probed)  # [B, A, K]
        if self.head is not None:
            # The root is given, so that finding it is no merit.
            hits[..., -1] &= ~probed.gold[..., 0]
        self.trees.update(probed, hits)
        self.probes.update(by_distance_and_length(probed, gold.heads), outcome.hits)
        split = by_distance_and_length(batch, gold.heads)
        self.baselines.update(split, batch.baselines * batch.has_gold_word[..., None])
        for name, metric in self.heads.items():
            metric.update(split, outcome.heads[name].hits)
        return dict(zip(self.names, heads.unbind(-1), strict=True))

    def compute(self) -> ParseCounts:
        """Sums over processes; nothing more is counted."""
        if self.head is not None:
            self.module.collectors[MAIN].remove(self.head)
        return ParseCounts(
            trees=_counts(self.trees),
            probes=_counts(self.probes),
            heads={name: metric.compute()["correct"] for name, metric in self.heads.items()},
            baselines=self.baselines.compute()["correct"],
        )


class HeadMap:
    """Collects the map of one head, batch by batch, as weights of each word as the head of each.

    Args:
        head: and the direction in which it is read.
        terms: of the task, which name the directions.
    """

    def __init__(self, head: Cell, terms: Terms) -> None:
        self.head = head
        self.direction = terms.directions.index(head.direction)
        self.weights: Tensor  # [B, W, W], of the batch that was judged last

    def take(self, layer: WordLayer) -> None:
        """Keep the head's map, if this is its layer."""
        if layer.number == self.head.layer:
            own = layer.attention[:, self.head.head - 1].clone()
            self.weights = (own, own.mT, own + own.mT)[self.direction]


def _counts(metric: EdgeAccuracy) -> ProbeCounts:
    counted = metric.compute()
    return ProbeCounts(metric.rows, metric.names, counted["correct"], counted["total"])
