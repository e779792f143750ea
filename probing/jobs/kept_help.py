"""Help that was made before, kept in the cache: to make it takes PyTorch, Lightning and seconds.

It is kept under a key of all that it is made of: the names and versions of the installed packages,
the code of this one, the config and the command line. Where a module of the user's own has part
in it, nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import site
import sys
import sysconfig
from argparse import Namespace
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from probing.core.errors import ProbingError
from probing.core.files import cache_folder, write_whole
from probing.jobs.scripts import Script, called

_PACKAGE = Path(__file__).resolve().parents[1]


def kept_help(script: Script, arguments: Sequence[str], said: Namespace) -> Path | None:
    """Where the help that a command line asks for is kept, or would be; ``None`` if nowhere.

    Args:
        script: that was called.
        arguments: the command line.
        said: what :func:`~probing.jobs.arguments.peek` found there.
    """
    if not said.config or said.ckpt_path or said.output or said.resume or said.imports:
        return None
    whole = hashlib.sha256(f"{sys.version} {called(script)} {list(arguments)}".encode())
    folders = [folder or "." for folder in sys.path if os.path.isdir(folder or ".")]
    installed = {name for folder in folders for name in os.listdir(folder) if _is_version(name)}
    whole.update(repr(sorted(installed)).encode())
    try:
        for path in (*sorted(_PACKAGE.rglob("*.py")), *map(Path, said.config)):
            content = path.read_bytes()
            whole.update(f"{path} {len(content)} ".encode() + content)
    except OSError:  # told of in words where it is read next
        return None
    return cache_folder() / "help" / f"{whole.hexdigest()[:32]}.txt"


def read_help(kept: Path | None) -> str | None:
    """Help that is kept; ``None`` where none is, or it cannot be read: it is made anew then."""
    try:
        return None if kept is None else kept.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def keep_help(kept: Path | None, text: str) -> None:
    """Keep ``text`` for the next time, unless a module of the user's own was imported for it."""
    if kept is None or any(map(_is_users, list(sys.modules))):
        return
    try:
        write_whole(kept, text)
    except (OSError, ProbingError):  # help needs no cache
        return


def _is_version(name: str) -> bool:
    return name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth"))


def _is_users(name: str) -> bool:
    """Whether a module is of a file that is neither installed nor of this package.

    The script itself is none, and what PyTorch makes up names no file that there is.
    """
    file = getattr(sys.modules[name], "__file__", None)
    if name in ("__main__", "__mp_main__") or not isinstance(file, str) or not os.path.isabs(file):
        return False
    return not file.startswith(_installed())


@cache
def _installed() -> tuple[str, ...]:
    """Where this package and what is installed lie: asked for each of thousands of modules."""
    packages = [*site.getsitepackages(), site.getusersitepackages()]
    places = str(_PACKAGE), *packages, *sysconfig.get_paths().values()
    return tuple(os.path.join(place, "") for place in places)
