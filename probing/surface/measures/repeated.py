"""Random sequences that come twice, which show heads that look for what came before.

``[start] R R [end]``, where ``R`` are ``S`` wordpieces drawn by chance: nothing but the
repetition tells what comes next (Elhage et al. 2021; Olsson et al. 2022, section "induction
heads"). A decoder sees only the first copy from a row of the second; **an encoder sees both
copies at once**, so its scores show where a head looks, not that it predicts anything.
"""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import Sizes
from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord
from probing.encoder import Encoder, PlainTokenizer
from probing.surface.measures.quantities import attention_at
from probing.surface.text.batches import TokenBatch
from probing.surface.text.segments import CLS, OTHER, SEP, SPECIAL, Segment

SCORES = ("previous_token_score", "duplicate_token_score", "induction_score")


def repeated_sequences(
    tokenizer: PlainTokenizer, *, count: int, length: int, seed: int
) -> list[Segment]:
    """``count`` sequences of ``length`` random wordpieces, no two of them alike, and these again.

    Raises:
        ProbingError: if the model or its vocabulary is too small for it.
    """
    frame, pieces = tokenizer.frame, tokenizer.ordinary
    most = min(len(pieces), (tokenizer.limit - len(frame.before) - len(frame.after)) // 2)
    if not 2 <= length <= most:
        raise ProbingError(
            f"expected a repeat_length from 2 to {most}, which the model takes twice, "
            f"found {length}"
        )
    random = Random(f"repeated/{seed}")
    opening, closing = (CLS, SEP) if frame.between else (SPECIAL, SPECIAL)
    made = []
    for _ in range(count):
        copy = random.sample(pieces, length)
        ids = [*frame.before, *copy, *copy, *frame.after]
        kinds = [
            *(opening for _ in frame.before),
            *(OTHER for _ in range(2 * length)),
            *(closing for _ in frame.after),
        ]
        made.append(Segment(ids, [0] * len(ids), kinds))
    return made


def second_copy(batch: TokenBatch, length: int) -> Tensor:
    """The rows of the second copy, ``[B, T]``."""
    text = batch.kinds == OTHER
    return text & (text.cumsum(1) > length)


def copy_scores(weights: Tensor, rows: Tensor, length: int) -> Tensor:
    """Attention summed over ``rows``, from row *i* to three other places.

    Args:
        weights: ``[B, H, T, T]``.
        rows: ``[B, T]``, those of the second copy.
        length: ``S``, wordpieces of a copy.

    Returns:
        ``[3, H]``, float64: to the previous token ``i-1``; to the same token of the first copy
        ``i-S`` (duplicate-token heads); to the one behind that, ``i-S+1``, which is what comes
        next if the sequence repeats itself (induction heads).
    """
    values = [attention_at(weights, offset) for offset in (-1, -length, 1 - length)]
    return (torch.stack(values).double() * rows[:, None]).sum((1, 3))


class _Copies:
    def __init__(self, rows: Tensor, length: int) -> None:
        self.rows = rows
        self.length = length
        self.sums: list[Tensor] = []

    def take(self, layer: LayerRecord) -> None:
        self.sums.append(copy_scores(layer.weights, self.rows, self.length))


class CopyScores(Metric):
    """Means of :func:`copy_scores` over the rows of second copies.

    States: ``sums [3, L, H]`` float64 and ``rows``.
    """

    full_state_update = False
    sums: Tensor
    rows: Tensor

    def __init__(self, sizes: Sizes, *, length: int) -> None:
        super().__init__()
        self.length = length
        zeros = torch.zeros(len(SCORES), sizes.layers, sizes.heads, dtype=torch.float64)
        self.add_state("sums", zeros, dist_reduce_fx="sum")
        self.add_state("rows", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, encoder: Encoder, batch: TokenBatch) -> None:
        """Run the encoder over a batch and count it."""
        if not batch.ids.numel():
            return
        rows = second_copy(batch, self.length)
        found = _Copies(rows, self.length)
        encoder.read(batch.ids, batch.real, [found], types=batch.types)
        self.sums = self.sums + torch.stack(found.sums, 1)
        self.rows = self.rows + rows.sum()

    def compute(self) -> dict[str, Tensor]:
        """Each score of :data:`SCORES`, ``[L, H]`` on the CPU; none where nothing was counted."""
        if not self.rows:
            return {}
        return dict(zip(SCORES, (self.sums / self.rows).cpu(), strict=True))
