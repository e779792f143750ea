"""Pure functions against plain loops in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from columns import listed
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from probing.core.maps import WholeMap
from probing.core.picking import (
    LONG_ROW,
    OFFSETS,
    anchor_rows,
    directed,
    offset_words,
    pick_word,
    select_loss,
    strongest,
    word_hits,
)
from probing.encoder.word_index import WordIndex
from probing.encoder.word_maps import AGGREGATIONS, WordMap, word_map

SPECIAL, PADDING = -1, -2

# Split and whole words between two special tokens; a shorter window; no special token at all;
# only a start token; only an end token; a single word; one special token and nothing else.
WINDOWS = [
    [-1, 0, 0, 1, 2, 2, 2, -1],
    [-1, 0, 1, 1, -1],
    [0, 1, 1, 2],
    [-1, 0, 0, 1],
    [0, 0, 0, -1],
    [0],
    [-1],
]


def padded(windows: Sequence[Sequence[int]], extra: int = 0) -> Tensor:
    length = max(map(len, windows)) + extra
    return torch.tensor([[*w, *[PADDING] * (length - len(w))] for w in windows])


def words_in(windows: Sequence[Sequence[int]]) -> int:
    return max(max(w) for w in windows) + 1


def random_maps(words_of: Tensor, *, heads: int = 2, seed: int = 0) -> Tensor:
    """Attention that padding gets none of, ``[B, H, T, T]`` in float64."""
    size, length = words_of.shape
    rng = torch.Generator().manual_seed(seed)
    # A window draws the same numbers however much padding stands behind it.
    logits = torch.zeros(size, heads, length, length, dtype=torch.float64)
    for b in range(size):
        n = int((words_of[b] > PADDING).sum())
        logits[b, :, :n, :n] = 2 * torch.randn(heads, n, n, generator=rng, dtype=torch.float64)
    return logits.masked_fill((words_of == PADDING)[:, None, None], -torch.inf).softmax(-1)


def groups_of(words_of: Sequence[int], width: int) -> list[list[int]]:
    """The wordpieces of each word, of the first and of the last special token."""
    real = [word for word in words_of if word != PADDING]
    groups = [[t for t, word in enumerate(real) if word == w] for w in range(width)]
    groups.append([0] if real[0] == SPECIAL else [])
    groups.append([len(real) - 1] if len(real) > 1 and real[-1] == SPECIAL else [])
    return groups


def naive_word_map(
    weights: list[list[float]], groups: list[list[int]], rows: Callable[[list[float]], float]
) -> list[list[float]]:
    """Sum over the wordpieces of the column's word, ``rows`` over those of the row's word."""
    return [
        [rows([sum(weights[t][u] for u in to) for t in of]) if of else 0.0 for to in groups]
        for of in groups
    ]


def shares_of(word_map: list[list[float]], aggregation: str) -> list[list[float]]:
    """Each row over its sum, where that is done."""
    if aggregation != "max-renormalised":
        return word_map
    return [[value / (sum(row) or 1.0) for value in row] for row in word_map]


NAIVE_ROWS: dict[str, Callable[[list[float]], float]] = {
    "mean": lambda values: sum(values) / len(values),
    "first": lambda values: values[0],
    "max": max,
    "max-renormalised": max,
}


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("windows", [WINDOWS, *([w] for w in WINDOWS)], ids=str)
def test_word_map_is_sum_to_and_aggregate_from(windows: list[list[int]], aggregation: str) -> None:
    words_of, width = padded(windows), words_in(windows)
    weights = random_maps(words_of)
    found = word_map(weights, WordIndex(words_of, width), AGGREGATIONS[aggregation])
    expected = [
        [
            shares_of(
                naive_word_map(head, groups_of(w, width), NAIVE_ROWS[aggregation]), aggregation
            )
            for head in maps
        ]
        for w, maps in zip(words_of.tolist(), weights.tolist(), strict=True)
    ]
    assert found.shape == (len(windows), 2, width + 2, width + 2)
    torch.testing.assert_close(
        found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-6
    )


def test_aggregations_are_all_tested() -> None:
    assert set(NAIVE_ROWS) == set(AGGREGATIONS)


def test_word_map_takes_the_mean_unless_told_otherwise() -> None:
    """Trap 2: the released code takes the first wordpiece's row, the paper the mean."""
    words_of = padded(WINDOWS)
    index = WordIndex(words_of, words_in(WINDOWS))
    weights = random_maps(words_of)
    assert torch.equal(word_map(weights, index), word_map(weights, index, AGGREGATIONS["mean"]))
    assert not torch.equal(
        word_map(weights, index), word_map(weights, index, AGGREGATIONS["first"])
    )


def test_word_index_names_the_group_of_each_wordpiece() -> None:
    width = words_in(WINDOWS)
    words_of = padded(WINDOWS)
    index = WordIndex(words_of, width)
    for b, row in enumerate(words_of.tolist()):
        groups = groups_of(row, width)
        for t in range(len(row)):
            own = [g for g, pieces in enumerate(groups) if t in pieces]
            assert int(index.group_of[b, t]) == (own[0] if own else width + 2)
        assert index.membership.sizes[b].tolist() == [max(len(pieces), 1) for pieces in groups]
        firsts = [pieces[0] if pieces else len(row) for pieces in groups]
        assert index.membership.first_of[b].tolist() == firsts
        assert index.is_word[b].tolist() == [bool(pieces) for pieces in groups[:width]]


def test_a_special_token_in_the_middle_belongs_to_no_group() -> None:
    index = WordIndex(torch.tensor([[-1, 0, -1, 1, -1]]), 2)
    assert index.group_of.tolist() == [[2, 0, 4, 1, 3]]


@st.composite
def windows(draw: st.DrawFn) -> list[list[int]]:
    """One to four windows of words of one to three wordpieces, special tokens or none."""
    result = []
    for _ in range(draw(st.integers(1, 4))):
        pieces = draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
        words = [word for word, count in enumerate(pieces) for _ in range(count)]
        first, last = draw(st.booleans()), draw(st.booleans())
        result.append([SPECIAL] * first + words + [SPECIAL] * last)
    return result


@given(windows(), st.integers(0, 99))
def test_rows_of_words_sum_to_one(windows: list[list[int]], seed: int) -> None:
    words_of = padded(windows)
    maps = word_map(random_maps(words_of, seed=seed), WordIndex(words_of, words_in(windows)))
    for b, window in enumerate(windows):
        sums = maps[b, :, : max(window) + 1].sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-6)
        assert not maps[b, :, max(window) + 1 : words_in(windows)].any()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@given(windows=windows(), extra=st.integers(1, 4), wider=st.integers(0, 3))
def test_padding_changes_no_word_map(
    aggregation: str, windows: list[list[int]], extra: int, wider: int
) -> None:
    width = words_in(windows)
    alone, beside = padded(windows), padded(windows, extra)
    aggregate = AGGREGATIONS[aggregation]
    short = word_map(random_maps(alone), WordIndex(alone, width), aggregate)
    # What padding attends to, and how much, is garbage in a model.
    weights = random_maps(beside)
    weights[:, :, (beside == PADDING).all(0)] = 0.7
    long = word_map(weights, WordIndex(beside, width + wider), aggregate)
    kept = [*range(width), width + wider, width + wider + 1]
    torch.testing.assert_close(long[:, :, kept][..., kept], short, rtol=0, atol=1e-6)
    assert not long[:, :, width : width + wider].any()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@given(windows=windows(), data=st.data())
def test_the_order_of_a_batch_changes_no_word_map(
    aggregation: str, windows: list[list[int]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(windows))))
    words_of, width, aggregate = padded(windows), words_in(windows), AGGREGATIONS[aggregation]
    weights = random_maps(words_of)
    maps = word_map(weights, WordIndex(words_of, width), aggregate)
    moved = word_map(weights[order], WordIndex(words_of[order], width), aggregate)
    torch.testing.assert_close(moved, maps[order], rtol=0, atol=1e-12)


# ------------------------------------------------------ wordpieces of several words

Range = tuple[int, int]


@st.composite
def shared_windows(draw: st.DrawFn) -> list[list[Range]]:
    """Windows as the first and the last word of each wordpiece.

    Characters belong to one word, or to several that were written as one; wordpieces are
    stretches of characters, wherever words begin.
    """
    result = []
    for _ in range(draw(st.integers(1, 3))):
        characters: list[Range] = []
        count = 0
        for together in draw(st.lists(st.sampled_from([1, 1, 2, 3]), min_size=1, max_size=4)):
            length = draw(st.integers(1, 4))
            characters += [(count, count + together - 1)] * length
            count += together
        cuts = draw(st.lists(st.booleans(), min_size=len(characters), max_size=len(characters)))
        pieces: list[Range] = []
        start = 0
        for end, cut in enumerate(cuts, start=1):
            if cut or end == len(cuts):
                pieces.append((characters[start][0], characters[end - 1][1]))
                start = end
        specials = draw(st.tuples(st.booleans(), st.booleans()))
        result.append([(-1, -1)] * specials[0] + pieces + [(-1, -1)] * specials[1])
    return result


def naive_shared_map(
    weights: list[list[float]], pieces: list[Range], width: int, aggregation: str
) -> list[list[float]]:
    """The same definition as in the documentation, a loop for each sum."""
    real = len(pieces)
    share = [[0.0] * (width + 2) for _ in range(real)]
    for t, (first, last) in enumerate(pieces):
        if first >= 0:
            for w in range(first, last + 1):
                share[t][w] = 1 / (last - first + 1)
        elif t == 0:
            share[t][width] = 1.0
        elif t == real - 1:
            share[t][width + 1] = 1.0
    groups = range(width + 2)
    to = [
        [sum(share[u][g] * weights[t][u] for u in range(real)) for g in groups] for t in range(real)
    ]
    result = []
    for of in groups:
        own = [t for t in range(real) if share[t][of] > 0]
        if not own:
            row = [0.0] * len(groups)
        elif aggregation == "mean":
            whole = sum(share[t][of] for t in own)
            row = [sum(share[t][of] * to[t][g] for t in own) / whole for g in groups]
        elif aggregation == "first":
            row = to[own[0]]
        else:
            row = [max(to[t][g] for t in own) for g in groups]
        result.append(row)
    return result


def shared_index(windows: list[list[Range]]) -> WordIndex:
    firsts, lasts = ([[piece[k] for piece in window] for window in windows] for k in (0, 1))
    return WordIndex(padded(firsts), max(map(max, lasts)) + 1, padded(lasts))


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@given(windows=shared_windows(), seed=st.integers(0, 99))
def test_a_wordpiece_of_several_words_counts_for_each_with_its_share(
    aggregation: str, windows: list[list[Range]], seed: int
) -> None:
    index = shared_index(windows)
    weights = random_maps(index.words_of, seed=seed)
    found = word_map(weights, index, AGGREGATIONS[aggregation])
    expected = [
        [
            shares_of(naive_shared_map(head, window, index.width, aggregation), aggregation)
            for head in maps
        ]
        for window, maps in zip(windows, weights.tolist(), strict=True)
    ]
    torch.testing.assert_close(
        found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-6
    )
    if aggregation == "mean":
        for b, window in enumerate(windows):
            words = max(last for _, last in window) + 1
            sums = found[b, :, :words].sum(-1)
            torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-6)


def test_words_written_as_one_share_alike() -> None:
    """``de`` and ``le`` in ``du``, then ``do`` and ``n't`` in ``don`` and ``'t``."""
    index = shared_index([[(0, 1), (2, 3), (3, 3)]])
    members = index.membership
    assert members.pieces is not None
    assert members.shares is not None
    assert members.group.tolist() == [[0, 1, 2, 3, 3]]
    assert members.pieces.tolist() == [[0, 0, 1, 1, 2]]
    assert members.shares.tolist() == [[0.5, 0.5, 0.5, 0.5, 1]]
    assert members.sizes[0, :4].tolist() == [0.5, 0.5, 0.5, 1.5]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@given(windows=shared_windows(), seed=st.integers(0, 99), data=st.data())
def test_rows_and_columns_are_those_of_the_whole_map(
    aggregation: str, windows: list[list[Range]], seed: int, data: st.DataObject
) -> None:
    """Bit for bit, whether few words are asked for or many, and in any order."""
    index, aggregate = shared_index(windows), AGGREGATIONS[aggregation]
    if data.draw(st.booleans()):  # a batch in which no wordpiece is shared
        words_of = padded([[*range(len(window)), SPECIAL] for window in windows])
        index = WordIndex(words_of, words_in(words_of.tolist()))
    weights = random_maps(index.words_of, seed=seed).float()
    whole = word_map(weights, index, aggregate)
    count = data.draw(st.integers(0, index.width + 1))
    word = st.integers(0, index.width - 1)
    words = torch.tensor(
        [[data.draw(word) for _ in range(count)] for _ in windows], dtype=torch.long
    ).view(len(windows), count)
    own = WordMap(WholeMap(weights), index, aggregate)
    for b in range(len(windows)):
        assert torch.equal(own.rows(words)[b], whole[b][:, words[b]])
        assert torch.equal(own.columns(words)[b], whole[b].mT[:, words[b]])


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_nothing_changes_where_each_wordpiece_belongs_to_one_word(aggregation: str) -> None:
    """Bit for bit."""
    words_of, width = padded(WINDOWS), words_in(WINDOWS)
    weights, aggregate = random_maps(words_of).float(), AGGREGATIONS[aggregation]
    one, several = WordIndex(words_of, width), WordIndex(words_of, width, words_of.clone())
    assert torch.equal(word_map(weights, one, aggregate), word_map(weights, several, aggregate))


# --------------------------------------------------------------------------- picks


def naive_pick(scores: Sequence[float], allowed: Sequence[bool]) -> int | None:
    """The first of the highest-scoring allowed words; none if no score is above zero."""
    best, pick = 0.0, None
    for j, score in enumerate(scores):
        if allowed[j] and score > best:
            best, pick = score, j
    return pick


def booleans(width: int) -> st.SearchStrategy[list[bool]]:
    return st.lists(st.booleans(), min_size=width, max_size=width)


@given(st.data(), st.sampled_from([1, 2, 3, 4, 5, 6, LONG_ROW - 1, LONG_ROW, LONG_ROW + 1]))
def test_pick_word_is_the_first_highest_allowed_word(data: st.DataObject, width: int) -> None:
    # Few levels make many ties, and zeros make many anchors without a pick.
    level = st.sampled_from([0.0, 0.0, 0.25, 0.5])
    scores = data.draw(
        st.lists(st.lists(level, min_size=width, max_size=width), min_size=1, max_size=5)
    )
    allowed = data.draw(booleans(width))
    found, is_pick = pick_word(torch.tensor(scores), torch.tensor(allowed))
    assert found.shape == is_pick.shape == (len(scores),)
    assert is_pick.dtype == torch.bool
    picks = [naive_pick(row, allowed) for row in scores]
    assert is_pick.tolist() == [pick is not None for pick in picks]
    # Where there is no pick the index means nothing, but it is an index.
    assert all(0 <= index < width for index in found.tolist())
    expected = [index if pick is None else pick for index, pick in zip(found, picks, strict=True)]
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("scores", "allowed", "expected"),
    [
        ([0.2, 0.4, 0.4], [1, 1, 1], 1),  # the lowest index wins a tie
        ([0.4, 0.2, 0.4], [1, 1, 1], 0),
        ([0.4, 0.4, 0.4], [0, 1, 1], 1),  # among those that are allowed
        ([0.2, 0.9, 0.4], [1, 0, 1], 2),  # what is not allowed is no pick
        ([0.0, 0.0, 0.0], [1, 1, 1], None),  # nor is a maximum of zero
        ([0.0, 0.9, 0.0], [1, 0, 1], None),
        ([0.3, 0.3, 0.3], [0, 0, 0], None),  # nor anything where nothing is allowed
        ([0.0, 0.0, 0.0], [0, 0, 0], None),
        ([1e-30, 0.0, 0.0], [1, 1, 1], 0),
        ([0.0, 0.0, 1e-30], [1, 1, 1], 2),
        ([1.5, 2.5, 2.0], [1, 1, 1], 1),  # row plus column may exceed one
    ],
)
def test_pick_word_by_hand(scores: list[float], allowed: list[int], expected: int | None) -> None:
    found, is_pick = pick_word(torch.tensor(scores), torch.tensor(allowed).bool())
    assert bool(is_pick) is (expected is not None)
    if expected is not None:
        assert int(found) == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("width", [3, LONG_ROW])
def test_pick_word_takes_attention_of_any_precision(dtype: torch.dtype, width: int) -> None:
    scores = torch.zeros(2, width, dtype=dtype)
    scores[0, :3] = torch.tensor([0.5, 0.25, 0.5])
    found, is_pick = pick_word(scores, torch.arange(width) > 0)
    assert int(found[0]) == 2
    assert is_pick.tolist() == [True, False]


def test_pick_word_broadcasts_over_layers_and_heads() -> None:
    rng = torch.Generator().manual_seed(0)
    scores = (4 * torch.rand(2, 3, 2, 4, 5, generator=rng)).round() / 4  # [B, A, L, H, W]
    allowed = torch.rand(2, 3, 1, 1, 5, generator=rng) < 0.6
    found, is_pick = pick_word(scores, allowed)
    assert found.shape == is_pick.shape == (2, 3, 2, 4)
    for b, a, layer, head in torch.cartesian_prod(*map(torch.arange, found.shape)).tolist():
        pick = naive_pick(scores[b, a, layer, head].tolist(), allowed[b, a, 0, 0].tolist())
        assert bool(is_pick[b, a, layer, head]) == (pick is not None)
        if pick is not None:
            assert int(found[b, a, layer, head]) == pick
    assert is_pick.any()


@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([1, 2, 7, 8, 9, 33]), st.booleans())
def test_the_strongest_of_columns_is_found_where_they_lie(
    windows: int, heads: int, width: int, exact: bool
) -> None:
    rng = torch.Generator().manual_seed(windows + 10 * heads + 100 * width)
    dtype = torch.float64 if exact else torch.float32
    maps = (4 * torch.rand(windows, heads, width, width + 1, generator=rng, dtype=dtype)).round()
    found, weight = strongest(maps.mT - 1)
    assert found.shape == weight.shape == (windows, heads, width + 1)
    assert found.dtype == torch.int64
    for b, h, column in torch.cartesian_prod(*map(torch.arange, found.shape)).tolist():
        values = [float(maps[b, h, row, column]) - 1 for row in range(width)]
        assert float(weight[b, h, column]) == max(values)
        assert int(found[b, h, column]) == values.index(max(values))


def test_directed_is_row_column_and_their_sum() -> None:
    rng = torch.Generator().manual_seed(0)
    maps = torch.rand(2, 3, 2, 4, 4, generator=rng, dtype=torch.float64)
    anchors = torch.tensor([[2, 0, 2, 3, 1], [1, 1, 3, 0, 0]])
    rows, columns, both = directed(maps, anchors)
    assert rows.shape == columns.shape == both.shape == (2, 5, 3, 2, 4)
    for b, a, layer, head, j in torch.cartesian_prod(*map(torch.arange, rows.shape)).tolist():
        i = int(anchors[b, a])
        row, column = float(maps[b, layer, head, i, j]), float(maps[b, layer, head, j, i])
        assert float(rows[b, a, layer, head, j]) == row
        assert float(columns[b, a, layer, head, j]) == column
        assert float(both[b, a, layer, head, j]) == row + column


def test_anchor_rows_takes_any_number_of_middle_dimensions() -> None:
    scores = torch.arange(2 * 3 * 4).view(2, 3, 4)
    anchors = torch.tensor([[2, 2, 0], [0, 1, 2]])
    expected = [[scores[b, i].tolist() for i in row] for b, row in enumerate(anchors.tolist())]
    assert anchor_rows(scores, anchors).tolist() == expected


# --------------------------------------------------------------------------- the loss


def naive_loss(scores: Sequence[float], candidates: Sequence[bool], gold: Sequence[bool]) -> float:
    every = sum(math.exp(s) for s, c in zip(scores, candidates, strict=True) if c)
    right = sum(math.exp(s) for s, c, g in zip(scores, candidates, gold, strict=True) if c and g)
    return -math.log(right / every) if right else 0.0


def naive_slope(
    scores: Sequence[float], candidates: Sequence[bool], gold: Sequence[bool]
) -> list[float]:
    """What the loss's gradient is: probability among candidates minus that among gold ones."""
    right = [c and g for c, g in zip(candidates, gold, strict=True)]
    if not any(right):
        return [0.0] * len(scores)
    every = sum(math.exp(s) for s, c in zip(scores, candidates, strict=True) if c)
    chosen = sum(math.exp(s) for s, r in zip(scores, right, strict=True) if r)
    return [
        c * math.exp(s) / every - r * math.exp(s) / chosen
        for s, c, r in zip(scores, candidates, right, strict=True)
    ]


@given(st.data(), st.integers(1, 6))
def test_select_loss_and_its_gradient(data: st.DataObject, width: int) -> None:
    score = st.floats(-20, 20, width=32)
    scores = data.draw(st.lists(score, min_size=width, max_size=width))
    candidates, gold = data.draw(booleans(width)), data.draw(booleans(width))
    tensor = torch.tensor([[scores]], dtype=torch.float64, requires_grad=True)
    loss = select_loss(tensor, torch.tensor([[candidates]]), torch.tensor([[gold]]))
    loss.sum().backward()
    assert loss.shape == (1, 1)
    assert loss.item() == pytest.approx(naive_loss(scores, candidates, gold), abs=1e-9)
    assert tensor.grad is not None
    expected = naive_slope(scores, candidates, gold)
    assert tensor.grad.flatten().tolist() == pytest.approx(expected, abs=1e-9)


def test_one_gold_candidate_makes_it_the_cross_entropy() -> None:
    scores = torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([[0, 5, 2, 2], [1, 1, 3, 4], [0, 0, 5, 3]])
    gold = F.one_hot(target, 6).bool()
    loss = select_loss(scores, torch.ones_like(gold), gold)
    expected = F.cross_entropy(scores.flatten(0, 1), target.flatten(), reduction="none")
    torch.testing.assert_close(loss.flatten(), expected)


def test_padding_anchors_lose_nothing_and_pull_nothing() -> None:
    """An anchor that is padding has no candidates; its terms of the loss are both infinite."""
    scores = torch.tensor([[[1.0, 2.0, 3.0], [9.0, 9.0, 9.0]]], requires_grad=True)
    candidates = torch.tensor([[[True, True, True], [False, False, False]]])
    gold = torch.tensor([[[False, True, False], [False, False, False]]])
    loss = select_loss(scores, candidates, gold)
    assert loss[0, 1].item() == 0
    with torch.autograd.set_detect_anomaly(
        True
    ):  # no gradient that is not finite, also none that is lost
        select_loss(scores, candidates, gold).sum().backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
    assert scores.grad[0, 1].tolist() == [0, 0, 0]
    assert scores.grad[0, 0].abs().min() > 0


def test_select_loss_of_no_anchors() -> None:
    none = torch.zeros(0, 0, 1)
    assert select_loss(none, none.bool(), none.bool()).shape == (0, 0)


# --------------------------------------------------------------------------- fixed offsets


def test_offsets_are_those_of_the_report() -> None:
    assert [*range(-10, 0), *range(1, 11)] == list(OFFSETS)


@given(st.lists(st.integers(1, 13), min_size=1, max_size=3), st.integers(0, 99))
def test_offset_hits_and_nothing_outside_the_window(lengths: list[int], seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    size, width, most = len(lengths), max(lengths), 4
    # Gold on ROOT, on padding: neither is a position in the window.
    gold = torch.rand(size, most, width + 1, generator=rng) < 0.4
    anchors = torch.stack([torch.randint(n, (most,), generator=rng) for n in lengths])
    found = word_hits(offset_words(anchors, torch.tensor(lengths)), listed(gold))
    assert found.shape == (size, most, len(OFFSETS))
    for b, a in torch.cartesian_prod(torch.arange(size), torch.arange(most)).tolist():
        for k, offset in enumerate(OFFSETS):
            word = int(anchors[b, a]) + offset
            expected = 0 <= word < lengths[b] and bool(gold[b, a, word + 1])
            assert bool(found[b, a, k]) == expected


def test_offset_hits_of_no_anchors() -> None:
    gold_at, anchors = torch.zeros(0, 0, 1).long(), torch.zeros(0, 0).long()
    picked = offset_words(anchors, torch.zeros(0).long())
    assert word_hits(picked, gold_at).shape == (0, 0, len(OFFSETS))
