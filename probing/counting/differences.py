"""Differences between two heads, baselines or probes that the user names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from probing.core.errors import ProbingError
from probing.core.head_names import Cell, read_head
from probing.core.terms import Terms
from probing.counting.best import untrained
from probing.counting.counts import HeadCounts, ProbeCounts, ordered
from probing.counting.intervals import FEW, Interval
from probing.counting.tallies import Tally, paired


@dataclass(frozen=True)
class Pair:
    """The names of two to compare: the first less the second."""

    first: str
    second: str


@dataclass(frozen=True)
class Difference:
    """Two accuracies over the same anchors of a row, and the interval of their difference.

    ``units`` says how many units have such an anchor, if they were counted.
    """

    pair: Pair
    row: str
    total: int
    first: float
    second: float
    interval: Interval | None
    units: int | None = None

    @property
    def apart(self) -> float:
        """By how much the first is higher."""
        return self.first - self.second

    @property
    def absence(self) -> str:
        """Why there is no interval, if units were counted."""
        if self.interval or self.units is None:
            return ""
        return f"too few ({FEW} needed)" if self.units < FEW else "the same in all resamples"


def read_pair(text: str) -> Pair:
    """``A,B`` as a pair.

    Raises:
        ProbingError: for anything else.
    """
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise ProbingError(
            f"--paired: expected two names with a comma between them, as in "
            f"attention_words,attention or '3-9 both,3-2 both', found {text!r}"
        )
    return Pair(*names)


def names(
    terms: Terms, probes: Iterable[str], cells: Iterable[Cell], encoders: Iterable[str] = ()
) -> set[str]:
    """All that can be compared; of further ``encoders`` the best head, ``best-NAME``.

    Heads are called ``3-9 dep->head``, or ``3-9`` where they pick by their rows, the first of the
    directions; baselines and probes as in the reports.
    """
    rivals = (f"best-{rival.name}" if rival.is_choice else rival.name for rival in terms.rivals)
    found = {*probes, *terms.baselines, *rivals, "best-head"}
    found |= {f"best-{encoder}" for encoder in encoders}
    for cell in cells:
        found.add(f"{cell} {cell.direction}")
        if cell.direction == terms.directions[0]:
            found.add(str(cell))
    return found


def check(pairs: Iterable[Pair], known: set[str], *, measuring: Collection[str] = ()) -> None:
    """Refuse what the run does not have, and the probes ``measuring`` distances.

    Raises:
        ProbingError: naming it, and what is spelt like it.
    """
    for pair in pairs:
        for name in (pair.first, pair.second):
            if name in measuring:
                raise ProbingError(
                    f"--paired: {name} measures distances and picks no heads: it has no accuracy"
                )
            if name not in known:
                near = ", ".join(map(repr, get_close_matches(name, sorted(known))))
                raise ProbingError(
                    f"--paired: expected a probe, a baseline or a head (as in '3-9 both'), "
                    f"found {name!r}" + (f"; the nearest: {near}" if near else "")
                )


def differences(
    pairs: Iterable[Pair], probes: ProbeCounts, heads: HeadCounts, chosen: HeadCounts
) -> Iterator[Difference]:
    """Of each pair in each row: over the anchors of probes if one is a probe, else those of heads.

    A pair is left out if one of it is what is best over ``all`` and nothing was there to choose by.
    """
    for pair in pairs:
        first, second = (_counted(n, probes, heads, chosen) for n in (pair.first, pair.second))
        if first is None or second is None:
            continue
        if pair.first in probes.names or pair.second in probes.names:
            first, second = probes.beside(first), probes.beside(second)
        for row in ordered(probes.rows, first.total, heads.terms):
            total = int(first.total[row])
            yield Difference(
                pair=pair,
                row=probes.rows[row],
                total=total,
                first=float(first.correct[row]) / total,
                second=float(second.correct[row]) / total,
                interval=paired(first, second, row),
                units=int(first.resampled.units[row]) if first.resampled else None,
            )


def _counted(name: str, probes: ProbeCounts, heads: HeadCounts, chosen: HeadCounts) -> Tally | None:
    if name in probes.names:
        return probes.probe(name)
    if name in heads.terms.baselines:
        return heads.baseline(name)
    plain = untrained(heads, chosen)
    if name in plain:
        return plain[name]
    number, _, direction = name.partition(" ")
    place = read_head(number)
    return (
        None if place is None else heads.head(Cell(direction or heads.terms.directions[0], *place))
    )
