"""Models in half precision: maps that are nearly those of the whole, and a report that says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers as tf

from probing.core.batches import Encoding
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    Probe,
    StructuralProbe,
)

IDS = torch.tensor([[2, 40, 41, 42, 43, 3], [2, 50, 51, 3, 0, 0]])
WORDS_OF = torch.tensor([[-1, 0, 1, 1, 2, -1], [-1, 0, 1, -1, -2, -2]])
CLASSES: tuple[type[Probe], ...] = (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    StructuralProbe,
)
EVERYTHING = ("attention", "boundary", "embeddings", "hidden")


def encode(encoder: Encoder) -> Encoding:
    found: Encoding = encoder.load()(IDS, WORDS_OF, width=3, needs=EVERYTHING)
    return found


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_near_the_whole_and_comes_in_float32(
    tiny_bert: Path, precision: str
) -> None:
    whole = Encoder(str(tiny_bert))
    half = Encoder(str(tiny_bert), precision=precision)  # type: ignore[arg-type]
    left, right = encode(whole), encode(half)
    assert next(half.model.parameters()).dtype == getattr(torch, precision)
    for name in EVERYTHING:
        assert right.part(name).dtype == torch.float32
        assert torch.allclose(left.part(name), right.part(name), atol=0.15), name
        assert not torch.equal(left.part(name), right.part(name)), name
    rows = right.part("attention").sum(-1) + right.part("boundary")[..., :2].sum(-1)
    real = torch.tensor([[True, True, True], [True, True, False]])[:, None, None]
    assert torch.allclose(rows, real.expand_as(rows).float(), atol=1e-5)


def test_a_file_in_half_precision_is_read_in_float32_unless_told(
    tiny_bert: Path, tmp_path: Path
) -> None:
    model = tf.AutoModel.from_pretrained(tiny_bert, dtype=torch.bfloat16)
    model.save_pretrained(tmp_path)
    tf.AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    assert tf.AutoModel.from_pretrained(tmp_path).dtype == torch.bfloat16  # the library's choice
    assert Encoder(str(tmp_path)).load().model.dtype == torch.float32
    assert Encoder(str(tmp_path), precision="bfloat16").load().model.dtype == torch.bfloat16


def test_mixed_precision_ends_at_the_probes(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same encodings, scores and losses are those without it."""
    batch = DependencyData(
        test="builtin:documents=1,seed=5", tokenizer=tiny_encoder.tokenizer
    ).open("test")[[0, 1, 2]]
    module = ProbingModule(tiny_encoder, {cls.__name__: cls() for cls in CLASSES})
    module.configure_model()
    logged: dict[str, torch.Tensor] = {}
    monkeypatch.setattr(module, "log", lambda name, value, **_: logged.update({name: value}))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        module.training_step(batch, 0)
        outcome = module.judge(batch, weigh=True)
        (encoding,) = module.encode(batch).values()
    for name, probe in module.probes.items():
        expected = probe.score(encoding, batch, name=name)
        assert expected.dtype == torch.float32
        assert torch.equal(outcome.scores[name], expected)
        loss = probe.loss(expected, batch)
        assert torch.equal(logged[f"train/loss/{name}"], loss.detach())
        assert module.losses[name].compute() == loss.detach()


def test_the_report_names_the_precision(tiny_bert: Path) -> None:
    whole, half = Encoder(str(tiny_bert)).load(), Encoder(str(tiny_bert), precision="bfloat16")
    assert "float" not in whole.description
    assert whole.identity["precision_of_weights"] == "float32"
    assert f"{tiny_bert} in bfloat16" in half.load().description
    assert half.identity["precision_of_weights"] == "bfloat16"


def test_a_twin_is_as_precise_as_the_model(tiny_bert: Path) -> None:
    main = Encoder(str(tiny_bert), precision="bfloat16")
    twin = Encoder(random_init=True, random_seed=5)
    own = ProbingModule(main, {"a": AttentionProbe(encoder="twin")}, encoders={"twin": twin})
    own.configure_model()
    assert twin.model.dtype == torch.bfloat16
    assert own.probes["a"].weight.dtype == torch.float32
    embeddings = (encoder.model.get_input_embeddings().weight for encoder in (main, twin))
    assert torch.equal(*embeddings)
