"""Configurations that a checkpoint or an interrupted run brings along."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from probing.core.errors import ProbingError
from probing.data import EdgeData
from probing.data.sources.files import is_here
from probing.jobs.parse_errors import Parser
from probing.jobs.parts import add_parts
from probing.jobs.screening import Screen, refuse_made
from probing.jobs.scripts import Script
from probing.jobs.yaml_text import in_json, read_yaml, text_of
from probing.learning.checkpoints import load_checkpoint
from probing.learning.module import ProbingModule
from probing.reports.terminal.tables import show

# What versions before 0.2 called what a stored configuration may name.
FORMER = {
    "probing.probes.baselines.DistanceWordsProbe": (
        "probing.probes.words_and_distance.DistanceWordsProbe"
    ),
    "probing.data.readers.read_conllu": "probing.data.formats.conllu.read_conllu",
    "probing.data.readers.read_conllx": "probing.data.formats.conllx.read_conllx",
    "probing.data.readers.read_text": "probing.data.formats.paper.read_text",
    "probing.data.readers.read_builtin": "probing.data.builtin.reader.read_builtin",
    "probing.data.conll2012.read_conll2012": "probing.data.formats.conll2012.read_conll2012",
    "probing.data.coreference_json.read_coreference_json": (
        "probing.data.formats.coreference_json.read_coreference_json"
    ),
}


@dataclass(frozen=True)
class Stored:
    """What a run of before left: its configuration, and the checkpoint that it came in."""

    config: str
    checkpoint: dict[str, Any] | None = None


def stored_config(script: Script, early: Namespace) -> Stored | None:
    """What the checkpoint holds that the command line names, or the run that it goes on with."""
    if script == "cache" and (early.ckpt_path or early.resume):
        raise ProbingError("what a run is to learn from is cached before: give its --config alone")
    if early.ckpt_path and script == "train":
        raise ProbingError("train.py goes on with --resume --output DIR; --ckpt_path evaluates")
    if early.ckpt_path:
        return Stored(*stored_in(early.ckpt_path))
    if early.resume:
        if not early.output:
            raise ProbingError("--resume needs --output DIR, the folder of the interrupted run")
        path = Path(early.output) / "config.yaml"
        if not path.exists():
            raise ProbingError(f"{path}: there is no run to go on with")
        return Stored(text_of(path))
    return None


def stored_in(path: str) -> tuple[str, dict[str, Any]]:
    """The configuration that a checkpoint of ``train.py`` holds, and the checkpoint, read once.

    Raises:
        ProbingError: if it is none.
    """
    checkpoint = load_checkpoint(path)
    config = checkpoint.get("config")
    if not isinstance(config, str):
        raise ProbingError(f"{path}: expected a checkpoint of train.py")
    return config, checkpoint


def stored_options(config: str, *, place: str, goes_on: bool = True) -> dict[str, Any]:
    """A stored configuration with the names of today, not yet screened.

    Args:
        config: the configuration, as text.
        place: where it is stored, for complaints.
        goes_on: whether the run goes on; else what was asked for its reports binds nobody.

    Raises:
        ProbingError: for what is no configuration.
    """
    try:
        found = _current(read_yaml(config))
        in_json(found)  # as which the parser gets it
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ProbingError(f"{place}: expected a configuration, found no YAML: {reason}") from error
    if not isinstance(found, dict):
        raise ProbingError(f"{place}: expected a configuration, found {type(found).__name__}")
    for own in ("output", "overwrite", *(() if goes_on else ("treebanks", "predictions"))):
        found.pop(own, None)
    if not goes_on and isinstance(report := found.get("report"), dict):
        report.pop("writers", None)
    for section in ("model", "data"):
        if not isinstance(found.get(section), dict):
            raise ProbingError(f"{place}: expected options of {section!r}, found none")
    options = found["data"].get("init_args")
    if not isinstance(options, dict | None):
        raise ProbingError(f"{place}: expected options as data.init_args, found {options!r}")
    for once in ("changed", "cache_features"):  # the command line alone allows, and says where
        (options or {}).pop(once, None)
    return found


def for_evaluation(config: dict[str, Any], arguments: Sequence[str]) -> dict[str, Any]:
    """A stored configuration whose training and validation data are left out if not here."""
    sources = config["data"].get("init_args") or {}
    said = {argument.partition("=")[0] for argument in arguments}
    without = {
        "train": "tags that are guessed from forms are not learnt on it",
        "val": "heads are chosen on the test data",
    }
    for split, consequence in without.items():
        source = sources.get(split)
        if f"--data.{split}" in said or not isinstance(source, str) or not source:
            continue
        if not is_here(source):
            show(f"{split}: {source} is not here: {consequence}")
            sources[split] = None
    return config


def parts(config: dict[str, Any], screen: Screen) -> tuple[ProbingModule, EdgeData]:
    """Model and data of a stored configuration, without the rest of the run; nothing is loaded.

    Raises:
        ProbingError: for what cannot be read, or does not pass the screen.
    """
    parser = Parser()
    add_parts(parser, model=ProbingModule, data=EdgeData)
    own = {"model": config["model"] | {"seeds": config.get("seeds")}, "data": config["data"]}
    screen.check(own, {"model": ProbingModule, "data": EdgeData})
    parsed = parser.parse_object(own)
    refuse_made(parsed, screen, ())
    built = parser.instantiate(parsed)
    return built.model, built.data


def _current(config: Any) -> Any:
    """A stored configuration with the names that things have today."""
    if isinstance(config, dict):
        return {name: _current(value) for name, value in config.items()}
    if isinstance(config, list):
        return [_current(value) for value in config]
    return FORMER.get(config, config) if isinstance(config, str) else config
