"""Ablating every head once, against as many full passes."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import ratio
from probing.ablation.batches import Texts
from probing.ablation.changes import ablating, zero
from probing.ablation.heads import HeadSet
from probing.ablation.passes import Passes
from probing.ablation.texts import sentences
from probing.encoder import Encoder, PlainTokenizer


def measure(setting: Setting) -> Iterator[Figure]:
    """On sentences of the treebank, batches of 1,000 wordpieces of one length."""
    encoder = Encoder().load()
    tokenizer = PlainTokenizer(encoder.tokenizer)
    part = sentences(setting.trees, reader=None, tokenizer=tokenizer, most=200)
    texts = Texts(part, wordpieces=1000)
    sides = [texts[indices].sides[0] for indices in texts.batches][
        :: max(1, len(texts.batches) // 6)
    ]
    passes = Passes(encoder, encoder.model)
    every = [
        HeadSet.of([(layer, head + 1)])
        for layer in encoder.layer_numbers
        for head in range(encoder.sizes.heads)
    ]

    def take(output: object) -> torch.Tensor:
        found: torch.Tensor = output[0]  # type: ignore[index]
        return found

    def ablate() -> None:
        with torch.inference_mode():
            for side in sides:
                _, recording = passes.whole(side.ids, take)
                for heads in every:
                    passes.ablated(recording, heads, ablating(heads, zero), take)

    def full() -> None:
        with torch.inference_mode():
            for side in sides:
                for _ in every:
                    passes.whole(side.ids, take)

    yield ratio(
        "ablation",
        "ablating every head once, against as many passes of the whole model",
        ablate,
        full,
        rounds=setting.rounds,
    )
