"""The former place of :mod:`probing.core.errors`; it goes with version 0.3."""

from __future__ import annotations

import warnings

from probing.core.errors import ProbingError

__all__ = ["ProbingError"]

warnings.warn(
    "probing.errors is now probing.core.errors; the old name goes with version 0.3",
    DeprecationWarning,
    stacklevel=2,
)
