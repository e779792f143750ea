#!/usr/bin/env bash
# datasets 5.2.0: in a JSON file that is one list, a list of texts and numbers comes back as other texts.
#
# A file for the "json" builder may be a list of rows, or have a row a line. Of a row whose list
# holds a text and a number, lines keep both as they are. Of the list, pandas makes the columns, and
# where pyarrow finds them mixed, each value is written as JSON: the text gets quotation marks of its
# own, the number becomes a text. The guess that both kinds of file give the same rows, or an error,
# is wrong: what is read is another word than what was written.
#
# Seen: lines  tokens ['Ann', 0]
#       list   tokens ['"Ann"', '0']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet datasets==5.2.0
cat > "$folder/rows.py" <<'PYTHON'
import json
from pathlib import Path

import datasets

print("datasets", datasets.__version__)
assert datasets.__version__ == "5.2.0"
row = {"tokens": ["Ann", 0]}
found = {}
for kind, text in (("lines", json.dumps(row)), ("list", json.dumps([row]))):
    Path(f"{kind}.json").write_text(text)
    builder = datasets.load_dataset_builder("json", data_files=f"{kind}.json")
    found[kind] = next(iter(builder.as_streaming_dataset()["train"]))["tokens"]
    print(kind, "tokens", found[kind])
assert found == {"lines": ["Ann", 0], "list": ['"Ann"', "0"]}
PYTHON
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME="$folder/home" "$folder/venv/bin/python" rows.py
