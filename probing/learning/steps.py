"""What a step of training minimises, and how far a run has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from pytorch_lightning import Trainer
from torch import Tensor, distributed


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


def gathered(values: Tensor) -> Tensor:
    """``values`` of all processes, ``[processes, ...]``, in the order of their ranks."""
    found = [torch.empty_like(values) for _ in range(distributed.get_world_size())]
    distributed.all_gather(found, values)
    return torch.stack(found)


def of_the_whole(
    losses: Tensor, counted: Tensor, gather: Callable[[Tensor], Tensor] = gathered
) -> tuple[Tensor, Tensor]:
    """What this process adds to the losses of a batch that several processes share.

    DDP averages gradients over processes. Each loss is a mean over what its process counted, so
    that, times its share of all that was counted and the number of processes, the average is the
    gradient of the mean over the whole batch.

    Args:
        losses: ``[K]``, of the probes.
        counted: ``[K]``, how many things each is a mean over.
        gather: what all processes have of a tensor, in the order of their ranks.

    Returns:
        The losses ``[K]`` to go back from, and how many things were counted in all, ``[K]``.
    """
    every = gather(counted)  # [processes, K]
    total = every.sum(0)
    return losses * (len(every) * counted / total.clamp_min(1)), total


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
