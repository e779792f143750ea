"""A checkpoint of which one bit has changed is refused, or is the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from probing.core.errors import ProbingError
from probing.learning.checkpoints import load_checkpoint

STATE: dict[str, Any] = {
    "state_dict": {"probes.a.weight": torch.arange(6.0).reshape(2, 3), "probes.b": torch.ones(1)},
    "config": "model: {}\ndata: {}\n",
    "probing": {"format": 3},
    "global_step": 7,
}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor):
        return isinstance(right, torch.Tensor) and torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return bool(left == right)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.save(STATE, tmp_path / "last.ckpt")
    assert same(load_checkpoint(str(tmp_path / "last.ckpt")), STATE)
    return tmp_path / "last.ckpt"


def test_a_bit_that_changed_changes_no_result(checkpoint: Path) -> None:
    whole = checkpoint.read_bytes()
    rng, refused = random.Random(0), 0
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        checkpoint.write_bytes(damaged)
        try:
            assert same(load_checkpoint(str(checkpoint)), STATE)
        except ProbingError:
            refused += 1
    assert refused > 100


def test_a_bit_in_the_parameters_is_named_with_its_record(checkpoint: Path) -> None:
    whole = bytearray(checkpoint.read_bytes())
    place = whole.index(torch.arange(6.0).numpy().tobytes())
    whole[place + 5] ^= 1
    checkpoint.write_bytes(whole)
    with pytest.raises(ProbingError, match=r"damaged: .*/data/0 .* checksum"):
        load_checkpoint(str(checkpoint))


@pytest.mark.parametrize("size", [0, 1, 100, 1000])
def test_a_checkpoint_that_was_cut_is_refused(size: int, checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:size])
    with pytest.raises(ProbingError, match="expected a checkpoint"):
        load_checkpoint(str(checkpoint))
