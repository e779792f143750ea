"""The real scripts in real processes, on a model of a few kilobytes and a built-in corpus."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel, BertTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
LAYERS, HEADS = 2, 3


@dataclass(frozen=True)
class Finished:
    """A process that came to its end."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines of standard error."""
        return self.err.splitlines()

    def ok(self) -> Finished:
        """The same, if it ended well."""
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self


Script = Callable[..., Finished]


def save_bert(folder: Path, *, seed: int) -> Path:
    """Write a tiny random BERT; frequent words are one wordpiece, the others are spelt."""
    folder.mkdir(parents=True)
    frequent = "the a of to in and that , . was were had he she it they his her on with at".split()
    signs = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = dict.fromkeys([*special, *frequent, *signs, *(f"##{s}" for s in signs)])
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=256).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=12,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=16,
            max_position_embeddings=256,
            initializer_range=0.5,  # far from even attention, so that heads differ
        )
        BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("models") / "bert", seed=0)


@pytest.fixture(scope="session")
def other_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("models") / "other", seed=1)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """No network, no GPU, a cache of its own; nothing of what started the tests."""
    kept = {k: v for k, v in os.environ.items() if k not in {"LOCAL_RANK", "RANK", "WORLD_SIZE"}}
    return {
        **kept,
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PROBING_CACHE": str(tmp_path_factory.mktemp("cache")),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="session")
def script(environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Runs ``train.py`` or ``evaluate.py``: ``script("train", "--config", ...)``."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(
        name: str,
        *arguments: object,
        cwd: Path = elsewhere,
        launcher: Sequence[str] = (),
        timeout: float = 150,
    ) -> Finished:
        command = [sys.executable, *launcher, str(ROOT / f"{name}.py"), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def data(*, train: object = None, val: object = None, test: object = None) -> list[str]:
    """Options that name the data of a run, ``null`` for none."""
    return [
        f"--data.{split}={'null' if source is None else source}"
        for split, source in {"train": train, "val": val, "test": test}.items()
    ]
