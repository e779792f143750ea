"""Checkpoints: the probes, and what they belong to."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from traceback import FrameSummary, extract_tb
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import torch

from probing.core.errors import ProbingError
from probing.encoder import Encoder

CHECKPOINT_FORMAT = 3
_RESTORING = "checkpoint_connector"  # where Lightning restores what it has written
READ_BY = ("aggregation", "tokenizer_file")
"""Options of an encoder with which the same weights give other words."""


def load_checkpoint(path: str) -> dict[str, Any]:
    """A checkpoint, nothing in it executed.

    Raises:
        ProbingError: if there is none, it is not one, or it is not as it was written.
    """
    damaged = None
    try:
        with ZipFile(path) as archive:
            damaged = archive.testzip()
            records = _records(archive) if damaged is None else io.BytesIO()
        found = None if damaged else torch.load(records, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ProbingError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # torch names no narrower type for what is no checkpoint
        raise ProbingError(f"{path}: expected a checkpoint of train.py, found none") from error
    if damaged is not None:
        raise ProbingError(
            f"{path}: damaged: {damaged} has not the checksum that it was written with"
        )
    if not isinstance(found, dict) or "state_dict" not in found:
        raise ProbingError(f"{path}: expected a checkpoint of train.py")
    return found


def _records(archive: ZipFile) -> io.BytesIO:
    """The records of an archive, whose checksums hold, in another one for torch to read.

    Torch reads records without a look at their checksums, and what the archive says of a record
    besides its content is in none: a bit there makes a folder of it, and torch takes whatever is
    in memory for its content.

    Raises:
        BadZipFile: for records that torch has not written: packed, twice, or longer than the file.
    """
    listed = archive.infolist()
    size = sum(record.file_size for record in listed)
    stream = archive.fp
    if any(record.compress_type != ZIP_STORED for record in listed) or stream is None:
        raise BadZipFile("packed")
    if size > stream.seek(0, io.SEEK_END) or len(listed) > len(set(archive.namelist())):
        raise BadZipFile("records that share their content, or their name")
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_STORED) as made:
        for record in listed:
            made.writestr(record.filename, archive.read(record))
    content.seek(0)
    return content


@contextmanager
def as_written() -> Iterator[None]:
    """Complain in words where a checkpoint does not hold what this version writes.

    Raises:
        ProbingError: saying what was missed.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ProbingError(f"the checkpoint does not hold what train.py writes: {what}") from error


@contextmanager
def going_on(path: str | None) -> Iterator[None]:
    """Complain in words where Lightning cannot take up the optimizer, or the place, of a run.

    Args:
        path: the checkpoint that a run goes on with, if it does.

    Raises:
        ProbingError: naming it.
    """
    try:
        yield
    except (ProbingError, OSError):
        raise
    except Exception as error:  # of whatever kind: it reads what it has written itself
        frames = extract_tb(error.__traceback__)
        if path is None or not any(map(_restores, frames)):
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ProbingError(f"{path}: no run can go on with the checkpoint: {what}") from error


def _restores(frame: FrameSummary) -> bool:
    """Whether a frame is of Lightning's taking up; what saves is in the same file."""
    return _RESTORING in frame.filename and ("restore" in frame.name or "resume" in frame.name)


def check_same(made: Mapping[str, Any], encoder: Encoder) -> None:
    """Refuse an encoder that is not the one ``made`` that probes were trained on.

    Raises:
        ProbingError: saying what differs.
    """
    if made["weights"] != encoder.fingerprint:
        raise ProbingError(
            f"the checkpoint belongs to {made['title']} (weights {made['weights'][:12]}), "
            f"not to {encoder.title} (weights {encoder.fingerprint[:12]})"
        )
    # As many layers, but others, would have the right shapes and give wrong scores.
    if made["layers"] != list(encoder.layer_numbers):
        raise ProbingError(
            f"the checkpoint's probes look at the layers {_numbers(made['layers'])} of "
            f"{made['title']}, the run at {_numbers(encoder.layer_numbers)}"
        )
    for option in READ_BY:
        # Checkpoints of 0.1 do not say; their stored configuration does, and runs are built of it.
        said, own = made.get(option, getattr(encoder, option)), getattr(encoder, option)
        if said != own:
            raise ProbingError(
                f"the checkpoint's probes learned from {made['title']} with {option} {said}, "
                f"the run has {own} (--model.encoder.{option})"
            )


def _numbers(layers: Iterable[int]) -> str:
    return ", ".join(map(str, layers))


def listed(names: Iterable[str]) -> str:
    """Names in an error, sorted."""
    return ", ".join(sorted(names)) or "nothing"
