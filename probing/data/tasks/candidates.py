"""Which words an anaphor may pick.

The paper's text lets it pick any word ("most attends to", section 4.3); its question is another one
for each choice. Gold words are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

CandidatesName = Literal["earlier-mentions", "mentions", "earlier-words", "words"]


@dataclass(frozen=True, slots=True)
class Heads:
    """The words that head mentions of a window, as an anaphor sees them.

    ``own`` is its head word, ``earlier`` are those of the mentions before it that may be its
    antecedents, ``later`` those behind its last word, and ``every`` those of all mentions.
    """

    own: int
    earlier: Collection[int]
    later: Sequence[int]
    every: Sequence[int]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of an anaphor.

    ``heads`` gives those that head a mention, ``span`` the first and the last column of others, of
    its own head word and the number of words; ``None`` where only mentions are candidates.
    ``wording`` is the import path of the words in which reports speak of them.
    """

    wording: str
    heads: Callable[[Heads], list[int]]
    span: Callable[[int, int], tuple[int, int]] | None = None


_WORDING = "probing.reports.wording.COREFERENCE"
CANDIDATES: Mapping[CandidatesName, Candidates] = {
    "earlier-mentions": Candidates(_WORDING, lambda of: sorted(of.earlier)),
    "mentions": Candidates(f"{_WORDING}_MENTIONS", lambda of: sorted({*of.earlier, *of.later})),
    # A mention that begins before the anaphor may have its head word behind it.
    "earlier-words": Candidates(
        f"{_WORDING}_EARLIER_WORDS",
        lambda of: sorted({*of.earlier, *(head for head in of.every if head < of.own)}),
        lambda own, words: (1, own),
    ),
    "words": Candidates(
        f"{_WORDING}_WORDS",
        lambda of: [head for head in of.every if head != of.own],
        lambda own, words: (1, words),
    ),
}
