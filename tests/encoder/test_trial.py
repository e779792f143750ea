"""What an encoder promises is right, or the model is refused when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers as tf
from families import IDS, REAL, WIDTH, WORDS_OF, Weights, config_of, eager, run_eager, save
from odd_families import ODD
from torch import Tensor
from unreadable import UnreadableConfig, UnreadableModel

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.encoder.tap import Tap

PARTS = {"attention", "boundary", "embeddings", "hidden"}
REFUSED = {
    "dots3_note_text": r"has layers with different numbers of heads \(4, 4, 2, 2\)",
    "longcat_flash": "gives 3 hidden states for 4 layers: expected 5",
}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str], str]:
    def make(family: str) -> str:
        if family not in tf.CONFIG_MAPPING:
            pytest.skip(f"transformers {tf.__version__} does not have it")
        own = family in ODD
        config = tf.CONFIG_MAPPING[family](**ODD[family]) if own else config_of(family)
        save(config, tmp_path)
        return str(tmp_path)

    return make


def encode(encoder: Encoder) -> dict[str, Tensor]:
    encoding = encoder(IDS, WORDS_OF, width=WIDTH, needs=PARTS)
    return {part: encoding.part(part) for part in PARTS}


@pytest.mark.parametrize("family", REFUSED)
def test_models_that_do_not_keep_a_promise_are_refused_when_they_are_loaded(
    family: str, saved: Callable[[str], str]
) -> None:
    folder = saved(family)
    for options in ({}, {"random_init": True}, {"random_init": True, "keep_embeddings": False}):
        with pytest.raises(ProbingError, match=rf"\({family}\) {REFUSED[family]}"):
            Encoder(folder, **options).load()


@pytest.mark.parametrize("family", [family for family in ODD if family not in REFUSED])
def test_the_others_keep_all(family: str, saved: Callable[[str], str]) -> None:
    folder = saved(family)
    encoder = Encoder(folder).load()
    kept = Weights()
    encoder.model(input_ids=IDS, attention_mask=REAL.long(), tap=Tap([kept]))
    expected = run_eager(eager(folder))
    for found, map_ in zip(kept.maps, expected.attentions, strict=True):
        assert found.shape[1] == encoder.sizes.heads
        assert ((found - map_).abs() * REAL[:, None, :, None]).max() < 3e-6
    parts, sizes = encode(encoder), encoder.sizes
    assert parts["attention"].shape == (3, sizes.layers, sizes.heads, WIDTH, WIDTH)
    assert parts["hidden"].shape == (3, sizes.layers + 1, WIDTH, sizes.hidden)
    one = WORDS_OF[0] == 3  # a word of three wordpieces
    active = ODD[family].get("altup_active_idx", 0)
    for level, states in enumerate(expected.hidden_states):
        own = states[active] if states.dim() == 4 else states
        assert torch.allclose(parts["hidden"][0, level, 3], own[0, one].mean(0), atol=1e-5)
    twin = Encoder(folder, random_init=True, random_seed=1).load()
    assert torch.equal(encode(twin)["embeddings"], parts["embeddings"])
    assert torch.equal(encode(twin)["hidden"][:, 0], parts["hidden"][:, 0])
    assert (encode(twin)["attention"] - parts["attention"]).abs().max() > 0.01


def test_a_twin_whose_embeddings_cannot_be_told_is_refused(
    saved: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HRM runs all but the last of its cycles without gradients."""
    monkeypatch.setitem(ODD["hrm_text"], "L_cycles", 3)
    folder = saved("hrm_text")
    assert Encoder(folder).load().model
    with pytest.raises(ProbingError, match=r"\(hrm_text\).*keep_embeddings false"):
        Encoder(folder, random_init=True).load()
    assert Encoder(folder, random_init=True, keep_embeddings=False).load().kept == ()


@pytest.mark.parametrize("family", ["xmod", "dbrx"])
def test_models_that_do_not_run_in_mixed_precision_run_in_their_own(
    family: str, saved: Callable[[str], str]
) -> None:
    encoder = Encoder(saved(family)).load()
    expected = encode(encoder)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with pytest.raises(RuntimeError):
            encoder.model(input_ids=IDS, attention_mask=REAL.long())
        found = encode(encoder)
        assert torch.is_autocast_enabled("cpu")
    for part in PARTS:
        assert torch.equal(found[part], expected[part]), part


def test_the_others_run_in_mixed_precision(saved: Callable[[str], str]) -> None:
    encoder = Encoder(saved("bert")).load()
    expected = encode(encoder)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = encode(encoder)
    assert not torch.equal(found["attention"], expected["attention"])
    assert torch.allclose(found["attention"], expected["attention"], atol=0.1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda states: None, "gives no hidden states for 2 layers"),
        (lambda states: states[1:], "gives 2 hidden states for 2 layers"),
        (lambda states: states + states[:1], "gives 4 hidden states for 2 layers"),
        (lambda states: tuple(s.flatten(0, 1) for s in states), "gives 3 hidden states for 2"),
    ],
    ids=["none", "one less", "one more", "an axis less"],
)
def test_hidden_states_that_do_not_go_with_layers_are_refused(
    change: Callable[[Any], Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = UnreadableModel.forward

    def other(self: Any, *args: Any, **options: Any) -> Any:
        return SimpleNamespace(hidden_states=change(forward(self, *args, **options).hidden_states))

    save(UnreadableConfig(), tmp_path)
    Encoder(str(tmp_path)).load()
    monkeypatch.setattr(UnreadableModel, "forward", other)
    with pytest.raises(ProbingError, match=said):
        Encoder(str(tmp_path)).load()
