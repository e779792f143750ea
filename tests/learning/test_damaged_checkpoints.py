"""A checkpoint of which one bit has changed is refused, or is the same."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.learning.checkpoint_files import WholeCheckpoints
from probing.learning.checkpoints import going_on, load_checkpoint
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe

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


@pytest.mark.parametrize("attribute", range(32))
def test_a_bit_in_what_is_said_of_a_record_changes_nothing(
    attribute: int, checkpoint: Path
) -> None:
    """No checksum covers it. With one of them torch would read no parameters, but memory."""
    whole = checkpoint.read_bytes()
    with ZipFile(checkpoint) as archive:
        entries = len(archive.infolist())
    place = len(whole)
    for _ in range(entries):
        place = whole.rindex(b"PK\x01\x02", 0, place)  # of an entry in the list of records
        damaged = bytearray(whole)
        damaged[place + 38 + attribute // 8] ^= 1 << attribute % 8
        checkpoint.write_bytes(damaged)
        assert same(load_checkpoint(str(checkpoint)), STATE)
        assert same(WholeCheckpoints().load_checkpoint(checkpoint), STATE)


def test_packed_records_are_refused(checkpoint: Path) -> None:
    with ZipFile(checkpoint) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(checkpoint, "w", ZIP_DEFLATED) as packed:
        for name, content in records.items():
            packed.writestr(name, content)
    with pytest.raises(ProbingError, match="expected a checkpoint"):
        load_checkpoint(str(checkpoint))


@pytest.mark.parametrize("size", [0, 1, 100, 1000])
def test_a_checkpoint_that_was_cut_is_refused(size: int, checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:size])
    with pytest.raises(ProbingError, match="expected a checkpoint"):
        load_checkpoint(str(checkpoint))


ODD: tuple[Any, ...] = (None, 3, "x", [], {}, {"main": 1}, [1, 2], torch.zeros(7), b"x")


def test_what_a_checkpoint_holds_may_be_anything(tiny_encoder: Encoder) -> None:
    """Every value of it in turn, and every one that is left out: refused in words, or read."""
    module = ProbingModule(tiny_encoder, {"a": AttentionProbe(), "b": AttentionProbe()})
    module.configure_model()
    state = {name: value for name, value in module.state_dict().items() if "probes" in name}
    whole: dict[str, Any] = {"state_dict": state}
    module.on_save_checkpoint(whole)
    module.restore(whole)
    paths = [
        *([("state_dict",), ("probing",)]),
        *(("state_dict", name) for name in state),
        *(("probing", name) for name in whole["probing"]),
        ("probing", "probes", "a"),
        ("probing", "encoders", "main"),
        *(("probing", "encoders", "main", name) for name in ("title", "weights", "layers")),
    ]
    refused = 0
    for *outer, last in paths:
        for odd in (*ODD, "left out"):
            changed = copy.deepcopy(whole)
            within = changed
            for name in outer:
                within = within[name]
            within[last] = odd
            if isinstance(odd, str) and odd == "left out":
                del within[last]
            try:
                module.restore(changed)
            except ProbingError:
                refused += 1
            except KeyError:  # load_checkpoint has refused one without
                assert (*outer, last) == ("state_dict",)
    assert refused > len(paths) * len(ODD) / 2


def test_what_lightning_cannot_take_up_is_said_of_the_checkpoint() -> None:
    of_lightning: dict[str, Any] = {}
    place = "pytorch_lightning/trainer/connectors/checkpoint_connector.py"
    exec(compile("def restore(state): return state['param_groups']", place, "exec"), of_lightning)
    told = r"^last\.ckpt: no run can go on with the checkpoint: KeyError: 'param_groups'$"
    with pytest.raises(ProbingError, match=told), going_on("last.ckpt"):
        of_lightning["restore"]({})
    with pytest.raises(KeyError), going_on(None):
        of_lightning["restore"]({})
    with pytest.raises(KeyError), going_on("last.ckpt"):
        raise KeyError("of a step")
