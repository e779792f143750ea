"""Trees over the words of a window: gold heads, distances, spanning trees. Pure functions.

Shapes are those of the legend in :mod:`probing.core.batches`. ROOT is the head of a word, but
never a node of these trees: distances and undirected edges are between words.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.terms import ALL


@dataclass(frozen=True)
class GoldTrees:
    """The gold trees of a batch.

    - ``heads [B, W]``: the head of each word, counted from one, 0 for ROOT; -1 where a word has no
      head or several, and for padding.
    - ``is_tree [B]``: whether a window is one tree: every word has a head, one word's is ROOT, and
      all lead there.
    - ``distances [B, W, W]``: edges on the path between two words (int64); zero where a window
      is no tree, and for padding.
    """

    heads: Tensor
    is_tree: Tensor
    distances: Tensor


def gold_trees(batch: EdgeBatch) -> GoldTrees:
    """The gold trees of a batch, windows that are none included."""
    size, width = len(batch.lengths), batch.width
    asked = batch.is_anchor
    single = asked & ((batch.gold_at >= 0).sum(-1) == 1)  # [B, A]
    head = batch.gold_at.amax(-1) if batch.gold_at.shape[-1] else batch.anchors
    window, anchor = single.nonzero(as_tuple=True)
    heads = batch.anchors.new_full((size, width), -1)
    heads[window, batch.anchors[window, anchor]] = head[window, anchor]
    times = batch.anchors.new_zeros(size, width).scatter_add(1, batch.anchors, asked.long())
    # A word that asks twice, or has no head or several, makes its window no tree.
    whole = ((times == 1) & (heads >= 0) | ~batch.is_word).all(1)
    lineage = ancestors(heads)  # [B, W+1, W+1]
    reaches = (lineage[:, 1:, 0] > 0) | ~batch.is_word
    is_tree = whole & ((heads == 0).sum(1) == 1) & reaches.all(1)
    distances = tree_distances(lineage) * is_tree[:, None, None]
    both = batch.is_word[:, :, None] & batch.is_word[:, None]
    return GoldTrees(heads, is_tree, distances * both)


def ancestors(heads: Tensor) -> Tensor:
    """Which nodes each node reaches by going from head to head, itself included.

    Args:
        heads: ``[B, W]``, counted from one; 0 is ROOT, -1 none.

    Returns:
        ``[B, W+1, W+1]``, one or zero (float32); index 0 is ROOT.
    """
    size, width = heads.shape
    steps = torch.eye(width + 1, device=heads.device).repeat(size, 1, 1)
    window, word = (heads >= 0).nonzero(as_tuple=True)
    steps[window, word + 1, heads[window, word]] = 1
    reach = 1  # what `steps` holds are paths of at most this many steps
    while reach < width:
        steps = (steps @ steps).clamp_max(1)
        reach *= 2
    return steps


def tree_distances(lineage: Tensor) -> Tensor:
    """Edges between any two words of a tree, ``[B, W, W]``, from :func:`ancestors`.

    Two words share the ancestors of their lowest common one; the path goes up to it and down.
    """
    words = lineage[:, 1:, 1:]  # [B, W, W], without ROOT
    depth = words.sum(-1)
    apart = depth[:, :, None] + depth[:, None] - 2 * (words @ words.mT)
    return apart.round().long()


def spanning_edges(distances: Tensor, nodes: Tensor) -> Tensor:
    """The undirected minimum spanning tree over ``nodes``.

    Of equal distances the pair with the lower first, then the lower second word goes first, as
    in the released code of Hewitt and Manning (2019), so that the tree is the only one.

    Args:
        distances: ``[B, W, W]``, finite; what stands above the diagonal counts.
        nodes: ``[B, W]``, which words the tree is to hold.

    Returns:
        ``[B, W, W]``, booleans, symmetric.
    """
    size, width, _ = distances.shape
    edges = nodes.new_zeros(size, width, width)
    if not edges.numel():
        return edges
    pairs = (nodes[:, :, None] & nodes[:, None]).triu(1)
    last = width * width
    order = distances.double().masked_fill(~pairs, torch.inf).flatten(1)
    order = order.argsort(dim=1, stable=True)
    place = torch.empty_like(order)
    place.scatter_(1, order, torch.arange(last, device=order.device).expand_as(order))
    place = place.view(size, width, width).masked_fill(~pairs, last)
    place = torch.minimum(place, place.mT)  # where each pair stands in the order; `last`: none

    # Prim's algorithm, all windows at once: the tree grows by the nearest word outside it.
    windows = torch.arange(size, device=nodes.device)
    start = nodes.long().argmax(1)
    outside = nodes.clone()
    outside[windows, start] = False
    nearest = place[windows, start]  # [B, W]: how near each word is to the tree, ...
    inner = start[:, None].repeat(1, width)  # ... and to which of its words
    for _ in range(int(nodes.sum(1).max()) - 1):
        best, word = nearest.masked_fill(~outside, last).min(1)
        grows = best < last
        # Without `edges[grows]`, which would make a GPU wait for us at each word.
        edges[windows, inner[windows, word], word] |= grows
        outside[windows, word] &= ~grows
        nearer = place[windows, word] < nearest
        nearest = torch.where(nearer, place[windows, word], nearest)
        inner = torch.where(nearer, word[:, None], inner)
    return edges | edges.mT


def head_edges(heads: Tensor, nodes: Tensor) -> Tensor:
    """The undirected edges between ``nodes [B, W]`` of trees given by ``heads [B, W]``."""
    size, width = heads.shape
    edges = nodes.new_zeros(size, width, width)
    window, word = (heads > 0).nonzero(as_tuple=True)
    edges[window, word, heads[window, word] - 1] = True
    return (edges | edges.mT) & nodes[:, :, None] & nodes[:, None]


def not_punctuation(batch: EdgeBatch) -> Tensor:
    """``[B, W]``: the words that the score counts, those in the row ``all``.

    The released code of Hewitt and Manning goes by part-of-speech tag; this by relation.
    """
    counted = batch.is_anchor & batch.member[:, :, list(batch.rows).index(ALL)]
    window, anchor = counted.nonzero(as_tuple=True)
    words = counted.new_zeros(len(batch.lengths), batch.width)
    return words.index_put((window, batch.anchors[window, anchor]), words.new_ones(()))


def rank_correlation(left: Tensor, right: Tensor, counted: Tensor) -> Tensor:
    """Spearman's correlation of two rows of numbers; equal ones share the mean of their ranks.

    Args:
        left: ``[P, W]``, finite.
        right: likewise.
        counted: ``[P, W]``, which entries count.

    Returns:
        ``[P]`` (float64); zero where a row is constant and there is no correlation.
    """
    ranks = torch.stack([_ranks(left, counted), _ranks(right, counted)])  # [2, P, W]
    number = counted.sum(-1).clamp_min(1)
    apart = (ranks - ranks.sum(-1, keepdim=True) / number[:, None]) * counted
    spread = apart.square().sum(-1).prod(0).sqrt()
    together = apart.prod(0).sum(-1)
    return torch.where(spread > 0, together / spread.clamp_min(1e-300), 0.0)


def _ranks(values: Tensor, counted: Tensor) -> Tensor:
    """Ranks from one, in float64; zero for what does not count."""
    kept = values.double().masked_fill(~counted, torch.inf)
    ordered = kept.sort(-1).values.contiguous()
    below = torch.searchsorted(ordered, kept)
    within = torch.searchsorted(ordered, kept, right=True)
    return ((below + within + 1).double() / 2) * counted
