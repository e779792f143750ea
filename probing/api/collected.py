"""What several runs have written, as one table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd

from probing.core.errors import ProbingError
from probing.reports.read_back import SUMMARY, lines_of, summary_of

_NUMBERS = frozenset(
    "layer head correct total reachable accuracy gold_mass special_mass special_wins kappa low "
    "high units effect p q p_alone difference share seeds mean sd min max epoch weight agreement "
    "agreed hard easy count uas uas_tree uuas spearman items before after control_mean control_sd "
    "rank sets least_p".split()
)
_ENDS = ("_layer", "_head", "_correct", "_accuracy", "_low", "_high")
_FACTS = ("model", "weights_sha256", "seed")
_COLUMNS = ("run", *_FACTS)


def collect(*runs: str | Path, table: str = "best_heads", split: str = "test") -> pd.DataFrame:
    """A table of several runs: the lines of each, with the run that they are of.

    Args:
        runs: folders that runs wrote to (``--output``), or folders of such, or patterns of either:
            ``"runs/*"``.
        table: which of their files: ``best_heads``, ``heads``, ``probes``, ``baselines``, ...
        split: of which split.

    Returns:
        The columns ``run`` (its folder), ``model``, ``weights_sha256`` and ``seed`` of its
        ``summary.json``, then those of the file; labels as text, numbers as numbers. A column that
        a run does not have is empty there.

    Raises:
        ProbingError: if there is no such table, or one cannot be read. A run without the table is
            warned of.
    """
    frames, without = [], []
    for run in _runs(runs):
        path = run / "reports" / split / f"{table}.csv"
        if path.is_file():
            frames.append(_read(path, run))
        else:
            without.append(str(run))
    if not frames:
        raise ProbingError(
            f"{', '.join(map(str, runs))}: expected folders of runs with "
            f"reports/{split}/{table}.csv, found {', '.join(without) or 'no run'}"
        )
    if without:
        warnings.warn(f"without reports/{split}/{table}.csv: {', '.join(without)}", stacklevel=2)
    return pd.concat(frames, ignore_index=True)


def _runs(patterns: tuple[str | Path, ...]) -> Iterator[Path]:
    """The folders of runs, each once, in sorted order of each pattern."""
    seen = set()
    for pattern in patterns:
        for found in sorted(glob(str(pattern))):
            configs = sorted(Path(found).rglob("config.yaml"))
            for run in [config.parent for config in configs]:
                # A comparison has a configuration of its own, and its models' runs beneath.
                if (run / "reports").is_dir() and run not in seen:
                    seen.add(run)
                    yield run


def _read(path: Path, run: Path) -> pd.DataFrame:
    """A file's lines, behind what its run was."""
    lines = lines_of(path)
    _, header = next(lines, (1, []))
    taken = [*_COLUMNS, *header]
    if not header or len(set(taken)) < len(taken):
        raise ProbingError(f"{path}:1: expected names of columns, each once, found {header}")
    cells: list[list[str]] = []
    numbers = []
    for number, line in lines:
        if len(line) != len(header):
            raise ProbingError(f"{path}:{number}: expected {len(header)} cells, found {len(line)}")
        cells.append(line)
        numbers.append(number)
    frame = pd.DataFrame(cells, columns=header, dtype=str)
    for name in header:
        if name in _NUMBERS or name.endswith(_ENDS):
            told = frame[name] != ""
            found = pd.to_numeric(frame[name].where(told), errors="coerce")
            odd = told & found.isna()
            if odd.any():
                place = int(odd.argmax())
                raise ProbingError(
                    f"{path}:{numbers[place]}: {name}: expected a number, "
                    f"found {frame[name][place]!r}"
                )
            frame[name] = found
    facts = _facts(path.parent)
    columns = {"run": str(run), **{name: facts.get(name) for name in _FACTS}}
    ahead = pd.DataFrame({name: [value] * len(frame) for name, value in columns.items()})
    return pd.concat([ahead, frame], axis=1)


def _facts(report: Path) -> dict[str, Any]:
    """What a run says of itself; nothing, where it has no ``summary.json``."""
    facts = summary_of(report)
    odd = [name for name in _FACTS if not isinstance(facts.get(name), str | int | None)]
    if odd:
        raise ProbingError(
            f"{report / SUMMARY}: expected what a run has written, found another {odd[0]}"
        )
    return facts
