"""Models of which text is one part, as tiny random ones: a text part, and one for images."""

from __future__ import annotations

from typing import Any

import transformers as tf
from families import SMALL

_TEXT = {
    **SMALL,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
# Of other sizes than the text's, and with a layer more: one that is taken for it is found out.
_IMAGES = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "image_size": 16,
    "patch_size": 8,
}
_WINDOWS = {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}
_QWEN = {
    "depth": 3,
    "embed_dim": 16,
    "hidden_size": 16,
    "num_heads": 2,
    "patch_size": 8,
    "out_hidden_size": 32,
    "intermediate_size": 16,
}
_ROTATED = {
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}
}
_GEMMA4 = {
    "global_head_dim": 8,
    "hidden_size_per_layer_input": 0,
    "vocab_size_per_layer_input": 100,
    "num_kv_shared_layers": 0,
}
# By family: options of the text part, of the other one, and of the whole.
_PARTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "gemma3": (_WINDOWS, _IMAGES, {"mm_tokens_per_image": 4}),
    "gemma4": (
        _WINDOWS | _GEMMA4,
        _IMAGES | {"num_key_value_heads": 2, "head_dim": 8},
        {"audio_config": None},
    ),
    "idefics3": ({"model_type": "llama"}, _IMAGES, {}),
    "llava": ({"model_type": "llama"}, _IMAGES | {"model_type": "clip_vision_model"}, {}),
    "mistral3": (
        {"model_type": "mistral", "sliding_window": None},
        _IMAGES | {"model_type": "pixtral", "head_dim": 8},
        {},
    ),
    "paligemma": ({"model_type": "gemma"}, _IMAGES | {"model_type": "siglip_vision_model"}, {}),
    "qwen2_vl": (_ROTATED, _QWEN | {"hidden_size": 32}, {}),
    "qwen2_5_vl": (_ROTATED, _QWEN, {}),
    "qwen3_vl": (_ROTATED, _QWEN | {"deepstack_visual_indexes": [0]}, {}),
}
READABLE = [family for family in _PARTS if family in tf.CONFIG_MAPPING]


def composite(family: str) -> Any:
    """The configuration of one of :data:`READABLE`."""
    text, images, whole = _PARTS[family]
    return tf.CONFIG_MAPPING[family](text_config=_TEXT | text, vision_config=images, **whole)
