"""What to say of a name that there is not: those that there are, and the nearest."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from probing.core.inert import visible


def expected_one(known: Collection[str], found: str) -> str:
    """``expected one of …, found …``, and the nearest where one is near; the known as they come."""
    near = get_close_matches(found, known, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return f"expected one of {', '.join(map(visible, known)) or 'none'}, found {found!r}{meant}"
