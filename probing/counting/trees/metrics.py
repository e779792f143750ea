"""Metrics over trees: undirected edges found, distances ranked, accuracy by distance and length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import EdgeBatch
from probing.core.terms import ALL
from probing.core.trees import GoldTrees, not_punctuation, rank_correlation, spanning_edges

LENGTHS = range(5, 51)
"""The sentence lengths, in words, over which Hewitt and Manning (2019) average."""
FAR = 7
"""From this distance on, words are counted together."""
BINS = ((1, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, None))
"""Sentence lengths in words that are counted together, both ends included."""

ROOT = "ROOT"

_NO_END = 2**31
_DISTANCES = [k for k in range(-FAR, FAR + 1) if k]
_ENDS = {-FAR: " and below", FAR: " and above"}
DISTANCE_ROWS = (*(f"{k:+d}{_ENDS.get(k, '')}" for k in _DISTANCES), ROOT)
LENGTH_ROWS = tuple(f"{low}-{high}" if high else f"{low} and more" for low, high in BINS)


class EdgeOverlap(Metric):
    """Undirected edges of the gold trees that predicted trees have: UUAS.

    The gold edges are those of the spanning tree of gold distances over the words that are no
    punctuation. Windows that are no tree are left out.

    States: ``correct [K]``, one for each name, ``total``, ``windows`` and ``left_out``; integers.
    """

    full_state_update = False
    correct: Tensor
    total: Tensor
    windows: Tensor
    left_out: Tensor

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names
        for state in ("correct", "total", "windows", "left_out"):
            zeros = torch.zeros((len(names),) if state == "correct" else (), dtype=torch.int64)
            self.add_state(state, zeros, dist_reduce_fx="sum")

    def update(self, batch: EdgeBatch, gold: GoldTrees, edges: Mapping[str, Tensor]) -> None:
        """Count ``edges [B, W, W]``, booleans, symmetric, of each name."""
        right = spanning_edges(gold.distances, not_punctuation(batch) & gold.is_tree[:, None])
        found = [(edges[name] & right).sum() // 2 for name in self.names]
        self.correct = self.correct + torch.stack(found) if found else self.correct
        self.total = self.total + right.sum() // 2
        self.windows = self.windows + gold.is_tree.sum()
        self.left_out = self.left_out + (~gold.is_tree).sum()

    def compute(self) -> tuple[dict[str, int], int, int, int]:
        """``correct`` by name, ``total``, ``windows``, ``left_out``."""
        # torchmetrics squeezes states of one element where processes are joined.
        correct = self.correct.reshape(len(self.names)).tolist()
        sums = int(self.total), int(self.windows), int(self.left_out)
        return dict(zip(self.names, correct, strict=True)), *sums


class DistanceRanks(Metric):
    """Spearman correlation of predicted with gold distances, by sentence length.

    For each word, over its distances to all words of the sentence, itself and punctuation
    included; of all words of sentences of a length the mean; of all lengths from 5 to 50 words
    the mean (Hewitt and Manning 2019, section 3.2, and their released code). A word with constant
    predictions counts as zero. Windows that are no tree are left out.

    States: ``summed [K, 46]`` (float64) and ``words [46]``, a column for each length.
    """

    full_state_update = False
    summed: Tensor
    words: Tensor

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names
        zeros = torch.zeros(len(names), len(LENGTHS), dtype=torch.float64)
        self.add_state("summed", zeros, dist_reduce_fx="sum")
        self.add_state("words", torch.zeros(len(LENGTHS), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, batch: EdgeBatch, gold: GoldTrees, distances: Mapping[str, Tensor]) -> None:
        """Count ``distances [B, W, W]`` of each name."""
        within = (batch.lengths >= LENGTHS[0]) & (batch.lengths <= LENGTHS[-1]) & gold.is_tree
        asked = batch.is_word & within[:, None]  # [B, W]
        window = asked.nonzero()[:, 0]  # [P]
        column = batch.lengths[window] - LENGTHS[0]
        counted = batch.is_word[window]  # [P, W]
        self.words = self.words + torch.bincount(column, minlength=len(LENGTHS))
        summed = []
        for name in self.names:
            found = rank_correlation(distances[name][asked], gold.distances[asked], counted)
            summed.append(found.new_zeros(len(LENGTHS)).index_add(0, column, found))
        self.summed = self.summed + torch.stack(summed) if summed else self.summed

    def compute(self) -> dict[str, float | None]:
        """By name; ``None`` where no sentence has such a length."""
        some = self.words.cpu() > 0
        means = self.summed.cpu().reshape(len(self.names), -1)[:, some] / self.words.cpu()[some]
        return {
            name: float(means[k].mean()) if some.any() else None
            for k, name in enumerate(self.names)
        }


def by_distance_and_length(batch: EdgeBatch, heads: Tensor) -> EdgeBatch:
    """The same anchors, but that they count in rows of distance and of sentence length.

    Only anchors in the row ``all`` count, in one row of each kind. The distance is the place of
    the head minus that of the word: positive where the head is to the right. An anchor without a
    single head has no distance.

    Args:
        batch: a batch.
        heads: ``[B, W]``, see :class:`~probing.core.trees.GoldTrees`.
    """
    counted = batch.is_anchor & batch.member[:, :, list(batch.rows).index(ALL)]  # [B, A]
    head = heads.gather(1, batch.anchors)  # [B, A]
    apart = (head - 1 - batch.anchors).clamp(-FAR, FAR)
    near = [(apart == k) & (head > 0) for k in _DISTANCES]
    lengths = batch.lengths[:, None].expand_as(head)
    binned = [(lengths >= low) & (lengths <= (high or _NO_END)) for low, high in BINS]
    member = torch.stack([*near, head == 0, *binned], -1) & counted[..., None]
    return replace(batch, rows=(*DISTANCE_ROWS, *LENGTH_ROWS), member=member)
