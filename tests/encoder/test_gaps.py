"""Stacks with layers that have no attention: the others keep the numbers that the model gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from families import FURTHER, IDS, REAL, WIDTH, WORDS_OF

from probing.core.batches import Encoding
from probing.core.errors import ProbingError
from probing.encoder import Encoder

ATTENDING = {"lfm2": (2,), "qwen3_next": (2, 4), "granitemoehybrid": (2,)}
PARTS = {"attention", "boundary", "hidden"}


def encode(encoder: Encoder) -> Encoding:
    return encoder(IDS, WORDS_OF, width=WIDTH, needs=PARTS)


@pytest.mark.parametrize("family", ATTENDING)
def test_layers_keep_their_numbers(family: str, folder_of: Callable[[str], str]) -> None:
    encoder = Encoder(folder_of(family)).load()
    count = len(FURTHER[family]["layer_types"])
    assert encoder.layer_numbers == ATTENDING[family]
    assert encoder.sizes.layer_numbers == ATTENDING[family]
    assert encoder.sizes.layers == len(ATTENDING[family])
    listed = ", ".join(map(str, ATTENDING[family]))
    assert f"layers looked at: {listed} of {count}" in encoder.description
    whole = encode(encoder)
    states = encoder.model(
        input_ids=IDS, attention_mask=REAL.long(), output_hidden_states=True
    ).hidden_states
    assert len(states) == count + 1
    word = [t for t, w in enumerate(WORDS_OF[0].tolist()) if w == 1]
    for k, number in enumerate((0, *ATTENDING[family])):
        expected = states[number][0, word].mean(0)
        torch.testing.assert_close(whole.part("hidden")[0, k, 1], expected)
    last = encode(Encoder(folder_of(family), layers=[ATTENDING[family][-1]]).load())
    assert torch.equal(last.part("attention")[:, 0], whole.part("attention")[:, -1])


def test_a_layer_without_attention_cannot_be_looked_at(folder_of: Callable[[str], str]) -> None:
    with pytest.raises(ProbingError, match=r"attention in its layers 2, 4 only: .* found \[3\]"):
        Encoder(folder_of("qwen3_next"), layers=[3]).load()
    with pytest.raises(ProbingError, match=r"has 4 layers: .* found \[5\]"):
        Encoder(folder_of("qwen3_next"), layers=[5]).load()


def test_the_twin_has_the_same_layers(
    folder_of: Callable[[str], str], save_tokenizer: Callable[[Path], int]
) -> None:
    folder = Path(folder_of("qwen3_next"))
    save_tokenizer(folder)
    main = Encoder(str(folder)).load()
    twin = Encoder(random_init=True, random_seed=1).beside(main).load()
    assert twin.layer_numbers == (2, 4)
    assert not torch.allclose(encode(twin).part("attention"), encode(main).part("attention"))
