"""The data of the analyses of plain text: one loader for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from probing.core.errors import ProbingError, check_range
from probing.core.sentences import Reader
from probing.data import DependencyData
from probing.data.samplers import EvaluationBatches, batches_by_length
from probing.data.store import EdgeWindows
from probing.encoder import Encoder, PlainTokenizer, WordpieceTokenizer
from probing.surface.measures.gradients import IGNORED, MaskedBatch, masked
from probing.surface.measures.repeated import repeated_sequences
from probing.surface.measures.sinks import SINK_LENGTH
from probing.surface.text.batches import TokenBatch, pad
from probing.surface.text.segments import Segment
from probing.surface.text.store import Segments, open_segments

ANALYSES = ("averages", "sinks", "copies", "distances", "gradients", "noop")
"""What is measured, each on batches of its own, in this order."""


@dataclass(frozen=True)
class Chosen(Dataset[Any]):
    """Some segments and how a batch is made of them."""

    take: Callable[[Sequence[int]], Any]
    lengths: np.ndarray[tuple[int], np.dtype[np.int32]]

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, indices: Sequence[int]) -> Any:
        return self.take(indices)


class TextData(LightningDataModule):
    """Plain text, packed into segments as in the pre-training of BERT.

    Args:
        test: the text: a file or a folder of files with one sentence a line and empty lines
            between documents, ``datasets:NAME,text=COLUMN``, ``builtin:documents=N,seed=S``, or
            any treebank that can be read.
        limit: the most wordpieces of a segment, special tokens included.
        most: the most segments that averages are taken over, spread evenly over the text; all,
            if not given. The paper has 1,000.
        seed: of everything that is left to chance: splits, masks, random sequences.
        sink_sequences: how many sequences of 64 wordpieces the sink rate is taken over, as in
            Gu et al. (2025).
        repeats: how many random sequences that come twice are looked at.
        repeat_length: wordpieces of such a sequence.
        distance_segments: over how many segments distances between heads are taken.
        gradient_segments: over how many segments the derivative of the masked-language-model
            loss is taken; 0 leaves it out, as only a model with a trained head has it.
        treebank: dependency trees for the question what heads do where they have nothing to do;
            left out, if not given.
        reader: function from a path to sentences, for treebanks in files of other formats.
        batch_wordpieces: the most wordpieces of a batch, padding included.
        workers: processes that load batches ahead of the model.
        tokenizer: the encoder's (the command line fills it in).
    """

    def __init__(
        self,
        test: str | None = None,
        *,
        limit: int = 128,
        most: int | None = None,
        seed: int = 0,
        sink_sequences: int = 100,
        repeats: int = 100,
        repeat_length: int = 50,
        distance_segments: int = 100,
        gradient_segments: int = 0,
        treebank: str | None = None,
        reader: Reader | None = None,
        batch_wordpieces: int = 1000,
        workers: int = 0,
        tokenizer: WordpieceTokenizer | None = None,
    ) -> None:
        super().__init__()
        if tokenizer is None:
            raise ValueError("TextData needs the encoder's tokenizer")
        self.test = test
        self.limit = limit
        self.most = most
        self.seed = seed
        self.sink_sequences = sink_sequences
        self.repeats = repeats
        self.repeat_length = repeat_length
        self.distance_segments = distance_segments
        self.gradient_segments = gradient_segments
        self.treebank = treebank
        self.reader = reader
        self.batch_wordpieces = batch_wordpieces
        self.workers = workers
        self.words = tokenizer
        self.tokenizer = PlainTokenizer(tokenizer)
        self.text: Segments
        self.trees: EdgeWindows | None = None
        self.parts: dict[str, Dataset[Any]] = {}

    def prepare_data(self) -> None:
        """Read and tokenize, once, before other processes look."""
        self.setup("test")

    def setup(self, stage: str) -> None:
        """Open the text, and choose what each analysis looks at.

        Raises:
            ProbingError: if no text was given, it cannot be read, or an option is out of range.
        """
        if self.parts:
            return
        self._check_ranges()
        if self.test is None:
            raise ProbingError("no text: give --data.test FILE")
        self.text = self._open(self.limit)
        chosen: dict[str, Dataset[Any]] = {
            "averages": self._segments(self.text, self.most or len(self.text))
        }
        # The start of a longer text would not do: where heads look depends on what follows.
        short = self._open(min(SINK_LENGTH, self.words.limit)) if self.sink_sequences else None
        if short is not None:
            whole = np.flatnonzero(short.lengths == SINK_LENGTH).tolist()
            if whole:
                chosen["sinks"] = self._segments(short, self.sink_sequences, among=whole)
        if self.repeats:
            chosen["copies"] = self._copies()
        if self.distance_segments:
            chosen["distances"] = self._segments(self.text, self.distance_segments)
        if self.gradient_segments:
            chosen["gradients"] = self._masked()
        if self.treebank is not None:
            self.trees = DependencyData(
                test=self.treebank, reader=self.reader, tokenizer=self.words
            ).open("test")
            chosen["noop"] = self.trees
        self.parts = {name: chosen[name] for name in ANALYSES if name in chosen}

    def test_dataloader(self) -> list[DataLoader[Any]]:
        """A loader for each of :attr:`parts`, in their order."""
        return [self._loader(part) for part in self.parts.values()]

    def check_embedded(self, encoder: Encoder) -> None:
        """Refuse a text or a treebank with a wordpiece that the encoder has no embedding for.

        Raises:
            ProbingError: naming it.
        """
        rows, name = encoder.embedded, encoder.name
        self.text.check_embedded(rows, name, self.tokenizer)
        if self.trees is not None:
            self.trees.check_embedded(rows, name)

    def _check_ranges(self) -> None:
        least = {
            "most": 1,
            "sink_sequences": 0,
            "repeats": 0,
            "distance_segments": 0,
            "gradient_segments": 0,
            "batch_wordpieces": 1,
            "workers": 0,
        }
        for name, bound in least.items():
            value = getattr(self, name)
            if value is not None or name != "most":
                check_range(bound, **{f"--data.{name}": value})

    def _open(self, limit: int) -> Segments:
        assert self.test is not None
        return open_segments(
            self.test, reader=self.reader, tokenizer=self.tokenizer, limit=limit, seed=self.seed
        )

    def _segments(
        self, text: Segments, count: int, *, among: Sequence[int] | None = None
    ) -> Chosen:
        picked = spread(range(len(text)) if among is None else among, count)
        return Chosen(partial(_among, text, picked), text.lengths[picked])

    def _copies(self) -> Chosen:
        made = repeated_sequences(
            self.tokenizer, count=self.repeats, length=self.repeat_length, seed=self.seed
        )
        return Chosen(partial(_pad, made, self.tokenizer.pad_id), _lengths(made))

    def _masked(self) -> Chosen:
        if self.tokenizer.mask_id is None:
            raise ProbingError("the gradient analysis needs a model with a mask token")
        picked = spread(range(len(self.text)), self.gradient_segments)
        made = [
            masked(segment, self.tokenizer, Random(f"mask/{self.seed}/{index}"))
            for index, segment in zip(picked, self.text.segments(picked), strict=True)
        ]
        take = partial(_pad_masked, made, self.tokenizer.pad_id)
        return Chosen(take, _lengths([segment for segment, _ in made]))

    def _loader(self, part: Any) -> DataLoader[Any]:
        trainer = self.trainer
        rank, world = (0, 1) if trainer is None else (trainer.global_rank, trainer.world_size)
        batches = batches_by_length(part.lengths, wordpieces=self.batch_wordpieces)
        return DataLoader(
            part,
            sampler=EvaluationBatches(batches, rank=rank, world=world),
            batch_size=None,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
        )


def spread(among: Sequence[int], count: int) -> list[int]:
    """At most ``count`` of some indices, evenly spread over them."""
    places = np.linspace(0, len(among), min(count, len(among)), endpoint=False).astype(int)
    return [int(among[place]) for place in places]


# Functions of the module, since processes that load batches may be sent them (pickled).


def _among(text: Segments, picked: Sequence[int], indices: Sequence[int]) -> TokenBatch:
    return text[[picked[index] for index in indices]]


def _pad(made: Sequence[Segment], pad_id: int, indices: Sequence[int]) -> TokenBatch:
    return pad([made[index] for index in indices], pad_id)


def _pad_masked(
    made: Sequence[tuple[Segment, list[int]]], pad_id: int, indices: Sequence[int]
) -> MaskedBatch:
    tokens = _pad([segment for segment, _ in made], pad_id, indices)
    labels = torch.full_like(tokens.ids, IGNORED)
    for b, index in enumerate(indices):
        labels[b, : len(made[index][1])] = torch.tensor(made[index][1])
    return MaskedBatch(tokens, labels)


def _lengths(made: Sequence[Segment]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.asarray([len(segment.ids) for segment in made], dtype=np.int32)
