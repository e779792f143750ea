"""What further probes on one encoder cost: four beside one.

python benchmarks/probes.py FILE.conllu

The same batches are trained on in turn, in one process, several times: with the probe of attention
and words alone, and with four probes, attention and words, distances and words, and the
structural probe. The encoder runs once a batch either way. The ratio of the medians is printed.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch
import transformers

from probing.core.batches import EdgeBatch
from probing.data import DependencyData
from probing.data.samplers import batches_by_length
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    Probe,
    StructuralProbe,
)

ROUNDS = 3


def main(path: str) -> None:
    """Measure and print the ratio."""
    transformers.logging.disable_progress_bar()
    encoder = Encoder().load()
    data = DependencyData(train=path, tokenizer=encoder.tokenizer)
    corpus = data.open("train")
    batches = batches_by_length(corpus.lengths, wordpieces=data.batch_wordpieces)
    sample = [corpus[indices] for indices in batches[::4]]
    one = module(encoder, {"attention_words": AttentionWordsProbe()})
    four = module(
        encoder,
        {
            "attention": AttentionProbe(),
            "attention_words": AttentionWordsProbe(),
            "distance_words": DistanceWordsProbe(),
            "structural": StructuralProbe(),
        },
    )
    times: list[tuple[float, float]] = [
        (train(one, sample), train(four, sample)) for _ in range(ROUNDS + 1)
    ][1:]  # the first round warms up
    alone, together = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{len(sample)} batches, {torch.get_num_threads()} threads, medians of {ROUNDS}")
    print(f"one probe: {alone:.2f} s; four probes: {together:.2f} s of processor time")
    print(f"four probes / one probe = {together / alone:.2f}")


def module(encoder: Encoder, probes: dict[str, Probe]) -> ProbingModule:
    """Probes on the encoder, ready to be trained."""
    made = ProbingModule(encoder, probes)
    made.configure_model()
    return made


def train(module: ProbingModule, batches: list[EdgeBatch]) -> float:
    """Seconds of processor time, which others on the machine do not lengthen, for one epoch."""
    optimizer = module.configure_optimizers()
    started = time.process_time()
    for batch in batches:
        encodings, asked = module.encode(batch), batch.probed
        losses = [
            probe.loss(probe.score(encodings[probe.encoder], asked, name=name), asked)
            for name, probe in module.probes.items()
        ]
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return time.process_time() - started


if __name__ == "__main__":
    main(sys.argv[1])
