"""The language-model head that goes with an encoder, around the encoder's own layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import transformers

from probing.encoder.model import Encoder


@dataclass(frozen=True)
class LanguageModel:
    """A model that guesses wordpieces; ``is_masked`` tells masked ones from the next one."""

    model: Any
    is_masked: bool


def language_model(encoder: Encoder) -> LanguageModel | None:
    """The loaded encoder with its trained head; ``None`` if its checkpoint has none.

    A model that could be run either way is taken as a masked one, which is how all of these are
    trained. The head reads what the encoder's own layers make.
    """
    source = encoder.source
    if encoder.random_init:
        return None
    is_masked = type(source.config) in transformers.MODEL_FOR_MASKED_LM_MAPPING
    if not is_masked and type(source.config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        return None
    auto = transformers.AutoModelForMaskedLM if is_masked else transformers.AutoModelForCausalLM
    model, lacking = source.read(auto, getattr(torch, encoder.precision))
    if any("pooler" not in key for key in lacking):
        return None
    if type(model.base_model) is type(encoder.load().model):
        setattr(model, model.base_model_prefix, encoder.model)
    return LanguageModel(model.eval().requires_grad_(False), is_masked)
