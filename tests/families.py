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


def save(config: Any, folder: Path, seed: int = 0) -> None:
    """Put a random model of the family of ``config`` into ``folder``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tf.AutoModel.from_config(config).save_pretrained(folder)
