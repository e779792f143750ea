"""What TransformerLens takes to cache the patterns of all heads, against a bare forward pass.

    PYTHON benchmarks/peers/lens.py WINDOWS LENGTH ROUNDS

For an environment of its own, since TransformerLens asks for other versions of the same packages:
`pip install torch transformer-lens`, and nothing of this project. Prints the ratios of the rounds
and the versions as JSON. Both models have the shape of GPT-2 and random weights.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import tokenizers
import torch
import transformers
from transformer_lens.model_bridge import TransformerBridge

VOCABULARY = 1_000


def main(windows: int, length: int, rounds: int) -> None:
    """Measure and print; the first round warms up."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ids = torch.randint(VOCABULARY, (windows, length))
    shape = transformers.GPT2Config(vocab_size=VOCABULARY)
    bare = transformers.GPT2Model._from_config(shape, attn_implementation="sdpa").eval()
    with tempfile.TemporaryDirectory() as folder:
        own = transformers.GPT2Config(vocab_size=VOCABULARY, architectures=["GPT2LMHeadModel"])
        own.save_pretrained(folder)
        words = tokenizers.models.WordLevel({str(n): n for n in range(VOCABULARY)}, "0")
        lens = TransformerBridge.boot_transformers(
            folder,
            load_weights=False,
            tokenizer=transformers.PreTrainedTokenizerFast(
                tokenizer_object=tokenizers.Tokenizer(words), eos_token="0"
            ),
        ).eval()

    def cached() -> Any:
        return lens.run_with_cache(
            ids, return_type=None, names_filter=lambda name: name.endswith("hook_pattern")
        )

    def forward() -> object:
        return bare(input_ids=ids, use_cache=False)

    with torch.inference_mode():
        _, patterns = cached()
        assert len(patterns) == shape.n_layer, f"expected a pattern a layer, found {len(patterns)}"
        times = [(seconds(cached), seconds(forward)) for _ in range(rounds + 1)][1:]
    packages = ("transformer-lens", "torch", "transformers")
    print(json.dumps({"times": times, "versions": {name: version(name) for name in packages}}))


def seconds(work: Callable[[], object]) -> float:
    """Of processor time."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
