"""Figure 5: heads on sentences of a treebank in which their relation occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.picking import directed, pick_word
from probing.data.store import EdgeWindows
from probing.encoder import Encoder
from probing.surface.measures.noop import Finder
from probing.surface.report.lines_between_tokens import Edge, HeadOnText, edges_of

LONGEST = 16
"""Words of a sentence that a panel has room for."""
LOOKED_AT = 2000
"""Sentences among which an example is sought."""


def heads_on_examples(
    encoder: Encoder, corpus: EdgeWindows, finders: Sequence[Finder]
) -> list[HeadOnText]:
    """Each head on the first short sentence with its relation, what it picks in colour.

    Args:
        encoder: the loaded model.
        corpus: dependency trees.
        finders: heads and their relations; those without an example are left out.
    """
    device = next(encoder.model.parameters()).device
    wanted, found = list(finders), []
    for batch in _sentences(corpus):
        batch = batch.to(device)
        for finder in list(wanted):
            if finder.relation in batch.rows and bool(_asked(batch, finder).any()):
                found.append((finders.index(finder), _drawn(encoder, batch, finder)))
                wanted.remove(finder)
        if not wanted:
            break
    return [drawn for _, drawn in sorted(found, key=lambda pair: pair[0])]


def _sentences(corpus: EdgeWindows) -> Iterator[EdgeBatch]:
    for index in range(min(len(corpus), LOOKED_AT)):
        batch = corpus[[index]]
        if 5 <= batch.width <= LONGEST:
            yield batch


def _asked(batch: EdgeBatch, finder: Finder) -> Tensor:
    """The anchors that have the relation to a word, ``[A]``."""
    member = batch.member[0, :, list(batch.rows).index(finder.relation)]
    return member & batch.is_anchor[0] & batch.gold[0, :, 1:].any(-1)


def _drawn(encoder: Encoder, batch: EdgeBatch, finder: Finder) -> HeadOnText:
    with torch.inference_mode():
        encoding = encoder(
            batch.ids,
            batch.words_of,
            width=batch.width,
            needs={"attention"},
            last_of=batch.last_of,
        )
    layer = encoder.layer_numbers.index(finder.layer)
    maps = encoding.part("attention")[:, layer : layer + 1, finder.head - 1 : finder.head]
    names = list(batch.terms.directions)
    # A sum of both directions has no one line to colour: that from the dependent stands for it.
    direction = names.index(finder.direction) if finder.direction in names[:2] else 0
    scores = directed(maps, batch.anchors)[direction]  # [1, A, 1, 1, W]
    pick, is_pick = pick_word(scores, batch.choices[:, :, None, None])
    picks: dict[int, int | None] = {}
    gold: dict[int, list[int]] = {}
    for a in _asked(batch, finder).nonzero().flatten().tolist():
        word = int(batch.anchors[0, a])
        picks[word] = int(pick[0, a, 0, 0]) if bool(is_pick[0, a, 0, 0]) else None
        gold[word] = batch.gold[0, a, 1:].nonzero().flatten().tolist()
    edges: list[Edge] = edges_of(picks, gold, by_column=direction == 1)
    title = f"head {finder.layer}-{finder.head}: {finder.relation}"
    return HeadOnText(title, batch.words[0], maps[0, 0, 0].cpu(), edges)
