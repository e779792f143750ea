#!/usr/bin/env bash
# transformers 5.24.0: what a Llama with dynamic rope computes depends on what it was given before.
#
# Dynamic rope stretches the rotations when the input is longer than max_position_embeddings, by
# as much as that length asks for. The module keeps the stretched rotations until an input comes
# that is shorter than max_position_embeddings; an input between the two lengths, even one of
# exactly max_position_embeddings that asks for no stretching, gets those of the longest so far.
# The guess that a model in eval mode without a cache is a function of its input is wrong: results
# depend on the order of the batches.
#
# Seen: largest difference of the last hidden state from a fresh model's
#   10 words after nothing 0, after 10 words 0, after 12 words 1.1e-01, after 12 and 7 words 0
#    8 words after nothing 0, after 10 words 1.3e-01, after 12 words 2.0e-01, after 12 and 7 words 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.2.6 \
    tokenizers==0.23.3 huggingface_hub==2.4.0 safetensors==0.8.0
cd "$folder"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'PYTHON'
import torch
import transformers
from transformers import LlamaConfig, LlamaModel


def last_state(*lengths):
    torch.manual_seed(0)
    rope = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    config = LlamaConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=8, initializer_range=0.5,
        rope_parameters=rope,
    )
    model = LlamaModel(config).eval()
    with torch.no_grad():
        for length in lengths:
            state = model(torch.arange(length)[None], use_cache=False).last_hidden_state
    return state


print("transformers", transformers.__version__)
assert transformers.__version__ == "5.24.0"
for length, before, is_off in (
    (10, (), False), (10, (10,), False), (10, (12,), True), (10, (12, 7), False),
    (8, (), False), (8, (10,), True), (8, (12,), True), (8, (12, 7), False),
):
    off = float((last_state(*before, length) - last_state(length)).abs().max())
    print(length, "words after", *(before or ("nothing",)), f"{off:.1e}")
    assert off > 0.01 if is_off else off == 0, off
PYTHON
