"""Folders that hold less than a model, or something beside it: each its own sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as tf
from families import CONFIGS, save
from unreadable import UnreadableConfig

from probing.core.errors import ProbingError
from probing.encoder import Encoder, MaskedModel

ADAPTER = {"peft_type": "LORA", "base_model_name_or_path": "nowhere/base", "r": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(CONFIGS["bert"](), tmp_path)
    return tmp_path


@pytest.fixture(params=[False, True], ids=["no peft", "peft"])
def peft(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether transformers finds ``peft``, with which it would load adapters."""
    for module in (tf.models.auto.auto_factory, tf.integrations.peft):
        if hasattr(module, "is_peft_available"):
            monkeypatch.setattr(module, "is_peft_available", lambda: request.param)


def refusal(folder: Path, **options: Any) -> str:
    with pytest.raises(ProbingError) as refused:
        Encoder(str(folder), **options).load()
    assert str(folder) in str(refused.value)
    return str(refused.value)


@pytest.mark.usefixtures("peft")
@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_beside_a_model_is_refused(file: str, twin: bool, folder: Path) -> None:
    """It would be applied or passed over by what is installed: two tables of one folder."""
    (folder / file).write_text(json.dumps(ADAPTER))
    said = refusal(folder, random_init=twin)
    assert f"holds an adapter ({file}) beside a model" in said
    assert "merge_and_unload" in said
    (folder / file).unlink()
    assert Encoder(str(folder), random_init=twin).load().model


@pytest.mark.usefixtures("peft")
def test_an_adapter_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(ADAPTER))
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    said = refusal(tmp_path)
    assert "holds an adapter (adapter_config.json) without its model" in said
    assert "merge_and_unload" in said


def test_a_folder_without_a_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert "the folder has no config.json" in refusal(folder)


@pytest.mark.parametrize("other", ["", "tf_model.h5", "flax_model.msgpack", "model.gguf"])
def test_a_folder_without_weights(other: str, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    if other:
        (folder / other).write_bytes(b"")
    said = refusal(folder)
    assert "has no weights: expected model.safetensors or pytorch_model.bin" in said
    assert (f"{other} cannot be read" in said) == bool(other)
    twin = Encoder(str(folder), random_init=True, keep_embeddings=False)
    assert twin.load().model  # the configuration is enough


def sharded(folder: Path, suffix: str) -> list[Path]:
    """Cut the model's weights in two files or more; returns them."""
    model = tf.AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    if suffix == "safetensors":
        model.save_pretrained(folder, max_shard_size="20KB")
    else:
        held = list(model.state_dict().items())
        parts = [dict(held[:9]), dict(held[9:])]
        names = [f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2)]
        for part, name in zip(parts, names, strict=True):
            torch.save(part, folder / name)
        places = {key: name for part, name in zip(parts, names, strict=True) for key in part}
        index = {"metadata": {}, "weight_map": places}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    return sorted(folder.glob(f"*-of-*.{suffix}"))


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_a_folder_that_lacks_a_shard(suffix: str, folder: Path) -> None:
    whole = Encoder(str(folder)).load().fingerprint
    shards = sharded(folder, suffix)
    assert len(shards) > 1
    assert Encoder(str(folder)).load().fingerprint == whole
    shards[1].unlink()
    said = refusal(folder)
    assert f"the folder lacks {shards[1].name}, which" in said
    assert "index.json names" in said


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert "neither a folder, nor cached" in refusal(tmp_path / "nowhere")
    assert "the folder has no config.json" in refusal(tmp_path)


@pytest.mark.usefixtures("peft")
def test_the_gradient_analysis_refuses_the_same(folder: Path, tmp_path: Path) -> None:
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER))
    with pytest.raises(ProbingError, match="holds an adapter"):
        MaskedModel(Encoder(str(folder))).load()


def test_it_refuses_weights_that_have_no_place(tmp_path: Path) -> None:
    model = tf.AutoModelForMaskedLM.from_config(CONFIGS["bert"]())
    more = {"bert.encoder.layer.0.attention.self.distance_embedding.weight": torch.randn(9, 8)}
    model.save_pretrained(tmp_path, state_dict=model.state_dict() | more)
    with pytest.raises(ProbingError, match=r"BertForMaskedLM has no place for, bert\.encoder"):
        MaskedModel(Encoder(str(tmp_path))).load()


# ------------------------------------------------------------------- an error of one's own


def test_no_property_hides_what_it_lacks(
    folder_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``nn.Module`` would say that the encoder has no such attribute."""
    encoder = Encoder(folder_of("bert"))

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"nothing is called {name}")

    encoder.source = Broken()  # type: ignore[assignment]
    encoder.trial = Broken()
    encoder.model = Broken()
    names = ("config", "tokenizer", "layer_numbers", "sizes", "identity", "description")
    for name in names:
        with pytest.raises(ProbingError, match="cannot be used: nothing is called"):
            getattr(encoder, name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = encoder.nothing
    assert not hasattr(encoder, "_nothing")


@pytest.mark.parametrize("layers", [None, "two", 0])
def test_a_configuration_without_a_number_of_layers(layers: Any, tmp_path: Path) -> None:
    config = UnreadableConfig()
    save(config, tmp_path)
    encoder = Encoder(str(tmp_path))
    encoder.config.num_hidden_layers = layers
    with pytest.raises(ProbingError, match=r"\(unreadable\) does not say how many layers"):
        encoder.load()


# -------------------------------------------------------------------------------- twins


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_the_twin_of_a_checkpoint_in_half_precision_is_that_of_its_float32_copy(
    half: torch.dtype, keep: bool, folder: Path, tmp_path: Path
) -> None:
    tf.AutoModel.from_pretrained(folder, dtype=half).save_pretrained(tmp_path / "half")
    copy = tf.AutoModel.from_pretrained(tmp_path / "half", dtype=torch.float32)
    copy.save_pretrained(tmp_path / "whole")
    assert tf.AutoConfig.from_pretrained(tmp_path / "half").dtype == half
    twins = [
        Encoder(str(tmp_path / name), random_init=True, keep_embeddings=keep).load()
        for name in ("half", "whole")
    ]
    for left, right in zip(*(twin.model.parameters() for twin in twins), strict=True):
        assert left.dtype == torch.float32
        assert torch.equal(left, right)
    assert twins[0].fingerprint == twins[1].fingerprint
    shutil.rmtree(tmp_path / "half")
