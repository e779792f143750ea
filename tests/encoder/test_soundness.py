"""What is not finite is told with its layer and its precision, and no batch waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from not_finite import overflowing
from transformers import AttentionInterface

import probing
from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord
from probing.core.maps import WholeMap
from probing.encoder import Encoder
from probing.encoder.soundness import Soundness
from probing.encoder.tap import IMPLEMENTATION

WORDS = "the dog chases a cat .".split()
SOURCE = "builtin:documents=1,seed=3"


@pytest.fixture(scope="module")
def folder(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(overflowing(tiny_bert, tmp_path_factory.mktemp("overflowing")))


def record(weights: torch.Tensor, number: int = 1) -> LayerRecord:
    values = weights.new_zeros(*weights.shape[:3], 2)
    return LayerRecord(number, WholeMap(weights), None, values, torch.nn.Identity())


@pytest.mark.parametrize("length", [2, 7, 16, 33])
@pytest.mark.parametrize("fault", [torch.nan, torch.inf])
def test_a_softmax_over_what_is_not_finite_is_nan_in_the_first_place(
    fault: float, length: int
) -> None:
    """Which is the one that is looked at."""
    scores = torch.randn(length, length, generator=torch.Generator().manual_seed(0))
    faulty = scores + torch.zeros_like(scores).fill_diagonal_(fault)
    assert faulty.softmax(-1)[:, 0].isnan().all()
    hidden = scores.masked_fill(torch.eye(length).bool(), -torch.inf)
    assert hidden.softmax(-1).isfinite().all()


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_only_where_numbers_are_too_large_for_the_precision(precision: str, folder: str) -> None:
    model = probing.load(folder, precision=precision)
    if precision == "float32":
        assert model.encode(WORDS).head("2-1").isfinite().all()
        assert model.score(SOURCE).counts.correct.sum() > 0
        return
    for run in (lambda: model.encode(WORDS), lambda: model.score(SOURCE)):
        with pytest.raises(
            ProbingError, match=r"layer 2 of .* computes in float16 is not finite.*float32"
        ):
            run()
    # What was told is told once, and the layer below is as it should be.
    model.encoder.check_maps()
    first = probing.load(folder, precision="float16", layers=[1])
    assert first.encode(WORDS).head("1-1").isfinite().all()


def test_mixed_precision_is_named(folder: str) -> None:
    model = probing.load(folder)
    with (
        torch.autocast("cpu", dtype=torch.float16),
        pytest.raises(ProbingError, match=r"layer 2 of .* computes in float16"),
    ):
        model.encode(WORDS)


def test_weights_that_are_no_numbers_are_at_fault_in_any_precision(tiny_bert: Path) -> None:
    encoder = Encoder(str(tiny_bert)).load()
    encoder.model.encoder.layer[0].attention.self.query.weight[0, 0] = torch.nan
    with pytest.raises(ProbingError, match=r"layer 1 of .* computes in float32 .*its weights"):
        probing.api.models.Model(encoder).encode(WORDS)


def test_hidden_states_are_looked_at_without_attention(folder: str) -> None:
    encoder = Encoder(folder, precision="float16").load()
    ids, words_of = torch.arange(5, 9)[None], torch.arange(4)[None]
    encoder(ids, words_of, width=4, needs={"hidden"})
    with pytest.raises(ProbingError, match="layer 2"):
        encoder.check_maps()
    encoder(ids, words_of, width=4, needs={"embeddings"})
    encoder.check_maps()


def test_padding_is_ignored() -> None:
    weights = torch.rand(2, 3, 4, 4)
    real = torch.tensor([[True] * 4, [True, True, False, False]])
    weights[1, :, 2:] = torch.nan
    soundness = Soundness()
    soundness.watch(real).take(record(weights))
    assert soundness.take([1], torch.device("cpu")).tolist() == [0]
    weights[1, 2, 1] = torch.nan
    soundness.watch(real).take(record(weights))
    assert soundness.take([1], torch.device("cpu")).tolist() == [1]


def test_one_fault_in_any_batch_is_remembered() -> None:
    sound, faulty = torch.rand(1, 2, 3, 3), torch.rand(1, 2, 3, 3)
    faulty[0, 1, 2] = torch.nan
    real = torch.ones(1, 3, dtype=torch.bool)
    for at in range(3):
        soundness = Soundness()
        for batch in range(3):
            soundness.watch(real).take(record(sound, number=2))
            soundness.watch(real).take(record(faulty if batch == at else sound, number=4))
        assert soundness.take([2, 4, 5], torch.device("cpu")).tolist() == [0, 1, 0]


def test_no_batch_waits_for_the_device() -> None:
    """Nothing can be read from this one: whoever tries fails."""
    soundness = Soundness()
    for _ in range(2):
        real = torch.ones(2, 3, dtype=torch.bool, device="meta")
        soundness.watch(real).take(record(torch.rand(2, 4, 3, 3, device="meta")))
        soundness.see_states(1, torch.rand(2, 3, 8, device="meta"), real)
    assert soundness.take([1], torch.device("meta")).is_meta


@pytest.mark.parametrize("shape", [(2, 4, 6, 6), (4, 4, 3, 3)])
def test_a_map_of_something_else_than_the_batch_is_refused(shape: tuple[int, ...]) -> None:
    """DeepSeek-V4 attends from blocks of wordpieces, too."""
    real = torch.ones(2, 3, dtype=torch.bool)
    with pytest.raises(ProbingError, match=r"Identity attends from .* expected 3 wordpieces in 2"):
        Soundness().watch(real).take(record(torch.rand(shape)))


def test_attention_to_something_else_than_wordpieces_is_refused() -> None:
    attend = AttentionInterface()[IMPLEMENTATION]
    query, key = torch.rand(1, 2, 3, 4), torch.rand(1, 2, 5, 4)
    with pytest.raises(ProbingError, match="Identity attends to 5 things from 3 wordpieces"):
        attend(torch.nn.Identity(), query, key, key, None)
