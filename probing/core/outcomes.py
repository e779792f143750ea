"""What heads and probes picked in a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from probing.core.batches import ByWindow


@dataclass(frozen=True)
class HeadPicks(ByWindow):
    """What every head of an encoder picks, in three directions: by row, by column, by their sum.

    - ``words [B, A, 3, L, H]``: the index of the word that is picked, counted from zero (int32);
      of words that share all their wordpieces, the one that stands for them
      (``EdgeBatch.choices``).
    - ``is_pick [B, A, 3, L, H]``: false where the head gives no candidate any weight.
    - ``hits [B, A, 3, L, H]``: whether the pick is gold.
    - ``kinds [B, A, 3, L, H]``: the kind of error that the pick is, or 0 (int8).
    - ``reachable [B, A, 3, L]``: whether the anchor can reach a gold word.
    - ``quantities [B, A, 3, L, H, Q]``: those of :data:`~probing.core.quantities.QUANTITIES`.
    """

    words: Tensor
    is_pick: Tensor
    hits: Tensor
    kinds: Tensor
    reachable: Tensor
    quantities: Tensor


@dataclass(frozen=True)
class Outcome:
    """What was found in a batch: picks and scores, no maps.

    - ``heads``: by encoder, of all anchors; nothing where it was not asked for.
    - ``scores [B, A, W+1]``: by probe, of the anchors of ``batch.probed``, as all of the below.
    - ``picks [B, A, K]``: the column that each of the ``K`` probes that pick candidates picks.
    - ``hits [B, A, K]``: whether it is gold.
    - ``weights [2, L, H]``: that probes give heads, by probe, see
      :meth:`~probing.probes.base.Probe.head_weights`; nothing where it was not asked for.
    """

    heads: Mapping[str, HeadPicks]
    scores: Mapping[str, Tensor]
    picks: Tensor
    hits: Tensor
    weights: Mapping[str, Tensor] = field(default_factory=dict)
