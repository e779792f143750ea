"""Configurations that a checkpoint or an interrupted run brings along."""

from __future__ import annotations

import re
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from probing.core.errors import ProbingError
from probing.data.builtin.reader import read_builtin
from probing.data.sources.files import READERS, is_here
from probing.jobs.scripts import CONFIGS, DEFAULT, Script
from probing.learning.checkpoints import load_checkpoint

# What a stored configuration may name without the user's word: classes of the kinds that a run is
# built of, and our own readers. Anything else there may run commands when it is called.
_KNOWN = re.compile(
    r"(probing\.(probes|data)|torch\.optim)(\.[a-z_]+){0,2}\.[A-Z]\w*"
    r"|pytorch_lightning\.(accelerators|callbacks|loggers|plugins|profilers|strategies)"
    r"(\.[a-z_]+)*\.[A-Z]\w*"
)
_OUR_READERS = frozenset(
    f"{read.__module__}.{read.__name__}" for read in (*READERS.values(), read_builtin)
)
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
# Options that hold names and paths, never something to import.
_PLAIN = re.compile(
    r"data\.init_args\.(train|val|test)|model\.(encoder|encoders\.\w+)\.(name|revision)|model\.vectors"
    r"|treebanks\.first"
)


def stored_config(script: Script, early: Namespace) -> str | None:
    """The resolved configuration that a checkpoint or an interrupted run holds."""
    if early.ckpt_path and script == "train":
        raise ProbingError("train.py goes on with --resume --output DIR; --ckpt_path evaluates")
    if early.ckpt_path:
        config = load_checkpoint(early.ckpt_path).get("config")
        if not isinstance(config, str):
            raise ProbingError(f"{early.ckpt_path}: expected a checkpoint of train.py")
        return config
    if early.resume:
        if not early.output:
            raise ProbingError("--resume needs --output DIR, the folder of the interrupted run")
        path = Path(early.output) / "config.yaml"
        if not path.exists():
            raise ProbingError(f"{path}: there is no run to go on with")
        return path.read_text(encoding="utf-8")
    return None


@contextmanager
def base_arguments(
    script: Script, early: Namespace, stored: str | None, arguments: Sequence[str]
) -> Iterator[list[str]]:
    """The arguments that come before the user's own: a stored config or the default job."""
    if stored is None:
        default = CONFIGS / f"{DEFAULT[script]}.yaml"
        yield [] if early.config else ["--config", str(default)]
        return
    config = _current(yaml.safe_load(stored))
    config.pop("output", None)
    config.pop("overwrite", None)
    if not early.resume:  # what was asked for another run's reports
        config.pop("treebanks", None)
        config.pop("predictions", None)
        (config.get("report") or {}).pop("writers", None)
    _refuse_foreign(config, [*early.imports, *arguments])
    sources = config.get("data", {}).get("init_args", {})
    said = any(argument.partition("=")[0] == "--data.val" for argument in arguments)
    if script == "evaluate" and sources.get("val") and not said and not is_here(sources["val"]):
        print(f"val: {sources['val']} is not here: heads are chosen on the test data")
        sources["val"] = None
    # LightningCLI reads configs from files; this one lives as long as the parsing.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stored.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        yield ["--config", str(path)]


def _current(config: Any, key: str = "") -> Any:
    """A stored configuration with the names that things have today."""
    if isinstance(config, dict):
        return {name: _current(v, f"{key}.{name}".lstrip(".")) for name, v in config.items()}
    if isinstance(config, list):
        return [_current(value, key) for value in config]
    is_name = isinstance(config, str) and not _PLAIN.fullmatch(key)
    return FORMER.get(config, config) if is_name else config


def _refuse_foreign(config: Any, said: Sequence[str], key: str = "") -> None:
    """Refuse a stored configuration that would import what the user did not name.

    Raises:
        ProbingError: naming the class and how to allow it.
    """
    if isinstance(config, dict):
        for name, value in config.items():
            _refuse_foreign(value, said, f"{key}.{name}".lstrip("."))
    elif isinstance(config, list):
        for value in config:
            _refuse_foreign(value, said, key)
    elif isinstance(config, str) and not _PLAIN.fullmatch(key):
        found = re.fullmatch(r"([A-Za-z_]\w*)(\.[A-Za-z_]\w*)+", config)
        known = config in _OUR_READERS or _KNOWN.fullmatch(config)
        if found and not known and not any(_names(s, found[1]) for s in said):
            raise ProbingError(
                f"the stored config names {config}, from outside the package; "
                f"if you trust it, add --import {found[1]} (from Python: imports=[{found[1]!r}])"
            )


def _names(said: str, module: str) -> bool:
    return said == module or said.startswith(f"{module}.") or f"={module}." in said
