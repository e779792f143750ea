"""What a model shows in a run of two wordpieces: whether it keeps what an encoder promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord
from probing.encoder.running import run, states
from probing.encoder.source import Source
from probing.encoder.tap import Tap


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model was seen to have.

    - ``attending``: the layers that compute attention, counted from one, in the order in which
      they run.
    - ``heads``: of every layer, ``H``.
    - ``hidden``: of the input of the first layer, ``D``.
    - ``embedding``: of what it embeds wordpieces as.
    """

    attending: tuple[int, ...]
    heads: int
    hidden: int
    embedding: int


def tried(model: Any, source: Source) -> Trial:
    """Run two wordpieces through the model.

    Raises:
        ProbingError: if it does not run on text alone; if not every layer reached the tap once,
            with equally many heads; if it gives no hidden state for each layer or embeds no ids.
    """
    ids = _two(model)
    seen = _Seen()
    tap = Tap([seen])
    try:
        output = run(model, ids, torch.ones_like(ids), tap=tap, output_hidden_states=True)
        embedded = model.get_input_embeddings()(ids)
    except ProbingError:
        raise
    except Exception as error:  # each architecture fails in its own way
        raise source.does_not_run(error) from error
    if not tap.calls:
        raise source.no_dispatch()
    name = f"{source.name} ({source.config.model_type})"
    attending = _numbers(seen.modules, source.layers)
    if attending is None:
        raise ProbingError(
            f"{name} computes attention {tap.calls} times for {source.layers} layers: heads could "
            "not be told by them"
        )
    if len(set(seen.heads)) > 1:
        listed = ", ".join(map(str, seen.heads))
        raise ProbingError(
            f"{name} has layers with different numbers of heads ({listed}): tables and probes "
            "have as many in every layer"
        )
    found = states(output, source.text)
    if found is None or len(found) != source.layers + 1 or any(s.dim() != 3 for s in found):
        count = "no hidden states" if found is None else f"{len(found)} hidden states"
        raise ProbingError(
            f"{name} gives {count} for {source.layers} layers: expected "
            f"{source.layers + 1}, the first layer's input and what each layer makes of it"
        )
    return Trial(attending, seen.heads[0], found[0].shape[-1], embedded.shape[-1])


def runs_mixed(model: Any) -> bool:
    """Whether the model runs in the mixed precision that is switched on where this is called.

    Some write what is computed in one precision into what was made in another (XMOD, DBRX).
    """
    ids = _two(model)
    try:
        run(model, ids, torch.ones_like(ids))
    except RuntimeError:
        return False
    return True


def _two(model: Any) -> Tensor:
    """Two wordpieces that every vocabulary has, ``[1, 2]``."""
    return torch.zeros(1, 2, dtype=torch.long, device=next(model.parameters()).device)


def _numbers(modules: Sequence[Any], count: int) -> tuple[int, ...] | None:
    """The numbers of the layers that computed attention, where that is known.

    In hybrid stacks they are those that the model gives them; some of its layers are no attention.
    """
    if len(modules) == count:
        return tuple(range(1, count + 1))
    numbers = [getattr(module, "layer_idx", None) for module in modules]
    known = [number + 1 for number in numbers if isinstance(number, int)]
    is_told = len(known) == len(modules) and known == sorted(set(known)) and known[-1] <= count
    return tuple(known) if is_told else None


class _Seen:
    """Keeps each layer's module, and how many heads it has."""

    def __init__(self) -> None:
        self.modules: list[Any] = []
        self.heads: list[int] = []

    def take(self, layer: LayerRecord) -> None:
        self.modules.append(layer.module)
        self.heads.append(layer.weights.shape[1])
