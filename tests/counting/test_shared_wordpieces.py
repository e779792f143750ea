"""Heads that pick classes of words, from wordpiece maps on, against plain loops in float64.

Words of a window share wordpieces in every way that there is: two or three have the very same
ones, one or several; neighbours share a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import pytest
import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch
from probing.core.head_picking import HeadPicking
from probing.core.layers import LayerRecord
from probing.core.maps import WholeMap
from probing.core.windows import Window, Wordpieces
from probing.counting.metrics import HeadAccuracy
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies
from probing.encoder.word_index import WordIndex
from probing.encoder.word_layers import WordMaps
from probing.encoder.word_maps import AGGREGATIONS

ROWS = ("all", "dep")
HEADS = 3
# What stands together: the words, and for each wordpiece its first and last word among them.
GROUPS: dict[str, tuple[int, list[tuple[int, int]]]] = {
    "alone": (1, [(0, 0)]),
    "split": (1, [(0, 0), (0, 0)]),
    "two alike": (2, [(0, 1)]),
    "two alike in pieces": (2, [(0, 1), (0, 1), (0, 1)]),
    "three alike": (3, [(0, 2), (0, 2)]),
    "in part": (2, [(0, 0), (0, 1)]),
    "in a chain": (3, [(0, 1), (1, 2)]),
    "two of three": (3, [(0, 2), (1, 2)]),
}


@dataclass(frozen=True)
class Made:
    """A window, and a layer's weights from wordpiece to wordpiece, ``[H, T, T]``."""

    window: Window
    weights: Tensor


def made(seed: int, *, causal: bool = False, mentions: bool = False) -> Made:
    rng = torch.Generator().manual_seed(seed)

    def below(n: int) -> int:
        return int(torch.randint(n, (), generator=rng))

    chosen = [list(GROUPS.values())[below(len(GROUPS))] for _ in range(2 + below(6))]
    starts = list(accumulate((words for words, _ in chosen), initial=0))
    width = starts.pop()
    groups = zip(starts, chosen, strict=True)
    pieces = [(start + a, start + b) for start, (_, own) in groups for a, b in own]
    first, last = [-1, *(a for a, _ in pieces), -1], [-1, *(b for _, b in pieces), -1]
    length = len(first)
    logits = 2 * torch.randn(HEADS, length, length, generator=rng)
    if causal:
        hidden = torch.ones(length, length).triu(1).bool()
        logits = logits.masked_fill(hidden, -torch.inf)
    anchors = list(range(width)) if width > 1 else []
    others = [[c for c in range(1, width + 1) if c != a + 1] for a in anchors]
    if mentions:  # some words only, several of them right
        others = [[c for c in own if below(3)] or own for own in others]
    gold = [sorted({own[below(len(own))] for _ in range(1 + 2 * mentions)}) for own in others]
    window = Window(
        words=[f"w{i}" for i in range(width)],
        wordpieces=Wordpieces(list(range(length)), first, last if last != first else None),
        anchors=anchors,
        gold=gold,
        candidates=others if mentions else None,
        rows=[[0, 1]] * len(anchors),
    )
    return Made(window, logits.softmax(-1))


def counted(
    windows: Sequence[Made], sizes: Sequence[int], *, causal: bool = False, by: str = "mean"
) -> dict[str, Tensor]:
    """In batches of these sizes."""
    metric, start = HeadAccuracy(), 0
    for size in sizes:
        some = windows[start : start + size]
        start += size
        batch = collate([m.window for m in some], ROWS, Dependencies.terms, 0)
        metric.update(batch, picked(batch, some, causal=causal, by=by).found)
    assert start == len(windows)
    return metric.compute()


def picked(batch: EdgeBatch, some: Sequence[Made], *, causal: bool, by: str) -> HeadPicking:
    length = batch.ids.shape[1]
    weights = torch.zeros(len(some), HEADS, length, length)
    for b, one in enumerate(some):
        own = one.weights.shape[1]
        weights[b, :, :own, :own] = one.weights
    picking = HeadPicking(batch)
    index = WordIndex(batch.words_of, batch.width, batch.last_of)
    shown = torch.ones(length, length).tril().bool().expand(len(some), 1, -1, -1)
    record = LayerRecord(
        1, WholeMap(weights), shown if causal else None, weights[..., :1], nn.Identity()
    )
    WordMaps(index, AGGREGATIONS[by], [picking]).take(record)
    return picking


def naive(windows: Sequence[Made], *, causal: bool) -> dict[str, Tensor]:
    """Word maps by their definition; classes as sets of words with one set of wordpieces."""
    counts = {
        "total": torch.zeros(2, dtype=torch.int64),
        "correct": torch.zeros(2, 3, 1, HEADS, dtype=torch.int64),
        "reachable": torch.zeros(2, 3, 1, dtype=torch.int64),
        "shared": torch.zeros(2, 2, dtype=torch.int64),
        "gold_mass": torch.zeros(2, 3, 1, HEADS, dtype=torch.float64),
    }
    for one in windows:
        pieces, width = one.window.wordpieces, len(one.window.words)
        last_of = pieces.last_of or pieces.words_of
        holders = [
            set(range(a, b + 1)) if a >= 0 else set()
            for a, b in zip(pieces.words_of, last_of, strict=True)
        ]
        held = [frozenset(t for t, own in enumerate(holders) if w in own) for w in range(width)]
        weights = one.weights.double().tolist()
        share = [1 / max(1, len(own)) for own in holders]
        maps = [
            [
                [
                    sum(share[s] * share[t] * head[s][t] for s in held[i] for t in held[j])
                    / sum(share[s] for s in held[i])
                    for j in range(width)
                ]
                for i in range(width)
            ]
            for head in weights
        ]
        for a, i in enumerate(one.window.anchors):
            gold = {column - 1 for column in one.window.gold[a]}
            columns = one.window.candidates
            allowed = [c - 1 for c in columns[a]] if columns else set(range(width)) - {i}
            classes = {held[j] for j in allowed} - {held[i]}
            counts["total"] += 1
            counts["shared"][:, 0] += any(held.count(held[j]) > 1 for j in gold)
            counts["shared"][:, 1] += all(held[j] == held[i] for j in gold)
            found = {j for j in gold if held[j] != held[i]}
            ahead = any(min(held[j]) <= max(held[i]) for j in found)
            behind = any(min(held[i]) <= max(held[j]) for j in found)
            sees = (ahead, behind, bool(found)) if causal else (bool(found),) * 3
            for d in range(3):
                counts["reachable"][:, d] += sees[d]
            for h, own in enumerate(maps):
                row, column = own[i], [own[j][i] for j in range(width)]
                both = [r + c for r, c in zip(row, column, strict=True)]
                for d, scores in enumerate((row, column, both)):
                    of_class = {c: scores[min(j for j in allowed if held[j] == c)] for c in classes}
                    best = max(of_class, key=lambda c: of_class[c], default=frozenset())
                    right = any(held[j] == best for j in gold) and of_class[best] > 0
                    counts["correct"][:, d, 0, h] += right
                    counts["gold_mass"][:, d, 0, h] += sum(scores[j] for j in gold)
    return counts


@pytest.mark.parametrize("mentions", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_heads_pick_classes(causal: bool, mentions: bool) -> None:
    windows = [made(seed, causal=causal, mentions=mentions) for seed in range(60)]
    expected = naive(windows, causal=causal)
    in_class, in_own = expected["shared"][0].tolist()
    assert 5 < in_own < in_class < int(expected["total"][0])  # there is something to see
    masses = expected.pop("gold_mass")
    for sizes in ([60], [1] * 60, [7, 1, 40, 12]):
        found = counted(windows, sizes, causal=causal)
        for name, value in expected.items():
            assert torch.equal(found[name], value), name
        torch.testing.assert_close(found["quantities"][..., 0], masses, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("by", ["first", "max"])
def test_other_aggregations_pick_classes_too(by: str) -> None:
    """An anchor whose gold shares its wordpieces is wrong, however rows are made."""
    windows = [made(seed) for seed in range(30)]
    whole, each = (counted(windows, sizes, by=by) for sizes in ([30], [1] * 30))
    for name in ("total", "correct", "reachable", "shared"):
        assert torch.equal(whole[name], each[name]), name
    assert torch.equal(whole["shared"], counted(windows, [30])["shared"])
    lost = whole["total"] - whole["shared"][:, 1]
    assert (whole["correct"] <= lost.view(-1, 1, 1, 1)).all()
    assert torch.equal(whole["reachable"], lost.view(-1, 1, 1).expand(-1, 3, 1))


def test_what_is_picked_is_the_right_word_of_its_class() -> None:
    """Words 1 and 2 are one; word 0 asks for the second, word 3 for neither."""
    window = Window(
        words=["a", "de", "le", "b"],
        wordpieces=Wordpieces([5, 6, 7], [0, 1, 3], [0, 2, 3]),
        anchors=[0, 3, 1],
        gold=[[3], [1], [3]],
        candidates=None,
        rows=[[0, 1]] * 3,
    )
    to_class = torch.tensor([[0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1]])
    one = Made(window, to_class.expand(HEADS, 3, 3))
    batch = collate([window], ROWS, Dependencies.terms, 0)
    found = picked(batch, [one], causal=False, by="mean").found
    assert found.words[0, :, 0, 0].tolist() == [[2] * HEADS, [1] * HEADS, [3] * HEADS]
    assert found.hits[0, :, 0, 0, 0].tolist() == [True, False, False]
    assert found.is_pick[0, :, 0].all()
    assert found.reachable[0, :, 0, 0].tolist() == [True, True, False]


def test_a_sentence_of_one_class_has_nothing_to_pick() -> None:
    window = Window(["de", "le"], Wordpieces([5], [0], [1]), [0, 1], [[2], [1]], None, [[0]] * 2)
    one = Made(window, torch.ones(HEADS, 1, 1))
    batch = collate([window], ROWS, Dependencies.terms, 0)
    found = picked(batch, [one], causal=False, by="mean").found
    assert not found.is_pick.any()
    assert not found.hits.any()
    metric = HeadAccuracy()
    metric.update(batch, found)
    counts = metric.compute()
    assert counts["total"].tolist() == [2, 0]
    assert counts["shared"].tolist() == [[2, 2], [0, 0]]
    assert not counts["correct"].any()
    assert not counts["reachable"].any()


def test_windows_without_shared_wordpieces_are_as_before() -> None:
    windows = [made(seed) for seed in range(80)]
    plain = [m for m in windows if m.window.wordpieces.last_of is None]
    apart = [m for m in windows if m.window.wordpieces.class_of is None]
    assert 0 < len(plain) < len(apart) < len(windows)
    batch = collate([m.window for m in apart], ROWS, Dependencies.terms, 0)
    assert batch.class_of is None
    assert torch.equal(batch.choices, batch.candidates[..., 1:])
    mixed = collate([m.window for m in windows], ROWS, Dependencies.terms, 0)
    assert mixed.class_of is not None
    for b, one in enumerate(windows):
        if one.window.wordpieces.class_of is None:
            assert torch.equal(mixed.choices[b], mixed.candidates[b, :, 1:])
    unshared = replace(mixed, class_of=None)
    assert (mixed.choices <= unshared.choices).all()
