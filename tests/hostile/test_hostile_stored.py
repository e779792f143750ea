"""What a run reads that another has stored: damaged, it is refused in words, or read."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from letters import Letters
from mutants import VALUES, altered, answered, damaged, trying

from probing.core.files import cache_folder
from probing.data.store import open_windows
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import PlainTokenizer
from probing.encoder.source import Source
from probing.encoder.vectors import WordVectors
from probing.surface.report.labels import read_best_heads
from probing.surface.text.store import open_segments

VECTORS = b"3 2\nthe 0.5 -1.0\ndog 1e-3 2\nNew York 0 0.25\n"
WORDS = ["the", "dog", "New York"]
BEST: dict[str, Any] = {
    "weights_sha256": "x",
    "best_heads": {
        "nsubj": {
            "head": "1-2",
            "accuracy": 0.5,
            "direction": "dep->head",
            "offset": {"baseline": "offset=1", "accuracy": 0.25},
        }
    },
}
REPORT = json.dumps(BEST).encode()


def naive_vectors(content: bytes) -> dict[str, list[float]]:
    """The last columns are numbers, as many as a header or else the first line says."""
    lines = [line.rstrip(" \r") for line in content.decode("utf-8-sig", "replace").split("\n")]
    lines = lines[:-1] if not lines[-1] else lines
    header = lines[0].split(" ")
    if len(header) == 2 and all(each.isascii() and each.isdigit() for each in header):
        size, lines = int(header[1]), lines[1:]
    else:
        size = next(i for i, each in enumerate([*header[:0:-1], "x"]) if not is_number(each))
    found: dict[str, list[float]] = {}
    for line in lines:
        word = " ".join(line.split(" ")[:-size])
        if word in WORDS:
            numbers = [float(np.float32(each)) for each in line.split(" ")[-size:]]
            found.setdefault(word, numbers)
    return found


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@trying(12)
@given(content=damaged(VECTORS), packed=st.booleans())
def test_damaged_word_vectors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / f"mutant.txt{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    vectors = WordVectors(str(path))
    found = answered(lambda: vectors([WORDS], len(WORDS))[0])
    if found is not None:
        own = naive_vectors(content)
        zeros = [0.0] * found.shape[1]
        assert found.tolist() == [own.get(word, zeros) for word in WORDS]


@trying(12)
@given(damaged(gzip.compress(VECTORS, mtime=0)))
def test_damaged_archives_of_word_vectors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Their checksums tell."""
    path = tmp_path_factory.getbasetemp() / "mutant.txt.gz"
    path.write_bytes(content)
    vectors = WordVectors(str(path))
    found = answered(lambda: vectors([["the", "dog"]], 2)[0])
    assert found is None or found.tolist() == [[0.5, -1.0], [float(np.float32("1e-3")), 2.0]]


@trying(12)
@given(st.one_of(damaged(REPORT), altered(BEST, VALUES).map(lambda s: json.dumps(s).encode())))
def test_a_damaged_report_that_names_heads(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "summary.json"
    path.write_bytes(content)
    for head in answered(lambda: read_best_heads(path, weights="x")) or ():
        entry = json.loads(content)["best_heads"][head.relation]
        assert f"{head.layer}-{head.head}" == entry["head"]
        assert head.accuracy == float(entry["accuracy"])
        assert head.layer > 0
        assert head.head > 0


Opened = Callable[[], list[torch.Tensor]]


@pytest.fixture(params=["treebank", "text"])
def opened(
    request: pytest.FixtureRequest, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Opened:
    """All that a run takes of a corpus, through a cache of its own."""
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    source = tmp_path / f"corpus.{'txt' if request.param == 'text' else 'dep'}"
    source.write_text("Ann 2-nsubj\nsank 0-root\n\nShe 2-nsubj\nswam 0-root\nthere 2-advmod\n")
    plain = PlainTokenizer(Source(str(tiny_bert), revision=None).tokenizer())

    def windows() -> list[torch.Tensor]:
        corpus = open_windows(str(source), reader=None, task=Dependencies(), tokenizer=Letters())
        return values_of(corpus[range(len(corpus))])

    def segments() -> list[torch.Tensor]:
        text = open_segments(str(source), reader=None, tokenizer=plain, limit=20, seed=1)
        return values_of(text[range(len(text))])

    return segments if request.param == "text" else windows


def values_of(batch: Any) -> list[torch.Tensor]:
    values = [getattr(batch, field.name) for field in fields(batch)]
    return [value.clone() for value in values if isinstance(value, torch.Tensor)]


@trying(4, slow=3)
@given(data=st.data())
def test_a_damaged_cache_changes_nothing(data: st.DataObject, opened: Opened) -> None:
    """A file of it that is damaged, or goes, is made anew; one that says the same is no damage."""
    shutil.rmtree(cache_folder(), ignore_errors=True)
    whole = opened()
    files = sorted(cache_folder().glob("*.*"))
    path = data.draw(st.sampled_from(files))
    content = path.read_bytes()
    damage = data.draw(st.none() | damaged(content))
    path.unlink() if damage is None else path.write_bytes(damage)
    again = opened()
    assert len(again) == len(whole) >= 3
    assert all(map(torch.equal, again, whole))
    if path.suffix == ".json":  # a byte order mark before it changes nothing
        assert json.loads(path.read_bytes()) == json.loads(content)
    else:
        assert path.read_bytes() == content
