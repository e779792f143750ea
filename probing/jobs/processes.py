"""When one of several processes ends, the others say which, and end too.

This is about processes that Lightning has started, from the first. Its own watch over them kills
without a word, and nobody watches over the first. torchrun and the like say themselves who it was.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from subprocess import Popen
from threading import Thread
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerStatus

from probing.jobs.failures import INTERRUPTED

_FIRST = "PROBING_FIRST_PROCESS"
_PERIOD = 0.2  # seconds; much less than that of Lightning's own watch
_watches: list[Watch] = []


def watch_over(trainer: Trainer) -> None:
    """Watch over the processes that a trainer starts when it runs, if it is the first."""
    if "LOCAL_RANK" in os.environ or not hasattr(trainer.strategy.launcher, "procs"):
        return
    os.environ[_FIRST] = str(os.getpid())
    _watches.append(Watch(trainer))
    _watches[-1].start()


def watch_the_first() -> None:
    """End when the first process does, if it has started this one."""
    first, local = os.environ.get(_FIRST), os.environ.get("LOCAL_RANK")
    if first and local and int(first) != os.getpid():
        Thread(target=_end_with, args=(int(first), local), daemon=True).start()


def who_ended(within: float = 0.0) -> str | None:
    """Which of the processes that were started from here has failed, in words.

    Args:
        within: how many seconds to wait for it; elsewhere, to be ended by the first process.
    """
    until = time.monotonic() + within
    while True:
        for each in _watches:
            if said := each.ended():
                return said
        if time.monotonic() >= until:
            return None
        time.sleep(_PERIOD)


class Watch(Thread):
    """Ends all processes when one of those that a trainer has started fails."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(daemon=True)
        # Not the trainer, which knows its model.
        self.launcher: Any = trainer.strategy.launcher
        self.state = trainer.state

    def run(self) -> None:
        """Look again and again."""
        while (said := self.ended()) is None:
            time.sleep(_PERIOD)
        if self.state.status == TrainerStatus.INTERRUPTED:
            return  # by an error: whoever catches it asks who has ended
        print(f"error: {said}", file=sys.stderr, flush=True)
        self.end_all()
        os._exit(1)

    @property
    def started(self) -> list[Popen[bytes]]:
        """The processes, from the second on; none before the trainer runs."""
        return [each for each in self.launcher.procs if isinstance(each, Popen)]

    def ended(self) -> str | None:
        """Which has failed, in words."""
        codes = [process.poll() for process in self.started]
        for number, code in enumerate(codes, start=1):
            if code and code != INTERRUPTED:
                return f"process {number} of {len(codes) + 1} {_how(code)}; the others end, too"
        return None

    def end_all(self) -> None:
        """End them."""
        for process in self.started:
            process.kill()


def _end_with(first: int, local: str) -> None:
    while os.getppid() == first:
        time.sleep(_PERIOD)
    print(f"error: process 0 has ended; so does process {local}", file=sys.stderr, flush=True)
    os._exit(1)


def _how(code: int) -> str:
    return (
        f"has ended with status {code}"
        if code > 0
        else f"was ended by {signal.Signals(-code).name}"
    )
