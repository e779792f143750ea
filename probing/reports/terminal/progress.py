"""Progress bars, which make room for what is printed and are gone when their loop ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any, TypeVar

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from probing.core.inert import visible
from probing.reports.terminal.tables import console

Item = TypeVar("Item")


def _bars() -> Progress:
    """On the console of all that is printed, so that neither overwrites the other."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def followed(items: Iterable[Item], title: str, *, count: int) -> Iterator[Item]:
    """The same ``items``, with a bar that says how many of ``count`` are done."""
    with _bars() as bars:
        task = bars.add_task(visible(title), total=count, said="")
        for item in items:
            yield item
            bars.advance(task)


class Bars(ProgressBar):
    """A bar for training and one for evaluation; epochs count from one, as in all that is said.

    Lightning's own write to a console of their own, over which tables are printed, and stay there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_on = True
        self._bars: Progress | None = None
        self._training: TaskID | None = None
        self._evaluating: TaskID | None = None

    def enable(self) -> None:
        """Show bars."""
        self._is_on = True

    def disable(self) -> None:
        """Show none, as in all processes but the first."""
        self._is_on = False

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin an epoch anew."""
        of = f"/{trainer.max_epochs}" if (trainer.max_epochs or -1) > 0 else ""
        title = f"Epoch {trainer.current_epoch + 1}{of}"
        self._training = self._begun(self._training, title, self.total_train_batches)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """A batch more, and what is logged for the bar."""
        if self._bars is not None and self._training is not None:
            found = {k: v for k, v in self.get_metrics(trainer, pl_module).items() if k != "v_num"}
            said = " ".join(
                f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}"
                for name, value in found.items()
            )
            self._bars.update(self._training, completed=batch_idx + 1, said=said)

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Begin a loader anew."""
        if self.has_dataloader_changed(dataloader_idx):
            is_check = trainer.sanity_checking
            title = self.sanity_check_description if is_check else self.validation_description
            total = self.total_val_batches_current_dataloader
            self._evaluating = self._begun(self._evaluating, title, total)

    def on_test_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Begin a loader anew."""
        if self.has_dataloader_changed(dataloader_idx):
            loaders = len(trainer.num_test_batches)
            title = self.test_description + f" {dataloader_idx + 1}/{loaders}" * (loaders > 1)
            total = self.total_test_batches_current_dataloader
            self._evaluating = self._begun(self._evaluating, title, total)

    def on_predict_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Begin a loader anew."""
        if self.has_dataloader_changed(dataloader_idx):
            total = self.total_predict_batches_current_dataloader
            self._evaluating = self._begun(self._evaluating, self.predict_description, total)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """A batch more."""
        self._evaluated(batch_idx + 1)

    on_test_batch_end = on_validation_batch_end
    on_predict_batch_end = on_validation_batch_end

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let the bar go."""
        self.reset_dataloader_idx_tracker()
        if self._bars is not None and self._evaluating is not None:
            self._bars.remove_task(self._evaluating)
        self._evaluating = None

    on_test_end = on_validation_end
    on_predict_end = on_validation_end

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back."""
        self._stop()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the terminal back."""
        self._stop()

    def _begun(self, task: TaskID | None, title: str, total: float) -> TaskID | None:
        """The task, at its start; all bars are gone while none is on."""
        if not self._is_on:
            return None
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        known = total if isfinite(total) else None
        if task is None:
            return self._bars.add_task(title, total=known, said="")
        self._bars.reset(task, description=title, total=known)
        return task

    def _evaluated(self, count: int) -> None:
        if self._bars is not None and self._evaluating is not None:
            self._bars.update(self._evaluating, completed=count)

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._training = self._evaluating = None
