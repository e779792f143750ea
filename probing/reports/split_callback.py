"""Counting over whole splits alongside a trainer: what callbacks of this package share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from probing.core.batches import EdgeBatch
from probing.core.outcomes import Outcome
from probing.data import EdgeData
from probing.data.store import EdgeWindows
from probing.learning.module import ProbingModule


class SplitCallback(Callback):
    """Starts, counts every batch of a split, ``val`` or ``test``, and finishes.

    Lightning's sanity check sees only some batches and is no split.
    """

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Before the first batch of a split."""

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """A batch, and what :meth:`~probing.learning.module.ProbingModule.judge` found."""

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """After the last batch; in every process, so that counts can be summed."""

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the validation data."""
        if not trainer.sanity_checking:
            self.start("val", trainer, _probing(pl_module))

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Count a batch."""
        if not trainer.sanity_checking:
            self.count(outputs["outcome"], batch)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finish the validation data."""
        if not trainer.sanity_checking:
            self._end("val", trainer, _probing(pl_module))

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the test data."""
        self.start("test", trainer, _probing(pl_module))

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Count a batch."""
        self.count(outputs["outcome"], batch)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finish the test data."""
        self._end("test", trainer, _probing(pl_module))

    def _end(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        module.check_maps()  # before anything is written
        self.finish(split, trainer, module)


def corpora(trainer: Trainer) -> Mapping[str, EdgeWindows]:
    """The splits of a run that are open, by name."""
    data = getattr(trainer, "datamodule", None)
    return data.splits if isinstance(data, EdgeData) else {}


def is_partial(trainer: Trainer, split: str) -> bool:
    """Whether the trainer was told to leave out batches of a split."""
    # The whole is 1.0, a share; 1 is a number of batches.
    return repr(getattr(trainer, f"limit_{split}_batches")) != "1.0"


def _probing(module: LightningModule) -> ProbingModule:
    assert isinstance(module, ProbingModule)
    return module
