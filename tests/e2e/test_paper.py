"""The paper's protocol from the command line, with word vectors of a made-up file."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from probing.core.errors import ProbingError
from probing.data.builtin.reader import read_builtin
from probing.jobs.screening import Screen
from probing.jobs.stored_config import stored_options
from probing.learning.module import ProbingModule

ROOT = Path(__file__).resolve().parents[2]
TRAIN, TEST = (f"builtin:documents={n},seed={s}" for n, s in ((3, 1), (2, 3)))
CPU = ("--trainer.accelerator", "cpu")
# A model of two layers, for which words are letters: sentences have many wordpieces.
CONFIG = ("--config", ROOT / "configs" / "paper_table3.yaml", "--data.limit", 512)
LAYER = ("--model.probes.structural.init_args.layer", 2)

Run = Callable[..., Any]


def counted(source: str) -> Counter[str]:
    return Counter(word for sentence in read_builtin(source) for word in sentence.words)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of three in four words of the corpora, in lower case."""
    path = tmp_path_factory.mktemp("vectors") / "small.txt.gz"
    words = {word.lower() for source in (TRAIN, TEST) for word in counted(source)}
    rng = torch.Generator().manual_seed(0)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number, word in enumerate(sorted(words)):
            if number % 4:
                values = torch.randn(7, generator=rng).tolist()
                file.write(" ".join([word, *(f"{value:.4f}" for value in values)]) + "\n")
    return path


def known(vectors: Path) -> set[str]:
    with gzip.open(vectors, "rt", encoding="utf-8") as file:
        return {line.split()[0] for line in file}


@pytest.fixture(scope="module")
def trained(script: Run, tiny_bert: Path, vectors: Path, tmp_path_factory: Any) -> Path:
    folder: Path = tmp_path_factory.mktemp("runs") / "paper"
    arguments = (*CONFIG, *LAYER, "--model.encoder.name", tiny_bert)
    more = ("--model.vectors", vectors, "--output", folder, *CPU)
    script("train", *arguments, *more, timeout=400, train=TRAIN, test=TEST).ok()
    return folder


def test_a_step_is_a_sentence_and_adam_makes_it(trained: Path) -> None:
    checkpoint = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    sentences = sum(1 for _ in read_builtin(TRAIN))
    assert checkpoint["global_step"] == sentences
    (state,) = checkpoint["optimizer_states"]
    rates = [group["lr"] for group in state["param_groups"]]
    assert rates[:-1] == [0.002] * 6
    assert rates[-1] < 0.001  # the structural probe's falls to zero
    assert {group["betas"] for group in state["param_groups"]} == {(0.9, 0.999)}
    shape = checkpoint["state_dict"]["probes.attention_words.of_head"].shape
    assert shape == (7, 2 * 2 * 4)  # numbers of a vector; both directions of 2 layers of 4 heads


def test_table_3_stands_beside_the_papers(trained: Path) -> None:
    reports = trained / "reports" / "test"
    with (reports / "paper.csv").open(newline="") as file:
        lines = {line["row"]: line for line in csv.DictReader(file) if line["table"] == "3"}
    summary = json.loads((reports / "summary.json").read_text())
    uas = {name: 100 * share for name, share in summary["uas"].items()}
    with (reports / "uuas.csv").open(newline="") as file:
        uuas = {line["probe"]: 100 * float(line["uuas"]) for line in csv.DictReader(file)}
    draws = [uas[f"random_attention_words_{k}"] for k in (1, 2, 3)]
    expected = {
        "Structural probe": uuas["structural"],
        "Right-branching": uas["right-branching"],
        "Distances + GloVe": uas["distance_words"],
        "Random Init Attn + GloVe": sum(draws) / 3,
        "Attn": uas["attention"],
        "Attn + GloVe": uas["attention_words"],
    }
    assert {row: line["here"] for row, line in lines.items()} == {
        row: f"{share:.2f}" for row, share in expected.items()
    }
    # The corpus is in UD, the limit another one; then the model, attention, words and training.
    assert {row: line["why"] for row, line in lines.items()} == {
        "Structural probe": "1, 2, 3, 8, 23",
        "Right-branching": "1, 2, 8",
        "Distances + GloVe": "1, 2, 3, 8, 18, 19, 20, 21",
        "Random Init Attn + GloVe": "1, 2, 3, 6, 8, 18, 19, 20, 21, 22",
        "Attn": "1, 2, 3, 6, 8, 19, 20",
        "Attn + GloVe": "1, 2, 3, 6, 8, 18, 19, 20, 21",
    }


def test_the_papers_offsets_are_reported(trained: Path) -> None:
    with (trained / "reports" / "test" / "baselines.csv").open(newline="") as file:
        found = [line["baseline"] for line in csv.DictReader(file)]
    offsets = {name for name in found if name.startswith("offset=")}
    assert offsets == {f"offset={k}" for k in (-3, -2, -1, 1, 2)}


def test_the_report_says_what_the_vectors_cover(trained: Path, vectors: Path) -> None:
    summary = json.loads((trained / "reports" / "test" / "summary.json").read_text())
    words, there = counted(TEST), known(vectors)
    found = {word for word in words if word in there or word.lower() in there}
    said = summary["vectors"]
    assert said["source"] == str(vectors)
    assert said["dimensions"] == 7
    assert said["words"] == sum(words.values())
    assert said["words_found"] == sum(words[word] for word in found)
    assert said["words_lowered"] == sum(words[word] for word in found - there) > 0
    assert (said["forms"], said["forms_found"]) == (len(words), len(found))
    assert 0 < len(found) < len(words)


def test_a_checkpoint_needs_the_vectors_it_was_made_with(
    refuse: Callable[..., str], trained: Path, vectors: Path, tmp_path: Path
) -> None:
    arguments = ("--ckpt_path", trained / "checkpoints" / "last.ckpt", "--output", tmp_path / "x")
    other = tmp_path / "other.txt"
    with gzip.open(vectors, "rt") as file:
        other.write_text(file.read() + "one-more 1 2 3 4 5 6 7\n")
    said = refuse("evaluate", *arguments, "--model.vectors", other)
    assert f"learned from the word vectors {vectors} (SHA-256 " in said
    assert f"the run has {other} (SHA-256 " in said
    files = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    again = ("--resume", "--output", trained, "--trainer.max_epochs", 2, "--model.vectors", other)
    assert "learned from the word vectors" in refuse("train", *again)
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == files
    said = refuse("evaluate", *arguments, "--model.vectors", tmp_path / "none.txt")
    assert said.endswith("none.txt: no such file of word vectors; --model.vectors FILE names one\n")
    assert not (tmp_path / "x").exists()


def test_without_vectors_the_protocol_says_what_is_missing(
    refuse: Callable[..., str], tiny_bert: Path
) -> None:
    config = (*CONFIG, *LAYER, "--model.encoder.name", tiny_bert)
    said = refuse("train", *config, f"--data.train={TRAIN}", f"--data.test={TEST}")
    assert "glove.6B.100d.txt: no such file of word vectors; --model.vectors FILE" in said


def test_a_fault_in_the_file_is_named_before_anything_is_written(
    refuse: Callable[..., str], tiny_bert: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_text("the 1 2\na 3 x\n")
    config = (*CONFIG, *LAYER, "--model.encoder.name", tiny_bert)
    sources = (f"--data.train={TRAIN}", f"--data.test={TEST}", "--model.vectors", "bad.txt")
    said = refuse("train", *config, *sources, "--output", tmp_path / "run")
    assert said == "error: bad.txt:2: expected numbers after 'a', found 'x'\n"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("key", ["vectors", "probes"])
def test_a_stored_configuration_may_name_a_file_of_vectors_and_nothing_else(key: str) -> None:
    """A name with dots is a file here; where a class is expected, it is refused."""
    config = {"model": {key: "my.vectors"}, "data": {}}
    stored = yaml.safe_dump(config)
    found = stored_options(stored, place="a.ckpt")
    assert found == config
    foreign = r"a\.ckpt: .*my\.vectors, from outside the package"
    with nullcontext() if key == "vectors" else pytest.raises(ProbingError, match=foreign):
        Screen("a.ckpt").check(found, {"model": ProbingModule})
