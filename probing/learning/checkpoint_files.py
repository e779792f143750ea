"""Checkpoints on disk: whole or not at all, as every other file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.plugins.io import TorchCheckpointIO

from probing.core.files import write_whole
from probing.learning.checkpoints import load_checkpoint


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside where it belongs, then renames it; reads it with a look at it.

    Lightning writes it where the system keeps temporary files. From there to another disk it is
    copied, over the one before: neither is left when the disk is full, or the copy cut short.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write it; see :meth:`~probing.core.files.write_whole`."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_whole(Path(path), content.getvalue())

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read it; see :func:`~probing.learning.checkpoints.load_checkpoint`."""
        return load_checkpoint(str(path))


def write_whole_checkpoints(trainer: Trainer) -> None:
    """Let a trainer write its checkpoints so, unless the user has named another way."""
    strategy = trainer.strategy
    if type(strategy.checkpoint_io) is TorchCheckpointIO:
        strategy.checkpoint_io = WholeCheckpoints()
