"""From windows to a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from probing.core.batches import EdgeBatch
from probing.core.picking import offset_hits
from probing.core.terms import Terms
from probing.core.windows import Window
from probing.data.tasks.offsets import offsets_of


def collate(windows: Sequence[Window], rows: Sequence[str], terms: Terms, pad_id: int) -> EdgeBatch:
    """Pad windows into a batch; no windows make an empty batch that every part can take.

    Raises:
        ValueError: for windows without baselines, whose task names others than fixed offsets.
    """
    offsets = offsets_of(terms)
    if offsets is None and any(w.baselines is None for w in windows):
        raise ValueError("windows without baselines need fixed offsets as terms")
    size = len(windows)
    length = max((len(w.wordpieces.ids) for w in windows), default=0)
    width = max((len(w.words) for w in windows), default=0)
    most = max((len(w.anchors) for w in windows), default=0)
    ids = torch.full((size, length), pad_id)
    words_of = torch.full((size, length), -2)
    is_shared = any(w.wordpieces.last_of is not None for w in windows)
    last_of = words_of.clone() if is_shared else None
    classes = [w.wordpieces.class_of for w in windows]
    are_alike = any(own is not None for own in classes)
    class_of = torch.arange(width).repeat(size, 1) if are_alike else None
    lengths = torch.tensor([len(w.words) for w in windows], dtype=torch.long)
    anchors = torch.zeros(size, most, dtype=torch.long)
    is_anchor = torch.zeros(size, most, dtype=torch.bool)
    gold_at = _padded([[sorted(set(gold)) for gold in w.gold] for w in windows], most)
    listed = [w.candidates for w in windows]
    kinds = [w.kinds for w in windows]
    candidates_at = kinds_at = None
    if any(own is not None for own in listed):
        candidates_at = _padded([_candidates(window) for window in windows], most)
        if any(own is not None for own in kinds):
            kinds_at = torch.zeros_like(candidates_at, dtype=torch.int8)
    member = torch.zeros(size, most, len(rows), dtype=torch.bool)
    are_apart = any(not all(w.for_probes or ()) for w in windows)
    for_probes = is_anchor.clone() if are_apart else None
    for b, window in enumerate(windows):
        count = len(window.anchors)
        ids[b, : len(window.wordpieces.ids)] = torch.tensor(window.wordpieces.ids)
        words_of[b, : len(window.wordpieces.ids)] = torch.tensor(window.wordpieces.words_of)
        if last_of is not None:
            last = window.wordpieces.last_of
            pieces = torch.tensor(window.wordpieces.words_of if last is None else last)
            last_of[b, : len(pieces)] = pieces
        if class_of is not None and (own := classes[b]) is not None:
            class_of[b, : len(own)] = torch.tensor(own)
        anchors[b, :count] = torch.tensor(window.anchors, dtype=torch.long)
        is_anchor[b, :count] = True
        if for_probes is not None:
            asked = window.for_probes
            for_probes[b, :count] = True if asked is None else torch.tensor(asked)
        member[b][_cells(window.rows)] = True
        if kinds_at is not None:
            for a, of_anchor in enumerate(window.kinds or ()):
                kinds_at[b, a, : len(of_anchor)] = torch.tensor(of_anchor, dtype=torch.int8)
    if offsets is not None:
        baselines = offset_hits(gold_at, anchors, lengths, offsets).double()
    else:
        baselines = torch.zeros(size, most, len(terms.baselines), dtype=torch.float64)
    for b, window in enumerate(windows):
        if window.baselines is not None:
            shares = torch.tensor(window.baselines, dtype=torch.float64)
            baselines[b, : len(window.anchors)] = shares.view(
                len(window.anchors), len(terms.baselines)
            )
    return EdgeBatch(
        words=[list(w.words) for w in windows],
        rows=rows,
        terms=terms,
        ids=ids,
        words_of=words_of,
        lengths=lengths,
        width=width,
        anchors=anchors,
        is_anchor=is_anchor,
        gold_at=gold_at,
        candidates_at=candidates_at,
        member=member,
        baselines=baselines,
        kinds_at=kinds_at,
        last_of=last_of,
        class_of=class_of,
        for_probes=None if for_probes is None else for_probes[:, : _end(for_probes)],
        asked=_asked(windows),
    )


def _candidates(window: Window) -> Sequence[Sequence[int]]:
    """The columns that are candidates of each anchor, listed."""
    if window.candidates is not None:
        return window.candidates
    columns = range(len(window.words) + 1)
    return [[column for column in columns if column != own + 1] for own in window.anchors]


def _end(asked: Tensor) -> int:
    """Behind the last anchor that is asked about in any window; ``asked [B, A]``."""
    places = asked.any(0).nonzero()  # [any, 1]
    return int(places[-1]) + 1 if len(places) else 0


def _padded(windows: Sequence[Sequence[Sequence[int]]], anchors: int) -> Tensor:
    """Columns of each anchor of each window, ``[B, A, most]``; -1 behind the last of them."""
    most = max((len(columns) for window in windows for columns in window), default=0)
    found = np.full((len(windows), anchors, most), -1)
    for of_window, window in zip(found, windows, strict=True):
        for of_anchor, columns in zip(of_window, window, strict=False):
            of_anchor[: len(columns)] = columns
    return torch.from_numpy(found)


def _asked(windows: Sequence[Window]) -> Tensor | None:
    """The words of each window that probes are asked about, -1 behind them; ``None`` if all."""
    if all(window.candidates is None for window in windows):
        return None
    own = [w.asked if w.candidates is not None else range(len(w.words)) for w in windows]
    lists = [torch.tensor(words or (), dtype=torch.long) for words in own]
    return pad_sequence(lists, batch_first=True, padding_value=-1)


def _cells(lists: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Indices of the true cells of a boolean matrix given by the columns of each row."""
    first = [a for a, columns in enumerate(lists) for _ in columns]
    second = [column for columns in lists for column in columns]
    return torch.tensor(first, dtype=torch.long), torch.tensor(second, dtype=torch.long)
