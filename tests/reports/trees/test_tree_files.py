"""Files of a run without validation data; what is logged where there is nothing to count."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trainers import quiet_trainer

from probing.counting.trees.undirected import Undirected
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, StructuralProbe
from probing.reports.ledger import Ledger
from probing.reports.report import Report
from probing.reports.trees.report import TreeReport

# Words, heads (0 is ROOT) and relations; the second sentence has two roots.
SENTENCES = (
    ("Nora reads old letters .", (2, 0, 4, 2, 2), "nsubj root amod obj punct"),
    ("Come here , go away", (0, 1, 1, 0, 4), "root advmod punct root advmod"),
    ("Birds sing loudly", (2, 0, 2), "nsubj root advmod"),
)


@pytest.fixture(scope="module")
def folder(tiny_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trees")
    lines = []
    for text, heads, relations in SENTENCES:
        words = zip(text.split(), heads, relations.split(), strict=True)
        for k, (word, head, relation) in enumerate(words, start=1):
            lines.append(f"{k}\t{word}\t_\t_\t_\t_\t{head}\t{relation}\t_\t_")
        lines.append("")
    (root / "three.conllu").write_text("\n".join(lines) + "\n", encoding="utf-8")
    probes = {
        "words@1": AttentionProbe(),
        "words@2": AttentionProbe(),
        "low": StructuralProbe(layer=0),
        "high": StructuralProbe(layer=1, rank=2),
    }
    ledger = Ledger(min_anchors=1)
    trainer = quiet_trainer(root, Report(ledger), TreeReport(ledger))
    data = DependencyData(test=str(root / "three.conllu"), tokenizer=tiny_encoder.tokenizer)
    trainer.test(ProbingModule(tiny_encoder, probes), datamodule=data, verbose=False)
    return root / "reports" / "test"


def lines(path: Path) -> dict[str, dict[str, str]]:
    """Of each probe the line over ``all``, if lines have relations."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["probe"]: row for row in rows if row.get("relation", "all") == "all"}


def test_the_table_for_programs_says_what_the_other_files_say(folder: Path) -> None:
    table = lines(folder / "table3.csv")
    uas, trees = lines(folder / "probes.csv"), lines(folder / "trees.csv")
    edges = lines(folder / "uuas.csv")
    assert set(table) == set(uas) | set(edges)
    for name, line in table.items():
        assert line["uas"] == uas.get(name, {}).get("accuracy", "")
        assert line["uas_tree"] == trees.get(name, {}).get("accuracy", "")
        assert line["uuas"] == edges.get(name, {}).get("uuas", "")
        assert line["spearman"] == edges.get(name, {}).get("spearman", "")
    assert [table[name]["line"] for name in ("words@1", "words@2")] == ["attention"] * 2
    assert {table[name]["encoder"] for name in ("low", "best-head")} == {"main"}


def test_without_validation_data_all_layers_are_listed_and_no_head_has_a_tree(folder: Path) -> None:
    table = lines(folder / "table3.csv")
    assert table["low"]["line"] == "structural probe (layer 0)"
    assert table["high"]["line"] == "structural probe (layer 1, rank 2)"
    assert table["best-head"]["uas_tree"] == ""
    assert table["best-head"]["uuas"] == ""


def test_what_is_left_out_is_said_where_the_table_is_read(folder: Path) -> None:
    for name in ("table3.md", "table3.tex"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "3 sentences, 1 that are no tree." in text
        assert "UUAS and distances only the 2 that are trees" in text
    (caption,) = (
        line
        for line in (folder / "table3.tex").read_text(encoding="utf-8").splitlines()
        if line.startswith(r"\caption")
    )
    for said in ("Trees (test: three.conllu)", "percent", "chosen on test, the data that they are",
                 "range in brackets", "1 that are no tree"):  # fmt: skip
        assert said in caption


def test_nothing_is_logged_where_there_is_nothing_to_count() -> None:
    logged: dict[str, float] = {}
    module: Any = SimpleNamespace(log=lambda name, share, **_: logged.update({name: share}))
    trainer: Any = SimpleNamespace(is_global_zero=False)
    for total in (0, 4):
        found = Undirected({"s": 0}, {}, total, sentences=total, left_out=0)
        report = TreeReport(Ledger())
        report.parses = None
        report.distances = SimpleNamespace(compute=lambda found=found: found, probes=("s",))  # type: ignore[assignment]
        report.finish("val", trainer, module)
        assert logged == ({"val/uuas/s": 0.0} if total else {})
