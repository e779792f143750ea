"""What heads and a probe get right in one sentence, as loops over maps, in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from naive_ablation import Head, Ids, Naive
from torch import Tensor


@dataclass(frozen=True)
class Tree:
    """A sentence: of each word its pieces' places, its head (0 is ROOT) and its relation."""

    ids: Ids
    pieces: Sequence[Sequence[int]]
    heads: Sequence[int]
    relations: Sequence[str]


def tree_of(lines: Sequence[str], split: Callable[[str], list[int]]) -> Tree:
    """Of lines of CoNLL-U; ``split`` gives a word's wordpieces, which stand between 2 and 3."""
    ids, pieces, heads, relations = [2], [], [], []
    for line in lines:
        cells = line.split("\t")
        own = split(cells[1])
        pieces.append(range(len(ids), len(ids) + len(own)))
        ids += own
        heads.append(int(cells[6]))
        relations.append(cells[7])
    return Tree([*ids, 3], pieces, heads, relations)


def ablated_maps(
    model: Naive, ids: Ids, heads: Sequence[Head], others: Tensor | None
) -> list[list[Tensor]]:
    """By layer and head ``[T, T]``, of the model without some heads, which have what they get."""
    run = model.run([ids], heads, others, output_attentions=True).attentions
    found = [list(layer[0]) for layer in run]
    for layer, head in heads:
        if model.how != "zero":
            given = None if others is None else others[layer - 1, head - 1]
            rows = [
                model.row(i, len(ids), None if given is None else given[i]) for i in range(len(ids))
            ]
            found[layer - 1][head - 1] = torch.stack(rows)
    return found


def attention(amap: Tensor, of: Sequence[int], to: Sequence[int]) -> float:
    """From a word, the mean over its pieces; to one, the sum."""
    return sum(float(amap[p, q]) for p in of for q in to) / len(of)


def right_of_head(tree: Tree, amap: Tensor, relation: str, direction: str) -> tuple[int, int]:
    """How many of a relation's words pick their head, and how many there are."""
    right = asked = 0
    for i, (gold, name) in enumerate(zip(tree.heads, tree.relations, strict=True)):
        if name != relation or gold == 0:
            continue
        best, pick = 0.0, -1
        for j in range(len(tree.heads)):
            row = attention(amap, tree.pieces[i], tree.pieces[j])
            column = attention(amap, tree.pieces[j], tree.pieces[i])
            score = {"dep->head": row, "head->dep": column, "both": row + column}[direction]
            if j != i and score > best:
                best, pick = score, j
        asked, right = asked + 1, right + (pick == gold - 1)
    return right, asked


def right_of_probe(
    tree: Tree, maps: Sequence[Sequence[Tensor]], weight: Tensor, mix: Tensor
) -> tuple[int, int]:
    """The same of a probe with ``weight [2, L, H]`` and ``mix [2]``, over words and root words."""
    last = len(tree.ids) - 1
    right = asked = 0
    for i, (gold, name) in enumerate(zip(tree.heads, tree.relations, strict=True)):
        if name == "punct":
            continue
        scores = []
        for j in range(len(tree.heads) + 1):
            score = 0.0
            for layer, of_layer in enumerate(maps):
                for head, amap in enumerate(of_layer):
                    own, transposed = (float(each[layer, head]) for each in weight)
                    if j == 0:
                        for place, share in ((0, float(mix[0])), (last, float(mix[1]))):
                            score += own * share * attention(amap, tree.pieces[i], [place])
                            score += transposed * share * attention(amap, [place], tree.pieces[i])
                        continue
                    score += own * attention(amap, tree.pieces[i], tree.pieces[j - 1])
                    score += transposed * attention(amap, tree.pieces[j - 1], tree.pieces[i])
            scores.append(score if j != i + 1 else float("-inf"))
        asked, right = asked + 1, right + (scores.index(max(scores)) == gold)
    return right, asked
