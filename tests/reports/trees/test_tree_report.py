"""A whole report on an encoder whose maps are the gold trees: everything it says is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import torch
from picked import layers_of
from pytorch_lightning import Trainer
from trainers import quiet_trainer

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.layers import Collector, WordLayer
from probing.core.trees import gold_trees
from probing.counting.trees.metrics import DISTANCE_ROWS, LENGTH_ROWS
from probing.data import CoreferenceData, DependencyData
from probing.encoder import Encoder
from probing.jobs.checks import check_trees
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe
from probing.reports.ledger import Ledger
from probing.reports.report import Report
from probing.reports.trees.report import TreeReport

NUMBER, HEAD = 2, 2  # the layer as the model numbers it; the head counted from zero
GENERATED = "builtin:documents=3,seed={}"
CASES: dict[str, tuple[str, list[int] | None]] = {
    "rows": ("dep->head", None),
    "columns": ("head->dep", None),
    "rows and columns": ("both", None),
    "one layer": ("dep->head", [2]),
}


class Planted(ProbingModule):
    """One head of its encoder has the edges of the gold trees; the others are noise.

    In ``direction`` alone: each word attends to its head, or its head attends to it, or every
    other word is of one sort and the rest are of the other.
    """

    direction = "dep->head"

    def encode(
        self,
        batch: EdgeBatch,
        *,
        extra: Iterable[str] = (),
        collectors: Mapping[str, Sequence[Collector[WordLayer]]] = MappingProxyType({}),
    ) -> dict[str, Encoding]:
        sizes, width = self.encoder.sizes, batch.width
        rng = torch.Generator().manual_seed(int(batch.ids.sum()))
        shape = (len(batch.lengths), sizes.layers, sizes.heads, width)
        maps = torch.rand(*shape, width, generator=rng) / 100
        boundary = torch.zeros(*shape, 4)
        layer = sizes.layer_numbers.index(NUMBER)
        maps[:, layer, HEAD] = 0.001
        for window, heads in enumerate(gold_trees(batch).heads.tolist()):
            for word, head in enumerate(heads[: int(batch.lengths[window])]):
                if head == 0:
                    boundary[window, layer, HEAD, word, [0, 2]] = 0.9  # to and from the first
                    continue
                from_head = self.direction == "head->dep" or (self.direction == "both" and word % 2)
                place = (head - 1, word) if from_head else (word, head - 1)
                # Of its edges in both directions, that to its head must be the strongest.
                weaker = depth(heads, word) / 100 if self.direction == "both" else 0
                maps[window, layer, HEAD, *place] = 0.89 - weaker
        encoding = Encoding(attention=maps, boundary=boundary)
        for number, of_words in zip(sizes.layer_numbers, layers_of(batch, encoding), strict=True):
            for collector in collectors.get("main", ()):
                collector.take(replace(of_words, number=number))
        return {"main": encoding}


def depth(heads: list[int], word: int) -> int:
    """How many edges lead from a word, counted from zero, to the root of its tree."""
    return 0 if heads[word] == 0 else 1 + depth(heads, heads[word] - 1)


@pytest.fixture(scope="module", params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[str, list[int] | None]:
    found: tuple[str, list[int] | None] = request.param
    return found


@pytest.fixture(scope="module")
def folder(
    case: tuple[str, list[int] | None], tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    root = tmp_path_factory.mktemp("planted")
    direction, layers = case
    module = planted(Encoder(str(tiny_bert), layers=layers))
    module.direction = direction
    probe: Any = module.probes["attention"]
    with torch.no_grad():
        probe.weight.zero_()
        layer = module.encoder.sizes.layer_numbers.index(NUMBER)
        probe.weight[
            {"dep->head": [0], "head->dep": [1], "both": [0, 1]}[direction], layer, HEAD
        ] = 50
    trainer, _ = trainer_in(root)
    data = generated(module, val=1, test=2)
    trainer.validate(module, datamodule=data, verbose=False)
    trainer.test(module, datamodule=data, verbose=False)
    return root / "reports" / "test"


def planted(encoder: Encoder) -> Planted:
    module = Planted(encoder.load(), {"attention": AttentionProbe()})
    module.configure_model()
    return module


def generated(module: Planted, **seeds: int) -> DependencyData:
    sources: Any = {split: GENERATED.format(seed) for split, seed in seeds.items()}
    return DependencyData(**sources, tokenizer=module.encoder.tokenizer)


def trainer_in(root: Path, **options: Any) -> tuple[Trainer, Ledger]:
    """A trainer that reports on trees into a folder, and its ledger."""
    ledger = Ledger()
    return quiet_trainer(root, Report(ledger), TreeReport(ledger), **options), ledger


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_probe_and_the_best_head_find_every_head(
    folder: Path, case: tuple[str, list[int] | None]
) -> None:
    best = [line for line in lines(folder / "heads.csv") if line["relation"] == "all"]
    best = [line for line in best if line["accuracy"] == "1.000000"]
    assert [(b["direction"], b["layer"], b["head"]) for b in best] == [(case[0], "2", "3")]
    attention = [line for line in lines(folder / "probes.csv") if line["probe"] == "attention"]
    assert {line["accuracy"] for line in attention} == {"1.000000"}


def test_so_do_their_trees(folder: Path) -> None:
    trees = lines(folder / "trees.csv")
    assert {line["probe"] for line in trees} == {"attention", "best-head"}
    for line in trees:
        root = line["probe"] == "best-head" and line["relation"] == "root"
        if line["probe"] == "attention" or line["relation"] not in ("root", "all"):
            assert line["accuracy"] == "1.000000", line
        assert not root or line["correct"] == "0"  # given, and so no merit
    found = {line["probe"]: line for line in lines(folder / "uuas.csv")}
    assert {name for name, line in found.items() if line["uuas"] == "1.000000"} == {
        "attention",
        "best-head",
    }
    assert found["attention"]["left_out"] == "0"
    assert found["right-branching"]["spearman"]


def test_so_do_the_parts_of_the_breakdown(folder: Path) -> None:
    parts = lines(folder / "breakdown.csv")
    probes = [line for line in lines(folder / "probes.csv") if line["relation"] == "all"]
    totals = {line["probe"]: int(line["total"]) for line in probes}
    correct = {line["probe"]: int(line["correct"]) for line in probes}
    assert {line["probe"] for line in parts} == set(totals)
    for name, total in totals.items():
        for by, rows in (("distance", DISTANCE_ROWS), ("length", LENGTH_ROWS)):
            own = [line for line in parts if (line["probe"], line["by"]) == (name, by)]
            assert [line["value"] for line in own] == [
                row for row in rows if row in {line["value"] for line in own}
            ]
            assert sum(int(line["total"]) for line in own) == total
            assert sum(int(line["correct"]) for line in own) == correct[name]
    for line in parts:
        if line["probe"] == "attention" or (
            line["probe"] == "best-head" and line["by"] == "distance" and line["value"] != "ROOT"
        ):
            assert line["accuracy"] == "1.000000", line
        if line["probe"] == "right-branching" and line["by"] == "distance":
            assert line["accuracy"] == ("1.000000" if line["value"] == "+1" else "0.000000")


def test_and_the_table_says_so(folder: Path) -> None:
    table = (folder / "table3.md").read_text(encoding="utf-8")
    assert "| attention | 100.0 | 100.0 | 100.0 | – | 61 |" in table
    assert "0 that are no tree" in table
    assert "chosen on val" in table
    assert "Demonstration" in table
    for elsewhere in ("points higher", "At least"):  # of the table of best heads
        assert elsewhere not in table
    assert r"attention & 100.0 & 100.0 & 100.0 & -- & 61 \\" in (folder / "table3.tex").read_text(
        encoding="utf-8"
    )
    assert (folder / "breakdown.png").read_bytes().startswith(b"\x89PNG")


# Trees take long, and are decoded once.
DECODED = {"trees.csv", "breakdown.csv", "breakdown.png", "table3.md", "table3.tex"}


def test_trees_are_decoded_for_the_split_that_the_run_ends_with_alone(folder: Path) -> None:
    written = {path.name for path in (folder.parent / "val").iterdir()}
    assert "uuas.csv" in written
    assert not written & DECODED
    assert {path.name for path in folder.iterdir()} >= DECODED


def test_trees_are_not_decoded_while_probes_are_trained(
    tiny_encoder: Encoder, tmp_path: Path
) -> None:
    module = planted(tiny_encoder)
    options = {"max_epochs": 1, "enable_checkpointing": False, "num_sanity_val_steps": 0}
    trainer, ledger = trainer_in(tmp_path, **options)
    ledger.final = "val"
    data = generated(module, train=3, val=1)
    trainer.fit(module, datamodule=data)
    written = {path.name for path in (tmp_path / "reports" / "val").iterdir()}
    assert "uuas.csv" in written
    assert not written & DECODED
    trainer.validate(module, datamodule=data, verbose=False)
    assert {path.name for path in (tmp_path / "reports" / "val").iterdir()} >= DECODED


# What has no trees is refused.


def test_a_coreference_job_has_no_trees() -> None:
    with pytest.raises(ProbingError, match="a coreference job has none"):
        check_trees(CoreferenceData(test="builtin:documents=3,seed=1", tokenizer=None))


@pytest.mark.parametrize("last", ["0", "1"])
def test_one_tree_is_enough(last: str, tiny_encoder: Encoder, tmp_path: Path) -> None:
    """Several roots make no tree; the file need not begin with one."""
    no_tree, perhaps = (f"dogs 0-root\nbark {head}-dep\n" for head in ("0", last))
    file = tmp_path / "test.txt"
    file.write_text("\n".join([*[no_tree] * 44, perhaps]), encoding="utf-8")
    data = DependencyData(test=str(file), tokenizer=tiny_encoder.tokenizer)
    data.split("test")
    if last == "1":
        check_trees(data)
        return
    with pytest.raises(ProbingError, match=f"none of the 45 sentences of {file} that can be used"):
        check_trees(data)
