"""The randomly initialised twin of a model against the model itself."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from families import CONFIGS, IDS, REAL, WIDTH, WORDS_OF
from safetensors.torch import load_file, save_file
from torch import Tensor

from probing.core.batches import Encoding
from probing.core.errors import ProbingError
from probing.core.head_picking import HeadPicking
from probing.counting.metrics import HeadAccuracy
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule

WORDS_AND_POSITIONS = {
    "bert": {
        "embeddings.word_embeddings.weight",
        "embeddings.position_embeddings.weight",
        "embeddings.token_type_embeddings.weight",
        "embeddings.LayerNorm.weight",
        "embeddings.LayerNorm.bias",
    },
    "gpt2": {"wte.weight", "wpe.weight"},
    "llama": {"embed_tokens.weight"},
    "modernbert": {"embeddings.tok_embeddings.weight", "embeddings.norm.weight"},
}


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A model none of whose weights is what training starts from, no bias zero, no scale one."""

    def make(family: str) -> Path:
        folder: Path = tmp_path_factory.mktemp(family)
        rng = torch.Generator().manual_seed(7)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(7)
            model = tf.AutoModel.from_config(CONFIGS[family]())
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=rng))
        model.save_pretrained(folder)
        return folder

    return make


def encode(encoder: Encoder) -> Encoding:
    needs = {"attention", "boundary", "embeddings", "hidden"}
    return encoder(IDS, WORDS_OF, width=WIDTH, needs=needs)


def first_input(model: Any) -> Tensor:
    """What the first layer gets, of real wordpieces."""
    mask = REAL.long()
    states = model(input_ids=IDS, attention_mask=mask, output_hidden_states=True).hidden_states
    first: Tensor = states[0][REAL]
    return first


def differs(left: Tensor, right: Tensor) -> bool:
    """Whether two parameters were drawn apart: among thousands of values some fall together."""
    return float(torch.isclose(left, right).double().mean()) < 0.02


@pytest.mark.parametrize("family", CONFIGS)
def test_a_twin_has_the_trained_embeddings_and_nothing_else(
    family: str, trained_folder: Callable[[str], Path]
) -> None:
    folder = str(trained_folder(family))
    trained, twin = Encoder(folder).load(), Encoder(folder, random_init=True).load()
    own, other = dict(trained.model.named_parameters()), dict(twin.model.named_parameters())
    assert own.keys() == other.keys()
    assert twin.kept
    for name in own:
        if name in twin.kept:
            assert torch.equal(own[name], other[name]), name
        else:
            assert differs(own[name], other[name]), name
    # What is kept is, no more and no less, what changes the input of the first layer.
    before = first_input(trained.model)
    assert torch.equal(first_input(twin.model), before)
    rng = torch.Generator().manual_seed(3)
    for name, parameter in own.items():
        original = parameter.clone()
        parameter.add_(torch.randn(parameter.shape, generator=rng))
        changed = not torch.equal(first_input(trained.model), before)
        parameter.copy_(original)
        assert changed == (name in twin.kept), name
    if family in WORDS_AND_POSITIONS:
        assert set(twin.kept) == WORDS_AND_POSITIONS[family]

    left, right = encode(trained), encode(twin)
    assert torch.equal(left.part("embeddings"), right.part("embeddings"))
    assert torch.equal(left.part("hidden")[:, 0], right.part("hidden")[:, 0])
    seen = left.part("attention") > 0
    assert torch.equal(seen, right.part("attention") > 0)
    assert (left.part("attention") - right.part("attention"))[seen].abs().max() > 0.01


def test_everything_is_random_where_embeddings_are_not_kept(
    trained_folder: Callable[[str], Path],
) -> None:
    folder = trained_folder("bert")
    trained = Encoder(str(folder)).load()
    (folder / "model.safetensors").unlink()  # the configuration is enough
    twin = Encoder(str(folder), random_init=True, keep_embeddings=False).load()
    assert twin.kept == ()
    for left, right in zip(trained.model.parameters(), twin.model.parameters(), strict=True):
        assert differs(left, right)
    assert "random, too" in twin.title


def test_seeds_decide(folder_of: Callable[[str], str]) -> None:
    folder = folder_of("bert")

    def twin(seed: int, **options: Any) -> Encoder:
        return Encoder(folder, random_init=True, random_seed=seed, **options).load()

    first, again, other = twin(1), twin(1), twin(2)
    assert first.fingerprint == again.fingerprint
    for left, right in zip(first.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(left, right)
    fingerprints = {
        encoder.fingerprint
        for encoder in (first, other, twin(1, keep_embeddings=False), Encoder(folder).load())
    }
    assert len(fingerprints) == 4
    assert twin(1, layers=[1]).fingerprint == first.fingerprint


def test_no_random_state_but_its_own_is_touched(folder_of: Callable[[str], str]) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    first = Encoder(folder_of("bert"), random_init=True).load()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    assert random.getstate() == before[2]
    torch.manual_seed(6)  # nor does it depend on what was there
    again = Encoder(folder_of("bert"), random_init=True).load()
    assert again.fingerprint == first.fingerprint


def test_a_twin_starts_as_its_configuration_says(trained_folder: Callable[[str], Path]) -> None:
    """transformers' own start: normal with the configured width, biases zero, scales one."""
    twin = Encoder(str(trained_folder("bert")), random_init=True).load()
    layer = twin.model.encoder.layer[1]
    query = layer.attention.self.query
    assert float(query.weight.std()) == pytest.approx(twin.config.initializer_range, rel=0.1)
    assert not query.bias.any()
    assert bool((layer.output.LayerNorm.weight == 1).all())


@pytest.mark.parametrize("keep", [True, False])
def test_heads_of_a_twin_score_otherwise(keep: bool, tiny_bert: Path) -> None:
    # The tiny BERT is what training starts from with the seed 0: the twin with that seed is it.
    counted = {}
    source = "builtin:documents=4,seed=1"
    for name, options in {
        "trained": {},
        "twin": {"random_init": True, "keep_embeddings": keep, "random_seed": 1},
        "other": {"random_init": True, "keep_embeddings": keep, "random_seed": 2},
    }.items():
        encoder = Encoder(str(tiny_bert), **options).load()
        windows = DependencyData(test=source, tokenizer=encoder.tokenizer).open("test")
        metric = HeadAccuracy()
        batch = windows[list(range(len(windows)))]
        picking = HeadPicking(batch)
        encoder(batch.ids, batch.words_of, width=batch.width, needs=(), collectors=[picking])
        metric.update(batch, picking.found)
        counted[name] = metric.compute()["correct"]
    for left, right in (("trained", "twin"), ("trained", "other"), ("twin", "other")):
        differ = (counted[left] != counted[right])[0].flatten(1)  # all, by direction
        assert bool((differ.float().mean(1) > 0.5).all())


# ------------------------------------------------------------------------ what is said


def test_a_twin_says_what_it_is(folder_of: Callable[[str], str]) -> None:
    folder = folder_of("bert")
    twin = Encoder(folder, random_init=True, random_seed=3).load()
    said = f"{folder}, randomly initialised with seed 3 (input embeddings kept)"
    assert twin.title == said
    assert twin.description == f"{said}, weights {twin.fingerprint[:12]}"
    assert twin.identity["random_init"] == {"seed": 3, "kept": list(twin.kept)}
    trained = Encoder(folder).load()
    assert trained.title == folder
    assert trained.identity["random_init"] is None
    assert trained.kept == ()


def test_probes_of_the_trained_model_are_not_loaded_beside_its_twin(tiny_bert: Path) -> None:
    trained = ProbingModule(Encoder(str(tiny_bert)))
    twin = ProbingModule(Encoder(str(tiny_bert), random_init=True, random_seed=1))
    checkpoint: dict[str, Any] = {"state_dict": {}}
    for module in (trained, twin):
        module.configure_model()
    twin.on_save_checkpoint(checkpoint)
    twin.on_load_checkpoint(checkpoint)
    with pytest.raises(ProbingError, match=r"belongs to .*, randomly initialised with seed 1"):
        trained.on_load_checkpoint(checkpoint)


@pytest.mark.parametrize("options", [{"random_seed": 1}, {"keep_embeddings": False}])
def test_options_of_a_twin_need_a_twin(
    options: dict[str, Any], folder_of: Callable[[str], str]
) -> None:
    with pytest.raises(ProbingError, match="go with random_init"):
        Encoder(folder_of("bert"), **options).load()


def test_missing_embeddings_are_refused(folder_of: Callable[[str], str], tmp_path: Path) -> None:
    shutil.copytree(folder_of("bert"), tmp_path, dirs_exist_ok=True)
    file, name = tmp_path / "model.safetensors", "embeddings.position_embeddings.weight"
    tensors = {key: value.clone() for key, value in load_file(file).items() if key != name}
    file.unlink()
    save_file(tensors, file, {"format": "pt"})
    with pytest.raises(ProbingError, match=f"no weights for {name}"):
        Encoder(str(tmp_path), random_init=True).load()
