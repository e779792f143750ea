"""``--predictions``: counting in the file gives the counts of the tables, whoever wrote it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from probing.data.tasks.possessives import POSS_CLITIC
from probing.jobs.cli import main

Run = Callable[..., Any]
Table = Callable[[Path], list[dict[str, str]]]
CONFIGS = Path(__file__).resolve().parents[2] / "configs"
OF_HEADS = (POSS_CLITIC, "uas", "uas+punct")  # rows that probes do not have
TASKS = {"dependency": 15, "coreference": 3}  # and how many anchors a line needs
DATA = [
    f"--data.{split}=builtin:documents={n},seed={s}"
    for split, n, s in (("train", 7, 1), ("val", 3, 2), ("test", 4, 3))
]
SMALL = ("--data.batch_wordpieces", "300", "--predictions")
TWO = ("--trainer.accelerator=cpu", "--trainer.devices=2", "--trainer.strategy=ddp")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """Runs a script in this process, which saves seconds; returns its folder."""
    place = tmp_path_factory.mktemp("alone")

    def run(script: Any, name: str, *arguments: object) -> Path:
        folder = place / name
        assert main(script, [*map(str, arguments), "--output", str(folder)]) == 0
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        yield run


@pytest.fixture(scope="module", params=TASKS)
def trained(request: pytest.FixtureRequest, alone: Callable[..., Path], tiny_bert: Path) -> Path:
    """Probes trained for an epoch; heads chosen on the validation data."""
    config = CONFIGS / f"{request.param}.yaml"
    model = ("--model.encoder.name", tiny_bert, "--trainer.max_epochs", 1)
    least = ("--report.min_anchors", TASKS[request.param])
    return alone("train", request.param, "--config", config, *model, *least, *DATA, *SMALL)


def assert_counts(split: Path, table: Table) -> None:
    """What is right in the file is what the tables of the same report count."""
    file = split / "predictions.parquet"
    rows = pq.read_table(file).to_pylist()
    probes = table(split / "probes.csv")
    heads = {
        (row["relation"], f"{row['layer']}-{row['head']} {row['direction']}"): row
        for row in table(split / "heads.csv")
    }
    said = {k.decode(): v.decode() for k, v in pq.read_schema(file).metadata.items()}
    best = [
        line.split("|")[1:5]
        for line in (split / "best_heads.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and "anchors" not in line
    ]
    assert len(best) > 2
    for cells in best:
        name, _, head, direction = map(str.strip, cells)
        if name in OF_HEADS:  # counted in the tables alone
            assert f"head:{name}" not in said
            continue
        assert said[f"head:{name}"] == f"{head} {direction}"

    def right(picker: str, row: str) -> int:
        return sum(anchor[f"{picker}.right"] for anchor in rows if row in anchor["rows"])

    names = {line["probe"] for line in probes if f"{line['probe']}.right" in rows[0]}
    for line in probes:
        assert int(line["total"]) == sum(line["relation"] in anchor["rows"] for anchor in rows)
        if line["probe"] in names:
            assert int(line["correct"]) == right(line["probe"], line["relation"])
        if line["probe"] == "best-head":
            assert int(line["correct"]) == right("head:all", line["relation"])
    for (row, cell), line in heads.items():
        if row in OF_HEADS:
            continue
        asked = [a for a in rows if row in a["rows"] and a["for_heads"]]
        assert int(line["total"]) == len(asked)
        for picker in (name for name, chosen in said.items() if chosen == cell):
            assert int(line["correct"]) == right(picker, row)
        own = [a for a in asked if a["relation"] == row]
        if own and cell == f"{own[0]['own-head.head']} {own[0]['own-head.direction']}":
            assert int(line["correct"]) == sum(a["own-head.right"] for a in own)

    for anchor in rows:
        words = ["ROOT", *anchor["text"].split(" ")]
        assert anchor["form"] == words[anchor["word"]]
        assert anchor["gold_form"] == [words[column] for column in anchor["gold"]]
        for name in [*names, *said, "own-head"]:
            column = anchor[f"{name}.word"]
            assert anchor[f"{name}.form"] == (words[column] if column >= 0 else None)
            assert anchor[f"{name}.right"] == (column in anchor["gold"])
        for name in names:
            sure, gold = anchor[f"{name}.probability"], anchor[f"{name}.gold_probability"]
            assert 0 < sure <= 1
            assert gold >= sure - 1e-12 if anchor[f"{name}.right"] else gold <= 1 - sure + 1e-12


def test_the_file_counts_what_the_tables_count(trained: Path, table: Table) -> None:
    names = set(pq.read_schema(trained / "reports" / "test" / "predictions.parquet").names)
    assert {"attention.right", "attention_words.right", "distance_words.right"} <= names
    assert_counts(trained / "reports" / "test", table)
    assert not (trained / "reports" / "val" / "predictions.parquet").exists()  # was learnt from


def test_rows_of_all_subtypes_and_of_clitics(
    alone: Callable[..., Path], tiny_bert: Path, table: Table, tmp_path: Path
) -> None:
    """Labels that one split has alone, and words that ask for others."""
    sentences = (
        "the 2 det|dog 4 nmod:poss|'s 2 case|owner 5 nsubj|sleeps 0 root|. 5 punct",
        "his 2 nmod:poss|cat 4 nsubj:pass|was 4 aux:pass|fed 0 root|! 4 punct:excl",
        "that 4 nsubj:outer|he 4 nsubj|has 4 aux|slept 0 root:clause",
    )
    splits = {"val": sentences[:2], "test": sentences}
    for split, texts in splits.items():
        blocks = [
            "".join(
                f"{i}\t{word}\t_\t_\t_\t_\t{head}\t{relation}\t_\t_\n"
                for i, (word, head, relation) in enumerate(map(str.split, text.split("|")), 1)
            )
            for text in texts
        ]
        (tmp_path / f"{split}.conllu").write_text("\n".join(blocks) + "\n", encoding="utf-8")
    data = [f"--data.{split}={tmp_path / split}.conllu" for split in splits]
    model = ("--model.encoder.name", tiny_bert, "--report.min_anchors", 1)
    heads = ("--config", CONFIGS / "heads.yaml")
    folder = alone("evaluate", "subtypes", *heads, *model, *data, *SMALL) / "reports"
    for split in splits:
        assert_counts(folder / split, table)
    rows = {line["relation"] for line in table(folder / "test" / "heads.csv")}
    assert {POSS_CLITIC, "nsubj:*", "aux:*", "punct:*"} <= rows
    noted = pq.read_table(folder / "test" / "predictions.parquet").to_pylist()
    found = {anchor["form"]: anchor["rows"] for anchor in noted}
    assert found["that"] == ["all", "nsubj:outer", "nsubj:*"]
    assert found["!"] == ["punct:excl", "punct:*"]
    assert found["'s"] == ["all", "case"]


def test_two_processes_write_the_file_of_one(
    trained: Path, script: Run, table: Table, tmp_path: Path
) -> None:
    checkpoint = trained / "checkpoints" / "last.ckpt"
    brought = ("--ckpt_path", checkpoint, *TWO, "--predictions")
    script("evaluate", *brought, "--output", tmp_path / "two").ok()
    one, two = (folder / "reports" / "test" for folder in (trained, tmp_path / "two"))
    assert pq.read_table(one / "predictions.parquet").equals(
        pq.read_table(two / "predictions.parquet")
    )
    # Here heads were chosen on the data that they are scored on, known only at the end.
    assert_counts(tmp_path / "two" / "reports" / "val", table)
    assert not [path for path in (tmp_path / "two").rglob("*") if path.name.startswith(".")]


def test_a_run_that_fails_leaves_nothing_half_written(
    trained: Path,
    alone: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", fail)
    brought = ["--ckpt_path", str(trained / "checkpoints" / "last.ckpt"), "--predictions"]
    brought += ["--report.examples", "0"]
    assert main("evaluate", [*brought, "--output", str(tmp_path / "failed")]) == 2
    assert "predictions.parquet: cannot be written: no space" in capsys.readouterr().err
    assert not [path for path in tmp_path.rglob("*") if "predictions" in path.name]
