"""Random dependency trees, and batches of given ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from probing.core.batches import EdgeBatch
from probing.core.terms import ALL
from probing.core.windows import Window, Wordpieces
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies

ROWS = (ALL, "dep", "punct")


def tree_heads(seed: int, n: int) -> list[int]:
    """A random tree over ``n`` words: heads counted from one, 0 is ROOT."""
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(n, generator=rng).tolist()
    heads = [0] * n
    for place, word in enumerate(order[1:], start=1):
        heads[word] = order[int(torch.randint(place, (), generator=rng))] + 1
    return heads


def tree_batch(
    heads: Sequence[Sequence[int]], *, punctuation: Sequence[Sequence[int]] = ()
) -> EdgeBatch:
    """Dependency windows with given heads; the words ``punctuation`` are that."""
    windows = [
        Window(
            words=[f"w{word}" for word in range(len(of_window))],
            wordpieces=Wordpieces(
                ids=[2, *range(5, 5 + len(of_window)), 3],
                words_of=[-1, *range(len(of_window)), -1],
            ),
            anchors=range(len(of_window)),
            gold=[[head] for head in of_window],
            candidates=None,
            rows=[
                [2] if punctuation and word in punctuation[b] else [0, 1]
                for word in range(len(of_window))
            ],
        )
        for b, of_window in enumerate(heads)
    ]
    return collate(windows, ROWS, Dependencies.terms, 0)
