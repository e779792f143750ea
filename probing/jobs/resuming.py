"""What a checkpoint must hold for a run to go on as if it had never stopped.

Lightning takes up what it finds. Where it finds nothing, or something of no use to it, it begins
anew, in silence: the optimizer, the count of epochs, the lines of a table.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch.optim import Optimizer

from probing.core.errors import ProbingError
from probing.data import EdgeData
from probing.jobs.checks import is_first
from probing.learning.checkpoints import load_checkpoint
from probing.learning.module import ProbingModule
from probing.reports.terminal.tables import show
from probing.reports.weights import HeadWeights

_TYPES: Mapping[str, type] = {
    "epoch": int,
    "global_step": int,
    "pytorch-lightning_version": str,
    "loops": dict,
    "callbacks": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
}
_PROGRESS = (
    "epoch_progress",
    "epoch_loop.state_dict",
    "epoch_loop.batch_progress",
    "epoch_loop.automatic_optimization.optim_progress",
)
"""What loops count, by Lightning's names in a checkpoint: how far a run has come."""


def check_checkpoint(model: ProbingModule, data: EdgeData, trainer: Trainer, path: str) -> None:
    """Refuse to go on with other probes, encoders, vectors or data, or with a part of a run.

    Before anything is written; and say what begins anew.

    Raises:
        ProbingError: naming what differs, or is not there.
    """
    if not is_first():
        return
    checkpoint = load_checkpoint(path)
    model.configure_model()
    model.on_load_checkpoint(checkpoint)
    optimizer = copy.deepcopy(model.configure_optimizers())
    fault = next(faults(checkpoint, trainer, optimizer), None)
    if fault is not None:
        raise ProbingError(f"{path}: no run can go on with it: {fault}")
    for part in beginning_anew(checkpoint, trainer, optimizer):
        show(f"{part}: begins anew, the checkpoint has no state of it")
    before = learnt_from(checkpoint)
    if not before:
        show(f"{path}: does not say what its probes have learnt from; {data.sources['train']} is "
             "taken for it")  # fmt: skip
    elif before[-1] != data.split("train").questions and not data.changed:
        raise ProbingError(
            f"{data.sources['train']}: the training data is not what the run has learnt from; "
            "--data.changed true goes on all the same, and the summary says so"
        )


def learnt_from(checkpoint: Mapping[str, Any]) -> list[str]:
    """What training data a checkpoint says that it has learnt from; those of before 0.2 do not."""
    states = (state for state in checkpoint.values() if isinstance(state, dict))
    found = next((state["learnt"] for state in states if "learnt" in state), None)
    return [str(data) for data in found] if isinstance(found, list) else []


def faults(checkpoint: Mapping[str, Any], trainer: Trainer, optimizer: Optimizer) -> Iterator[str]:
    """What Lightning would pass over, and then not go on with the run that wrote a checkpoint.

    Args:
        checkpoint: that is gone on with.
        trainer: that goes on; nothing in it has run.
        optimizer: one of the run's own parameters' copies, which change.
    """
    for part, kind in _TYPES.items():
        found = checkpoint.get(part)
        if found is None:
            yield f"it has no {part}"
        elif not isinstance(found, kind) or (isinstance(found, int) and found < 0):
            yield f"expected {'a number' if kind is int else kind.__name__} as its {part}"
    progress = {name: trainer.fit_loop.state_dict()[name] for name in _PROGRESS}
    if other := _unlike(checkpoint["loops"], {"fit_loop": progress}):
        yield f"expected to be told how far the run has come: loops{other}"
    states, own = checkpoint["optimizer_states"], [optimizer]
    if len(states) != len(own):
        yield f"expected the state of an optimizer in optimizer_states, found {len(states)}"
    if checkpoint["lr_schedulers"]:
        yield "expected no lr_schedulers: probes set their own learning rates"
    yield from _of_optimizer(states[0], optimizer)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, HeadWeights) and callback.state_key not in checkpoint["callbacks"]:
            yield "it has not the weights of the epochs so far (callbacks)"


def _unlike(found: object, expected: object) -> str | None:
    """The way to what is not there, or of another type; numbers are counts."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return ""
        for name, value in expected.items():
            if name not in found:
                return f".{name}"
            if (other := _unlike(found[name], value)) is not None:
                return f".{name}{other}"
        return None
    is_same = isinstance(found, type(expected)) and not (isinstance(found, int) and found < 0)
    return None if is_same else ""


def _of_optimizer(state: object, optimizer: Optimizer) -> Iterator[str]:
    """What is wrong with the stored state of an optimizer, by a step with it that moves nothing."""
    names = [group["name"] for group in optimizer.param_groups]
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    trial = copy.deepcopy(optimizer)
    try:
        _step(trial, [each for group in trial.param_groups for each in group["params"]])
    except Exception:  # one that needs a GPU, say: the run will tell
        return
    try:
        optimizer.load_state_dict(copy.deepcopy(state))  # type: ignore[arg-type]
        told = [group["name"] for group in optimizer.param_groups]
        kept = [each for each in parameters if each in optimizer.state] or parameters
        fresh = [each for each in kept if not optimizer.state.get(each)]
        _step(optimizer, kept)
        anew = any(optimizer.state.get(each) for each in fresh)
    except Exception as error:  # of whatever kind: it reads what it has written itself
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        yield f"the state of its optimizer cannot be taken up: {what}"
        return
    if told != names:
        yield f"the state of its optimizer is of the probes {told}, those of the run are {names}"
    if anew:
        yield "the optimizer would begin anew: optimizer_states holds nothing of its parameters"


def _step(optimizer: Optimizer, parameters: list[torch.Tensor]) -> None:
    for each in parameters:
        each.grad = torch.zeros_like(each)
    optimizer.step(lambda: 0.0)


def beginning_anew(
    checkpoint: Mapping[str, Any], trainer: Trainer, optimizer: Optimizer
) -> Iterator[str]:
    """What the run has that the one which wrote a checkpoint had not.

    A callback that the user adds, and a parameter that no gradient has reached.

    Args:
        checkpoint: without :func:`faults`.
        trainer: that goes on.
        optimizer: which :func:`faults` has had.
    """
    states = checkpoint["callbacks"]
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if callback.state_key not in states and callback.state_dict():
            yield type(callback).__name__
    plugin = trainer.precision_plugin
    if type(plugin).__qualname__ not in checkpoint and plugin.state_dict():
        yield type(plugin).__name__
    for group in optimizer.param_groups if optimizer.state else ():
        if lacking := sum(not optimizer.state.get(each) for each in group["params"]):
            yield f"the optimizer of {lacking} of the parameters of {group['name']}"
