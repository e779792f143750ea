"""What is found out about the trainer's options: they leave counts as they are, and a report."""

from __future__ import annotations

import os

from pytorch_lightning import Trainer
from pytorch_lightning.accelerators import CPUAccelerator
from pytorch_lightning.callbacks import Timer

from probing.core.errors import ProbingError
from probing.data import EdgeData

_PROCESSES_PER_CORE = 16  # on a CPU; more than that is a slip


def check_trainer(trainer: Trainer) -> None:
    """Refuse options of the trainer with which there would be other counts, or none.

    Raises:
        ProbingError: saying what to give instead.
    """
    # Probes and counts would be rounded along with the model.
    if trainer.precision not in ("32-true", "16-mixed", "bf16-mixed"):
        raise ProbingError(
            f"--trainer.precision {trainer.precision}: expected 32-true, bf16-mixed or 16-mixed; "
            "--model.encoder.precision bfloat16 keeps the model's own weights in half precision"
        )
    # Lightning would form batches of its own.
    if said := getattr(trainer, "overfit_batches", 0):
        raise ProbingError(
            f"--trainer.overfit_batches {said}: not possible, since batches are "
            "formed by length; --trainer.limit_train_batches learns from a part of the data"
        )
    for split in ("train", "val", "test"):
        if not getattr(trainer, f"limit_{split}_batches"):
            raise ProbingError(
                f"--trainer.limit_{split}_batches 0: expected a batch at least, or a share of "
                "them such as 0.1; without any there is no report"
            )
    most, cores = _PROCESSES_PER_CORE * (os.cpu_count() or 1), os.cpu_count()
    if isinstance(trainer.accelerator, CPUAccelerator) and trainer.num_devices > most:
        raise ProbingError(
            f"--trainer.devices {trainer.num_devices:,}: expected {most} processes at most, since "
            f"this machine has {cores} cores"
        )


def check_length(trainer: Trainer) -> None:
    """Refuse to train for no time, which leaves no checkpoint to test, or for ever.

    Raises:
        ProbingError: naming the option.
    """
    limits = {name: getattr(trainer, name) for name in ("max_epochs", "max_steps")}
    timers = [each for each in trainer.callbacks if isinstance(each, Timer)]  # type: ignore[attr-defined]
    is_over = 0 in limits.values() or any(timer.time_remaining() == 0 for timer in timers)
    if trainer.fast_dev_run or is_over:  # type: ignore[attr-defined]
        raise ProbingError(
            "--trainer.fast_dev_run, and --trainer.max_epochs, max_steps or max_time of 0, leave "
            "no checkpoint to test; --trainer.max_epochs 1 --trainer.limit_train_batches 1 is a "
            "short run"
        )
    stopping = (*timers, *trainer.early_stopping_callbacks)
    if set(limits.values()) == {-1} and not stopping:
        raise ProbingError(
            "--trainer.max_epochs -1: never ends; give a number of epochs, --trainer.max_steps or "
            "--trainer.max_time"
        )


def check_share(data: EdgeData, trainer: Trainer, split: str) -> None:
    """Refuse a share of the batches of a split that has none, and a step that never comes.

    Raises:
        ProbingError: naming the option.
    """
    is_train = split == "train"
    batches = len(data.train_dataloader() if is_train else data.evaluation(split))
    world = trainer.world_size
    own = -(-batches // world) if is_train else max(1, batches // world)
    limit = getattr(trainer, f"limit_{split}_batches")
    used = min(own, limit) if isinstance(limit, int) else int(own * limit)
    if not used:
        raise ProbingError(
            f"--trainer.limit_{split}_batches {limit}: leaves none of the {own:,} batches "
            f"of {data.sources[split]}"
        )
    every = getattr(trainer, "val_check_interval", None)
    within_epoch = getattr(trainer, "check_val_every_n_epoch", None) is not None
    if is_train and isinstance(every, int) and within_epoch and every > used:
        raise ProbingError(
            f"--trainer.val_check_interval {every}: expected {used:,} at most, the batches of an "
            "epoch; --trainer.check_val_every_n_epoch null counts over epochs"
        )
