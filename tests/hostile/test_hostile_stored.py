"""What a run reads that another has stored: damaged, it is refused in words, or read."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mutants import answered, damaged, trying

from probing.encoder.source import Source
from probing.encoder.vectors import WordVectors
from probing.jobs.compared_models import labels_of
from probing.jobs.stored_config import stored_options
from probing.learning.checkpoints import load_checkpoint
from probing.surface.report.labels import read_best_heads

CONFIG = yaml.safe_dump(
    {
        "models": ["bert-base-uncased", {"name": "bert-base-uncased", "label": "other"}],
        "model": {
            "encoder": {"name": "bert-base-uncased", "layers": [1, 2]},
            "probes": {"mine": {"class_path": "probing.probes.AttentionProbe"}},
        },
        "data": {"class_path": "probing.data.DependencyData", "init_args": {"test": "a.conllu"}},
        "trainer": {"max_epochs": 2, "precision": "32-true"},
    }
).encode()
VECTORS = b"3 2\nthe 0.5 -1.0\ndog 1e-3 2\nsleeps 0 0.25\n"
REPORT = json.dumps(
    {
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
).encode()


def checkpoint() -> bytes:
    content = io.BytesIO()
    state = {"probes.mine.weight": torch.arange(12.0).reshape(3, 4)}
    torch.save({"state_dict": state, "config": CONFIG.decode(), "global_step": 3}, content)
    return content.getvalue()


CHECKPOINT = checkpoint()


@trying(12)
@given(damaged(CHECKPOINT))
def test_a_damaged_checkpoint(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "mutant.ckpt"
    path.write_bytes(content)
    found = answered(lambda: load_checkpoint(str(path)))
    assert found is None or "state_dict" in found


@trying(12)
@given(damaged(CONFIG))
def test_a_damaged_configuration_of_a_run(content: bytes) -> None:
    text = content.decode(errors="replace")
    found = answered(lambda: stored_options(text, place="config.yaml"))
    assert found is None or {"model", "data"} <= found.keys()
    assert all(isinstance(label, str) for label in labels_of(text))


@trying(12)
@given(content=damaged(VECTORS), packed=st.booleans())
def test_damaged_word_vectors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / f"mutant.txt{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content)[: len(content) + 20] if packed else content)
    vectors = WordVectors(str(path))
    answered(lambda: vectors.read(["the", "dog"]))


@trying(12)
@given(damaged(REPORT))
def test_a_damaged_report_that_names_heads(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "summary.json"
    path.write_bytes(content)
    for head in answered(lambda: read_best_heads(path, weights="x")) or ():
        assert head.layer > 0
        assert head.head > 0


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
@trying(4)
@given(data=st.data())
def test_a_damaged_file_of_a_model(
    name: str, data: st.DataObject, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "mutant_model"
    shutil.copytree(tiny_bert, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(data.draw(damaged((tiny_bert / name).read_bytes())))
    source = Source(str(folder), revision=None)
    answered(lambda: (source.config, source.tokenizer().fingerprint))
