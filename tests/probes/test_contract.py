"""What every probe must do, whatever it computes. A new probe that is exported is covered."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from columns import with_cells
from every_probe import CLASSES, EXAMPLE
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.narrowing import narrowed, of_words
from probing.core.trees import gold_trees
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import Probe

Edges = tuple[EdgeBatch, Encoding]
MakeEdges = Callable[..., Edges]

SIZES = Sizes(layers=2, heads=3, hidden=8, embedding=6, vectors=5)
LENGTHS = (5, 2, 7, 1)
KINDS: dict[str, dict[str, Any]] = {
    "dependency": {},
    "coreference": {"gold": 3, "restricted": True, "shared": True, "few": True, "root": False},
    "causal": {"causal": True},
    "trees": {"trees": True},
}

pytestmark = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def configured(cls: type[Probe], seed: int = 0) -> Probe:
    probe = cls()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe.configure(SIZES)
    return probe


def loss_of(probe: Probe, batch: EdgeBatch, encoding: Encoding) -> Tensor:
    return probe.loss(probe.score(encoding, batch, name="mine"), batch)


def real_cells(batch: EdgeBatch) -> Tensor:
    """``[B, W, W+1]``: a word and a candidate, ROOT included."""
    candidates = torch.cat([torch.ones_like(batch.is_word[:, :1]), batch.is_word], 1)
    return batch.is_word[:, :, None] & candidates[:, None]


@pytest.fixture(params=KINDS)
def edges(request: pytest.FixtureRequest, random_edges: MakeEdges) -> Edges:
    return random_edges(1, lengths=LENGTHS, sizes=SIZES, **KINDS[request.param])


def test_scores_have_the_shape_and_are_finite(cls: type[Probe], edges: Edges) -> None:
    batch, encoding = edges
    scores = configured(cls)(encoding, batch)
    assert scores.shape == (len(LENGTHS), max(LENGTHS), max(LENGTHS) + 1)
    assert scores.dtype == torch.float32
    assert torch.isfinite(scores).all()
    chosen = configured(cls).score(encoding, batch, name="mine")
    for b, a in batch.is_anchor.nonzero().tolist():
        assert torch.equal(chosen[b, a], scores[b, int(batch.anchors[b, a])])


def test_scores_are_about_the_batch(
    cls: type[Probe], random_edges: MakeEdges, edges: Edges
) -> None:
    """A probe that reads nothing passes most of this suite; it is no probe."""
    batch, encoding = edges
    scores = configured(cls)(encoding, batch)
    real = scores[real_cells(batch)]
    assert float(real.detach().std()) > 1e-4
    _, other = random_edges(2, lengths=LENGTHS, sizes=SIZES)
    assert not torch.equal(configured(cls)(other, batch), scores)


def test_padding_changes_no_score_and_no_loss(
    cls: type[Probe], edges: Edges, pad: Callable[..., Edges]
) -> None:
    batch, encoding = edges
    probe, width = configured(cls), batch.width
    longer, wider = pad(batch, encoding, words=3, anchors=2)
    padded = probe(wider, longer)[:, :width, : width + 1]
    cells = real_cells(batch)
    torch.testing.assert_close(padded[cells], probe(encoding, batch)[cells], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(
        loss_of(probe, longer, wider), loss_of(probe, batch, encoding), rtol=1e-5, atol=1e-6
    )


def test_the_batch_around_a_window_changes_no_score(
    cls: type[Probe], edges: Edges, take: Callable[..., Edges]
) -> None:
    batch, encoding = edges
    probe = configured(cls)
    scores, cells = probe(encoding, batch), real_cells(batch)
    for order in ([3, 1, 0, 2], [2], [0, 0, 1]):
        part, its_encoding = take(batch, encoding, order)
        found = probe(its_encoding, part)[cells[order]]
        torch.testing.assert_close(found, scores[order][cells[order]], rtol=1e-5, atol=1e-6)


def test_which_words_ask_changes_no_score(cls: type[Probe], edges: Edges) -> None:
    """Scores of words that are no anchors are ignored; those of anchors depend on no other."""
    batch, encoding = edges
    probe = configured(cls)
    rng = torch.Generator().manual_seed(0)
    asks = batch.is_anchor & (torch.rand(batch.is_anchor.shape, generator=rng) < 0.5)
    assert 0 < asks.sum() < batch.is_anchor.sum()
    fewer = probe.score(encoding, replace(batch, is_anchor=asks), name="mine")
    every = probe.score(encoding, batch, name="mine")
    columns = torch.cat([torch.ones_like(batch.is_word[:, :1]), batch.is_word], 1)
    cells = asks[:, :, None] & columns[:, None]  # [B, A, W+1]
    torch.testing.assert_close(fewer[cells], every[cells], rtol=1e-5, atol=1e-6)
    losses = [
        probe.loss(scores, with_cells(batch, is_anchor=asks, gold=batch.gold & asks[:, :, None]))
        for scores in (fewer, every)
    ]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-6)


def test_how_windows_are_batched_changes_no_sum_of_losses(
    cls: type[Probe], random_edges: MakeEdges, take: Callable[..., Edges]
) -> None:
    """Means over several batches come out the same however they are cut."""
    batch, encoding = random_edges(1, lengths=LENGTHS, sizes=SIZES, trees=True)
    probe = configured(cls)
    sums = []
    for parts in ([range(len(LENGTHS))], [[0], range(1, len(LENGTHS))], [[k] for k in range(4)]):
        own = [take(batch, encoding, list(part)) for part in parts]
        sums.append(sum(loss_of(probe, *one).item() * int(probe.counted(one[0])) for one in own))
    assert sums[0] > 0
    assert sums == pytest.approx([sums[0]] * 3, rel=1e-4)


def test_words_that_nobody_asks_about_change_nothing(
    cls: type[Probe], random_edges: MakeEdges
) -> None:
    """To a probe that says so: neither scores, nor the loss."""
    if not cls.is_pairwise:
        pytest.skip("a probe that reads whole windows")
    kind = {"gold": 2, "restricted": True, "shared": True, "few": True}
    for root in (True, False):
        batch, encoding = random_edges(5, lengths=(9, 2, 12, 6), sizes=SIZES, root=root, **kind)
        gone = torch.zeros_like(batch.is_word)  # [B, W], words that stop being candidates
        gone[0, 3], gone[2, 1], gone[2, 7], gone[3, 0] = True, True, True, True
        candidates = batch.candidates.clone()
        candidates[..., 1:] &= ~gone[:, None]
        batch = with_cells(batch, candidates=candidates, gold=batch.gold & candidates)
        lists = []
        for b in range(4):
            asking = batch.anchors[b][batch.is_anchor[b]].tolist()
            columns = candidates[b].any(0).nonzero()[:, 0].tolist()
            lists.append(sorted({*asking, *(column - 1 for column in columns if column)}))
        most = max(map(len, lists))
        asked = torch.tensor([own + [-1] * (most - len(own)) for own in lists])
        assert sum(map(len, lists)) < batch.is_word.sum()
        batch = replace(batch, asked=asked)
        small = narrowed(batch)
        probe = configured(cls)
        whole = probe.score(encoding, batch, name="mine")
        scores = probe.score(of_words(encoding, small), small, name="mine")
        for b, a in batch.is_anchor.nonzero().tolist():
            columns = [0, *(place + 1 for place in lists[b])]
            own = candidates[b, a, columns]
            assert torch.equal(small.candidates[b, a, : len(columns)], own)
            assert not small.candidates[b, a, len(columns) :].any()
            assert torch.equal(small.gold[b, a, : len(columns)], batch.gold[b, a, columns])
            torch.testing.assert_close(
                scores[b, a, : len(columns)][own], whole[b, a, columns][own], rtol=1e-5, atol=1e-6
            )
        torch.testing.assert_close(
            probe.loss(scores, small), probe.loss(whole, batch), rtol=1e-5, atol=1e-6
        )


def test_only_declared_needs_are_read(cls: type[Probe], edges: Edges) -> None:
    batch, encoding = edges
    probe = configured(cls)
    assert set(probe.needs) <= {field.name for field in fields(Encoding)} - {"visible"}
    declared = Encoding(**{part: encoding.part(part) for part in probe.needs})
    assert torch.equal(probe(declared, batch), probe(encoding, batch))
    probe.head_weights(declared, batch)
    for part in probe.needs:  # what is declared is computed, so it had better be read
        with pytest.raises(ValueError, match=f"holds no '{part}'"):
            probe(replace(declared, **{part: None}), batch)


def test_inputs_are_left_as_they_are(cls: type[Probe], edges: Edges) -> None:
    batch, encoding = edges
    before = [
        (part, field.name, getattr(part, field.name).clone())
        for part in (batch, encoding)
        for field in fields(part)
        if isinstance(getattr(part, field.name), Tensor)
    ]
    probe = configured(cls)
    loss_of(probe, batch, encoding).backward()
    probe.head_weights(encoding, batch)
    for part, name, value in before:
        assert torch.equal(getattr(part, name), value), name


def test_every_parameter_gets_a_gradient(cls: type[Probe], random_edges: MakeEdges) -> None:
    batch, encoding = random_edges(1, lengths=LENGTHS, sizes=SIZES, trees=True)
    probe = configured(cls)
    loss_of(probe, batch, encoding).backward()
    for name, parameter in probe.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name


def test_the_loss_decreases(cls: type[Probe], edges: Edges) -> None:
    batch, encoding = edges
    probe = configured(cls)
    if not list(probe.parameters()):
        pytest.skip("nothing to train")
    first = loss_of(probe, batch, encoding).item()
    if not first and not gold_trees(batch).is_tree.any():
        pytest.skip("a probe that learns from trees, and there is none")
    optimizer = torch.optim.Adam(probe.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        with torch.autograd.set_detect_anomaly(True):  # as `--trainer.detect_anomaly true` does
            loss_of(probe, batch, encoding).backward()
        optimizer.step()
    assert loss_of(probe, batch, encoding).item() < 0.98 * first


def test_head_weights_are_one_for_each_direction_and_head(cls: type[Probe], edges: Edges) -> None:
    batch, encoding = edges
    weights = configured(cls).head_weights(encoding, batch)
    if weights is not None:
        assert weights.shape == (2, SIZES.layers, SIZES.heads)
        assert torch.isfinite(weights).all()


def test_an_empty_batch_has_no_loss_and_moves_nothing(
    cls: type[Probe], random_edges: MakeEdges, take: Callable[..., Edges], edges: Edges
) -> None:
    probe = configured(cls)
    for batch, encoding in (random_edges(0, lengths=(), sizes=SIZES), take(*edges, [])):
        loss = loss_of(probe, batch, encoding)
        assert loss.item() == 0
        weights = probe.head_weights(encoding, batch)
        assert weights is None or torch.isfinite(weights).all()
        if list(probe.parameters()):
            with torch.autograd.set_detect_anomaly(True):
                loss_of(probe, batch, encoding).backward()
        for parameter in probe.parameters():
            assert parameter.grad is None or not parameter.grad.any()


def test_a_state_dict_brings_the_probe_back(cls: type[Probe], edges: Edges) -> None:
    batch, encoding = edges
    probe, other = configured(cls, seed=0), configured(cls, seed=1)
    file = io.BytesIO()
    torch.save(probe.state_dict(), file)
    file.seek(0)
    if list(probe.parameters()):
        assert not torch.equal(other(encoding, batch), probe(encoding, batch))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(encoding, batch), probe(encoding, batch))


def test_a_probe_has_a_learning_rate_of_its_own(cls: type[Probe]) -> None:
    assert cls(learning_rate=0.5).learning_rate == 0.5
    assert cls().learning_rate > 0
    rates = [cls(learning_rate=0.5).rate_at(progress) for progress in (0, 0.25, 0.5, 0.75)]
    assert rates[0] == 0.5
    assert all(0 < rate <= 0.5 for rate in rates)


def test_no_parameter_before_the_sizes_are_known(cls: type[Probe]) -> None:
    """Nothing is built in a constructor, so a configuration can be read without a model."""
    assert not list(cls().parameters())


def test_a_probe_starts_the_same_whichever_others_it_trains_beside(
    cls: type[Probe], tiny_encoder: Encoder
) -> None:
    def start(*others: str, name: str = "mine") -> dict[str, Tensor]:
        probes = {other: CLASSES[i % len(CLASSES)]() for i, other in enumerate(others)}
        torch.manual_seed(3)
        module = ProbingModule(tiny_encoder, probes | {name: cls()})
        state = torch.get_rng_state()
        module.configure_model()
        assert torch.equal(torch.get_rng_state(), state)
        return {key: value.clone() for key, value in module.probes[name].state_dict().items()}

    alone, beside, renamed = start(), start("a", "b", "c"), start(name="other")
    for key, value in alone.items():
        assert torch.equal(beside[key], value), key
    random = [key for key, value in alone.items() if value.unique().numel() > 1]
    assert all(not torch.equal(renamed[key], alone[key]) for key in random)


def test_a_module_sizes_its_probes_once(cls: type[Probe], tiny_encoder: Encoder) -> None:
    module = ProbingModule(tiny_encoder, {"mine": cls()})
    module.configure_model()
    before = dict(module.probes["mine"].named_parameters())
    module.configure_model()
    after = dict(module.probes["mine"].named_parameters())
    assert before.keys() == after.keys()
    assert all(after[name] is parameter for name, parameter in before.items())


def test_the_example_is_as_short_as_the_docs_say(cls: type[Probe]) -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 40
