"""Clipped gradients: each probe's by itself, as if it trained alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from torch import Tensor
from trainers import quiet_trainer

from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe, Probe

CLIP = 0.01


class Gradients(Callback):
    """What a step is made with, by probe."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Tensor]] = []

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Before it is clipped: Lightning clips last."""
        assert [group["name"] for group in optimizer.param_groups] == sorted(pl_module.probes)

    def on_before_zero_grad(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        found = {
            group["name"]: torch.cat([p.grad.flatten() for p in group["params"]])
            for group in optimizer.param_groups
            if all(p.grad is not None for p in group["params"])
        }
        if found:
            self.seen.append({name: value.clone() for name, value in found.items()})


def train(encoder: Encoder, folder: Path, names: str, **options: object) -> list[dict[str, Tensor]]:
    seed_everything(1, verbose=False)
    probes: dict[str, Probe] = {"a": AttentionProbe(), "w": AttentionWordsProbe()}
    module = ProbingModule(
        encoder, {name: probes[name] for name in names}, lambda p: torch.optim.SGD(p, lr=1.0)
    )
    data = DependencyData(
        train="builtin:documents=2,seed=1", tokenizer=encoder.tokenizer, batch_wordpieces=150
    )
    seen = Gradients()
    trainer = quiet_trainer(
        folder, seen, enable_checkpointing=False, max_epochs=2, limit_train_batches=3, **options
    )
    trainer.fit(module, datamodule=data)
    assert len(seen.seen) >= 4
    return seen.seen


@pytest.mark.parametrize("by", ["norm", "value"])
def test_a_probe_is_clipped_as_if_it_trained_alone(
    tiny_encoder: Encoder, tmp_path: Path, by: str
) -> None:
    options = {"gradient_clip_val": CLIP, "gradient_clip_algorithm": by}
    alone = {name: train(tiny_encoder, tmp_path, name, **options) for name in "aw"}
    for step, both in enumerate(train(tiny_encoder, tmp_path, "aw", **options)):
        for name, gradient in both.items():
            torch.testing.assert_close(gradient, alone[name][step][name], rtol=1e-5, atol=1e-9)
            size = gradient.norm() if by == "norm" else gradient.abs().max()
            assert float(size) == pytest.approx(CLIP, rel=1e-3)


def test_where_nothing_is_clipped_gradients_stay(tiny_encoder: Encoder, tmp_path: Path) -> None:
    plain = train(tiny_encoder, tmp_path, "aw")
    for clip in (0, 1e6):
        for step, found in enumerate(train(tiny_encoder, tmp_path, "aw", gradient_clip_val=clip)):
            for name, gradient in found.items():
                assert torch.equal(gradient, plain[step][name])
                assert float(gradient.norm()) > CLIP
