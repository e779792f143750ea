"""What is kept of windows: read as it was written, or not at all."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from probing.core.errors import ProbingError
from probing.data.features import FeatureFile

COUNTS = [3, 0, 7, 1, 400]


def values(window: int, salt: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float16]]:
    rng = np.random.default_rng((window, salt))
    return rng.standard_normal(COUNTS[window]).astype(np.float16)


@pytest.fixture
def file(tmp_path: Path) -> FeatureFile:
    made = FeatureFile(tmp_path / "there" / "some.attention", COUNTS)
    assert made.missing == made.size == 8 * len(COUNTS) + 2 * sum(COUNTS)
    made.make()
    assert made.missing == made.held == 0
    assert made.path.stat().st_size == made.size
    return made


def test_what_is_written_is_read_by_whoever_opens_it(file: FeatureFile) -> None:
    again = FeatureFile(file.path, COUNTS)
    for done, window in enumerate((4, 1, 0, 3, 2)):
        assert again.held == done
        assert file.read(window) is again.read(window) is None
        file.write(window, values(window))
        for own in (file, again, FeatureFile(file.path, COUNTS)):
            found = own.read(window)
            assert found is not None
            assert np.array_equal(found, values(window))
    file.make()  # it is there
    assert file.held == 5


@pytest.mark.parametrize("cut", range(6))
def test_a_window_cut_short_is_none(file: FeatureFile, cut: int) -> None:
    """Whatever part of the values of a window reached the disk, with the checksum or without."""
    file.write(2, values(2))
    raw = bytearray(file.path.read_bytes())
    place = file.start + 2 * int(file.bounds[2]) + 2 * cut
    raw[place : place + 2] = (np.float16(7.5)).tobytes()
    file.path.write_bytes(raw)
    assert FeatureFile(file.path, COUNTS).read(2) is None
    raw[16:24] = bytes(8)
    file.path.write_bytes(raw)
    assert FeatureFile(file.path, COUNTS).read(2) is None


def test_windows_do_not_touch_each_other(file: FeatureFile) -> None:
    for window in range(len(COUNTS)):
        file.write(window, values(window))
    file.write(2, values(2, salt=1))
    for window in range(len(COUNTS)):
        found = file.read(window)
        assert found is not None
        assert np.array_equal(found, values(window, salt=int(window == 2)))
    with pytest.raises(ValueError, match="expected 7 values, found 3"):
        file.write(2, values(0))


def _write_often(path: Path, salt: int) -> None:
    own = FeatureFile(path, COUNTS)
    for _ in range(200):
        own.write(4, values(4, salt))


def test_processes_that_write_the_same_window_never_mix(file: FeatureFile) -> None:
    context = get_context("fork" if os.name == "posix" else "spawn")
    writers = [context.Process(target=_write_often, args=(file.path, salt)) for salt in (0, 1)]
    for writer in writers:
        writer.start()
    either = [values(4, salt).tobytes() for salt in (0, 1)]
    while any(writer.is_alive() for writer in writers):
        found = file.read(4)
        assert found is None or found.tobytes() in either
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProbingError, match=r"some\.hidden: cannot be written"):
        FeatureFile(tmp_path / "file" / "some.hidden", COUNTS).make()


def test_who_makes_a_file_that_is_there_takes_it_as_it_is(file: FeatureFile) -> None:
    """Two runs may begin together: what the one has mapped is what the other writes to."""
    file.make()
    other = FeatureFile(file.path, np.diff(file.bounds))
    assert file.read(0) is None  # mapped
    inode = file.path.stat().st_ino
    other.make()
    assert file.path.stat().st_ino == inode
    other.write(0, values(0))
    found = file.read(0)
    assert found is not None
    assert np.array_equal(found, values(0))
