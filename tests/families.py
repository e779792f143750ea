"""Model families as tiny random models, and what transformers offers beside those read in full.

Which of them can be read is found out by the tests: releases of transformers differ in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from torch import Tensor

from probing.core.layers import LayerRecord

SMALL: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,  # the usual 0.02 makes every map nearly uniform
}
_GPT2: dict[str, Any] = {
    "vocab_size": 100,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 64,
    "initializer_range": 0.2,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = SMALL | {"num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2}
# Read by all versions that are allowed, and tested in every part.
CONFIGS: dict[str, Callable[[], Any]] = {
    "bert": lambda: tf.BertConfig(**SMALL),
    "roberta": lambda: tf.RobertaConfig(**SMALL),
    "xlm-roberta": lambda: tf.XLMRobertaConfig(**SMALL),
    "camembert": lambda: tf.CamembertConfig(**SMALL),
    "electra": lambda: tf.ElectraConfig(**SMALL, embedding_size=16),
    "distilbert": lambda: tf.DistilBertConfig(
        vocab_size=100,
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=37,
        max_position_embeddings=64,
        initializer_range=0.2,
    ),
    # Layers share their weights, so their number says nothing: calls do.
    "albert": lambda: tf.AlbertConfig(**SMALL, embedding_size=16),
    "ernie": lambda: tf.ErnieConfig(**SMALL),
    # One layer sees everything, the other three words to each side.
    "modernbert": lambda: tf.ModernBertConfig(
        **SMALL | {"num_hidden_layers": 3},
        global_attn_every_n_layers=2,
        local_attention=6,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        cls_token_id=1,
        sep_token_id=2,
    ),
    "gpt2": lambda: tf.GPT2Config(**_GPT2),
    "llama": lambda: tf.LlamaConfig(**GROUPED),
    "gpt_neox": lambda: tf.GPTNeoXConfig(**SMALL, bos_token_id=1, eos_token_id=2),
    "qwen3": lambda: tf.Qwen3Config(**GROUPED, head_dim=8),
    "mistral": lambda: tf.MistralConfig(**GROUPED, sliding_window=4),
}
# Options that change what attention is; read by all versions that are allowed, too.
VARIANTS: dict[str, Callable[[], Any]] = {
    "gpt2, layers scaled": lambda: tf.GPT2Config(**_GPT2, scale_attn_by_inverse_layer_idx=True),
    "gpt2, upcast": lambda: tf.GPT2Config(**_GPT2, reorder_and_upcast_attn=True),
    "gpt2, both": lambda: tf.GPT2Config(
        **_GPT2, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True
    ),
    "gpt2, unscaled": lambda: tf.GPT2Config(**_GPT2, scale_attn_weights=False),
}
# Families of which only the tap is tested, against eager attention: options of the config.
_HEADS = {"head_dim": 8, "num_key_value_heads": 2}
_EXPERTS = {
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16,
    "num_experts": 2,
    "num_local_experts": 2,
    "num_experts_per_tok": 1,
}
LATENT = {
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "head_dim": 8,
}
FURTHER: dict[str, dict[str, Any]] = {
    "bert-generation": {},
    "data2vec-text": {},
    "eurobert": {"num_key_value_heads": 2},
    "jina_embeddings_v3": {},
    "nomic_bert": {},
    "roberta-prelayernorm": {},
    "xlm-roberta-xl": {},
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
    "apertus": {"num_key_value_heads": 2},
    "arcee": {"num_key_value_heads": 2},
    "biogpt": {},
    "cohere": {"num_key_value_heads": 2},
    "cohere2": {"num_key_value_heads": 2, "sliding_window": 4},
    "deepseek_v3": LATENT | {"num_key_value_heads": 4, "first_k_dense_replace": 2},
    "ernie4_5": _HEADS,
    "exaone4": {"num_key_value_heads": 2, "sliding_window": 4},
    "gemma": _HEADS,
    "gemma3_text": {**_HEADS, "sliding_window": 4},
    "glm4": _HEADS,
    "gpt_bigcode": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "granite": {"num_key_value_heads": 2},
    "helium": _HEADS,
    "llama4_text": {**_EXPERTS, **_HEADS, "intermediate_size_mlp": 48},
    "mixtral": _EXPERTS,
    "modernbert-decoder": {},
    "layoutlm": {},
    "markuplm": {"max_depth": 4},
    # The wordpieces beside each one are part of its embedding, padding too.
    "mobilebert": {
        "embedding_size": 32,
        "true_hidden_size": 32,
        "intra_bottleneck_size": 32,
        "num_feedforward_networks": 2,
        "initializer_range": 0.193,  # it has no norm that would make numbers smaller
    },
    "doge": {**_HEADS, "keep_window_size": 5},
    "qwen3_next": {
        **_EXPERTS,
        **_HEADS,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "num_hidden_layers": 4,
        "layer_types": ["linear_attention", "full_attention"] * 2,
    },
    "granitemoehybrid": {
        **_EXPERTS,
        "shared_intermediate_size": 16,
        "mamba_n_heads": 8,
        "mamba_d_head": 8,
        "mamba_d_state": 16,
        "num_hidden_layers": 3,
        "layer_types": ["linear_attention", "full_attention", "linear_attention"],
    },
    "olmo": {"num_key_value_heads": 2},
    "olmo2": {"num_key_value_heads": 2},
    "olmo3": {"num_key_value_heads": 2, "sliding_window": 4},
    "olmoe": _EXPERTS,
    "opt": {"ffn_dim": 37, "word_embed_proj_dim": 32},
    "persimmon": {},
    "phi": {"num_key_value_heads": 2},
    "phi3": {"num_key_value_heads": 2},
    "qwen2": {"num_key_value_heads": 2},
    "qwen2_moe": _EXPERTS,
    "qwen3_moe": {**_EXPERTS, **_HEADS},
    "seed_oss": _HEADS,
    "smollm3": {"num_key_value_heads": 2},
    "starcoder2": {"num_key_value_heads": 2},
    "bloom": {"n_layer": 2, "n_head": 4},
    "convbert": {},
    "deberta": {},
    "deberta-v2": {},
    "diffllama": {"num_key_value_heads": 2},
    "falcon": {},
    "gemma2": _HEADS,
    "gpt_neo": {"num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
    "gpt_oss": _EXPERTS | _HEADS,
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "rotary_dim": 4},
    "ibert": {},
    # Some of its layers are convolutions.
    "lfm2": {**_HEADS, "layer_types": ["conv", "full_attention"]},
    "longformer": {},
    "megatron-bert": {},
    "mpnet": {},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4},
    "nemotron": {"num_key_value_heads": 2},
    "openai-gpt": {"n_embd": 32, "n_layer": 2, "n_head": 4},
    "rembert": {},
    "roformer": {},
    "stablelm": {"num_key_value_heads": 2},
    "t5": {"d_model": 32, "num_layers": 2},
    "vaultgemma": _HEADS,
    "xglm": {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 37},
    "xlm": {"emb_dim": 32, "n_layers": 2, "n_heads": 4},
}


BOTH_WAYS = "bert roberta xlm-roberta camembert electra distilbert albert ernie modernbert".split()

# Split words between special tokens; the same, shorter; no special tokens.
WORDS_OF = torch.tensor(
    [
        [-1, 0, 0, 1, 2, 3, 3, 3, 4, 5, 6, -1],
        [-1, 0, 1, 1, 2, -1, -2, -2, -2, -2, -2, -2],
        [0, 1, 2, 2, 3, 4, 5, 6, 6, 7, -2, -2],
    ]
)
WIDTH = 8
IDS = torch.randint(5, 100, WORDS_OF.shape, generator=torch.Generator().manual_seed(0))
REAL = WORDS_OF > -2


def config_of(family: str) -> Any:
    """The configuration of any of these."""
    if family not in FURTHER:
        return (CONFIGS | VARIANTS)[family]()
    common = SMALL | {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return tf.AutoConfig.for_model(family, **common | FURTHER[family])


def save(config: Any, folder: Path, seed: int = 0) -> None:
    """Put a random model of the family of ``config`` into ``folder``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tf.AutoModel.from_config(config).save_pretrained(folder)


class Weights:
    """Keeps what the tap hands on."""

    def __init__(self) -> None:
        self.maps: list[Tensor] = []

    def take(self, layer: LayerRecord) -> None:
        self.maps.append(layer.weights)


def eager(folder: str) -> Any:
    """The model that was saved in ``folder``, with transformers' own eager attention."""
    model = tf.AutoModel.from_pretrained(folder, attn_implementation="eager")
    return model.eval().requires_grad_(False)


def run_eager(model: Any) -> Any:
    """What it makes of :data:`IDS`, maps and hidden states included."""
    return model(
        input_ids=IDS,
        attention_mask=REAL.long(),
        output_attentions=True,
        output_hidden_states=True,
    )
