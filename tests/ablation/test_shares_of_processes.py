"""What two processes find of their batches is, added up, what one finds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from probing.ablation.changes import How
from probing.ablation.controls import planned
from probing.ablation.data import AblationData
from probing.ablation.heads import HeadSet
from probing.ablation.module import AblationModule
from probing.ablation.others import changes_of
from probing.ablation.outcomes import outcome_of
from probing.ablation.passes import Passes
from probing.ablation.steps import TextStep
from probing.encoder import Encoder

PLAIN: dict[str, Any] = {"is_masked": None, "seed": 0}
PAIRS = "builtin:reversible,pairs=200,seed=1"


def share(encoder: Encoder, how: How, rank: int, world: int) -> list[torch.Tensor]:
    """Values and weights that a process of several has of a text and of pairs."""
    # Sentences of a text have too many lengths for ten of each.
    text = None if how == "mean" else "builtin:documents=10,seed=2"
    data = AblationData(text, pairs=[PAIRS], tokenizer=encoder.tokenizer, batch_wordpieces=300)
    data.from_others = how == "mean"
    data.setup("test")
    data.trainer = SimpleNamespace(global_rank=rank, world_size=world)  # type: ignore[assignment]
    module = AblationModule(encoder)
    module.configure_model()
    passes = Passes(encoder, module.model)
    changes = changes_of(how, encoder, wordpieces=300, seed=0)
    plan = planned(
        [HeadSet.of([(1, 2), (2, 3)])], module.entropies(data.parts), nearest=2, count=3, seed=0
    )
    steps = [
        TextStep(
            outcome_of(is_paired=own.name != "text", tokenizer=data.tokenizer, **PLAIN),
            passes,
            changes,
        )
        for own in data.parts
    ]
    module.start(plan, data.parts, steps)
    with torch.inference_mode():
        for k, loader in enumerate(data.test_dataloader()):
            for number, batch in enumerate(loader):
                module.test_step(batch, number, k)
    return [each for [values] in module.measured for each in values.compute()]


@pytest.mark.parametrize("how", ["mean", "zero"])
def test_shares_add_up_to_the_same_bits(how: How, tiny_encoder: Encoder) -> None:
    whole = share(tiny_encoder, how, 0, 1)
    parts = [share(tiny_encoder, how, rank, 3) for rank in range(3)]
    for own, *others in zip(whole, *parts, strict=True):
        assert torch.equal(sum(others), own)  # type: ignore[arg-type]
        assert all(float(other.abs().sum()) < float(own.abs().sum()) for other in others)
    assert all(float(weights.min()) == 1 for weights in whole[1::2])  # every item was run
