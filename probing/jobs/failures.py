"""What a run says when it does not end well: a line or two, whatever was raised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from probing.core.errors import Interrupted, ProbingError

REFUSED, FAULT, INTERRUPTED = 2, 1, 130
"""Exit statuses: of input, or a machine, that a user can do something about; of anything else; of
what the user has ended."""
_NO_ROOM = "can't allocate memory"  # as torch has it on a CPU
_LONGEST, _LINE = 240, 1000  # characters: of what has no space in it, of a line


@contextmanager
def refusing(option: str) -> Iterator[None]:
    """Where what is raised can only come of the options that start with ``option``.

    Raises:
        ProbingError: in place of any other error.
    """
    try:
        yield
    except (ProbingError, OSError):
        raise
    except Exception as error:  # each library refuses in its own way
        raise ProbingError(f"--{option}: {_in_one_line(error)}") from error


def in_words(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit status that goes with it."""
    kind = type(error).__name__  # of libraries that may not have been imported
    if isinstance(error, Interrupted):
        return str(error), INTERRUPTED
    if isinstance(error, ProbingError):
        return str(error), REFUSED
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or "something cannot be read or written"
        return f"{where}: {error.strerror}", REFUSED
    if kind == "MisconfigurationException":
        return f"--trainer: {_in_one_line(error)}", REFUSED
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or _NO_ROOM in str(error):
        said = "there is not enough memory; smaller batches take less: --data.batch_wordpieces N"
        return said, REFUSED
    return (
        f"unexpected {kind}: {_in_one_line(error)}\n"
        "       a fault of the program, or of a class that was named, and not of the input; "
        "--traceback shows where"
    ), FAULT


def shortened(text: str) -> str:
    """A message in which no quotation, and no line, is too long to be read."""
    text = re.sub(rf"\S{{{_LONGEST},}}", _middle_left_out, text)
    return "\n".join(
        line if len(line) <= _LINE else f"{line[:_LINE]} …" for line in text.splitlines()
    )


def _middle_left_out(found: re.Match[str]) -> str:
    text = found[0]
    return f"{text[:80]}…{text[-20:]} ({len(text):,} characters)"


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
