"""What a run prints, also when nobody reads it any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from probing.core.errors import ProbingError
from probing.core.inert import visible


@contextmanager
def read_or_not() -> Iterator[None]:
    """Go on when nobody reads what is printed any more (``| head``): files are what matters."""
    out, err = Unbroken(sys.stdout), Unbroken(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        try:
            yield
        finally:
            out.flush()
            err.flush()


def printed(make: Callable[[], str]) -> int:
    """Print what is made, or what is wrong; returns the exit status."""
    with read_or_not():
        try:
            print(visible(make(), keep="\n"))
        except ProbingError as error:
            print(f"error: {visible(str(error), keep=chr(10))}", file=sys.stderr)
            return 2
    return 0


class Unbroken:
    """A stream that takes what is written to it after its reader has gone."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write, or let go."""
        try:
            return self.stream.write(text)
        except UnicodeEncodeError:  # a terminal without such letters sees their numbers
            known = text.encode(self.stream.encoding, "backslashreplace")
            return self.write(known.decode(self.stream.encoding))
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        """Write out what is waiting, or let go."""
        try:
            self.stream.flush()
        except BrokenPipeError:
            self._let_go()

    def _let_go(self) -> None:
        # What waits in the buffer is tried again at every flush, and when the program ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
