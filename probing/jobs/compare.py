"""One run a model, one model in memory at a time, and what they say together."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from probing.core.errors import ProbingError
from probing.core.terms import MAIN
from probing.core.windows import Tokenizer
from probing.counting.counts import HeadCounts
from probing.counting.subtypes import rolled_up
from probing.data.shared_tokenizer import CommonTokenizer
from probing.data.store import EdgeWindows
from probing.jobs.checks import Run
from probing.jobs.compared_models import Entry
from probing.reports.comparison.findings import Compared, ComparisonFindings
from probing.reports.comparison.tables import show_comparison
from probing.reports.comparison.writers import OF_COMPARISON
from probing.reports.described import resamples_of, unread
from probing.reports.run_folder import RunFolder
from probing.reports.split_callback import is_partial
from probing.reports.terminal.tables import show
from probing.reports.writers import write

AnyRun = TypeVar("AnyRun", bound=Run)


def compare(
    entries: Sequence[Entry],
    *,
    build: Callable[[Mapping[str, Any], str | None], AnyRun],
    ready: Callable[[AnyRun], None],
    evaluate: Callable[[AnyRun], None],
    folder: RunFolder,
    is_first: bool,
) -> None:
    """Evaluate each model on the sentences that all of them can use, then compare their heads.

    Every model is loaded, and the data read with its tokenizer, before the first is evaluated.

    Args:
        entries: the models.
        build: makes the run of an encoder with these options, which writes to a folder; loads no
            model.
        ready: finds out what is wrong with a run, loading its model.
        evaluate: runs it.
        folder: of the comparison; each model's run has a folder of its own in it.
        is_first: whether this is the first of several processes.

    Raises:
        ProbingError: if a model cannot be loaded, or the models do not get the same windows.
    """
    jobs = {entry.label: build(entry.options, _below(folder.output, entry)) for entry in entries}
    tokenizers = {label: _tokenizer(job) for label, job in jobs.items()}
    if is_first:
        folder.check(resume=None)
        asked: dict[str, Mapping[str, str]] = {}
        for label in tokenizers:
            asked[label] = _asked(label, jobs.pop(label), tokenizers, ready)
            _check_same(asked)
        folder.decide()
    jobs.clear()
    evaluated = []
    for number, entry in enumerate(entries, start=1):
        if is_first:
            show(f"Model {number} of {len(entries)}: {entry.label}")
        output = str(folder.path) if is_first else folder.output
        job = build(entry.options, _below(output, entry))
        evaluated.append(_evaluated(entry.label, job, tokenizers, evaluate))
        del job
    if is_first:
        _write(evaluated, folder.path)


@dataclass(frozen=True)
class _Evaluated:
    """What is kept of a run."""

    label: str
    description: str
    heads: Mapping[str, HeadCounts]
    corpus: EdgeWindows
    min_anchors: int
    shared: float
    is_partial: bool
    resamples: str
    with_pdf: bool


def _asked(
    label: str,
    job: AnyRun,
    tokenizers: Mapping[str, Tokenizer],
    ready: Callable[[AnyRun], None],
) -> Mapping[str, str]:
    """What the model will be asked in each split; it is loaded, and let go again."""
    gc.collect()  # the model before: a trainer and its model know each other
    job.datamodule.tokenizer = CommonTokenizer(tokenizers[label], tokenizers)
    try:
        ready(job)
    except ProbingError as error:
        raise ProbingError(f"{label}: {error}") from error
    return {split: corpus.questions for split, corpus in job.datamodule.splits.items()}


def _check_same(asked: Mapping[str, Mapping[str, str]]) -> None:
    first, *_, last = (next(iter(asked)), *asked)
    different = [split for split in asked[first] if asked[first][split] != asked[last][split]]
    if different:
        raise ProbingError(
            f"{first} and {last} get other windows of the {different[0]} data, so that they cannot "
            "be compared; of documents, give windows a limit in words that every model can take: "
            "--data.unit words --data.limit N"
        )


def _evaluated(
    label: str,
    job: AnyRun,
    tokenizers: Mapping[str, Tokenizer],
    evaluate: Callable[[AnyRun], None],
) -> _Evaluated:
    gc.collect()
    job.datamodule.tokenizer = CommonTokenizer(tokenizers[label], tokenizers)
    evaluate(job)
    return _Evaluated(
        label=label,
        description=job.model.encoder.description,
        heads={split: c.of_encoder[MAIN] for split, c in job.ledger.counted.items()},
        corpus=job.datamodule.splits["test"],
        min_anchors=job.ledger.min_anchors,
        shared=job.ledger.shared("test"),
        is_partial=any(is_partial(job.trainer, split) for split in job.ledger.counted),
        resamples=resamples_of(job.ledger.resampler, job.datamodule.splits["test"]),
        with_pdf=job.ledger.with_pdf,
    )


def _write(evaluated: Sequence[_Evaluated], folder: Path) -> None:
    """The files of the comparison, and the table on the terminal."""
    one = evaluated[0]
    census = one.corpus.census
    chosen_on = "val" if "val" in one.heads else "test"
    left = ", ".join(f"{n:,} {why}" for why, n in census.left_out.items()) or "none"
    findings = ComparisonFindings(
        split="test",
        source=one.corpus.source,
        models=[
            Compared(
                run.label,
                run.description,
                run.heads["test"],
                # The rows of this split, also those of which the other has one label only.
                rolled_up(run.heads[chosen_on], one.heads["test"].rows, one.corpus.terms.subtypes),
                unread(run.corpus.census.unknown, run.corpus.census.words),
            )
            for run in evaluated
        ],
        chosen_on=chosen_on,
        min_anchors=one.min_anchors,
        shared=one.shared,
        holds=f"{census.used:,} sentences, {census.words:,} words; left out for all: {left}.",
        is_partial=one.is_partial,
        resamples=one.resamples,
        with_pdf=one.with_pdf,
    )
    write(OF_COMPARISON, findings, folder)
    show_comparison(findings)
    show(f"Comparison: {folder}")


def _tokenizer(job: Run) -> Tokenizer:
    assert job.datamodule.tokenizer is not None, "the command line fills it in"
    return job.datamodule.tokenizer


def _below(output: str | None, entry: Entry) -> str | None:
    """The folder of a model's run in that of the comparison."""
    return str(Path(output) / entry.label) if output else None
