"""What TransformerLens takes to cache the patterns of all heads, against a bare forward pass.

    PYTHON benchmarks/peers/transformer_lens.py WINDOWS LENGTH ROUNDS

For an environment of its own, since TransformerLens asks for other versions of the same packages:
`pip install torch transformer-lens`, and nothing of this project. Prints the ratios of the rounds
and the versions as JSON. Both models have the shape of GPT-2 and random weights.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import torch
import transformers
from transformer_lens import HookedTransformer, HookedTransformerConfig

LAYERS, HEADS, HIDDEN, VOCABULARY = 12, 12, 768, 1_000


def main(windows: int, length: int, rounds: int) -> None:
    """Measure and print; the first round warms up."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ids = torch.randint(VOCABULARY, (windows, length))
    lens = HookedTransformer(
        HookedTransformerConfig(
            n_layers=LAYERS,
            d_model=HIDDEN,
            n_ctx=1_024,
            d_head=HIDDEN // HEADS,
            n_heads=HEADS,
            d_mlp=4 * HIDDEN,
            d_vocab=VOCABULARY,
            act_fn="gelu_new",
            normalization_type="LN",
        )
    ).eval()
    shape = transformers.GPT2Config(vocab_size=VOCABULARY)
    bare = transformers.GPT2Model._from_config(shape, attn_implementation="sdpa").eval()

    def cached() -> object:
        return lens.run_with_cache(
            ids, return_type=None, names_filter=lambda name: name.endswith("hook_pattern")
        )

    def forward() -> object:
        return bare(input_ids=ids, use_cache=False)

    with torch.inference_mode():
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
