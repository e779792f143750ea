"""When, by what command and with what a run was made, for ``summary.json``."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path


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
