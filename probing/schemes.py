"""The former place of :mod:`probing.core.schemes`; it goes with version 0.3."""

from __future__ import annotations

import warnings

from probing.core.schemes import STANFORD_TO_UD

__all__ = ["STANFORD_TO_UD"]

warnings.warn(
    "probing.schemes is now probing.core.schemes; the old name goes with version 0.3",
    DeprecationWarning,
    stacklevel=2,
)
