"""Maximum spanning trees with one root: from scores of heads to a tree.

Chu-Liu/Edmonds is TurboParser's where ``ufal.chu_liu_edmonds`` is installed (the extra ``trees``),
else networkx's, which PyTorch installs. Both are exact; the second takes several hundred times as
long. Either only gets what is left when the words that need no search are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.trees import GoldTrees

try:
    from ufal.chu_liu_edmonds import chu_liu_edmonds
except ImportError:
    chu_liu_edmonds: Any = None  # type: ignore[no-redef]

Matrix = NDArray[np.float64]


def one_root_tree(scores: Matrix) -> list[int]:
    """The heads of the tree with the highest sum of scores in which one word's head is ROOT.

    If the best tree with any number of roots has one, it is the answer. Else every score with
    ROOT is lowered by more than any two trees can differ by, so that a tree with one root beats
    all trees with several; all trees with one root lose the same, so that their order stays, and
    the best tree is the best of them. (Gabow and Tarjan 1984 find spanning trees with a given
    number of such edges; Zmigrod et al. 2020 bring one root to dependency parsing.)

    The scores of a word are taken as differences from its best one, which changes no order and
    keeps numbers small. Lowering rounds the scores with ROOT to some 2e-16 of twice the sum of
    the words' spans. For 500 words with log-probabilities between -20 and 0 that is 5e-12, where
    the float32 scores behind them are good to 1e-6; where :func:`decode` puts a floor under other
    words' scores than their own, 500 times as much, which is still less.

    Args:
        scores: ``[n, n+1]``, finite: of each head of each word, ROOT first.

    Returns:
        The head of each word, counted from one; 0 is ROOT.
    """
    heads = best_tree(scores)
    if heads.count(0) == 1:
        return heads
    lowered = _without_self(scores)
    lowered -= lowered.max(1, keepdims=True)
    spans = -lowered.min(1, initial=0, where=np.isfinite(lowered)).sum()
    lowered[:, 0] -= 2 * spans if spans else 1
    return SEARCH(lowered)


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
    allowed = _without_self(scores)
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
    import networkx  # takes seconds, and most trees are found without it

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


def _without_self(scores: Matrix) -> Matrix:
    """A copy in which no word is its own head (``-inf``)."""
    allowed = scores.copy()
    np.fill_diagonal(allowed[:, 1:], -np.inf)
    return allowed


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
    heads = torch.full((len(batch.lengths), batch.width), -1)
    if not scores.numel():
        return heads.to(scores.device)
    logs = scores.double().masked_fill(~batch.candidates, -torch.inf).log_softmax(-1)
    # What is no candidate must be finite, and worse than a whole tree of candidates.
    least = logs.masked_fill(~batch.candidates, 0).flatten(1).amin(1) - 1  # [B]
    floor = (least * (batch.lengths + 1))[:, None, None]
    logs = torch.where(batch.candidates, logs, floor).cpu()
    anchors, is_anchor = batch.anchors.cpu(), batch.is_anchor.cpu()
    for b, n in enumerate(batch.lengths.tolist()):
        words = anchors[b][is_anchor[b]]
        if words.sort().values.tolist() == list(range(n)) and n:
            by_word = logs[b][is_anchor[b]][words.argsort(), : n + 1]
            heads[b, :n] = torch.tensor(one_root_tree(by_word.numpy()))
    return heads.to(scores.device)


def decode_from_roots(
    weights: Tensor, gold: GoldTrees, lengths: Tensor, class_of: Tensor | None = None
) -> Tensor:
    """The tree over a head's raw weights that hangs from the gold root (Htut et al. 2019).

    Of words that share all their wordpieces only the root, or else the first, has words that
    hang from it, none of them of its class. What hangs from it hangs from the class, and is said
    to hang from its own head, if the class holds it, or else from the word there that is nearest
    in the gold tree.

    Args:
        weights: ``[B, W, W]``, not negative, of each word (column) as the head of each word (row).
        gold: the gold trees; windows that are none get no heads.
        lengths: ``[B]``.
        class_of: ``[B, W]``, the first word of each word's class; ``None`` if each is alone.

    Returns:
        The head of each word, ``[B, W]``, counted from one; 0 is ROOT, -1 none.
    """
    heads = torch.full(gold.heads.shape, -1)
    maps = weights.double()
    if class_of is not None:
        maps = _between_classes(maps, gold, class_of)
    matrices = maps.cpu().numpy()
    right, is_tree = gold.heads.tolist(), gold.is_tree.tolist()
    for b, n in enumerate(lengths.tolist()):
        if is_tree[b]:
            root = right[b].index(0)
            heads[b, :n] = torch.tensor(rooted_tree(matrices[b, :n, :n], root))
    heads = heads.to(gold.heads.device)
    return heads if class_of is None else _nearest_of_class(heads, gold, class_of)


def _between_classes(weights: Tensor, gold: GoldTrees, class_of: Tensor) -> Tensor:
    """``weights [B, W, W]``, but what no tree should hold weighs less than any tree."""
    place = torch.arange(class_of.shape[1], device=class_of.device)
    is_root = gold.heads == 0
    alike = class_of[:, :, None] == class_of[:, None]  # [B, W, W]
    beside_root = (alike & is_root[:, None]).any(-1)
    stands = torch.where(beside_root, is_root, class_of == place)  # [B, W]
    floor = -(weights.amax(-1).sum(-1) + 1)  # [B]
    return torch.where(stands[:, None] & ~alike, weights, floor[:, None, None])


def _nearest_of_class(heads: Tensor, gold: GoldTrees, class_of: Tensor) -> Tensor:
    """``heads [B, W]`` by the word of each one's class that counts; -1 for a word's own class."""
    found = class_of.gather(1, (heads - 1).clamp_min(0))  # [B, W]
    place = torch.arange(class_of.shape[1], device=class_of.device)
    apart = 2 * gold.distances - (gold.heads[..., None] - 1 == place).long()  # its own head first
    nearest = apart.masked_fill(class_of[:, None] != found[..., None], 2 * len(place)).argmin(-1)
    return torch.where(heads > 0, torch.where(found == class_of, -1, nearest + 1), heads)


def head_hits(heads: Tensor, batch: EdgeBatch) -> Tensor:
    """Whether the anchors' heads in ``K`` decoded trees ``[B, W, K]`` are gold, ``[B, A, K]``."""
    anchors = batch.anchors[..., None].expand(-1, -1, heads.shape[-1])
    found = heads.gather(1, anchors)  # [B, A, K]
    return batch.gold.gather(-1, found.clamp_min(0)) & (found >= 0)
