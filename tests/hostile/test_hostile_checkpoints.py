"""Checkpoints and configurations of runs, damaged or made up: refused in words, or read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mutants import VALUES, Say, altered, answered, damaged, trying

from probing.api.restore import restore
from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.jobs.compared_models import labels_of
from probing.jobs.stored_config import stored_options
from probing.learning.checkpoints import load_checkpoint
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe

ODD = [
    *VALUES,
    *("a.ckpt", "probing.probes.AttentionWordsProbe", "probing.data.CoreferenceData"),
    *({"class_path": "x.Y"}, {"class_path": "torch.optim.Adam", "init_args": {"lr": -1}}),
    {"class_path": "probing.probes.AttentionProbe", "init_args": {"learning_rate": "x"}},
]  # fmt: skip
TENSORS = [
    *(torch.zeros(0), torch.zeros(7), torch.full((3, 2, 4), float("nan")), torch.zeros(2**16)),
    *(torch.zeros(2, dtype=torch.complex64), torch.ones((), dtype=torch.bool)),
    torch.tensor([10**18]),
]  # fmt: skip


def config_of(model: Path) -> dict[str, Any]:
    """As a run stores it."""
    probe = {"class_path": "probing.probes.AttentionProbe", "init_args": {"learning_rate": 0.1}}
    data = {"train": "no.conllu", "val": None, "test": "no.conllu", "batch_wordpieces": 500}
    return {
        "job": "probes",
        "seed_everything": 3,
        "models": ["bert-base-uncased", {"name": "bert-base-uncased", "label": "other"}],
        "model": {"encoder": {"name": str(model), "layers": [1, 2]}, "probes": {"mine": probe}},
        "data": {"class_path": "probing.data.DependencyData", "init_args": data},
        "trainer": {"max_epochs": 2, "precision": "32-true", "accelerator": "cpu"},
    }


@pytest.fixture(scope="session")
def checkpoint(tiny_bert: Path) -> dict[str, Any]:
    """What a run of two epochs might have stored."""
    module = ProbingModule(Encoder(str(tiny_bert), layers=[1, 2]), {"mine": AttentionProbe()})
    module.configure_model()
    own = {name: value for name, value in module.state_dict().items() if "probes" in name}
    whole = {"state_dict": own, "config": config_of(tiny_bert), "global_step": 3, "epoch": 2}
    module.on_save_checkpoint(whole)
    return whole


def stored(checkpoint: Any) -> bytes:
    """With its configuration as text."""
    content = io.BytesIO()
    if isinstance(checkpoint, dict) and isinstance(checkpoint.get("config"), dict):
        checkpoint = checkpoint | {"config": yaml.safe_dump(checkpoint["config"])}
    torch.save(checkpoint, content)
    return content.getvalue()


SMALL = stored({"state_dict": {"probes.mine.weight": torch.arange(12.0)}, "config": "model: {}"})


@trying(12)
@given(damaged(SMALL))
def test_a_damaged_checkpoint(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "mutant.ckpt"
    path.write_bytes(content)
    found = answered(lambda: load_checkpoint(str(path)))
    if found is not None:  # its checksums hold
        assert torch.equal(found["state_dict"]["probes.mine.weight"], torch.arange(12.0))
        assert found["config"] == "model: {}"


@trying(4, slow=3)
@given(data=st.data())
def test_a_checkpoint_that_somebody_made(
    data: st.DataObject, checkpoint: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What is loaded is what it holds, however odd the rest."""
    rest = {name: value for name, value in checkpoint.items() if name != "config"}
    made = data.draw(altered(rest, [*ODD, *TENSORS]))
    config = data.draw(st.just(checkpoint["config"]) | altered(checkpoint["config"], ODD))
    path = tmp_path_factory.getbasetemp() / "made.ckpt"
    path.write_bytes(stored(made | {"config": config}))
    found = answered(lambda: restore(str(path)))
    if found is not None:
        module, _ = found
        for name, value in module.probes.state_dict().items():
            held = made["state_dict"][f"probes.{name}"].to(value.dtype)
            assert value.shape == held.shape
            assert torch.allclose(value, held, equal_nan=True, rtol=0, atol=0)


CONFIG = yaml.safe_dump(config_of(Path("bert-base-uncased"))).encode()


@trying(12)
@given(damaged(CONFIG))
def test_a_damaged_configuration_of_a_run(content: bytes) -> None:
    text = content.decode(errors="replace")
    found = answered(lambda: stored_options(text, place="config.yaml"))
    assert found is None or {"model", "data"} <= found.keys()
    assert all(isinstance(label, str) for label in labels_of(text))


@trying(3, slow=3)
@given(data=st.data())
def test_a_run_that_goes_on_with_a_configuration_that_somebody_made(
    data: st.DataObject, say: Say, tmp_path: Path, tiny_bert: Path
) -> None:
    whole = config_of(tiny_bert)
    del whole["models"]
    text = yaml.safe_dump(whole).encode()
    made = st.one_of(damaged(text), altered(whole, ODD).map(lambda c: yaml.dump(c).encode()))
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_bytes(data.draw(made))
    (folder / "checkpoints" / "last.ckpt").write_bytes(SMALL)
    (folder / "checkpoints" / "finished").write_bytes(b"0" * 64)
    (folder / "notes.txt").write_text("of the user")
    say("train", "--resume", f"--output={folder}", "--data.train=no-such-file.conllu")


@trying(3, slow=3)
@given(data=st.data())
def test_the_evaluation_of_a_checkpoint_that_somebody_made(
    data: st.DataObject, say: Say, checkpoint: dict[str, Any], tmp_path: Path
) -> None:
    made = checkpoint | {"config": data.draw(altered(checkpoint["config"], ODD))}
    (tmp_path / "made.ckpt").write_bytes(stored(made))
    say("evaluate", f"--ckpt_path={tmp_path / 'made.ckpt'}", "--data.test=no-such-file.conllu")


def test_what_is_whole_is_read(checkpoint: dict[str, Any], tmp_path: Path) -> None:
    """The mutants are of something that is read."""
    path = tmp_path / "whole.ckpt"
    path.write_bytes(stored(checkpoint))
    module, _ = restore(str(path))
    own = module.probes.state_dict()
    assert {f"probes.{name}": value.tolist() for name, value in own.items()} == {
        name: value.tolist() for name, value in checkpoint["state_dict"].items()
    }
    path.write_bytes(SMALL)
    assert load_checkpoint(str(path))["config"] == "model: {}"
    with pytest.raises(ProbingError, match="options of 'data'"):
        restore(str(path))
