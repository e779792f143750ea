"""Maximum spanning trees with one root: from scores of heads to a tree.

Chu-Liu/Edmonds is TurboParser's where ``ufal.chu_liu_edmonds`` is installed (the extra ``trees``),
else networkx's, which PyTorch installs. Both are exact; the second takes some hundred times as
long. Either only gets what is left when the words that need no search are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import networkx
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .batch import EdgeBatch
from .trees import GoldTrees

try:
    from ufal.chu_liu_edmonds import chu_liu_edmonds
except ImportError:
    chu_liu_edmonds: Any = None  # type: ignore[no-redef]

Matrix = NDArray[np.float64]


def one_root_tree(scores: Matrix) -> list[int]:
    """The heads of the tree with the highest sum of scores in which one word's head is ROOT.

    Words are tried as that one in the order of the most that a tree of theirs can come to: their
    score with ROOT and every other word's best score with any word. The first word whose most is
    no more than what a tree has come to ends the search, so that few have to be tried.

    Args:
        scores: ``[n, n+1]``, finite: of each head of each word, ROOT first.

    Returns:
        The head of each word, counted from one; 0 is ROOT.
    """
    count = len(scores)
    of_words = scores[:, 1:].copy()
    np.fill_diagonal(of_words, -np.inf)  # no word is its own head
    best = of_words.max(1) if count > 1 else np.zeros(1)
    most = scores[:, 0] + best.sum() - best
    heads, reached = [0] * count, -np.inf
    for root in np.argsort(-most, kind="stable").tolist():
        if most[root] <= reached:
            break
        tree = rooted_tree(scores[:, 1:], root)
        total = scores[np.arange(count), tree].sum()
        if total > reached:
            heads, reached = tree, total
    return heads


def rooted_tree(scores: Matrix, root: int) -> list[int]:
    """The heads of the tree with the highest sum of scores that hangs from the word ``root``.

    Args:
        scores: ``[n, n]``, finite: of each word as the head of each word.
        root: index of the word whose head is ROOT, counted from zero.

    Returns:
        The head of each word, counted from one; 0 is ROOT.
    """
    count = len(scores)
    others = [word for word in range(count) if word != root]
    columns = [root, *others]  # the word `root` takes the place of ROOT
    found = best_tree(scores[others][:, columns])
    heads = [0] * count
    for word, column in zip(others, found, strict=True):
        heads[word] = columns[column] + 1
    return heads


def best_tree(scores: Matrix) -> list[int]:
    """The heads of the tree with the highest sum of scores, with any number of roots.

    A word from which best head after best head leads to ROOT keeps its best head: give all such
    words theirs in any tree, and the sum is no lower, each of them leads to ROOT, and every other
    word leads to ROOT or to one of them. So these count as ROOT in what is searched.

    Args:
        scores: ``[n, n+1]``, finite: of each head of each word, ROOT first.
    """
    count = len(scores)
    allowed = scores.copy()
    allowed[np.arange(count), np.arange(count) + 1] = -np.inf  # no word is its own head
    heads: list[int] = allowed.argmax(1).tolist()
    settled = _leading_to_root(heads)
    rest = [word for word in range(1, count + 1) if word not in settled]
    if not rest:
        return heads
    inside = sorted(settled)
    gates = [inside[int(allowed[word - 1, inside].argmax())] for word in rest]
    rows = np.array(rest) - 1
    left = np.column_stack([allowed[rows, gates], allowed[rows][:, rest]])
    for word, gate, head in zip(rest, gates, SEARCH(left), strict=True):
        heads[word - 1] = rest[head - 1] if head else gate
    return heads


def by_networkx(scores: Matrix) -> list[int]:
    """Chu-Liu/Edmonds of networkx, as :func:`best_tree`; a word is not its own head (``-inf``)."""
    graph = networkx.DiGraph()
    for word, head in np.argwhere(np.isfinite(scores)).tolist():
        graph.add_edge(head, word + 1, weight=scores[word, head])
    heads = [0] * len(scores)
    for head, word in networkx.maximum_spanning_arborescence(graph).edges:
        heads[word - 1] = head
    return heads


def by_turboparser(scores: Matrix) -> list[int]:
    """The same of TurboParser, if the package ``ufal.chu_liu_edmonds`` is there."""
    square = np.full((len(scores) + 1, len(scores) + 1), np.nan)
    square[1:] = np.where(np.isfinite(scores), scores, np.nan)
    heads, _ = chu_liu_edmonds(square)
    return list(heads[1:])


SEARCH: Callable[[Matrix], list[int]] = by_turboparser if chu_liu_edmonds else by_networkx


def _leading_to_root(heads: Sequence[int]) -> set[int]:
    """The words, counted from one, whose heads lead to ROOT, and ROOT itself."""
    settled = {0}
    for start in range(1, len(heads) + 1):
        path: list[int] = []
        node = start
        while node not in settled and node not in path:
            path.append(node)
            node = heads[node - 1]
        if node in settled:
            settled |= set(path)
    return settled


def decode(scores: Tensor, batch: EdgeBatch) -> Tensor:
    """The tree over log-probabilities, with one root, of each window in which all words ask.

    Args:
        scores: ``[B, A, W+1]``, unnormalised; the softmax runs over the candidates.
        batch: the batch that they come from.

    Returns:
        The head of each word, ``[B, W]``, counted from one; 0 is ROOT, -1 none: padding, and
        windows in which not every word asks once.
    """
    heads = batch.anchors.new_full((len(batch.lengths), batch.width), -1)
    if not scores.numel():
        return heads
    logs = scores.double().masked_fill(~batch.candidates, -torch.inf).log_softmax(-1)
    # What is no candidate must be finite, and worse than a whole tree of candidates.
    least = logs.masked_fill(~batch.candidates, 0).flatten(1).amin(1) - 1  # [B]
    floor = (least * (batch.lengths + 1))[:, None, None]
    logs = torch.where(batch.candidates, logs, floor).cpu()
    for b, n in enumerate(batch.lengths.tolist()):
        words = batch.anchors[b][batch.is_anchor[b]].cpu()
        if words.sort().values.tolist() == list(range(n)) and n:
            by_word = logs[b][batch.is_anchor[b].cpu()][words.argsort(), : n + 1]
            heads[b, :n] = torch.tensor(one_root_tree(by_word.numpy()))
    return heads


def decode_from_roots(weights: Tensor, gold: GoldTrees, lengths: Tensor) -> Tensor:
    """The tree over a head's raw weights that hangs from the gold root (Htut et al. 2019).

    Args:
        weights: ``[B, W, W]``, of each word (column) as the head of each word (row).
        gold: the gold trees; windows that are none get no heads.
        lengths: ``[B]``.

    Returns:
        The head of each word, ``[B, W]``, counted from one; 0 is ROOT, -1 none.
    """
    heads = torch.full_like(gold.heads, -1)
    maps = weights.double().cpu()
    for b, n in enumerate(lengths.tolist()):
        if gold.is_tree[b]:
            root = int((gold.heads[b, :n] == 0).nonzero()[0, 0])
            heads[b, :n] = torch.tensor(rooted_tree(maps[b, :n, :n].numpy(), root))
    return heads


def head_hits(heads: Tensor, batch: EdgeBatch) -> Tensor:
    """Whether the decoded heads ``[B, W]`` of the anchors are gold, ``[B, A]``."""
    if not batch.gold.numel():
        return batch.is_anchor.clone()
    found = heads.gather(1, batch.anchors)  # [B, A]
    return batch.gold.gather(-1, found.clamp_min(0)[..., None])[..., 0] & (found >= 0)
