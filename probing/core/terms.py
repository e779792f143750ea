"""What a task counts, and what a head must beat."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "main"
"""The name of a run's main encoder; further ones have names of the user's."""


ALL = "all"
"""The row of the report in which every scored anchor counts."""

UAS, UAS_WITH_PUNCTUATION = "uas", "uas+punct"
"""The rows of trees in which root words count, too, as wrong, since no head picks ROOT: without
punctuation, as in the paper's Table 1, and with it, as its released notebook prints."""

WHOLE = (ALL, UAS, UAS_WITH_PUNCTUATION)
"""The rows that are of no relation."""


@dataclass(frozen=True, slots=True)
class Rival:
    """What a head must beat: a baseline, or the best of several, chosen as the head is.

    ``of`` names baselines, which together are called ``family``. ``beside_heads`` says whether it
    stands beside every best head, or only beside the probes; ``is_of_model``, whether it is the
    heads of a further model, so that no baseline of the task is meant.
    """

    name: str
    of: tuple[str, ...]
    beside_heads: bool = True
    family: str = ""
    is_of_model: bool = False

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
    """The rows, directions, baselines and errors that a task counts, by their names.

    - ``directions``: how a head picks: by the anchor's row, by its column, by their sum, which
      may be left out.
    - ``baselines``: the names of what :attr:`EdgeBatch.baselines` holds, ``rivals``: which of
      them are shown.
    - ``errors``: the kinds of wrong candidates that :attr:`EdgeBatch.kinds` counts from one.
    - ``order``: the rows that come first in a report, in this order. The others follow by their
      number of anchors.
    - ``with_roots``: the rows of heads and baselines in which an anchor counts also where no head
      can be right, since ROOT alone is gold. Probes have no such rows.
    - ``subtypes``: the characters that start a subtype in the name of a row. Rows that differ in it
      alone are also shown added up; only for rows that share no anchor, but for ``all``.
    - ``clips_offsets``: whether a fixed offset that leaves the window picks ROOT, or the last word.
    - ``reach``: up to how many words from the anchor offsets are told apart for agreement beyond
      chance, see :mod:`probing.counting.agreement`; 0 where it is not asked for.
    - ``wording``: the import path of the words in which a report speaks of all this, a
      :class:`probing.reports.wording.Wording`.
    """

    directions: tuple[str, ...]
    baselines: tuple[str, ...]
    rivals: tuple[Rival, ...]
    errors: tuple[str, ...] = ()
    order: tuple[str, ...] = (ALL,)
    with_roots: tuple[str, ...] = ()
    subtypes: str = ""
    clips_offsets: bool = False
    reach: int = 0
    wording: str = "probing.reports.wording.PLAIN"

    @property
    def beside_heads(self) -> tuple[str, ...]:
        """The baselines that stand beside heads and need no model, in their order."""
        shown = {n for r in self.rivals if r.beside_heads and not r.is_of_model for n in r.of}
        return tuple(name for name in self.baselines if name in shown)

    @property
    def all_beside(self) -> tuple[Rival, ...]:
        """What stands beside every best head: the strongest baseline, if any, and each rival."""
        strongest = (self.strongest,) if self.beside_heads else ()
        return (*strongest, *(rival for rival in self.rivals if rival.beside_heads))

    @property
    def strongest(self) -> Rival:
        """All of :attr:`beside_heads`, as one rival."""
        return Rival("strongest", self.beside_heads)
