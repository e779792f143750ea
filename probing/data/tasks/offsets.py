"""Fixed offsets as baselines: the word so many places to the right of the anchor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from probing.core.errors import ProbingError
from probing.core.terms import Terms

_FAMILY = "offset"


def offsets_of(terms: Terms) -> list[int] | None:
    """The offsets that are a task's baselines; ``None`` if it has others."""
    names = [name.partition("=") for name in terms.baselines]
    if not names or any(family != _FAMILY for family, _, _ in names):
        return None
    return [int(offset) for _, _, offset in names]


def with_offsets(terms: Terms, offsets: Sequence[int]) -> Terms:
    """The terms of a task with fixed offsets, but with these.

    The best offset is chosen among them. The next word, which is the right-branching baseline,
    is counted whether it is among them or not.

    Args:
        terms: of the task.
        offsets: in words to the right; negative ones are to the left.

    Raises:
        ProbingError: if there is none, or one is zero or there twice.
    """
    if not offsets or 0 in offsets or len(set(offsets)) < len(offsets):
        raise ProbingError(
            f"--data.offsets: expected different whole numbers other than 0, found {[*offsets]}"
        )
    chosen = tuple(f"{_FAMILY}={k}" for k in sorted(offsets))
    return replace(
        terms,
        baselines=tuple(f"{_FAMILY}={k}" for k in sorted({*offsets, 1})),
        rivals=tuple(
            replace(rival, of=chosen) if rival.name == _FAMILY else rival for rival in terms.rivals
        ),
    )
