"""Coreference as users run it: heads scored, probes trained, evaluated and shared by processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probing.data.tasks.antecedents import BASELINES, ERRORS

Run = Callable[..., Any]
Table = Callable[[Path], list[dict[str, str]]]
ROWS = {"all", "pronoun", "pronoun-3", "proper", "no-shared-head", "distance=1"}

# Word, tag, head, relation, entities.
SENTENCES = [
    [("{f}", "NNP", 2, "nsubj", "(1)"), ("met", "VBD", 0, "root", ""),
     ("{m}", "NNP", 2, "obj", "(2)"), (".", ".", 2, "punct", "")],
    [("She", "PRP", 2, "nsubj", "(1)"), ("liked", "VBD", 0, "root", ""),
     ("his", "PRP$", 4, "nmod:poss", "(3(2)"), ("dog", "NN", 2, "obj", "3)"),
     (".", ".", 2, "punct", "")],
    [("The", "DT", 2, "det", "(3"), ("dog", "NN", 3, "nsubj", "3)"), ("saw", "VBD", 0, "root", ""),
     ("{f}", "NNP", 3, "obj", "(1)"), ("and", "CC", 6, "cc", ""), ("{m}", "NNP", 4, "conj", "(2)"),
     (".", ".", 3, "punct", "")],
]  # fmt: skip


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven small documents in CoNLL-U, with entities."""
    lines = ["# global.Entity = GRP"]
    for number in range(11):
        lines.append(f"# newdoc id = d{number}")
        names = {"f": ("Anna", "Clara", "Emma")[number % 3], "m": ("Tom", "Paul")[number % 2]}
        for sentence in SENTENCES[: 2 + number % 2] * (1 + number % 3):
            for index, (word, tag, head, relation, entity) in enumerate(sentence, start=1):
                misc = f"Entity={entity}" if entity else "_"
                cells = [str(index), word.format(**names), "_", "X", tag, "_", str(head), relation]
                lines.append("\t".join([*cells, "_", misc]))
            lines.append("")
    path = tmp_path_factory.mktemp("coreference") / "small.conllu"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(
    script: Run, tiny_bert: Path, documents: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    place = tmp_path_factory.mktemp("runs") / "trained"
    done = script(
        "train",
        *("--config", Path(__file__).resolve().parents[2] / "configs" / "coreference.yaml"),
        *("--model.encoder.name", tiny_bert, "--output", place, "--report.min_anchors", "5"),
        *("--data.limit", "60"),
        train=documents,
        val=documents,
        test=documents,
    ).ok()
    return place, done.out


def test_a_run_ends_with_table_2_and_the_probes(trained: tuple[Path, str], table: Table) -> None:
    folder, out = trained
    assert "strongest" in out
    assert "best-same-kind" in out
    untrained = {name for name in BASELINES if "=" not in name} | {"best-same-kind", "best-head"}
    for baseline in untrained:
        assert baseline in out
    test = folder / "reports" / "test"
    assert {row["relation"] for row in table(test / "heads.csv")} >= ROWS
    assert {row["baseline"] for row in table(test / "baselines.csv")} == set(BASELINES)
    probes = {row["probe"] for row in table(test / "probes.csv")}
    assert probes == {*untrained, "attention", "attention_words", "distance_words"}
    summary = json.loads((test / "summary.json").read_text(encoding="utf-8"))
    assert set(summary["accuracy"]) == probes
    assert summary["data"]["counts"]["anaphors"] > 50
    assert summary["data"]["documents"] == 11
    text = (test / "best_heads.md").read_text(encoding="utf-8")
    assert "| mention type | anchors | head | direction | accuracy |" in text
    assert "the dependency tree" in text


def test_right_picks_errors_and_no_picks_are_all_anchors(
    trained: tuple[Path, str], table: Table
) -> None:
    test = trained[0] / "reports" / "test"
    cell = ("relation", "direction", "layer", "head")
    wrong: dict[tuple[str, ...], int] = {}
    errors = table(test / "errors.csv")
    assert {row["error"] for row in errors} == set(ERRORS)
    for row in errors:
        key = tuple(row[name] for name in cell)
        wrong[key] = wrong.get(key, 0) + int(row["count"])
    heads = table(test / "heads.csv")
    assert len(heads) == len(wrong)
    for row in heads:  # a BERT has no mask, so every anchor picks something
        total = int(row["correct"]) + wrong[tuple(row[name] for name in cell)]
        assert total == int(row["total"])


def test_two_processes_and_a_checkpoint_give_the_counts_of_one(
    script: Run, trained: tuple[Path, str], documents: Path, table: Table, tmp_path: Path
) -> None:
    checkpoint = trained[0] / "checkpoints" / "last.ckpt"
    script(
        "evaluate",
        *("--ckpt_path", checkpoint, "--output", tmp_path / "two", "--data.batch_wordpieces", "60"),
        *("--trainer.accelerator=cpu", "--trainer.devices=2", "--trainer.strategy=ddp"),
        test=documents,
    ).ok()
    for name in ("heads.csv", "baselines.csv", "probes.csv", "errors.csv"):
        one = table(trained[0] / "reports" / "test" / name)
        two = table(tmp_path / "two" / "reports" / "test" / name)
        masses = {"gold_mass", "special_mass", "special_wins"}
        assert [{k: v for k, v in row.items() if k not in masses} for row in one] == [
            {k: v for k, v in row.items() if k not in masses} for row in two
        ]


def test_broken_brackets_and_impossible_windows_are_refused(
    refuse: Callable[..., str], tiny_bert: Path, documents: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.conllu"
    text = documents.read_text(encoding="utf-8")
    broken.write_text(text.replace("Entity=3)", "Entity=4)", 1), encoding="utf-8")
    base = ("--config", Path(__file__).resolve().parents[2] / "configs" / "coreference_heads.yaml",
            "--model.encoder.name", tiny_bert)  # fmt: skip
    said = refuse("evaluate", *base, f"--data.test={broken}", "--data.strict=true")
    assert f"{broken}:" in said
    assert "d0" in said
    said = refuse("evaluate", *base, f"--data.test={documents}", "--data.limit=100000")
    assert "--data.limit" in said
    said = refuse("evaluate", *base, f"--data.test={documents}", "--data.unit=words")
    assert "--data.limit" in said
    assert not (tmp_path / "runs").exists()
