#!/usr/bin/env bash
# transformers 5.4.0 can read back the configuration of OLMo that it wrote with huggingface_hub
# 1.8.0, and not with 1.33.0, though it asks for any >=1.5.0,<2.0.
#
# Its configurations are strict dataclasses of huggingface_hub. Eleven of them give fields that
# are true or false the type int (tie_word_embeddings of OLMo, use_cache of Cohere 2). A bool is an
# int in Python, and so it was for the hub's validator; a later 1.x tells the two apart. So one
# pinned release of transformers loads OLMo or raises, by the age of a package beside it: with the
# newest that it allows no OLMo, OLMoE, EuroBERT or Cohere 2 can be loaded.
#
# Seen: OlmoConfig read back: "ok" with 1.8.0; with 1.33.0 StrictDataclassFieldValidationError:
# "Field 'tie_word_embeddings' expected int, got bool (value: False)". LlamaConfig: "ok" with both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cat > "$folder/read_back.py" <<'PYTHON'
import sys
import tempfile

import transformers
from huggingface_hub.errors import StrictDataclassFieldValidationError

for name in ("LlamaConfig", "OlmoConfig"):
    config = getattr(transformers, name)()
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        try:
            type(config).from_pretrained(folder)
            found = "ok"
        except StrictDataclassFieldValidationError as error:
            found = " ".join(str(error).split())
    print(name, found)
    is_refused = name == "OlmoConfig" and sys.argv[1] == "refused"
    assert ("expected int, got bool" in found) == is_refused, found
PYTHON
cd "$folder"
for pair in "1.8.0 read" "1.33.0 refused"; do
    set -- $pair
    "$folder/venv/bin/pip" install --quiet transformers==5.4.0 huggingface_hub=="$1" \
        tokenizers==0.22.2 safetensors==0.8.0 numpy==2.2.6
    echo "transformers 5.4.0, huggingface_hub $1"
    HF_HUB_OFFLINE=1 "$folder/venv/bin/python" read_back.py "$2" 2>/dev/null
done
