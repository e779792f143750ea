"""What heads and probes get right in trees while others are ablated, against other weights."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor

from probing.ablation.changes import ablating, zero
from probing.ablation.heads import HeadSet
from probing.ablation.others import changes_of
from probing.ablation.steps import TreeStep
from probing.ablation.trees import TreeCounts, Trees
from probing.core.errors import ProbingError
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe
from probing.surface.report.labels import NamedHead

NAMED = [
    NamedHead(2, 3, "det", 0.5, 0.1, "dep->head"),
    NamedHead(1, 2, "nsubj", 0.5, 0.1, "both"),
    NamedHead(2, 1, "obj", 0.5, 0.1, "head->dep"),
]


def judging(folder: Path, silenced: HeadSet | None = None) -> TreeCounts:
    """The model, or the same with heads of which nothing is projected; a probe made by a seed."""
    encoder = Encoder(str(folder)).load()
    for layer, head in silenced.heads if silenced else ():
        dense = encoder.model.encoder.layer[layer - 1].attention.output.dense
        dense.weight[:, (head - 1) * 8 : head * 8] = 0
    torch.manual_seed(3)
    module = ProbingModule(encoder, {"attention": AttentionProbe()})
    module.configure_model()
    for parameter in module.probes.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(4))
    return TreeCounts(module.eval(), NAMED)


@pytest.fixture(scope="module")
def trees(tiny_encoder: Encoder) -> Trees:
    data = DependencyData(test="builtin:documents=12,seed=5", tokenizer=tiny_encoder.tokenizer)
    return Trees(data.open("test"), wordpieces=200)


def counted(counts: TreeCounts, trees: Trees) -> tuple[Tensor, Tensor]:
    with torch.inference_mode():
        found = [counts(trees[indices].edges) for indices in trees.batches]
    return torch.cat([right for right, _ in found], 1), torch.cat([asked for _, asked in found], 1)


def test_ablated_heads_are_those_of_other_weights(trees: Trees, tiny_bert: Path) -> None:
    counts, sets = judging(tiny_bert), [HeadSet.of([(1, 1)]), HeadSet.of([(1, 3), (2, 2)])]
    step = TreeStep(counts, changes_of("zero", counts.judge.encoder, wordpieces=200, seed=0))
    with torch.inference_mode():
        found = [step(trees[indices], sets) for indices in trees.batches]
    values = torch.cat([own for own, _ in found], 2)
    weights = torch.cat([own for _, own in found], 1)
    whole, asked = counted(judging(tiny_bert), trees)
    assert torch.equal(values[:, 0], whole)
    assert torch.equal(weights, asked)
    for k, heads in enumerate(sets):
        expected, same = counted(judging(tiny_bert, heads), trees)
        assert torch.equal(same, asked)
        # A near tie may fall otherwise.
        assert (values[:, 1 + k] - expected).abs().sum(1).max() <= 1
        assert not torch.equal(values[0, 1 + k], whole[0])
    assert torch.equal(values[1, 1], whole[1])  # a head of the layer sees nothing of it
    with counts.judge.encoder.changed(ablating(sets[0], zero)):
        pass
    assert torch.equal(counted(counts, trees)[0], whole)  # nothing of it stays


def test_anchors_are_those_of_the_relation(trees: Trees, tiny_bert: Path) -> None:
    counts = judging(tiny_bert)
    _, asked = counted(counts, trees)
    order = [number for indices in trees.batches for number in indices]
    assert sorted(order) == [*range(len(trees.corpus))]
    rows = trees.corpus.census.rows
    for place, number in enumerate(order):
        [window] = trees.corpus.windows([number])
        own = Counter(rows[row] for of_anchor in window.rows for row in of_anchor)
        relations = [each.relation for each in NAMED]
        assert asked[:, place].tolist() == [own[name] for name in (*relations, "all")]


def test_outcomes_say_what_they_are_about(tiny_bert: Path) -> None:
    outcomes = judging(tiny_bert).outcomes
    assert [own.name for own in outcomes] == [
        "det by 2-3", "nsubj by 1-2", "obj by 2-1", "UAS of attention",
    ]  # fmt: skip
    assert [own.of_layer for own in outcomes] == [2, 1, 2, None]
    assert {own.worse for own in outcomes} == {"lower"}


def test_sentences_of_lengths_that_few_have_are_left_out(trees: Trees) -> None:
    lengths = Counter(trees.corpus.lengths.tolist())
    fewest = sorted(lengths.values())[-2]
    some = Trees(trees.corpus, wordpieces=200, fewest=fewest)
    kept = {number for indices in some.batches for number in indices}
    assert kept == {k for k, n in enumerate(trees.corpus.lengths.tolist()) if lengths[n] >= fewest}
    assert some.left_out[f"of a length that fewer than {fewest} have"] == len(trees) - len(kept)
    with pytest.raises(
        ProbingError, match=r"^--data\.treebank .*expected 1000 sentences of one length.*how zero"
    ):
        Trees(trees.corpus, wordpieces=200, fewest=1000)


def test_a_batch_has_the_sentences_of_its_length(trees: Trees) -> None:
    for indices in trees.batches:
        batch = trees[indices]
        [side] = batch.sides
        assert torch.equal(side.every[side.own], batch.edges.ids)
        length = batch.edges.ids.shape[1]
        assert len(side.every) == Counter(trees.corpus.lengths.tolist())[length]
