"""The job on plain text, in real processes: what it writes, on any number of them, and refuses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from page_data import data_of
from safetensors.torch import load_file

from probing.encoder import Encoder, PlainTokenizer
from probing.jobs.cli import main
from probing.surface.measures.averages import Averages
from probing.surface.measures.quantities import QUANTITIES
from probing.surface.module import token_maps
from probing.surface.report.tables import COLUMNS
from probing.surface.text.store import open_segments

Run = Callable[..., Any]
Table = Callable[[Path], list[dict[str, str]]]
CONFIG = Path(__file__).resolve().parents[2] / "configs" / "surface.yaml"
TEXT = "builtin:documents=5,seed=3"
FIGURES = ("figure2_attention", "figure4_entropy", "figure6_clusters")


def job(model: Path, output: Path, *more: object) -> list[object]:
    small = {"limit": 64, "repeats": 5, "repeat_length": 20, "sink_sequences": 5}
    small |= {"distance_segments": 7, "batch_wordpieces": 200}
    options = [f"--data.{name}={value}" for name, value in small.items()]
    return ["--config", CONFIG, "--model.encoder.name", model, "--output", output, *options, *more]


TWO = ("--trainer.accelerator=cpu", "--trainer.devices=2", "--trainer.strategy=ddp")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text")


@pytest.fixture(scope="module")
def alone(script: Run, tiny_bert: Path, place: Path) -> Path:
    """A run of one process, with everything that can be asked for."""
    more: list[object] = ["--data.treebank", "builtin:documents=3,seed=4"]
    more += ["--surface.relation_heads", "{det: 1-2, nsubj: 2-4}"]
    more += ["--sentence", "The dog was in it, he was.", "--heads", "1-1", "2-3"]
    done = script("evaluate", *job(tiny_bert, place / "one", *more), test=TEXT).ok()
    assert "5 documents" in done.out
    assert "heads of a layer, twin" in done.out
    return place / "one" / "reports" / "test"


def test_what_is_written(alone: Path, table: Table) -> None:
    for folder in (alone, alone / "twin"):
        rows = table(folder / "surface.csv")
        assert list(rows[0]) == ["layer", "head", *COLUMNS]
        assert [(r["layer"], r["head"]) for r in rows] == [
            (str(n), str(h)) for n in (1, 2) for h in (1, 2, 3, 4)
        ]
        assert all(row[column] for row in rows for column in COLUMNS)
        distances = load_file(folder / "distances.safetensors")["divergence"]
        assert distances.shape == (8, 8)
        pairs = table(folder / "distances.csv")
        assert len(pairs) == 28
        for pair in pairs:
            i, j = (
                4 * int(pair[layer]) + int(pair[head]) - 5
                for layer, head in (("layer", "head"), ("other_layer", "other_head"))
            )
            assert float(pair["divergence"]) == pytest.approx(float(distances[i, j]), rel=1e-8)
        assert len(table(folder / "clusters.csv")) == 8
    for name in FIGURES:
        assert (alone / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (alone / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert not (alone / "twin" / "figures").exists()  # it would show chance as structure
    assert (alone / "figures" / "figure1_sentence.pdf").exists()
    assert (alone / "figures" / "figure5_sentence.png").exists()
    assert (alone / "figures" / "figure5_relations.png").exists()
    noop = table(alone / "noop.csv")
    assert {(r["relation"], r["direction"], r["layer"], r["head"]) for r in noop} == {
        (relation, direction, layer, head)
        for relation, layer, head in (("det", "1", "2"), ("nsubj", "2", "4"))
        for direction in ("dep->head", "head->dep")
    }
    summary = json.loads((alone / "summary.json").read_text())
    assert summary["data"]["segments_looked_at"]["copies"] == 5
    assert summary["twin"]["layers_alike"]["permutations"] > 0
    assert list(alone.parents[1].glob("events.out.tfevents.*"))
    page = data_of(alone / "report.html")
    origins = [own["origin"] for own in page["surface"]["sentences"]]
    assert origins[0] == "given with --sentence"
    assert 1 < len(origins) <= 1 + 4
    assert {own["head"] for own in page["surface"]["relations"]} == {1, 7}
    assert [len(own["lines"]) for own in page["tables"]] == [len(COLUMNS), len(noop)]


def test_averages_are_those_of_the_text(alone: Path, tiny_encoder: Encoder, table: Table) -> None:
    """In batches of another size, and one of them by hand."""
    text = open_segments(
        TEXT, reader=None, tokenizer=PlainTokenizer(tiny_encoder.tokenizer), limit=64, seed=0
    )
    metric = Averages(tiny_encoder.sizes)
    own, tokens = torch.zeros(2, 4, dtype=torch.float64), 0
    for index in range(len(text)):
        batch = text[[index]]
        metric.update(tiny_encoder, batch)
        maps = token_maps(tiny_encoder, batch)[0].double()  # [L, H, T, T]
        assert float((maps.sum(-1) - 1).abs().max()) < 1e-6
        own += maps.diagonal(0, -2, -1).sum(-1)
        tokens += maps.shape[-1]
    found = metric.compute()
    for row in table(alone / "surface.csv"):
        at = int(row["layer"]) - 1, int(row["head"]) - 1
        for quantity in QUANTITIES:
            expected = float(found[quantity.name][at])
            assert float(row[quantity.name]) == pytest.approx(expected, abs=1e-6)
        assert float(row["to_self"]) == pytest.approx(float(own[at]) / tokens, abs=1e-6)


def test_two_processes_give_the_numbers_of_one(
    alone: Path, script: Run, tiny_bert: Path, place: Path, table: Table
) -> None:
    output = place / "of_two"
    arguments = job(tiny_bert, output, "--model.twin=false", *TWO)
    script("evaluate", *arguments, test=TEXT).ok()
    one, other = (
        json.loads((folder / "summary.json").read_text())["data"]["segments_looked_at"]
        for folder in (alone, output / "reports" / "test")
    )
    assert other == {name: count for name, count in one.items() if name != "noop"}
    first, second = (
        data_of(folder / "report.html")["surface"]
        for folder in (alone, output / "reports" / "test")
    )
    assert second["sentences"] == first["sentences"][1:]
    for a, b in zip(first["columns"], second["columns"], strict=True):
        assert b["values"] == pytest.approx(a["values"], rel=1e-8)
    for name in ("surface.csv", "distances.csv"):
        one, other = table(alone / name), table(output / "reports" / "test" / name)
        assert len(one) == len(other) > 0
        for a, b in zip(one, other, strict=True):
            for column, value in a.items():
                assert float(b[column]) == pytest.approx(float(value), rel=1e-9, abs=1e-12)


def test_a_sentence_alone_is_drawn_and_nothing_else(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")  # a run sets it: undone afterwards
    arguments = job(tiny_bert, tmp_path / "o", "--sentence", "The cat was.", "--heads", "2-4")
    assert main("evaluate", list(map(str, arguments))) == 0
    made = {p.name for p in (tmp_path / "o" / "reports" / "test").rglob("*") if p.is_file()}
    assert made == {f"figure{n}_sentence.{ending}" for n in (1, 5) for ending in ("png", "pdf")}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "no text: give --data.test FILE"),
        (["--data.test", "nowhere.txt"], "nowhere.txt: no such file"),
        (["--sentence", "The cat."], "go together"),
        (
            ["--sentence", "The cat.", "--heads", "2-5"],
            "--heads: .* 1, 2 and a head from 1 to 4, found '2-5'",
        ),
        (["--sentence", " ", "--heads", "1-1"], "found 0 in ' '"),
        (["--data.test", TEXT, "--data.limit=4"], "expected a limit from 5 to 512"),
        (["--data.test", TEXT, "--data.gradient_segments=2"], "masked-language-model head"),
        (["--data.test", TEXT, "--data.treebank", TEXT], "--surface.best_heads RUN"),
        (["--data.test", TEXT, "--model.smoothing=1"], "expected smoothing from 0"),
        (["--data.test", TEXT, "--surface.best_heads", "nowhere"], "nowhere"),
    ],
)
def test_what_is_refused(
    more: list[object], said: str, refuse: Run, tiny_bert: Path, tmp_path: Path
) -> None:
    message = refuse("evaluate", *job(tiny_bert, tmp_path / "o"), *more)
    assert re.search(said, message), message
    assert not (tmp_path / "o").exists()
