"""Whether what a model computes is finite: seen while it runs, asked once at the end."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, distributed

from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord


class Soundness:
    """Remembers which layers had attention or hidden states that are not finite.

    A flag a layer stays on the device, so that no batch waits for it; padding is ignored.
    """

    def __init__(self) -> None:
        self.flags: dict[int, Tensor] = {}
        self.dtype: torch.dtype | None = None

    def watch(self, real: Tensor) -> _Watch:
        """Collects the layers of a batch; ``real [B, T]`` is false for padding."""
        return _Watch(self, real)

    def see(self, number: int, faults: Tensor, dtype: torch.dtype) -> None:
        """Remember whether there are any ``faults`` in a layer that computes in ``dtype``."""
        found = faults.any()
        self.flags[number] = found | self.flags[number] if number in self.flags else found
        self.dtype = dtype

    def see_states(self, number: int, states: Tensor, real: Tensor) -> None:
        """Remember whether the hidden states ``[B, T, D]`` behind a layer are finite."""
        self.see(number, ~states.isfinite().all(-1) & real, states.dtype)

    def take(self, numbers: Sequence[int], device: torch.device) -> Tensor:
        """Which of the layers had a fault, ``[L]``, one or zero; forgets them."""
        nothing = torch.zeros((), dtype=torch.bool, device=device)
        flags, self.flags = self.flags, {}
        return torch.stack([flags.get(number, nothing) for number in numbers]).int()


class _Watch:
    def __init__(self, soundness: Soundness, real: Tensor) -> None:
        self.soundness = soundness
        self.real = real

    def take(self, layer: LayerRecord) -> None:
        batch, _, rows, _ = layer.map.size
        if (batch, rows) != tuple(self.real.shape):
            raise ProbingError(
                f"{type(layer.module).__name__} attends from {rows} places in {batch} windows, "
                f"expected {self.real.shape[1]} wordpieces in {self.real.shape[0]}: its attention "
                "cannot be read as going from wordpiece to wordpiece"
            )
        faults = layer.map.faults & self.real[:, None]  # [B, H, T]
        self.soundness.see(layer.number, faults, layer.values.dtype)


def over_processes(flags: Tensor) -> Tensor:
    """The sum of ``flags`` over all processes of a run, each of which must ask for it."""
    if distributed.is_available() and distributed.is_initialized():
        flags = flags.clone()
        distributed.all_reduce(flags)
    return flags


def not_finite(name: str, number: int, precision: str) -> ProbingError:
    """What to say of a layer that is not finite."""
    what = f"layer {number}" if number else "the input"
    if precision == "float32":
        advice = "its weights are no numbers, or too large"
    else:
        advice = (
            "its numbers are too large for it; leave out --model.encoder.precision and "
            "--trainer.precision, which makes it float32 (with --overwrite where --output is said)"
        )
    return ProbingError(
        f"what {what} of {name} computes in {precision} is not finite, so nothing can be counted: "
        f"{advice}"
    )
