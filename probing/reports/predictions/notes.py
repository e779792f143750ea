"""What every picker chose for every anchor: notes taken in any order, read in the corpus's.

Batches come by length and are dealt to processes, while the table follows the corpus. So each
process notes what was chosen in a file that has a place for every anchor of the corpus, and what
is noted is read back in the order of the windows: memory holds some thousand anchors at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from probing.core.files import open_new

NO_PICK = -1
"""The choice of a head that picks nothing, and of one that was never chosen."""
Array = np.ndarray[Any, np.dtype[Any]]


class Notes:
    """One process's notes: a place for each anchor of the corpus, most of them never written to.

    A place holds whether the anchor was judged, what each of ``probes`` probes picked, the
    probability that it gives to its pick and to the gold candidates, and what each of ``heads``
    heads picked. A pick is a column: 0 is ROOT, then words counted from one, or :data:`NO_PICK`.

    Args:
        path: the file; made anew.
        anchors: how many anchors each window of the corpus has that probes are asked about.
        probes: how many.
        heads: how many.
    """

    def __init__(self, path: Path, anchors: Array, *, probes: int, heads: int) -> None:
        self.path = path
        self.ends = np.cumsum(anchors)
        self.place = np.dtype(
            [
                ("is_judged", "?"),
                ("probes", "<i4", (probes,)),
                ("probabilities", "<f8", (probes, 2)),
                ("heads", "<i4", (heads,)),
            ]
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open_new(path)
        # What is never written takes no room where the file system knows files with holes.
        self.file.truncate(int(self.ends[-1]) * self.place.itemsize)

    def start(self, window: int) -> int:
        """The place of a window's first anchor."""
        return int(self.ends[window - 1]) if window else 0

    def write(self, window: int, *, probes: Array, probabilities: Array, heads: Array) -> None:
        """Note a window: ``probes [A, K]``, ``probabilities [A, K, 2]``, ``heads [A, M]``.

        ``A`` are the anchors of the window alone, those of probes, in their order.
        """
        noted = np.zeros(len(probes), dtype=self.place)
        noted["is_judged"] = True
        noted["probes"], noted["probabilities"], noted["heads"] = probes, probabilities, heads
        self.file.seek(self.start(window) * self.place.itemsize)
        self.file.write(noted.tobytes())

    def read(self, windows: range, paths: Sequence[Path]) -> Array:
        """The places of consecutive windows, each from the one of ``paths`` that noted it."""
        first = self.start(windows.start)
        count = int(self.ends[windows.stop - 1]) - first
        merged = np.zeros(count, dtype=self.place)
        for path in paths:
            own = np.fromfile(path, self.place, count, offset=first * self.place.itemsize)
            merged[own["is_judged"]] = own[own["is_judged"]]
        return merged
