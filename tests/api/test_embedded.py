"""A wordpiece of the data that the model has no embedding for is found before the run."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import probing
from probing.core.errors import ProbingError
from probing.data.arrow_files import first_beyond
from probing.encoder import Encoder, PlainTokenizer
from probing.jobs.cli import main
from probing.jobs.scripts import CONFIGS

LINE = "{}\t{}\t_\t_\t_\t_\t{}\tdep\t_\t_\n"


@pytest.fixture(scope="module")
def larger(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The model with a tokenizer that holds two words, and a padding, more than it."""
    place = Path(shutil.copytree(tiny_bert, tmp_path_factory.mktemp("larger") / "m"))
    file = place / "tokenizer.json"
    whole = json.loads(file.read_text("utf-8"))
    vocabulary = whole["model"]["vocab"]
    vocabulary |= {"wolf": len(vocabulary), "owl": len(vocabulary) + 1}
    file.write_text(json.dumps(whole), "utf-8")
    settings = place / "tokenizer_config.json"
    changed = json.loads(settings.read_text("utf-8")) | {"pad_token": "<padding>"}
    settings.write_text(json.dumps(changed), "utf-8")
    return str(place)


def treebank(path: Path, *sentences: str) -> str:
    blocks = [
        "".join(LINE.format(i, w, i - 1) for i, w in enumerate(sentence.split(), 1))
        for sentence in sentences
    ]
    path.write_text("\n".join(blocks) + "\n", encoding="utf-8")
    return str(path)


def test_a_larger_tokenizer_is_fine_while_no_word_needs_more(larger: str, tmp_path: Path) -> None:
    model = probing.load(larger)
    assert model.encoder.embedded < len(model.encoder.tokenizer.tokenizer)
    file = treebank(tmp_path / "a.conllu", "the dog was in it", "she", "he was")
    scores = model.score(file, min_anchors=1)  # padded windows among them
    assert scores.heads.query("relation == 'all'")["total"].max() == 5
    assert model.encode(["the", "dog"]).words == ["the", "dog"]
    rows = model.encoder.embedded
    assert max(PlainTokenizer(model.encoder.tokenizer).ordinary) == rows - 1


def test_the_word_and_its_wordpiece_are_named(larger: str, tmp_path: Path) -> None:
    model = probing.load(larger)
    rows = model.encoder.embedded
    file = treebank(tmp_path / "a.conllu", *["the dog was"] * 3, "the owl was a wolf", "a wolf")
    said = rf"expected ids below {rows}, found {rows + 1} of the word 'owl'; its tokenizer is not"
    with pytest.raises(ProbingError, match=said):
        model.score(file)
    with pytest.raises(ProbingError, match=rf"found {rows} of the word 'wolf'"):
        model.encode(["a", "wolf"])


@pytest.mark.parametrize("script", ["train", "evaluate"])
def test_a_run_does_not_start(
    script: str,
    larger: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    good = treebank(tmp_path / "a.conllu", "the dog was")
    bad = treebank(tmp_path / "b.conllu", "the dog was", "the owl")
    own = {
        "config": CONFIGS / ("heads.yaml" if script == "evaluate" else "dependency.yaml"),
        "model.encoder.name": larger,
        "data.test": bad,
        "output": tmp_path / "out",
        **({"data.train": good} if script == "train" else {}),
    }
    assert main(script, [f"--{name}={value}" for name, value in own.items()]) == 2  # type: ignore[arg-type]
    assert "of the word 'owl'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_text_is_refused_as_well(
    larger: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "a.txt"
    file.write_text("the dog was\nit was the owl\n" * 3, encoding="utf-8")
    own = ["--config", CONFIGS / "surface.yaml", "--model.encoder.name", larger]
    more = ["--data.test", file, "--output", tmp_path / "out", "--data.limit", 20]
    assert main("evaluate", [str(argument) for argument in (*own, *more)]) == 2
    rows = Encoder(larger).load().embedded
    assert f"found {rows + 1} ('owl')" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@given(
    st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4), max_size=4),
    st.integers(1, 10),
)
def test_the_first_window_beyond(chunks: list[list[list[int]]], rows: int) -> None:
    kind = pa.list_(pa.int32())
    column = pa.chunked_array([pa.array(chunk, kind) for chunk in chunks], kind)
    every = [ids for chunk in chunks for ids in chunk]
    expected = next((k for k, ids in enumerate(every) if any(i >= rows for i in ids)), None)
    assert first_beyond(column, rows) == expected


def test_a_part_of_an_array_is_looked_at() -> None:
    array = pa.array([[9], [1, 2], [3, 8], [9]], pa.list_(pa.int32()))
    assert first_beyond(pa.chunked_array([array[1:3]]), 5) == 1
    assert first_beyond(pa.chunked_array([array[1:2]]), 5) is None
    assert np.asarray(array[1:3].flatten()).tolist() == [1, 2, 3, 8]
