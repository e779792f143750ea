"""Progress bars: epochs count from one, and nothing of a bar is left in what is printed."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from rich.console import Console
from torch import Tensor
from torch.utils.data import DataLoader

from probing.reports.terminal import progress
from probing.reports.terminal import tables as terminal

EPOCHS = 2


class Line(LightningModule):
    """A weight and a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = (self.weight * batch).mean()
        self.log("loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None: ...

    def test_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None: ...

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Printing(Callback):
    """Prints where reports do."""

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        terminal.show(f"after epoch {trainer.current_epoch + 1}: 50.0")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        terminal.show("the result\nin two lines")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """All that goes to a terminal of 80 columns."""
    target = io.StringIO()
    console = Console(file=target, width=80, soft_wrap=True, highlight=False, force_terminal=True)
    monkeypatch.setattr(terminal, "console", console)
    monkeypatch.setattr(progress, "console", console)
    return target


def screen(text: str) -> list[str]:
    """What a terminal shows of a text in the end: it moves up, to the left, and erases lines."""
    rows, y, x = [""], 0, 0
    for part in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|[\s\S]", text):
        if part[0] == "\x1b":
            y -= int(part[2:-1] or 1) if part[-1] == "A" else 0
            rows[y] = "" if part == "\x1b[2K" else rows[y]
        elif part == "\r":
            x = 0
        elif part == "\n":
            x, y = 0, y + 1
            rows += [""] * (y + 1 - len(rows))
        else:
            rows[y] = rows[y].ljust(x)[:x] + part + rows[y][x + 1 :]
            x += 1
    return [row.rstrip() for row in rows if row.strip()]


def test_bars_count_from_one_and_leave_nothing(written: io.StringIO) -> None:
    trainer = Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=1,
        callbacks=[progress.Bars(), Printing()],
    )
    loader = DataLoader(torch.ones(4, 1))
    module = Line()
    trainer.fit(module, loader, loader)
    trainer.test(module, [loader, loader], verbose=False)
    text = written.getvalue()
    assert all(f"Epoch {number}/{EPOCHS}" in text for number in (1, 2))
    assert "Epoch 0" not in text
    assert all(said in text for said in ("4/4", "Validation", "Testing 1/2", "Testing 2/2", "loss"))
    epochs = [f"after epoch {number}: 50.0" for number in (1, 1, 2)]  # the first is the check's
    assert screen(text) == [*epochs, "the result", "in two lines"]


def test_what_goes_wrong_gives_the_terminal_back(written: io.StringIO) -> None:
    class Failing(Line):
        def test_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
            raise ValueError("here")

    trainer = Trainer(accelerator="cpu", logger=False, callbacks=[progress.Bars()])
    with pytest.raises(ValueError, match="here"):
        trainer.test(Failing(), DataLoader(torch.ones(4, 1)), verbose=False)
    hidden, shown = "\x1b[?25l", "\x1b[?25h"  # the cursor
    assert written.getvalue().rindex(shown) > written.getvalue().rindex(hidden)
    assert screen(written.getvalue()) == []


def test_what_is_followed_is_the_same(written: io.StringIO) -> None:
    assert list(progress.followed(iter("abc"), "letters", count=3)) == list("abc")
    assert "letters" in written.getvalue()
    assert screen(written.getvalue()) == []


def test_a_file_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    target = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=target))
    assert list(progress.followed("abc", "letters", count=3)) == list("abc")
    assert target.getvalue() == ""
