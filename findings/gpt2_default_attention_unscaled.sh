#!/usr/bin/env bash
# transformers 5.3.0: two options of GPT2Config are ignored by every attention but "eager".
#
# scale_attn_weights=False and scale_attn_by_inverse_layer_idx=True (stanford-crfm's GPT-2 models
# have the latter) say how scores are scaled before the softmax. The eager function looks them up
# in the module; all other functions get scaling=None, which scaled_dot_product_attention, and a
# function registered with AttentionInterface, can only take for 1/sqrt(head size). So the default,
# sdpa, runs another model than eager does, and nothing is said. The guess that
# attn_implementation changes speed and rounding, not results, is wrong here.
#
# Seen: largest difference of the last hidden state from eager's
#   as configured by default       sdpa 2.0e-06  registered 1.7e-06
#   scale_attn_by_inverse_layer_idx  sdpa 5.0e-01  registered 5.0e-01
#   scale_attn_weights=False         sdpa 1.2e+00  registered 1.2e+00
# and scaling=None in every call. Mended in 5.4.0, which passes the scale.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.3.0 torch==2.13.0 numpy==2.2.6 \
    tokenizers==0.22.2 huggingface_hub==1.33.0 safetensors==0.8.0
cd "$folder"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'PYTHON'
import torch
import transformers
from transformers import AttentionInterface, GPT2Config, GPT2Model

scalings = []


def attend(module, query, key, value, attention_mask, scaling=None, **kwargs):
    scalings.append(scaling)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = query @ key.transpose(2, 3) * scale
    ahead = torch.ones(scores.shape[-2:]).triu(1).bool()
    weights = scores.masked_fill(ahead, float("-inf")).softmax(-1)
    return (weights @ value).transpose(1, 2).contiguous(), None


AttentionInterface.register("registered", attend)


def last_state(attention, **options):
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=50, n_embd=32, n_layer=3, n_head=4, n_positions=16, initializer_range=0.5,
        **options,
    )
    model = GPT2Model(config).eval()
    model.set_attn_implementation(attention)
    with torch.no_grad():
        return model(torch.arange(10)[None]).last_hidden_state


print("transformers", transformers.__version__)
assert transformers.__version__ == "5.3.0"
for name, options, is_off in (
    ("as configured by default", {}, False),
    ("scale_attn_by_inverse_layer_idx", {"scale_attn_by_inverse_layer_idx": True}, True),
    ("scale_attn_weights=False", {"scale_attn_weights": False}, True),
):
    eager = last_state("eager", **options)
    off = {a: float((last_state(a, **options) - eager).abs().max()) for a in ("sdpa", "registered")}
    print(name, *(f"{attention} {value:.1e}" for attention, value in off.items()))
    for value in off.values():
        assert value > 0.1 if is_off else value < 1e-4, (name, value)
assert set(scalings) == {None}, scalings
PYTHON
