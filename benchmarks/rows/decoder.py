"""A decoder with many heads on one long window: time and memory, against the bare forward pass."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator

import transformers

from benchmarks.figures import Figure, Setting
from benchmarks.made import saved
from benchmarks.measuring import peak, ratio
from benchmarks.scoring import forward, model, scoring
from probing.core.batches import EdgeBatch
from probing.core.windows import Window, Wordpieces
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder

LAYERS, HEADS, HIDDEN = 24, 32, 512
SHAPE = transformers.LlamaConfig(
    hidden_size=HIDDEN,
    intermediate_size=4 * HIDDEN,
    num_hidden_layers=LAYERS,
    num_attention_heads=HEADS,
    max_position_embeddings=4_096,
)
WORDS = (512, 1_024, 2_048)
TIMED = (512, 1_024)
SPLIT = 8
"""One word in so many has two wordpieces."""
ROWS = 12


def measure(setting: Setting) -> Iterator[Figure]:
    """Of windows of several lengths."""
    with tempfile.TemporaryDirectory() as folder:
        saved(SHAPE, folder)
        encoder, bare = Encoder(folder).load(), model(folder)
        named = f"{LAYERS} x {HEADS}-head decoder, one window of"
        windows = {words: window(words) for words in (8, *WORDS)}
        scoring(encoder, [windows[8]])()
        forward(bare, [windows[8]])()
        for words in WORDS:
            for who, work in (
                ("bare `sdpa` pass", forward(bare, [windows[words]])),
                ("score all heads", scoring(encoder, [windows[words]])),
            ):
                what = f"{named} {words:,} words: peak of memory over the loaded model, {who}"
                yield Figure("decoder", what, peak(work), "MiB")
        for words in TIMED:
            yield ratio(
                "decoder",
                f"{named} {words:,} words: score all heads / bare `sdpa` pass",
                scoring(encoder, [windows[words]]),
                forward(bare, [windows[words]]),
                rounds=min(setting.rounds, 3),
            )


def window(words: int) -> EdgeBatch:
    """A batch of one sentence with a random tree; every eighth word is split."""
    draw = random.Random(words)
    words_of = [w for w in range(words) for _ in range(2 if w % SPLIT == 0 else 1)]
    pieces = Wordpieces([draw.randrange(5, 1_000) for _ in (-1, *words_of)], [-1, *words_of])
    heads = [draw.choice([h for h in range(words + 1) if h != w + 1]) for w in range(words)]
    sentence = Window(
        words=[f"w{w}" for w in range(words)],
        wordpieces=pieces,
        anchors=range(words),
        gold=[[head] for head in heads],
        candidates=None,
        rows=[[0, 1 + draw.randrange(ROWS)] for _ in range(words)],
    )
    rows = ("all", *(f"relation{row}" for row in range(ROWS)))
    return collate([sentence], rows, Dependencies.terms, 0)
