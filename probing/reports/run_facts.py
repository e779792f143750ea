"""When, by what command and with what a run was made, for ``summary.json``."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pytorch_lightning import Trainer

from probing.core.version import VERSION


def run_facts() -> dict[str, object]:
    """Date (UTC), command line, version of Python, and the commit of this package, if it has one.

    Paths beneath the current folder are relative to it.
    """
    program, *arguments = sys.argv
    words = [Path(program).name, *(argument.replace(_here(), "") for argument in arguments)]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(words),
        "python": platform.python_version(),
        "commit": _commit(),
    }


def facts_of(trainer: Trainer, *packages: str, seconds: float) -> dict[str, object]:
    """:func:`run_facts`, and what the numbers may hang on.

    Args:
        trainer: of the run.
        packages: whose versions are told, beside this one's.
        seconds: how long, so far.
    """
    seed = os.environ.get("PL_GLOBAL_SEED")
    return {
        **run_facts(),
        "seed": int(seed) if seed else None,
        "precision": str(trainer.precision),
        "device": trainer.strategy.root_device.type,
        "processes": trainer.world_size,
        "wall_seconds": round(seconds, 1),
        "versions": {"probing": VERSION} | {name: version(name) for name in packages},
    }


def _here() -> str:
    return f"{Path.cwd()}{os.sep}"


@cache
def _commit() -> str | None:
    """Of the checkout that holds this package, ``-dirty`` behind it if files have changed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    asked.append("--exclude=*")
    try:
        found = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
