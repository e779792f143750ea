"""Model families as tiny random models: those whose attention can be read, and those refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

SMALL: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,  # the usual 0.02 makes every map nearly uniform
}
GROUPED = SMALL | {"num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2}
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
    "gpt2": lambda: tf.GPT2Config(
        vocab_size=100,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=64,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=2,
    ),
    "llama": lambda: tf.LlamaConfig(**GROUPED),
    "gpt_neox": lambda: tf.GPTNeoXConfig(**SMALL, bos_token_id=1, eos_token_id=2),
    "qwen3": lambda: tf.Qwen3Config(**GROUPED, head_dim=8),
    "mistral": lambda: tf.MistralConfig(**GROUPED, sliding_window=4),
}
# Families of which only the tap is tested, against eager attention: (options of the config).
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
_LATENT = {
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "head_dim": 8,
    "num_key_value_heads": 4,
    "first_k_dense_replace": 2,
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
    "deepseek_v3": _LATENT,
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
}


BOTH_WAYS = "bert roberta xlm-roberta camembert electra distilbert albert ernie modernbert".split()

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "mpnet": (lambda: tf.MPNetConfig(**SMALL), r"\(mpnet\) does not dispatch"),
    "deberta-v2": (lambda: tf.DebertaV2Config(**SMALL), r"\(deberta-v2\) does not dispatch"),
    "bloom": (
        lambda: tf.BloomConfig(vocab_size=100, hidden_size=32, n_layer=2, n_head=4),
        r"\(bloom\) does not dispatch",
    ),
    "gpt_neo": (
        lambda: tf.GPTNeoConfig(
            vocab_size=100,
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            max_position_embeddings=64,
            attention_types=[[["global", "local"], 1]],
        ),
        r"\(gpt_neo\) does not dispatch",
    ),
    "gemma2": (lambda: tf.Gemma2Config(**GROUPED, head_dim=8), "softcap"),
    "gpt_oss": (
        lambda: tf.GptOssConfig(
            **GROUPED, head_dim=8, num_local_experts=2, num_experts_per_tok=1, pad_token_id=0
        ),
        "s_aux",
    ),
    "t5": (lambda: tf.T5Config(vocab_size=100, d_model=32, num_layers=2), r"\(t5\) has two stacks"),
}

# Refused as well, as the reason says.
_NONE = r"does not dispatch"
FURTHER_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "convbert": ({}, _NONE),
    "deberta": ({}, _NONE),
    "diffllama": ({"num_key_value_heads": 2}, "attention 4 times for 2 layers"),
    "falcon": ({}, _NONE),
    "gptj": ({"n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4}, _NONE),
    "ibert": ({}, _NONE),
    "longformer": ({}, _NONE),
    "megatron-bert": ({}, _NONE),
    "mpt": ({"d_model": 32, "n_layers": 2, "n_heads": 4}, _NONE),
    "nemotron": ({"num_key_value_heads": 2}, _NONE),
    "openai-gpt": ({"n_embd": 32, "n_layer": 2, "n_head": 4}, _NONE),
    "rembert": ({}, _NONE),
    "roformer": ({}, _NONE),
    "stablelm": ({"num_key_value_heads": 2}, _NONE),
    "vaultgemma": (_HEADS, "softcap"),
    "xglm": ({"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 37}, _NONE),
    "xlm": ({"emb_dim": 32, "n_layers": 2, "n_heads": 4}, _NONE),
    # Some of its layers are convolutions.
    "lfm2": (
        _HEADS | {"layer_types": ["conv", "full_attention"]},
        "attention 1 times for 2 layers",
    ),
}


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
    """The configuration of any of these families."""
    if family in CONFIGS or family in REFUSED:
        return (CONFIGS[family] if family in CONFIGS else REFUSED[family][0])()
    options = FURTHER[family] if family in FURTHER else FURTHER_REFUSED[family][0]
    common = SMALL | {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return tf.AutoConfig.for_model(family, **common | options)


def save(config: Any, folder: Path, seed: int = 0) -> None:
    """Put a random model of the family of ``config`` into ``folder``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tf.AutoModel.from_config(config).save_pretrained(folder)
