"""A model's folder with a damaged file: refused in words, or loaded as its files say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import VALUES, altered, answered, damaged, trying
from transformers import BertModel

from probing.encoder import Encoder

INDEX = "model.safetensors.index.json"
FILES = [INDEX, "config.json", "tokenizer.json", "tokenizer_config.json"]
ODD = [
    *VALUES,
    "model.safetensors",
    "../x",
    "bert",
    "gpt2",
    "Lowercase",
    "WordPiece",
    ["BertModel"],
]


@pytest.fixture(scope="session")
def sharded(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with its weights in several files."""
    folder = tmp_path_factory.mktemp("sharded")
    shutil.copytree(tiny_bert, folder, dirs_exist_ok=True)
    (folder / "model.safetensors").unlink()
    BertModel.from_pretrained(tiny_bert).save_pretrained(folder, max_shard_size="20KB")
    return folder


def mutant_of(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, name: str, text: bytes
) -> Path:
    mutant = tmp_path_factory.getbasetemp() / f"mutant_{folder.name}"
    shutil.copytree(folder, mutant, dirs_exist_ok=True)
    (mutant / name).write_bytes(text)
    return mutant


def tensors(file: Path) -> dict[str, np.ndarray[Any, Any]]:
    """What a file in the format safetensors holds: its header's size, the header, the numbers."""
    content = file.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, numbers = json.loads(content[8 : 8 + size]), content[8 + size :]
    header.pop("__metadata__", None)
    assert {each["dtype"] for each in header.values()} == {"F32"}
    return {
        name: np.frombuffer(numbers[slice(*each["data_offsets"])], "<f4").reshape(each["shape"])
        for name, each in header.items()
    }


def compare(encoder: Encoder, folder: Path) -> None:
    """The model's weights are those of its files, and as many as its configuration says."""
    config = json.loads((folder / "config.json").read_bytes())
    assert encoder.sizes.layers == config["num_hidden_layers"]
    assert encoder.sizes.heads == config["num_attention_heads"]
    names = {folder / "model.safetensors"}
    if (folder / INDEX).exists():
        shards = json.loads((folder / INDEX).read_bytes())["weight_map"]
        names = {folder / name for name in shards.values()}
    held = {key: value for name in names for key, value in tensors(name).items()}
    for key, value in encoder.model.state_dict().items():
        if "pooler" not in key:
            assert np.array_equal(value.numpy(), held[key], equal_nan=True), key


@pytest.mark.parametrize("name", FILES)
@trying(3, slow=3)
@given(data=st.data())
def test_a_damaged_description_of_a_model(
    name: str, data: st.DataObject, sharded: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = (sharded / name).read_bytes()
    made = altered(json.loads(text), ODD).map(lambda value: json.dumps(value).encode())
    folder = mutant_of(sharded, tmp_path_factory, name, data.draw(damaged(text) | made))
    encoder = Encoder(str(folder))
    if answered(lambda: (encoder.tokenizer.fingerprint, encoder.load())) is not None:
        compare(encoder, folder)


@trying(3, slow=3)
@given(data=st.data())
def test_damaged_weights(
    data: st.DataObject, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = "model.safetensors"
    text = data.draw(damaged((tiny_bert / name).read_bytes()))
    folder = mutant_of(tiny_bert, tmp_path_factory, name, text)
    encoder = answered(Encoder(str(folder)).load)
    if encoder is not None:
        compare(encoder, folder)


def test_what_is_whole_is_loaded(tiny_bert: Path, sharded: Path) -> None:
    """The mutants are of something that is loaded."""
    for folder in (tiny_bert, sharded):
        compare(Encoder(str(folder)).load(), folder)
    assert len(set(json.loads((sharded / INDEX).read_bytes())["weight_map"].values())) > 2
