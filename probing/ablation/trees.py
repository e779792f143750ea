"""Accuracies of heads and UAS of probes on trees, while other heads are ablated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor
from torch.utils.data import Dataset

from probing.ablation.batches import Side
from probing.ablation.outcomes import Outcome
from probing.ablation.texts import WITHOUT_OTHERS
from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.terms import ALL, MAIN
from probing.data.store import EdgeWindows
from probing.learning.module import ProbingModule
from probing.surface.report.labels import NamedHead

TREES = "trees"
"""What reports call the sentences of a treebank."""


@dataclass(frozen=True)
class TreeBatch:
    """Sentences of one length with their trees; ``items`` are their numbers."""

    items: Sequence[int]
    edges: EdgeBatch
    sides: tuple[Side, ...]

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``."""
        sides = tuple(side.to(device) for side in self.sides)
        return replace(self, edges=self.edges.to(device), sides=sides)


class Trees(Dataset[TreeBatch]):
    """A treebank, batch by batch of sentences of one length.

    Args:
        corpus: the sentences.
        wordpieces: the most that a model gets at once; a sentence that is longer is a batch.
        fewest: sentences of lengths that fewer have are left out.
        alone: whether each sentence is a batch.

    Raises:
        ProbingError: if none is left.
    """

    name = TREES

    def __init__(
        self, corpus: EdgeWindows, *, wordpieces: int, fewest: int = 1, alone: bool = False
    ) -> None:
        self.corpus = corpus
        self.source = corpus.source
        self.wordpieces = wordpieces
        self.alone = alone
        of_length: dict[int, list[int]] = defaultdict(list)
        for number, length in enumerate(corpus.lengths.tolist()):
            of_length[length].append(number)
        self.of_length = {n: own for n, own in sorted(of_length.items()) if len(own) >= fewest}
        self.lengths = {length: len(own) for length, own in self.of_length.items()}
        self.left_out = Counter(corpus.census.left_out)
        count = sum(self.lengths.values())
        self.left_out[f"of a length that fewer than {fewest} have"] = len(corpus) - count
        self.left_out = +self.left_out
        if not count:
            raise ProbingError(
                f"--data.treebank {corpus.source}: expected {fewest} sentences of one length, "
                f"found fewer of each; {WITHOUT_OTHERS}"
            )

    def __len__(self) -> int:
        return len(self.corpus)

    def __getitem__(self, indices: Sequence[int]) -> TreeBatch:
        edges = self.corpus[list(indices)]
        if not indices:
            return TreeBatch((), edges, ())
        every = self.of_length[edges.ids.shape[1]]
        ids = [window.wordpieces.ids for window in self.corpus.windows(every)]
        place = {number: k for k, number in enumerate(every)}
        own = torch.tensor([place[number] for number in indices])
        return TreeBatch(indices, edges, (Side(edges.ids, torch.tensor(ids), own),))

    @property
    def batches(self) -> list[list[int]]:
        """All sentences that are not left out, those of a length together."""
        found = []
        for length, numbers in self.of_length.items():
            step = 1 if self.alone else max(1, self.wordpieces // length)
            found += [numbers[k : k + step] for k in range(0, len(numbers), step)]
        return found

    @cached_property
    def units(self) -> list[int]:
        """What is resampled of each sentence of the corpus: its document, or itself."""
        found = []
        for start in range(0, len(self.corpus), 1000):
            units = self.corpus[list(range(start, min(start + 1000, len(self.corpus))))].units
            assert units is not None  # of dependency trees
            found += units.tolist()
        return found


class TreeCounts:
    """How many anchors of each sentence named heads, and probes, get right.

    Args:
        judge: runs the encoder, and the probes of a checkpoint, if there are any.
        heads: whose accuracies to look at, each at its relation and in its direction.
    """

    def __init__(self, judge: ProbingModule, heads: Sequence[NamedHead]) -> None:
        self.judge = judge
        self.heads = heads
        self.outcomes = [
            Outcome(
                str(own),
                f"accuracy of a head, {own.direction}",
                "lower",
                of_layer=own.layer,
            )
            for own in heads
        ]
        self.outcomes += [
            Outcome(f"UAS of {name}", "of a trained probe, without punctuation", "lower")
            for name in judge.pickers
        ]

    def __call__(self, batch: EdgeBatch) -> tuple[Tensor, Tensor]:
        """What is right, ``[K, B]``, and out of how many anchors, ``[K, B]``."""
        found = self.judge.judge(batch)
        layers = self.judge.encoder.layer_numbers
        right, asked = [], []
        member = batch.member & (batch.is_anchor & batch.has_gold_word)[..., None]  # [B, A, R]
        for own in self.heads:
            direction = batch.terms.directions.index(own.direction)
            of_layer = found.heads[MAIN].hits[:, :, direction, layers.index(own.layer)]
            picks = of_layer[..., own.head - 1]  # [B, A]
            of_row = member[:, :, batch.rows.index(own.relation)]
            right.append((picks & of_row).sum(1))
            asked.append(of_row.sum(1))
        probed = batch.probed
        of_all = (probed.member & probed.is_anchor[..., None])[:, :, batch.rows.index(ALL)]
        for k in range(len(self.judge.pickers)):
            right.append((found.hits[..., k] & of_all).sum(1))
            asked.append(of_all.sum(1))
        return torch.stack(right).double(), torch.stack(asked).double()
