#!/usr/bin/env bash
# transformers 5.24.0: a BERT with relative positions is run as one with absolute positions.
#
# With position_embedding_type="relative_key" every layer adds the query's product with a learned
# vector per distance (distance_embedding) to its scores, and no position is added to the words.
# 5.24.0 keeps the option and never reads it: it leaves the distances out and adds the
# position_embeddings, which no training reached. The guess that a config and its weights are run
# or refused is wrong; only a report of unexpected weights tells; set_verbosity_error silences it.
#
# Seen: largest difference of the last hidden state after a change of the stored weights
#   distance_embedding left out: 4.57.6 1.2, 5.24.0 0; tenfold: 4.57.6 1.9, 5.24.0 0
#   position_embeddings tenfold: 4.57.6 0, 5.24.0 2.8
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cat > "$folder/compare.py" <<'PYTHON'
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

version = transformers.__version__
print("transformers", version)
transformers.logging.set_verbosity_error()
if version == "4.57.6":
    torch.manual_seed(0)
    BertModel(BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        initializer_range=0.5, position_embedding_type="relative_key",
    )).save_pretrained("model")
    save_file(load_file("model/model.safetensors"), "stored")


def last_state(part="", factor=1):
    weights = load_file("stored").items()
    changed = {k: v * factor if part in k else v for k, v in weights if factor or part not in k}
    save_file(changed, "model/model.safetensors", metadata={"format": "pt"})
    torch.manual_seed(1)
    model = BertModel.from_pretrained("model", attn_implementation="eager").eval()
    return model(torch.arange(10)[None]).last_hidden_state.detach()


for part, factor, reader in (
    ("distance_embedding", 0, "4.57.6"), ("distance_embedding", 10, "4.57.6"),
    ("position_embeddings", 10, "5.24.0"),
):
    off = float((last_state(part, factor) - last_state()).abs().max())
    print(part, "tenfold" if factor else "left out", f"{off:.1e}")
    assert off > 0.1 if version == reader else off == 0, off
PYTHON
cd "$folder"
run() {
    venv/bin/pip install --quiet torch==2.13.0 numpy==2.2.6 safetensors==0.8.0 "$@"
    HF_HUB_OFFLINE=1 venv/bin/python compare.py 2> said || { cat said; exit 1; }
    ! grep distance_embedding said
}
run transformers==4.57.6 tokenizers==0.22.2 huggingface_hub==0.36.2
run transformers==5.24.0 tokenizers==0.23.3 huggingface_hub==2.4.0
