"""The reader of coreference in JSON lines: what it reads and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.core.errors import ProbingError
from probing.core.sentences import BROKEN, Sentence
from probing.data.formats.coreference_json import read_coreference_json
from probing.data.formats.penn import UNDONE

LAKE: dict[str, Any] = {
    "doc_key": "talk/lake",
    "sentences": [["The", "pilot", "of", "Ann", "'s", "boat", "swam"], [], ["She", "sank"]],
    "pos": [["DT", "NN", "IN", "NNP", "POS", "NN", "VBD"], [], ["PRP", "VBD"]],
    "clusters": [[[7, 7], [0, 5]], [[3, 4], [3, 4]]],
    "speakers": None,
}


def file(folder: Path, *documents: Any, name: str = "some.jsonl") -> str:
    """A file with one document a line; a text is a line as it is."""
    lines = [line if isinstance(line, str) else json.dumps(line) for line in documents]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def read(folder: Path, *documents: Any) -> list[Sentence]:
    return list(read_coreference_json(file(folder, *documents)))


def mentions(sentence: Sentence) -> list[tuple[list[int], int, str]]:
    return [(list(m.words), m.head, m.entity) for m in sentence.mentions]


# What it reads


def test_a_sample_worked_out_by_hand(tmp_path: Path) -> None:
    first, second = read(tmp_path, LAKE)
    assert list(first.words) == LAKE["sentences"][0]
    assert list(second.words) == ["She", "sank"]
    assert list(first.tags) == LAKE["pos"][0]
    assert list(second.tags) == ["PRP", "VBD"]
    # In the order of their first words; twice the same words are one mention.
    assert mentions(first) == [([0, 1, 2, 3, 4, 5], 1, "0"), ([3, 4], 3, "1")]
    assert mentions(second) == [([0], 0, "0")]
    for sentence in (first, second):
        assert not [*sentence.heads, *sentence.relations]
        assert (sentence.document, sentence.line) == ("talk/lake", 1)
        assert sentence.heads_by == "the last word before a preposition or relative pronoun"


@pytest.mark.parametrize("absent", ["lacks", "is null"])
def test_without_tags_the_words_decide(absent: str, tmp_path: Path) -> None:
    document = {**LAKE, "pos": None}
    if absent == "lacks":
        del document["pos"]
    first, second = read(tmp_path, document)
    assert list(first.tags) == ["_"] * 7
    assert mentions(first) == [([0, 1, 2, 3, 4, 5], 1, "0"), ([3, 4], 3, "1")]
    assert mentions(second) == [([0], 0, "0")]


def test_the_longer_of_two_mentions_comes_first(tmp_path: Path) -> None:
    document = {"sentences": [["a", "b", "c"]], "clusters": [[[0, 0]], [[1, 2], [0, 2]], [[0, 1]]]}
    (sentence,) = read(tmp_path, document)
    assert [words for words, _, _ in mentions(sentence)] == [[0, 1, 2], [0, 1], [0], [1, 2]]


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ({"doc_key": "a", "doc_id": "b", "id": "c"}, "a"),
        ({"doc_id": "b", "id": "c"}, "b"),
        ({"id": "c"}, "c"),
        ({"id": 12}, "12"),
        ({"doc_key": None, "id": "c"}, "c"),
        ({}, "some:2"),
    ],
)
def test_the_name_of_a_document(keys: dict[str, Any], name: str, tmp_path: Path) -> None:
    document = {"sentences": [["a"]], "clusters": [], **keys}
    (sentence,) = read(tmp_path, "", document)
    assert (sentence.document, sentence.line) == (name, 2)


def test_the_reader_is_lazy(tmp_path: Path) -> None:
    found = read_coreference_json(file(tmp_path, LAKE, "no such line"))
    assert isinstance(found, Iterator)
    assert [next(found).words[0] for _ in range(2)] == ["The", "She"]
    with pytest.raises(ProbingError, match=r":2: "):
        next(found)


def test_a_file_can_be_read_twice_and_columns_are_as_long_as_its_words(tmp_path: Path) -> None:
    path = file(tmp_path, LAKE)
    assert list(read_coreference_json(path)) == list(read_coreference_json(path))
    for sentence in read_coreference_json(path):
        assert len(sentence.tags) == len(sentence.words) > 0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match=r"missing\.jsonl"):
        list(read_coreference_json(str(tmp_path / "missing.jsonl")))


def test_white_lines_are_passed_over(tmp_path: Path) -> None:
    assert len(read(tmp_path, "", LAKE, " ", {**LAKE, "doc_key": "b"}, "")) == 4


def test_a_document_without_sentences_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, {"sentences": [], "clusters": []}) == []


@given(st.data())
def test_any_mentions_survive(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lengths = data.draw(st.lists(st.integers(0, 4), max_size=4))
    # Spans of each sentence, counted from its start, and the entity of each.
    entity = {
        (number, first, last): data.draw(st.integers(0, 3))
        for number, length in enumerate(lengths)
        for first in range(length)
        for last in range(first, length)
        if data.draw(st.booleans())
    }
    words = iter(range(1000))
    sentences = [[f"w{next(words)}" for _ in range(length)] for length in lengths]
    clusters: list[list[list[int]]] = [[], [], [], []]
    for (number, first, last), e in entity.items():
        before = sum(lengths[:number])
        clusters[e].append([before + first, before + last])
    document = {"sentences": sentences, "clusters": clusters}
    found = read(tmp_path_factory.mktemp("trip"), document)
    assert [s.words for s in found] == [words for words in sentences if words]
    numbers = [number for number, length in enumerate(lengths) if length]
    came = {
        (number, m.words[0], m.words[-1]): int(m.entity)
        for number, sentence in zip(numbers, found, strict=True)
        for m in sentence.mentions
    }
    assert came == entity
    assert sum(len(s.mentions) for s in found) == len(entity)


# Faults


def lake(**changed: Any) -> dict[str, Any]:
    return {**LAKE, **changed}


def pieces(*found: str) -> dict[str, Any]:
    return lake(sentences=[[*found]], pos=None, clusters=[])


SPANS = {
    "three numbers": ([0, 1, 2], "two word numbers", "[0, 1, 2]"),
    "one number": ([0], "two word numbers", "[0]"),
    "a number": (3, "two word numbers", "3"),
    "truth values": ([False, True], "two word numbers", "[False, True]"),
    "fractions": ([0.0, 1.0], "two word numbers", "[0.0, 1.0]"),
    "texts": (["0", "1"], "two word numbers", "['0', '1']"),
    "backwards": ([1, 0], "from 0 to 8", "[1, 0]"),
    "below zero": ([-1, 0], "from 0 to 8", "[-1, 0]"),
    "behind the end": ([8, 9], "from 0 to 8", "[8, 9]"),
    "across sentences": ([6, 7], "one sentence", "[6, 7]"),
}
DOCUMENTS = {
    "no sentences": ({"doc_key": "talk/lake", "clusters": []}, "'sentences'", "nothing"),
    "no clusters": (lake(clusters=None), "'clusters'", "nothing"),
    "clusters by name": (lake(clusters={"a": []}), "'clusters'", "{'a': []}"),
    "a cluster that is no list": (lake(clusters=["ab"]), "spans in 'clusters'", "'ab'"),
    "flat sentences": (lake(sentences=["The", "pilot"]), "texts in 'sentences'", "'The'"),
    "sentences in one text": (lake(sentences="The"), "lists as 'sentences'", "'The'"),
    "a word that is no text": (lake(sentences=[["a", 3]]), "texts in 'sentences'", "3"),
    "half a character": (lake(sentences=[["\ud83d"]]), "texts in 'sentences'", r"'\ud83d'"),
    "a tag too few": (lake(pos=[["DT"], [], ["PRP", "VBD"]]), "a tag for each", "another shape"),
    "a sentence of tags too few": (lake(pos=LAKE["pos"][:1]), "a tag for each", "another shape"),
    "tags that are no lists": (lake(pos=["DT"]), "texts in 'pos'", "'DT'"),
    "a map of wordpieces": (lake(subtoken_map=[0]), "not wordpieces", "'subtoken_map'"),
    "what BERT begins with": (pieces("[CLS]"), "not wordpieces", "'[CLS]'"),
    "a part of a word for BERT": (pieces("The", "##y"), "not wordpieces", "'##y'"),
    "a part of a word for T5": (pieces("▁They"), "not wordpieces", "'▁They'"),
    "a part of a word for GPT-2": (pieces("Ġthey"), "not wordpieces", "'Ġthey'"),
    **{
        f"a span: {name}": (lake(clusters=[[[0, 5], span]]), expected, found)
        for name, (span, expected, found) in SPANS.items()
    },
}  # fmt: skip


@pytest.mark.parametrize(("document", "expected", "found"), DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_a_fault_names_file_line_and_document(
    document: dict[str, Any], expected: str, found: str, tmp_path: Path
) -> None:
    path = file(tmp_path, lake(doc_key="good"), document)
    with pytest.raises(ProbingError) as caught:
        list(read_coreference_json(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:2: expected ")
    before, _, after = message.partition(", found ")
    assert expected in before
    assert after == f"{found} in document 'talk/lake'"


def test_a_name_that_comes_again_goes_on_with_other_entities(tmp_path: Path) -> None:
    found = read(tmp_path, LAKE, lake(doc_key="b"), LAKE)
    assert [s.document for s in found] == ["talk/lake", "talk/lake", "b", "b"] + ["talk/lake"] * 2
    assert [m.entity for s in found for m in s.mentions] == list("010010232")


def test_a_span_in_two_clusters_is_a_mention_of_each(tmp_path: Path) -> None:
    found = read(tmp_path, lake(clusters=[[[7, 7]], [[0, 5]], [[7, 7]]]))
    assert mentions(found[1]) == [([0], 0, "0"), ([0], 0, "2")]


def test_a_span_over_several_sentences_is_a_complaint(tmp_path: Path) -> None:
    first, second = read(tmp_path, lake(clusters=[[[5, 8], [0, 1], [7, 7]]]))
    assert [m[0] for m in mentions(first)] == [[0, 1]]
    assert [m[0] for m in mentions(second)] == [[0]]
    (complaint,) = first.complaints
    assert complaint.kind == BROKEN
    assert "some.jsonl:1: expected a span within one sentence" in complaint.text
    assert "[5, 8] in document 'talk/lake'" in complaint.text
    assert not second.complaints


def test_a_heading_is_no_wordpiece(tmp_path: Path) -> None:
    [found] = read(tmp_path, pieces("##Title", "C##", "##", "#a"))
    assert list(found.words) == ["##Title", "C##", "##", "#a"]


def ends(*spans: list[int], words: str = "Ann saw that she ran") -> dict[str, Any]:
    return {"sentences": [words.split()], "clusters": [list(spans)]}


def test_spans_whose_last_word_is_not_in_them_are_refused(tmp_path: Path) -> None:
    exclusive = ends([0, 1], [3, 4])
    with pytest.raises(ProbingError, match=r"some\.jsonl: .* none of one word among 4.*'she'"):
        read(tmp_path, exclusive, exclusive)


@pytest.mark.parametrize(
    "documents",
    [
        [ends([0, 0], [3, 3])],
        [ends([0, 1], [3, 3])],
        [ends([0, 1], [3, 4], words="Ann saw that Bo ran")],  # no pronoun
        [ends()],  # no span
        [ends([0, 1], [3, 4]), ends([0, 0])],  # another document tells
    ],
)
def test_spans_that_may_be_right_are_read(documents: list[dict[str, Any]], tmp_path: Path) -> None:
    assert len(read(tmp_path, *documents)) == len(documents)


def test_brackets_are_as_they_were_written(tmp_path: Path) -> None:
    document = {"sentences": [["-LRB-", r"\/", "Ann", "-RRB-"]], "clusters": [[[2, 2]]]}
    [found] = read(tmp_path, document)
    assert list(found.words) == ["(", r"\/", "Ann", ")"]
    assert found.oddities == [UNDONE]
    [kept] = read_coreference_json(file(tmp_path, document), str)
    assert list(kept.words) == document["sentences"][0]
    assert not kept.oddities


@pytest.mark.parametrize(
    "line",
    [
        "[1, 2]",
        '"text"',
        "{'sentences': []}",
        '{"sentences": ',
        "nonsense",
        "null",
        "[" * 100_000,
        '{"a": ' * 100_000,
        "9" * 10_000,
    ],
    ids=lambda line: line[:12],
)
def test_a_line_that_is_no_object_is_refused(line: str, tmp_path: Path) -> None:
    path = file(tmp_path, LAKE, line)
    with pytest.raises(ProbingError) as caught:
        list(read_coreference_json(path))
    assert str(caught.value).startswith(f"{path}:2: expected a JSON object, found ")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", [True, 1.5, ["a"], {"a": 1}, "\udc00"])
def test_a_name_that_is_none_is_refused(name: object, tmp_path: Path) -> None:
    path = file(tmp_path, lake(doc_key=name))
    with pytest.raises(ProbingError, match=re.escape(f"{path}:1: expected a text or a number")):
        list(read_coreference_json(path))


def test_a_long_value_is_not_shown_whole(tmp_path: Path) -> None:
    path = file(tmp_path, lake(clusters={str(i): [] for i in range(10_000)}))
    with pytest.raises(ProbingError) as caught:
        list(read_coreference_json(path))
    assert len(str(caught.value)) < 1000
