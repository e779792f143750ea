"""What reports are read back for: sentences, tables of runs. Refused in words, or as they stand."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mutants import VALUES, altered, answered, damaged, trying
from pyarrow import parquet

import probing
from probing.core.head_names import Cell
from probing.jobs.command import command
from probing.reports.example_file import FILE, read_examples, write_examples
from probing.reports.example_list import of_head
from probing.reports.examples import Anchor, Examples

DIRECTIONS = ["dep->head", "head->dep", "both"]


def examples() -> Examples:
    """Two sentences, a model of two layers with two heads, picks of all kinds."""
    places = [("a.conllu", ["Ann", "sank", "."], 0, (1,)), ("a.conllu", ["She", "swam"], 0, (1,))]
    anchors = [
        Anchor(words, anchor, gold, window=k, file=file, document="talk", line=1 + k, id=1)
        for k, (file, words, anchor, gold) in enumerate(places)
    ]
    picks = np.array([[[[1, 2], [-1, 1]]] * 3, [[[1, 1], [-1, 1]]] * 3], dtype=np.int64)
    rows = {"all": np.array([1, 0]), "nsubj": np.array([0])}
    special = np.full(picks.shape, 0.25)
    return Examples(
        anchors, rows, picks, special, DIRECTIONS, [1, 2], {"all": Cell("dep->head", 1, 1)}
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    path = tmp_path_factory.mktemp("examples") / FILE
    write_examples(examples(), path)
    return parquet.read_table(path)


def as_file(table: pa.Table) -> bytes:
    content = io.BytesIO()
    parquet.write_table(table, content, write_page_checksum=True)
    return content.getvalue()


def mutant(data: st.DataObject, whole: pa.Table) -> bytes:
    """Bytes that are others; or whole ones of other values, where the columns can hold them."""
    if data.draw(st.booleans()):
        return data.draw(damaged(as_file(whole)))
    rows = data.draw(altered(whole.to_pylist(), [*VALUES, 2**31 - 1, -2, "nsubj"]))
    about = data.draw(altered(json.loads(whole.schema.metadata[b"heads"]), VALUES))
    try:
        table = pa.Table.from_pylist(rows, whole.schema)
    except (pa.ArrowException, ArithmeticError, AttributeError, TypeError, ValueError):
        assume(False)
    return as_file(table.replace_schema_metadata({b"heads": json.dumps(about).encode()}))


@trying(12)
@given(data=st.data())
def test_damaged_examples_are_refused_or_shown_as_they_stand(
    data: st.DataObject,
    whole: pa.Table,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path_factory.getbasetemp() / FILE
    content = mutant(data, whole)
    path.write_bytes(content)
    row = data.draw(st.sampled_from(["all", "nsubj"]))
    head = data.draw(st.sampled_from([None, "1-1", "1-2 both", "2-1"]))
    found = answered(lambda: of_head(read_examples(path), row, head, right=1, wrong=1))
    named = [] if head is None else ["--head", head]
    told = command(["examples", str(path.parent), "--row", row, *named, "--right=1", "--wrong=1"])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert told == (2 if found is None else 0)
    if found is not None:
        own = [(e.words, e.anchor, e.gold, e.pick, e.line, e.id, e.special) for e in found]
        assert own == [*naive_examples(content, row, head)]
        assert out == f"{found!r}\n"


def naive_examples(content: bytes, row: str, head: str | None) -> Iterator[tuple[Any, ...]]:
    """The first that a head gets right, and the first that it gets wrong."""
    table = parquet.read_table(io.BytesIO(content))
    about = json.loads(table.schema.metadata[b"heads"])
    direction, layer, number = about["chosen"].get(row, [None] * 3)
    if head is not None:
        name, _, direction = head.partition(" ")
        layer, number = map(int, name.split("-"))
        direction = direction or about["directions"][0]
    place = about["directions"].index(direction) * len(about["layers"])
    place = (place + about["layers"].index(layer)) * about["heads"] + number - 1
    asked = [
        (own, k, line)
        for k, line in enumerate(table.to_pylist())
        for name, own in zip(line["rows"], line["places"], strict=True)
        if name == row
    ]
    lines = [line for _, _, line in sorted(asked, key=lambda each: each[:2])]
    for is_right in (True, False):
        for line in [own for own in lines if (own["picks"][place] in own["gold"]) == is_right][:1]:
            pick = line["picks"][place]
            yield (
                line["words"], line["word"] - 1, tuple(word - 1 for word in line["gold"]),
                None if pick == -1 else pick - 1, line["line"], line["id"],
                line["special_mass"][place],
            )  # fmt: skip


@pytest.mark.parametrize("folder", ["line=7", "word=x", "file=b"])
def test_names_of_folders_say_nothing_of_examples(folder: str, tmp_path: Path) -> None:
    """Some readers of Parquet take them for columns."""
    write_examples(examples(), tmp_path / folder / FILE)
    again = read_examples(tmp_path / folder / FILE)
    assert list(map(vars, again.anchors)) == list(map(vars, examples().anchors))


def test_what_is_whole_is_shown(whole: pa.Table, tmp_path: Path) -> None:
    """The mutants are of something that is read."""
    content = as_file(whole)
    (tmp_path / FILE).write_bytes(content)
    for row, head in (("all", None), ("nsubj", "1-2 both"), ("all", "2-1")):
        found = of_head(read_examples(tmp_path / FILE), row, head, right=1, wrong=1)
        own = [(e.words, e.anchor, e.gold, e.pick, e.line, e.id, e.special) for e in found]
        assert own == [*naive_examples(content, row, head)] != []


# ----------------------------------------------------------------------- several runs

TABLES = {
    "best_heads": 'relation,layer,head,accuracy\nall,1,2,0.5\n"nsubj,x",2,1,\n"a ""b"" c",1,1,1\n',
    "ablation": "heads,data,outcome,before,rank\n1-2,text,moved,0.000000000,3\n",
    "paper": "table,line,paper,run\n1,prep,66.7,51.2\n",
}
SUMMARY = {"model": "tiny", "weights_sha256": "12ab", "seed": 1, "more": [1]}


@trying(12)
@given(data=st.data())
def test_damaged_tables_of_runs_are_refused_or_read_as_they_stand(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = data.draw(st.sampled_from(sorted(TABLES)))
    run = tmp_path_factory.getbasetemp() / "run"
    folder = run / "reports" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").touch()
    content, facts = TABLES[name].encode(), json.dumps(SUMMARY).encode()
    if data.draw(st.booleans()):
        content = data.draw(damaged(content))
    else:
        of_values = altered(SUMMARY, VALUES).map(lambda own: json.dumps(own).encode())
        facts = data.draw(st.one_of(damaged(facts), of_values))
    (folder / f"{name}.csv").write_bytes(content)
    (folder / "summary.json").write_bytes(facts)
    found = answered(lambda: probing.collect(run, table=name))
    if found is None:
        return
    head, *lines = naive_cells(content.decode("utf-8-sig"))
    own = json.loads(facts)
    assert list(found) == ["run", "model", "weights_sha256", "seed", *head]
    assert len(found) == len(lines)
    for k, line in enumerate(lines):
        for column in ("model", "weights_sha256", "seed"):
            assert found[column][k] == own.get(column) or own.get(column) is None
        for column, text in zip(head, line, strict=True):
            value = found[column][k]
            is_number = not isinstance(value, str)
            assert (
                np.isnan(value)
                if is_number and not text
                else (float(value) == float(text) if is_number else value == text)
            )


def naive_cells(text: str) -> list[list[str]]:
    """Cells between commas, lines between ends of lines; quotes hold both, doubled, themselves."""
    lines, line, cell, place = [], [], "", 0
    while place < len(text):
        letter = text[place]
        if letter == '"' and not cell:
            end = place + 1
            while text[end] != '"' or text[end : end + 2] == '""':
                step = 2 if text[end] == '"' else 1
                cell, end = cell + text[end], end + step
            place = end + 1
            if text[place : place + 1] not in ("", ",", "\n", "\r"):
                raise AssertionError("something behind quotes")
            continue
        if letter == ",":
            line, cell = [*line, cell], ""
        elif letter in "\r\n":
            if line or cell:
                lines.append([*line, cell])
            line, cell = [], ""
        else:
            cell += letter
        place += 1
    return [*lines, [*line, cell]] if line or cell else lines
