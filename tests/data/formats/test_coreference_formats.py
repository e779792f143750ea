"""The same documents in every format of coreference: the same mentions of the same entities."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

import pytest

from probing.core.sentences import Sentence
from probing.data.builtin import generate
from probing.data.formats.conll2012 import read_conll2012
from probing.data.formats.conllu import read_conllu
from probing.data.formats.coreference_json import read_coreference_json

DOCUMENTS = [
    list(group) for _, group in groupby(generate(documents=40, seed=5), key=lambda s: s.document)
]
Mentions = list[tuple[str, int, tuple[int, ...], str]]


def brackets(sentence: Sentence, between: str) -> list[str]:
    """Per word: closing brackets of inner mentions first, opening ones of outer mentions first."""
    cells: list[list[str]] = [[] for _ in sentence.words]
    outer_first = sorted(sentence.mentions, key=lambda m: -len(m.words))
    for mention in outer_first:
        if len(mention.words) > 1:
            cells[mention.words[0]].append(f"({mention.entity}")
    for mention in sentence.mentions:
        if len(mention.words) == 1:
            cells[mention.words[0]].append(f"({mention.entity})")
    for mention in reversed(outer_first):
        if len(mention.words) > 1:
            cells[mention.words[-1]].append(f"{mention.entity})")
    return [between.join(cell) for cell in cells]


def write_conllu(path: Path) -> None:
    lines = ["# global.Entity = eid"]
    for document in DOCUMENTS:
        lines.append(f"# newdoc id = {document[0].document}")
        for sentence in document:
            for i, entity in enumerate(brackets(sentence, "")):
                columns = [str(i + 1), sentence.words[i], "_", "X", sentence.tags[i], "_",
                           str(sentence.heads[i]), sentence.relations[i], "_",
                           f"Entity={entity}" if entity else "_"]  # fmt: skip
                lines.append("\t".join(columns))
            lines.append("")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_conll2012(path: Path) -> None:
    lines = []
    for document in DOCUMENTS:
        name = document[0].document
        lines.append(f"#begin document ({name}); part 000")
        for sentence in document:
            for i, entity in enumerate(brackets(sentence, "|")):
                numbers = entity.replace("e", "")  # numbers, as the format has them
                columns = [name, "0", str(i), sentence.words[i], sentence.tags[i], "*", "-", "-",
                           "-", "-", "*", numbers or "-"]  # fmt: skip
                lines.append("   ".join(columns))
            lines.append("")
        lines.append("#end document")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(path: Path) -> None:
    lines = []
    for document in DOCUMENTS:
        clusters: dict[str, list[list[int]]] = {}
        offset = 0
        for sentence in document:
            for mention in sentence.mentions:
                span = [offset + mention.words[0], offset + mention.words[-1]]
                clusters.setdefault(mention.entity, []).append(span)
            offset += len(sentence.words)
        record = {
            "doc_key": document[0].document,
            "sentences": [list(sentence.words) for sentence in document],
            "clusters": list(clusters.values()),
        }
        lines.append(json.dumps(record))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def mentions(sentences: Iterable[Sentence]) -> Mentions:
    """Document, sentence, words and entity of each; an entity is named by its first mention."""
    found: Mentions = []
    for document, group in groupby(sentences, key=lambda s: s.document):
        names: dict[str, str] = {}
        for number, sentence in enumerate(group):
            for mention in sorted(sentence.mentions, key=lambda m: tuple(m.words)):
                first = names.setdefault(mention.entity, f"{number} {tuple(mention.words)}")
                found.append((document, number, tuple(mention.words), first))
    return found


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("a.conllu", write_conllu, read_conllu),
        ("a_gold_conll", write_conll2012, read_conll2012),
        ("a.jsonl", write_json, read_coreference_json),
    ],
)
def test_every_format_gives_the_same_mentions_and_entities(
    name: str,
    write: Callable[[Path], None],
    read: Callable[[str], Iterable[Sentence]],
    tmp_path: Path,
) -> None:
    expected: Sequence[Sentence] = [s for document in DOCUMENTS for s in document]
    write(tmp_path / name)
    found = list(read(str(tmp_path / name)))
    assert [list(s.words) for s in found] == [list(s.words) for s in expected]
    assert mentions(found) == mentions(expected)
    assert sum(len(s.mentions) for s in found) > 300
    if name == "a.conllu":
        heads = [[(tuple(m.words), m.head) for m in s.mentions] for s in found]
        assert [sorted(some) for some in heads] == [
            sorted((tuple(m.words), m.head) for m in s.mentions) for s in expected
        ]
