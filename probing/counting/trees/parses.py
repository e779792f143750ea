"""Counting trees, batch by batch: those that probes and a head make, and measured distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.terms import MAIN, Terms
from probing.core.trees import gold_trees, head_edges, not_punctuation, spanning_edges
from probing.counting.counts import Cell, ProbeCounts
from probing.counting.metrics import EdgeAccuracy
from probing.counting.trees.decoding import decode, decode_from_roots, head_hits
from probing.counting.trees.metrics import (
    DistanceRanks,
    EdgeOverlap,
    HeadHits,
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
    ``heads [R, 3, L, H]`` of each encoder and ``baselines [R, N]``: anchors that they get right,
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
        self.module, self.head = module, head
        self.names = (*module.pickers, *([HEAD] if head else []))
        self.trees = EdgeAccuracy(self.names).to(module.device)
        self.probes = EdgeAccuracy(tuple(module.pickers)).to(module.device)
        self.baselines = EdgeAccuracy(terms.baselines).to(module.device)
        self.heads = {name: HeadHits().to(module.device) for name in module.encoders}

    def count(self, outputs: Any, batch: EdgeBatch) -> dict[str, Tensor]:
        """Count a batch; returns the decoded heads, ``[B, W]`` each."""
        attention = {n: e.part("attention") for n, e in outputs["encodings"].items()}
        gold = gold_trees(batch)
        heads = {name: decode(outputs["scores"][name], batch) for name in self.module.pickers}
        hits = [head_hits(found, batch) for found in heads.values()]
        if self.head is not None:
            heads[HEAD] = decode_from_roots(
                self._weights(attention[MAIN], batch), gold, batch.lengths
            )
            # The root is given, so that finding it is no merit.
            hits.append(head_hits(heads[HEAD], batch) & ~batch.gold[..., 0])
        none = batch.is_anchor.new_zeros((*batch.is_anchor.shape, 0))
        self.trees.update(batch, torch.stack(hits, -1) if hits else none)
        split = by_distance_and_length(batch, gold.heads)
        self.probes.update(split, outputs["hits"])
        self.baselines.update(split, batch.baselines)
        for name, metric in self.heads.items():
            metric.update(split, attention[name])
        return heads

    def compute(self) -> ParseCounts:
        """Sums over processes."""
        return ParseCounts(
            trees=_counts(self.trees),
            probes=_counts(self.probes),
            heads={name: metric.compute()["correct"] for name, metric in self.heads.items()},
            baselines=self.baselines.compute()["correct"],
        )

    def _weights(self, attention: Tensor, batch: EdgeBatch) -> Tensor:
        """The chosen head as weights of each word as the head of each word, ``[B, W, W]``."""
        assert self.head is not None
        layer = list(self.module.encoder.layer_numbers).index(self.head.layer)
        own = attention[:, layer, self.head.head - 1]
        return (own, own.mT, own + own.mT)[batch.terms.directions.index(self.head.direction)]


def _counts(metric: EdgeAccuracy) -> ProbeCounts:
    counted = metric.compute()
    return ProbeCounts(metric.rows, metric.names, counted["correct"], counted["total"])
