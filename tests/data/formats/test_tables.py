"""Rows of data sets: what is a word among their tokens, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data.formats.tables import Columns, read_table
from probing.data.formats.trees import tree_faults

GOOD = {"tokens": ["dogs", "bark"], "head": ["2", "0"], "deprel": ["nsubj", "root"]}


def read(*rows: dict[str, Any], **columns: str) -> list[Sentence]:
    return list(read_table(rows, Columns(**columns), name="some data"))


def shape(sentence: Sentence) -> tuple[list[str], list[int], list[str], list[str]]:
    made = (sentence.words, sentence.heads, sentence.relations, sentence.tags)
    return tuple(map(list, made))  # type: ignore[return-value]


def with_ranges(
    heads: list[int], extra: list[int], nothing: object = "None"
) -> tuple[dict[str, Any], tuple[list[str], list[int], list[str], list[str]]]:
    """The row of a tree with a token that is no word before each word of ``extra``."""
    row: dict[str, list[Any]] = {"tokens": [], "head": [], "deprel": [], "ids": []}
    for n, head in enumerate(heads, start=1):
        for _ in range(extra.count(n)):
            for column, value in zip(row, ("range", nothing, nothing, f"{n}-{n + 1}"), strict=True):
                row[column].append(value)
        for column, value in zip(row, (f"w{n}", str(head), f"r{n}", str(n)), strict=True):
            row[column].append(value)
    numbers = range(1, len(heads) + 1)
    words, relations = [f"w{n}" for n in numbers], [f"r{n}" for n in numbers]
    return row, (words, heads, relations, ["_"] * len(heads))


trees = st.integers(1, 7).flatmap(
    lambda n: st.lists(st.integers(0, n), min_size=n, max_size=n).filter(
        lambda h: not tree_faults(h)
    )
)


# What is read


def test_a_row_is_a_sentence_and_its_number_is_the_line() -> None:
    first, second = read(GOOD, GOOD | {"xpos": ["NNS", "VBP"]})
    assert shape(first) == (["dogs", "bark"], [2, 0], ["nsubj", "root"], ["_", "_"])
    assert shape(second) == (["dogs", "bark"], [2, 0], ["nsubj", "root"], ["NNS", "VBP"])
    assert (first.line, second.line) == (1, 2)
    assert first.document == second.document == "some data"


@pytest.mark.parametrize("heads", [[2, 0], ["2", "0"], [2, "0"]])
def test_heads_are_numbers_or_texts(heads: list[object]) -> None:
    (sentence,) = read(GOOD | {"head": heads})
    assert list(sentence.heads) == [2, 0]
    assert {type(head) for head in sentence.heads} == {int}


def test_columns_may_be_called_otherwise() -> None:
    row = {"w": ["a"], "h": [0], "r": ["root"], "t": ["X"], "xpos": ["Y"]}
    (sentence,) = read(row, words="w", heads="h", relations="r", tags="t")
    assert shape(sentence) == (["a"], [0], ["root"], ["X"])


def test_missing_tags_are_underscores() -> None:
    for tags in (None, [None, None], ["", None]):
        (sentence,) = read(GOOD | {"xpos": tags})
        assert list(sentence.tags) == ["_", "_"]


@pytest.mark.parametrize("listed", [datasets.List, datasets.LargeList, datasets.Sequence])
def test_class_labels_become_their_names(listed: Any) -> None:
    text = datasets.Value("string")
    features = datasets.Features(
        {
            "tokens": listed(text),
            "head": listed(datasets.Value("int32")),
            "deprel": listed(datasets.ClassLabel(names=["root", "nsubj"])),
            "upos": listed(datasets.ClassLabel(names=["NOUN", "VERB"])),
        }
    )
    row = GOOD | {"head": [2, 0], "deprel": [1, 0], "upos": [0, -1]}
    table = datasets.Dataset.from_list([row], features=features)
    (sentence,) = read_table(table, Columns(tags="upos"), name="t")
    assert shape(sentence) == (["dogs", "bark"], [2, 0], ["nsubj", "root"], ["NOUN", "_"])


def test_rows_are_read_one_at_a_time() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield GOOD
        raise OSError("the disk\nis gone")

    found = read_table(rows(), Columns(), name="t")
    assert list(next(found).words) == ["dogs", "bark"]
    with pytest.raises(ProbingError, match=r"^t: cannot be read from row 2 on: the disk is gone$"):
        next(found)


# Multiword ranges and empty nodes


def test_the_layout_of_the_hub() -> None:
    """*vámonos al mar* as the hub's universal_dependencies has it: ``str(None)`` for a range."""
    row = {
        "tokens": ["vámonos", "vamos", "nos", "al", "a", "el", "mar"],
        "head": ["None", "0", "1", "None", "5", "5", "1"],
        "deprel": ["_", "root", "obj", "_", "case", "det", "obl"],
        "xpos": [None, "V", "P", None, "E", "D", "N"],
    }
    (sentence,) = read(row)
    assert shape(sentence) == (
        ["vamos", "nos", "a", "el", "mar"],
        [0, 1, 5, 5, 1],
        ["root", "obj", "case", "det", "obl"],
        ["V", "P", "E", "D", "N"],
    )


@pytest.mark.parametrize("nothing", [None, "None", "_", ""])
@given(heads=trees, data=st.data())
def test_tokens_without_head_and_relation_are_passed_over(
    nothing: object, heads: list[int], data: st.DataObject
) -> None:
    extra = data.draw(st.lists(st.integers(1, len(heads)), max_size=4))
    row, expected = with_ranges(heads, extra, nothing)
    assert [shape(s) for s in read(row)] == [expected]
    assert [shape(s) for s in read(row, ids="ids")] == [expected]


@pytest.mark.parametrize("ids", [["1-2", "1", "2", "2.1"], ["(1, '-', 2)", 1, 2, "(2, '.', 1)"]])
def test_ids_tell_words_from_the_rest(ids: list[object]) -> None:
    row = {
        "tokens": ["ab", "a", "b", "e"],
        "head": ["_", 0, 0, "1"],  # no tree, but the ids leave no doubt
        "deprel": ["_", "x", "y", "z"],
        "own": ids,
    }
    (sentence,) = read(row, ids="own")
    assert shape(sentence)[:3] == (["a", "b"], [0, 0], ["x", "y"])


def test_a_sentence_whose_heads_count_the_ranges_is_refused() -> None:
    row = {
        "tokens": ["del", "de", "el", "mar"],
        "head": ["None", "4", "4", "0"],
        "deprel": ["_", "case", "det", "root"],
    }
    with pytest.raises(ProbingError, match="expected a head from 0 to 3 for word 1"):
        read(row)


@given(heads=trees, data=st.data())
def test_only_a_tree_may_remain(heads: list[int], data: st.DataObject) -> None:
    """A word that nobody annotated looks like a range, but seldom leaves a tree behind."""
    gap = data.draw(st.integers(1, len(heads)))
    row, _ = with_ranges(heads, [])
    row["head"][gap - 1] = row["deprel"][gap - 1] = None
    rest = [head for n, head in enumerate(heads, start=1) if n != gap]
    numbers = range(1, len(rest) + 1)
    reach = [0]  # what can be got to from ROOT, walking down
    for above in reach:
        reach += [n for n in numbers if rest[n - 1] == above and n not in reach]
    if rest.count(0) == 1 and set(reach) == {0, *numbers} and max(rest) <= len(rest):
        (sentence,) = read(row)
        assert list(sentence.heads) == rest
    else:
        with pytest.raises(ProbingError, match="row 1: expected "):
            read(row)
    with pytest.raises(ProbingError, match=f"a number for word {gap}"):
        read(row, ids="ids")


# What is refused

FAULTS: dict[str, tuple[dict[str, Any], dict[str, str], str, str]] = {
    "no such column": ({"tokens": ["a"], "text": "a"}, {}, "column 'head'", "text, tokens"),
    "no such tags": (GOOD, {"tags": "upos"}, "column 'upos' (tags=COLUMN", "deprel, head, tokens"),
    "no such ids": (GOOD, {"ids": "id"}, "column 'id'", "deprel, head, tokens"),
    "no list": (GOOD | {"tokens": "dogs bark"}, {}, "a list in column 'tokens'", "'dogs bark'"),
    "no value": (GOOD | {"head": None}, {}, "a list in column 'head'", "None"),
    "no words": ({"tokens": [], "head": [], "deprel": []}, {}, "one word", "none among 0"),
    "too few heads": (GOOD | {"head": ["0"]}, {}, "in column 'head' as words (2)", "1"),
    "too many relations": (GOOD | {"deprel": ["x"] * 3}, {}, "'deprel' as words (2)", "3"),
    "too few tags": (GOOD | {"xpos": ["X"]}, {}, "in column 'xpos' as words (2)", "1"),
    "too few ids": (GOOD | {"id": ["1"]}, {"ids": "id"}, "in column 'id' as words (2)", "1"),
    "outside": (GOOD | {"head": ["3", "0"]}, {}, "a head from 0 to 2 for word 1", "3"),
    "itself": (GOOD | {"head": ["0", "2"]}, {}, "other than itself for word 2", "2"),
    "negative": (GOOD | {"head": [-1, 0]}, {}, "a number for word 1", "-1"),
    "no number": (GOOD | {"head": ["2", "bark"]}, {}, "a number for word 2", "'bark'"),
    "superscript": (GOOD | {"head": ["²", "0"]}, {}, "a number for word 1", "'²'"),
    "no whole number": (GOOD | {"head": [2.0, 0.0]}, {}, "a number for word 1", "2.0"),
    "a truth": (GOOD | {"head": [True, 0]}, {}, "a number for word 1", "True"),
    "no head but a relation": (GOOD | {"head": ["None", "0"]}, {}, "a number for word 1", "'None'"),
    "a head but no relation": (GOOD | {"deprel": [None, "root"]}, {}, "a relation", "None"),
    "relation None": (GOOD | {"deprel": ["None", "root"]}, {}, "a relation", "'None'"),
    "numbers for relations": (GOOD | {"deprel": [0, 1]}, {}, "texts or class labels", "0"),
    "a word that is none": (GOOD | {"tokens": ["dogs", None]}, {}, "a word", "None"),
    "an empty word": (GOOD | {"tokens": ["dogs", ""]}, {}, "a word", "''"),
    "no annotation": (
        GOOD | {"head": ["_", "_"], "deprel": ["_", "_"]}, {},
        "at least one word with a head", "none among 2",
    ),
    "a cycle once a range is passed over": (
        {"tokens": list("abc"), "head": ["None", "2", "1"], "deprel": ["_", "x", "y"]}, {},
        "a tree, not counting 1 without head and relation", "no root",
    ),
    "two roots once a range is passed over": (
        {"tokens": list("abc"), "head": ["None", "0", "0"], "deprel": ["_", "x", "y"]}, {},
        "a tree, not counting 1 without head and relation", "several roots",
    ),
    "ids out of order": (
        GOOD | {"id": ["1", "3"]}, {"ids": "id"}, "word number 2 in column 'id'", "'3'",
    ),
    "a word by its id without a head": (
        GOOD | {"id": [1, 2], "head": [None, 0], "deprel": [None, "root"]}, {"ids": "id"},
        "a number for word 1", "None",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("row", "columns", "expected", "found"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_names_the_row_and_what_was_expected_and_found(
    row: dict[str, Any], columns: dict[str, str], expected: str, found: str
) -> None:
    good = GOOD | {"xpos": ["X", "Y"], "id": [1, 2], "upos": ["X", "Y"]}
    with pytest.raises(ProbingError) as caught:
        read(good, row, **columns)
    message = str(caught.value)
    assert re.fullmatch(r"some data, row 2: expected .*, found .*", message)
    assert expected in message.rpartition(", found ")[0]
    assert message.rpartition(", found ")[2] == found
