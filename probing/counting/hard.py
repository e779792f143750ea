"""Hard anchors: what a head gets right where the baselines it must beat are wrong.

Two heads of one accuracy may be unlike: one finds what a rule finds, the other what it misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import EdgeBatch
from probing.core.head_names import Cell
from probing.core.outcomes import HeadPicks
from probing.core.picking import UNTOLD
from probing.core.schemes import is_roll_up
from probing.core.terms import Terms
from probing.core.word_classes import of_words
from probing.counting.counts import HeadCounts
from probing.counting.subtypes import is_part

_COUNTED = ("total", "hard", "hard_correct", "easy", "easy_correct", "told", "agreed")


@dataclass(frozen=True)
class Choice:
    """What was chosen for a row on other data: a head, and baselines, the strongest first."""

    row: str
    head: Cell
    baselines: tuple[str, ...]


@dataclass(frozen=True)
class Hard:
    """A head beside a baseline, over the ``total`` anchors of a row.

    ``hard`` are those that the baseline gets wrong, ``easy`` those that it gets right; an expected
    value between the two makes neither. On ``agreed`` of them both pick the same word, or words
    that share all their wordpieces; ``None`` where nobody knows what the baseline picks.
    """

    row: str
    head: Cell
    baseline: str
    total: int
    hard: int
    hard_correct: int
    easy: int
    easy_correct: int
    agreed: int | None

    @property
    def on_hard(self) -> float | None:
        """The head's accuracy where the baseline is wrong, a fraction; ``None`` if it never is."""
        return self.hard_correct / self.hard if self.hard else None

    @property
    def on_easy(self) -> float | None:
        """Where the baseline is right."""
        return self.easy_correct / self.easy if self.easy else None

    @property
    def agreement(self) -> float | None:
        """On how many of all anchors both pick the same."""
        return None if self.agreed is None else self.agreed / self.total


def choices(chosen: HeadCounts, rows: Sequence[str]) -> list[Choice]:
    """The best head and baselines of each of ``rows`` that has anchors in ``chosen``."""
    terms = chosen.terms
    rivals = [r for r in terms.rivals if r.beside_heads and not r.is_of_model]
    found = []
    for name in rows:
        row = chosen.row(name)
        if row is not None and rivals:
            names = (chosen.best_of(row, rival) for rival in (terms.strongest, *rivals))
            found.append(Choice(name, chosen.best_head(row), tuple(dict.fromkeys(names))))
    return found


class HardAnchors(Metric):
    """Counts :class:`Hard` of what was chosen elsewhere.

    Args:
        chosen: a row each, one at least.
        terms: of the task.
        layers: the numbers of the encoder's layers.
        heads: ``H``.
        most: in how many rows an anchor counts at most.
    """

    full_state_update = False
    counts: Tensor

    def __init__(
        self,
        chosen: Sequence[Choice],
        terms: Terms,
        *,
        layers: Sequence[int],
        heads: int,
        most: int,
    ) -> None:
        super().__init__()
        self.chosen, self.terms, self.most = list(chosen), terms, most
        shape = len(terms.directions), len(layers), heads
        places = [
            (terms.directions.index(c.direction), list(layers).index(c.layer), c.head - 1)
            for c in (choice.head for choice in chosen)
        ]
        index = {name: k for k, name in enumerate(terms.baselines)}
        many = max(len(choice.baselines) for choice in chosen)
        # Rows with fewer baselines than others have some of theirs again, which nobody reads.
        columns = [[index[name] for name in (c.baselines * many)[:many]] for c in chosen]
        # Behind the last there is one that stands for no row.
        self.cells = torch.tensor([*np.ravel_multi_index(np.array(places).T, shape), 0])
        self.columns = torch.tensor([*columns, [0] * many])
        self.rows: tuple[str, ...] = ()
        self.shape = len(self.chosen) + 1, many, len(_COUNTED)
        zeros = torch.zeros(self.shape, dtype=torch.int64)
        self.add_state("counts", zeros, dist_reduce_fx="sum")

    def update(self, batch: EdgeBatch, heads: HeadPicks) -> None:
        """Count a batch."""
        self._start(batch)
        member = batch.member_of_heads.float()
        # Of each anchor only its own rows: of all, most would be other anchors'.
        is_in, row = member.topk(min(self.most, len(self.rows)), -1)  # [B, A, most]
        choice = torch.where(is_in[..., None] > 0, self.choice_of[row], len(self.chosen)).flatten(2)
        cells, columns = self.cells[choice], self.columns[choice]
        hits, words, is_pick = (
            own.flatten(2).gather(2, cells)[..., None]
            for own in (heads.hits, heads.words, heads.is_pick)
        )  # [B, A, rows, 1]
        shares = _of(batch.baselines, columns)  # [B, A, rows, baselines]
        hard, easy = shares == 0, shares == 1
        picked = torch.full_like(shares, UNTOLD, dtype=torch.int32)
        if batch.picked is not None:
            picked = _of(batch.picked, columns)
        alike = _classes(words, batch) == _classes(picked, batch)
        counted = {
            "total": torch.ones_like(hard),
            "hard": hard,
            "hard_correct": hard & hits,
            "easy": easy,
            "easy_correct": easy & hits,
            "told": picked > UNTOLD,
            "agreed": alike & is_pick & (picked >= 0),
        }
        found = torch.stack([counted[name] for name in _COUNTED], -1).long()
        self.counts = self.counts.index_add(0, choice.flatten(), found.flatten(0, 2))

    def compute(self) -> Tensor:
        """The summed counts, on the CPU."""
        # torchmetrics squeezes states of one element where processes are joined.
        return self.counts.cpu().reshape(self.shape)

    def found(self) -> list[Hard]:
        """Row by row, the strongest baseline first; rows without anchors are left out."""
        counts = self.compute().tolist()
        found = []
        for choice, of_row in zip(self.chosen, counts, strict=False):
            for baseline, own in zip(choice.baselines, of_row, strict=False):
                of = dict(zip(_COUNTED, own, strict=True))
                total, told, agreed = of.pop("total"), of.pop("told"), of.pop("agreed")
                known = agreed if told == total else None
                if total:
                    found.append(
                        Hard(choice.row, choice.head, baseline, total=total, agreed=known, **of)
                    )
        return found

    def _start(self, batch: EdgeBatch) -> None:
        """Find the choice of each row of the batch, and that of the row that adds it up."""
        if self.rows == tuple(batch.rows):
            return
        self.rows, device = tuple(batch.rows), batch.member.device
        names = [choice.row for choice in self.chosen]
        self.choice_of = torch.full((len(self.rows), 2), len(names), device=device)
        for number, name in enumerate(names):
            for row, own in enumerate(self.rows):
                if own == name:
                    self.choice_of[row, 0] = number
                elif is_roll_up(name) and is_part(own, name, self.terms.subtypes):
                    self.choice_of[row, 1] = number
        self.cells, self.columns = self.cells.to(device), self.columns.to(device)


def _of(values: Tensor, columns: Tensor) -> Tensor:
    """Of ``values [B, A, K]`` those of ``columns [B, A, ...]``."""
    return values.gather(2, columns.flatten(2)).view_as(columns)


def _classes(words: Tensor, batch: EdgeBatch) -> Tensor:
    """Of ``words [B, A, ...]`` the first of those with the same wordpieces, most often itself."""
    if batch.class_of is None:
        return words
    return of_words(batch.class_of, words.clamp_min(0).long())
