"""The words in which a task reports, and what a head must beat."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "main"
"""The name of a run's main encoder; further ones have names of the user's."""


ALL = "all"
"""The row of the report in which every scored anchor counts."""


@dataclass(frozen=True, slots=True)
class Rival:
    """What a head must beat: a baseline, or the best of several, chosen as the head is.

    ``of`` names baselines, which together are called ``family``. ``beside_heads`` says whether it
    stands beside every best head, or only beside the probes.
    """

    name: str
    of: tuple[str, ...]
    beside_heads: bool = True
    family: str = ""

    @property
    def is_choice(self) -> bool:
        """Whether it is the best of several."""
        return len(self.of) > 1

    def label(self, baseline: str) -> str:
        """A baseline without the name of what it was chosen from: ``+1`` of ``offset=1``."""
        chosen = baseline.removeprefix(f"{self.name}=")
        return f"+{chosen}" if chosen.isdigit() else chosen


@dataclass(frozen=True, slots=True)
class Terms:
    """The words in which a task reports, and which baselines and errors it counts.

    - ``row``: what a row of the report is; ``order``: the rows that come first, in this order.
      The others follow by their number of anchors.
    - ``score``: what a share of right anchors is called; ``title``: what the probes' table is
      about, ``note``: what its reader must know.
    - ``directions``: how a head picks: by the anchor's row, by its column, by their sum.
    - ``baselines``: the names of what :attr:`EdgeBatch.baselines` holds, ``rivals``: which of
      them are shown.
    - ``errors``: the kinds of wrong candidates that :attr:`EdgeBatch.kinds` counts from one.
    - ``subtypes``: the characters that start a subtype in the name of a row. Rows that differ in it
      alone are also shown added up; only for rows that share no anchor, but for ``all``.
    """

    row: str
    score: str
    title: str
    directions: tuple[str, str, str]
    baselines: tuple[str, ...]
    rivals: tuple[Rival, ...]
    errors: tuple[str, ...] = ()
    order: tuple[str, ...] = (ALL,)
    note: str = ""
    subtypes: str = ""
