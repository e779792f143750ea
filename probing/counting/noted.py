"""A sample of anchors, and what every head picks of it, as it was noted; read without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
NO_PICK, UNSEEN = -1, -2
"""In place of the word that a head picks: none, and of an anchor that was not scored."""


@dataclass(frozen=True)
class Sample:
    """Anchors that heads are asked about, ``P`` of them, ascending by window and anchor.

    ``windows [P]`` are the numbers of their windows in the corpus, ``anchors [P]`` their places
    among the anchors of the window. ``of_row`` has, by the name of a row, the places in ``[P]`` of
    those that count there, in an order that is as good as chance: the first of them stand for all.
    """

    windows: Array
    anchors: Array
    of_row: Mapping[str, Array]


@dataclass(frozen=True)
class Noted:
    """What every head picks of a sample.

    ``words [P, 3, L, H]`` are indices counted from zero, :data:`NO_PICK` or :data:`UNSEEN`;
    ``special [P, 3, L, H]`` is the attention on special tokens, see
    :func:`~probing.core.quantities.special_mass`.
    """

    sample: Sample
    words: Array
    special: Array
