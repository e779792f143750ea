"""A run goes on as if it had never stopped, or says why it does not."""

from __future__ import annotations

import copy
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import EarlyStopping
from torch.optim import Optimizer
from trainers import quiet_trainer

from probing.core.errors import ProbingError
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.jobs.resuming import check_checkpoint, faults
from probing.learning.checkpoints import going_on, load_checkpoint
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe
from probing.reports.weights import HeadWeights

Checkpoint = dict[str, Any]
LEFT_OUT = object()


class Runs:
    """A small run, from the start or a checkpoint on."""

    def __init__(self, encoder: Encoder, folder: Path, optimizer: Any = torch.optim.Adam) -> None:
        self.encoder, self.folder, self.optimizer = encoder, folder, optimizer

    def parts(self, epochs: int) -> tuple[ProbingModule, DependencyData, Trainer]:
        torch.manual_seed(0)
        probes = {"a": AttentionProbe(learning_rate=0.2), "s": AttentionWordsProbe()}
        module = ProbingModule(self.encoder, probes, self.optimizer)
        data = DependencyData(
            train="builtin:documents=1,seed=1",
            tokenizer=self.encoder.tokenizer,
            batch_wordpieces=60,
        )
        options: dict[str, Any] = {"limit_train_batches": 2, "enable_checkpointing": False}
        return module, data, quiet_trainer(self.folder, HeadWeights(), max_epochs=epochs, **options)

    def run(self, epochs: int, start: str | None = None) -> Checkpoint:
        """The checkpoint at its end."""
        module, data, trainer = self.parts(epochs)
        if start is not None:
            check_checkpoint(module, data, trainer, start)
        with going_on(start):
            trainer.fit(module, datamodule=data, ckpt_path=start, weights_only=True)
        trainer.save_checkpoint(self.folder / "end.ckpt")
        return load_checkpoint(str(self.folder / "end.ckpt"))


@pytest.fixture
def runs(tiny_encoder: Encoder, tmp_path: Path) -> Runs:
    return Runs(tiny_encoder, tmp_path)


def trained(checkpoint: Checkpoint) -> list[list[float]]:
    return [value.flatten().tolist() for _, value in sorted(checkpoint["state_dict"].items())]


def changed(checkpoint: Checkpoint, way: tuple[Any, ...], value: object) -> Checkpoint:
    """A copy with another value in one place."""
    found = copy.deepcopy(checkpoint)
    within = reduce(lambda outer, name: outer[name], way[:-1], found)
    if value is LEFT_OUT:
        del within[way[-1]]
    else:
        within[way[-1]] = copy.deepcopy(value)
    return found


FIT = ("loops", "fit_loop")
OPTIMIZER = ("optimizer_states", 0)
WAYS: tuple[tuple[Any, ...], ...] = (
    *[(name,) for name in ("epoch", "global_step", "pytorch-lightning_version", "loops")],
    *[(name,) for name in ("callbacks", "optimizer_states", "lr_schedulers", "DependencyData")],
    *(("callbacks", "HeadWeights"), ("callbacks", "HeadWeights", "lines"), FIT, OPTIMIZER),
    *((*FIT, "epoch_progress"), (*FIT, "epoch_progress", "current")),
    *((*FIT, "epoch_progress", "current", "completed"), (*FIT, "epoch_loop.state_dict")),
    (*FIT, "epoch_loop.batch_progress"),
    (*FIT, "epoch_loop.automatic_optimization.optim_progress", "optimizer", "step", "total"),
    *((*OPTIMIZER, "state"), (*OPTIMIZER, "state", 0), (*OPTIMIZER, "state", 0, "exp_avg")),
    *((*OPTIMIZER, "state", 0, "step"), (*OPTIMIZER, "param_groups")),
    *((*OPTIMIZER, "param_groups", 0, name) for name in ("name", "params", "betas", "lr")),
)  # fmt: skip
ODD: tuple[object, ...] = (LEFT_OUT, "x", {}, [], -1, None)


def test_whatever_a_checkpoint_lacks_the_run_is_the_same_or_refused(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is begun anew in silence: every part left out, and of other types, in turn."""
    whole, first = runs.run(2), runs.run(1)
    path, same, refused = str(tmp_path / "made.ckpt"), [], []
    module, _, trainer = runs.parts(2)
    module.configure_model()
    for way in WAYS:
        for odd in ODD if len(way) <= 2 else ODD[:3]:
            made = changed(first, way, odd)
            if any(True for _ in faults(made, trainer, module.configure_optimizers())):
                refused.append((way, odd))
                continue
            torch.save(made, path)
            capsys.readouterr()
            try:
                found = runs.run(2, path)
            except ProbingError:
                refused.append((way, odd))
                continue
            if "begins anew" in capsys.readouterr().out:
                continue
            same.append((way, odd))
            assert trained(found) == trained(whole), (way, odd)
            assert found["global_step"] == whole["global_step"], (way, odd)
    assert len(refused) > 4 * len(same) > 0, (refused, same)


def test_what_it_lacks_is_named(runs: Runs) -> None:
    first = runs.run(1)
    cases = {
        ("callbacks",): "it has no callbacks",
        ("callbacks", "HeadWeights"): "the weights of the epochs so far",
        FIT: "how far the run has come: loops.fit_loop",
        (*FIT, "epoch_progress", "total", "ready"): "loops.fit_loop.epoch_progress.total.ready",
        (*OPTIMIZER, "param_groups", 0, "betas"): "cannot be taken up: KeyError: 'betas'",
    }
    module, _, trainer = runs.parts(2)
    module.configure_model()
    for way, told in cases.items():
        found = faults(changed(first, way, LEFT_OUT), trainer, module.configure_optimizers())
        assert told in next(found)
    for way, value, told in [
        (("global_step",), "3", "expected a number as its global_step"),
        (("lr_schedulers",), [{}], "expected no lr_schedulers"),
        ((*OPTIMIZER, "state"), {}, "the optimizer would begin anew"),
        ((*OPTIMIZER, "param_groups", 0, "name"), "b", "of the probes ['b', 's']"),
    ]:
        found = faults(changed(first, way, value), trainer, module.configure_optimizers())
        assert told in next(found)
    assert not [*faults(first, trainer, module.configure_optimizers())]


OPTIMIZERS: tuple[type[Optimizer], ...] = (
    *(torch.optim.SGD, torch.optim.AdamW, torch.optim.Adagrad, torch.optim.RMSprop),
    *(torch.optim.NAdam, torch.optim.Rprop, torch.optim.Adadelta, torch.optim.ASGD),
)  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_an_optimizer_keeps_is_none_of_its_beginnings(
    optimizer: type[Optimizer], tiny_encoder: Encoder, tmp_path: Path
) -> None:
    """Nothing, as plain SGD, or something of each parameter."""
    runs = Runs(tiny_encoder, tmp_path, lambda groups: optimizer(groups, lr=0.01))  # type: ignore[call-arg]
    first = runs.run(1)
    module, _, trainer = runs.parts(2)
    module.configure_model()
    assert not [*faults(first, trainer, module.configure_optimizers())]
    bare = changed(first, (*OPTIMIZER, "state"), {})
    told = [*faults(bare, trainer, module.configure_optimizers())]
    assert any("begin anew" in each for each in told) == bool(first["optimizer_states"][0]["state"])


def test_what_the_user_adds_begins_anew_and_says_so(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.run(1)
    module, data, trainer = runs.parts(2)
    trainer.callbacks.append(EarlyStopping("val/loss/a"))  # type: ignore[attr-defined]
    check_checkpoint(module, data, trainer, str(tmp_path / "end.ckpt"))
    assert "EarlyStopping: begins anew" in capsys.readouterr().out
    check_checkpoint(*runs.parts(2), str(tmp_path / "end.ckpt"))
    assert not capsys.readouterr().out
