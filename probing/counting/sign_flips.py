"""Sums in which the signs of whole units are flipped: what differences look like by chance alone.

Were a head no better than a baseline, then in each document, whichever of the two got more right
might as well have been the other: the sign of the document's difference could be either. Every
pattern of signs is as likely as the one that was observed, in which none is flipped. A unit's signs
hang on its identity alone, and are the same for all heads, baselines and rows, so that what these
have in common stays in the patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from probing.counting.resampling import UnitWeights, draws, mixed


@dataclass(frozen=True)
class SignFlips(UnitWeights):
    """``count`` patterns of signs (``N``), the first of which flips none.

    ``units`` tell the units from each other where these are so few that all patterns are counted
    out; else patterns are drawn.
    """

    units: tuple[int, ...] = ()

    @classmethod
    def of(cls, drawn: int, units: tuple[int, ...]) -> SignFlips:
        """The pattern that flips none and ``drawn`` others; all there are of ``units``, if any."""
        return cls(2 ** len(units), units) if units else cls(1 + drawn)

    def weights(self, units: Tensor) -> Tensor:
        """The sign of each of ``units [B]`` in each pattern, 1 or -1: ``[B, N]``."""
        if self.units:
            patterns = torch.arange(self.count, device=units.device)
            known = torch.tensor(self.units, device=units.device)
            place = (units[:, None] == known).long().argmax(1)  # what is not there has no anchor
            is_flipped = patterns >> place[:, None] & 1
        else:
            # Mixed once more, or signs would hang on the weights that resamples give the unit.
            own = draws(mixed(units), self.count - 1) & 1
            is_flipped = torch.cat([torch.zeros_like(own[:, :1]), own], 1)
        return 1 - 2 * is_flipped
