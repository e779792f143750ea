"""Writing a corpus: its windows, what was counted, and what tells its sentences apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from probing.core.errors import ProbingError
from probing.core.files import written_aside
from probing.core.windows import Tokenizer, Window
from probing.data.arrow_files import write_rows, write_state
from probing.data.census import Census, ManyRows
from probing.data.documents import Parts, TakesTurns, in_order, taking_turns
from probing.data.resampling_units import Digested, UnitCounter
from probing.data.tasks.base import Misread, Task
from probing.data.window_rows import SCHEMA, to_row


def write_windows(
    source: str, parts: Callable[[], Parts], arrow: Path, task: Task, tokenizer: Tokenizer
) -> None:
    """Write the Arrow file and, beside it, what was counted and digested: whole or not at all.

    Args:
        source: what the corpus is called.
        parts: reads its files, from the start at each call.
        arrow: the file.
        task: what makes windows of sentences.
        tokenizer: the encoder's.

    Raises:
        ProbingError: for a faulty source, or one that holds nothing to ask about.
    """
    try:
        _write(source, parts(), arrow, task, tokenizer)
    except TakesTurns:
        _write(source, in_order(parts(), taking_turns(parts())), arrow, task, tokenizer)


def _write(source: str, parts: Parts, arrow: Path, task: Task, tokenizer: Tokenizer) -> None:
    census, digested = Census(), Digested()
    counter = UnitCounter(task.terms.subtypes, has_whole=bool(task.terms.with_roots))
    counted_parts: list[dict[str, object]] = []
    anchors = 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal anchors
        for number, (name, sentences) in enumerate(parts):
            before = _counted(census)
            windows = task(digested.passing(sentences), tokenizer, census)
            for window in _naming(_file(source, name), windows):
                counter.add(window)
                anchors += len(window.anchors)
                yield to_row(window, part=number)
            own = {key: count - before[key] for key, count in _counted(census).items()}
            counted_parts.append({"name": name, **own})

    with written_aside(arrow) as aside:
        write_rows(aside, SCHEMA, rows())
        if not census.sentences:
            raise ProbingError(f"{source}: expected at least one sentence, found none")
        if not census.windows:
            reasons = ", ".join(f"{n} {why}" for why, n in census.left_out.items())
            raise ProbingError(f"{source}: no sentence can be used: {reasons}")
        if not anchors:
            found = [f"{n:,} {what}" for what, n in census.counts.items()]
            found += [f"{n:,} sentences with {what}" for what, n in census.oddities.items()]
            first = "".join(f"\n  the first: {text}" for text in census.first.values())
            raise ProbingError(
                f"{source}: expected annotation for this task, found nothing to ask about: "
                f"{', '.join(found)}{first}"
            )
    with written_aside(arrow.with_suffix(".npy")) as aside, aside.open("wb") as file:
        np.save(file, digested.array, allow_pickle=False)
    units = counter.units(census.rows, documents=census.documents, corpus=digested.corpus)
    counted = census.state | {"parts": counted_parts, "units": vars(units)}
    write_state(arrow.with_suffix(".json"), counted, beside=[arrow, arrow.with_suffix(".npy")])


def _naming(path: Path, windows: Iterable[Window]) -> Iterator[Window]:
    """The windows of a part; what cannot be used is said to stand in its file."""
    try:
        yield from windows
    except ManyRows as error:
        raise ProbingError(f"{path}: {error}") from None
    except Misread as error:
        if not path.is_file():  # the built-in corpus and data sets have documents alone
            raise
        raise error.within(str(path)) from None


def _file(source: str, part: str) -> Path:
    """The file that a part of ``source`` is, if it is one."""
    return Path(source, part) if os.path.isdir(source) else Path(source)


def _counted(census: Census) -> dict[str, int]:
    """What is said of each part, up to here."""
    return {name: getattr(census, name) for name in ("sentences", "used", "words", "unknown")}
