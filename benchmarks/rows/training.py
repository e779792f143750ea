"""An epoch of training on trees, against the bare forward pass over the same batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import ratio
from benchmarks.scoring import batches_of, forward, model
from probing.core.batches import EdgeBatch
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe


def measure(setting: Setting) -> Iterator[Figure]:
    """With the three probes of section 5, from the live encoder."""
    encoder = Encoder().load()
    data = DependencyData(test=setting.trees, tokenizer=encoder.tokenizer)
    batches = batches_of(data, most=20)
    probes = {
        "attention": AttentionProbe(),
        "attention_words": AttentionWordsProbe(),
        "distance_words": DistanceWordsProbe(),
    }
    module = ProbingModule(encoder, probes)
    module.configure_model()
    yield ratio(
        "training",
        "training epoch, trees, from the live encoder / bare `sdpa` pass",
        epoch(module, batches),
        forward(model(), batches),
        rounds=setting.rounds,
    )


def epoch(module: ProbingModule, batches: Sequence[EdgeBatch]) -> Callable[[], None]:
    """Steps on batches, without a trainer: encoder, probes, losses, optimizer."""
    optimizer = module.configure_optimizers()
    module.log = lambda *_, **__: None  # type: ignore[method-assign]

    def run() -> None:
        for number, batch in enumerate(batches):
            loss = module.training_step(batch, number)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return run
