"""Runs scripts in processes of their own that have PyTorch and Lightning imported already.

To import them takes as long as most of the runs do. This process imports them once, and then forks
one process after the other, each of which is the script from its first line to its exit code. It
must run nothing that starts threads of Python or PyTorch itself.

Unlike a process from scratch, all that are forked have the same order of sets, and no part of the
order in which modules are imported is seen. Those that a launcher or Lightning starts are from
scratch.

A request is a line of JSON on standard input, with the script's ``path``, its ``arguments``, the
folder to run it in (``cwd``), ``out`` and ``err``, files for what it says, and for how many seconds
it may run (``timeout``). The answer is a line with the exit code, negative if a signal ended it.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import datasets  # noqa: F401
import numpy as np
import torch

import probing.jobs.launch  # noqa: F401


def serve() -> str | None:
    """Fork for each request; returns, in the forked process alone, the script that it is to be."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            return become(request)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(ProcessLookupError):  # what it has left behind ends with it
            os.killpg(child, signal.SIGKILL)
        print(code, flush=True)
    return None


def become(request: dict[str, Any]) -> str:
    """Take the place of a process that was started with a script; returns its path."""
    os.setsid()
    signal.alarm(request["timeout"])
    torch.seed()
    np.random.seed()
    os.chdir(request["cwd"])
    for stream, name in enumerate((os.devnull, request["out"], request["err"])):
        file = os.open(name, os.O_RDWR)
        os.dup2(file, stream)
        os.close(file)
    path: str = request["path"]
    sys.argv = [path, *request["arguments"]]
    sys.path[0] = str(Path(path).parent)
    return path


if __name__ == "__main__" and (script := serve()) is not None:
    runpy.run_path(script, run_name="__main__")
