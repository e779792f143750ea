"""What a step of training minimises, and how far a run has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytorch_lightning import Trainer
from torch import Tensor


def mean_loss(loss: Tensor, counted: Tensor) -> Tensor:
    """A probe's loss as it is: the mean over the anchors of a batch."""
    return loss


def summed_loss(loss: Tensor, counted: Tensor) -> Tensor:
    """The sum over the anchors, so that longer sentences weigh more."""
    return loss * counted


REDUCTIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": mean_loss,
    "sum": summed_loss,
}


def progress_of(trainer: Trainer, batch_idx: int) -> float:
    """The share of the run that is done: of its epochs or its steps, whichever is more.

    Of epochs, since a resumed run may have other batches. A run without an end makes no progress.
    """
    shares = [0.0]
    if trainer.max_steps > 0:
        shares.append(trainer.global_step / trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        done = trainer.current_epoch + batch_idx / trainer.num_training_batches
        shares.append(done / trainer.max_epochs)
    return max(shares)
