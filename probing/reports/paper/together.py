"""The lines of several runs as one table: what one of them lacks another may have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probing.core.errors import ProbingError
from probing.reports.paper.differences import Difference
from probing.reports.paper.files import COLUMNS, FILE
from probing.reports.paper.lines import NEEDS, Line, Value, is_of_its_kind
from probing.reports.published import Constant, constants
from probing.reports.read_back import lines_of, report_file, summary_of

Key = tuple[int, str, str]
_TABLES = re.compile(r"(.+):([123](?:,[123])*)")
_PERCENTAGE = re.compile(r"\d{1,3}\.\d\d")
_NUMBERS = re.compile(r"\d+(?:, \d+)*")


@dataclass(frozen=True)
class Part:
    """What is taken of a run: ``tables`` of its ``lines``, which are those of ``folder``."""

    name: str
    folder: Path
    lines: Mapping[Key, Line]
    tables: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Part:
        """Of ``RUN``, or ``RUN:1,3`` for some of the tables.

        Raises:
            ProbingError: if the run has no ``paper.csv``, or another one than this version writes.
        """
        named = None if Path(text).exists() else _TABLES.fullmatch(text)
        run, tables = (text, "1,2,3") if named is None else named.groups()
        file = report_file(Path(run), FILE, writes="--report.paper true")
        return cls(run, file.parent, _read(file), sorted(set(map(int, tables.split(",")))))

    def line(self, constant: Constant) -> Line:
        """What it has of a number of the paper."""
        line = self.lines.get(_key(constant)) if constant.table in self.tables else None
        return line or Line(constant, note=NEEDS[constant.table])

    def gives(self, table: int) -> bool:
        """Whether it has a number of a table that was made for it."""
        return any(is_of_its_kind(self.line(own)) for own in constants() if own.table == table)

    @property
    def about(self) -> str:
        """Its folder, model and data."""
        try:
            summary = summary_of(self.folder)
        except ProbingError:
            return str(self.folder)
        data = summary.get("data")
        source = data.get("source") if isinstance(data, dict) else None
        known = "; ".join(str(each) for each in (summary.get("model"), source) if each)
        return f"{self.folder} ({known})" if known else str(self.folder)


def together(parts: Sequence[Part]) -> list[Line]:
    """A line for each number of the paper, that of the run which has it; empty if none does.

    Raises:
        ProbingError: if two runs have different numbers for one.
    """
    return [_one(constant, parts) for constant in constants()]


def sources(parts: Sequence[Part]) -> Iterator[str]:
    """Which runs the numbers of each table are of."""
    for table in NEEDS:
        own = [part.about for part in parts if part.gives(table)]
        yield f"Table {table}: {', '.join(own) or NEEDS[table]}."


def _one(constant: Constant, parts: Sequence[Part]) -> Line:
    """The first of those that are filled, else the first that says more than what a run needs."""
    lines = [(part, part.line(constant)) for part in parts]
    filled = [(part, line) for part, line in lines if line.here is not None]
    for part, line in filled:
        first, own = filled[0]
        if line.here != own.here:
            raise ProbingError(
                f"{first.name} and {part.name}: Table {constant.table}, {constant.row}, "
                f"{constant.column} is {own.shown} in the one and {line.shown} in the other; say "
                f"which tables to take of each, such as {first.name}:{constant.table}"
            )
    if filled:
        return filled[0][1]
    said = [line for _, line in lines if line.note != NEEDS[constant.table]]
    return (said or [line for _, line in lines])[0]


def _key(constant: Constant) -> Key:
    return constant.table, constant.row, constant.column


def _read(file: Path) -> dict[Key, Line]:
    """The lines of ``paper.csv``.

    Raises:
        ProbingError: for a file that this version does not write.
    """
    known = {(str(own.table), own.row, own.column): own for own in constants()}
    lines = lines_of(file)
    _, header = next(lines, (1, []))
    if header != COLUMNS:
        raise ProbingError(f"{file}:1: expected {','.join(COLUMNS)}, found {','.join(header)}")
    found: dict[Key, Line] = {}
    for number, cells in lines:
        where = f"{file}:{number}"
        constant = known.get(tuple(cells[:3]))  # type: ignore[arg-type]
        printed = None if constant is None else [constant.paper, constant.notebook]
        if len(cells) != len(COLUMNS) or constant is None or cells[3:5] != printed:
            raise ProbingError(f"{where}: expected a number of the paper, found {cells}")
        if _key(constant) in found:
            raise ProbingError(f"{where}: {', '.join(cells[:3])} comes twice")
        found[_key(constant)] = _line(constant, cells[5], cells[7], where)
    return found


def _line(constant: Constant, here: str, why: str, where: str) -> Line:
    """A line as the cells have it."""
    value: Value | None = here or None
    if here and constant.is_percentage:
        if not _PERCENTAGE.fullmatch(here):
            raise ProbingError(f"{where}: expected a percentage with two decimals, found {here!r}")
        value = float(here)
    numbers, _, note = why.partition("; ")
    if not _NUMBERS.fullmatch(numbers):
        return Line(constant, value, note=why)
    try:
        differences = tuple(Difference(int(each)) for each in numbers.split(", "))
    except ValueError:
        raise ProbingError(f"{where}: expected numbers of docs/paper.md, found {why!r}") from None
    return Line(constant, value, differences, note)
