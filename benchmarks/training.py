"""What an epoch of training costs where probes read what was kept of the epoch before.

python benchmarks/training.py TREES.conllu COREFERENCE.conllu

The probes of `configs/dependency.yaml` and of `configs/coreference.yaml` train for an epoch, by
Lightning, in turn in one process: with the model run for every batch, with an empty cache that the
epoch fills, and with that cache. Validation is left out, since it runs the model either way. What
is printed are ratios of medians of processor seconds.
"""

from __future__ import annotations

import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers
from pytorch_lightning import Callback, LightningModule, Trainer

from probing.data import CoreferenceData, DependencyData, EdgeData
from probing.encoder import Encoder
from probing.learning.feature_cache import CachedFeatures
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe

ROUNDS = 3
TASKS: Mapping[str, Callable[..., EdgeData]] = {
    "trees": DependencyData,
    "coreference": CoreferenceData,
}


def main(trees: str, coreference: str) -> None:
    """Measure and print the ratios."""
    torch.set_num_threads(1)
    print(f"medians of {ROUNDS}, {torch.get_num_threads()} threads, processor time")
    for name, ratio in ratios(trees=trees, coreference=coreference).items():
        print(f"{name} = {ratio:.2f}")


def ratios(**sources: str) -> dict[str, float]:
    """By what they are of, ratios of a training epoch with a cache to one without.

    Args:
        sources: training data by its kind, of those of :data:`TASKS`.
    """
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    found = {}
    encoder = Encoder().load()
    for kind, source in sources.items():
        rounds = [_round(encoder, TASKS[kind], source) for _ in range(ROUNDS + 1)][1:]
        live, first, later = (statistics.median(column) for column in zip(*rounds, strict=True))
        found[f"{kind}: epoch that fills the cache / without one"] = first / live
        found[f"{kind}: epoch from the cache / without one"] = later / live
    return found


def _round(
    encoder: Encoder, task: Callable[..., EdgeData], source: str
) -> tuple[float, float, float]:
    """Seconds of an epoch without a cache, of one that fills it, and of one that reads it."""
    with TemporaryDirectory() as folder:
        return (
            epoch(encoder, task(train=source)),
            epoch(encoder, task(train=source, cache_features=folder)),
            epoch(encoder, task(train=source, cache_features=folder)),
        )


def epoch(encoder: Encoder, data: EdgeData) -> float:
    """Seconds of processor time, which others on the machine do not lengthen, for one epoch."""
    data.tokenizer = encoder.tokenizer
    torch.manual_seed(1)
    module = ProbingModule(
        encoder,
        {
            "attention": AttentionProbe(learning_rate=0.05),
            "attention_words": AttentionWordsProbe(learning_rate=0.02),
            "distance_words": DistanceWordsProbe(learning_rate=0.01),
        },
    )
    clock = Clock()
    with TemporaryDirectory() as folder:
        trainer = Trainer(
            max_epochs=1,
            default_root_dir=Path(folder),
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            callbacks=[clock, *([CachedFeatures(data)] if data.cache_features else [])],
        )
        trainer.fit(module, datamodule=data)
    return clock.seconds


class Clock(Callback):
    """Seconds of processor time that the last training epoch took."""

    def __init__(self) -> None:
        self.started = self.seconds = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start."""
        self.started = time.process_time()

    def on_train_epoch_end(self, *_: Any) -> None:
        """Stop."""
        self.seconds = time.process_time() - self.started


if __name__ == "__main__":
    main(*sys.argv[1:])
