"""The jobs that there are, a row each; a config says which it is: ``job: heads``.

A row is light: what runs a job is imported when it runs.
"""

from __future__ import annotations

import difflib
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from probing.core.errors import ProbingError
from probing.jobs.compared_models import MODELS
from probing.jobs.scripts import Script, called


@dataclass(frozen=True)
class Option:
    """An option of a run that is of no section.

    Args:
        name: what it is called on the command line and in a config.
        text: what it does.
        settings: how it is read, as ``add_argument`` takes it.
        shown: its value as help shows it, where that is no default.
        title: the heading that it stands under in help.
    """

    name: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    shown: str | None = None
    title: str = "run"

    @property
    def flags(self) -> tuple[str, ...]:
        """How it is written, with dashes between words or with underscores, as in a config."""
        return tuple(dict.fromkeys((f"--{self.name.replace('_', '-')}", f"--{self.name}")))


class Job(Protocol):
    """A command line, read; it is a subclass of :class:`probing.jobs.parser.Commands`."""

    def __init__(self, row: Row, arguments: Sequence[str], *, name: str) -> None: ...

    @property
    def config(self) -> Any:
        """What it asks for, parsed."""
        ...

    @classmethod
    def parser_of(cls, row: Row) -> Any:
        """The parser of the options of the job."""
        ...

    @classmethod
    def types_of(cls, row: Row) -> Mapping[str, Any]:
        """What may stand at each section and option of the job."""
        ...

    def explained(self, script: Script, config: str) -> str:
        """The options of the job, with the values that they have."""
        ...

    def run(self, script: Script, said: Namespace, checkpoint: dict[str, Any] | None) -> None:
        """Do what the command line says."""
        ...


@dataclass(frozen=True)
class Row:
    """A kind of job.

    Args:
        name: as a config has it.
        scripts: which may run it.
        kind: the subclass of ``Commands`` that parses, builds, checks and runs it.
        told_by: the section that a config of it has and no other, for one without ``job``.
        options: of its run, besides those of every run.
        tacit: options, and sections of them, that it reads and help leaves out, since they say
            nothing here.
        has_checkpoints: whether it makes or reads any.
    """

    name: str
    scripts: tuple[Script, ...]
    kind: str
    told_by: str | None
    options: tuple[Option, ...]
    tacit: frozenset[str] = frozenset()
    has_checkpoints: bool = True

    def load(self) -> type[Job]:
        """What parses, builds, checks and runs it."""
        module, _, name = self.kind.rpartition(".")
        found: type[Job] = getattr(import_module(module), name)
        return found


TACIT: Mapping[Script, frozenset[str]] = {
    "train": frozenset(),
    "evaluate": frozenset(
        {"data.batch_windows", "data.shuffle_seed", "data.share_batches", "data.changed"}
        | {"data.cache_features", "model.reduction", "trainer.max_epochs"}
    ),
    "cache": frozenset(
        {"output", "overwrite", "report", "treebanks", "predictions", "intervals", "paired"}
        | {"data.val", "data.test", "data.batch_windows"}
        | {"data.shuffle_seed", "data.share_batches", "data.changed", "model.reduction"}
        | {"trainer.max_epochs"}
    ),
}
"""What a script leaves out of help, whatever the job: it reads that and does nothing with it."""
_TEXTS: dict[str, Any] = {"type": list[str] | str, "nargs": "+", "default": []}
_FLAG = {"type": bool, "nargs": "?", "const": True, "default": False}
EVERY = (
    Option("seed_everything", "seed of everything random", {"type": bool | int, "default": 1}),
    Option("output", "folder to write to", {"type": str | None}, "runs/<job>/version_N"),
    Option("overwrite", "replace the run that the folder holds", _FLAG),
)
"""Options of every run."""
_EDGES = (
    Option("models", MODELS, {"type": list[str | dict[str, Any]] | None}),
    Option(
        "predictions",
        "write what every probe and the chosen heads pick for each anchor",
        _FLAG,
    ),
    Option(
        "intervals",
        "resamples, 40 or more, for 95% intervals of every accuracy; 0 for none",
        {"type": int, "default": 0},
    ),
    Option(
        "significance",
        "patterns of signs, 19 or more, to test every head against the strongest baseline; 0 for "
        "none",
        {"type": int, "default": 0},
    ),
    # A list in brackets is what a config has, and may be written as one value.
    Option(
        "paired",
        "'A,B': the interval of the difference between two probes or heads",
        _TEXTS,
        "",
    ),
    Option(
        "seeds",
        "several starts of each probe, trained in the same run: --seeds 1 2 3",
        {"type": int | list[int], "nargs": "+", "default": []},
        "",
    ),
)
_SENTENCE = (
    Option(
        "sentence",
        "a sentence to draw heads on (figures 1 and 5)",
        {"type": str | None},
        title="a sentence",
    ),
    Option(
        "heads",
        "which heads to draw on it: 3-9 2-2",
        _TEXTS,
        "",
        title="a sentence",
    ),
)
_ABLATED = (
    Option(
        "heads",
        "which heads to ablate: 3-1 3-4 are two ablations, 3-1,3-4 is one of both heads",
        _TEXTS,
        "",
        title="heads",
    ),
    Option(
        "heads_from",
        "the heads that a report has chosen: RUN:obj, or RUN:obj,nsubj for those of both at once",
        _TEXTS,
        "",
        title="heads",
    ),
    Option(
        "each",
        "ablate every head in turn; so does a run that names no heads",
        _FLAG,
        title="heads",
    ),
)
ROWS = (
    Row(
        "heads",
        ("evaluate",),
        "probing.jobs.edges.Heads",
        told_by=None,
        options=_EDGES,
        tacit=frozenset({"seeds", "model.vectors"}),
    ),
    Row(
        "probes",
        ("train", "evaluate", "cache"),
        "probing.jobs.edges.Probes",
        told_by="model.probes",
        options=_EDGES,
        tacit=frozenset({"models"}),
    ),
    Row(
        "surface",
        ("evaluate",),
        "probing.jobs.text.Text",
        told_by="surface",
        options=_SENTENCE,
        has_checkpoints=False,
    ),
    Row(
        "ablate",
        ("evaluate",),
        "probing.jobs.ablate.Ablate",
        told_by="ablation",
        options=_ABLATED,
        has_checkpoints=False,
    ),
)


def row_of(script: Script, configs: Sequence[tuple[str, Any]], said: str | None) -> Row:
    """The job that the command line asks for.

    Args:
        script: which may run it.
        configs: each by its name in complaints, in their order; the last that says ``job`` counts.
        said: the job that the command line names, which counts more.

    Raises:
        ProbingError: for a job that there is not, or one of the other script.
    """
    named = [(n, config) for n, config in configs if isinstance(config, dict)]
    told = [(n, config["job"]) for n, config in named if "job" in config]
    told += [("--job", said)] if said else []
    if not told:
        return _told_by_sections(script, named)
    place, job = told[-1]
    row = next((row for row in ROWS if row.name == job), None)
    if row is None:
        names = [row.name for row in ROWS]
        near = difflib.get_close_matches(str(job), names, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ProbingError(f"{place}: expected a job of {', '.join(names)}, found {job!r}{meant}")
    return _checked(row, script, place)


def refuse_single(row: Row, configs: Sequence[tuple[str, Any]]) -> None:
    """Refuse a single value in a config where an option has several: the parser fails at it.

    Raises:
        ProbingError: naming the config.
    """
    several = [option.name for option in row.options if option.settings.get("nargs") == "+"]
    for place, config in configs:
        for name in several:
            found = config.get(name, []) if isinstance(config, Mapping) else []
            if not isinstance(found, list):
                raise ProbingError(
                    f"{place}: {name}: expected a list in brackets, such as [a, b], found {found!r}"
                )


def _told_by_sections(script: Script, configs: Sequence[tuple[str, Mapping[str, Any]]]) -> Row:
    """The job of configurations that do not say it, as none did before version 0.2."""
    for row in ROWS:
        for place, config in configs:
            if row.told_by is not None and _at(config, row.told_by):
                return _checked(row, script, place)
    return next(row for row in ROWS if script in row.scripts)


def _at(config: Any, key: str) -> bool:
    """Whether a configuration says something at ``a.b``."""
    for name in key.split("."):
        if not isinstance(config, Mapping) or name not in config:
            return False
        config = config[name]
    return "." not in key or bool(config)


def _checked(row: Row, script: Script, place: str) -> Row:
    if script not in row.scripts:
        own = row.scripts[0]
        how = "" if place.startswith("--") else f": {called(own)} --config {place}"
        named = called("cache") if script == "cache" else f"{script}.py"
        raise ProbingError(f"{place}: job {row.name!r} is one of {own}.py, not of {named}{how}")
    return row
