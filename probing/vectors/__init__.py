"""The former place of :mod:`probing.encoder.vectors`; it goes with version 0.3."""

from __future__ import annotations

import warnings

from probing.encoder.vectors import WordVectors

__all__ = ["WordVectors"]

warnings.warn(
    "probing.vectors is now probing.encoder.vectors; the old name goes with version 0.3",
    DeprecationWarning,
    stacklevel=2,
)
