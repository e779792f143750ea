"""Runs in which something usual is missing: they report what there is, or say what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Trainer

from probing.jobs.cli import main
from probing.jobs.scripts import CONFIGS

Table = Callable[[Path], list[dict[str, str]]]
Run = Callable[..., Path]
SOURCE = "builtin:documents=2,seed={}"
ATTENTION = '{"attention": {"class_path": "probing.probes.AttentionProbe"}}'
STRUCTURAL = '{"structural": {"class_path": "probing.probes.StructuralProbe"}}'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_bert: Path) -> Run:
    """Runs a job in this process, which saves seconds; returns its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")

    def start(script: Any, config: str, *arguments: object) -> Path:
        own = ["--config", CONFIGS / f"{config}.yaml", "--model.encoder.name", tiny_bert]
        folder = tmp_path / f"{script} {config}"
        assert main(script, [*map(str, [*own, *arguments]), "--output", str(folder)]) == 0
        return folder / "reports"

    return start


def probes(text: str) -> tuple[str, ...]:
    """In place of those of the configuration."""
    return ("--model.probes", text)


def treebank(path: Path, sentences: Sequence[str]) -> Path:
    """A CoNLL-U file of sentences such as ``dogs 2 nsubj|bark 0 root``."""
    blocks = [
        "".join(
            f"{i}\t{word}\t_\t_\t_\t_\t{head}\t{relation}\t_\t_\n"
            for i, (word, head, relation) in enumerate(map(str.split, text.split("|")), 1)
        )
        for text in sentences
    ]
    path.write_text("\n".join(blocks) + "\n", encoding="utf-8")
    return path


def test_trees_without_a_probe_and_without_a_head_to_decode(
    run: Run, tmp_path: Path, table: Table
) -> None:
    """No validation data chooses a head, and heads are not decoded where they are chosen."""
    chain = "the 2 det|old 3 amod|dog 4 nsubj|sleeps 0 root"
    file = treebank(tmp_path / "test.conllu", [chain, "it 3 nsubj|never 3 advmod|barks 0 root"])
    trees = ("--report.trees", "true", "--report.min_anchors", 1)
    folder = run("evaluate", "heads", "--data.test", file, *trees) / "test"
    [line] = table(folder / "uuas.csv")
    # Of the three edges of the first, and the two of the second, neighbours are all but it-barks.
    assert (line["probe"], line["correct"], line["total"]) == ("right-branching", "4", "5")
    assert table(folder / "trees.csv") == []
    parts = {(p["probe"], p["by"], p["value"]): p for p in table(folder / "breakdown.csv")}
    assert {name for name, _, _ in parts} == {"right-branching", "best-offset", "best-head"}
    near, far = (parts["right-branching", "distance", value] for value in ("+1", "+2"))
    assert (near["correct"], near["total"], far["correct"]) == ("4", "4", "0")
    shown = (folder / "table3.md").read_text(encoding="utf-8")
    assert "| right-branching | 57.1 | – | 80.0 |" in shown  # 4 of 7: nobody picks ROOT


def test_data_in_which_no_anchor_counts_in_all(run: Run, tmp_path: Path, table: Table) -> None:
    dots = treebank(tmp_path / "dots.conllu", ["! 0 punct|? 1 punct", ". 2 punct|. 0 punct"])
    data = [f"--data.{split}={dots}" for split in ("val", "test")]
    folder = run(
        *("train", "dependency", *probes(ATTENTION), "--seeds", 1, 2),
        *(*data, f"--data.train={SOURCE.format(1)}", "--trainer.max_epochs", 1),
        *("--report.trees", "true", "--intervals", 40),
    )
    for split in ("val", "test"):
        rows = table(folder / split / "probes.csv")
        assert {row["relation"] for row in rows} == {"punct"}
        assert {row["probe"] for row in rows} == {"attention@1", "attention@2", "right-branching"}
        assert {row["total"] for row in rows} == {"4"}
        [seeds] = table(folder / split / "seeds.csv")
        assert (seeds["probe"], seeds["relation"], seeds["seeds"]) == ("attention", "punct", "2")
        assert json.loads((folder / split / "summary.json").read_text())["uas"] == {}


@pytest.mark.parametrize(("every", "again"), [(1, 0), (2, 1)])
def test_what_is_said_of_val_is_said_of_the_checkpoint(
    every: int,
    again: int,
    run: Run,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Layers and probes are chosen on val: by the weights that are tested, not by earlier ones."""
    calls = []
    validate = Trainer.validate

    def noted(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return validate(*arguments, **options)

    monkeypatch.setattr(Trainer, "validate", noted)
    data = [f"--data.{split}={SOURCE.format(1)}" for split in ("train", "val", "test")]
    epochs = ("--trainer.max_epochs", 3, "--trainer.check_val_every_n_epoch", every)
    both = f"{ATTENTION[:-1]}, {STRUCTURAL[1:]}"
    folder = run("train", "dependency", *probes(both), *data, *epochs)
    shown = capsys.readouterr().out
    assert "structural: measures distances, which --report.trees true reports" in shown
    assert "after epoch 2: UAS on val" in shown
    assert ("after epoch 3: UAS on val" in shown) == (every == 1)
    assert len(calls) == again
    # The very same data: what is right is the same just if the weights are.
    for name in ("probes.csv", "heads.csv"):
        assert table(folder / "val" / name) == table(folder / "test" / name)


MEASURING = [
    *("train", "--config", CONFIGS / "dependency.yaml", *probes(STRUCTURAL)),
    *(f"--data.{split}={SOURCE.format(1)}" for split in ("train", "val", "test")),
]
REFUSED: dict[str, tuple[list[object], list[str]]] = {
    "a pair of what is not compared": (
        [*MEASURING, "--intervals", 40, "--paired", "best-head,structural"],
        ["--paired: structural measures distances and picks no heads: it has no accuracy"],
    ),
    "batches of Lightning's own": (
        [*MEASURING, "--trainer.overfit_batches", 2],
        ["--trainer.overfit_batches 2", "--trainer.limit_train_batches"],
    ),
    "a trial of Lightning's": (
        ["train", "--trainer.fast_dev_run", "true"],
        ["leave no checkpoint", "--trainer.limit_train_batches 1"],
    ),
    "no epoch": (["train", "--trainer.max_epochs", 0], ["leave no checkpoint"]),
}


@pytest.mark.parametrize(("arguments", "named"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_had_is_refused_by_name(
    arguments: list[object],
    named: list[str],
    refuse: Callable[..., str],
    tiny_bert: Path,
    tmp_path: Path,
) -> None:
    said = refuse(*arguments, "--model.encoder.name", tiny_bert)
    for name in named:
        assert name in said
    assert list(tmp_path.iterdir()) == []


TALK = {"doc_key": "talk", "sentences": [["Ann", "sank"], ["She", "swam"]], "clusters": []}
TREE = "1\tdogs\t_\t_\t_\t_\t0\tall\t_\t_\n"
NO_TREE = TREE.replace("\t0\tall\t_\t_", "\t_\t_\t_\tEntity=(1)")
NO_TREES: dict[str, tuple[str, str, str]] = {
    "JSON lines": ("talks.jsonl", json.dumps(TALK), "1: expected a dependency tree"),
    "JSON lines in a folder": ("", json.dumps(TALK), "1: expected a dependency tree"),
    "CoNLL-U without heads": (
        "talks.conllu",
        NO_TREE,
        " no sentence can be used: 1 none of whose",
    ),
    "a relation called all": ("dogs.conllu", TREE, "1: expected relations, found 'all'"),
}


@pytest.mark.parametrize(("name", "text", "said"), NO_TREES.values(), ids=list(NO_TREES))
def test_the_file_that_has_no_trees_is_named(
    name: str,
    text: str,
    said: str,
    refuse: Callable[..., str],
    tiny_bert: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("data")
    file = folder / (name or "some.jsonl")
    file.write_text(text, encoding="utf-8")
    config = ("--config", CONFIGS / "heads.yaml", "--model.encoder.name", tiny_bert)
    found = refuse("evaluate", *config, "--data.test", file if name else folder)
    assert f"{file}:{said}" in found
    assert ("this is coreference data" in found) == (file.suffix == ".jsonl")


def test_a_text_that_the_model_cannot_read(
    run: Run, tmp_path: Path, tiny_bert: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cased vocabulary without the file that says so, and words that are mostly unknown."""
    vocabulary = json.loads((tiny_bert / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    place = tmp_path / "cased"
    place.mkdir()
    for name in ("config.json", "model.safetensors"):
        (place / name).write_bytes((tiny_bert / name).read_bytes())
    pieces = [piece.title() if piece.isalpha() else piece for piece in vocabulary]
    (place / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    known, unknown = "[ 0 root", ["The 6 det|", "[SEP] 6 obj|", "\u6f22 6 obj|", "wolf 6 obj|"]
    files = tmp_path / "two"
    files.mkdir()
    treebank(files / "a.conllu", ["".join([*unknown, "Dog 6 obj|", known])] * 3)
    treebank(files / "b.conllu", [f"] 2 obj|{known}"] * 2)
    reports = run("evaluate", "heads", "--model.encoder.name", place, "--data.test", files) / "test"
    said = " ".join(capsys.readouterr().out.split())
    summary = json.loads((reports / "summary.json").read_text("utf-8"))
    assert (summary["data"]["unknown_words"], summary["data"]["words"]) == (15, 22)
    assert summary["data"]["rebuilt_words"] == 0
    assert summary["tokenizer_file"] is False
    warning = "15 of 22 words (68.2%) hold an unknown wordpiece: the model cannot read this text"
    assert "; 15 of 22 words (68.2%) hold an unknown wordpiece;" in said
    assert warning in said
    assert warning in (reports / "best_heads.md").read_text("utf-8")
    odd = "lower-cases all text, though"
    assert said.count(odd) >= 2
    assert odd in (reports / "best_heads.md").read_text("utf-8")
    treebanks = (reports / "treebanks.md").read_text("utf-8")
    assert "a.conllu: 15 of 18 words (83.3%) hold an unknown wordpiece" in treebanks
    assert "| a.conllu | 1 | 3 | 3 | 18 | 15 |" in treebanks
    assert "| b.conllu | 1 | 2 | 2 | 4 | 0 |" in treebanks


def test_a_run_goes_on_with_the_data_that_it_has_learnt_from(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file may move; other sentences in it are refused, unless the user knows."""
    sentences = ["dogs 2 nsubj|bark 0 root", "cats 2 nsubj|sleep 0 root"]
    train, test = (treebank(tmp_path / f"{name}.conllu", sentences) for name in ("train", "test"))
    data = (f"--data.train={train}", f"--data.test={test}", "--data.val=null")
    folder = run("train", "dependency", *probes(ATTENTION), *data, "--trainer.max_epochs", 1)

    def resumed(epochs: int, *more: str) -> int:
        own = ["--resume", "--output", str(folder.parent), "--trainer.max_epochs", str(epochs)]
        return main("train", [*own, *more])

    def summary() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((folder / "test" / "summary.json").read_text())
        return found

    moved = train.rename(tmp_path / "moved.conllu")
    assert resumed(2, f"--data.train={moved}") == 0
    assert summary()["epochs"] == 2
    assert "training_data_changed" not in summary()
    before = (folder / "test" / "summary.json").read_bytes()
    treebank(moved, [*sentences, "birds 2 nsubj|sing 0 root"])
    capsys.readouterr()
    assert resumed(3) == 2
    assert (
        f"{moved}: the training data is not what the run has learnt from" in capsys.readouterr().err
    )
    assert (folder / "test" / "summary.json").read_bytes() == before
    assert resumed(3, "--data.changed=true") == 0
    assert resumed(4) == 0  # what it has learnt from last
    assert summary()["training_data_changed"] is True
    evaluated = tmp_path / "evaluated"
    checkpoint = str(folder.parent / "checkpoints" / "last.ckpt")
    own = ["--ckpt_path", checkpoint, f"--data.test={test}", "--output", str(evaluated)]
    assert main("evaluate", own) == 0
    again = json.loads((evaluated / "reports" / "test" / "summary.json").read_text())
    assert again["training_data_changed"] is True
    treebank(moved, sentences)
    assert resumed(5) == 2  # it was allowed once
