"""Models of which text is one part: read like eager attention, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as tf
from composites import READABLE, composite
from families import IDS, REAL, SMALL, WIDTH, WORDS_OF, Weights, eager, run_eager, save
from safetensors.torch import load_file, save_file

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.encoder.tap import Tap

PARTS = {"attention", "boundary", "embeddings", "hidden"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    @cache
    def make(family: str) -> str:
        folder = tmp_path_factory.mktemp(family)
        save(composite(family), folder)
        return str(folder)

    return make


@pytest.mark.parametrize("family", READABLE)
def test_the_text_part_is_read_like_eager_attention(
    family: str, saved: Callable[[str], str]
) -> None:
    encoder = Encoder(saved(family)).load()
    assert encoder.layer_numbers == (1, 2)
    sizes = encoder.sizes
    assert (sizes.layers, sizes.heads, sizes.hidden, sizes.embedding) == (2, 4, 32, 32)
    kept = Weights()
    encoder.model(input_ids=IDS, attention_mask=REAL.long(), tap=Tap([kept]))
    expected = run_eager(eager(saved(family)))
    for found, map_ in zip(kept.maps, expected.attentions, strict=True):
        assert ((found - map_).abs() * REAL[:, None, :, None]).max() < 3e-6
        assert float(map_[0].std()) > 0.02  # a uniform map would be matched by anything
    encoding = encoder(IDS, WORDS_OF, width=WIDTH, needs=PARTS)
    one = WORDS_OF[0] == 3  # a word of three wordpieces
    for level, states in enumerate(expected.hidden_states):
        assert torch.allclose(
            encoding.part("hidden")[0, level, 3], states[0, one].mean(0), atol=1e-5
        )
    embedded = encoder.model.get_input_embeddings()(IDS[0, one]).mean(0)
    assert torch.allclose(encoding.part("embeddings")[0, 3], embedded, atol=1e-6)


@pytest.mark.parametrize("family", READABLE)
def test_it_has_a_twin_and_layers_can_be_chosen(family: str, saved: Callable[[str], str]) -> None:
    folder = saved(family)
    trained = Encoder(folder).load()
    whole = trained(IDS, WORDS_OF, width=WIDTH, needs=PARTS)
    cut = Encoder(folder, layers=[2]).load()(IDS, WORDS_OF, width=WIDTH, needs=PARTS)
    assert torch.equal(cut.part("attention")[:, 0], whole.part("attention")[:, 1])
    twin = Encoder(folder, random_init=True, random_seed=1).load()
    other = twin(IDS, WORDS_OF, width=WIDTH, needs=PARTS)
    assert torch.equal(other.part("embeddings"), whole.part("embeddings"))
    assert (other.part("attention") - whole.part("attention")).abs().max() > 0.01
    with pytest.raises(ProbingError, match="2 layers: expected numbers from 1 to 2, found"):
        Encoder(folder, layers=[3]).load()


@pytest.mark.parametrize("kind", ["inside", "images", "head"])
def test_weights_of_its_text_part_that_have_no_place_are_refused(kind: str, tmp_path: Path) -> None:
    """As such a model is published: with a head, and under the names of its class."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tf.AutoModelForImageTextToText.from_config(composite("llava")).save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    held = {key: value.clone() for key, value in load_file(file).items()}
    Encoder(str(tmp_path)).load()
    (norm,) = (
        key for key in held if key.endswith("layers.1.input_layernorm.weight") and "language" in key
    )
    lost = norm.replace("input_layernorm.weight", "self_attn.q_proj.lora_A.default.weight")
    held[{"inside": lost, "images": "visual.extra.weight", "head": "score.weight"}[kind]] = (
        torch.rand(2, 32)
    )
    file.unlink()
    save_file(held, file, {"format": "pt"})
    if kind != "inside":
        assert Encoder(str(tmp_path)).load().model
        return
    with pytest.raises(ProbingError, match=r"no place for, .*layers.1.self_attn.q_proj.lora_A"):
        Encoder(str(tmp_path)).load()


def _clip() -> Any:
    small = {key: value for key, value in SMALL.items() if key != "initializer_range"}
    images = small | {"image_size": 16, "patch_size": 8}
    return tf.CLIPConfig(text_config=small, vision_config=images)


def _vilt() -> Any:
    return tf.ViltConfig(**SMALL, image_size=16, patch_size=8)


@pytest.mark.parametrize("config", [_clip, _vilt], ids=["clip", "vilt"])
def test_models_that_need_an_image_are_refused_by_name(config: Any, tmp_path: Path) -> None:
    save(config(), tmp_path)
    with pytest.raises(ProbingError, match=r"\((clip|vilt)\) does not run on text alone"):
        Encoder(str(tmp_path)).load()


def test_one_whose_text_part_has_two_stacks_is_refused_by_name(tmp_path: Path) -> None:
    text = {**SMALL, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2}
    tf.Florence2Config(text_config={"model_type": "bart", **text}).save_pretrained(tmp_path)
    with pytest.raises(ProbingError, match=r"\(florence2\) has two stacks"):
        Encoder(str(tmp_path)).load()
