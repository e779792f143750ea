"""Tables, as ``datasets`` reads them, and plain text: refused in words, or read as they stand."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import answered, damaged, trying
from naive_readers import lines_of
from pyarrow import ipc, parquet

from probing.core.sentences import Sentence
from probing.data.sources.files import open_source
from probing.surface.text.texts import open_text

ROWS = [
    {"tokens": ["Ann", "can't", "ca", "n't", "swim"], "head": ["4", "None", "4", "4", "0"],
     "deprel": ["nsubj", "_", "aux", "advmod", "root"],
     "upos": ["PROPN", "_", "AUX", "PART", "VERB"]},
    {"tokens": ["She", "walks"], "head": ["2", "0"], "deprel": ["nsubj", "root"],
     "upos": ["PRON", "VERB"]},
]  # fmt: skip
TEXT = b"Ann sank.\nShe swam.\n\n  It rained. \n"
Row = dict[str, Any]
NOTHING = (None, "", "_", "None")


def as_parquet() -> bytes:
    content = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(ROWS), content)
    return content.getvalue()


def as_arrow() -> bytes:
    content, table = io.BytesIO(), pa.Table.from_pylist(ROWS)
    with ipc.new_stream(content, table.schema) as writer:
        writer.write_table(table)
    return content.getvalue()


def from_json(content: bytes) -> list[Row]:
    """The values, one after the other, or in a list; texts may hold any character."""
    text, decoder = content.decode("utf-8-sig").strip(), json.JSONDecoder(strict=False)
    found: list[Any] = []
    while text:
        value, end = decoder.raw_decode(text)
        found += value if isinstance(value, list) else [value]
        text = text[end:].strip()
    return found


TABLES: dict[str, tuple[bytes, Callable[[bytes], list[Row]]]] = {
    ".parquet": (as_parquet(), lambda c: parquet.read_table(io.BytesIO(c)).to_pylist()),
    ".arrow": (as_arrow(), lambda c: ipc.open_stream(c).read_all().to_pylist()),
    ".jsonl": ("\n".join(map(json.dumps, ROWS)).encode(), from_json),
    ".json": (json.dumps(ROWS).encode(), from_json),
}


def naive(rows: list[Row]) -> Iterator[tuple[list[str], list[int], list[str]]]:
    """Words, heads and relations; what has neither head nor relation is no word.

    A row without any column is none: a file of nothing else is refused by who reads it.
    """
    for row in filter(None, rows):
        tokens = zip(row["tokens"], row["head"], row["deprel"], strict=True)
        kept = [each for each in tokens if each[1] not in NOTHING or each[2] not in NOTHING]
        words, heads, relations = zip(*kept, strict=True)
        yield list(words), [int(head) for head in heads], list(relations)


def read(path: Path) -> list[Sentence]:
    return list(open_source(f"datasets:{path}", None).read())


@pytest.mark.parametrize("ending", TABLES)
@trying(5)
@given(data=st.data())
def test_a_damaged_table_is_refused_or_read_as_it_stands(
    ending: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole, rows = TABLES[ending]
    content = data.draw(damaged(whole))
    path = tmp_path_factory.getbasetemp() / f"mutant{ending}"
    path.write_bytes(content)
    sentences = answered(lambda: read(path))
    if sentences is not None:
        found = [(list(s.words), list(s.heads), list(s.relations)) for s in sentences]
        assert found == [*naive(rows(content))]


@trying(12)
@given(damaged(TEXT))
def test_a_damaged_plain_text_is_refused_or_read_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutant.txt"
    path.write_bytes(content)
    found = answered(lambda: list(open_text(str(path)).lines()))
    if found is not None:
        expected, document, before = [], 0, ""
        for line in map(str.strip, lines_of(content.decode())):
            document += bool(line and not before)
            expected += [(f"mutant.txt:{document}", line)] if line else []
            before = line
        assert found == expected


@pytest.mark.parametrize("odd", [0, 1.5, True, None, ["x"], {}])
@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_a_word_that_is_no_text_is_refused(ending: str, odd: object, tmp_path: Path) -> None:
    """It makes no other words of those beside it."""
    rows = [{"tokens": ["Ann", odd], "head": ["2", "0"], "deprel": ["nsubj", "root"]}, *ROWS]
    text = json.dumps(rows) if ending == ".json" else "\n".join(map(json.dumps, rows))
    (tmp_path / f"a{ending}").write_text(text)
    assert answered(lambda: read(tmp_path / f"a{ending}")) is None
    if ending == ".json":
        assert answered(lambda: list(open_source(f"datasets:{tmp_path}", None).read())) is None


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    """The mutants are of something that is read."""
    for ending, (whole, rows) in TABLES.items():
        path = tmp_path / f"whole{ending}"
        path.write_bytes(whole)
        assert rows(whole) == ROWS
        assert [s.words for s in read(path)] == [["Ann", "ca", "n't", "swim"], ["She", "walks"]]
