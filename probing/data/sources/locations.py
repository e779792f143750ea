"""Where data sets are: a file, a folder, the Hugging Face hub; what they hold, and at which state.

No code of a data set is ever run, and only formats that cannot hold code are read.
"""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

import huggingface_hub
from huggingface_hub.errors import (
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from probing.core.errors import ProbingError
from probing.data.formats.tables import in_one_line
from probing.data.sources.fingerprints import beneath, digest

_FILES = {".parquet": "parquet", ".arrow": "arrow", ".json": "json", ".jsonl": "json"}

Tables = Mapping[str, Iterable[Mapping[str, object]]]
"""Tables by the names of their splits; ``""`` is the one of a data set without splits."""


class MissingError(ProbingError):
    """There is no such data set here, nor on a hub that can be asked."""


class Place(Protocol):
    """Where a data set is."""

    @property
    def pinned(self) -> Mapping[str, str]:
        """The options that make sure that the same data set is opened again."""
        ...

    def fingerprint(self) -> str:
        """A text that differs whenever the data set could hold other rows."""
        ...

    def tables(self) -> Tables:
        """Its splits, read only when they are iterated over."""
        ...


def find(dataset: str, *, config: str | None, revision: str | None) -> Place:
    """The file, folder or hub repository of that name; what is here comes before the hub.

    Raises:
        ProbingError: for what can be neither, or an option that does not go with it.
    """
    path = Path(dataset)
    if not os.path.exists(dataset):
        if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", dataset):
            raise MissingError(f"{dataset!r}: no such file or folder, and no name on the hub")
        if path.suffix.lower() in _FILES and "/" not in dataset:
            raise MissingError(f"{dataset}: no such file")
        return Hub(dataset, config, revision)
    refused = {"config": config, "revision": revision}
    if path.is_file():
        tables: Callable[[], Tables] = partial(_file, path)
    elif any((path / name).exists() for name in ("dataset_dict.json", "state.json")):
        tables = partial(_saved, path)
    else:
        tables = partial(_folder, path, refused.pop("config"))
    for option, value in refused.items():
        if value is not None:
            raise ProbingError(f"{dataset}: expected no {option}, which this has none of")
    return Local(path, tables)


@dataclass(frozen=True)
class Local:
    """A file or folder."""

    path: Path
    tables: Callable[[], Tables]

    @property
    def pinned(self) -> Mapping[str, str]:
        """Nothing: local data sets have no versions."""
        return {}

    def fingerprint(self) -> str:
        """Names and bytes of all files."""
        if self.path.is_file():
            return digest(self.path.parent, [self.path])
        return digest(self.path, beneath(self.path))


def _file(path: Path) -> Tables:
    """One file; ``datasets`` calls what it holds ``train``."""
    import datasets

    kind = _FILES.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(_FILES)
        raise ProbingError(f"{path}: expected a file with lists ({known}), found {path.suffix!r}")
    if _is_list(path):
        return {"": _rows(path)}
    builder = datasets.load_dataset_builder(kind, data_files=str(path.absolute()))
    return {"": builder.as_streaming_dataset()["train"]}


def _rows(path: Path) -> list[dict[str, object]]:
    """The rows of a list in JSON, as they stand.

    Where a column holds texts and numbers, ``datasets`` makes other texts of them: ``"a"``, in
    quotes, of an ``a``.
    """
    rows = json.loads(path.read_bytes())
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ProbingError(f"{path}, row {number}: expected columns, found {row!r:.80}")
    return list(rows)


def _is_list(path: Path) -> bool:
    """Whether a file is JSON that holds a list of rows, not a row a line.

    Raises:
        ProbingError: naming the file and how it begins, for JSON that holds no rows: the Arrow
            reader ends the whole process at ``null``.
    """
    if _FILES.get(path.suffix.lower()) != "json":
        return False
    try:
        with path.open("rb") as file:
            start = file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip()[:20]
    except OSError as error:
        raise ProbingError(f"{path}: {error.strerror or error}") from error
    if start and not start.startswith((b"{", b"[")):
        found = start.decode(errors="replace")
        raise ProbingError(f"{path}: expected rows, which begin with '{{' or '[', found {found!r}")
    return start.startswith(b"[")


def _saved(path: Path) -> Tables:
    """What ``save_to_disk`` wrote; rows as they are, whatever format was set then."""
    import datasets

    found = datasets.load_from_disk(str(path)).with_format(None)
    return found if isinstance(found, datasets.DatasetDict) else {"": found}


def _folder(path: Path, config: str | None) -> Tables:
    """Files that tell their split by their names or in a ``README.md``, as on the hub."""
    import datasets

    for file in beneath(path):
        if _is_list(file):
            raise ProbingError(
                f"{file}: expected a row a line, as JSON has in a folder, found a list; such a "
                "file is read if it is named itself"
            )
    return _stream(datasets.load_dataset_builder(str(path.absolute()), config), str(path))


def _stream(builder: Any, label: str) -> Tables:
    # Other formats have no lists, and some of them can be made to run code.
    if builder.name not in {*_FILES.values(), "cache"}:
        raise ProbingError(f"{label}: expected Parquet, Arrow or JSON files, found {builder.name}")
    tables: Tables = builder.as_streaming_dataset()
    return tables


@dataclass(frozen=True)
class Hub:
    """A data set of the hub, or what is cached of it."""

    name: str
    config: str | None
    revision: str | None

    @cached_property
    def commit(self) -> str:
        """The commit that the revision stands for now; offline, when the hub was last asked.

        Raises:
            ProbingError: if there is no such data set or revision, or nobody to ask.
        """
        if self.revision and re.fullmatch("[0-9a-f]{40}", self.revision):
            return self.revision
        what = f"{self.name}: no such file or folder"
        try:
            info = huggingface_hub.HfApi().dataset_info(
                self.name, revision=self.revision, timeout=30, expand=["sha"]
            )
        except (RepositoryNotFoundError, HFValidationError) as error:
            raise MissingError(f"{what}, and no data set of the hub that you may read") from error
        except RevisionNotFoundError as error:
            raise MissingError(f"{self.name}: the hub has no revision {self.revision!r}") from error
        except Exception as error:  # offline, or whatever the network's client raises
            cached = huggingface_hub.try_to_load_from_cache(
                self.name, "README.md", repo_type="dataset", revision=self.revision
            )
            if not isinstance(cached, str):
                reason = in_one_line(error)
                raise MissingError(f"{what}, not cached, and no hub in reach: {reason}") from error
            return Path(cached).parent.name
        return str(info.sha)

    @property
    def pinned(self) -> Mapping[str, str]:
        """The commit."""
        return {"revision": self.commit}

    def fingerprint(self) -> str:
        """The commit."""
        return self.commit

    def tables(self) -> Tables:
        """The splits at the commit.

        Raises:
            ProbingError: if another commit is all that can be had.
        """
        import datasets

        builder = datasets.load_dataset_builder(self.name, self.config, revision=self.commit)
        # Where it cannot have what was asked for, `datasets` takes what was cached last.
        if builder.hash != self.commit:
            raise ProbingError(
                f"{self.name}: expected commit {self.commit}, but only {builder.hash} is cached"
            )
        return _stream(builder, self.name)
