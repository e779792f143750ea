"""What is measured of heads beside what they pick: each a column of ``heads.csv``.

A new quantity is a function and a row of :data:`QUANTITIES`; the counts, the columns of the file
and those of the data frame of Python follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.layers import WordLayer, boundary_of
from probing.core.maps import most, taken


@dataclass(frozen=True, slots=True)
class AnchorMaps:
    """The word map of a layer as the anchors of a batch see it.

    - ``asked``: the row, the column, and row plus column of some words, ``[B, H, asked, W]`` each:
      of the anchors, or, where they are most of the words, of all, which then need not be copied
      one by one: columns are then the same memory as rows. As many of the three as the batch has
      directions.
    - ``place [B, A]``: where among them each anchor is; ``None`` if they are the anchors.
    - ``boundary [B, H, A, 4]``: attention of each anchor to the first and to the last special
      token, and from them.
    - ``sink [B, H, A]``: attention of each anchor to a learned sink; zero where there is none.
    - ``strongest [B, H, A, 3]``: the weight of what each anchor picks, zero where that is nothing;
      ``None`` before anything is picked, and never where quantities are measured.
    """

    asked: tuple[Tensor, ...]
    place: Tensor | None
    boundary: Tensor
    sink: Tensor
    strongest: Tensor | None = None

    @classmethod
    def of(cls, layer: WordLayer, batch: EdgeBatch) -> AnchorMaps:
        """As the anchors of ``batch`` see a layer."""
        anchors = batch.anchors
        place = anchors if batch.picks_any_other and most(anchors, batch.width) else None
        if place is None:
            rows, columns = layer.map.rows(anchors), layer.map.columns(anchors)  # [B, H, A, W+2]
            boundary = torch.cat([rows[..., -2:], columns[..., -2:]], -1)
            rows, columns = rows[..., :-2], columns[..., :-2]
        else:
            every = layer.map.whole()
            boundary = _of_anchors(boundary_of(every).movedim(-1, 1), anchors).permute(0, 3, 1, 2)
            rows = every[..., :-2, :-2].contiguous()
            columns = rows.mT
        if layer.sink is None:
            sink = torch.zeros_like(boundary[..., 0])
        else:
            sink = taken(layer.sink[..., None], anchors)[..., 0]
        asked: tuple[Tensor, ...] = rows, columns
        if len(batch.terms.directions) > 2:
            both = rows + columns
            # Of all words it is symmetric, and `strongest` is quicker where columns lie.
            asked = rows, columns, both if place is None else both.mT
        return cls(asked, place, boundary, sink)

    @property
    def scores(self) -> tuple[Tensor, ...]:
        """The row, the column, and row plus column of each anchor, ``[B, H, A, W]`` each."""
        if self.place is None:
            return self.asked
        return tuple(taken(own, self.place) for own in self.asked)

    def of_anchors(self, values: Tensor) -> Tensor:
        """What ``values [B, 3, H, asked]`` are of each anchor, ``[B, A, 3, H]``."""
        return values.movedim(3, 1) if self.place is None else _of_anchors(values, self.place)

    def on(self, words: Tensor) -> Tensor:
        """Between each anchor and some ``words [B, A, any]``: ``[B, A, any, H, 3]``."""
        batch, anchors = words.shape[:2]
        window = torch.arange(batch, device=words.device)[:, None, None]
        place = torch.arange(anchors, device=words.device) if self.place is None else self.place
        return _last([own[window, :, place[..., None], words] for own in self.asked])


@dataclass(frozen=True, slots=True)
class HeadQuantity:
    """A column of ``heads.csv``: the mean of ``value`` over the anchors of a row of the report.

    ``value`` gives ``[B, H, A, 3]`` for a layer, a number for each head, anchor and direction;
    finite, also where an anchor is padding. ``meaning`` is for a reader of a report.
    """

    name: str
    value: Callable[[AnchorMaps, EdgeBatch], Tensor]
    meaning: str = ""


def gold_mass(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Attention on the gold words together, ``[B, H, A, 3]``."""
    words = batch.gold_at - 1  # [B, A, G]
    on_each = seen.on(words.clamp_min(0)) * (words >= 0)[..., None, None]
    return on_each.sum(2).transpose(1, 2)


def special_mass(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Attention to the special tokens, from them, and the sum of both: ``[B, H, A, 3]``.

    A learned sink is attended to like one.
    """
    to_first, to_last, from_first, from_last = seen.boundary.unbind(-1)
    to_special, from_special = to_first + to_last + seen.sink, from_first + from_last
    return _last([to_special, from_special, to_special + from_special])


def special_wins(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Whether a special token has a larger weight than what is picked (section 4.1), 0 or 1.

    ``[B, H, A, 3]``: by attention to it, from it, and the sum of both. A learned sink is one, too.
    """
    assert seen.strongest is not None
    to_first, to_last, from_first, from_last = seen.boundary.unbind(-1)
    to_any = to_first.maximum(to_last).maximum(seen.sink)
    either = (to_first + from_first).maximum(to_last + from_last).maximum(seen.sink)
    special = _last([to_any, from_first.maximum(from_last), either])
    return (special[..., : seen.strongest.shape[-1]] > seen.strongest).to(special.dtype)


def _of_anchors(values: Tensor, place: Tensor) -> Tensor:
    """Of ``values [B, any, H, some]`` those at ``place [B, A]``, ``[B, A, any, H]``."""
    window = torch.arange(len(values), device=values.device)[:, None]
    return values[window, :, :, place]


def _last(parts: Sequence[Tensor]) -> Tensor:
    """Stacked along a last dimension, but behind each other in memory, which is sooner done."""
    return torch.stack(list(parts)).movedim(0, -1)


QUANTITIES: tuple[HeadQuantity, ...] = (
    HeadQuantity(
        "gold_mass",
        gold_mass,
        "mean attention of the anchor to its gold words, or from them, or the sum of the two, as "
        "the direction has it",
    ),
    HeadQuantity(
        "special_mass",
        special_mass,
        "mean attention of the anchor to special tokens and a learned sink, or from special "
        "tokens, or the sum of the two",
    ),
    HeadQuantity(
        "special_wins",
        special_wins,
        "share of anchors for which a special token, or a learned sink, has a larger weight than "
        "the word that is picked",
    ),
)
