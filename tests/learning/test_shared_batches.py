"""Several processes that share each training batch learn what one learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from probing.core.batches import EdgeBatch
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning import module as learning
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe, StructuralProbe


def ready(encoder: Encoder, reduction: str) -> ProbingModule:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        probes = {"attention": AttentionProbe(), "words": AttentionWordsProbe(),
                  "structural": StructuralProbe()}  # fmt: skip
        made = ProbingModule(encoder, probes, reduction=reduction)  # type: ignore[arg-type]
        made.configure_model()
    made.log = lambda *_, **__: None  # type: ignore[method-assign]
    return made


def gradient(module: ProbingModule, batch: EdgeBatch) -> torch.Tensor:
    module.zero_grad()
    module.training_step(batch, 0).backward()  # type: ignore[no-untyped-call]
    found = [p.grad.flatten() for _, p in sorted(module.probes.named_parameters())  # type: ignore
             if p.grad is not None]  # type: ignore[attr-defined]  # fmt: skip
    return torch.cat(found)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("world", [2, 3, 9])
def test_the_average_over_processes_is_the_gradient_of_the_batch(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch, reduction: str, world: int
) -> None:
    data = DependencyData(train="builtin:documents=1,seed=4", tokenizer=tiny_encoder.tokenizer)
    windows = data.open("train")
    assert 3 < len(windows) < 9  # of nine processes, some have no window
    module = ready(tiny_encoder, reduction)
    whole = gradient(module, windows[range(len(windows))])
    parts = [windows[range(rank, len(windows), world)] for rank in range(world)]
    counts = torch.stack(
        [torch.stack([p.counted(part.probed) for p in module.probes.values()]) for part in parts]
    )
    real = learning.of_the_whole
    monkeypatch.setattr(learning, "of_the_whole", lambda *a: real(*a, gather=lambda _: counts))
    shared = [gradient(module, replace(part, is_shared=True)) for part in parts]
    torch.testing.assert_close(torch.stack(shared).mean(0), whole, rtol=1e-4, atol=1e-6)
    apart = [gradient(module, part) for part in parts]
    assert not torch.allclose(torch.stack(apart).mean(0), whole, rtol=1e-3)
    assert isinstance(module.probes, nn.ModuleDict)
