"""Whole numbers in text."""

from __future__ import annotations

_MOST = 18
"""Digits: no size, index or seed has more, and of thousands Python makes no number."""


def whole_number(text: str) -> int | None:
    """The number that a text of nothing but the digits 0 to 9 is; ``None`` for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST else None
