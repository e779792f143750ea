"""The structural probe of Hewitt and Manning (2019)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Literal

import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import ProbingError
from probing.core.terms import MAIN
from probing.core.trees import gold_trees
from probing.probes.base import Probe


class StructuralProbe(Probe):
    """Distances in the tree as squared distances of hidden states, under a linear map.

    ``d(i, j) = |B (h_i - h_j)|^2``, trained so that it is the number of edges between the two
    words (section 2.1 of the paper). As scores of heads it gives ``-d``: a word picks the word
    next to it, be that its head or its dependent, and never ROOT, which has no hidden state.

    Args:
        layer: whose hidden states; 0 is the input of the first layer, the last if not given (after
            the norm behind it, where a model has one); ``all`` for a probe of each, called
            ``name_0``, ``name_1`` and so on.
        rank: of the map, the most dimensions that distances are measured in; as many as the
            hidden states have, if not given.
        learning_rate: at the start, as in the paper; it falls linearly to zero over the run, since
            at a constant rate the absolute error keeps the map from settling. (The released code
            divides it by ten whenever an epoch brings nothing.)
        encoder: the one it reads.
    """

    needs = ("hidden",)
    measures_distances = True
    map: nn.Parameter

    def __init__(
        self,
        *,
        layer: int | Literal["all"] | None = None,
        rank: int | None = None,
        learning_rate: float = 0.001,
        encoder: str = MAIN,
    ) -> None:
        super().__init__(learning_rate=learning_rate, encoder=encoder)
        self.layer = layer
        self.rank = rank
        self._index = -1

    def expanded(self, sizes: Sizes) -> Mapping[str, Probe]:
        """One for each layer that is looked at, if it is to be ``all``."""
        if self.layer != "all":
            return {"": self}
        found = {f"_{layer}": deepcopy(self) for layer in _numbers(sizes)}
        for probe, layer in zip(found.values(), _numbers(sizes), strict=True):
            probe.layer = layer
        return found

    def configure(self, sizes: Sizes) -> None:
        """``map [D, rank]``.

        It starts with distances near zero. The released code starts with five times the numbers
        and thus with distances far above those of trees, which costs the first epoch.

        Raises:
            ProbingError: if the layer is not looked at, or the rank is not possible.
        """
        numbers = _numbers(sizes)
        if self.layer is not None and self.layer not in numbers:
            listed = ", ".join(map(str, numbers))
            raise ProbingError(
                f"a structural probe of layer {self.layer}: expected one of {listed}"
            )
        rank = sizes.hidden if self.rank is None else self.rank
        if not 1 <= rank <= sizes.hidden:
            raise ProbingError(
                f"a structural probe of rank {rank}: expected a rank from 1 to {sizes.hidden}, "
                "the size of the hidden states"
            )
        self._index = len(numbers) - 1 if self.layer is None else numbers.index(self.layer)
        self.map = nn.Parameter(torch.empty(sizes.hidden, rank).uniform_(-0.01, 0.01))

    def rate_at(self, progress: float) -> float:
        """Falls linearly to zero."""
        return self.learning_rate * (1 - progress)

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``: minus the distances; ROOT is farther than any word."""
        real = batch.is_word[..., None]  # [B, W, 1]
        hidden = encoding.part("hidden")[:, self._index]  # [B, W, D]
        # Distances do not change with the origin, but what is lost to rounding does.
        centre = (hidden * real).sum(1, keepdim=True) / real.sum(1, keepdim=True).clamp_min(1)
        mapped = ((hidden - centre) * real) @ self.map  # [B, W, rank]
        within = mapped @ mapped.mT  # [B, W, W]
        length = within.diagonal(dim1=1, dim2=2)  # [B, W]
        squared = length[:, :, None] + length[:, None] - (within + within.mT)
        both = real & batch.is_word[:, None]  # [B, W, W]
        squared = squared.clamp_min(0) * both
        root = squared.detach().flatten(1).amax(1) + 1 if squared.numel() else length.sum(1)
        return torch.cat([-root[:, None, None].expand(-1, batch.width, 1), -squared], -1)

    def distances(self, scores: Tensor, batch: EdgeBatch) -> Tensor:
        """The distances themselves, ``[B, W, W]``; zero in the rows of words that do not ask."""
        rows = scores.new_zeros(len(batch.lengths), batch.width, batch.width)
        window, anchor = batch.is_anchor.nonzero(as_tuple=True)
        word = batch.anchors[window, anchor]
        return rows.index_put((window, word), -scores[window, anchor, 1:])

    def loss(self, scores: Tensor, batch: EdgeBatch) -> Tensor:
        """Mean over sentences of ``sum_ij |tree(i, j) - d(i, j)| / length^2`` (section 2.2).

        Windows that are no tree have no distances and are left out.
        """
        gold = gold_trees(batch)
        both = batch.is_word[:, :, None] & batch.is_word[:, None]
        wrong = (self.distances(scores, batch) - gold.distances).abs()
        kept = both & gold.is_tree[:, None, None]
        each = (wrong * kept).sum((1, 2)) / batch.lengths.clamp_min(1).square()
        return each.sum() / gold.is_tree.sum().clamp_min(1)

    def counted(self, batch: EdgeBatch) -> Tensor:
        """Sentences that are trees."""
        return gold_trees(batch).is_tree.sum()


def _numbers(sizes: Sizes) -> tuple[int, ...]:
    """Of the hidden states: of the input of the first layer, and of each layer."""
    return 0, *sizes.layer_numbers
