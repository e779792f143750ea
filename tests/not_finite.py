"""A model that float32 can compute and float16 cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import transformers as tf


def overflowing(tiny_bert: Path, folder: Path) -> Path:
    """A copy of a BERT whose scores in the second layer are too large for float16."""
    shutil.copytree(tiny_bert, folder, dirs_exist_ok=True)
    model = tf.AutoModel.from_pretrained(tiny_bert)
    own = model.encoder.layer[1].attention.self
    own.query.weight.data *= 300
    own.key.weight.data *= 300
    model.save_pretrained(folder)
    return folder
