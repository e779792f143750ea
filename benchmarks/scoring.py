"""Both sides of most ratios: scoring all heads, and the bare frozen forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import transformers

from probing.core.batches import EdgeBatch
from probing.counting.counting import HeadCounting
from probing.data import EdgeData
from probing.data.samplers import batches_by_length
from probing.encoder import PACKAGED, Encoder
from probing.encoder.weights import packaged_folder
from probing.learning.module import ProbingModule


def batches_of(data: EdgeData, *, most: int) -> list[EdgeBatch]:
    """At most ``most`` batches of the test data, of all lengths."""
    corpus = data.open("test")
    formed = batches_by_length(corpus.lengths, wordpieces=data.batch_wordpieces)
    step = -(-len(formed) // most)
    return [corpus[indices] for indices in formed[step // 2 :: step]]


def model(folder: str | None = None, *, attention: str = "sdpa") -> Any:
    """A model of transformers as it is usually loaded, the packaged one if none is named."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    own = packaged_folder(PACKAGED) if folder is None else folder
    return transformers.AutoModel.from_pretrained(own, attn_implementation=attention).eval()


def forward(bare: Any, batches: Sequence[EdgeBatch]) -> Callable[[], None]:
    """Runs the bare model over batches and takes nothing of it."""
    cache = {} if getattr(bare.config, "use_cache", None) is None else {"use_cache": False}

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                mask = (batch.words_of > -2).long()
                bare(input_ids=batch.ids, attention_mask=mask, **cache)

    return run


def scoring(encoder: Encoder, batches: Sequence[EdgeBatch]) -> Callable[[], None]:
    """Scores all heads on batches, as ``evaluate.py`` does."""
    module = ProbingModule(encoder).eval()
    module.configure_model()

    def run() -> None:
        counting = HeadCounting(module, batches[0].terms)
        with torch.inference_mode():
            for batch in batches:
                counting.update(batch, module.judge(batch))
        counting.compute()

    return run
