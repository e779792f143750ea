"""What is found out before other processes start and before anything is written."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from pytorch_lightning import Trainer
from pytorch_lightning.utilities import rank_zero_only

from probing.core.errors import ProbingError
from probing.core.head_names import Cell
from probing.core.terms import MAIN
from probing.core.trees import gold_trees
from probing.counting.differences import check, names
from probing.counting.trees.decoding import SEARCH, by_networkx
from probing.data import CoreferenceData, EdgeData
from probing.jobs.trainer_checks import check_share, check_trainer
from probing.learning.encoding import check_embedded
from probing.learning.feature_cache import cache_of
from probing.learning.module import ProbingModule
from probing.learning.seeds import family_of
from probing.reports.ledger import Ledger
from probing.reports.own_writers import ReportOptions
from probing.reports.run_folder import RunFolder
from probing.reports.terminal.tables import show, watched
from probing.reports.treebanks import Treebanks


class Run(Protocol):
    """What a command line has built for heads and probes; nothing is loaded yet."""

    model: ProbingModule
    datamodule: EdgeData
    trainer: Trainer
    ledger: Ledger
    report: ReportOptions
    treebanks: Treebanks


def hold_folder(folder: RunFolder, *, resume: bool | None) -> None:
    """Refuse a folder that cannot be written, or is another run's, and keep others out of it."""
    if is_first():
        check_place(folder.output)
        folder.check(resume=resume)


def make_ready(run: Run, splits: Collection[str]) -> None:
    """Find out what is wrong before other processes start and before anything is written."""
    data, model = run.datamodule, run.model
    if "test" in splits:
        _check_significance(run)
    final = "val" if data.sources["test"] is None else "test"
    check_trainer(run.trainer)
    measuring = [name for name, probe in model.probes.items() if probe.measures_distances]
    if model.vectors is not None:
        model.vectors.check()
    model.encoder.load()
    if is_first():
        source = model.encoder.source
        if source.revision is not None and os.path.isdir(source.folder):
            show(f"model.encoder.revision {source.revision}: not used, {source.name} is a folder")
        for split in splits:
            if data.sources[split] is not None:
                data.split(split)
                check_share(data, run.trainer, split)
        run.treebanks.check(data.splits, final)
        if model.vectors is not None:
            words = (word for split in data.splits.values() for word in split.vocabulary)
            model.vectors.read(words, watch=watched)
        model.configure_model()
        check_embedded(model.encoders, data.splits.values())
        model.rehearse(next(iter(data.splits.values()))[[0]])
        if "train" in splits and data.cache_features is not None:
            cache = cache_of(model, data, precision=run.trainer.precision)
            show(cache.plan())
            cache.make()
        if run.report.trees:
            check_trees(data)
            if SEARCH is by_networkx:
                show("trees: pip install 'attention-probing[trees]' finds them much faster")
        _check_intervals(run)
        if measuring and not run.report.trees:
            named = ", ".join(dict.fromkeys(family_of(name)[0] for name in measuring))
            verb = "measures" if "," not in named else "measure"
            show(f"{named}: {verb} distances, which --report.trees true reports")


def check_place(output: str | None) -> None:
    """Refuse a place in which no folder can be made, or nothing be written.

    Args:
        output: the folder; ``None`` for one below the current folder.

    Raises:
        ProbingError: naming it.
    """
    if output == "":
        raise ProbingError("--output: expected a folder, found an empty name")
    place = Path(output or "runs").absolute()
    try:
        there = next(each for each in (place, *place.parents) if _is_there(each))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ProbingError(f"--output {output}: {why}") from error
    if not there.is_dir():
        raise ProbingError(f"--output {output or place}: {there} is a file, not a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ProbingError(f"--output {output or place}: nothing can be written in {there}")


def _is_there(place: Path) -> bool:
    try:
        place.stat()
    except FileNotFoundError:
        return False
    except NotADirectoryError:  # a file is told when its own turn comes
        return False
    return True


def check_trees(data: EdgeData) -> None:
    """Refuse to report on trees where there are none.

    Raises:
        ProbingError: naming the data.
    """
    if isinstance(data, CoreferenceData):
        raise ProbingError("--report.trees needs dependency trees; a coreference job has none")
    for corpus in data.splits.values():
        count = len(corpus)
        blocks = (range(first, min(first + 20, count)) for first in range(0, count, 20))
        if not any(gold_trees(corpus[block]).is_tree.any() for block in blocks):
            raise ProbingError(
                f"--report.trees needs dependency trees; none of the {count:,} sentences of "
                f"{corpus.source} that can be used is one"
            )


def _check_significance(run: Run) -> None:
    """Refuse tests for which nothing is chosen, before anything is read.

    Raises:
        ProbingError: saying what is missing.
    """
    data = run.datamodule
    if not run.ledger.flips:
        return
    for split, why in (("val", "on which baselines are chosen"), ("test", "which is tested on")):
        if data.sources[split] is None:
            raise ProbingError(f"--significance needs --data.{split} FILE, {why}")
    if not data.task.terms.beside_heads:
        raise ProbingError(
            f"--significance: {type(data.task).__name__} has no baseline beside heads to test "
            "against"
        )


def _check_intervals(run: Run) -> None:
    """Refuse intervals that cannot be had, and names to compare that the run does not have.

    Raises:
        ProbingError: saying which.
    """
    ledger, model, data = run.ledger, run.model, run.datamodule
    if ledger.pairs and ledger.resampler is None:
        raise ProbingError("--paired needs --intervals N, the number of resamples")
    asked = [*(["--intervals"] if ledger.resampler else [])]
    asked += ["--significance"] if ledger.flips else []
    if asked and not all(c.units.known for c in data.splits.values()):
        raise ProbingError(
            f"{asked[0]}: {type(data.task).__name__} does not say of which document its windows "
            "are (Window.document, Window.place)"
        )
    final = data.splits.get("val" if data.sources["test"] is None else "test")
    terms, sizes = (final or data).terms, model.encoder.sizes
    cells = (
        Cell(direction, layer, head + 1)
        for direction in terms.directions
        for layer in sizes.layer_numbers
        for head in range(sizes.heads)
    )
    further = [name for name in model.encoders if name != MAIN]
    measuring = model.probes.keys() - model.pickers.keys()
    check(ledger.pairs, names(terms, model.pickers, cells, further), measuring=measuring)


def is_first() -> bool:
    """Whether this is the first process, before and after others are launched."""
    return int(getattr(rank_zero_only, "rank", 0)) == 0
