"""The former place of batches and sentences; it goes with version 0.3."""

from __future__ import annotations

import warnings

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.sentences import Mention, Sentence

__all__ = ["EdgeBatch", "Encoding", "Mention", "Sentence", "Sizes"]

warnings.warn(
    "probing.batch is now probing.core.batches and probing.core.sentences; "
    "the old name goes with version 0.3",
    DeprecationWarning,
    stacklevel=2,
)
