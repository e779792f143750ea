"""What the page shows of heads: the map of each row, the table of best heads, and examples."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np

from probing.core import quantities
from probing.core.inert import visible
from probing.core.terms import MAIN
from probing.counting.counts import HeadCounts
from probing.counting.intervals import bounds
from probing.reports.best_heads import absence, columns_of, notes_of
from probing.reports.examples import SPECIAL, Anchor, Examples
from probing.reports.findings import Findings
from probing.reports.page.html import in_lines
from probing.reports.tables import KAPPA, KAPPA_MEANS
from probing.reports.wording import wording_of

SHOWN = 3
"""Of each head in each direction and row so many right examples, and so many wrong ones."""
MOST = 250_000
"""So many examples a page holds; of a model with more heads each has fewer, but one and one."""


def heads(findings: Findings) -> dict[str, object]:
    """For the script of the page; ``[3, L, H]`` is one list, directions first."""
    counts = findings.of_encoder[MAIN]
    rows = [_row(counts, r, findings) for r in counts.order()]
    return {
        "row": wording_of(counts.terms).row,
        "split": findings.split,
        "chosen_on": findings.chosen_on,
        "notes": in_lines(notes_of(findings)),
        "directions": counts.terms.directions,
        "meanings": {each.name: each.meaning for each in quantities.QUANTITIES}
        | {KAPPA: KAPPA_MEANS},
        "special": SPECIAL,
        "layers": list(counts.layers),
        "heads": counts.correct.shape[3],
        "rows": rows,
        "table": _table(findings),
        **_with_examples(findings.examples, counts, rows),
    }


def _row(counts: HeadCounts, r: int, findings: Findings) -> dict[str, Any]:
    """What was counted of every head in a row."""
    total, name = int(counts.total[r]), counts.rows[r]
    choice = findings.chosen.row(name)
    best = None if choice is None else counts.index_of(findings.chosen.best_head(choice))
    shape = counts.correct.shape[1:]
    measured = {
        each.name: _rounded(counts.quantities[r, ..., q] / total)
        for q, each in enumerate(quantities.QUANTITIES)
    }
    kappa, drawn = counts.kappa(r), counts.resampled
    if kappa is not None:
        measured[KAPPA] = _rounded(kappa)
    ends = {}
    if drawn is not None:
        low, high = bounds(
            counts.correct[r],
            counts.total[r],
            drawn.correct[r],
            drawn.total[r],
            int(drawn.units[r]),
        )
        ends = {"low": _rounded(low, 6), "high": _rounded(high, 6)}
    return {
        "name": visible(name),
        "total": total,
        "correct": counts.correct[r].flatten().tolist(),
        "reachable": counts.reachable[r].flatten().tolist(),
        "measured": measured,
        "best": None if best is None else int(np.ravel_multi_index(best, shape)),
        **ends,
    }


def _rounded(values: Any, decimals: int = 4) -> list[float | None]:
    """As one list; ``None`` where a value cannot be told."""
    flat = np.asarray(values).ravel().round(decimals).tolist()
    return [value if isfinite(value) else None for value in flat]


def _table(findings: Findings) -> dict[str, object]:
    """The table of best heads, and for each line its row and the place of its head."""
    columns, order = columns_of(findings), findings.of_encoder[MAIN]
    shape = order.correct.shape[1:]
    place = {order.rows[r]: n for n, r in enumerate(order.order())}
    return {
        "columns": [[visible(c.title), c.words, c.brief] for c in columns],
        "lines": [
            {
                "row": place[best.relation],
                "head": int(np.ravel_multi_index(order.index_of(best.head), shape)),
                "cells": [visible(column.cell(best)) for column in columns],
            }
            for best in findings.table
        ],
        "absence": visible(absence(findings)),
    }


def _with_examples(
    examples: Examples | None, counts: HeadCounts, rows: list[dict[str, Any]]
) -> dict[str, object]:
    """The examples of each row, entered into ``rows``; returns the windows that they stand in.

    A row has ``anchors``, a list ``[window, word, gold words, line, id]`` each, and for each head
    ``examples``: the place among the anchors, the word that is picked or -1, and the attention on
    special tokens in percent, one example after the other in one list.
    """
    if examples is None:
        return {"windows": []}
    cells = int(np.prod(counts.correct.shape[1:]))
    each = min(SHOWN, max(1, MOST // (2 * cells * max(1, len(rows)))))
    numbers: dict[int, int] = {}
    windows = []
    for row, r in zip(rows, counts.order(), strict=True):
        places, row["examples"] = _of_row(examples, counts.rows[r], each)
        row["sampled"] = len(examples.of_row[counts.rows[r]])
        anchors = [examples.anchors[place] for place in places]
        for own in anchors:
            if own.window not in numbers:
                numbers[own.window] = len(numbers)
                windows.append(_window(own))
        row["anchors"] = [[numbers[a.window], a.anchor, a.gold, a.line, a.id] for a in anchors]
    return {"windows": windows}


def _of_row(examples: Examples, row: str, each: int) -> tuple[list[int], list[list[int]]]:
    """The places in the sample of the anchors of a row that are shown, and what heads pick."""
    own = examples.of_row[row]
    size = len(own), int(np.prod(examples.picks.shape[1:]))
    picks, hits = (values[own].reshape(size) for values in (examples.picks, examples.hits))
    special = (100 * examples.special[own]).round().astype(int).reshape(size)
    shown = np.zeros(size, dtype=bool)
    for some in (hits, ~hits):
        shown |= some & (some.cumsum(0) <= each)
    head, place = np.nonzero(shown.T)
    used, number = np.unique(place, return_inverse=True)
    values = np.stack([number, picks[place, head], special[place, head]], 1).ravel().tolist()
    ends = 3 * np.searchsorted(head, np.arange(size[1] + 1))
    return own[used].tolist(), [values[start:end] for start, end in pairwise(ends.tolist())]


def _window(anchor: Anchor) -> Mapping[str, object]:
    return {
        "words": [visible(word) for word in anchor.words],
        "file": visible(anchor.file),
        "document": visible(anchor.document),
    }
