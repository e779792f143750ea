"""Batches of texts of one length: nothing is padding, so that nothing hangs on a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor
from torch.utils.data import Dataset

from probing.ablation.texts import Sentences


@dataclass(frozen=True)
class Side:
    """Sentences of one length, with all of their part that have it.

    - ``ids [B, T]``: their wordpieces.
    - ``every [n, T]``: those of all of the length, in the order of the part.
    - ``own [B]``: which of these they are.
    """

    ids: Tensor
    every: Tensor
    own: Tensor

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``."""
        moved = {field.name: getattr(self, field.name).to(device) for field in fields(self)}
        return replace(self, **moved)


@dataclass(frozen=True)
class TextBatch:
    """Items of a part: a side of sentences, or two of pairs; ``items`` are their numbers."""

    items: Sequence[int]
    sides: tuple[Side, ...]

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``."""
        return replace(self, sides=tuple(side.to(device) for side in self.sides))


class Texts(Dataset[TextBatch]):
    """A part, batch by batch. ``texts[[3, 1]]`` is a batch of items of the same lengths.

    Args:
        part: the texts.
        wordpieces: the most that a model gets at once; an item that is longer is a batch.
        in_turn: whether each text comes once for each of its wordpieces, which is then masked.
    """

    def __init__(self, part: Sentences, *, wordpieces: int, in_turn: bool = False) -> None:
        self.part = part
        self.name, self.source = part.name, part.source
        self.units, self.left_out = part.units, part.left_out
        self.lengths = part.lengths
        self.wordpieces = wordpieces
        self.in_turn = in_turn

    def __len__(self) -> int:
        return len(self.part.items)

    def __getitem__(self, indices: Sequence[int]) -> TextBatch:
        count = len(self.part.items[indices[0]]) if len(indices) else 0
        return TextBatch(indices, tuple(self._side(indices, place) for place in range(count)))

    def _side(self, indices: Sequence[int], place: int) -> Side:
        ids = [self.part.items[index][place] for index in indices]
        every = self._of_length[len(ids[0])]
        numbers = {at: number for number, at in enumerate(every)}
        return Side(
            torch.tensor(ids),
            torch.tensor([self.part.items[item][side] for item, side in every]),
            torch.tensor([numbers[index, place] for index in indices]),
        )

    @cached_property
    def _of_length(self) -> Mapping[int, list[tuple[int, int]]]:
        """By length, item and side of each text that has it."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, item in enumerate(self.part.items):
            for side, ids in enumerate(item):
                found[len(ids)].append((number, side))
        return found

    @cached_property
    def batches(self) -> list[list[int]]:
        """All items, those of the same lengths together, in batches that keep the budget."""
        by_lengths: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, item in enumerate(self.part.items):
            by_lengths[tuple(map(len, item))].append(number)
        found = []
        for lengths, numbers in sorted(by_lengths.items()):
            longest = max(lengths)
            cost = longest * longest if self.in_turn else longest
            step = max(1, self.wordpieces // cost)
            found += [numbers[k : k + step] for k in range(0, len(numbers), step)]
        return found
