"""A report on trees is refused where there are none, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from probing.jobs.scripts import CONFIGS


def test_anaphors_have_no_trees(
    refuse: Callable[..., str], tiny_bert: Path, tmp_path: Path
) -> None:
    arguments = ["--config", CONFIGS / "coreference_heads.yaml", "--model.encoder.name", tiny_bert]
    source = "builtin:documents=2,seed=1"
    said = refuse("evaluate", *arguments, "--data.test", source, "--report.trees", "true")
    assert "--report.trees needs dependency trees" in said
    assert "a coreference job has none" in said
    assert list(tmp_path.iterdir()) == []


def test_a_structural_probe_of_a_layer_that_is_not_there(
    refuse: Callable[..., str], tiny_bert: Path, tmp_path: Path
) -> None:
    arguments = ["--config", CONFIGS / "table3.yaml", "--model.encoder.name", tiny_bert]
    source = "builtin:documents=2,seed=1"
    layer = ("--model.probes.structural.init_args.layer", 3)
    said = refuse("train", *arguments, "--data.train", source, "--data.val", source, *layer)
    assert "a structural probe of layer 3: expected one of 0, 1, 2" in said
    assert list(tmp_path.iterdir()) == []
