"""Names for heads in the plane: the best heads of another run's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probing.core.errors import ProbingError
from probing.core.head_names import read_head
from probing.core.schemes import is_roll_up
from probing.reports.read_back import SUMMARY, read_summary, report_file


@dataclass(frozen=True)
class NamedHead:
    """A head that is best at a relation or mention type; ``layer`` and ``head`` count from one.

    ``rival`` is the accuracy of the strongest baseline beside it, ``direction`` the one in which
    the head is best; ``both`` where that is not known.
    """

    layer: int
    head: int
    relation: str
    accuracy: float
    rival: float
    direction: str = "both"

    def __str__(self) -> str:
        return f"{self.relation} by {self.layer}-{self.head}"


def read_best_heads(path: Path, *, weights: str) -> list[NamedHead]:
    """The best heads of a report on dependencies or coreference, over all relations, too.

    Args:
        path: the folder of a run, or of a report of it, or the ``summary.json`` in that.
        weights: the hash of the weights of the model that the names are for.

    Raises:
        ProbingError: if there is no such report, or if it is of another model.
    """
    file = path if path.is_file() else report_file(path, SUMMARY)
    expected = "expected a report of a run that scored heads"
    summary = read_summary(file, expected)
    best = summary.get("best_heads")
    if not isinstance(best, dict):
        raise ProbingError(f"{file}: {expected}, found no best_heads in it")
    if summary.get("weights_sha256") != weights:
        raise ProbingError(
            f"{file}: the best heads of {summary.get('model')} "
            f"(weights {str(summary.get('weights_sha256'))[:12]}) are no names for the heads of "
            f"other weights ({weights[:12]}): expected a report on the same model"
        )
    try:
        return [_named(relation, entry) for relation, entry in best.items()]
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ProbingError(
            f"{file}: expected head, accuracy and baselines of each of best_heads; found {error!r}"
        ) from error


def _named(relation: str, entry: Mapping[str, Any]) -> NamedHead:
    place = read_head(entry["head"])
    if place is None:
        raise ValueError(f"a head {entry['head']!r}")
    rivals = [
        _accuracy(beside)
        for beside in entry.values()
        if isinstance(beside, dict) and "baseline" in beside  # not the head's own best elsewhere
    ]
    return NamedHead(
        *place,
        relation,
        accuracy=_accuracy(entry),
        rival=max(rivals, default=0.0),
        direction=str(entry.get("direction", "both")),
    )


def _accuracy(entry: Mapping[str, Any]) -> float:
    found = float(entry["accuracy"])
    if not 0 <= found <= 1:  # nor is what is no number
        raise ValueError(f"an accuracy of {found}")
    return found


def names_of(
    best: Sequence[NamedHead], layers: Sequence[int], heads: int, *, at_most: int = 8
) -> dict[int, list[str]]:
    """Which heads to name in a figure, by their index among ``len(layers) * heads``.

    Those that lead their strongest baseline by most; one that does not lead says nothing of what
    the head knows. A head has the names of all relations in which it leads, the largest lead first,
    without those that add up others.
    """
    names: dict[int, list[str]] = {}
    for named in sorted(best, key=lambda named: named.rival - named.accuracy):
        if named.accuracy <= named.rival or named.layer not in layers:
            continue
        if is_roll_up(named.relation):
            continue
        place = layers.index(named.layer) * heads + named.head - 1
        if place in names or len(names) < at_most:
            names.setdefault(place, []).append(named.relation)
    return names
