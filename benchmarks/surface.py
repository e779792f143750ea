"""How much the averages of all heads over a text cost beside the bare forward pass.

python -m benchmarks.surface FILE.txt

The same batches go through both sides in turn, in one process, several times; the ratio of the
medians is printed.
"""

from __future__ import annotations

import sys

import torch
import transformers

from benchmarks.measuring import in_turn
from probing.data.samplers import batches_by_length
from probing.encoder import Encoder, PlainTokenizer
from probing.encoder.weights import packaged_folder
from probing.surface.measures.averages import Averages
from probing.surface.text.store import open_segments


def main(path: str, rounds: int = 5) -> None:
    """Measure and print the ratio."""
    transformers.logging.disable_progress_bar()
    encoder = Encoder().load()
    text = open_segments(
        path, reader=None, tokenizer=PlainTokenizer(encoder.tokenizer), limit=128, seed=0
    )
    batches = [text[indices] for indices in batches_by_length(text.lengths, wordpieces=1000)][::4]
    folder = packaged_folder(encoder.name)
    bare = transformers.AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval()

    def forward() -> None:
        for batch in batches:
            bare(input_ids=batch.ids, attention_mask=batch.real.long(), token_type_ids=batch.types)

    def average() -> None:
        metric = Averages(encoder.sizes)
        for batch in batches:
            metric.update(encoder, batch)
        metric.compute()

    with torch.inference_mode():
        ours, theirs = in_turn(average, forward, rounds=rounds)
    count = sum(len(batch.ids) for batch in batches)
    print(f"{count:,} segments, {len(batches)} batches, {torch.get_num_threads()} threads")
    print(f"bare forward pass: {theirs:.2f} s; averages of all heads: {ours:.2f} s")
    print(f"averages of all heads / bare forward pass = {ours / theirs:.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
