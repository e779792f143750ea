"""What the page shows of heads: the map of each row, the table of best heads, and examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np

from probing.core import quantities
from probing.core.inert import visible
from probing.core.terms import MAIN
from probing.counting.counts import HeadCounts
from probing.counting.examples import UNSEEN
from probing.counting.intervals import bounds
from probing.reports.best_heads import absence, columns_of, notes_of
from probing.reports.examples import Examples
from probing.reports.findings import Findings
from probing.reports.tables import KAPPA
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
        "notes": [visible(note) for note in notes_of(findings)],
        "directions": counts.terms.directions,
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
        "columns": [[visible(column.title), column.words] for column in columns],
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
    for row, r in zip(rows, counts.order(), strict=True):
        anchors: dict[int, int] = {}
        row["examples"] = [
            [v for place, *own in of_head for v in (anchors.setdefault(place, len(anchors)), *own)]
            for of_head in _of_heads(examples, counts.rows[r], each)
        ]
        row["anchors"] = [_anchor(examples, place, numbers) for place in anchors]
        row["sampled"] = len(examples.of_row(counts.rows[r]))
    return {"windows": [_window(examples, number) for number in numbers]}


def _of_heads(examples: Examples, row: str, each: int) -> Iterator[list[tuple[int, int, int]]]:
    """Of every head the place in the sample of its examples, what it picks, special tokens."""
    own, noted = examples.of_row(row), examples.noted
    words = noted.words[own].reshape(len(own), -1)  # [places, 3*L*H]
    special = (100 * noted.special[own]).round().astype(int).reshape(words.shape)
    hits, is_seen = examples.hits[own].reshape(words.shape), words != UNSEEN
    shown = np.zeros(words.shape, dtype=bool)
    for some in (hits & is_seen, ~hits & is_seen):
        shown |= some & (some.cumsum(0) <= each)
    for head in range(words.shape[1]):
        places = np.flatnonzero(shown[:, head])
        yield list(
            zip(
                own[places].tolist(),
                words[places, head].tolist(),
                special[places, head].tolist(),
                strict=True,
            )
        )


def _anchor(examples: Examples, place: int, numbers: dict[int, int]) -> list[object]:
    sample = examples.noted.sample
    number = int(sample.windows[place])
    window = examples.windows[number]
    word = window.anchors[int(sample.anchors[place])]
    at = numbers.setdefault(number, len(numbers))
    return [at, word, examples.gold[place], *window.origin.of_word(word)]


def _window(examples: Examples, number: int) -> Mapping[str, object]:
    window, file = examples.windows[number], examples.corpus.file_of(number)
    return {
        "words": [visible(word) for word in window.words],
        "file": visible(file),
        "document": visible(window.origin.document),
    }
