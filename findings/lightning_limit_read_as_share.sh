#!/usr/bin/env bash
# pytorch-lightning 2.6.0, jsonargparse 4.50.0, transformers 5.5.0: whether --trainer.limit_test_batches 1 means one
# batch or all of them depends on what typing's caches held when Lightning was imported.
#
# Trainer annotates the limit as Optional[Union[int, float]], and jsonargparse tries the types of a
# union in their order: "1" is the int 1, one batch. But Union[int, float] equals
# Union[float, int], and typing keeps the last 128 results of Optional[...] by equality.
# lightning_fabric writes Optional[Union[float, int]]; as long as that is still kept when Trainer is
# defined, Trainer gets it back: float first, "1" is 1.0, a share: the whole data. The guess that
# the order is the one in Trainer's source is wrong, and a dependency that is imported between
# the two decides.
#
# Seen: caches emptied after fabric's import: 1 (Union[int, float, None]); kept: 1.0
# (Union[float, int, None]). Without transformers, which torchmetrics imports if it is there, or
# with transformers 5.24.0 and pytorch-lightning 2.6.6: 1 in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 pytorch-lightning==2.6.0 torchmetrics==1.6.0 \
    "jsonargparse[signatures]==4.50.0" transformers==5.5.0 \
    tokenizers==0.22.2 huggingface_hub==1.33.0 safetensors==0.8.0 numpy==2.2.6
cat > "$folder/limit.py" <<'PYTHON'
import sys
import typing

import jsonargparse
import torchmetrics
from lightning_fabric import fabric

if sys.argv[1] == "emptied":
    for empty in typing._cleanups:
        empty()
import pytorch_lightning

parser = jsonargparse.ArgumentParser()
parser.add_class_arguments(pytorch_lightning.Trainer, "trainer")
found = parser.parse_args(["--trainer.limit_test_batches", "1"]).trainer.limit_test_batches
annotation = pytorch_lightning.Trainer.__init__.__annotations__["limit_test_batches"]
print(pytorch_lightning.__version__, sys.argv[1], repr(found), annotation)
assert repr(found) == sys.argv[2], found
PYTHON
cd "$folder"
"$folder/venv/bin/python" limit.py emptied 1
"$folder/venv/bin/python" limit.py kept 1.0
