"""How much scoring all heads costs beside the bare forward pass, and beside the usual way.

python benchmarks/speed.py FILE.conllu

The same batches go through both sides in turn, in one process, several times; the ratio of the
medians is printed. "Usual way": every sentence padded to 128 wordpieces, `output_attentions`,
and NumPy loops per head over the wordpiece maps, one sentence at a time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import transformers

from probing.core.batches import EdgeBatch
from probing.core.head_picking import HeadPicking
from probing.counting.metrics import HeadAccuracy
from probing.data import DependencyData
from probing.data.samplers import batches_by_length
from probing.encoder import Encoder
from probing.encoder.weights import packaged_folder


def main(path: str) -> None:
    """Measure and print the ratios."""
    transformers.logging.disable_progress_bar()
    encoder = Encoder().load()
    data = DependencyData(test=path, tokenizer=encoder.tokenizer)
    corpus = data.open("test")
    batches = [
        corpus[indices]
        for indices in batches_by_length(corpus.lengths, wordpieces=data.batch_wordpieces)
    ]
    folder = packaged_folder(encoder.name)
    bare = transformers.AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval()
    eager = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward() -> None:
        for batch in batches:
            bare(input_ids=batch.ids, attention_mask=(batch.words_of > -2).long())

    def score(some: Sequence[EdgeBatch] | None = None) -> None:
        metric = HeadAccuracy()
        for batch in batches if some is None else some:
            picking = HeadPicking(batch)
            encoder(
                batch.ids,
                batch.words_of,
                last_of=batch.last_of,
                width=batch.width,
                needs=(),
                collectors=[picking],
            )
            metric.update(batch, picking.found)
        metric.compute()

    def score_some() -> None:
        score(sample)

    def usual() -> None:
        for batch in sample:
            usual_way(eager, batch)

    # The usual way takes minutes, so it is tried on every sixth batch, long and short.
    sample = batches[::6]
    with torch.inference_mode():
        ours, theirs = in_turn(score, forward, rounds=5)
        print(
            f"{len(corpus):,} sentences, {len(batches)} batches, {torch.get_num_threads()} threads"
        )
        print(f"bare forward pass: {theirs:.2f} s; scoring all heads: {ours:.2f} s")
        print(f"scoring all heads / bare forward pass = {ours / theirs:.2f}")
        ours, theirs = in_turn(score_some, usual, rounds=1)
        count = sum(len(batch.words) for batch in sample)
        print(f"{count} of them: usual way {theirs:.2f} s; scoring all heads {ours:.2f} s")
        print(f"usual way / scoring all heads = {theirs / ours:.0f}")


def in_turn(
    first: Callable[[], None], second: Callable[[], None], *, rounds: int
) -> tuple[float, float]:
    """Median seconds of each, run in turn after a warm-up."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        pair = []
        for run in (first, second):
            started = time.perf_counter()
            run()
            pair.append(time.perf_counter() - started)
        times.append((pair[0], pair[1]))
    kept = times[1:]
    return statistics.median(a for a, _ in kept), statistics.median(b for _, b in kept)


def usual_way(model: Any, batch: EdgeBatch) -> None:
    """Score all heads of a batch, sentence by sentence."""
    for b in range(len(batch.words)):
        length = int((batch.words_of[b] > -2).sum())
        padded = torch.nn.functional.pad(batch.ids[b, :length], (0, max(0, 128 - length)))[None]
        mask = (torch.arange(padded.shape[1]) < length).long()[None]
        output = model(input_ids=padded, attention_mask=mask, output_attentions=True)
        maps = np.stack([layer[0].numpy() for layer in output.attentions])  # [L, H, T, T]
        words_of = batch.words_of[b, :length].numpy()
        words = [np.flatnonzero(words_of == w) for w in range(int(batch.lengths[b]))]
        gold = batch.gold[b, : len(words)].numpy().argmax(-1) - 1
        correct = np.zeros((2, *maps.shape[:2]))
        for layer in range(maps.shape[0]):
            for head in range(maps.shape[1]):
                wide = np.stack([maps[layer, head][:, pieces].sum(1) for pieces in words], 1)
                word_map = np.stack([wide[pieces].mean(0) for pieces in words])
                np.fill_diagonal(word_map, -1)
                correct[0, layer, head] += (word_map.argmax(1) == gold).sum()
                correct[1, layer, head] += (word_map.argmax(0) == gold).sum()


if __name__ == "__main__":
    main(sys.argv[1])
