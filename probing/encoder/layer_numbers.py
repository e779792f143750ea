"""Which layers of a model compute attention, and which of them are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord


def attending(layers: Sequence[LayerRecord], count: int, *, name: str) -> tuple[int, ...]:
    """The numbers of the layers that computed attention, in the order in which they ran.

    Args:
        layers: what reached the tap.
        count: how many layers the model has.
        name: of the model, and of its family.

    Raises:
        ProbingError: if attention cannot be told by layers.
    """
    if len(layers) == count:
        return tuple(range(1, count + 1))
    numbers = [getattr(layer.module, "layer_idx", None) for layer in layers]
    known = [number + 1 for number in numbers if isinstance(number, int)]
    if len(known) == len(layers) and known == sorted(set(known)) and known[-1] <= count:
        return tuple(known)
    raise ProbingError(
        f"{name} computes attention {len(layers)} times for {count} layers: heads could not be "
        "told by them"
    )


def chosen(
    asked: Sequence[int] | None, known: Sequence[int], count: int, *, name: str
) -> tuple[int, ...]:
    """The layers that are looked at, counted from one, ascending.

    Args:
        asked: for, in any order; ``None`` for all.
        known: those that compute attention.
        count: how many layers the model has.
        name: of the model.

    Raises:
        ProbingError: if the model has no such layers, or they have no attention.
    """
    numbers, every = sorted(known if asked is None else asked), set(range(1, count + 1))
    if set(numbers) <= every and not set(numbers) <= set(known):
        raise ProbingError(
            f"{name} has attention in its layers {', '.join(map(str, known))} only: expected "
            f"numbers of these, found {asked}"
        )
    if not numbers or not set(numbers) <= every:
        found = str(asked)
    elif len(set(numbers)) < len(numbers):
        found = f"{asked}, where one comes twice"
    else:
        return tuple(numbers)
    raise ProbingError(
        f"{name} has {count} layers: expected numbers from 1 to {count}, found {found}"
    )
