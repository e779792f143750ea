"""The structural probe: its formulas, and that it finds distances where there are any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import ProbingError
from probing.core.trees import gold_trees, spanning_edges
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import StructuralProbe

SIZES = Sizes(layers=3, heads=1, hidden=12, embedding=4, layer_numbers=(2, 3, 5))
LENGTHS = (5, 1, 9, 2, 12)


def configured(**options: Any) -> StructuralProbe:
    probe = StructuralProbe(**options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        probe.configure(SIZES)
    return probe


def encode(batch: EdgeBatch, seed: int = 0) -> Encoding:
    rng = torch.Generator().manual_seed(seed)
    shape = (len(batch.lengths), SIZES.layers + 1, batch.width, SIZES.hidden)
    return Encoding(hidden=torch.randn(shape, generator=rng) + 3)


def planted(heads: list[int]) -> Tensor:
    """One dimension for each edge: a word lies one step from its head, ``[W, W]``.

    Words that are ``n`` edges apart differ by one in ``n`` dimensions: their squared distance.
    """
    points: dict[int, Tensor] = {0: torch.zeros(len(heads))}
    while len(points) <= len(heads):
        for word, head in enumerate(heads, start=1):
            if head in points and word not in points:
                step = torch.zeros(len(heads))
                step[word - 1] = float(head > 0)
                points[word] = points[head] + step
    return torch.stack([points[word + 1] for word in range(len(heads))])


@pytest.fixture
def trees(
    tree_heads: Callable[..., list[int]], tree_batch: Callable[..., EdgeBatch]
) -> tuple[EdgeBatch, list[list[int]]]:
    heads = [tree_heads(seed, n) for seed, n in enumerate(LENGTHS)]
    return tree_batch(heads), heads


@pytest.mark.parametrize(("layer", "index"), [(None, 3), (0, 0), (2, 1), (5, 3)])
def test_distances_are_those_of_the_formula(
    trees: tuple[EdgeBatch, list[list[int]]], layer: int | None, index: int
) -> None:
    batch, _ = trees
    encoding = encode(batch)
    probe = configured(layer=layer, rank=4)
    scores = probe.score(encoding, batch, name="mine").detach()
    found = probe.distances(scores, batch)
    for b, n in enumerate(LENGTHS):
        hidden = encoding.part("hidden")[b, index].double()
        for i in range(n):
            for j in range(n):
                apart = (hidden[i] - hidden[j]) @ probe.map.detach().double()
                assert float(found[b, i, j]) == pytest.approx(float(apart @ apart), abs=1e-4)
    assert torch.equal(found, found.mT)
    assert not torch.diagonal(found, dim1=1, dim2=2).any()


def test_no_word_picks_root(trees: tuple[EdgeBatch, list[list[int]]]) -> None:
    batch, _ = trees
    scores = configured()(encode(batch), batch)
    assert (scores[:, :, :1] < scores[:, :, 1:]).all()


def test_the_loss_is_that_of_the_paper(
    trees: tuple[EdgeBatch, list[list[int]]], tree_batch: Callable[..., EdgeBatch]
) -> None:
    _, heads = trees
    no_tree = [0, 0, 2]
    batch = tree_batch([*heads, no_tree])
    probe, encoding = configured(), encode(batch)
    scores = probe.score(encoding, batch, name="mine").detach()
    distances, gold = probe.distances(scores, batch), gold_trees(batch).distances
    losses = []
    for b, n in enumerate(LENGTHS):
        wrong = sum(
            abs(float(distances[b, i, j]) - int(gold[b, i, j])) for i in range(n) for j in range(n)
        )
        losses.append(wrong / n**2)
    assert float(probe.loss(scores, batch)) == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    assert int(probe.counted(batch)) == len(losses)
    alone = tree_batch([no_tree])
    lone = probe.score(encode(alone), alone, name="mine")
    assert probe.loss(lone, alone).item() == 0


def test_planted_distances_are_found_through_a_rotation(
    trees: tuple[EdgeBatch, list[list[int]]],
) -> None:
    batch, heads = trees
    rng = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(12, 12, generator=rng))[0]
    hidden = torch.zeros(len(heads), 1, batch.width, 12)
    for b, of_window in enumerate(heads):
        hidden[b, 0, : len(of_window), : len(of_window)] = planted(of_window)
    hidden = hidden @ turn * 2
    sizes = Sizes(layers=0, heads=1, hidden=12, embedding=4)
    probe = StructuralProbe(layer=0)
    torch.manual_seed(0)
    probe.configure(sizes)
    encoding, gold = Encoding(hidden=hidden), gold_trees(batch)

    with torch.no_grad():
        exact = StructuralProbe(layer=0)
        exact.configure(sizes)
        exact.map.copy_(torch.eye(12) / 2)
        found = exact.distances(exact.score(encoding, batch, name="mine"), batch)
        assert float((found - gold.distances).abs().max()) < 1e-4

    optimizer = torch.optim.Adam(probe.parameters(), lr=0.05)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 600)
    for _ in range(600):
        optimizer.zero_grad()
        probe.loss(probe.score(encoding, batch, name="mine"), batch).backward()
        optimizer.step()
        rate.step()
    with torch.no_grad():
        found = probe.distances(probe.score(encoding, batch, name="mine"), batch)
    assert float((found - gold.distances).abs().max()) < 0.1
    assert torch.equal(
        spanning_edges(found, batch.is_word), spanning_edges(gold.distances, batch.is_word)
    )


def test_all_layers_are_a_probe_each(tiny_bert: Path) -> None:
    """The same as if each was asked for, whatever the number of layers; seeds come last."""
    encoder = Encoder(str(tiny_bert), layers=[2])
    every = StructuralProbe(layer="all", rank=3, learning_rate=0.5)
    torch.manual_seed(1)
    several = ProbingModule(encoder, {"s": every, "t": StructuralProbe()}, seeds=[4, 9])
    several.configure_model()
    names = ["s_0@4", "s_2@4", "s_0@9", "s_2@9", "t@4", "t@9"]
    assert list(several.probes) == list(several.losses) == names
    each = {f"s_{layer}": StructuralProbe(layer=layer, rank=3) for layer in (0, 2)}
    alone = ProbingModule(encoder, each, seeds=[9])
    alone.configure_model()
    for name, probe in alone.probes.items():
        own: Any = several.probes[name]
        assert (own.layer, own.learning_rate) == (int(name[2]), 0.5)
        assert torch.equal(own.map, probe.map)
    assert [len(group["params"]) for group in several.configure_optimizers().param_groups] == [
        1
    ] * 6


def test_all_layers_leave_no_room_for_another_of_their_name(tiny_encoder: Encoder) -> None:
    probes = {"s_1": StructuralProbe(layer=1), "s": StructuralProbe(layer="all")}
    for order in (probes, dict(reversed(probes.items()))):
        with pytest.raises(ProbingError, match=r"probe 's' stands for s_0, .*; another is .* s_1"):
            ProbingModule(tiny_encoder, dict(order)).configure_model()


def test_what_is_refused_is_named(tiny_encoder: Encoder) -> None:
    module = ProbingModule(tiny_encoder, {"mine": StructuralProbe(layer=7)})
    with pytest.raises(ProbingError, match=r"^probe 'mine': a structural probe of layer 7: "):
        module.configure_model()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"layer": 4}, "layer 4: expected one of 0, 2, 3, 5"),
        ({"rank": 13}, "rank 13: expected a rank from 1 to 12"),
        ({"rank": 0}, "rank 0: expected"),
    ],
)
def test_what_the_encoder_does_not_have_is_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(ProbingError, match=said):
        configured(**options)
