"""Tiny configurations of families that are unlike others."""

from __future__ import annotations

from typing import Any

from families import LATENT, SMALL

_COMMON = SMALL | {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_WINDOWED = {
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "head_dim": 16,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
}
ODD: dict[str, dict[str, Any]] = {
    # Layers that see a window have half as many heads.
    "dots3_note_text": _COMMON
    | LATENT
    | {f"swa_{name}": value for name, value in _WINDOWED.items()}
    | {
        "num_hidden_layers": 4,
        "num_key_value_heads": 4,
        "moe_intermediate_size": 16,
        "n_routed_experts": 2,
        "num_experts_per_tok": 1,
        "shared_experts_intermediate_size": 16,
        "use_dsa": False,
        "sliding_window": 4,
    },
    # Each block attends twice.
    "longcat_flash": {
        key: value
        for key, value in _COMMON.items()
        if key not in ("num_hidden_layers", "intermediate_size")
    }
    | LATENT
    | {
        "num_layers": 2,
        "ffn_hidden_size": 32,
        "expert_ffn_hidden_size": 16,
        "n_routed_experts": 2,
        "zero_expert_num": 1,
        "moe_topk": 2,
    },
    # Several versions of each hidden state; the active one is not the first here.
    "gemma3n_text": _COMMON
    | {
        "num_hidden_layers": 4,
        "head_dim": 8,
        "num_key_value_heads": 2,
        "num_kv_shared_layers": 0,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "sliding_window": 4,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": 100,
        "laurel_rank": 4,
        "activation_sparsity_pattern": [0.0] * 4,
        "altup_num_inputs": 3,
        "altup_active_idx": 1,
    },
    # A parameter that is not trained stands before the first layer.
    "hrm_text": _COMMON | {"num_hidden_layers": 1, "head_dim": 8, "H_cycles": 1, "L_cycles": 2},
    # As many heads as the experts that are chosen have.
    "jetmoe": _COMMON
    | {
        "num_key_value_heads": 2,
        "kv_channels": 8,
        "num_local_experts": 4,
        "num_experts_per_tok": 1,
        "head_dim": 8,
    },
    "dbrx": {
        "vocab_size": 100,
        "d_model": 32,
        "n_heads": 4,
        "n_layers": 2,
        "max_seq_len": 64,
        "initializer_range": 0.2,
        "attn_config": {"kv_n_heads": 2, "rope_theta": 1e4, "clip_qkv": 8},
        "ffn_config": {
            "hidden_size": 32,
            "ffn_hidden_size": 32,
            "moe_num_experts": 2,
            "moe_top_k": 1,
        },
    },
}
