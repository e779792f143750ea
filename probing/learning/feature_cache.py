"""Lessons that are read from disk, once the encoder has given them.

Only training reads them: whatever is reported is computed by the encoder itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import ProbingError
from probing.core.files import write_whole
from probing.data.datamodule import EdgeData
from probing.data.features import FeatureFile
from probing.data.sources.fingerprints import code_of
from probing.learning.checkpoints import READ_BY
from probing.learning.lessons import Lesson, Lessons, merged
from probing.learning.module import ProbingModule

_CODE = ("core", "encoder", "data/features.py", "learning/lessons.py", "learning/feature_cache.py")
OPTION = "--data.cache_features"


def _shape(part: str, sizes: Sizes, words: Any) -> tuple[Any, ...]:
    """The shape of a part of an encoding of a window of so many words, a number or an array."""
    return {
        "attention": (sizes.layers, sizes.heads, words, words),
        "boundary": (sizes.layers, sizes.heads, words, 4),
        "hidden": (sizes.layers + 1, words, sizes.hidden),
    }[part]


def _corner(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(length) for length in shape)


STORED = frozenset({"attention", "boundary", "hidden"})
"""The parts of an encoding that take a run of the model; the others are looked up."""


class Shelf:
    """What is kept of one encoder: a file for each part of the encodings of a corpus.

    Args:
        folder: where they are.
        description: of all that shapes what is kept; the names of the files come of it.
        parts: to keep.
        sizes: of the encoder.
        words: how many words of each window.
    """

    def __init__(
        self,
        folder: Path,
        description: Mapping[str, object],
        parts: frozenset[str],
        sizes: Sizes,
        words: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> None:
        self.folder = folder
        self.description = json.dumps(description, indent=1, sort_keys=True)
        self.key = hashlib.sha256(self.description.encode()).hexdigest()[:32]
        self.sizes = sizes
        self.words = words
        self.files = {
            part: FeatureFile(folder / f"{self.key}.{part}", math.prod(_shape(part, sizes, words)))
            for part in sorted(parts)
        }

    def make(self) -> None:
        """Make the files that are not there, and one that says what they are of."""
        for file in self.files.values():
            file.make()
        about = self.folder / f"{self.key}.json"
        if not about.exists():
            write_whole(about, self.description)

    def read(self, batch: EdgeBatch) -> dict[str, Tensor] | None:
        """The parts of the encoding of a batch, padded; ``None`` where a window is not there."""
        found = {}
        lengths = self._lengths(batch)
        for part, file in self.files.items():
            padded = np.zeros(
                (len(lengths), *_shape(part, self.sizes, batch.width)), dtype=np.float16
            )
            for b, (number, words) in enumerate(zip(batch.numbers, lengths, strict=True)):
                values = file.read(number)
                if values is None:
                    return None
                shape = _shape(part, self.sizes, words)
                padded[b][_corner(shape)] = values.reshape(shape)
            found[part] = torch.from_numpy(padded).to(batch.lengths.device).float()
        return found

    def _lengths(self, batch: EdgeBatch) -> list[int]:
        """The words of each window, without a question to the device that the batch is on."""
        return [int(self.words[number]) for number in batch.numbers]

    def write(self, batch: EdgeBatch, encoding: Encoding) -> bool:
        """Keep what is said of a batch; returns whether float16 could hold it all."""
        lengths, fits = self._lengths(batch), True
        for part, file in self.files.items():
            padded = encoding.part(part).to(torch.float16).cpu().numpy()
            for b, (number, words) in enumerate(zip(batch.numbers, lengths, strict=True)):
                own = padded[b][_corner(_shape(part, self.sizes, words))]
                if not np.isfinite(own).all():
                    fits = False
                elif file.read(number) is None:
                    file.write(number, own)
        return fits


@dataclass(frozen=True)
class FromDisk(Encoding):
    """An encoding that was kept; what the mask lets words attend to was not."""

    def __getattribute__(self, name: str) -> Any:
        if name == "visible":
            raise ProbingError(
                f"a probe reads what is visible to words, which is not kept: leave out {OPTION}"
            )
        return super().__getattribute__(name)


class FeatureCache:
    """Lessons from disk where they are there, and else from the encoder, to be kept.

    Args:
        live: makes lessons by running the encoders.
        shelves: where they are kept, by encoder.
    """

    def __init__(self, live: Lessons, shelves: Mapping[str, Shelf]) -> None:
        self.live = live
        self.shelves = shelves
        self.is_told = False

    def __call__(self, batch: EdgeBatch) -> dict[str, Lesson]:
        """By encoder, from a batch on its device."""
        return {name: self._of(name, batch) for name in self.live.encoders}

    def plan(self) -> str:
        """What is there and what is going to be written, in a line.

        Raises:
            ProbingError: if the disk has no room for it.
        """
        files = [file for shelf in self.shelves.values() for file in shelf.files.values()]
        if not files:
            return f"{OPTION}: no probe reads what is kept"
        folder = next(iter(self.shelves.values())).folder
        there = next(
            each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()
        )
        free, missing = shutil.disk_usage(there).free, sum(file.missing for file in files)
        if missing > free:
            raise ProbingError(
                f"{OPTION} {folder}: what is to be kept takes {_in_words(missing)}; "
                f"{_in_words(free)} are free there"
            )
        whole = f"{folder}: {_in_words(sum(file.size for file in files))}"
        room = f", {_in_words(missing)} of it to be written, {_in_words(free)} free"
        held, windows = min(file.held for file in files), len(files[0].bounds) - 1
        return (
            f"Cached features: {whole}{room if missing else ''}; "
            f"{held:,} of {windows:,} windows of the training data are there"
        )

    def make(self) -> None:
        """Make the files that are not there, empty."""
        for shelf in self.shelves.values():
            shelf.make()

    def _of(self, name: str, batch: EdgeBatch) -> Lesson:
        view = self.live.view(name, batch)
        shelf = self.shelves.get(name)
        if shelf is None:
            return self.live.live(name, batch, view)
        found = shelf.read(view)
        if found is not None:
            rest = self.live.live(name, batch, view, without=STORED)
        else:
            rest = self.live.live(name, batch, view)
            if not shelf.write(view, rest.encoding):
                self._tell(name)
            # What was kept is what is learnt from, so that the first epoch is as the others.
            found = shelf.read(view)
        if found is None:
            return rest
        return Lesson(FromDisk(**vars(merged(rest.encoding, Encoding(**found)))), view)

    def _tell(self, name: str) -> None:
        if not self.is_told:
            print(
                f"{OPTION}: some of what {name} computes is too large for float16, or not finite; "
                "the model runs for it in every epoch",
                file=sys.stderr,
            )
        self.is_told = True


def cache_of(module: ProbingModule, data: EdgeData, *, precision: str) -> FeatureCache:
    """The cache of a run; nothing is written.

    Args:
        module: configured.
        data: with training data and ``cache_features``.
        precision: that the trainer runs in.
    """
    folder = Path(data.cache_features or "")
    corpus = data.split("train")
    live = Lessons(module.encoders, module.probes, module.vectors)
    shelves = {}
    for name, encoder in module.encoders.items():
        parts = live.needs(name) & STORED
        if not parts:
            continue
        every = corpus.word_counts
        words = corpus.asked_counts if live.is_narrow(name) else every
        description = {
            "weights": encoder.fingerprint,
            "layers": list(encoder.layer_numbers),
            **{option: getattr(encoder, option) for option in ("precision", *READ_BY)},
            "precision of the trainer": precision,
            "corpus": corpus.content,
            "task": f"{type(data.task).__module__}.{data.task!r}",
            "words": "all" if np.array_equal(words, every) else "asked about",
            "versions": {package: version(package) for package in ("torch", "transformers")},
            "code": code_of(*_CODE),
        }
        shelves[name] = Shelf(folder, description, parts, encoder.sizes, words)
    return FeatureCache(live, shelves)


class CachedFeatures(Callback):
    """Lets probes learn from what is kept in the folder that the data names.

    Args:
        data: whose training data they learn from.
    """

    def __init__(self, data: EdgeData) -> None:
        self.data = data

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the cache; files that are not there are made."""
        assert isinstance(pl_module, ProbingModule)
        cache = cache_of(pl_module, self.data, precision=trainer.precision)
        cache.make()
        pl_module.lessons = cache

    on_predict_start = on_fit_start


def _in_words(size: int) -> str:
    """A number of bytes."""
    unit = next((n for n in range(3) if size < 1024 ** (n + 2)), 3)
    return f"{size / 1024 ** (unit + 1):,.1f} {('KiB', 'MiB', 'GiB', 'TiB')[unit]}"
