"""Figure 5: heads on sentences of a treebank in which their relation occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.picking import directed, pick_word
from probing.data.store import EdgeWindows
from probing.encoder import Encoder
from probing.surface.measures.noop import Finder
from probing.surface.report.lines_between_tokens import Edge, HeadOnText, edges_of
from probing.surface.report.word_tokens import word_tokens

LONGEST = 16
"""Words of a sentence that a panel has room for."""
LOOKED_AT = 2000
"""Sentences among which examples are sought."""
EXAMPLES = 2
"""Of each head."""


def heads_on_examples(
    encoder: Encoder, corpus: EdgeWindows, finders: Sequence[Finder], *, hide: str | None = None
) -> list[HeadOnText]:
    """Each head on the first short sentences with its relation, what it picks in colour.

    Args:
        encoder: the loaded model.
        corpus: dependency trees.
        finders: heads and their relations; those without examples are left out.
        hide: a special token to leave out.
    """
    device = next(encoder.model.parameters()).device
    found: list[list[HeadOnText]] = [[] for _ in finders]
    for batch in _sentences(corpus):
        batch = batch.to(device)
        for finder, own in zip(finders, found, strict=True):
            is_wanted = len(own) < EXAMPLES and finder.relation in batch.rows
            if is_wanted and bool(_asked(batch, finder).any()):
                own.append(_drawn(encoder, batch, finder, hide))
        if all(len(own) == EXAMPLES for own in found):
            break
    return [drawn for own in found for drawn in own]


def _sentences(corpus: EdgeWindows) -> Iterator[EdgeBatch]:
    for index in range(min(len(corpus), LOOKED_AT)):
        batch = corpus[[index]]
        if 5 <= batch.width <= LONGEST:
            yield batch


def _asked(batch: EdgeBatch, finder: Finder) -> Tensor:
    """The anchors that have the relation to a word, ``[A]``."""
    member = batch.member[0, :, list(batch.rows).index(finder.relation)]
    return member & batch.is_anchor[0] & batch.gold[0, :, 1:].any(-1)


def _drawn(encoder: Encoder, batch: EdgeBatch, finder: Finder, hide: str | None) -> HeadOnText:
    words = batch.words[0]
    seen = word_tokens(encoder, batch.ids, batch.words_of, words, last_of=batch.last_of, hide=hide)
    layer = encoder.layer_numbers.index(finder.layer)
    of_head = seen.maps[layer, finder.head - 1]
    inner = slice(seen.first, seen.first + len(words))
    maps = of_head[inner, inner][None, None, None].to(batch.ids.device)  # [1, 1, 1, W, W]
    names = list(batch.terms.directions)
    # A sum of both directions has no one line to colour: that from the dependent stands for it.
    direction = names.index(finder.direction) if finder.direction in names[:2] else 0
    scores = directed(maps, batch.anchors)[direction]  # [1, A, 1, 1, W]
    pick, is_pick = pick_word(scores, batch.choices[:, :, None, None])
    picks: dict[int, int | None] = {}
    gold: dict[int, list[int]] = {}
    for a in _asked(batch, finder).nonzero().flatten().tolist():
        word, first = int(batch.anchors[0, a]) + seen.first, seen.first
        picks[word] = int(pick[0, a, 0, 0]) + first if bool(is_pick[0, a, 0, 0]) else None
        gold[word] = [own + first for own in batch.gold[0, a, 1:].nonzero().flatten().tolist()]
    edges: list[Edge] = edges_of(picks, gold, by_column=direction == 1)
    place = finder.layer, finder.head
    return HeadOnText(finder.title, seen.tokens, of_head, edges, place)
