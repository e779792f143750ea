"""Sets of heads to compare with: as many heads of the same layers, alike in entropy."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random

from probing.ablation.heads import Head, HeadSet

_LISTED = 100_000  # combinations that are gone through one by one; of more, some are drawn
_PATIENCE = 100  # draws for each set that is wanted


@dataclass(frozen=True)
class Plan:
    """What is ablated: the sets that were asked for, and the control sets of each."""

    controls: Mapping[HeadSet, Sequence[HeadSet]]

    @property
    def targets(self) -> list[HeadSet]:
        """The sets that were asked for."""
        return list(self.controls)

    @property
    def sets(self) -> list[HeadSet]:
        """All of them, each once, the targets first."""
        every = [*self.controls, *(own for sets in self.controls.values() for own in sets)]
        return list(dict.fromkeys(every))


def planned(
    targets: Collection[HeadSet],
    entropies: Mapping[Head, float],
    *,
    nearest: int,
    count: int,
    seed: int,
) -> Plan:
    """Choose controls for each set.

    Args:
        targets: what was asked for.
        entropies: of every head that may be ablated.
        nearest: of how many heads of its layer, those nearest in entropy, a control is drawn.
        count: how many sets for each target; all there are, where these are fewer.
        seed: of the draws.
    """
    return Plan(
        {
            target: _drawn(
                target,
                _alike(target, entropies, nearest),
                count,
                Random(f"controls/{seed}/{target}"),
            )
            for target in targets
        }
    )


def _alike(target: HeadSet, entropies: Mapping[Head, float], nearest: int) -> list[list[Head]]:
    """For each head of the set, those of its layer outside of the set nearest in entropy."""
    found = []
    for head in target.heads:
        others = [own for own in entropies if own[0] == head[0] and own not in target.heads]
        others.sort(key=lambda own: (abs(entropies[own] - entropies[head]), own))
        found.append(others[:nearest])
    return found


def _drawn(
    target: HeadSet, alike: Sequence[Sequence[Head]], count: int, random: Random
) -> list[HeadSet]:
    if prod(map(len, alike)) <= _LISTED:
        every = sorted(set(_of_as_many(target, product(*alike))))
        return every if len(every) <= count else sorted(random.sample(every, count))
    found: set[HeadSet] = set()
    for _ in range(_PATIENCE * count):
        found.update(_of_as_many(target, [tuple(map(random.choice, alike))]))
        if len(found) == count:
            break
    return sorted(found)


def _of_as_many(
    target: HeadSet, combinations: Iterator[tuple[Head, ...]] | Sequence[tuple[Head, ...]]
) -> Iterator[HeadSet]:
    """Those in which no head comes twice."""
    for heads in combinations:
        if len(set(heads)) == len(target.heads):
            yield HeadSet.of(heads)
