"""The paper's trained baseline: words and how far apart they are (section 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import check_range
from probing.core.terms import MAIN
from probing.probes.base import Probe
from probing.probes.pair_layer import pair_scores


class DistanceWordsProbe(Probe):
    """What words and their distance tell, without any attention.

    A layer of ``width`` tanh units over both words' vectors and eight features of position,
    seven of words (see :func:`position_features`) and whether the candidate is ROOT, then one
    weight for each unit. ROOT's word vectors are zero.

    Args:
        width: hidden units; the paper has 256.
        learning_rate: of this probe.
        encoder: the one whose input embeddings it reads.
    """

    needs = ("vectors",)
    is_pairwise = True

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
        places = batch.positions
        offset = places[window] - places[window, word][:, None]  # [P, W]
        # Of the eight features the last tells ROOT from words: no word has it, and ROOT no other.
        *of_words, of_root = self.of_position.weight.T  # [units] each
        bias = self.of_position.bias
        pair = pair_scores(
            self.of_dependent(vectors)[window, word] + bias,
            self.of_head(vectors),
            position_features(offset, batch.window_lengths[window]),
            torch.stack(of_words),
            self.output.weight[0],
            window,
        )
        root = self.output((of_root + bias).tanh())  # [1]
        chosen = torch.cat([root.expand(len(pair), 1), pair], 1)  # [P, W+1]
        scores: Tensor = chosen.new_zeros(size, width, width + 1)
        return scores.index_put((window, word), chosen)


def position_features(offset: Tensor, lengths: Tensor) -> Tensor:
    """Seven features of where a candidate stands from each of ``P`` words, ``[P, W, 7]``.

    How many words it is ahead, over the window's length (zero if behind); how many it is
    behind, likewise; whether the offset is -2, -1, 0, 1, 2.

    Args:
        offset: ``[P, W]``, words that each candidate is ahead.
        lengths: ``[P]``, the words of the window of each.
    """
    share = offset / lengths.clamp_min(1)[:, None]
    near = offset[..., None] == torch.arange(-2, 3, device=offset.device)
    ahead = torch.stack([share.clamp_min(0), (-share).clamp_min(0)], -1)
    return torch.cat([ahead, near.to(ahead.dtype)], -1)
