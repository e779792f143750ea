"""A whole report on an encoder whose maps are the gold trees: everything it says is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer

from probing.batch import EdgeBatch, Encoding
from probing.callbacks import Report
from probing.data import CoreferenceData, DependencyData
from probing.encoder import Encoder
from probing.errors import ProbingError
from probing.modules import ProbingModule
from probing.probes import AttentionProbe
from probing.runs import _check_trees
from probing.tree_metrics import DISTANCE_ROWS, LENGTH_ROWS
from probing.tree_report import TreeReport
from probing.trees import gold_trees

LAYER, HEAD = 1, 2  # counted from zero
GENERATED = "builtin:documents=3,seed={}"


class Planted(ProbingModule):
    """Its encoder attends from each word to its head with one head; the others are noise."""

    def encode(self, batch: EdgeBatch, *, extra: Iterable[str] = ()) -> dict[str, Encoding]:
        sizes, width = self.encoder.sizes, batch.width
        rng = torch.Generator().manual_seed(int(batch.ids.sum()))
        shape = (len(batch.lengths), sizes.layers, sizes.heads, width)
        maps = torch.rand(*shape, width, generator=rng) / 100
        boundary = torch.zeros(*shape, 4)
        gold = gold_trees(batch)
        window, word = (gold.heads > 0).nonzero(as_tuple=True)
        maps[:, LAYER, HEAD] = 0.001
        maps[window, LAYER, HEAD, word, gold.heads[window, word] - 1] = 0.9
        window, word = (gold.heads == 0).nonzero(as_tuple=True)
        boundary[window, LAYER, HEAD, word, 0] = 0.9
        return {"main": Encoding(attention=maps, boundary=boundary)}


@pytest.fixture(scope="module")
def folder(tiny_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planted")
    module = Planted(tiny_encoder, {"attention": AttentionProbe()})
    module.configure_model()
    probe: Any = module.probes["attention"]
    with torch.no_grad():
        probe.weight.zero_()
        probe.weight[0, LAYER, HEAD] = 50
    report = Report()
    trainer = Trainer(
        accelerator="cpu",
        callbacks=[report, TreeReport(report)],
        default_root_dir=root,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    data = DependencyData(
        val=GENERATED.format(1), test=GENERATED.format(2), tokenizer=tiny_encoder.tokenizer
    )
    trainer.validate(module, datamodule=data, verbose=False)
    trainer.test(module, datamodule=data, verbose=False)
    return root / "reports" / "test"


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_probe_and_the_best_head_find_every_head(folder: Path) -> None:
    best = [line for line in lines(folder / "heads.csv") if line["relation"] == "all"]
    best = [line for line in best if line["accuracy"] == "1.000000"]
    assert [(b["direction"], b["layer"], b["head"]) for b in best] == [("dep->head", "2", "3")]
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


def test_a_coreference_job_has_no_trees() -> None:
    with pytest.raises(ProbingError, match="a coreference job has none"):
        _check_trees(CoreferenceData(test="builtin:documents=3,seed=1", tokenizer=None))
