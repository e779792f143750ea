"""What a model shows in a run of two wordpieces: whether it keeps what an encoder promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord
from probing.encoder.running import run, states
from probing.encoder.source import Source
from probing.encoder.tap import Tap


@dataclass(frozen=True, slots=True)
class Trial:
    """The sizes that a model was seen to have.

    - ``layers``: the numbers of those that compute attention, counted from one, as they ran.
    - ``heads``: of every layer, ``H``.
    - ``hidden``: of the input of the first layer, ``D``.
    - ``embedding``: of what it embeds wordpieces as.
    """

    layers: tuple[int, ...]
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
    seen = _Heads()
    tap = Tap([seen])
    try:
        output = run(model, ids, torch.ones_like(ids), tap=tap, output_hidden_states=True)
        if not tap.calls:
            raise source.no_dispatch()
        embedded = model.get_input_embeddings()(ids)
    except ProbingError:
        raise
    except Exception as error:  # each architecture fails in its own way
        raise source.does_not_run(error) from error
    name = f"{source.name} ({source.config.model_type})"
    layers = numbered(seen.modules, source.layers)
    if layers is None:
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
            f"{name} gives {count} for {source.layers} layers that compute attention: expected "
            f"{source.layers + 1}, the first layer's input and what each layer makes of it"
        )
    return Trial(layers, seen.heads[0], found[0].shape[-1], embedded.shape[-1])


def numbered(modules: Sequence[nn.Module], count: int) -> tuple[int, ...] | None:
    """The numbers of the layers that computed attention, one module each, in order.

    Hybrids have layers without attention in between: there the modules know their numbers. ``None``
    if they do not.

    Args:
        modules: of attention, in the order in which they ran.
        count: how many layers the model has.
    """
    if len(modules) == count:  # not by their numbers: those of ALBERT are one module
        return tuple(range(1, count + 1))
    known = [getattr(module, "layer_idx", None) for module in modules]
    numbers = [number + 1 for number in known if isinstance(number, int)]
    if len(numbers) < len(modules) or numbers != sorted(set(numbers)) or numbers[-1] > count:
        return None
    return tuple(numbers)


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


class _Heads:
    """Counts the heads of each layer, and keeps its module."""

    def __init__(self) -> None:
        self.heads: list[int] = []
        self.modules: list[nn.Module] = []

    def take(self, layer: LayerRecord) -> None:
        self.heads.append(layer.weights.shape[1])
        self.modules.append(layer.module)
