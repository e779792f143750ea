"""Scoring the heads of GPT-2's shape, and what TransformerLens takes to cache their patterns."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import torch
import transformers

from benchmarks.figures import Figure, Setting
from benchmarks.gpu import score
from benchmarks.made import VOCABULARY, adopted, even_batch
from benchmarks.measuring import ratio
from benchmarks.scoring import forward
from probing.counting.metrics import HeadAccuracy
from probing.encoder.source import quiet
from probing.encoder.tap import IMPLEMENTATION

WINDOWS, LENGTH = 4, 256
PEER = Path(__file__).resolve().parents[1] / "peers" / "lens.py"


def measure(setting: Setting) -> Iterator[Figure]:
    """Ours, and where a Python with TransformerLens is named, theirs against the same bare pass."""
    of = f"{WINDOWS} x {LENGTH} wordpieces of GPT-2's shape"
    batches = [even_batch(WINDOWS, LENGTH)]
    with quiet():
        tapped, bare = (
            transformers.AutoModel.from_config(
                transformers.GPT2Config(vocab_size=VOCABULARY), attn_implementation=attention
            ).eval()
            for attention in (IMPLEMENTATION, "sdpa")
        )
    encoder = adopted(tapped, "GPT-2's shape", "float32")

    def scored() -> None:
        counts = HeadAccuracy()
        with torch.inference_mode():
            for batch in batches:
                score(encoder, batch, counts)
        counts.compute()

    yield ratio(
        "peer",
        f"score all heads on trees / bare `sdpa` pass, {of}",
        scored,
        forward(bare, batches),
        rounds=setting.rounds,
    )
    if setting.peer is not None:
        command = [setting.peer, str(PEER), str(WINDOWS), str(LENGTH), str(setting.rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        each = [theirs / own for theirs, own in found["times"]]
        medians = [statistics.median(column) for column in zip(*found["times"], strict=True)]
        versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        yield Figure(
            "peer",
            f"TransformerLens, patterns cached / bare `sdpa` pass, {of} ({versions})",
            medians[0] / medians[1],
            least=min(each),
            most=max(each),
        )
