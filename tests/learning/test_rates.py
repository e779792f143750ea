"""Learning rates: each probe's own, at every step of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from trainers import quiet_trainer

from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, Probe, StructuralProbe

EPOCHS, STEPS = 2, 3


class Rates(Callback):
    """The rates that steps are made with; stops a run that has no other end."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        self.seen.append({group["name"]: group["lr"] for group in optimizer.param_groups})
        trainer.should_stop = trainer.max_epochs == -1 and len(self.seen) > STEPS


def train(encoder: Encoder, folder: Path, probes: dict[str, Probe], **options: Any) -> Rates:
    """Train, keep the checkpoint, and return the rates."""
    module = ProbingModule(encoder, probes)
    data = DependencyData(
        train="builtin:documents=2,seed=1", tokenizer=encoder.tokenizer, batch_wordpieces=150
    )
    rates, checkpoint = Rates(), options.pop("ckpt_path", None)
    options = {"limit_train_batches": STEPS} | options
    trainer = quiet_trainer(folder, rates, enable_checkpointing=False, **options)
    trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
    trainer.save_checkpoint(folder / "last.ckpt")
    return rates


def two() -> dict[str, Probe]:
    return {
        "structural": StructuralProbe(learning_rate=0.6),
        "attention": AttentionProbe(learning_rate=0.2),
    }


def test_that_of_a_structural_probe_falls_to_zero_and_others_stay(
    tiny_encoder: Encoder, tmp_path: Path
) -> None:
    seen = train(tiny_encoder, tmp_path, two(), max_epochs=EPOCHS).seen
    assert [step["attention"] for step in seen] == [0.2] * EPOCHS * STEPS
    falling = [step["structural"] for step in seen]
    assert falling == pytest.approx([0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_a_resumed_run_goes_on_from_where_it_was(tiny_encoder: Encoder, tmp_path: Path) -> None:
    first = train(tiny_encoder, tmp_path, two(), max_steps=2).seen
    assert [step["structural"] for step in first] == pytest.approx([0.6, 0.3])
    checkpoint = tmp_path / "last.ckpt"
    then = train(tiny_encoder, tmp_path, two(), max_steps=5, ckpt_path=checkpoint).seen
    assert [step["structural"] for step in then] == pytest.approx([0.6 * s / 5 for s in (3, 2, 1)])


def test_other_batches_in_a_resumed_run_do_not_turn_the_rate_around(
    tiny_encoder: Encoder, tmp_path: Path
) -> None:
    """Progress is that of epochs: with fewer steps an epoch a share of steps would pass one."""
    first = train(tiny_encoder, tmp_path, two(), max_epochs=2, max_steps=STEPS).seen
    assert [step["structural"] for step in first] == pytest.approx([0.6, 0.4, 0.2])
    checkpoint = tmp_path / "last.ckpt"
    then = train(
        tiny_encoder, tmp_path, two(), max_epochs=2, ckpt_path=checkpoint, limit_train_batches=1
    ).seen
    assert [step["structural"] for step in then] == pytest.approx([0.3])


@pytest.mark.parametrize("every", [2, 3])
def test_gathering_gradients_changes_no_progress(
    every: int, tiny_encoder: Encoder, tmp_path: Path
) -> None:
    seen = train(
        tiny_encoder, tmp_path, two(), max_epochs=2, accumulate_grad_batches=every
    ).seen  # a step after the second and the third batch, or after the third
    falling = {2: [0.5, 0.4, 0.2, 0.1], 3: [0.4, 0.1]}[every]
    assert [step["structural"] for step in seen] == pytest.approx(falling)


def test_a_run_without_an_end_keeps_the_first_rate(tiny_encoder: Encoder, tmp_path: Path) -> None:
    seen = train(tiny_encoder, tmp_path, two(), max_epochs=-1).seen
    assert len(seen) > STEPS
    assert {step["structural"] for step in seen} == {0.6}
