"""Models that read what else is in a batch: their windows are as if each were there alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as tf
from families import GROUPED, IDS, REAL, SMALL, WIDTH, WORDS_OF, config_of, eager, save

from probing.core.layers import LayerRecord
from probing.encoder import Encoder, MaskedModel

PARTS = ("attention", "boundary", "hidden")
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0] * 4,
    "long_factor": [3.0, 2.0, 5.0, 7.0],
}


def long_rope() -> Any:
    return tf.Phi3Config(
        **GROUPED | {"pad_token_id": 0, "max_position_embeddings": 64},
        original_max_position_embeddings=8,
        rope_parameters=LONG | {"rope_theta": 100.0},
    )


def dynamic_rope() -> Any:
    return tf.LlamaConfig(
        **GROUPED | {"max_position_embeddings": 8},
        rope_parameters={"rope_type": "dynamic", "factor": 4.0, "rope_theta": 100.0},
    )


def by_layer_type() -> Any:
    return tf.Gemma3TextConfig(
        **GROUPED | {"pad_token_id": 0, "max_position_embeddings": 8},
        head_dim=8,
        sliding_window=4,
        layer_types=["sliding_attention", "full_attention"],
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
            "full_attention": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 100.0},
        },
    )


def trigrams() -> Any:
    return config_of("mobilebert")


MODELS: dict[str, Callable[[], Any]] = {
    "long rope": long_rope,
    "dynamic rope": dynamic_rope,
    "dynamic rope in some layers": by_layer_type,
    "trigrams": trigrams,
}


@pytest.fixture(params=MODELS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    save(MODELS[request.param](), tmp_path)
    return str(tmp_path)


class Kept:
    def __init__(self) -> None:
        self.layers: list[LayerRecord] = []

    def take(self, layer: LayerRecord) -> None:
        self.layers.append(layer)


def test_a_window_in_a_batch_is_what_eager_attention_makes_of_it_alone(folder: str) -> None:
    encoder, kept = Encoder(folder).load(), Kept()
    for _ in range(2):  # a model that remembers how long windows were would differ now
        whole = encoder(IDS, WORDS_OF, width=WIDTH, needs=set(PARTS))
    encoder.read(IDS, REAL, [kept])
    together = eager(folder)(input_ids=IDS, attention_mask=REAL.long(), output_attentions=True)
    differ = 0
    for b, length in enumerate(REAL.sum(1).tolist()):
        ids, words_of = IDS[b : b + 1, :length], WORDS_OF[b : b + 1, :length]
        expected = eager(folder)(  # a new one each time
            input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True
        )
        for k, map_ in enumerate(expected.attentions):
            layer = kept.layers[k]
            assert layer.weights.shape == (3, 4, 12, 12)
            assert (layer.weights[b, :, :length, :length] - map_[0]).abs().max() < 1e-6
            assert not layer.weights[b, :, :, length:].any()
            own = together.attentions[k][b, :, :length, :length]
            differ += int((own - map_[0]).abs().max() > 1e-3)
        alone = encoder(ids, words_of, width=WIDTH, needs=set(PARTS))
        for part in PARTS:
            torch.testing.assert_close(whole.part(part)[b], alone.part(part)[0])
        if whole.visible is not None:
            assert alone.visible is not None
            assert torch.equal(whole.visible[b], alone.visible[0])
    assert differ > 0  # or nothing would be wrong with batches


def test_masks_and_values_are_those_of_each_window(folder: str) -> None:
    encoder, kept = Encoder(folder).load(), Kept()
    encoder.read(IDS, REAL, [kept])
    for layer in kept.layers:
        mixed = layer.weights @ layer.values
        assert mixed.shape == (3, 4, 12, layer.values.shape[-1])
        if layer.mask is not None:
            assert layer.mask.shape == (3, 1, 12, 12)
            assert not (layer.weights * ~layer.mask).any()


@pytest.mark.parametrize("family", ["long rope", "dynamic rope"])
def test_windows_of_the_original_length_run_together(family: str, tmp_path: Path) -> None:
    save(MODELS[family](), tmp_path)
    encoder = Encoder(str(tmp_path)).load()
    assert encoder.together == 8
    assert not encoder.apart(IDS[:, :8])
    assert encoder.apart(IDS[:, :9])
    assert not encoder.apart(IDS[:1])
    # And are what they are after longer ones, too.
    short = encoder(IDS[:1, :8], WORDS_OF[:1, :8], width=WIDTH, needs={"attention"})
    encoder(IDS[:1], WORDS_OF[:1], width=WIDTH, needs={"attention"})
    again = encoder(IDS[:1, :8], WORDS_OF[:1, :8], width=WIDTH, needs={"attention"})
    assert torch.equal(short.part("attention"), again.part("attention"))


def test_it_is_said(tmp_path: Path) -> None:
    for family, said in (
        ("trigrams", "; windows run one at a time, since"),
        ("long rope", "; windows of more than 8 wordpieces run one at a time, since"),
    ):
        save(MODELS[family](), tmp_path)
        assert said in Encoder(str(tmp_path)).load().description
    save(tf.BertConfig(**SMALL), tmp_path)
    assert "one at a time" not in Encoder(str(tmp_path)).load().description


def test_derivatives_are_those_of_each_window_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tf.MobileBertForMaskedLM(trigrams()).save_pretrained(tmp_path)
    model = MaskedModel(Encoder(str(tmp_path)).load()).load()
    labels = torch.where((torch.arange(12) % 3 == 1) & REAL, IDS, -100)
    found = model.derivatives(IDS, REAL, labels)
    assert [one.shape for one in found] == [(3, 4, 12, 12)] * 2
    for b, length in enumerate(REAL.sum(1).tolist()):
        own = slice(b, b + 1), slice(length)
        alone = model.derivatives(IDS[own], REAL[own], labels[own])
        for one, expected in zip(found, alone, strict=True):
            torch.testing.assert_close(one[b, :, :length, :length], expected[0])
            assert expected.any()


def test_derivatives_do_not_hang_on_what_ran_before(tmp_path: Path) -> None:
    """Dynamic rope would keep the frequencies of the longest window so far."""
    torch.manual_seed(0)
    config = tf.EuroBertConfig(
        pad_token_id=0,
        vocab_size=50,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=8,
        rope_parameters={"rope_type": "dynamic", "factor": 4.0, "rope_theta": 100.0},
    )
    tf.EuroBertForMaskedLM(config).save_pretrained(tmp_path)
    model = MaskedModel(Encoder(str(tmp_path)).load()).load()
    short, long = torch.arange(10)[None], torch.arange(30)[None]
    before, _, after = (
        model.derivatives(ids, ids >= 0, torch.where(ids % 3 == 1, ids, -100))
        for ids in (short, long, short)
    )
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one, other)
