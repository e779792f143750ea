"""From windows to a batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.picking import NO_WORD, UNTOLD, offset_words, word_hits
from probing.core.terms import Terms
from probing.core.windows import Window
from probing.data.tasks.offsets import offsets_of

Array = NDArray[Any]


def collate(windows: Sequence[Window], rows: Sequence[str], terms: Terms, pad_id: int) -> EdgeBatch:
    """Pad windows into a batch; no windows make an empty batch that every part can take.

    Raises:
        ValueError: for windows without baselines, whose task names others than fixed offsets.
    """
    offsets = offsets_of(terms)
    if offsets is None and any(w.baselines is None for w in windows):
        raise ValueError("windows without baselines need fixed offsets as terms")
    pieces = [w.wordpieces for w in windows]
    size, width = len(windows), max((len(w.words) for w in windows), default=0)
    words_of = _padded([own.words_of for own in pieces], -2)
    last_of = class_of = None
    if any(own.last_of is not None for own in pieces):
        lasts = (own.words_of if own.last_of is None else own.last_of for own in pieces)
        last_of = _padded(list(lasts), -2)
    classes = [own.class_of for own in pieces]
    if any(own is not None for own in classes):
        class_of = np.tile(np.arange(width), (size, 1))
        for of_window, alike in zip(class_of, classes, strict=True):
            of_window[: len(alike or ())] = alike or ()
    lengths = torch.tensor([len(w.words) for w in windows], dtype=torch.long)
    anchors = _padded([w.anchors for w in windows], 0)
    counts = np.array([len(w.anchors) for w in windows], dtype=int)
    is_anchor = np.arange(anchors.shape[1]) < counts[:, None]  # [B, A]
    gold = chain.from_iterable(w.gold for w in windows)
    gold_at = _of_anchors(_padded([_once(own) for own in gold], -1), is_anchor, -1)
    candidates_at = kinds_at = for_probes = None
    if any(w.candidates is not None for w in windows):
        listed = _padded(list(chain.from_iterable(map(_candidates, windows))), -1)
        candidates_at = _of_anchors(listed, is_anchor, -1)
        if any(w.kinds is not None for w in windows):
            kinds = _padded(list(chain.from_iterable(map(_kinds, windows))), 0, np.int8)
            own_kinds = np.zeros(listed.shape, np.int8)
            own_kinds[:, : kinds.shape[1]] = kinds
            kinds_at = _of_anchors(own_kinds, is_anchor, 0)
    spans = None
    if any(w.spans is not None for w in windows):
        ends = np.array(list(chain.from_iterable(map(_spans, windows))), int).reshape(-1, 2)
        spans = _of_anchors(ends, is_anchor, 0)
    if any(not all(w.for_probes or ()) for w in windows):
        asked = _padded([_asked(w) for w in windows], 0, np.bool_)
        for_probes = torch.from_numpy(asked[:, : _end(asked)].copy())
    member = _of_anchors(_cells(windows, len(rows)), is_anchor, 0)
    baselines, picked = _baselines(windows, terms, gold_at, anchors, lengths, offsets)
    if picked is not None:
        picked = picked.masked_fill(~torch.from_numpy(is_anchor)[..., None], NO_WORD)
    return EdgeBatch(
        words=[list(w.words) for w in windows],
        rows=rows,
        terms=terms,
        ids=torch.from_numpy(_padded([own.ids for own in pieces], pad_id)),
        words_of=torch.from_numpy(words_of),
        lengths=lengths,
        width=width,
        anchors=torch.from_numpy(anchors),
        is_anchor=torch.from_numpy(is_anchor),
        gold_at=torch.from_numpy(gold_at),
        candidates_at=_tensor(candidates_at),
        member=torch.from_numpy(member),
        baselines=baselines,
        picked=picked,
        kinds_at=_tensor(kinds_at),
        spans=_tensor(spans),
        last_of=_tensor(last_of),
        class_of=_tensor(class_of),
        for_probes=for_probes,
        asked=_tensor(_asked_words(windows)),
    )


def _baselines(
    windows: Sequence[Window],
    terms: Terms,
    gold_at: Array,
    anchors: Array,
    lengths: Tensor,
    offsets: Sequence[int] | None,
) -> tuple[Tensor, Tensor | None]:
    """How right each baseline is about each anchor, and what it picks, where that is known."""
    size, picked = (*anchors.shape, len(terms.baselines)), None
    if offsets is None:
        baselines = torch.zeros(size, dtype=torch.float64)
    else:
        clips, gold = terms.clips_offsets, torch.from_numpy(gold_at)
        picked = offset_words(torch.from_numpy(anchors), lengths, offsets, clips=clips)
        baselines = word_hits(picked, gold)
        if clips:
            baselines |= (picked == NO_WORD) & (gold == 0).any(-1, keepdim=True)
    if any(w.baselines for w in windows):
        baselines = baselines.double()
    if any(w.picks is not None for w in windows):
        picked = torch.full(size, UNTOLD, dtype=torch.int32) if picked is None else picked
    for b, window in enumerate(windows):
        own = len(window.anchors), len(terms.baselines)
        if window.baselines is not None:
            shares = torch.tensor(window.baselines, dtype=torch.float64)
            baselines[b, : own[0]] = shares.view(own)
        if window.picks is not None and picked is not None:
            picked[b, : own[0]] = torch.tensor(window.picks, dtype=torch.int32).view(own)
    return baselines, picked


def _candidates(window: Window) -> Sequence[Sequence[int]]:
    """The columns that are candidates of each anchor, listed."""
    if window.candidates is not None:
        return window.candidates
    columns = range(len(window.words) + 1)
    return [[column for column in columns if column != own + 1] for own in window.anchors]


def _spans(window: Window) -> Sequence[Sequence[int]]:
    """The first and the last column of further candidates of each anchor; where none is, (1, 0)."""
    return [(1, 0)] * len(window.anchors) if window.spans is None else window.spans


def _kinds(window: Window) -> Sequence[Sequence[int]]:
    """The kinds of error of each anchor; none, where the window tells none."""
    return [()] * len(window.anchors) if window.kinds is None else window.kinds


def _asked(window: Window) -> Sequence[bool]:
    """Of which anchors probes are asked."""
    return [True] * len(window.anchors) if window.for_probes is None else window.for_probes


def _once(columns: Sequence[int]) -> Sequence[int]:
    """Columns in their order, each once."""
    return columns if len(columns) == 1 else sorted(set(columns))


def _end(asked: Array) -> int:
    """Behind the last anchor that is asked about in any window; ``asked [B, A]``."""
    places = np.flatnonzero(asked.any(0))
    return int(places[-1]) + 1 if len(places) else 0


def _padded(lists: Sequence[Sequence[int]], fill: int, dtype: type[np.generic] = np.int64) -> Array:
    """Numbers in as many rows as there are lists; ``fill`` behind the last of each."""
    counts = np.fromiter(map(len, lists), int, len(lists))
    found = np.full((len(lists), counts.max(initial=0)), fill, dtype)
    numbers = np.fromiter(chain.from_iterable(lists), dtype, counts.sum())
    found[np.arange(found.shape[1]) < counts[:, None]] = numbers
    return found


def _asked_words(windows: Sequence[Window]) -> Array | None:
    """The words of each window that probes are asked about, -1 behind them; ``None`` if all."""
    if all(window.candidates is None for window in windows):
        return None
    every = [range(len(w.words)) if w.candidates is None else w.asked or () for w in windows]
    return _padded(every, -1)


def _of_anchors(values: Array, is_anchor: Array, fill: int) -> Array:
    """``[B, A, any]`` of ``values [P, any]``, which are those of all anchors; else ``fill``."""
    found = np.full((*is_anchor.shape, values.shape[1]), fill, values.dtype)
    found[is_anchor] = values
    return found


def _cells(windows: Sequence[Window], rows: int) -> Array:
    """``[P, R]``: which rows each anchor of the windows counts in."""
    lists = list(chain.from_iterable(w.rows for w in windows))
    anchor = np.repeat(np.arange(len(lists)), np.fromiter(map(len, lists), int, len(lists)))
    found = np.zeros((len(lists), rows), np.bool_)
    found[anchor, np.fromiter(chain.from_iterable(lists), int, len(anchor))] = True
    return found


def _tensor(values: Array | None) -> Tensor | None:
    return None if values is None else torch.from_numpy(values)
