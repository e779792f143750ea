"""UPOS, XPOS and FEATS: as the files have them, from every reader to the windows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from letters import Letters

from probing.core.errors import ProbingError
from probing.core.sentences import Mention, Sentence
from probing.data.builtin import generate
from probing.data.formats.conll2012 import read_conll2012
from probing.data.formats.conllu import read_conllu
from probing.data.formats.conllx import read_conllx
from probing.data.formats.coreference_json import read_coreference_json
from probing.data.formats.paper import read_text
from probing.data.formats.tables import Columns, read_table
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies

LETTERS = Letters(limit=50, pad_id=0)
Annotations = tuple[list[str], list[str], list[str]]


def said(sentence: Any) -> Annotations:
    """What a sentence or a window says of its words."""
    return list(sentence.upos), list(sentence.xpos), list(sentence.feats)


def naive(values: Iterable[object]) -> list[str]:
    """The rule, the long way round."""
    found = []
    for value in values:
        found.append("_" if value is None or value == "" else str(value))
    for value in found:
        if value != "_":
            return found
    return []


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))


def file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


# Files by hand

TABLE = """1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t2\tnsubj\t_\t_
2-3\tdon't\t_\tX\tX\tTypo=Yes\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\t_\tPolarity=Neg\t2\tadvmod\t_\t_
3.1\tbark\tbark\tVERB\tVB\tVerbForm=Inf\t_\t_\t_\t_

1\tx\t_\t_\t_\t_\t0\troot\t_\t_
"""
ROWS = "".join(line + "\n" for line in TABLE.splitlines() if not re.match(r"\d+[-.]", line))


def test_conllu_has_all_three_of_words_alone(tmp_path: Path) -> None:
    first, bare = read_conllu(file(tmp_path, "a.conllu", TABLE))
    assert said(first) == (
        ["NOUN", "AUX", "PART"],
        ["NNS", "VBP", "_"],
        ["Number=Plur", "_", "Polarity=Neg"],
    )
    assert list(first.tags) == ["NNS", "VBP", "PART"]
    assert said(bare) == ([], [], [])


def test_conllx_has_no_universal_tags(tmp_path: Path) -> None:
    first, bare = read_conllx(file(tmp_path, "a.conllx", ROWS))
    assert said(first) == ([], ["NNS", "VBP", "_"], ["Number=Plur", "_", "Polarity=Neg"])
    assert list(first.tags) == ["NNS", "VBP", "PART"]
    assert said(bare) == ([], [], [])


def test_the_papers_format_has_none(tmp_path: Path) -> None:
    (sentence,) = read_text(file(tmp_path, "a.txt", "a 2-x\nb 0-root\n"))
    assert said(sentence) == ([], [], [])


def test_conll2012_has_tags_of_the_penn_treebank(tmp_path: Path) -> None:
    rows = [
        f"d 0 {i} {word} {tag} * - - - - * -"
        for i, (word, tag) in enumerate([("Dogs", "NNS"), ("bark", "-")])
    ]
    none = "d 0 0 x - * - - - - * -"
    text = "\n".join(["#begin document (d); part 000", *rows, "", none, "", "#end document", ""])
    first, bare = read_conll2012(file(tmp_path, "a_gold_conll", text))
    assert said(first) == ([], ["NNS", "_"], [])
    assert said(bare) == ([], [], [])


@pytest.mark.parametrize(
    ("content", "xpos"),
    [({"pos": [["NNS", "VBP"]]}, ["NNS", "VBP"]), ({"pos": [["_", ""]]}, []), ({}, [])],
)
def test_json_lines_may_have_tags_of_the_penn_treebank(
    content: dict[str, object], xpos: list[str], tmp_path: Path
) -> None:
    row = {"sentences": [["Dogs", "bark"]], "clusters": []} | content
    (sentence,) = read_coreference_json(file(tmp_path, "a.jsonl", json.dumps(row)))
    assert said(sentence) == ([], xpos, [])


GOOD = {"tokens": ["Dogs", "bark"], "head": ["2", "0"], "deprel": ["nsubj", "root"]}


def of_row(row: dict[str, Any], **columns: str) -> Annotations:
    (sentence,) = read_table([GOOD | row], Columns(**columns), name="some data")
    return said(sentence)


def test_a_table_has_the_columns_of_these_names() -> None:
    row = {"upos": ["NOUN", "VERB"], "xpos": ["NNS", None], "feats": ["Number=Plur", "None"]}
    assert of_row(row) == (["NOUN", "VERB"], ["NNS", "_"], ["Number=Plur", "_"])
    assert of_row({}) == of_row({"upos": None, "xpos": None, "feats": None}) == ([], [], [])


def test_columns_of_a_table_may_be_called_otherwise() -> None:
    row = {
        "u": ["NOUN", "VERB"],
        "x": ["NNS", "VBP"],
        "f": ["Number=Plur", None],
        "upos": ["?"] * 2,
    }
    assert of_row(row, upos="u", xpos="x", feats="f") == (
        ["NOUN", "VERB"], ["NNS", "VBP"], ["Number=Plur", "_"],
    )  # fmt: skip


def test_tags_of_a_table_are_xpos_or_another_column() -> None:
    row = GOOD | {"u": ["NOUN", "VERB"], "x": ["NNS", "VBP"], "xpos": ["A", "B"]}
    tags = [
        next(read_table([row], columns, name="t")).tags
        for columns in (Columns(), Columns(xpos="x"), Columns(xpos="x", tags="u"))
    ]
    assert tags == [["A", "B"], ["NNS", "VBP"], ["NOUN", "VERB"]]
    assert of_row(row, tags="u") == ([], ["A", "B"], [])


def test_class_labels_of_a_table_become_their_names() -> None:
    text = datasets.List(datasets.Value("string"))
    labels = datasets.List(datasets.ClassLabel(names=["NOUN", "_", "VERB"]))
    features = datasets.Features(
        {"tokens": text, "head": text, "deprel": text, "upos": labels, "feats": text}
    )
    rows = [
        GOOD | {"upos": [0, 2], "feats": ["None", "Mood=Ind"]},
        GOOD | {"upos": [1, -1], "feats": [None, "None"]},
    ]
    first, bare = read_table(datasets.Dataset.from_list(rows, features), Columns(), name="t")
    assert said(first) == (["NOUN", "VERB"], [], ["_", "Mood=Ind"])
    assert said(bare) == ([], [], [])


def test_ranges_in_a_table_have_no_annotations() -> None:
    row = {
        "tokens": ["don't", "do", "n't"],
        "head": ["None", "0", "1"],
        "deprel": ["None", "root", "advmod"],
        "upos": ["X", "AUX", "PART"],
        "feats": ["Typo=Yes", "None", "Polarity=Neg"],
    }
    assert of_row(row) == (["AUX", "PART"], [], ["_", "Polarity=Neg"])


@pytest.mark.parametrize("values", [[0, 1], [{"Number": "Plur"}, None], "NOUN VERB"])
def test_what_holds_no_texts_is_passed_over_unless_it_is_named(values: object) -> None:
    for column in ("upos", "feats"):
        assert of_row({column: values}) == ([], [], [])
        with pytest.raises(ProbingError, match=f"some data, row 1: expected .*'{column}'"):
            of_row({column: values}, **{column: column})


@pytest.mark.parametrize("column", ["upos", "xpos", "feats"])
def test_columns_of_unlike_lengths_and_missing_ones_are_refused(column: str) -> None:
    expected = rf"row 1: expected as many values in column '{column}' as words \(2\), found 1"
    with pytest.raises(ProbingError, match=expected):
        of_row({column: ["x"]})
    expected = rf"row 1: expected a column 'none' \({column}=COLUMN names another\)"
    with pytest.raises(ProbingError, match=expected):
        of_row({}, **{column: "none"})


def test_the_builtin_corpus_knows_its_own() -> None:
    known = set()
    for sentence in generate(documents=40, seed=3):
        assert list(sentence.xpos) == list(sentence.tags)
        columns = (sentence.words, sentence.xpos, sentence.upos, sentence.feats)
        known |= set(zip(*columns, strict=True))
        for feats in sentence.feats:
            names = [pair.partition("=")[0] for pair in feats.split("|")]
            assert feats == "_" or (names == sorted(names) and all(feats.split("=")))
    assert known >= {
        ("the", "DT", "DET", "Definite=Def|PronType=Art"),
        ("not", "RB", "PART", "Polarity=Neg"),
        ("who", "WP", "PRON", "PronType=Rel"),
        ("is", "VBZ", "AUX", "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin"),
        ("to", "TO", "PART", "_"),
        ("to", "IN", "ADP", "_"),
        ("that", "IN", "SCONJ", "_"),
        ("it", "PRP", "PRON", "Case=Acc|Gender=Neut|Number=Sing|Person=3|PronType=Prs"),
        ("it", "PRP", "PRON", "Case=Nom|Gender=Neut|Number=Sing|Person=3|PronType=Prs"),
        ("her", "PRP$", "PRON", "Case=Gen|Gender=Fem|Number=Sing|Person=3|Poss=Yes|PronType=Prs"),
        ("us", "PRP", "PRON", "Case=Acc|Number=Plur|Person=1|PronType=Prs"),
        (".", ".", "PUNCT", "_"),
    }


# Any file

values = st.sampled_from(["_", "", "A", "NOUN", "Case=Nom|Number=Sing"])


@given(st.lists(st.lists(st.tuples(values, values, values), min_size=1, max_size=4), min_size=1))
def test_what_columns_say_is_what_sentences_say(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[tuple[str, str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    blocks = [
        "".join(
            f"{i}\tw\t_\t{upos}\t{xpos}\t{feats}\t{i - 1}\tdep\t_\t_\n"
            for i, (upos, xpos, feats) in enumerate(rows, start=1)
        )
        for rows in drawn
    ]
    rows = [
        {
            "tokens": ["w"] * len(rows),
            "head": list(range(len(rows))),
            "deprel": ["dep"] * len(rows),
            **dict(zip(("upos", "xpos", "feats"), map(list, zip(*rows, strict=True)), strict=True)),
        }
        for rows in drawn
    ]
    path = file(folder, "x", "\n".join(blocks))
    expected = [tuple(map(naive, zip(*rows, strict=True))) for rows in drawn]
    for found in (read_conllu(path), read_table(rows, Columns(), name="t")):
        assert list(map(said, found)) == expected
    assert list(map(said, read_conllx(path))) == [([], *rest) for _, *rest in expected]


# Windows, through the cache


def chain(*words: tuple[str, str, str], entity: str = "", **changes: object) -> Sentence:
    """A sentence of words of one letter, its first one a mention of an entity."""
    columns: Sequence[Sequence[str]] = [naive(column) for column in zip(*words, strict=True)]
    sentence = Sentence(
        words=["w"] * len(words),
        heads=list(range(len(words))),
        relations=["dep"] * len(words),
        tags=["_"] * len(words),
        document="d",
        line=1,
        mentions=[Mention([0], 0, entity)] if entity else [],
        upos=columns[0],
        xpos=columns[1],
        feats=columns[2],
    )
    return replace(sentence, **changes)  # type: ignore[arg-type]


def opened(folder: Path, task: Dependencies | Coreference, *sentences: Sentence) -> EdgeWindows:
    def reader(_: str) -> Iterator[Sentence]:
        yield from sentences

    path = file(folder, "some.mine", repr(sentences))
    return open_windows(path, reader=reader, task=task, tokenizer=LETTERS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.lists(st.tuples(values, values, values), min_size=1, max_size=3), min_size=2))
@pytest.mark.parametrize("task", [Dependencies(), Coreference(limit=8)], ids=["trees", "entities"])
def test_windows_keep_what_their_sentences_say(
    task: Dependencies | Coreference, tmp_path: Path, drawn: list[list[tuple[str, str, str]]]
) -> None:
    corpus = opened(tmp_path, task, *(chain(*words, entity="e") for words in drawn[:2] + drawn))
    left = [word for words in drawn[:2] + drawn for word in words]
    for window in corpus.windows(range(len(corpus))):
        own, left = left[: len(window.words)], left[len(window.words) :]
        assert said(window) == tuple(map(naive, zip(*own, strict=True)))
    assert left == []


def test_sentences_that_say_nothing_share_a_window_with_those_that_do(tmp_path: Path) -> None:
    says = chain(("NOUN", "_", "Number=Sing"), ("VERB", "_", "_"), entity="e")
    corpus = opened(tmp_path, Coreference(), chain(("_", "_", "_"), entity="e"), says)
    [window] = corpus.windows([0])
    assert said(window) == (["_", "NOUN", "VERB"], [], ["_", "Number=Sing", "_"])


def test_a_reader_need_not_set_them(tmp_path: Path) -> None:
    bare = Sentence(["a"], [0], ["root"], ["_"], "d", 1)
    [window] = opened(tmp_path, Dependencies(), bare).windows([0])
    assert said(window) == ([], [], [])


@pytest.mark.parametrize("task", [Dependencies(), Coreference()], ids=["trees", "entities"])
@pytest.mark.parametrize(
    ("column", "name"),
    [("upos", "UPOS"), ("xpos", "XPOS"), ("feats", "FEATS"), ("tags", "a tag")],
)
def test_an_annotation_of_some_words_is_refused(
    column: str, name: str, task: Dependencies | Coreference, tmp_path: Path
) -> None:
    word = ("NOUN", "NN", "Number=Sing")
    faulty = chain(word, word, entity="e", line=7, **{column: ["x"] * 3})
    with pytest.raises(ProbingError) as caught:
        opened(tmp_path, task, chain(word, entity="e"), faulty)
    expected = f"expected {name} for each of 2 words, or none at all, found 3"
    assert str(caught.value) == f"{tmp_path}/some.mine:7: {expected}"
