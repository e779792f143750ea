"""What heads pick of a few anchors of each row: examples to look at, chosen before any is scored.

Which anchors these are hangs on the corpus alone, so that every process notes its own of them and
all heads are seen on the same sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core import quantities
from probing.core.batches import EdgeBatch
from probing.core.outcomes import HeadPicks
from probing.core.terms import ALL, UAS, UAS_WITH_PUNCTUATION
from probing.counting.noted import NO_PICK, UNSEEN, Array, Noted, Sample
from probing.counting.resampling import mixed
from probing.counting.subtypes import parts_of, roll_ups
from probing.data.store import EdgeWindows
from probing.data.tasks.possessives import POSS_CLITIC

_MASS = [each.name for each in quantities.QUANTITIES].index("special_mass")


class ExamplePicks(Metric):
    """Notes what every head of an encoder picks of a sample.

    Args:
        sample: of the corpus whose batches come.
        cells: ``(3, L, H)``.
    """

    full_state_update = False
    words: Tensor
    special: Tensor

    def __init__(self, sample: Sample, cells: Sequence[int]) -> None:
        super().__init__()
        self.sample = sample
        self.shape = len(sample.windows), *cells
        # Unseen ones are zero, so that processes, each of which saw others, can be added up.
        self.add_state("words", torch.zeros(self.shape, dtype=torch.int32), dist_reduce_fx="sum")
        self.add_state("special", torch.zeros(self.shape), dist_reduce_fx="sum")

    def update(self, batch: EdgeBatch, heads: HeadPicks) -> None:
        """Note those anchors of a batch that are in the sample."""
        numbers = np.asarray(batch.numbers, dtype=np.int64)
        first, end = (np.searchsorted(self.sample.windows, numbers, s) for s in ("left", "right"))
        own = [np.arange(a, b) for a, b in zip(first, end, strict=True)]
        place = np.concatenate([*own, np.zeros(0, np.int64)])
        if not len(place):
            return
        window = np.repeat(np.arange(len(numbers)), end - first)
        device = heads.words.device
        at, b, a = (
            torch.from_numpy(each.astype(np.int64)).to(device)
            for each in (place, window, self.sample.anchors[place])
        )
        picked = torch.where(heads.is_pick[b, a], heads.words[b, a], NO_PICK)
        self.words[at] = (picked - UNSEEN).int()
        self.special[at] = heads.quantities[b, a, ..., _MASS].float()

    def compute(self) -> tuple[Tensor, Tensor]:
        """``words`` and ``special``, summed over processes, on the CPU."""
        # torchmetrics squeezes states of one element where processes are joined.
        words, special = (each.cpu().reshape(self.shape) for each in (self.words, self.special))
        return words, special

    def found(self) -> Noted:
        """The notes of all processes."""
        # A metric keeps what it has computed, and would squeeze it, too.
        words, special = (each.reshape(self.shape).numpy() for each in self.compute())
        return Noted(self.sample, words + UNSEEN, special)


def sample_of(corpus: EdgeWindows, count: int) -> Sample:
    """Of each row of a report ``count`` anchors that heads are asked about, or all there are."""
    column = corpus.table.data.column
    counts = pc.list_value_length(column("anchors")).to_numpy().astype(np.int64)
    window = np.repeat(np.arange(len(counts)), counts)
    anchor, row = _listed(column("rows"))  # a pair for each row of each anchor
    unused = np.isin(corpus.census.rows, corpus.census.unused)
    is_asked = np.bincount(anchor[unused[row]], minlength=len(window)) == 0
    before = np.cumsum(is_asked) - is_asked
    # A window without its unused anchors, as batches have it, counts the others anew.
    starts = np.repeat(before[np.minimum(np.cumsum(counts) - counts, len(before) - 1)], counts)
    of_gold, gold = _listed(column("gold"))
    is_asked &= np.bincount(of_gold[gold > 0], minlength=len(window)) > 0

    keys = mixed(torch.arange(len(window))).numpy()
    anchor, row = (each[is_asked[anchor]] for each in (anchor, row))
    arranged = np.lexsort((keys[anchor], row))
    anchor, row = anchor[arranged], row[arranged]
    first = np.searchsorted(row, row, "left")
    few = np.arange(len(row)) - first < count
    anchor, row = anchor[few], row[few]
    own = np.unique(anchor)
    place = np.searchsorted(own, anchor)
    rows, separators = corpus.census.rows, corpus.terms.subtypes
    of_row = {name: place[row == r] for r, name in enumerate(rows)}
    merged = {
        name: [of_row[rows[r]] for r in parts_of(rows, name, separators)]
        for name in roll_ups(rows, separators)
    }
    if corpus.terms.with_roots:  # no head is asked about the root words in them
        words = [places for name, places in of_row.items() if name != POSS_CLITIC]
        merged |= {UAS: [of_row[ALL]], UAS_WITH_PUNCTUATION: words}
    for name, parts in merged.items():  # the first of all are among the first of each
        together = np.unique(np.concatenate(parts))
        of_row[name] = together[np.argsort(keys[own][together])][:count]
    return Sample(windows=window[own], anchors=(before - starts)[own], of_row=of_row)


def _listed(lists: Any) -> tuple[Array, Array]:
    """Of lists ``[window][anchor][any]`` the anchor, counted through all windows, and the value."""
    of_anchors = pc.list_flatten(lists)
    lengths = pc.list_value_length(of_anchors).to_numpy().astype(np.int64)
    values = pc.list_flatten(of_anchors).to_numpy().astype(np.int64)
    return np.repeat(np.arange(len(lengths)), lengths), values
