"""Each probe's scores against a plain loop of its formula, and what a probe must not return."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import ProbingError
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe, Probe
from probing.probes.base import pick
from probing.probes.words_and_distance import position_features

Edges = tuple[EdgeBatch, Encoding]
MakeEdges = Callable[..., Edges]
SIZES = Sizes(layers=2, heads=3, hidden=8, embedding=6, vectors=5)
LENGTHS = (4, 2, 6)


@pytest.fixture
def edges(random_edges: MakeEdges) -> Edges:
    return random_edges(1, lengths=LENGTHS, sizes=SIZES)


def configured(probe: Probe) -> Any:
    """With random values everywhere, those that start at one or zero included."""
    rng = torch.Generator().manual_seed(7)
    probe.configure(SIZES)
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))
    return probe


def assert_scores(probe: Probe, edges: Edges, naive: Callable[[int, int, int], float]) -> None:
    """``naive(b, i, j)`` is the score of the ``j``-th word of window ``b``; -1 is ROOT."""
    batch, encoding = edges
    scores = probe(encoding, batch)
    for b, n in enumerate(LENGTHS):
        for i in range(n):
            found = scores[b, i, : n + 1].tolist()
            expected = [naive(b, i, j) for j in range(-1, n)]
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(left, right, strict=True))


def heads() -> list[tuple[int, int]]:
    return [(layer, head) for layer in range(SIZES.layers) for head in range(SIZES.heads)]


def root_maps(probe: Any, encoding: Encoding, b: int, i: int) -> tuple[list[float], list[float]]:
    """ROOT's value in each map and in each transposed map: ``start * A[CLS] + end * A[SEP]``."""
    start, end = probe.root.mix.tolist()
    maps, transposed = [], []
    for layer, head in heads():
        to_first, to_last, from_first, from_last = encoding.part("boundary")[
            b, layer, head, i
        ].tolist()
        maps.append(start * to_first + end * to_last)
        transposed.append(start * from_first + end * from_last)
    return maps, transposed


def test_attention_probe_is_a_weighted_sum_of_maps(edges: Edges) -> None:
    probe, (_, encoding) = configured(AttentionProbe()), edges
    attention = encoding.part("attention").tolist()
    own = [probe.weight[0, layer, head].item() for layer, head in heads()]
    transposed = [probe.weight[1, layer, head].item() for layer, head in heads()]

    def naive(b: int, i: int, j: int) -> float:
        if j < 0:
            maps, backwards = root_maps(probe, encoding, b, i)
        else:
            maps = [attention[b][layer][head][i][j] for layer, head in heads()]
            backwards = [attention[b][layer][head][j][i] for layer, head in heads()]
        return dot(own, maps) + dot(transposed, backwards)

    assert_scores(probe, edges, naive)


def test_attention_words_probe_is_a_linear_layer_over_each_pair_of_words(edges: Edges) -> None:
    """One layer with a bias over ``[W, W, 2V]``; with ROOT both vectors are zero."""
    probe, (_, encoding) = configured(AttentionWordsProbe()), edges
    attention = encoding.part("attention").tolist()
    vectors = encoding.part("vectors").tolist()
    layer_weight = torch.cat([probe.of_dependent, probe.of_head]).T.tolist()  # [2K, 2V]
    layer_bias = probe.bias.flatten().tolist()  # [2K]
    size, count = SIZES.vectors, len(heads())
    pairs: list[list[list[list[float]]]] = [
        [[[*dependent, *head] for head in words] for dependent in words] for words in vectors
    ]  # [B, W, W, 2V]

    def naive(b: int, i: int, j: int) -> float:
        if j < 0:
            pair = [0.0] * (2 * size)
            maps, backwards = root_maps(probe, encoding, b, i)
        else:
            pair = pairs[b][i][j]
            maps = [attention[b][layer][head][i][j] for layer, head in heads()]
            backwards = [attention[b][layer][head][j][i] for layer, head in heads()]
        weights = [
            dot(row, pair) + bias for row, bias in zip(layer_weight, layer_bias, strict=True)
        ]
        return dot(weights[:count], maps) + dot(weights[count:], backwards)

    assert_scores(probe, edges, naive)


def test_attention_words_weights_are_the_mean_over_pairs(edges: Edges) -> None:
    probe, (batch, encoding) = configured(AttentionWordsProbe()), edges
    vectors = encoding.part("vectors")
    layer_weight = torch.cat([probe.of_dependent, probe.of_head]).T.double()  # [2K, 2V]
    words = [vectors[b, i].double() for b, n in enumerate(LENGTHS) for i in range(n)]
    every = [
        layer_weight @ torch.cat([dependent, head]) + probe.bias.flatten()
        for dependent in words
        for head in words
    ]
    expected = (sum(every) / len(every)).view(2, SIZES.layers, SIZES.heads)
    torch.testing.assert_close(
        probe.head_weights(encoding, batch).double(), expected, rtol=1e-4, atol=1e-5
    )


def test_attention_probe_weights_are_its_own(edges: Edges) -> None:
    probe, (batch, encoding) = configured(AttentionProbe()), edges
    with torch.no_grad():
        probe.weight.zero_()
        probe.weight[1, 0, 2] = 1.0
    assert torch.equal(probe.head_weights(encoding, batch), probe.weight)
    scores, maps = probe(encoding, batch), encoding.part("attention")[:, 0, 2]
    torch.testing.assert_close(scores[:, :, 1:], maps.mT)  # transposed, first layer, third head


def naive_features(i: int, j: int, length: int) -> list[float]:
    if j < 0:
        return [0, 0, 0, 0, 0, 0, 0, 1]
    ahead = (j - i) / length if j > i else 0
    behind = (i - j) / length if j < i else 0
    return [ahead, behind, *(float(j - i == near) for near in (-2, -1, 0, 1, 2)), 0]


def test_position_features_are_those_of_the_paper_that_words_have() -> None:
    asked = [(i, n) for n in (4, 1, 7) for i in range(n)]
    words, lengths = (torch.tensor(column) for column in zip(*asked, strict=True))
    found = position_features(torch.arange(7) - words[:, None], lengths)
    assert found.shape == (12, 7, 7)
    for k, (i, n) in enumerate(asked):
        for j in range(n):
            *expected, of_root = naive_features(i, j, n)
            assert not of_root
            assert found[k, j].tolist() == pytest.approx(expected, abs=1e-6)


def test_position_features_of_no_words() -> None:
    none = torch.zeros(0, 7, dtype=torch.long)
    assert position_features(none, none[:, 0]).shape == (0, 7, 7)


@pytest.mark.parametrize("kind", [{}, {"few": True}, {"few": True, "shared": True, "root": False}])
def test_a_batch_knows_which_words_ask(random_edges: MakeEdges, kind: dict[str, Any]) -> None:
    batch, _ = random_edges(1, lengths=(4, 1, 6), **kind)
    rng = torch.Generator().manual_seed(0)
    some = batch.is_anchor & (torch.rand(batch.is_anchor.shape, generator=rng) < 0.6)
    for is_anchor in (batch.is_anchor, some):
        expected = torch.zeros(3, 6, dtype=torch.bool)
        for b, a in is_anchor.nonzero().tolist():
            expected[b, batch.anchors[b, a]] = True
        assert torch.equal(replace(batch, is_anchor=is_anchor).asks, expected)
    assert torch.equal(random_edges(1, lengths=())[0].asks, torch.zeros(0, 0, dtype=torch.bool))


def test_distance_words_probe_is_a_tanh_layer_over_words_and_distance(edges: Edges) -> None:
    probe, (_, encoding) = configured(DistanceWordsProbe(width=5)), edges
    vectors = encoding.part("vectors").tolist()
    of_dependent, of_head = probe.of_dependent.weight.tolist(), probe.of_head.weight.tolist()
    of_position, bias = probe.of_position.weight.tolist(), probe.of_position.bias.tolist()
    (output,) = probe.output.weight.tolist()

    def naive(b: int, i: int, j: int) -> float:
        zeros = [0.0] * SIZES.vectors
        dependent, head = (zeros, zeros) if j < 0 else (vectors[b][i], vectors[b][j])
        position = naive_features(i, j, LENGTHS[b])
        units = [
            math.tanh(
                dot(of_dependent[u], dependent)
                + dot(of_head[u], head)
                + dot(of_position[u], position)
                + bias[u]
            )
            for u in range(5)
        ]
        return dot(output, units)

    assert_scores(probe, edges, naive)


def test_distance_words_probe_scores_only_words_that_ask(random_edges: MakeEdges) -> None:
    batch, encoding = random_edges(1, lengths=LENGTHS, few=True, sizes=SIZES)
    scores = configured(DistanceWordsProbe(width=5))(encoding, batch)
    asking = {(b, int(batch.anchors[b, a])) for b, a in batch.is_anchor.nonzero().tolist()}
    assert 0 < len(asking) < sum(LENGTHS)
    for b, i in torch.cartesian_prod(torch.arange(3), torch.arange(batch.width)).tolist():
        assert bool(scores[b, i].any()) == ((b, i) in asking)


def test_the_distance_baseline_has_256_units_as_in_the_paper() -> None:
    probe = DistanceWordsProbe()
    probe.configure(SIZES)
    assert probe.output.weight.shape == (1, 256)
    assert probe.learning_rate == 0.002


# -------------------------------------------------------- trap 1: whose vector is whose


def singling_out(batch: EdgeBatch, encoding: Encoding, word: int) -> Encoding:
    """Attention is uniform and all vectors are zero but that of ``word`` in each window."""
    vectors = torch.zeros_like(encoding.part("vectors"))
    vectors[:, word] = 1.0
    pairs = batch.is_word[:, None, None, :, None] & batch.is_word[:, None, None, None]
    uniform = pairs.expand_as(encoding.part("attention")).float() / 10
    return replace(
        encoding,
        vectors=vectors,
        attention=uniform,
        boundary=torch.full_like(encoding.part("boundary"), 0.1),
    )


@pytest.mark.parametrize("word", range(4))
@pytest.mark.parametrize("cls", [AttentionWordsProbe, DistanceWordsProbe])
def test_a_probe_picks_the_word_whose_vector_it_likes(
    random_edges: MakeEdges, cls: type[Probe], word: int
) -> None:
    """In the released code ROOT's maps come first and its vector last, so a neighbour wins."""
    batch, encoding = random_edges(1, lengths=(5, 4), sizes=SIZES)
    probe: Any = configured(cls())
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.zero_()
        if cls is AttentionWordsProbe:
            probe.of_head.fill_(1.0)
            probe.root.mix.fill_(1.0)
        else:
            probe.of_head.weight.fill_(1.0)
            probe.output.weight.fill_(1.0)
    planted = singling_out(batch, encoding, word)
    scores = probe.score(planted, batch, name="mine")
    picks = pick(scores, batch.candidates)
    others = batch.is_anchor & (batch.anchors != word)  # a word is no candidate of its own
    assert others.sum() == batch.is_anchor.sum() - len(batch.words)
    assert (picks[others] == word + 1).all()
    liked = torch.arange(batch.width + 1) == word + 1
    assert (scores[batch.is_anchor][:, liked] > 0).all()
    assert not (scores * batch.candidates)[..., ~liked].any()


@pytest.mark.parametrize("word", range(4))
@pytest.mark.parametrize("cls", [AttentionWordsProbe, DistanceWordsProbe])
def test_a_probe_knows_which_word_is_the_dependent(
    random_edges: MakeEdges, cls: type[Probe], word: int
) -> None:
    batch, encoding = random_edges(1, lengths=(5, 4), sizes=SIZES)
    probe: Any = configured(cls())
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.zero_()
        if cls is AttentionWordsProbe:
            probe.of_dependent.fill_(1.0)
            probe.root.mix.fill_(1.0)
        else:
            probe.of_dependent.weight.fill_(1.0)
            probe.output.weight.fill_(1.0)
    scores = probe(singling_out(batch, encoding, word), batch)
    for b, n in enumerate((5, 4)):
        for i in range(n):
            assert scores[b, i, 0].item() == 0  # ROOT: the dependent's vector is zero, too
            assert bool((scores[b, i, 1 : n + 1] != 0).all()) == (i == word)


@pytest.mark.parametrize("direction", [0, 1], ids=["dep->head", "head->dep"])
def test_planted_gold_maps_are_found(random_edges: MakeEdges, direction: int) -> None:
    """One head's rows, or columns, point at the gold heads: UAS 100 after a little training."""
    batch, encoding = random_edges(4, lengths=(6, 9, 3, 7), sizes=SIZES)
    layer, head = 1, 2
    attention, boundary = encoding.part("attention").clone(), encoding.part("boundary").clone()
    attention[:, layer, head] = 0.01
    boundary[:, layer, head] = 0.0
    for b, a in batch.is_anchor.nonzero().tolist():
        i, gold = int(batch.anchors[b, a]), int(batch.gold[b, a].nonzero())
        if gold == 0:
            boundary[b, layer, head, i, 2 * direction] = 0.9
        elif direction == 0:
            attention[b, layer, head, i, gold - 1] = 0.9
        else:
            attention[b, layer, head, gold - 1, i] = 0.9
    planted = replace(encoding, attention=attention, boundary=boundary)
    golds = batch.gold.int().argmax(-1)
    assert (golds[batch.is_anchor] == 0).any()
    assert (golds[batch.is_anchor] > 0).any()

    def uas() -> float:
        picks = pick(probe.score(planted, batch, name="mine"), batch.candidates)
        return (picks == golds)[batch.is_anchor].double().mean().item()

    torch.manual_seed(0)
    probe = AttentionProbe()
    probe.configure(SIZES)
    assert uas() < 0.9
    optimizer = torch.optim.Adam(probe.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        probe.loss(probe.score(planted, batch, name="mine"), batch).backward()
        optimizer.step()
    assert uas() == 1.0
    weights = probe.head_weights(planted, batch)
    assert weights.argmax().item() == (direction * SIZES.layers + layer) * SIZES.heads + head


# ------------------------------------------------------------------- loss and picks


@pytest.mark.parametrize("kind", [{}, {"gold": 3, "restricted": True, "shared": True}])
def test_the_default_loss_is_a_mean_over_anchors(
    random_edges: MakeEdges, kind: dict[str, Any]
) -> None:
    batch, _ = random_edges(1, lengths=LENGTHS, sizes=SIZES, **kind)
    scores = torch.randn(batch.gold.shape, generator=torch.Generator().manual_seed(0))
    losses = []
    for b, a in batch.is_anchor.nonzero().tolist():
        columns = [c for c in range(batch.width + 1) if batch.candidates[b, a, c]]
        every = {c: math.exp(float(scores[b, a, c])) for c in columns}
        right = sum(p for c, p in every.items() if batch.gold[b, a, c])
        losses.append(-math.log(right / sum(every.values())) if right else 0.0)
    found = Probe().loss(scores, batch).item()
    assert found == pytest.approx(sum(losses) / len(losses), rel=1e-5)


def test_pick_is_the_first_best_candidate() -> None:
    rng = torch.Generator().manual_seed(0)
    scores = torch.randint(-2, 2, (4, 6, 5), generator=rng).float()  # many ties, some below zero
    candidates = torch.rand(4, 6, 5, generator=rng) < 0.7
    candidates[..., 4] = True
    found = pick(scores, candidates)
    for b in range(4):
        for a in range(6):
            columns = [c for c in range(5) if candidates[b, a, c]]
            assert int(found[b, a]) == max(columns, key=lambda c: (float(scores[b, a, c]), -c))
    assert pick(torch.zeros(0, 0, 1), torch.zeros(0, 0, 1).bool()).shape == (0, 0)


# ---------------------------------------------------------------------- bad probes


class Returning(Probe):
    """A probe that returns what it is told to."""

    def __init__(self, value: Callable[[EdgeBatch], Any]) -> None:
        super().__init__()
        self.value = value

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Any:
        return self.value(batch)


def shaped(batch: EdgeBatch, *, more: int = 0) -> Tensor:
    return torch.zeros(len(batch.words), batch.width, batch.width + 1 + more)


def test_a_probe_that_returns_zeros_is_fine(edges: Edges) -> None:
    batch, encoding = edges
    scores = Returning(shaped).score(encoding, batch, name="mine")
    assert scores.shape == batch.gold.shape


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (lambda b: shaped(b)[..., 1:], r"shape \(3, 6, 6\), expected \[B, W, W\+1\] = \(3, 6, 7\)"),
        (lambda b: shaped(b)[0], r"shape \(6, 7\), expected \[B, W, W\+1\] = \(3, 6, 7\)"),
        (lambda b: shaped(b, more=1), r"shape \(3, 6, 8\), expected .* \(3, 6, 7\)"),
        (lambda b: shaped(b).mT, r"shape \(3, 7, 6\), expected .* \(3, 6, 7\)"),
        (lambda b: shaped(b).long(), r"returned torch.int64, expected a tensor of floats"),
        (lambda b: shaped(b).bool(), r"returned torch.bool, expected a tensor of floats"),
        (lambda b: None, r"returned NoneType, expected a tensor of floats"),
        (lambda b: shaped(b).tolist(), r"returned list, expected a tensor of floats"),
        (lambda b: shaped(b) / 0, r"not finite, expected finite"),
        (lambda b: shaped(b) + torch.inf, r"not finite, expected finite"),
        (lambda b: shaped(b) - torch.inf, r"not finite, expected finite"),
    ],
)
def test_a_bad_probe_is_named_with_what_was_expected(
    edges: Edges, value: Callable[[EdgeBatch], Any], complaint: str
) -> None:
    batch, encoding = edges
    name = rf"^probe 'mine' \({__name__}\.Returning\) returned "
    with pytest.raises(ProbingError, match=name) as error:
        Returning(value).score(encoding, batch, name="mine")
    assert error.match(complaint)
    assert len(str(error.value).splitlines()) <= 2


def test_one_nan_is_enough_but_not_where_nothing_is_asked(random_edges: MakeEdges) -> None:
    batch, encoding = random_edges(1, lengths=(2, 4), sizes=SIZES)

    def nan_at(b: int, i: int, j: int) -> Callable[[EdgeBatch], Tensor]:
        def value(batch: EdgeBatch) -> Tensor:
            scores = shaped(batch)
            scores[b, i, j] = torch.nan
            return scores

        return value

    # A column of padding, a row of padding, and a word's own column: it is no candidate.
    for cell in ((0, 1, 3), (0, 3, 0), (1, 3, 4)):
        Returning(nan_at(*cell)).score(encoding, batch, name="mine")
    for cell in ((0, 0, 0), (0, 1, 1), (1, 3, 0), (1, 2, 4)):
        with pytest.raises(ProbingError, match="not finite"):
            Returning(nan_at(*cell)).score(encoding, batch, name="mine")


def test_a_probe_without_forward_says_so(edges: Edges) -> None:
    class Idle(Probe):
        pass

    batch, encoding = edges
    with pytest.raises(TypeError, match="Idle does not define forward"):
        Idle().score(encoding, batch, name="mine")


def test_reading_what_was_not_asked_for_names_the_remedy(edges: Edges) -> None:
    batch, encoding = edges
    probe = configured(AttentionProbe())
    with pytest.raises(ValueError, match=r"'boundary'.* must list it in `needs`"):
        probe(replace(encoding, boundary=None), batch)


def test_root_mixes_both_special_tokens_from_the_start() -> None:
    probe = AttentionProbe()
    probe.configure(SIZES)
    assert isinstance(probe.root.mix, nn.Parameter)
    assert probe.root.mix.shape == (2,)  # two scalars, shared by all heads and both directions
