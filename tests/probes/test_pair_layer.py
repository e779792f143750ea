"""The hidden layer over pairs of words, and its gradient, against the formula written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from probing.probes import pair_layer
from probing.probes.pair_layer import pair_scores

WINDOWS, WORDS, UNITS, FEATURES = 3, 5, 4, 2


def parts(asking: list[int]) -> list[Tensor]:
    rng = torch.Generator().manual_seed(2)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng, dtype=torch.float64)

    count = len(asking)
    return [
        drawn(count, UNITS).requires_grad_(True),
        drawn(WINDOWS, WORDS, UNITS).requires_grad_(True),
        drawn(count, WORDS, FEATURES),
        drawn(FEATURES, UNITS).requires_grad_(True),
        drawn(UNITS).requires_grad_(True),
        torch.tensor(asking, dtype=torch.long),
    ]


@pytest.mark.parametrize("at_once", [1, 2 * WORDS * UNITS, 10**6])
@pytest.mark.parametrize("asking", [[], [1], [0, 0, 0, 2, 2, 1]])
def test_scores_and_gradients(
    asking: list[int], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pair_layer._AT_ONCE, "cpu", at_once)
    own = parts(asking)
    dependent, head, features, position, output, of = own
    scores = pair_scores(*own)
    assert scores.shape == (len(asking), WORDS)
    for p, window in enumerate(asking):
        for j in range(WORDS):
            before = dependent[p] + head[window, j] + features[p, j] @ position
            torch.testing.assert_close(scores[p, j], output @ before.tanh())
    if asking:
        assert torch.autograd.gradcheck(
            lambda a, b, c, d: pair_scores(a, b, features, c, d, of),
            (dependent, head, position, output),
        )
