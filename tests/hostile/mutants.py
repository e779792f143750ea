"""Damaged input: mutators, how many of them are tried, and what may come of it.

A few are tried by default, the same every time. For as many as wanted, others each time:

    HOSTILE=3000 python -m pytest tests/hostile --hypothesis-seed=1

A failure is made as small as possible and printed, with what reproduces it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from probing.core.errors import ProbingError
from probing.jobs.failures import shortened

MANY = int(os.environ.get("HOSTILE", "0"))
Found = TypeVar("Found")
Say = Callable[..., None]
"""Says something to a script, see the fixture of that name."""
NUMBERS = "0 -1 1 1.5 1e999 nan -inf 007 0x1 ١ ² 99999999999999999999".split()
# Of other formats, encodings, terminals and scripts; and what is too long, or nested too deeply.
ODD = [
    *(text.encode() for text in NUMBERS),
    *(b"9" * 5000, b"-" + b"9" * 5000, b"(" * 2000, b"[" * 2000, b'{"a":' * 500, b"x" * 20_000),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b"\n\n",
        b"\t",
    ),
    *(text.encode() for text in ("\u2028", "\u202e", "\u200d", "\x1b[31m", "[/a]", "$\\x$", "|")),
    *(b"_", b"-", b"*", b"#", b"=", b"null", b"NaN", b"true", b"3-4", b"5.1", b"[]", b"{}", b'""'),
]

# Of other types than what a program has stored.
VALUES: list[Any] = [
    *(None, True, -1, 0, 1, 10**30, 0.5, float("nan"), float("inf"), "", "x", "a" * 3000, "\0"),
    *([], [[]], [None], [1, 2], {}, {"x": 1}, {"": {}}, [{"name": "x"}], {1: 2}),
]
LEFT_OUT = object()


def trying(few: int, *, slow: int = 1) -> Callable[[Any], Any]:
    """How many mutants a test tries: a few, or as many as the environment says.

    Args:
        few: by default.
        slow: by how much fewer they are where many are wanted.
    """
    return settings(
        max_examples=max(few, MANY // slow),
        derandomize=not MANY,
        print_blob=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with one to four edits: of bytes, of lines, of fields."""
    edits = draw(st.lists(st.sampled_from(_EDITS), min_size=1, max_size=4))
    return reduce(lambda content, edit: edit(draw, content), edits, whole)


def _place(draw: st.DrawFn, size: int) -> int:
    return draw(st.integers(0, max(0, size - 1)))


def _replaced(draw: st.DrawFn, content: bytes) -> bytes:
    start = _place(draw, len(content))
    return content[:start] + draw(st.sampled_from(ODD)) + content[start + draw(st.integers(0, 8)) :]


def _flipped(draw: st.DrawFn, content: bytes) -> bytes:
    at = _place(draw, len(content))
    return (
        content[:at]
        + bytes(b ^ draw(st.integers(1, 255)) for b in content[at : at + 1])
        + (content[at + 1 :])
    )


def _cut(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: _place(draw, len(content))]


def _twice(draw: st.DrawFn, content: bytes) -> bytes:
    start, size = _place(draw, len(content)), draw(st.integers(1, 200))
    part = content[start : start + size]
    return content[:start] + part * draw(st.integers(2, 30)) + content[start + size :]


def _other_line(draw: st.DrawFn, content: bytes) -> bytes:
    """A line taken away, or put in a place of another."""
    lines = content.split(b"\n")
    taken = lines.pop(_place(draw, len(lines)))
    if draw(st.booleans()) and lines:
        lines.insert(_place(draw, len(lines)), taken)
    return b"\n".join(lines)


def _other_field(draw: st.DrawFn, content: bytes) -> bytes:
    """Something else in place of what stands between blanks, tabs, commas or brackets."""
    lines = content.split(b"\n")
    at = _place(draw, len(lines))
    separator = draw(st.sampled_from([b"\t", b" ", b",", b":", b'"', b"[", b"|", b"-"]))
    fields = lines[at].split(separator)
    fields[_place(draw, len(fields))] = draw(st.sampled_from([b"", *ODD]))
    lines[at] = separator.join(fields)
    return b"\n".join(lines)


_EDITS = [_replaced, _flipped, _cut, _twice, _other_line, _other_field, _other_field]


def places(value: Any, *way: Any) -> Iterator[tuple[Any, ...]]:
    """The ways to everything that mappings and lists hold, one in the other."""
    inner = value.items() if isinstance(value, dict) else ()
    for key, each in enumerate(value) if isinstance(value, list) else inner:
        yield (*way, key)
        yield from places(each, *way, key)


@st.composite
def altered(draw: st.DrawFn, whole: Any, others: Sequence[Any]) -> Any:
    """A copy of mappings and lists in which one to three things are others, or are left out."""
    changed = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        ways = [*places(changed)]
        if not ways:
            break
        *way, last = draw(st.sampled_from(ways))
        within = reduce(lambda value, key: value[key], way, changed)
        other = draw(st.sampled_from([LEFT_OUT, *others]))
        if other is LEFT_OUT:
            del within[last]
        else:
            within[last] = copy.deepcopy(other)
    return changed


@contextmanager
def refused_in_words() -> Iterator[None]:
    """Where a refusal is as good as an answer, if it is of ours and short."""
    try:
        yield
    except ProbingError as error:
        check_message(str(error))


def check_message(text: str) -> None:
    """One to three lines that say something."""
    told = shortened(text)
    assert told.strip()
    assert len(told.splitlines()) <= 3, told
    assert "Traceback" not in told


def answered(read: Callable[[], Found]) -> Found | None:
    """What is read; nothing, if it is refused in words."""
    with refused_in_words():
        return read()
    return None
