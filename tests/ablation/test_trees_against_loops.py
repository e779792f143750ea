"""Accuracies of later heads and UAS of a trained probe against loops (``naive_tree_counts``)."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections import Counter
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest
import torch
import transformers as tf
from naive_ablation import Head, Naive, Others, control_sets, entropies
from naive_columns import heads_of
from naive_tree_counts import ablated_maps, right_of_head, right_of_probe, tree_of
from splitmix import resampled

from probing.ablation.data import AblationData
from probing.encoder import Encoder
from probing.jobs.cli import main

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NEAREST, RESAMPLES, TARGETS = 2, 50, ["1-2", "1-1,2-4", "2-3"]
NAMED = {
    "det": ("2-3", "dep->head"), "nsubj": ("2-1", "both"), "obj": ("2-4", "head->dep"),
    "amod": ("1-2", "dep->head"),
}  # fmt: skip
WORDS = "the a of to cat dog he was in is sing".split()


def conllu(sentences: int) -> str:
    """Random trees over random words, many of one length in wordpieces."""
    rng, blocks = random.Random(7), []
    for _ in range(sentences):
        count = rng.choice([5, 5, 6])
        heads, lines = {1: 0}, []
        for word in range(2, count + 1):
            heads[word] = rng.randrange(1, word)
        for word in range(1, count + 1):
            name = rng.choice(["det", "nsubj", "obj", "amod", "punct"]) if heads[word] else "root"
            form = "." if name == "punct" else rng.choice(WORDS)
            lines.append(f"{word}\t{form}\t_\tX\t_\t_\t{heads[word]}\t{name}\t_\t_")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n\n"


def ran(script: str, *options: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        assert main(script, [*map(str, options), "--trainer.accelerator=cpu"]) == 0


@pytest.fixture(scope="module")
def trained(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a treebank, and a checkpoint of a probe that one epoch has trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "my.conllu").write_text(conllu(40))
    probe = "{attention: {class_path: probing.probes.AttentionProbe}}"
    ran(
        "train", "--config", CONFIGS / "dependency.yaml", "--model.encoder.name", tiny_bert,
        "--model.probes", probe, "--data.train", folder / "my.conllu", "--output", folder / "run",
        "--trainer.max_epochs=1",
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("how", ["mean", "zero"])
def test_every_column_of_trees(how: str, trained: Path, tiny_bert: Path, tmp_path: Path) -> None:
    checkpoint = trained / "run" / "checkpoints" / "last.ckpt"
    weights = Encoder(str(tiny_bert)).load().fingerprint
    best = {
        relation: {"head": head, "direction": direction, "accuracy": 0.5}
        for relation, (head, direction) in NAMED.items()
    }
    named = {"weights_sha256": weights, "best_heads": best}
    (tmp_path / "summary.json").write_text(json.dumps(named))
    ran(
        "evaluate", "--config", CONFIGS / "ablate.yaml", "--model.encoder.name", tiny_bert,
        "--data.test=null", "--data.pairs=null", "--data.treebank", trained / "my.conllu",
        "--ablation.best_heads", tmp_path, "--ablation.probes", checkpoint, "--ablation.how", how,
        "--ablation.nearest", NEAREST, "--ablation.resamples", RESAMPLES, "--heads", *TARGETS,
        "--data.batch_wordpieces=40", "--output", tmp_path / "o",
    )  # fmt: skip

    split = tf.AutoTokenizer.from_pretrained(tiny_bert)
    blocks = (trained / "my.conllu").read_text().strip().split("\n\n")
    trees = [
        tree_of(block.split("\n"), lambda word: split(word, add_special_tokens=False)["input_ids"])
        for block in blocks
    ]
    encoder = Encoder(str(tiny_bert)).load()
    same = AblationData(treebank=str(trained / "my.conllu"), tokenizer=encoder.tokenizer)
    same.setup("test")
    units = dict(zip((tuple(tree.ids) for tree in trees), same.parts[0].units, strict=True))
    if how == "mean":
        lengths = Counter(len(tree.ids) for tree in trees)
        trees = [tree for tree in trees if lengths[len(tree.ids)] >= 10]
        assert 10 <= len(trees) < 40
    model = tf.AutoModel.from_pretrained(tiny_bert, attn_implementation="eager")
    others = Others(Naive(model, how), [tree.ids for tree in trees], [])
    probe = torch.load(checkpoint, weights_only=True)["state_dict"]
    probe = {name.rsplit(".", 1)[-1]: value.double() for name, value in probe.items()}

    known: dict[tuple[Head, ...], list[Counts]] = {}

    def counts(heads: tuple[Head, ...]) -> list[Counts]:
        """Right and asked of each sentence, by outcome."""
        if heads not in known:
            maps = [
                ablated_maps(others.naive, tree.ids, heads, others.of(place))
                for place, tree in enumerate(trees)
            ]
            known[heads] = [
                [
                    right_of_head(tree, own[layer - 1][head - 1], relation, direction)
                    for tree, own in zip(trees, maps, strict=True)
                ]
                for relation, (name, direction) in NAMED.items()
                for layer, head in heads_of(name)
            ]
            known[heads].append(
                [
                    right_of_probe(tree, own, probe["weight"], probe["mix"])
                    for tree, own in zip(trees, maps, strict=True)
                ]
            )
        return known[heads]

    outcomes = [f"{relation} by {head}" for relation, (head, _) in NAMED.items()]
    outcomes.append("UAS of attention")
    report = tmp_path / "o" / "reports" / "test"
    with (report / "ablation.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [(line["outcome"], line["heads"]) for line in lines] == [
        (outcome, heads)
        for outcome in outcomes
        for heads in TARGETS
        if "by" not in outcome or (heads == "1-2" and "by 2" in outcome)  # of lower layers alone
    ]
    of_entropy = entropies(others.own)
    for line in lines:
        place, target = outcomes.index(line["outcome"]), heads_of(line["heads"])
        before, controls = counts(())[place], control_sets(target, of_entropy, NEAREST)
        compare(
            line,
            before,
            counts(target)[place],
            [counts(heads)[place] for heads in controls],
            [units[tuple(tree.ids)] for tree in trees],
        )


Counts = list[tuple[int, int]]
"""Right and asked, of each sentence."""


def share(found: Counts) -> float:
    return sum(right for right, _ in found) / sum(asked for _, asked in found)


def compare(
    line: dict[str, str], before: Counts, after: Counts, controls: list[Counts], units: list[int]
) -> None:
    """A line of ``ablation.csv``."""
    difference = share(after) - share(before)
    apart = [now[0] - was[0] for now, was in zip(after, before, strict=True)]
    asked = [own[1] for own in before]
    ends = np.percentile(resampled(apart, asked, units, RESAMPLES), [2.5, 97.5])
    found = [share(own) - share(before) for own in controls]
    rank = 1 + sum(own <= difference + 1e-12 for own in found)
    expected = {
        "items": sum(own > 0 for own in asked),
        "before": share(before),
        "after": share(after),
        "difference": difference,
        "low": ends[0],
        "high": ends[1],
        "units": len({unit for unit, own in zip(units, asked, strict=True) if own}),
        "control_mean": mean(found),
        "control_sd": stdev(found),
        "rank": rank,
        "sets": len(found),
        "p": rank / (1 + len(found)),
        "least_p": 1 / (1 + len(found)),
    }
    assert {name: float(line[name]) for name in expected} == pytest.approx(expected, abs=2e-9)
