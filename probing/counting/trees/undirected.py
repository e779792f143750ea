"""What a probe that measures distances gets right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Undirected:
    """What was counted over undirected trees: ``correct`` of ``total`` edges, and Spearman.

    ``sentences`` were counted; ``left_out`` are those that are no tree.
    """

    correct: Mapping[str, int]
    spearman: Mapping[str, float | None]
    total: int
    sentences: int
    left_out: int

    @property
    def scope(self) -> str:
        """Which sentences the table's columns are about."""
        every = self.sentences + self.left_out
        counted = f"{every:,} sentences, {self.left_out:,} that are no tree."
        if not self.left_out:
            return counted
        return (
            f"{counted} UAS counts all words of all sentences, UUAS and distances only the "
            f"{self.sentences:,} that are trees. In UAS of trees a sentence that is no tree counts "
            "as wrong for the best head, which gets the gold root, but not for probes."
        )

    def uuas(self, name: str) -> float | None:
        """Undirected attachment, a fraction."""
        return self.correct[name] / self.total if name in self.correct and self.total else None
