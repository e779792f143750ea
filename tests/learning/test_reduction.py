"""What a step minimises: the mean over words, or their sum as in the paper's released code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from probing.core.batches import EdgeBatch
from probing.core.terms import MAIN
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, DistanceWordsProbe

SOURCE = "builtin:documents=2,seed=5"


@pytest.fixture(scope="module")
def windows(tiny_encoder: Encoder) -> Any:
    return DependencyData(test=SOURCE, tokenizer=tiny_encoder.tokenizer).open("test")


@pytest.fixture
def module(tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ProbingModule]:
    def make(reduction: Any, logged: dict[str, float]) -> ProbingModule:
        torch.manual_seed(1)
        probes = {"a": AttentionProbe(), "d": DistanceWordsProbe(width=3)}
        made = ProbingModule(tiny_encoder, probes, reduction=reduction)
        made.configure_model()

        def log(name: str, value: Any, **_: Any) -> None:
            logged[name] = float(value)

        monkeypatch.setattr(made, "log", log)
        return made

    return make


def naive(made: ProbingModule, batch: EdgeBatch) -> float:
    """The sum over probes and anchors of minus the logarithm of the softmax at the gold word."""
    encoding, total = made.encode(batch)[MAIN], 0.0
    asked = batch.is_anchor if batch.for_probes is None else batch.for_probes
    for probe in made.probes.values():
        scores = probe(encoding, batch).double()
        for b, a in asked.nonzero().tolist():
            row = scores[b, int(batch.anchors[b, a])]
            columns = batch.candidates[b, a].nonzero()[:, 0].tolist()
            logs = dict(zip(columns, row[columns].log_softmax(0).tolist(), strict=True))
            total -= logs[int(batch.gold[b, a].nonzero())]
    return total


@pytest.mark.parametrize("chosen", [[0], [3, 1, 4]])
def test_the_sum_is_over_the_words_of_the_step(
    chosen: list[int], windows: Any, module: Callable[..., ProbingModule]
) -> None:
    batch, logged = windows[chosen], {}
    mean, total = module("mean", {}), module("sum", logged)
    expected = naive(total, batch)
    anchors = sum(map(len, batch.words))
    assert float(total.training_step(batch, 0).detach()) == pytest.approx(expected, rel=1e-5)
    assert float(mean.training_step(batch, 0).detach()) == pytest.approx(
        expected / anchors, rel=1e-5
    )
    # Curves stay comparable: what is logged is the mean.
    assert logged["train/loss/a"] + logged["train/loss/d"] == pytest.approx(
        expected / anchors, rel=1e-5
    )


def test_the_sum_gives_longer_sentences_longer_gradients(
    windows: Any, module: Callable[..., ProbingModule]
) -> None:
    batch = windows[[2]]
    gradients = {}
    for reduction in ("mean", "sum"):
        made = module(reduction, {})
        made.training_step(batch, 0).backward()
        gradients[reduction] = made.probes["a"].weight.grad
    words = len(batch.words[0])
    torch.testing.assert_close(gradients["sum"], words * gradients["mean"], rtol=1e-4, atol=1e-6)


def test_an_empty_step_is_zero(windows: Any, module: Callable[..., ProbingModule]) -> None:
    assert float(module("sum", {}).training_step(windows[[]], 0).detach()) == 0
