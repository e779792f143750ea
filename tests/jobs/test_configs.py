"""Every shipped config runs: its keys exist, its classes take them, and help lists it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytorch_lightning import Trainer

from probing.core.errors import ProbingError
from probing.data import EdgeData
from probing.encoder import Encoder
from probing.jobs.cli import usage
from probing.jobs.edges import Edges
from probing.jobs.parser import Commands
from probing.jobs.registry import ROWS
from probing.jobs.scripts import CONFIGS, DEFAULT
from probing.probes import Probe
from probing.surface.data import TextData

PATHS = sorted(CONFIGS.rglob("*.y*ml"))
TEXT = CONFIGS / "surface.yaml"


def kind_of(path: Path) -> type[Commands]:
    """What parses and runs the job of a config."""
    job = yaml.safe_load(path.read_text(encoding="utf-8"))["job"]
    return next(row for row in ROWS if row.name == job).load()


EDGES = [path for path in PATHS if issubclass(kind_of(path), Edges)]
every_config = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
of_edges = pytest.mark.parametrize("path", EDGES, ids=[path.stem for path in EDGES])


def read(job: str, arguments: list[str], name: str = "mine") -> Commands:
    """A job, parsed."""
    row = next(row for row in ROWS if row.name == job)
    return row.load()(row, arguments, name=name)


def headline(path: Path) -> tuple[str, str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# (train|evaluate): (\S.*\S)", first)
    assert found, f"{path}: expected '# train: ...' or '# evaluate: ...', found {first!r}"
    return found[1], found[2]


def classes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping with a ``class_path``, however deep."""
    if isinstance(value, dict):
        if "class_path" in value:
            yield value
        for inner in value.values():
            yield from classes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from classes(inner)


def options(kind: type) -> set[str]:
    """Names that a constructor takes; those of its parents where it passes the rest on."""
    names: set[str] = set()
    for cls in kind.__mro__:
        if "__init__" not in vars(cls):
            continue
        parameters = inspect.signature(cls.__init__).parameters.values()
        names |= {p.name for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD}
        if all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    return names - {"self"}


def found(class_path: str) -> type:
    module, _, name = class_path.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    assert isinstance(kind, type)
    return kind


def test_there_are_configs_and_each_script_has_its_default() -> None:
    assert PATHS
    for script, name in DEFAULT.items():
        own = "train" if script == "cache" else script  # it is ahead of a run that trains
        assert headline(CONFIGS / f"{name}.yaml")[0] == own


@every_config
def test_the_first_line_says_which_script_and_what_for(path: Path) -> None:
    script, text = headline(path)
    assert f"configs/{path.name}" in usage(script)  # type: ignore[arg-type]
    assert text in usage(script)  # type: ignore[arg-type]
    other = "evaluate" if script == "train" else "train"
    assert f"configs/{path.name}" not in usage(other)  # type: ignore[arg-type]


@every_config
def test_sections_and_their_keys_exist(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    kind = kind_of(path)
    known = {"job", "model", "models", "data", "trainer", "seed_everything", *kind.sections}
    assert set(config) <= known
    assert set(config["model"]) <= options(kind.kinds[0])
    for section, owner in kind.sections.items():
        assert set(config.get(section) or {}) <= options(owner)
    assert set(config["model"]["encoder"]) <= options(Encoder)
    assert set(config.get("trainer", {})) <= options(Trainer)


@every_config
def test_every_class_takes_its_init_args(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    named = list(classes(config))
    assert named
    for entry in named:
        assert set(entry) <= {"class_path", "init_args"}
        kind = found(entry["class_path"])
        assert set(entry.get("init_args", {})) <= options(kind), entry["class_path"]


@of_edges
def test_probes_are_probes_and_data_is_data(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in (config["model"].get("probes") or {}).values():
        assert issubclass(found(entry["class_path"]), Probe)
    assert issubclass(found(config["data"]["class_path"]), EdgeData)


@every_config
def test_only_training_names_probes(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert bool(config["model"].get("probes")) == (headline(path)[0] == "train")


@of_edges
def test_the_real_parser_builds_what_the_config_says(
    path: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    arguments = ["--config", str(path), "--model.encoder.name", str(tiny_bert)]
    arguments += ["--models=null"]  # the models of a comparison are built one by one
    commands = read(config["job"], [*arguments, "--output", str(tmp_path / "out")])
    commands.build()
    assert commands.model.encoder.name == str(tiny_bert)
    probes = config["model"].get("probes") or {}
    assert set(commands.model.probes) == set(probes)
    for name, entry in probes.items():
        built = commands.model.probes[name]
        assert type(built) is found(entry["class_path"])
        for option, value in entry.get("init_args", {}).items():
            assert getattr(built, option) == value
    given = config["data"].get("init_args", {})
    assert commands.datamodule.sources == {s: given.get(s) for s in ("train", "val", "test")}
    assert commands.datamodule.tokenizer is commands.model.encoder.tokenizer
    if "max_epochs" in config.get("trainer", {}):
        assert commands.trainer.max_epochs == config["trainer"]["max_epochs"]
    assert not (tmp_path / "out").exists()  # parsing writes nothing


def test_the_real_parser_builds_the_job_on_plain_text(tiny_bert: Path, tmp_path: Path) -> None:
    arguments = ["--config", str(TEXT), "--model.encoder.name", str(tiny_bert)]
    arguments += ["--output", str(tmp_path / "out"), "--data.limit", "64", "--heads", "1-1", "2-2"]
    commands = read("surface", arguments)
    commands.build()
    assert commands.model.encoder.name == str(tiny_bert)
    assert isinstance(commands.datamodule, TextData)
    assert commands.datamodule.limit == 64
    assert commands.datamodule.words is commands.model.encoder.tokenizer
    assert commands.config["heads"] == ["1-1", "2-2"]
    assert not (tmp_path / "out").exists()


def test_a_key_that_does_not_exist_would_be_noticed() -> None:
    assert "width" in options(found("probing.probes.DistanceWordsProbe"))
    assert "widht" not in options(found("probing.probes.DistanceWordsProbe"))


# ------------------------------------------------------------------- what is no option


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("model:\n  probez: {}", "probez", "probes"),
        ("modle: {}", "modle", "model"),
        ("model:\n  encoder: {layerz: {a: {}}}", "layerz", "layers"),
        (
            "data:\n  class_path: probing.data.DependencyData\n  init_args: {tset: {}}",
            "tset",
            "test",
        ),
        ("trainer: {precisely: {}}", "precisely", "precision"),
    ],
)
def test_an_empty_mapping_under_a_key_that_does_not_exist_is_refused(
    text: str, key: str, near: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    default = str(CONFIGS / "heads.yaml")
    with pytest.raises(ProbingError) as refused:
        read("heads", ["--config", default, "--config", str(path)])
    said = str(refused.value)
    assert said.startswith(f"{path}: option {key!r} is not accepted")
    assert said.endswith(f"did you mean {near!r}?")


@pytest.mark.parametrize(
    "text", ["model:\n  probes: {}", "trainer: {}", "{}", "data: {init_args: {}}"]
)
def test_an_empty_mapping_where_one_belongs_is_none_at_all(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    default = str(CONFIGS / "heads.yaml")
    assert read("heads", ["--config", default, "--config", str(path)]).config.model.encoder


@pytest.mark.parametrize(
    ("given", "seeds", "paired"),
    [
        (["--seeds", "1", "2"], [1, 2], []),
        (["--seeds=[3,1]"], [3, 1], []),
        (["--seeds", "[3, 1]", "--paired", "a,b"], [3, 1], ["a,b"]),
        (["--paired", "a,b", "3-9 both,c", "--seeds", "7"], [7], ["a,b", "3-9 both,c"]),
        ([], [], []),
    ],
)
def test_an_option_may_have_several_values(
    given: list[str], seeds: list[int], paired: list[str]
) -> None:
    own = ["--config", str(CONFIGS / "demo.yaml"), *given, "--intervals", "50"]
    own += ["--significance", "19"]
    config = read("probes", own).config
    assert config.seeds == config.model.seeds == seeds
    assert config.paired == paired
    assert config.intervals == 50
    assert config.significance == 19


def test_the_real_parser_builds_the_job_that_ablates(tiny_bert: Path, tmp_path: Path) -> None:
    arguments = ["--config", str(CONFIGS / "ablate.yaml"), "--model.encoder.name", str(tiny_bert)]
    arguments += ["--output", str(tmp_path / "out"), "--ablation.how", "zero", "--each"]
    arguments += ["--heads", "1-1,1-2", "2-2", "--heads-from", "runs/a:obj", "--heads_from=[b:c]"]
    commands = read("ablate", arguments)
    commands.build()
    assert commands.model.encoder.name == str(tiny_bert)
    assert commands.datamodule.words is commands.model.encoder.tokenizer
    assert commands.datamodule.pairs[0].startswith("builtin:roles")
    assert commands.built.ablation.how == "zero"
    assert commands.config["heads"] == ["1-1,1-2", "2-2"]
    assert commands.config["heads_from"] == ["b:c"]
    assert commands.config["each"] is True
    assert not (tmp_path / "out").exists()
