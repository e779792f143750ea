"""Writers of the user's own, named on the command line."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from typing import Any

from pytorch_lightning import Trainer

from probing.core.errors import ProbingError, check_range
from probing.learning.module import ProbingModule
from probing.reports.findings import Findings
from probing.reports.ledger import Ledger
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback
from probing.reports.terminal.tables import show
from probing.reports.writers import Writer

Named = str | dict[str, Any]
"""An import path, or a class as ``{class_path: ..., init_args: {...}}``."""


@dataclass(frozen=True)
class ReportOptions:
    """What can be asked of the report on a split.

    Args:
        min_anchors: how many anchors a relation or mention type needs for a line in
            ``best_heads.md``.
        trees: whether to decode spanning trees as well, to judge distances, to break accuracy
            down, and to write the paper's Table 3; needs dependency trees.
        paper: whether to write ``paper.csv``, the numbers of the paper's Tables 1 to 3 with those
            of this run beside them.
        examples: of how many anchors of each relation or mention type ``report.html`` knows what
            every head picks; 0 for none.
        heatmaps: whether TensorBoard shows heat maps of the most frequent relations and of the
            weights that probes give to heads; the numbers are in ``heads.csv`` and ``weights.csv``.
        pdf: whether figures are also written as PDF, as wide as a column of a paper.
        writers: tables and figures of your own: the import path of a function
            ``write(findings, folder)``, such as ``my_writers.sentences``, or a list of several.
    """

    min_anchors: int = 100
    trees: bool = False
    paper: bool = False
    examples: int = 100
    heatmaps: bool = False
    pdf: bool = False
    writers: list[Named] | Named = field(default_factory=list)

    def __post_init__(self) -> None:
        check_range(1, min_anchors=self.min_anchors)
        check_range(0, 10_000, examples=self.examples)


class OwnWriters(SplitCallback):
    """Calls the user's writers when all else is written; what fails there costs nothing else.

    Args:
        ledger: of the run; this comes last among the callbacks.
        named: the writers, one or several.

    Raises:
        ProbingError: for what cannot be imported, or called with findings and a folder.
    """

    def __init__(self, ledger: Ledger, named: Sequence[Named] | Named) -> None:
        listed = [named] if isinstance(named, str | Mapping) else named
        self.ledger = ledger
        self.writers = [(_path(each), _imported(each)) for each in listed]
        self.failures: list[ProbingError] = []

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Write, and show what went wrong; :attr:`failures` keeps it for the end of the run."""
        if not trainer.is_global_zero:
            return
        folder = run_folder(trainer) / "reports" / split
        for path, writer in self.writers:
            try:
                writer(self.ledger.findings[split], folder)
            except Exception as error:
                failure = ProbingError(f"--report.writers {path}: {_said(error)}")
                failure.__cause__ = error
                self.failures.append(failure)
                show(f"{split}: {failure}")


def complain(failures: Sequence[ProbingError]) -> None:
    """Say, at the end of a run, that a writer failed.

    Raises:
        ProbingError: the first of ``failures``, if there are any.
    """
    if failures:
        raise ProbingError(f"{failures[0]}\n       all other files are written") from failures[0]


def _path(named: Named) -> str:
    return named if isinstance(named, str) else str(named.get("class_path"))


def _imported(named: Named) -> Writer[Findings]:
    """The function, or an object of the class."""
    path = _path(named)
    module, _, name = path.rpartition(".")
    is_path = bool(module) and all(part.isidentifier() for part in path.split("."))
    if not is_path or (not isinstance(named, str) and named.keys() - {"class_path", "init_args"}):
        raise ProbingError(
            "--report.writers: expected an import path such as my_writers.sentences, or "
            f"{{class_path: my_writers.Sentences, init_args: {{...}}}}, found {named!r}"
        )
    options = {} if isinstance(named, str) else named.get("init_args") or {}
    try:
        there = vars(import_module(module))
        if name not in there:
            near = get_close_matches(name, there, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ProbingError(f"module {module!r} has no {name!r}{meant}")
        found = there[name]
        writer: Writer[Findings] = found(**options) if isinstance(found, type) else found
    except Exception as error:  # whatever a module of the user's does while it is imported
        raise ProbingError(f"--report.writers {path}: {_text(error)}") from error
    try:
        signature(writer).bind(None, None)
    except (TypeError, ValueError):
        raise ProbingError(
            f"--report.writers {path}: expected what can be called with findings and a folder, "
            f"found {writer!r}"
        ) from None
    return writer


def _said(error: Exception) -> str:
    """What is wrong, and where in the user's own file, whose frames come after ours."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return _text(error) + (f" ({own[-1].filename}, line {own[-1].lineno})" if own else "")


def _text(error: Exception) -> str:
    is_plain = isinstance(error, ProbingError | ImportError)
    return str(error) if is_plain else f"{type(error).__name__}: {error}"
