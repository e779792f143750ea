"""Words and the special tokens around them, as figure 5 shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from probing.core.layers import WordLayer
from probing.encoder import Encoder


class _Whole:
    """Keeps the word map of every layer, special tokens included."""

    def __init__(self) -> None:
        self.maps: list[Tensor] = []

    def take(self, layer: WordLayer) -> None:
        self.maps.append(layer.map.whole())


@dataclass(frozen=True)
class WordTokens:
    """Attention ``maps [L, H, N, N]`` between ``tokens``: words, and special ones at both ends.

    ``first`` is where the first word stands.
    """

    tokens: Sequence[str]
    maps: Tensor
    first: int


def word_tokens(
    encoder: Encoder,
    ids: Tensor,
    words_of: Tensor,
    words: Sequence[str],
    *,
    last_of: Tensor | None = None,
    hide: str | None = None,
) -> WordTokens:
    """A sentence as the heads of a model see it.

    Args:
        encoder: the loaded model.
        ids: ``[1, T]``.
        words_of: the word of each wordpiece, ``[1, T]``; -1 is a special token.
        words: of the sentence.
        last_of: as :class:`~probing.core.batches.EdgeBatch` has it.
        hide: a special token to leave out.
    """
    whole = _Whole()
    with torch.inference_mode():
        encoder(ids, words_of, width=len(words), needs=set(), last_of=last_of, collectors=[whole])
    maps = torch.stack(whole.maps, 1)[0].cpu()  # [L, H, W+2, W+2]
    count, of = len(words), words_of[0].tolist()
    pieces = encoder.tokenizer.tokenizer.convert_ids_to_tokens(ids[0].tolist())
    ahead, behind = (
        [(place, pieces[end])] if of[end] < 0 and pieces[end] != hide else []
        for place, end in ((count, 0), (count + 1, -1))
    )
    shown = [*ahead, *enumerate(words), *behind]
    places = torch.tensor([place for place, _ in shown])
    return WordTokens([name for _, name in shown], maps[:, :, places][..., places], len(ahead))
