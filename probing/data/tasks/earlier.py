"""The mentions before one, looked up by what is asked of them.

A window may have many mentions, so that none may be compared with every other: what is asked takes
as long as there are head words, and as the few mentions that are no candidates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from probing.data.tasks.mentions import LIKENESS, Likeness, PlacedMention

Key = Literal["entity", "head_word", "text", "features", "likeness"]
_KEYS: tuple[Key, ...] = ("entity", "head_word", "text", "features", "likeness")


@dataclass(slots=True)
class _Group:
    """Numbers of mentions, ascending: all, by head word, and the last of each head word."""

    numbers: list[int] = field(default_factory=list)
    by_head: dict[int, list[int]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)

    def add(self, number: int, head: int) -> None:
        self.numbers.append(number)
        self.by_head.setdefault(head, []).append(number)
        self.last[head] = number


class Earlier:
    """The candidates of a mention: those before it of another head word that do not contain it.

    Mentions are added in their order, each after it was asked about.
    """

    def __init__(self) -> None:
        self.mentions: list[PlacedMention] = []
        self.all = _Group()
        self.groups: dict[Key, dict[object, _Group]] = {key: {} for key in _KEYS}
        self.open: list[int] = []  # that go on where the last one began
        self.apart: set[int] = set()  # that are no candidates of the mention that is asked about

    def ask_about(self, mention: PlacedMention) -> None:
        """Say which mention the others are candidates of."""
        self.open = [n for n in self.open if self.mentions[n].words[-1] >= mention.words[0]]
        around = (n for n in self.open if self.mentions[n].contains(mention))
        self.apart = {*self.all.by_head.get(mention.head, ()), *around}

    def add(self, mention: PlacedMention) -> None:
        """Put a mention behind the others."""
        number = len(self.mentions)
        self.mentions.append(mention)
        self.open.append(number)
        self.all.add(number, mention.head)
        for key, groups in self.groups.items():
            groups.setdefault(getattr(mention, key), _Group()).add(number, mention.head)

    def lasts(self, key: Key | None = None, value: object = None) -> dict[int, int]:
        """By head word, the number of its last candidate, of all or of those with ``value``."""
        group = self._group(key, value)
        found = group.last.copy()
        for head in {self.mentions[number].head for number in self.apart} & found.keys():
            last = self._last(group.by_head[head])
            if last is None:
                del found[head]
            else:
                found[head] = last
        return found

    def last(self, key: Key, value: object) -> int | None:
        """The number of the last candidate with ``value``."""
        return self._last(self._group(key, value).numbers)

    def last_agreeing(self, mention: PlacedMention) -> int | None:
        """The number of the last candidate that agrees with a mention."""
        groups = self.groups["features"]
        agreeing = (f for f in groups if f.agrees(mention.features))  # type: ignore[attr-defined]
        found = (self.last("features", features) for features in agreeing)
        return max((number for number in found if number is not None), default=None)

    def last_alike(self, mention: PlacedMention, names: Collection[str]) -> int | None:
        """The number of the last candidate that may be like a mention in ``names``."""
        found = (
            self.last("likeness", likeness)
            for likeness in self.groups["likeness"]
            if _alike(mention, likeness, names)  # type: ignore[arg-type]
        )
        return max((number for number in found if number is not None), default=None)

    def _group(self, key: Key | None, value: object) -> _Group:
        return self.all if key is None else self.groups[key].get(value) or _NOBODY

    def _last(self, numbers: Sequence[int]) -> int | None:
        return next((number for number in reversed(numbers) if number not in self.apart), None)


def _alike(mention: PlacedMention, likeness: Likeness, names: Collection[str]) -> bool:
    """Whether each of ``names`` has a value that both may have."""
    both = zip(LIKENESS, mention.likeness, likeness, strict=True)
    return all(own & others for name, own, others in both if name in names)


_NOBODY = _Group()
