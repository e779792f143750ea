"""Reading vectors of words from text: what is written is what comes back, or the line is named."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from probing.core.errors import ProbingError
from probing.encoder.vectors.lines import LONGEST, numbered
from probing.encoder.vectors.text import TextVectors, read_text_vectors

GLOVE = "the 0.1 -0.2 3\ncat 1e-3 .5 -7\n"


def zipped(*members: tuple[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return whole.getvalue()


PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "txt": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda text: zipped(("vectors.txt", text)),
    "zip with a folder": lambda text: zipped(
        ("in/", b""), ("in/vectors.txt", text), ("__MACOSX/in/._vectors.txt", b"\0")
    ),
}

# A word may hold anything but the end of a line, also spaces and what `str.split` takes for one.
words = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1, max_size=6
).filter(lambda word: word == word.strip(" ") and not re.search(r"(^| )[\d.eE+-]*$", word))
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[float]]:
    # The first word must not end in a number, or it could not be told from its vector.
    first = draw(words.filter(lambda word: " " not in word))
    dimensions = draw(st.integers(2, 5))
    vectors = st.lists(floats, min_size=dimensions, max_size=dimensions)
    others = draw(st.dictionaries(words, vectors, max_size=8))
    others.pop(first, None)
    return {first: draw(vectors), **others}


def text_of(table: Mapping[str, list[float]], *, header: bool = False, end: str = "\n") -> bytes:
    lines = [" ".join([word, *map(repr, vector)]) + end for word, vector in table.items()]
    if header:
        lines.insert(0, f"{len(table)} {len(next(iter(table.values())))}{end}")
    return "".join(lines).encode()


def read(folder: Path, content: bytes | str, wanted: set[str] | None = None) -> TextVectors:
    path = folder / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_text_vectors(str(path), {"the", "cat"} if wanted is None else wanted)


def complaint(folder: Path, content: bytes | str, wanted: set[str] | None = None) -> str:
    with pytest.raises(ProbingError) as error:
        read(folder, content, wanted)
    return str(error.value).removeprefix(str(folder / "vectors.txt"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


# ------------------------------------------------------------------------------ round trips


@given(tables(), st.booleans(), st.sampled_from(["\n", " \n", "\r\n"]), st.data())
def test_what_is_written_is_read(
    folder: Path, table: dict[str, list[float]], header: bool, end: str, data: st.DataObject
) -> None:
    wanted = data.draw(st.sets(st.sampled_from([*table, "not there", ""])))
    found = read(folder, text_of(table, header=header, end=end), wanted)
    assert set(found.vectors) == wanted & set(table)
    assert found.dimensions == len(next(iter(table.values())))
    for word, vector in found.vectors.items():
        assert vector.dtype == np.float32
        assert vector.tolist() == table[word]


@pytest.mark.parametrize("kind", PACKED)
def test_packing_a_file_changes_nothing(folder: Path, kind: str) -> None:
    text = text_of({f"w{i}": [i, -i / 7] for i in range(5000)})
    plain = read(folder, text, {"w17", "w4999", "w5000"})
    packed = read(folder, PACKED[kind](text), {"w17", "w4999", "w5000"})
    assert packed.sha256 == plain.sha256 == hashlib.sha256(text).hexdigest()
    assert packed.dimensions == 2
    assert {w: v.tolist() for w, v in packed.vectors.items()} == {
        "w17": [17.0, np.float32(-17 / 7)],
        "w4999": [4999.0, np.float32(-4999 / 7)],
    }


def test_a_file_of_an_archive_can_be_named(tmp_path: Path) -> None:
    members = [("glove.2d.txt", b"the 1 2\n"), ("in/glove.3d.txt", b"the 1 2 3\n")]
    archive = tmp_path / "glove.zip"
    archive.write_bytes(zipped(*members))
    assert read_text_vectors(f"{archive}/glove.2d.txt", {"the"}).dimensions == 2
    assert read_text_vectors(f"{archive}/in/glove.3d.txt", {"the"}).dimensions == 3
    with pytest.raises(ProbingError, match=r"one file, found glove\.2d\.txt, in/glove\.3d\.txt; "):
        read_text_vectors(str(archive), {"the"})
    with pytest.raises(ProbingError, match=r"no such file, but glove\.2d\.txt, in/glove"):
        read_text_vectors(f"{archive}/glove.4d.txt", {"the"})
    archive.write_bytes(zipped())
    with pytest.raises(ProbingError):
        read_text_vectors(str(archive), {"the"})


def test_words_may_hold_spaces(folder: Path) -> None:
    """GloVe's 840B has some of these; the last columns are the numbers."""
    found = read(folder, "the 1 2 3\n. . . 4 5 6\nat a@b.c 7 8 9\n1 2 3 4\n", {". . .", "at a@b.c"})
    assert {word: vector.tolist() for word, vector in found.vectors.items()} == {
        ". . .": [4, 5, 6],
        "at a@b.c": [7, 8, 9],
    }
    assert read(folder, "at a@b.c 7 8 9\nthe 1 2 3\n", {"the"}).vectors["the"].tolist() == [1, 2, 3]


def test_of_a_word_that_is_there_twice_the_first_counts(folder: Path) -> None:
    assert read(folder, "the 1 2\ncat 3 4\nthe 5 6\n").vectors["the"].tolist() == [1, 2]


def test_a_byte_order_mark_is_no_part_of_the_first_word(folder: Path) -> None:
    assert set(read(folder, b"\xef\xbb\xbf" + GLOVE.encode()).vectors) == {"the", "cat"}


def test_numbers_may_be_words(folder: Path) -> None:
    found = read(folder, "1 0.5 0.25\n2 3 4\n", {"1", "2"})
    assert {w: v.tolist() for w, v in found.vectors.items()} == {"1": [0.5, 0.25], "2": [3, 4]}


# --------------------------------------------------------------------------------- memory


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Ten times the file, the same peak: only the vectors that are wanted are kept."""

    def peak(lines: int) -> int:
        path = tmp_path / f"{lines}.gz"
        with gzip.open(path, "wt") as file:
            for i in range(lines):
                file.write(f"word{i} " + " ".join(["0.123"] * 50) + "\n")
        tracemalloc.start()
        found = read_text_vectors(str(path), {"word3", "word77"})
        assert len(found.vectors) == 2
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    small, large = peak(1_000), peak(10_000)
    assert large < small + 300_000


# ------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ": expected vectors of words, found an empty file"),
        ("3 2\n", ": expected vectors of words, found an empty file"),
        ("the 1 2\ncat 3\n", ":2: expected a word and 2 numbers, .*, found 2 columns"),
        ("the 1 2\ncat 0.5 3 4\n", ":2: expected a word and 2 numbers, .*, found 4 columns"),
        ("the 1 2\ndog -1e-05 3 4\n", ":2: expected a word and 2 numbers, .*, found 4 columns"),
        ("the 1 2\n\ncat 3 4\n", ":2: expected a word and 2 numbers, .*, found 0 columns"),
        ("the 1 2\ncat 3 four\n", ":2: expected numbers after 'cat', found 'four'"),
        ("the 1 2\ncat 3 nan\n", ":2: expected finite numbers after 'cat', found 'nan'"),
        ("the 1 2\ncat -1e39 4\n", ":2: expected finite numbers after 'cat', found '-1e39'"),
        (b"the 1 2\nc\xe4t 3 4\n", ":2: expected UTF-8 text, found byte 0xe4"),
        ("2 3\nthe 1 2 3\ncat 4 5\n", ":3: expected a word and 3 numbers, .*, found 3 columns"),
        ("3 2\nthe 1 2\ncat 3 4\n", ":3: expected 3 vectors, as line 1 says, found 2"),
        ("1 2\nthe 1 2\ncat 3 4\n", ":3: expected 1 vectors, as line 1 says, found 2"),
        ("the\n", ":1: expected a word and its numbers, .*, found 1 columns"),
        ("the cat sat\n", ":1: expected a word and its numbers, .*, found 3 columns"),
        ("the\t1\t2\n", ":1: expected a word and its numbers, separated by single spaces, "),
        ("5 0\nthe 1 2\n", ":1: expected one vector or more, of one number or more, found 5 0"),
        ("0 2\nthe 1 2\n", ":1: expected one vector or more, of one number or more, found 0 2"),
    ],
)
def test_a_faulty_line_is_named(folder: Path, text: str | bytes, expected: str) -> None:
    assert re.match(expected, complaint(folder, text)), complaint(folder, text)


def test_columns_are_counted_on_every_line_and_numbers_read_on_some(folder: Path) -> None:
    assert set(read(folder, "the 1 2\ndog x y\n").vectors) == {"the"}
    assert complaint(folder, "the 1 2\ndog x\n").startswith(":2: ")
    assert complaint(folder, b"the 1 2\nd\xff 3 4\n").startswith(":2: ")


@pytest.mark.parametrize(
    "content",
    [b"3000 300\nthe \0\0\x80\x3f\n", b"\x80\x04\x95\0\0", b"\x93NUMPY\1\0v\0"],
    ids=["word2vec", "pickle", "array"],
)
def test_binary_data_is_refused(folder: Path, content: bytes) -> None:
    for packed in (content, gzip.compress(content)):
        assert complaint(folder, packed).startswith(": expected text, found binary data")


def test_a_file_called_bin_is_refused(tmp_path: Path) -> None:
    for name in ("vectors.bin", "Vectors.BIN.gz"):
        (tmp_path / name).write_bytes(GLOVE.encode())
        with pytest.raises(ProbingError, match=r"expected text.*save_word2vec_format"):
            read_text_vectors(str(tmp_path / name), {"the"})


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip"])
def test_a_damaged_file_is_named_with_the_line_before_it_broke(folder: Path, kind: str) -> None:
    random = np.random.default_rng(0)
    text = text_of({f"w{i}": random.normal(size=20).tolist() for i in range(2000)})
    packed = PACKED[kind](text)
    cut = complaint(folder, packed[: len(packed) // 2])
    assert re.match(r":\d+: the file cannot be read: .", cut), cut
    broken = bytearray(packed)
    broken[len(packed) // 2] ^= 0xFF
    complaint(folder, bytes(broken))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text(GLOVE)
    for name, expected in {
        "none.txt": "none.txt: no such file of word vectors; --model.vectors FILE names one",
        "plain.txt/none.txt": "plain.txt/none.txt: no such file, and no archive",
        ".": ": expected a file, found a folder",
    }.items():
        with pytest.raises(ProbingError, match=re.escape(expected)):
            read_text_vectors(str(tmp_path / name), {"the"})


def test_a_line_without_end_is_not_read_into_memory(folder: Path) -> None:
    assert complaint(folder, "the 1 2\n" + "x" * (LONGEST + 1)).startswith(":2: expected a line of")


def test_what_watches_a_file_is_what_is_read(tmp_path: Path) -> None:
    """As the command line's bar does: it is told name and size, and reads in the file's place."""
    path, other = tmp_path / "vectors.gz", io.BytesIO(gzip.compress(GLOVE.encode()))
    path.write_bytes(b"anything")
    told: list[tuple[str, int]] = []

    def watch(file: IO[bytes], name: str, size: int) -> AbstractContextManager[IO[bytes]]:
        told.append((name, size))
        return nullcontext(other)

    lines = list(numbered(str(path), watch))
    assert lines == list(enumerate(GLOVE.encode().splitlines(keepends=True), start=1))
    assert told == [(str(path), len(b"anything"))]
