"""From a command line to a job that runs."""

from __future__ import annotations

import difflib
import os
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from probing.core.claims import release
from probing.core.errors import ProbingError
from probing.jobs.allocation import keep_memory
from probing.jobs.checks import is_first
from probing.jobs.kept_help import keep_help, kept_help
from probing.jobs.own_data import left_out
from probing.jobs.parse_errors import naming
from probing.jobs.processes import watch_the_first
from probing.jobs.registry import refuse_single, row_of
from probing.jobs.screening import Screen, named_by, refuse_made
from probing.jobs.scripts import CONFIGS, DEFAULT, Script
from probing.jobs.stored_config import for_evaluation, stored_config, stored_options
from probing.jobs.yaml_text import in_json, read_config
from probing.reports.terminal.tables import show


def launch(script: Script, arguments: Sequence[str], said: Namespace) -> None:
    """Do what the command line says.

    Args:
        script: that was called.
        arguments: the command line.
        said: what :func:`~probing.jobs.arguments.peek` found there.

    Raises:
        ProbingError: for bad input, before anything is written.
    """
    for argument in arguments:
        if not argument.isascii() and argument != argument.encode(errors="replace").decode():
            raise ProbingError(f"{argument}: expected UTF-8, which is what a configuration is in")
    keep_memory()
    watch_the_first()
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # so that a probe in the current folder can be named
    stored = stored_config(script, said)
    configs: list[tuple[str, Any]] = []
    base: list[str] = []
    name = Path(said.config[-1]).stem if said.config else DEFAULT[script]
    place = said.ckpt_path or said.output
    if stored is not None:
        config = stored_options(stored.config, place=place, goes_on=script == "train")
        configs.append((place, config))
        name = name if said.config or script == "train" else script
    elif not said.config:
        base = ["--config", str(CONFIGS / f"{name}.yaml")]
    for path in said.config:
        _check_there(path)
    paths = [*base[1:], *said.config]
    configs += ((path, read_config(path)) for path in paths)
    without = {} if said.resume else _generated(configs, place, arguments)
    for split, source in without.items() if is_first() and not said.help else ():
        show(f"{split}: {source} is generated, and left out beside data of yours (--data.{split})")
    row = row_of(script, configs, said.job)
    refuse_single(row, configs)
    if said.ckpt_path and not row.has_checkpoints:
        raise ProbingError(
            f"a job of the kind {row.name!r} has no checkpoint: leave out --ckpt_path"
        )
    kind = row.load()
    screen = Screen(place, [*said.imports, *named_by(arguments)], arguments)
    if stored is not None:
        screen.check(config, kind.types_of(row))
        config = for_evaluation(config, arguments) if script == "evaluate" else config
        base = ["--config", in_json(config)]
    with naming(said.config, arguments):
        nulls = [f"--data.{split}=null" for split in without]
        commands = kind(row, [*base, *arguments, *nulls], name=name)
    if stored is not None:
        texts = [Path(path).read_text("utf-8", "replace") for path in said.config]
        words = re.findall(r"\w+", " ".join([*arguments, *texts]))
        refuse_made(commands.config, screen, frozenset(words))
    if said.help:
        text = commands.explained(script, said.config[-1] if said.config else name)
        keep_help(kept_help(script, arguments, said), text)
        print(text)
        return
    try:
        commands.run(script, said, stored.checkpoint if stored is not None else None)
    finally:
        release()


def _generated(
    configs: Sequence[tuple[str, Any]], place: str, arguments: Sequence[str]
) -> dict[str, str]:
    """The generated data, by its split, that does not go with what the user names."""
    brought: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    shipped = CONFIGS.resolve()
    for path, config in configs:
        comes = path == place or Path(path).resolve().parent == shipped
        (brought if comes else own).append(config)
    return left_out(brought, own, arguments)


def _check_there(config: str) -> None:
    if not Path(config).is_file():
        shipped = sorted(path.name for path in CONFIGS.glob("*.yaml"))
        near = difflib.get_close_matches(Path(config).name, shipped, n=1)
        hint = (
            f"\n       did you mean {near[0]!r}?" if near else f"; there are {', '.join(shipped)}"
        )
        raise ProbingError(f"--config {config}: there is no such file{hint}")
