"""The paper's probes over attention (section 5)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.probes.base import Probe


class RootMix(nn.Module):
    """ROOT as a candidate: a mix of attention to the first and to the last special token.

    The released code of section 5 gives ROOT the map ``start * A[:, CLS] + end * A[:, SEP]``,
    two scalars shared by all heads; for the transposed maps it is attention *from* them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.ones(2))

    def forward(self, boundary: Tensor) -> tuple[Tensor, Tensor]:
        """``boundary [B, L, H, W, 4]`` to ROOT in maps and transposed maps, ``[B, L*H, W]``."""
        flat = boundary.flatten(1, 2)  # [B, L*H, W, 4]
        return flat[..., :2] @ self.mix, flat[..., 2:] @ self.mix


class AttentionProbe(Probe):
    """A weight for each head's map and one for its transpose; nothing else (section 5).

    ``score(i, j) = sum_k w_k * A_k[i, j] + u_k * A_k[j, i]``
    """

    needs = ("attention", "boundary")
    is_pairwise = True
    weight: nn.Parameter

    def configure(self, sizes: Sizes) -> None:
        """``weight [2, L, H]``: for the maps and for their transposes."""
        shape = (2, sizes.layers, sizes.heads)
        self.weight = nn.Parameter(_uniform(*shape, fan=math.prod(shape)))
        self.root = RootMix()

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``."""
        maps = encoding.part("attention").flatten(1, 2)  # [B, L*H, W, W]
        own, transposed = self.weight.flatten(1)  # [L*H] each
        size, heads, width, _ = maps.shape
        # Both weights at once: the maps are read a single time, and they are what takes long.
        both = self.weight.flatten(1) @ maps.reshape(size, heads, width * width)  # [B, 2, W*W]
        rows, columns = both.view(size, 2, width, width).unbind(1)
        root_rows, root_columns = self.root(encoding.part("boundary"))  # [B, L*H, W]
        root = own @ root_rows + transposed @ root_columns  # [B, W]
        return torch.cat([root[..., None], rows + columns.mT], -1)

    def head_weights(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """The weights themselves: they do not depend on the words."""
        return self.weight


class AttentionWordsProbe(Probe):
    """Weights on heads that depend on the two words (section 5).

    ``score(i, j) = sum_k (W(v_i, v_j) + b)_k * A_k[i, j] + (U(v_i, v_j) + c)_k * A_k[j, i]``

    where ``v`` are word vectors, from a file or the model's own input embeddings. A linear layer
    over a pair is a part for the dependent plus a part for the head, so no tensor
    ``[W, W, 2V]`` is built.
    ROOT has no words: both vectors are zero, as in the paper, and the biases alone weigh it.
    """

    needs = ("attention", "boundary", "vectors")
    is_pairwise = True
    bias: nn.Parameter

    def configure(self, sizes: Sizes) -> None:
        """``bias [2, L*H]``; ``of_dependent`` and ``of_head`` map vectors to two of that."""
        heads = sizes.layers * sizes.heads
        fan = 2 * sizes.vectors
        self.of_dependent = nn.Parameter(_uniform(sizes.vectors, 2 * heads, fan=fan))
        self.of_head = nn.Parameter(_uniform(sizes.vectors, 2 * heads, fan=fan))
        self.bias = nn.Parameter(_uniform(2, heads, fan=fan))
        self.root = RootMix()
        self.sizes = sizes

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``."""
        vectors = encoding.part("vectors")  # [B, W, V]
        maps = encoding.part("attention").flatten(1, 2)  # [B, L*H, W, W]
        split = (*vectors.shape[:2], 2, maps.shape[1])
        dependent = (vectors @ self.of_dependent).view(split) + self.bias  # [B, W, 2, L*H]
        head = (vectors @ self.of_head).view(split)  # [B, W, 2, L*H]

        # In sum_k c_k * A_k[i, j] a coefficient that belongs to word i goes with the row i of
        # A, one of word j with the column j; in the transposed maps it is the other way round.
        by_row = torch.stack([dependent[:, :, 0], head[:, :, 1]], 2)  # [B, W, 2, L*H]
        by_column = torch.stack([head[:, :, 0], dependent[:, :, 1]], 2)  # [B, W, 2, L*H]
        rows = by_row @ maps.transpose(1, 2)  # [B, W(i), 2, W(j)]
        columns = by_column @ maps.permute(0, 3, 1, 2)  # [B, W(j), 2, W(i)]
        scores = rows[:, :, 0] + columns[:, :, 0].mT + rows[:, :, 1].mT + columns[:, :, 1]

        root_rows, root_columns = self.root(encoding.part("boundary"))  # [B, L*H, W]
        root = self.bias[0] @ root_rows + self.bias[1] @ root_columns  # [B, W]
        return torch.cat([root[..., None], scores], -1)

    def head_weights(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """The weights at the mean word vector of the batch."""
        vectors = encoding.part("vectors")[batch.is_word]  # [words, V]
        mean = vectors.mean(0) if len(vectors) else vectors.sum(0)
        weights = mean @ (self.of_dependent + self.of_head) + self.bias.flatten()
        return weights.view(2, self.sizes.layers, self.sizes.heads)


def _uniform(*shape: int, fan: int) -> Tensor:
    """The usual start of a linear layer: uniform within one over the root of its inputs."""
    bound = 1 / math.sqrt(fan)
    return torch.empty(shape).uniform_(-bound, bound)
