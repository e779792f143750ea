"""The randomly initialised twin of a model: the same architecture, untrained."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from probing.core.errors import ProbingError
from probing.encoder.running import run
from probing.encoder.tap import IMPLEMENTATION


def random_twin(config: Any, *, seed: int) -> Any:
    """A model of ``config`` with the weights that transformers starts training from.

    Equal seeds give equal weights, in float32 whatever the trained ones are stored in: numbers
    that are drawn in another precision are others. The global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which seeds every GPU as well.
        torch.default_generator.manual_seed(seed)
        return transformers.AutoModel.from_config(
            config, dtype=torch.float32, attn_implementation=IMPLEMENTATION
        )


def keep_embeddings(twin: Any, trained: Any) -> tuple[str, ...]:
    """Give ``twin`` the input embeddings of ``trained``, as in section 5; returns their names.

    These are all the parameters that the input of the first layer is computed from: embeddings
    of words, positions and token types, their norm, a projection to the hidden size. Found by
    what has a gradient, since every family names its modules in its own way.

    Raises:
        ProbingError: if the model computes that input without gradients.
    """
    names, parameters = zip(*trained.requires_grad_(True).named_parameters(), strict=True)
    ids = torch.zeros(1, 2, dtype=torch.long, device=parameters[0].device)
    with torch.enable_grad():
        real = torch.ones_like(ids)
        first = run(trained, ids, real, output_hidden_states=True).hidden_states[0]
        if not first.requires_grad:
            raise ProbingError(
                f"{trained.name_or_path} ({trained.config.model_type}) computes the input of its "
                "first layer without gradients, which would tell the weights that it comes from: "
                "its twin can keep no embeddings (--model.encoder.keep_embeddings false)"
            )
        slopes = torch.autograd.grad(first.sum(), parameters, allow_unused=True)
    kept = tuple(n for n, slope in zip(names, slopes, strict=True) if slope is not None)
    twin.to(trained.dtype)
    with torch.no_grad():
        for name in kept:
            twin.get_parameter(name).copy_(trained.get_parameter(name))
    return kept
