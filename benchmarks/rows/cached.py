"""What an epoch of training costs where probes read what was kept of the epoch before.

The probes of `configs/dependency.yaml` and of `configs/coreference.yaml` train for an epoch, by
Lightning, in turn in one process: with the model run for every batch, with an empty cache that the
epoch fills, and with that cache. Validation is left out, since it runs the model either way.
"""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers
from pytorch_lightning import Callback, LightningModule, Trainer

from benchmarks.figures import BUILTIN, Figure, Setting
from probing.data import CoreferenceData, DependencyData, EdgeData
from probing.encoder import Encoder
from probing.learning.feature_cache import CachedFeatures
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe


def measure(setting: Setting) -> Iterator[Figure]:
    """Of trees and of coreference, the built-in one if none is named."""
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    encoder = Encoder().load()
    sources: dict[str, tuple[Callable[..., EdgeData], str]] = {
        "trees": (DependencyData, setting.trees),
        "coreference": (CoreferenceData, setting.coreference or BUILTIN),
    }
    for kind, (task, source) in sources.items():
        rounds = [_round(encoder, task, source) for _ in range(setting.rounds + 1)][1:]
        for place, epoch_of in ((1, "that fills the cache"), (2, "from the cache")):
            live, other = (statistics.median(r[i] for r in rounds) for i in (0, place))
            each = [r[place] / r[0] for r in rounds]
            what = f"training epoch, {kind}, {epoch_of} / without one"
            yield Figure("cached", what, other / live, least=min(each), most=max(each))


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
