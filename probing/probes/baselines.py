"""The paper's trained baseline: words and how far apart they are (section 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..batch import EdgeBatch, Encoding, Sizes
from .base import Probe


class DistanceWordsProbe(Probe):
    """What words and their distance tell, without any attention.

    A layer of ``width`` tanh units over both words' vectors and eight features of position
    (see :func:`position_features`), then one weight for each unit. ROOT's word vectors are zero.

    Args:
        width: hidden units; the paper has 256.
        learning_rate: of this probe.
    """

    needs = ("embeddings",)

    def __init__(self, *, width: int = 256, learning_rate: float = 0.002) -> None:
        super().__init__(learning_rate=learning_rate)
        self.width = width

    def configure(self, sizes: Sizes) -> None:
        """A linear layer for each of the parts of its input, and the output layer."""
        self.of_dependent = nn.Linear(sizes.embedding, self.width, bias=False)
        self.of_head = nn.Linear(sizes.embedding, self.width, bias=False)
        self.of_position = nn.Linear(8, self.width)
        self.output = nn.Linear(self.width, 1, bias=False)

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``."""
        vectors = encoding.part("embeddings")
        width = vectors.shape[1]
        dependent = self.of_dependent(vectors)[:, :, None]  # [B, W, 1, units]
        head = self.of_head(vectors)[:, None]  # [B, 1, W, units]
        position = self.of_position(position_features(batch.lengths, width))  # [B, W, W+1, units]
        pair = (position[:, :, 1:] + dependent + head).tanh()
        root = position[:, :, :1].tanh()
        return torch.cat([self.output(root), self.output(pair)], 2)[..., 0]


def position_features(lengths: Tensor, width: int) -> Tensor:
    """Eight features of a dependent ``i`` and a candidate ``j``, ``[B, W, W+1, 8]``.

    How many words ``j`` is ahead, over the sentence's length (zero if behind); how many it is
    behind, likewise; whether the offset ``j - i`` is -2, -1, 0, 1, 2; whether it is ROOT, where
    all others are zero.
    """
    words = torch.arange(width, device=lengths.device)
    offset = (words[None, :] - words[:, None]).float()  # [W, W]
    near = torch.stack([offset == near for near in range(-2, 3)], -1).float()  # [W, W, 5]
    share = offset / lengths.clamp_min(1)[:, None, None]  # [B, W, W]
    features = lengths.new_zeros((len(lengths), width, width + 1, 8), dtype=torch.float32)
    features[:, :, 1:, 0] = share.clamp_min(0)
    features[:, :, 1:, 1] = (-share).clamp_min(0)
    features[:, :, 1:, 2:7] = near
    features[:, :, 0, 7] = 1
    return features
