"""Weights of a checkpoint that a model has no place for: those that make it another model."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import safe_open
from torch import Tensor, nn

from probing.core.errors import ProbingError
from probing.encoder.folders import MERGE, has_own_code

# What peft puts before the names of the model that it wraps.
_WRAPPED = r"(base_model\.model\.)?"


def refuse_lost(name: str, model: Any, unexpected: Collection[str], files: Iterable[Path]) -> None:
    """Refuse a model that would be run without some of the weights that make it what it is.

    These are parameters inside a layer, or, where the model comes with code of its own that is
    not run, anywhere but in a task's head.

    Args:
        name: of the model, as the user gave it.
        model: as it was loaded.
        unexpected: the weights that it has no place for; those that its class lists as ignorable
            are none.
        files: that hold them.

    Raises:
        ProbingError: naming the first of them.
    """
    own_code = has_own_code(model.config)
    lost = (_inside_model if own_code else _inside_layers)(model, unexpected)
    lost = _parameters(lost, files) if lost else []
    if not lost:
        return
    release = getattr(model.config, "transformers_version", None)
    advice = f"save it anew with the class of transformers {transformers.__version__}"
    if release:
        advice += f" (the files are of {release})"
    if own_code:
        advice = "its own code (auto_map) is not run"
    if any("lora_" in key for key in lost):
        advice = MERGE
    raise ProbingError(
        f"{name} holds weights that {type(model).__name__} has no place for, {lost[0]} and "
        f"{len(lost) - 1} more: without them it would be another model; {advice}"
    )


def _inside_layers(model: Any, keys: Collection[str]) -> list[str]:
    """Those of ``keys`` that lie inside a layer, found by the lists of modules that a model has.

    What lies elsewhere is a task's head, or beside the layers.
    """
    stacks = "|".join(
        re.escape(name) for name, own in model.named_modules() if isinstance(own, nn.ModuleList)
    )
    return _of_model(model, keys, rf"({stacks})\.\d+\.") if stacks else []


def _inside_model(model: Any, keys: Collection[str]) -> list[str]:
    """Those of ``keys`` that lie inside the model proper, which is not in a task's head."""
    parts = "|".join(re.escape(name) for name, _ in model.named_children() if name != "pooler")
    return _of_model(model, keys, rf"({parts})\.")


def _of_model(model: Any, keys: Collection[str], path: str) -> list[str]:
    prefix = re.escape(model.base_model_prefix)
    pattern = re.compile(rf"{_WRAPPED}({prefix}\.)?{path}")
    return sorted(key for key in keys if pattern.match(key))


def _parameters(keys: Sequence[str], files: Iterable[Path]) -> list[str]:
    """Those of ``keys`` that hold parameters, by what is stored under them.

    Causal masks, rotary frequencies and the like, which earlier releases stored, are none:
    training leaves no whole numbers (but what it may start from, zeros and ones), nor the same
    ones in every layer. What cannot be found is taken for one.
    """
    values = _read(set(keys), files)
    alike: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        alike[re.sub(r"\.\d+\.", ".*.", key)].append(key)
    return sorted(
        key
        for group in alike.values()
        if not _is_constant([values[key] for key in group if key in values])
        for key in group
    )


def _is_constant(tensors: Sequence[Tensor]) -> bool:
    """Whether tensors that stand at one place in several layers are no parameters."""
    if not tensors or not all(tensor.is_floating_point() for tensor in tensors):
        return bool(tensors)
    flat = [tensor.float().flatten() for tensor in tensors]
    if all(bool((one == 0).all() | (one == 1).all()) for one in flat):
        return False
    if all(torch.equal(one, one.floor()) for one in flat):
        return True
    return len(flat) > 1 and all(torch.equal(one, flat[0]) for one in flat[1:])


def _read(keys: set[str], files: Iterable[Path]) -> dict[str, Tensor]:
    """What files of weights hold under ``keys``."""
    found: dict[str, Tensor] = {}
    for file in files:
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as opened:
                found |= {key: opened.get_tensor(key) for key in keys & set(opened.keys())}
        else:
            held = torch.load(file, map_location="cpu", weights_only=True)
            found |= {key: held[key] for key in keys & set(held)}
    return found
