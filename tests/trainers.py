"""Trainers as the scripts have them, but silent and without a logger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, Trainer


def quiet_trainer(folder: Path, *callbacks: Callback, **options: Any) -> Trainer:
    """On the CPU, writing into a folder."""
    return Trainer(
        accelerator="cpu",
        callbacks=list(callbacks),
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **options,
    )
