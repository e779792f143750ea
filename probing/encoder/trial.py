"""What a model shows in a run of two wordpieces: whether it keeps what an encoder promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from probing.core.errors import ProbingError
from probing.encoder.alone import Pile
from probing.encoder.layer_numbers import attending
from probing.encoder.running import run, states_of
from probing.encoder.source import Source
from probing.encoder.tap import Tap


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model was seen to have.

    - ``attending``: the numbers of the layers that compute attention, counted from one.
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
    seen = Pile()
    try:
        output = run(model, ids, torch.ones_like(ids), tap=Tap([seen]), output_hidden_states=True)
        if not seen.layers:
            raise source.no_dispatch()
        embedded = model.get_input_embeddings()(ids)
    except ProbingError:
        raise
    except Exception as error:  # each architecture fails in its own way
        raise source.does_not_run(error) from error
    name = f"{source.name} ({source.config.model_type})"
    numbers = attending(seen.layers, source.layers, name=name)
    heads = [layer.map.size[1] for layer in seen.layers]
    if len(set(heads)) > 1:
        raise ProbingError(
            f"{name} has layers with different numbers of heads ({', '.join(map(str, heads))}): "
            "tables and probes have as many in every layer"
        )
    found = states_of(output, source.text)
    if found is None or len(found) != source.layers + 1 or any(s.dim() != 3 for s in found):
        count = "no hidden states" if found is None else f"{len(found)} hidden states"
        raise ProbingError(
            f"{name} gives {count} for {source.layers} layers: expected "
            f"{source.layers + 1}, the first layer's input and what each layer makes of it"
        )
    return Trial(numbers, heads[0], found[0].shape[-1], embedded.shape[-1])


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
