"""The CoNLL-2012 reader: what it reads, against a naive writer, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.core.errors import ProbingError
from probing.core.sentences import BROKEN, Sentence
from probing.data.formats.conll2012 import read_conll2012
from probing.data.formats.penn import unescape

SAMPLE = """\
#begin document (talk/lake); part 000
talk/lake   0   0   The      DT    (TOP(S(NP(NP*   -   -   -   Ann   *   *      (7
talk/lake   0   1   pilot    NN    *               -   -   -   Ann   *   *      -
talk/lake   0   2   's       POS   *)              -   -   -   Ann   *   *      7)
talk/lake   0   3   boat     NN    *)              -   -   -   Ann   *   *      -
talk/lake   0   4   sank     VBD   (VP*)           sink  01 1  Ann   *   (V*)   -
talk/lake   0   5   /.       .     *))             -   -   -   Ann   *   *      -

talk/lake   0   0   She      PRP   (TOP(S(NP*)     -   -   -   Ann   *   -      (7)
talk/lake   0   1   swam     VBD   (VP*)           -   -   -   Ann   *   -      -
talk/lake   0   2   -RRB-    -RRB- *))             -   -   -   Ann   *   -      -

#end document
#begin document (talk/lake); part 001
talk/lake   1   0   Hello    UH    (TOP(INTJ*))    -   -   -   Ann   *   -      -
#end document
"""


def file(folder: Path, *lines: str) -> str:
    path = folder / "some_gold_conll"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def row(number: object, bit: str = "*", coreference: str = "-", *, word: str = "w") -> str:
    return f"doc 0 {number} {word} NN {bit} - - - - * {coreference}"


def read(folder: Path, *rows: str) -> list[Sentence]:
    """One document of these lines."""
    return list(
        read_conll2012(file(folder, "#begin document (d); part 000", *rows, "#end document"))
    )


def spans(sentence: Sentence) -> list[tuple[int, int, str]]:
    """First word, last word, entity."""
    return [(m.words[0], m.words[-1], m.entity) for m in sentence.mentions]


# What it reads


def test_a_sample_worked_out_by_hand(tmp_path: Path) -> None:
    first, second, third = read_conll2012(file(tmp_path, SAMPLE))
    assert list(first.words) == ["The", "pilot", "'s", "boat", "sank", "."]
    assert list(second.words) == ["She", "swam", ")"]
    assert list(first.tags) == ["DT", "NN", "POS", "NN", "VBD", "."]
    assert [s.document for s in (first, second, third)] == ["talk/lake", "talk/lake", "talk/lake/1"]
    assert [s.line for s in (first, second, third)] == [2, 9, 15]
    assert [s.heads_by for s in (first, second, third)] == ["head rules"] * 3
    assert not any([*s.heads, *s.relations] for s in (first, second, third))
    (mention,) = first.mentions
    assert (list(mention.words), mention.head, mention.entity) == ([0, 1, 2], 1, "7")
    (mention,) = second.mentions
    assert (list(mention.words), mention.head, mention.entity) == ([0], 0, "7")
    assert not third.mentions


def test_the_reader_is_lazy(tmp_path: Path) -> None:
    found = read_conll2012(file(tmp_path, SAMPLE, "no such line"))
    assert isinstance(found, Iterator)
    assert [next(found).words[0] for _ in range(3)] == ["The", "She", "Hello"]
    with pytest.raises(ProbingError):
        next(found)


def test_a_file_can_be_read_twice_and_columns_are_as_long_as_its_words(tmp_path: Path) -> None:
    path = file(tmp_path, SAMPLE)
    assert list(read_conll2012(path)) == list(read_conll2012(path))
    for sentence in read_conll2012(path):
        assert len(sentence.tags) == len(sentence.words) > 0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match="missing_gold_conll"):
        list(read_conll2012(str(tmp_path / "missing_gold_conll")))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff\n" + text.replace("\n\n", "\n \n\n"),
        lambda text: text.replace("000\n", "000\n\n").replace("\n\n#end", "\n#end"),
        lambda text: re.sub(" {2,}", "\t", text),
        lambda text: text.replace("part 00", "part "),
    ],
    ids=[
        "no trailing newline",
        "CRLF",
        "BOM and white lines",
        "where lines are empty",
        "tabs",
        "0",
    ],
)
def test_white_space_does_not_matter(change: Callable[[str], str], tmp_path: Path) -> None:
    path = Path(file(tmp_path, SAMPLE))
    before = [(s.words, s.tags, s.mentions, s.document) for s in read_conll2012(str(path))]
    path.write_bytes(change(SAMPLE).encode())
    found = [(s.words, s.tags, s.mentions, s.document) for s in read_conll2012(str(path))]
    assert found == before


def test_a_word_may_hold_a_no_break_space(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, row(0, word="10\u00a0000"))
    assert list(sentence.words) == ["10\u00a0000"]


def test_columns_between_do_not_matter(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, "d 0 0 w NN (TOP(NP*)) - - - - * (ARG0*) (V*) (ARG1*) (4)")
    assert spans(sentence) == [(0, 0, "4")]


def test_a_document_without_sentences_is_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path) == []


# Mentions


def test_nested_crossing_and_adjacent_brackets(tmp_path: Path) -> None:
    (sentence,) = read(
        tmp_path,
        row(0, coreference="(1|(2"),
        row(1, coreference="(3)|2)"),
        row(2, coreference="(4|1)"),
        row(3, coreference="4)|(4"),
        row(4, coreference="4)"),
    )
    assert spans(sentence) == [(0, 2, "1"), (0, 1, "2"), (1, 1, "3"), (2, 3, "4"), (3, 4, "4")]


def test_of_one_entity_the_latest_opened_closes_first(tmp_path: Path) -> None:
    brackets = ["(5", "(5", "5)", "5)"]
    (sentence,) = read(tmp_path, *(row(i, coreference=c) for i, c in enumerate(brackets)))
    assert spans(sentence) == [(0, 3, "5"), (1, 2, "5")]


def test_a_word_in_a_longer_mention_of_its_entity(tmp_path: Path) -> None:
    brackets = ["(5|(5)", "(5)", "5)|(5)"]
    (sentence,) = read(tmp_path, *(row(i, coreference=c) for i, c in enumerate(brackets)))
    assert spans(sentence) == [(0, 2, "5"), (0, 0, "5"), (1, 1, "5"), (2, 2, "5")]


def test_the_same_words_are_one_mention_of_an_entity_and_two_of_two(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, row(0, coreference="(1|(1|(2"), row(1, coreference="1)|2)|1)"))
    assert sorted(spans(sentence)) == [(0, 1, "1"), (0, 1, "2")]


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(0, 2)), max_size=6
        ).map(lambda found: (n, found))
    )
)
def test_any_mentions_survive(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[int, list[tuple[int, int, int]]]
) -> None:
    count, ends = drawn
    some = {(min(a, b), max(a, b), str(entity)) for a, b, entity in ends}
    # Mentions of one entity that cross cannot be written in this format.
    crossing = {
        one
        for one in some
        for other in some
        if one[2] == other[2] and other[0] < one[0] <= other[1] < one[1]
    }
    some -= crossing
    columns = []
    for i in range(count):
        opening = sorted((m for m in some if m[0] == i < m[1]), key=lambda m: -m[1])
        closing = sorted((m for m in some if m[0] < i == m[1]), key=lambda m: -m[0])
        # Longer ones open first, and shorter ones close first.
        brackets = [f"({m[2]}" for m in opening]
        brackets += [f"({m[2]})" for m in some if m[0] == m[1] == i]
        brackets += [f"{m[2]})" for m in closing]
        columns.append("|".join(brackets) or "-")
    folder = tmp_path_factory.mktemp("trip")
    (sentence,) = read(folder, *(row(i, coreference=c) for i, c in enumerate(columns)))
    assert sorted(spans(sentence)) == sorted(some)
    order = [(first, -last) for first, last, _ in spans(sentence)]
    assert order == sorted(order)


# Heads


def heads(sentence: Sentence) -> list[str]:
    return [sentence.words[m.head] for m in sentence.mentions]


def parsed(folder: Path, text: str) -> Sentence:
    """Words as ``word/TAG/bit/coreference``."""
    rows = []
    for i, token in enumerate(text.split()):
        word, tag, bit, coreference = token.split("/")
        rows.append(f"d 0 {i} {word} {tag} {bit} - - - - * {coreference}")
    (sentence,) = read(folder, *rows)
    return sentence


def test_heads_are_found_in_the_tree(tmp_path: Path) -> None:
    sentence = parsed(
        tmp_path,
        "the/DT/(TOP(S(NP-SBJ(NP*/(1 boat/NN/*)/- lake/NN/(NP=2*/(2) side/NN/*))/1) "
        "sank/VBD/(VP*)/- hot/JJ/(NP-TMP*/(3 tea/NN/*/- and/CC/*/- milk/NN/*)))/3)",
    )
    assert heads(sentence) == ["boat", "lake", "tea"]
    assert sentence.heads_by == "head rules"


def test_words_beside_the_brackets_are_in_the_tree(tmp_path: Path) -> None:
    sentence = parsed(tmp_path, "so/RB/*/- old/JJ/(NP*/(1 boats/NNS/*)/1) there/RB/*/-")
    assert heads(sentence) == ["boats"]


@pytest.mark.parametrize(
    "bits",
    [["*"] * 4, ["-"] * 4, ["(TOP*", "*", "*", "*)"], ["(NOPARSE*", "*", "*", "*)"]],
    ids=["stars", "hyphens", "TOP", "NOPARSE"],
)
@pytest.mark.parametrize("tags", ["DT NN IN NN", "- - - -", "_ _ _ _", "XX XX XX XX"])
def test_without_a_parse_the_rule_without_syntax_finds_heads(
    bits: Sequence[str], tags: str, tmp_path: Path
) -> None:
    columns = zip(
        "the pilot of boats".split(), tags.split(), bits, ["(1", "-", "-", "1)"], strict=True
    )
    sentence = parsed(tmp_path, " ".join("/".join(column) for column in columns))
    assert heads(sentence) == ["pilot"]
    assert sentence.heads_by == "the last word before a preposition or relative pronoun"
    assert list(sentence.tags) == tags.replace("-", "_").split()


def test_the_head_is_counted_from_the_start_of_the_sentence(tmp_path: Path) -> None:
    sentence = parsed(tmp_path, "see/VB/-/- the/DT/-/(1 boat/NN/-/1) of/IN/-/- Ann/NNP/-/(2)")
    assert [m.head for m in sentence.mentions] == [2, 4]


def test_brackets_however_deep_are_read(tmp_path: Path) -> None:
    deep = 5_000
    (sentence,) = read(tmp_path, row(0, "(NP" * deep + "*" + ")" * deep, "(1)"))
    assert [m.head for m in sentence.mentions] == [0]


# Faults

BEGIN, END = "#begin document (d); part 000", "#end document"
BROKEN_MENTIONS: dict[str, tuple[list[str], int, str, str]] = {
    "never opened": ([BEGIN, row(0, coreference="3)"), END], 2, "'(3'", "'3)'"),
    "closed twice": ([BEGIN, row(0, coreference="(3|3)|3)"), END], 2, "'(3'", "'(3|3)|3)'"),
    "opened in another sentence": (
        [BEGIN, row(0, coreference="(3"), "", row(0, coreference="3)"), END], 2, "'3)'", "'(3'",
    ),
    "never closed": (
        [BEGIN, row(0), row(1, coreference="(3)|(4"), row(2), END], 3, "'4)'", "'(3)|(4'",
    ),
    "no bracket": ([BEGIN, row(0, coreference="3"), END], 2, "brackets", "'3'"),
    "an empty bracket": ([BEGIN, row(0, coreference="(3)|"), END], 2, "brackets", "'(3)|'"),
    "no entity": ([BEGIN, row(0, coreference="()"), END], 2, "brackets", "'()'"),
    "a star": ([BEGIN, row(0, coreference="*"), END], 2, "brackets", "'*'"),
    "no bar": ([BEGIN, row(0, coreference="(3)(4)"), END], 2, "brackets", "'(3)(4)'"),
}  # fmt: skip
FAULTS: dict[str, tuple[list[str], int, str, str]] = {
    "columns": ([BEGIN, "d 0 0 w NN * - - - - -", END], 2, "at least 12 columns", "11"),
    "a gap": ([BEGIN, row(0), row(2), END], 3, "word number 1", "'2'"),
    "from one": ([BEGIN, row(1), END], 2, "word number 0", "'1'"),
    "no empty line": ([BEGIN, row(0), row(0), END], 3, "word number 1", "'0'"),
    "not a number": ([BEGIN, row("x"), END], 2, "word number 0", "'x'"),
    "a document inside another": ([BEGIN, row(0), BEGIN, END], 3, "'#end document'", f"'{BEGIN}'"),
    "no end": ([BEGIN, row(0), ""], 3, "'#end document'", "the end of the file"),
    "never closed in the parse": (
        [BEGIN, row(0, "(TOP(NP*"), row(1, "*)"), END], 2, "'(TOP' to be closed", "'(TOP(NP*'",
    ),
    "never opened in the parse": (
        [BEGIN, row(0, "(NP*)"), row(1, "*)"), END], 3, "as many", "'*)'",
    ),
    "no star in the parse": ([BEGIN, row(0, "(NP)"), END], 2, "parse bit", "'(NP)'"),
    "two stars in the parse": ([BEGIN, row(0, "(NP**)"), END], 2, "parse bit", "'(NP**)'"),
    "no label in the parse": ([BEGIN, row(0, "(*)"), END], 2, "parse bit", "'(*)'"),
    "half a parse": ([BEGIN, row(0, "(NP*)"), row(1, "-"), END], 3, "parse bit", "'-'"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "line", "expected", "found"), BROKEN_MENTIONS.values(), ids=list(BROKEN_MENTIONS)
)
def test_a_broken_mention_is_a_complaint_and_the_others_stay(
    lines: list[str], line: int, expected: str, found: str, tmp_path: Path
) -> None:
    other = [row(0, coreference="(8"), row(1, coreference="8)"), ""]
    path = file(tmp_path, lines[0], *other, *lines[1:])
    sentences = list(read_conll2012(path))
    complaints = [complaint for sentence in sentences for complaint in sentence.complaints]
    assert {complaint.kind for complaint in complaints} == {BROKEN}
    message = complaints[0].text
    assert message.startswith(f"{path}:{line + 3}: expected ")
    before, _, after = message.partition(", found ")
    assert expected in before
    assert after.removeprefix("only ") == f"{found} in document 'd'"
    assert spans(sentences[0]) == [(0, 1, "8")]
    assert not sentences[0].complaints


def test_a_document_that_is_begun_again_goes_on(tmp_path: Path) -> None:
    other = "#begin document (e); part 000"
    found = read_conll2012(
        file(tmp_path, BEGIN, row(0, word="a"), END, other, row(0, word="b"), END, BEGIN,
             row(0, word="c"), END)
    )  # fmt: skip
    assert [(s.document, *s.words) for s in found] == [("d", "a"), ("e", "b"), ("d", "c")]


def tabs(*cells: str) -> str:
    return "\t".join(cells)


@pytest.mark.parametrize("last", ["", "_", "-"])
def test_tabs_with_cells_that_hold_nothing(last: str, tmp_path: Path) -> None:
    """In the shape of LitBank's files: neither tags nor a parse, thirteen columns."""
    empty = ["_"] * 8
    sentence, = read(
        tmp_path,
        tabs("a", "0", "0", "the", *empty, "(3"),
        tabs("a", "0", "1", "owner", *empty, last),
        tabs("a", "0", "2", "of", *empty, last),
        tabs("a", "0", "3", "boats", *empty, "3)|(4)"),
        tabs("a", "0", "4", "slept", *empty, last),
    )  # fmt: skip
    assert spans(sentence) == [(0, 3, "3"), (3, 3, "4")]
    assert [m.head for m in sentence.mentions] == [1, 3]
    assert sentence.heads_by == "the last word before a preposition or relative pronoun"
    assert list(sentence.tags) == ["_"] * 5
    assert not sentence.complaints
    assert not sentence.xpos


def test_entities_may_have_any_name(tmp_path: Path) -> None:
    sentence, = read(
        tmp_path, row(0, coreference="(a-1)|(NOCOREF-x)"), row(1, coreference="(a-2"),
        row(2, coreference="(NOCOREF-x)|a-2)"),
    )  # fmt: skip
    names = [m.entity for m in sentence.mentions]
    assert {"a-1", "a-2"} < set(names)
    assert len(set(names)) == 4


@pytest.mark.parametrize(("lines", "line", "expected", "found"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_names_file_line_and_document(
    lines: list[str], line: int, expected: str, found: str, tmp_path: Path
) -> None:
    path = file(tmp_path, *lines)
    with pytest.raises(ProbingError) as caught:
        list(read_conll2012(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: expected ")
    before, _, after = message.partition(", found ")
    assert expected in before
    assert after.removeprefix("only ") == f"{found} in document 'd'"


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([row(0)], 1),
        ([BEGIN, row(0), END, row(0)], 4),
        ([END], 1),
        (["#begin document d", row(0), END], 1),
        (["#begin document (d)", row(0), END], 1),
        (["#begin document (d); part x", row(0), END], 1),
    ],
    ids=["no document", "behind a document", "an end", "no brackets", "no part", "no number"],
)
def test_what_lies_outside_of_documents_is_refused(
    lines: list[str], line: int, tmp_path: Path
) -> None:
    path = file(tmp_path, *lines)
    with pytest.raises(ProbingError, match=re.escape(f"{path}:{line}: expected '#begin document")):
        list(read_conll2012(path))


def test_a_fault_names_the_part(tmp_path: Path) -> None:
    path = file(tmp_path, SAMPLE.replace("(TOP(INTJ*))", "(TOP(INTJ*)"))
    with pytest.raises(ProbingError, match=r":15: .* in document 'talk/lake/1'$"):
        list(read_conll2012(path))


# How words are written


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("-LRB-", "("),
        ("-RRB-", ")"),
        ("-LSB-", "["),
        ("-RSB-", "]"),
        ("-LCB-", "{"),
        ("-RCB-", "}"),
        (":-RRB-", ":)"),
        (r"1\/2", "1/2"),
        (r"a\/b\/c", "a/b/c"),
        (r"\*\*", "**"),
        ("/.", "."),
        ("/?", "?"),
        ("/-", "-"),
        ("/", "/"),
        ("/home", "/home"),
        ("/.net", "/.net"),
        ("and/or", "and/or"),
        ("-", "-"),
        ("--", "--"),
        ("``", "``"),
        ("-lrb-", "-lrb-"),
    ],
)
def test_words_are_unescaped(written: str, meant: str) -> None:
    assert unescape(written) == meant


@given(st.text("ab/*()[]{}-.", min_size=1, max_size=8))
def test_escaping_is_undone(word: str) -> None:
    escaped = word.replace("/", r"\/").replace("*", r"\*")
    for bracket, name in zip("()[]{}", "LRB RRB LSB RSB LCB RCB".split(), strict=True):
        escaped = escaped.replace(bracket, f"-{name}-")
    assert unescape(escaped) == word
