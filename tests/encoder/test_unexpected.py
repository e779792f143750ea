"""Weights that a model has no place for: refused where they make it another model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as tf
from families import CONFIGS, SMALL, config_of
from safetensors.torch import load_file, save_file
from torch import Tensor

from probing.core.errors import ProbingError
from probing.encoder import Encoder

Tensors = dict[str, Tensor]
BERT, GPT2, LLAMA = "encoder.layer.{}.attention.self.", "h.{}.attn.", "layers.{}.self_attn."


@pytest.fixture
def folder_with(tmp_path: Path) -> Callable[..., str]:
    """A folder with a random model, with ``more`` weights than it has."""

    def make(
        family: str,
        more: Tensors,
        *,
        auto: Any = tf.AutoModel,
        less: str = " ",
        fields: dict[str, Any] | None = None,
    ) -> str:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            auto.from_config(config_of(family)).save_pretrained(tmp_path)
        file = tmp_path / "model.safetensors"
        held = {key: value.clone() for key, value in load_file(file).items() if less not in key}
        file.unlink()  # not written over: a model may have the old one mapped into its memory
        save_file(held | more, file, {"format": "pt"})
        config = tmp_path / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | (fields or {})))
        return str(tmp_path)

    return make


def learned(path: str, *shape: int, layers: int = 2) -> Tensors:
    """Trained weights at one place in each layer."""
    rng = torch.Generator().manual_seed(1)
    return {path.format(i): torch.randn(shape, generator=rng) for i in range(layers)}


def the_same(path: str, value: Tensor, layers: int = 2) -> Tensors:
    return {path.format(i): value.clone() for i in range(layers)}


LOST: dict[str, tuple[str, Tensors]] = {
    "relative positions": ("bert", learned(BERT + "distance_embedding.weight", 127, 8)),
    "LoRA": (
        "bert",
        learned(BERT + "query.lora_A.default.weight", 2, 32)
        | the_same(BERT + "query.lora_B.default.weight", torch.zeros(32, 2)),
    ),
    "LoRA as peft writes it": (
        "bert",
        learned("base_model.model." + BERT + "query.lora_A.weight", 2, 32),
    ),
    "IA3 of GPT-2": ("gpt2", learned("h.{}.attn.c_attn.ia3_l.default", 96, 1)),
    "norms that start at one": ("llama", the_same(LLAMA + "q_norm.weight", torch.ones(8))),
    "biases": ("llama", learned(LLAMA + "q_proj.bias", 32)),
    "a layer more": ("llama", {LLAMA.format(2) + "q_proj.weight": torch.randn(32, 32)}),
    "layers that share weights": (
        "albert",
        learned(
            "encoder.albert_layer_groups.0.albert_layers.0.attention.extra.weight", 3, layers=1
        ),
    ),
    "adapters between layers": ("modernbert", learned("layers.{}.adapter.down.weight", 2, 32)),
}


@pytest.mark.parametrize("auto", [tf.AutoModel, tf.AutoModelForMaskedLM], ids=["base", "head"])
@pytest.mark.parametrize("case", LOST)
def test_weights_inside_a_layer_that_have_no_place_are_refused(
    case: str, auto: Any, folder_with: Callable[..., str]
) -> None:
    family, more = LOST[case]
    if auto is tf.AutoModelForMaskedLM:
        auto = tf.AutoModelForCausalLM if family in ("gpt2", "llama") else auto
        prefix = tf.AutoModel.from_config(config_of(family)).base_model_prefix
        more = {f"{prefix}.{key}": value for key, value in more.items()}
        if "peft" in case:
            more = {
                key.replace("bert.base_model.model.", "base_model.model.bert."): value
                for key, value in more.items()
            }
    folder = folder_with(family, more, auto=auto)
    first = min(more)
    with pytest.raises(ProbingError, match="has no place for") as refused:
        Encoder(folder).load()
    assert f"{first} and {len(more) - 1} more" in str(refused.value)
    assert folder in str(refused.value)
    assert ("merge_and_unload" in str(refused.value)) == ("LoRA" in case)
    with pytest.raises(ProbingError, match="has no place for"):  # the twin has its embeddings
        Encoder(folder, random_init=True).load()


def test_a_model_that_an_adapter_wraps_is_refused_with_what_to_do(
    folder_with: Callable[..., str],
) -> None:
    """Its own weights then have other names, too."""
    place = BERT + "query.{}weight"
    more = {
        place.format(i, part): torch.randn(shape)
        for i in range(2)
        for part, shape in (
            ("base_layer.", (32, 32)),
            ("lora_A.default.", (2, 32)),
            ("lora_B.default.", (32, 2)),
        )
    }
    folder = folder_with("bert", more, less="query.weight")
    with pytest.raises(ProbingError, match=r"base_layer.weight and 5 more.*merge_and_unload"):
        Encoder(folder).load()


HARMLESS: dict[str, tuple[str, Tensors]] = {
    "a task's head": ("bert", {"classifier.weight": torch.randn(3, 32)}),
    "a head of layers": ("llama", {"score.layers.0.weight": torch.randn(3, 32)}),
    "a conditional random field": ("bert", {"crf.transitions": torch.randn(3, 3)}),
    "positions": ("bert", {"embeddings.position_ids": torch.arange(64)[None]}),
    "masks of GPT-2": (
        "gpt2",
        the_same(GPT2 + "masked_bias", torch.tensor(-1e4))
        | the_same(GPT2 + "bias", torch.ones(1, 1, 64, 64).tril()),
    ),
    "masks of other names": (
        "gpt2",
        the_same(GPT2 + "causal_mask", torch.ones(1, 1, 64, 64).tril().bool())
        | the_same(GPT2 + "mask_value", torch.tensor(-1e9)),
    ),
    "rotary frequencies": (
        "llama",
        the_same(LLAMA + "rotary_emb.inv_freq", 1e4 ** -torch.arange(0, 1, 0.25)),
    ),
    "tables of rotations": (
        "llama",
        the_same(LLAMA + "rope.cos_cached", torch.arange(64.0).outer(torch.rand(4)).cos()),
    ),
    "what the class lists": ("gpt_neox", learned("layers.{}.attention.masked_bias", 3)),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_heads_and_buffers_change_nothing(case: str, folder_with: Callable[..., str]) -> None:
    family, more = HARMLESS[case]
    without = Encoder(folder_with(family, {})).load()
    assert Encoder(folder_with(family, more)).load().fingerprint == without.fingerprint


def test_a_masked_language_model_is_loaded_without_its_head(
    folder_with: Callable[..., str],
) -> None:
    Encoder(folder_with("bert", {}, auto=tf.AutoModelForMaskedLM)).load()


def test_weights_in_the_older_format_are_judged_alike(tmp_path: Path) -> None:
    model = tf.AutoModel.from_config(CONFIGS["gpt2"]())
    model.config.save_pretrained(tmp_path)
    file = tmp_path / "pytorch_model.bin"
    buffers = the_same(GPT2 + "masked_bias", torch.tensor(-1e4))
    torch.save(model.state_dict() | buffers, file)
    Encoder(str(tmp_path)).load()
    torch.save(model.state_dict() | buffers | learned(GPT2 + "rel.weight", 3), file)
    with pytest.raises(ProbingError, match=r"h.0.attn.rel.weight and 1 more"):
        Encoder(str(tmp_path)).load()


# ----------------------------------------------------------------- code of a model's own


CODE = {"auto_map": {"AutoModel": "modeling_mine.Mine", "AutoConfig": "modeling_mine.MyConfig"}}


def test_of_code_of_its_own_it_is_said_that_it_is_not_run(
    folder_with: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "modeling_mine.py").write_text("raise RuntimeError('this code was run')")
    folder = folder_with("bert", {"classifier.weight": torch.randn(3, 32)}, fields=CODE)
    encoder = Encoder(folder).load()
    assert encoder.description.endswith("; its own code (auto_map) is not run")
    assert "auto_map" not in Encoder(folder_with("bert", {})).load().description


@pytest.mark.parametrize(
    "more",
    [
        {"embeddings.extra_norm.weight": torch.randn(32)},
        {"bert.gate.weight": torch.randn(32), "bert.embeddings.gate": torch.randn(32)},
        learned(BERT + "distance_embedding.weight", 127, 8),
    ],
    ids=["embeddings", "prefixed", "layers"],
)
def test_weights_that_only_its_own_code_reads_are_refused(
    more: Tensors, folder_with: Callable[..., str]
) -> None:
    auto = tf.AutoModelForMaskedLM if "bert.gate.weight" in more else tf.AutoModel
    folder = folder_with("bert", more, auto=auto, fields=CODE)
    with pytest.raises(ProbingError, match=r"no place for.*auto_map.*not run"):
        Encoder(folder).load()


def test_fields_that_only_its_own_code_reads_are_refused(folder_with: Callable[..., str]) -> None:
    folder = folder_with(
        "bert", {}, fields=CODE | {"alibi": True, "window": 5, "bias": None, "sparse": False}
    )
    with pytest.raises(ProbingError, match=r"auto_map.*not run.*does not know alibi, window"):
        Encoder(folder).load()
    # Without code of its own they are remains of earlier releases.
    assert Encoder(folder_with("bert", {}, fields={"directionality": "bidi"})).load().model


def test_fields_by_other_names_are_known(tmp_path: Path) -> None:
    config = tf.GPT2Config(**{**config_of("gpt2").to_dict(), "auto_map": CODE["auto_map"]})
    tf.AutoModel.from_config(config).save_pretrained(tmp_path)
    held = json.loads((tmp_path / "config.json").read_text())
    held |= {"hidden_size": held.pop("n_embd"), "torch_dtype": "float32"} | CODE
    (tmp_path / "config.json").write_text(json.dumps(held))
    assert Encoder(str(tmp_path)).load().trial.hidden == 32


def test_a_model_of_which_there_is_only_code_of_its_own_is_refused(
    folder_with: Callable[..., str],
) -> None:
    folder = folder_with("bert", {}, fields=CODE | {"model_type": "mine"})
    with pytest.raises(ProbingError, match=r"code of its own \(auto_map\), which is not run, and"):
        Encoder(folder).load()


# ------------------------------------------------------------- what a configuration says


@pytest.mark.parametrize("keep", [None, True, False], ids=["trained", "twin", "all random"])
@pytest.mark.parametrize("positions", ["relative_key", "relative_key_query"])
@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "albert"])
def test_relative_positions_are_refused(
    family: str, positions: str, keep: bool | None, folder_with: Callable[..., str]
) -> None:
    """Also without a weight that says so: the twin of another model is no twin."""
    folder = folder_with(family, {}, fields={"position_embedding_type": positions})
    options = {} if keep is None else {"random_init": True, "keep_embeddings": keep}
    with pytest.raises(ProbingError, match=f"{family}.*has '{positions}' positions"):
        Encoder(folder, **options).load()
    fields = {"position_embedding_type": "absolute"}
    assert Encoder(folder_with(family, {}, fields=fields), **options).load().model


def test_pruned_heads_are_refused_by_name(tmp_path: Path) -> None:
    config = tf.BertConfig(**SMALL)
    model = tf.AutoModel.from_config(config)
    model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    held = {key: value.clone() for key, value in load_file(file).items()}
    for part in ("query", "key", "value"):
        name = f"encoder.layer.1.attention.self.{part}."
        held[name + "weight"] = held[name + "weight"][8:].clone()
        held[name + "bias"] = held[name + "bias"][8:].clone()
    file.unlink()
    save_file(held, file, {"format": "pt"})
    stored = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(stored | {"pruned_heads": {"1": [0]}}))
    with pytest.raises(ProbingError, match=r"has pruned heads \(pruned_heads, in layers 2\)"):
        Encoder(str(tmp_path)).load()
    (tmp_path / "config.json").write_text(json.dumps(stored | {"pruned_heads": {}}))
    with pytest.raises(ProbingError, match="cannot be used"):
        Encoder(str(tmp_path)).load()
