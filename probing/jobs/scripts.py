"""The two scripts, what they are called by, and where their jobs are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

Script = Literal["train", "evaluate", "cache"]
_PACKAGE = Path(__file__).resolve().parents[1]
_IN_WHEEL, _IN_CHECKOUT = _PACKAGE / "configs", _PACKAGE.parent / "configs"
CONFIGS = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
DEFAULT = {"train": "demo", "evaluate": "heads", "cache": "demo"}
CHECKPOINT = Path("checkpoints") / "last.ckpt"


def called(script: Script) -> str:
    """How a user who has called one script calls this one: by its file, or by the command."""
    files = {"train.py", "evaluate.py"}
    return f"python {script}.py" if Path(sys.argv[0]).name in files else f"probing {script}"


def with_shipped(arguments: Sequence[str]) -> list[str]:
    """The arguments with the path of the shipped config where ``--config`` names no file here.

    It may be named with its folder or without: ``configs/heads.yaml``, ``heads.yaml``.
    """
    found: list[str] = []
    for argument in arguments:
        option, _, value = argument.partition("=")
        if option in ("--config", "-c") and value:
            found.append(f"{option}={_shipped(value)}")
        elif found and found[-1] in ("--config", "-c"):
            found.append(_shipped(argument))
        else:
            found.append(argument)
    return found


def as_named(config: str) -> str:
    """A config as a user would name it: a shipped one without the place where it is installed."""
    path = Path(config)
    return path.name if path.parent == CONFIGS else config


def _shipped(config: str) -> str:
    """The path of the config that this names; as it stands if it is a file, or names none."""
    path, shipped = Path(config), CONFIGS / Path(config).name
    # A name may be too long for any file, which these two do not mind.
    is_ours = path.parent in (Path(), Path("configs")) and os.path.isfile(shipped)
    return str(shipped) if is_ours and not os.path.exists(path) else config
