"""Ablations as loops, from what the documentation says alone, in float64.

Whole passes through transformers' own models with eager attention, a sentence at a time. A head's
share of what its layer's output projection gets is taken out by a hook, and put together again from
a map and the values that the layer projects. Nothing of the package is used; what is left to chance
(which wordpieces are masked, whose map is taken) is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

Head = tuple[int, int]
Ids = Sequence[int]


def parts_of(model: Any) -> list[tuple[nn.Module, nn.Module]]:
    """Of each layer, what makes its values, and its output projection."""
    base = getattr(model, model.base_model_prefix, model)
    if hasattr(base, "encoder"):
        own = [layer.attention for layer in base.encoder.layer]
        return [(attention.self.value, attention.output.dense) for attention in own]
    return [(layer.self_attn.v_proj, layer.self_attn.o_proj) for layer in base.layers]


class Naive:
    """A model that is run a sentence at a time.

    Args:
        model: of transformers, with eager attention.
        how: what becomes of an ablated head.
    """

    def __init__(self, model: Any, how: str) -> None:
        self.model, self.how = model.double().eval(), how
        config = model.config
        self.layers, self.heads = config.num_hidden_layers, config.num_attention_heads
        self.size = config.hidden_size // self.heads
        self.of_keys = getattr(config, "num_key_value_heads", self.heads)
        self.is_causal = config.model_type == "llama"

    def maps(self, ids: Ids) -> Tensor:
        """``[L, H, T, T]`` of the whole model."""
        found = self.run([ids], (), None, output_attentions=True).attentions
        return torch.stack(found)[:, 0]

    def run(
        self, rows: Sequence[Ids], heads: Sequence[Head], maps: Tensor | None, **more: Any
    ) -> Any:
        """What the model gives for ``rows`` of one length with some heads ablated.

        ``maps [L, H, T, T]`` are what ablated heads get, where that comes from elsewhere.
        """
        with ExitStack() as stack, torch.no_grad():
            for number, (values, output) in enumerate(parts_of(self.model), 1):
                own = [head - 1 for layer, head in heads if layer == number]
                if own:
                    map_of = None if maps is None else maps[number - 1]
                    for hook in self.hooks(own, values, output, map_of):
                        stack.callback(hook.remove)
            return self.model(torch.tensor(rows), **more)

    def hooks(
        self, heads: Sequence[int], values: nn.Module, output: nn.Module, maps: Tensor | None
    ) -> list[Any]:
        seen: dict[str, Tensor] = {}

        def keep(module: nn.Module, given: Any, made: Tensor) -> None:
            seen["values"] = made

        def put(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            changed = given[0].clone()
            rows, length, _ = changed.shape
            for head in heads:
                group = head // (self.heads // self.of_keys)
                own = slice(group * self.size, (group + 1) * self.size)
                for b in range(rows):
                    for i in range(length):
                        row = self.row(i, length, None if maps is None else maps[head, i])
                        share = slice(head * self.size, (head + 1) * self.size)
                        changed[b, i, share] = row @ seen["values"][b, :, own]
            return (changed, *given[1:])

        return [values.register_forward_hook(keep), output.register_forward_pre_hook(put)]

    def row(self, i: int, length: int, given: Tensor | None) -> Tensor:
        """How much the ablated head attends from ``i`` to each wordpiece, ``[T]``."""
        seen = i + 1 if self.is_causal else length
        if given is not None:
            return given
        if self.how == "uniform":
            row = [1 / seen if j < seen else 0.0 for j in range(length)]
        else:
            row = [float(self.how == "sink" and j == 0) for j in range(length)]
        return torch.tensor(row, dtype=torch.float64)


class Others:
    """The maps that a sentence's ablated heads get from others of its length.

    Args:
        naive: the model.
        every: all sentences of a part.
        partners: of each, the place of the sentence whose map it gets, if of one alone.
    """

    def __init__(self, naive: Naive, every: Sequence[Ids], partners: Sequence[int]) -> None:
        self.naive, self.every, self.partners = naive, every, partners
        self.own = [naive.maps(ids) for ids in every]

    def of(self, place: int) -> Tensor | None:
        """``[L, H, T, T]`` for a sentence; nothing if nothing is taken from others."""
        if self.naive.how == "resample":
            return self.own[self.partners[place]]
        if self.naive.how != "mean":
            return None
        length, total, count = len(self.every[place]), torch.zeros_like(self.own[place]), 0
        for other, ids in enumerate(self.every):
            if other != place and len(ids) == length:
                total, count = total + self.own[other], count + 1
        return total / count


def entropies(maps: Sequence[Tensor]) -> dict[Head, float]:
    """The mean over all rows of ``[L, H, T, T]`` each, in nats."""
    layers, heads = maps[0].shape[:2]
    found = {}
    for layer in range(layers):
        for head in range(heads):
            rows = [row.tolist() for own in maps for row in own[layer, head]]
            total = sum(-p * math.log(p) for row in rows for p in row if p > 0)
            found[layer + 1, head + 1] = total / len(rows)
    return found


def log_probability(logits: Tensor, piece: int) -> float:
    """In nats, of ``logits [V]``."""
    peak = float(logits.max())
    rest = sum(math.exp(float(each) - peak) for each in logits)
    return float(logits[piece]) - peak - math.log(rest)


Asking = Callable[[Naive, Ids, Sequence[Head], "Tensor | None"], float]


def causal_log_probability(
    naive: Naive, ids: Ids, heads: Sequence[Head], maps: Tensor | None
) -> float:
    """Of each wordpiece but the first."""
    logits = naive.run([ids], heads, maps).logits[0]
    return sum(log_probability(logits[t - 1], ids[t]) for t in range(1, len(ids)))


def masked_log_probability(
    naive: Naive,
    ids: Ids,
    heads: Sequence[Head],
    maps: Tensor | None,
    places: Sequence[int],
    mask: int,
) -> float:
    """Of the wordpieces at ``places``, masked at once."""
    asked = [mask if t in places else piece for t, piece in enumerate(ids)]
    logits = naive.run([asked], heads, maps).logits[0]
    return sum(log_probability(logits[t], ids[t]) for t in places)


def embedding(naive: Naive, ids: Ids, heads: Sequence[Head], maps: Tensor | None) -> list[float]:
    """The mean of the last hidden states."""
    hidden = naive.run([ids], heads, maps).last_hidden_state[0].tolist()
    return [sum(column) / len(hidden) for column in zip(*hidden, strict=True)]


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """``1 - cos``."""
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return 1 - dot / math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))


def control_sets(
    target: Sequence[Head], of_entropy: Mapping[Head, float], nearest: int
) -> set[tuple[Head, ...]]:
    """All sets of as many heads of the same layers, each near one of the target's in entropy."""
    found: list[tuple[Head, ...]] = [()]
    for own in target:
        rest = [head for head in of_entropy if head[0] == own[0] and head not in target]
        rest.sort(key=lambda head: abs(of_entropy[head] - of_entropy[own]))
        found = [(*some, head) for some in found for head in rest[:nearest] if head not in some]
    return {tuple(sorted(some)) for some in found}
