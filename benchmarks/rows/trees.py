"""Scoring all heads on dependency trees, against the bare forward pass."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import ratio
from benchmarks.scoring import batches_of, forward, model, scoring
from probing.data import DependencyData
from probing.encoder import Encoder


def measure(setting: Setting) -> Iterator[Figure]:
    """In batches of 1,000 and of 4,000 wordpieces."""
    encoder, bare = Encoder().load(), model()
    for wordpieces in (1_000, 4_000):
        data = DependencyData(
            test=setting.trees, tokenizer=encoder.tokenizer, batch_wordpieces=wordpieces
        )
        batches = batches_of(data, most=20_000 // wordpieces)
        yield ratio(
            "trees",
            f"score all heads on trees / bare `sdpa` pass, batches of {wordpieces:,} wordpieces",
            scoring(encoder, batches),
            forward(bare, batches),
            rounds=setting.rounds,
        )
