"""The contract of a probe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import ProbingError, check_range
from probing.core.picking import anchor_rows, select_loss
from probing.core.terms import MAIN


class Probe(nn.Module):
    """Scores, for every word, how strongly it picks each candidate.

    A subclass names in :attr:`needs` the parts of the :class:`~probing.core.batches.Encoding`
    that it reads, makes its parameters in :meth:`configure`, and returns scores
    ``[B, W, W+1]`` from :meth:`forward`; column 0 is ROOT. Scores of padding, and of words that
    are no anchors, are ignored and may be anything finite.

    Args:
        learning_rate: of this probe alone; probes that train together share no parameter.
        encoder: the one it reads: ``main``, or the name of a further one of the run.
    """

    needs: Collection[str] = ()
    is_pairwise: ClassVar[bool] = False
    """Whether what it scores a pair of words by is what the encoding says of these two, where they
    stand (``batch.positions``) and how long the window is (``batch.window_lengths``): then it may
    learn from batches that lack the words that nobody asks about."""
    measures_distances: ClassVar[bool] = False
    """Whether it predicts distances between words, which have no direction: what its highest
    score picks is then no head, and is not counted as one."""

    def __init__(self, *, learning_rate: float = 0.002, encoder: str = MAIN) -> None:
        super().__init__()
        check_range(0, 1e6, learning_rate=learning_rate)
        self.learning_rate = learning_rate
        self.encoder = encoder
        self._fault: Tensor | None = None

    def configure(self, sizes: Sizes) -> None:
        """Create the parameters; called once, when the encoder's sizes are known."""

    def expanded(self, sizes: Sizes) -> Mapping[str, Probe]:
        """The probes that this one stands for, by what is added to its name; only itself, if none.

        Called once, when the encoder's sizes are known, before any :meth:`configure`.
        """
        return {"": self}

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``, unnormalised, higher for a better candidate."""
        raise TypeError(f"{type(self).__name__} does not define forward")

    def loss(self, scores: Tensor, batch: EdgeBatch) -> Tensor:
        """Mean over anchors of ``-log`` of the probability of their gold candidates.

        With one gold candidate this is the cross-entropy of section 5.

        Args:
            scores: ``[B, A, W+1]``, the rows of the anchors.
            batch: the batch that they come from.

        Returns:
            A scalar; zero, with a gradient, for an empty batch.
        """
        losses = select_loss(scores, batch.candidates, batch.gold)  # [B, A]
        return losses.sum() / batch.is_anchor.sum().clamp_min(1)

    def counted(self, batch: EdgeBatch) -> Tensor:
        """How many things :meth:`loss` is a mean over, a scalar: anchors, unless it says otherwise.

        Means over several batches weigh each by that many.
        """
        return batch.is_anchor.sum()

    def rate_at(self, progress: float) -> float:
        """The learning rate when a share ``progress`` of the run is done, from 0 to 1.

        The same throughout, unless a subclass says otherwise.
        """
        return self.learning_rate

    def head_weights(self, encoding: Encoding, batch: EdgeBatch) -> Tensor | None:
        """Weight on each head, ``[2, L, H]``, mean over the words; row and column maps.

        ``None``, the default, if the probe has no weights on heads.
        """
        return None

    def distances(self, scores: Tensor, batch: EdgeBatch) -> Tensor:
        """Distances between words in a tree, ``[B, W, W]``, if :attr:`measures_distances`.

        Args:
            scores: ``[B, A, W+1]``, the rows of the anchors.
            batch: the batch that they come from.
        """
        raise TypeError(f"{type(self).__name__} does not define distances")

    def score(self, encoding: Encoding, batch: EdgeBatch, *, name: str) -> Tensor:
        """Scores of the anchors, ``[B, A, W+1]``, checked.

        Raises:
            ProbingError: naming the probe, if scores have the wrong shape, type or are not finite.
        """
        scores = self.unchecked(encoding, batch, name=name)
        self.check_finite(name)
        return scores

    def unchecked(self, encoding: Encoding, batch: EdgeBatch, *, name: str) -> Tensor:
        """:meth:`score`, but whether scores are finite is only remembered: no batch waits for it.

        Raises:
            ProbingError: naming the probe, if scores have the wrong shape or type.
        """
        scores = self(encoding, batch)
        label = self._label(name)
        words, width = len(batch.words), batch.width
        expected = (words, width, width + 1)
        if not isinstance(scores, Tensor) or not scores.is_floating_point():
            found = scores.dtype if isinstance(scores, Tensor) else type(scores).__name__
            raise ProbingError(f"{label} returned {found}, expected a tensor of floats")
        if tuple(scores.shape) != expected:
            raise ProbingError(
                f"{label} returned scores of shape {tuple(scores.shape)}, "
                f"expected [B, W, W+1] = {expected}"
            )
        chosen = anchor_rows(scores, batch.anchors)  # [B, A, W+1]
        asked = batch.candidates & batch.is_anchor[:, :, None]
        fault = ~chosen.detach().masked_fill(~asked, 0.0).isfinite().all()
        self._fault = fault if self._fault is None else self._fault | fault
        return chosen

    def check_finite(self, name: str, reduce: Callable[[Tensor], Tensor] = Tensor.int) -> None:
        """Refuse scores since the last time, if some were not finite.

        Args:
            name: of the probe.
            reduce: makes of the flag, which is one or zero, what is above zero if it is one in
                any process.

        Raises:
            ProbingError: naming the probe.
        """
        device = next((own.device for own in self.parameters()), None)
        nothing = torch.zeros((), dtype=torch.bool, device=device)
        fault, self._fault = nothing if self._fault is None else self._fault, None
        if bool(reduce(fault.int())):
            raise ProbingError(
                f"{self._label(name)} returned scores that are not finite, expected finite ones; "
                "a lower learning rate may help"
            )

    def _label(self, name: str) -> str:
        return f"probe {name!r} ({type(self).__module__}.{type(self).__qualname__})"


def pick(scores: Tensor, candidates: Tensor) -> Tensor:
    """The best candidate of each anchor, ``[B, A]``; the lowest index wins a tie."""
    if not scores.numel():
        return scores.new_zeros(scores.shape[:2], dtype=torch.long)
    return scores.masked_fill(~candidates, -torch.inf).argmax(-1)
