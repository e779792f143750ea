"""The paper's trained baseline: words and how far apart they are (section 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import check_range
from probing.core.terms import MAIN
from probing.probes.base import Probe


class DistanceWordsProbe(Probe):
    """What words and their distance tell, without any attention.

    A layer of ``width`` tanh units over both words' vectors and eight features of position
    (see :func:`position_features`), then one weight for each unit. ROOT's word vectors are zero.

    Args:
        width: hidden units; the paper has 256.
        learning_rate: of this probe.
        encoder: the one whose input embeddings it reads.
    """

    needs = ("vectors",)

    def __init__(
        self, *, width: int = 256, learning_rate: float = 0.002, encoder: str = MAIN
    ) -> None:
        super().__init__(learning_rate=learning_rate, encoder=encoder)
        check_range(1, 2**16, width=width)
        self.width = width

    def configure(self, sizes: Sizes) -> None:
        """A linear layer for each of the parts of its input, and the output layer."""
        self.of_dependent = nn.Linear(sizes.vectors, self.width, bias=False)
        self.of_head = nn.Linear(sizes.vectors, self.width, bias=False)
        self.of_position = nn.Linear(8, self.width)
        self.output = nn.Linear(self.width, 1, bias=False)

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``; zero for words that are no anchors."""
        vectors = encoding.part("vectors")
        size, width = vectors.shape[:2]
        # Only anchors are scored: a window of coreference has few, and a layer of hidden units
        # for each pair of its words would fill the memory.
        window, word = batch.asks.nonzero(as_tuple=True)  # [P] each
        dependent = self.of_dependent(vectors)[window, word][:, None]  # [P, 1, units]
        head = self.of_head(vectors)[window]  # [P, W, units]
        position = self.of_position(position_features(word, batch.lengths[window], width))
        pair = (position[:, 1:] + dependent + head).tanh()  # [P, W, units]
        root = position[:, :1].tanh()  # [P, 1, units]
        chosen = self.output(torch.cat([root, pair], 1))[..., 0]  # [P, W+1]
        scores: Tensor = chosen.new_zeros(size, width, width + 1)
        return scores.index_put((window, word), chosen)


def position_features(words: Tensor, lengths: Tensor, width: int) -> Tensor:
    """Eight features of each of ``P`` words ``i`` and a candidate ``j``, ``[P, W+1, 8]``.

    How many words ``j`` is ahead, over the window's length (zero if behind); how many it is
    behind, likewise; whether the offset ``j - i`` is -2, -1, 0, 1, 2; whether it is ROOT, where
    all others are zero.

    Args:
        words: ``[P]``, indices counted from zero.
        lengths: ``[P]``, the words of the window of each.
        width: ``W``.
    """
    offset = (torch.arange(width, device=words.device) - words[:, None]).float()  # [P, W]
    share = offset / lengths.clamp_min(1)[:, None]
    features = offset.new_zeros((len(words), width + 1, 8))
    features[:, 1:, 0] = share.clamp_min(0)
    features[:, 1:, 1] = (-share).clamp_min(0)
    for feature, near in enumerate(range(-2, 3), start=2):
        features[:, 1:, feature] = offset == near
    features[:, 0, 7] = 1
    return features
