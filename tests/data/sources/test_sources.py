"""What a source stands for: one file, a folder of files, the built-in corpus, a data set."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data.formats.conllu import read_conllu
from probing.data.formats.conllx import read_conllx
from probing.data.formats.paper import read_text
from probing.data.sources import files as sources
from probing.data.sources.files import is_here, open_source, reader_for
from probing.data.sources.fingerprints import beneath

CONLLU = "1\t{0}\t_\t_\t_\t_\t0\troot\t_\t_\n\n"


def put(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def read(source: object, reader: sources.Reader | None = None) -> list[tuple[str, str]]:
    """The words of a source of one-word sentences, each with its document."""
    found = open_source(str(source), reader).read()
    return [(sentence.document, sentence.words[0]) for sentence in found]


# Which reader


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.conllu", read_conllu),
        ("a.CONLLU", read_conllu),
        ("a.conllx", read_conllx),
        ("a.conll", read_conllx),
        ("a.b.conll", read_conllx),
        ("folder.conllu/a.txt", read_text),
        ("a.dep", read_text),
    ],
)
def test_the_ending_chooses_the_reader(name: str, expected: object) -> None:
    assert reader_for(name, None) is expected


def test_the_longest_ending_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sources.READERS, "_gold.conll", read_text)
    monkeypatch.setitem(sources.READERS, "conll", read_conllu)
    assert reader_for("a.v4_gold.conll", None) is read_text
    assert reader_for("a.conll", None) is read_conllx
    assert reader_for("a_conll", None) is read_conllu


def test_a_named_reader_wins_over_the_ending() -> None:
    assert reader_for("a.txt", read_conllu) is read_conllu


@pytest.mark.parametrize("name", ["a.xml", "a", "folder.txt/a"])
def test_an_unknown_ending_names_the_known_ones(name: str) -> None:
    with pytest.raises(ProbingError, match=r"\.conllu.*--data\.reader") as caught:
        reader_for(name, None)
    assert str(caught.value).startswith(f"{name}: ")


def test_a_reader_is_for_files_and_leaves_other_sources_alone() -> None:
    def never(path: str) -> Iterator[Sentence]:
        raise AssertionError(path)

    source = open_source("builtin:documents=1,seed=1", never)
    assert next(iter(source.read())).words


@pytest.mark.parametrize("name", ["", "nothing/here.conllu", "nothing", "dataset:x", "a," * 300])
def test_what_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ProbingError, match="no such file or folder") as caught:
        open_source(name, None)
    assert str(caught.value).startswith(f"{name}: ")


# Folders


def test_a_folder_is_all_its_files_in_sorted_order(tmp_path: Path) -> None:
    for name in ("b.conllu", "a/z.conllu", "a/b/c.CONLLU", "a/b.conllup", "B.conllu"):
        put(tmp_path / name, CONLLU.format(name))
    put(tmp_path / "LICENSE", "no treebank")
    put(tmp_path / "a" / "stats.xml", "no treebank")
    assert [word for _, word in read(tmp_path)] == [
        "B.conllu", "a/b/c.CONLLU", "a/b.conllup", "a/z.conllu", "b.conllu",
    ]  # fmt: skip


def test_the_sentences_of_a_folder_are_those_of_its_files(tmp_path: Path) -> None:
    one = put(tmp_path / "1.conllu", CONLLU.format("a") + CONLLU.format("b"))
    two = put(tmp_path / "2.conllu", "# newdoc id = x\n" + CONLLU.format("c"))
    found = list(open_source(str(tmp_path), None).read())
    assert found == [*read_conllu(str(one)), *read_conllu(str(two))]
    assert [sentence.document for sentence in found] == ["1", "1", "x"]


def test_documents_of_the_same_name_in_two_files_are_two(tmp_path: Path) -> None:
    put(tmp_path / "a" / "test.conllu", CONLLU.format("a"))
    put(tmp_path / "b" / "test.conllu", CONLLU.format("b") * 2)
    put(tmp_path / "c" / "test.conllu", CONLLU.format("c"))
    documents = [document for document, _ in read(tmp_path)]
    assert documents[0] != documents[1] == documents[2] != documents[3]
    assert documents[0] == "test"


def test_hidden_files_are_left_alone_and_links_are_followed(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "x.conllu", CONLLU.format("x"))
    folder = tmp_path / "folder"
    put(folder / ".hidden.conllu", "no treebank")
    put(folder / ".git" / "a.conllu", "no treebank")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    assert [word for _, word in read(folder)] == ["x"]


def test_a_folder_that_holds_itself_is_an_error_and_no_endless_loop(tmp_path: Path) -> None:
    put(tmp_path / "a.conllu", CONLLU.format("a"))
    (tmp_path / "again").symlink_to(tmp_path)
    with pytest.raises(ProbingError, match="again: is the same folder as"):
        beneath(tmp_path)


def test_a_folder_that_cannot_be_looked_into_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "shut" / "a.conllu", CONLLU.format("a"))
    scandir = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(ProbingError, match="shut: Permission denied"):
        beneath(tmp_path)


def test_a_folder_of_two_formats_names_two_files_that_differ(tmp_path: Path) -> None:
    for name in ("a.conllu", "b.conllup", "c.txt", "d.conll"):
        put(tmp_path / name, "")
    with pytest.raises(ProbingError, match=r"expected files of one format, found") as caught:
        open_source(str(tmp_path), None)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "a.conllu" in str(caught.value)
    assert "d.conll" in str(caught.value)


@pytest.mark.parametrize("content", [[], ["README.md", "x.xml", ".a.conllu"]])
def test_a_folder_without_treebanks_names_the_known_endings(
    content: list[str], tmp_path: Path
) -> None:
    for name in content:
        put(tmp_path / name, "")
    with pytest.raises(ProbingError, match=r"\.conllu, .*\.txt") as caught:
        open_source(str(tmp_path), None)
    assert str(caught.value).startswith(f"{tmp_path}: ")


def test_a_named_reader_reads_every_file_of_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "a.txt", CONLLU.format("a"))
    put(tmp_path / "b.xml", CONLLU.format("b"))
    assert [word for _, word in read(tmp_path, read_conllu)] == ["a", "b"]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ProbingError, match="expected files, found none"):
        read(empty, read_conllu)


def test_a_fault_in_a_folder_names_file_and_line(tmp_path: Path) -> None:
    put(tmp_path / "a.conllu", CONLLU.format("a"))
    bad = put(tmp_path / "b" / "b.conllu", CONLLU.format("b") + "no tree\n")
    with pytest.raises(ProbingError, match="expected 10 columns") as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{bad}:3: ")


# What is here


def test_what_is_here(tmp_path: Path) -> None:
    put(tmp_path / "a.conllu", "")
    rows = put(tmp_path / "a.jsonl", json.dumps({"tokens": []}))
    assert is_here("builtin:documents=1,seed=1")
    assert is_here(str(tmp_path))
    assert is_here(f"{tmp_path}/a.conllu")
    assert is_here(f"datasets:{rows}")
    assert not is_here(f"{tmp_path}/b.conllu")
    assert not is_here(f"datasets:{tmp_path}/b.jsonl")
    assert not is_here("datasets:nobody/nothing")


def test_what_cannot_be_told_is_not_said_to_be_missing(tmp_path: Path) -> None:
    rows = put(tmp_path / "a.jsonl", json.dumps({"tokens": []}))
    with pytest.raises(ProbingError, match="expected options such as"):
        is_here(f"datasets:{rows},splt=test")
    (tmp_path / "again").symlink_to(tmp_path)
    with pytest.raises(ProbingError, match="is the same folder as"):
        is_here(f"datasets:{tmp_path}")
