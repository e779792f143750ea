"""Classes and functions that a stored configuration may name without the user's word."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import torch
from pytorch_lightning import accelerators, callbacks, strategies

import probing.data.tasks
import probing.probes
from probing.data import EdgeData
from probing.data.builtin.reader import read_builtin
from probing.data.sources.files import READERS
from probing.probes import Probe

# Of what Lightning's Trainer takes: what calls nothing and writes nowhere.
_OF_LIGHTNING = {
    accelerators: ("CPUAccelerator", "CUDAAccelerator", "MPSAccelerator"),
    callbacks: (
        *("DeviceStatsMonitor", "EarlyStopping", "GradientAccumulationScheduler"),
        *("LearningRateMonitor", "ModelSummary", "RichModelSummary", "RichProgressBar"),
        *("TQDMProgressBar", "Timer"),
    ),
    strategies: ("DDPStrategy", "SingleDeviceStrategy"),
}


@cache
def known_names() -> frozenset[str]:
    """Our probes, data, tasks and readers, torch's optimizers, and what of Lightning is harmless.

    Each by the name of where it is defined and by those from which the package offers it.
    """
    return frozenset([*_of_ours(), *_of_torch(), *_of_lightning()])


def _of_ours() -> Iterator[str]:
    for read in (*READERS.values(), read_builtin):
        yield f"{read.__module__}.{read.__name__}"
    for room in (probing.probes, probing.data):
        beneath = pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
        for module in (room, *(import_module(found.name) for found in beneath)):
            for name in {
                *vars(module),
                *getattr(module, "__all__", ()),
            }:  # some come when asked for
                found = getattr(module, name)
                if isinstance(found, type) and _is_part(found):
                    yield f"{module.__name__}.{name}"


def _is_part(found: type) -> bool:
    """Whether a run may have it; a task is a protocol, of which nothing is a subclass."""
    is_task = found.__module__.startswith(f"{probing.data.tasks.__name__}.")
    return is_task or issubclass(found, Probe | EdgeData)


def _of_torch() -> Iterator[str]:
    for name, found in vars(torch.optim).items():
        if isinstance(found, type) and issubclass(found, torch.optim.Optimizer):
            yield from (f"torch.optim.{name}", f"{found.__module__}.{found.__qualname__}")


def _of_lightning() -> Iterator[str]:
    for package, names in _OF_LIGHTNING.items():
        for name in names:
            yield from (f"{package.__name__}.{name}", f"{getattr(package, name).__module__}.{name}")
