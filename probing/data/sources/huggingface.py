"""Data sets of the library ``datasets`` as sources: ``datasets:NAME[,option=value]...``.

NAME is a file or folder that is there, or else a name on the Hugging Face hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data.formats.tables import Columns, in_one_line, read_table
from probing.data.sources.locations import Place, Tables, find
from probing.data.tasks.punctuation import told

PREFIX = "datasets:"
_COLUMNS = tuple(field.name for field in fields(Columns))


@dataclass(frozen=True)
class HuggingFaceData:
    """One split of a data set, as a source of sentences."""

    known: ClassVar[tuple[str, ...]] = ("config", "split", "revision", *_COLUMNS)
    files: ClassVar[str] = ""
    dataset: str
    options: Mapping[str, str]
    place: Place

    @classmethod
    def parse(cls, source: str) -> Self:
        """The data set that ``datasets:NAME[,option=value]...`` stands for.

        Raises:
            ProbingError: for other options, or a name that is neither here nor one of the hub.
        """
        dataset, *pairs = source.removeprefix(PREFIX).split(",")
        options: dict[str, str] = {}
        for key, equals, value in (pair.partition("=") for pair in pairs):
            if key not in cls.known or not value or key in options:
                raise ProbingError(
                    f"{source}: expected options such as ',split=test', each of "
                    f"{', '.join(cls.known)} at most once, found {key + equals + value!r}"
                )
            options[key] = value
        return cls(
            dataset,
            options,
            find(dataset, config=options.get("config"), revision=options.get("revision")),
        )

    @property
    def name(self) -> str:
        """The source as it was named, with the commit if it is on the hub."""
        return PREFIX + ",".join([self.dataset, *(f"{k}={v}" for k, v in self._said.items())])

    def fingerprint(self) -> str:
        """What the place holds, and which part of it is read how."""
        said = sorted(self._said.items())
        return f"{Path(self.dataset).name} {said} {self.place.fingerprint()}"

    def parts(self) -> Iterator[tuple[str, Iterator[Sentence]]]:
        """One part."""
        yield self.name, self.read()

    def read(self) -> Iterator[Sentence]:
        """The sentences of the split.

        Raises:
            ProbingError: as :meth:`table`, or for a row that no tree can be made of.
        """
        name, rows = self.table()
        columns = Columns(**{key: self.options[key] for key in _COLUMNS if key in self.options})
        read = partial(read_table, rows, columns, name=name)
        yield from told(read(), read())

    def table(self) -> tuple[str, Iterable[Mapping[str, object]]]:
        """What complaints call the split, and its rows.

        Raises:
            ProbingError: if the data set cannot be opened or does not have the split.
        """
        config, split = self.options.get("config"), self.options.get("split")
        label = self.dataset + (f", config {config}" if config else "")
        try:
            tables = self.place.tables()
        except ProbingError:
            raise
        except Exception as error:  # formats, networks and file systems fail in their own ways
            raise ProbingError(f"{label}: cannot be opened: {in_one_line(error)}") from error
        chosen = _chosen(tables, split, label)
        return label + (f", split {chosen}" if chosen else ""), tables[chosen]

    @property
    def _said(self) -> Mapping[str, str]:
        return {**self.options, **self.place.pinned}


def _chosen(tables: Tables, split: str | None, label: str) -> str:
    if split is None and len(tables) == 1:
        return next(iter(tables))
    if split is None or split not in tables:
        known = ", ".join(f"split={name}" for name in tables if name)
        if "" in tables:
            raise ProbingError(f"{label}: expected no split, as it is one table, found {split!r}")
        known = f"one of {known}" if known else "a table"
        raise ProbingError(f"{label}: expected {known}, found {split or 'none'}")
    return split
