"""Every reader keeps one contract, and says where a bad file is bad."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.core.errors import ProbingError
from probing.core.sentences import Reader, Sentence
from probing.data.builtin import generate
from probing.data.builtin.reader import read_builtin
from probing.data.formats.conllu import read_conllu
from probing.data.formats.conllx import read_conllx
from probing.data.formats.paper import read_text
from probing.data.formats.penn import UNDONE
from probing.data.formats.trees import tree_faults
from probing.data.sources.huggingface import HuggingFaceData

BUILTIN = list(generate(documents=6, seed=4))


def conllu_lines(sentence: Sentence) -> list[str]:
    columns = zip(sentence.words, sentence.tags, sentence.heads, sentence.relations, strict=True)
    return [
        "\t".join([str(i), word, "_", "X", tag, "_", str(head), relation, "_", "_"])
        for i, (word, tag, head, relation) in enumerate(columns, start=1)
    ]


def write_conllu(path: Path, sentences: Sequence[Sentence]) -> str:
    """A CoNLL-U file of the sentences, documents and all."""
    lines: list[str] = []
    document = None
    for sentence in sentences:
        if sentence.document != document:
            document = sentence.document
            lines.append(f"# newdoc id = {document}")
        lines += [f"# text = {' '.join(sentence.words)}", *conllu_lines(sentence), ""]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def write_conllx(path: Path, sentences: Sequence[Sentence]) -> str:
    """A CoNLL-X file of the sentences, which it knows no documents of."""
    blocks = ["\n".join(conllu_lines(sentence)) + "\n" for sentence in sentences]
    path.write_text("\n".join(blocks), encoding="utf-8")
    return str(path)


def write_json(path: Path, sentences: Sequence[Sentence]) -> str:
    """A data set of the sentences, as the hub has them."""
    rows = [
        {
            "tokens": list(s.words),
            "head": [str(head) for head in s.heads],
            "deprel": list(s.relations),
            "xpos": list(s.tags),
        }
        for s in sentences
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return f"datasets:{path}"


def read_datasets(source: str) -> Iterator[Sentence]:
    return HuggingFaceData.parse(source).read()


def write_text(path: Path, sentences: Sequence[Sentence]) -> str:
    """The same sentences in the format of the paper's code."""
    blocks = [
        "".join(
            f"{word} {head}-{relation}\n"
            for word, head, relation in zip(s.words, s.heads, s.relations, strict=True)
        )
        for s in sentences
    ]
    path.write_text("\n".join(blocks), encoding="utf-8")
    return str(path)


Source = Callable[[Path], str]
READERS: dict[str, tuple[Reader, Source]] = {
    "conllu": (read_conllu, lambda folder: write_conllu(folder / "some.conllu", BUILTIN)),
    "conllx": (read_conllx, lambda folder: write_conllx(folder / "some.conllx", BUILTIN)),
    "text": (read_text, lambda folder: write_text(folder / "some.txt", BUILTIN)),
    "datasets": (read_datasets, lambda folder: write_json(folder / "some.jsonl", BUILTIN)),
    "builtin": (read_builtin, lambda folder: "builtin:documents=6,seed=4"),
}
every_reader = pytest.mark.parametrize(("reader", "source"), READERS.values(), ids=list(READERS))


def word(number: object, head: object, *, form: str = "w", relation: str = "dep") -> str:
    """One line of CoNLL-U."""
    return f"{number}\t{form}\t_\t_\tNN\t_\t{head}\t{relation}\t_\t_"


def file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def shape(sentence: Sentence) -> tuple[list[str], list[int], list[str]]:
    return list(sentence.words), list(sentence.heads), list(sentence.relations)


# The contract


@every_reader
def test_every_reader_yields_the_sentences_of_its_source(
    reader: Reader, source: Source, tmp_path: Path
) -> None:
    assert [shape(s) for s in reader(source(tmp_path))] == [shape(s) for s in BUILTIN]


@every_reader
def test_every_column_of_a_sentence_is_as_long_as_its_words(
    reader: Reader, source: Source, tmp_path: Path
) -> None:
    for sentence in reader(source(tmp_path)):
        lengths = {len(c) for c in (sentence.heads, sentence.relations, sentence.tags)}
        assert lengths == {len(sentence.words)}
        assert len(sentence.words) > 0
        assert all(
            type(head) is int and 0 <= head <= len(sentence.words) for head in sentence.heads
        )


@every_reader
def test_every_reader_is_lazy(reader: Reader, source: Source, tmp_path: Path) -> None:
    found = reader(source(tmp_path))
    assert isinstance(found, Iterator)
    assert shape(next(found)) == shape(BUILTIN[0])


@pytest.mark.parametrize(
    ("reader", "good"),
    [(read_conllu, word(1, 0)), (read_conllx, word(1, 0)), (read_text, "w 0-root")],
)
def test_sentences_before_a_fault_have_been_yielded(
    reader: Reader, good: str, tmp_path: Path
) -> None:
    found = iter(reader(file(tmp_path, "late", f"{good}\n\nno such line at all\n")))
    assert list(next(found).words) == ["w"]
    with pytest.raises(ProbingError, match=r"late:3: "):
        next(found)


@every_reader
def test_a_source_can_be_read_twice(reader: Reader, source: Source, tmp_path: Path) -> None:
    path = source(tmp_path)
    assert list(reader(path)) == list(reader(path))


@every_reader
def test_the_line_of_a_sentence_only_grows(reader: Reader, source: Source, tmp_path: Path) -> None:
    lines = [sentence.line for sentence in reader(source(tmp_path))]
    assert lines == sorted(set(lines))
    assert lines[0] >= 1


def test_the_line_of_a_sentence_is_that_of_its_first_word(tmp_path: Path) -> None:
    for reader, source in (READERS["conllu"], READERS["conllx"], READERS["text"]):
        path = source(tmp_path)
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        for sentence in reader(path):
            assert sentence.words[0] in lines[sentence.line - 1].split()


def test_conllu_keeps_tags_and_documents(tmp_path: Path) -> None:
    found = read_conllu(write_conllu(tmp_path / "a.conllu", BUILTIN))
    for got, made in zip(found, BUILTIN, strict=True):
        assert list(got.tags) == list(made.tags)
        assert got.document.endswith(made.document)


def test_conllx_keeps_tags_and_is_one_document(tmp_path: Path) -> None:
    found = list(read_conllx(write_conllx(tmp_path / "some.conllx", BUILTIN)))
    assert [list(s.tags) for s in found] == [list(s.tags) for s in BUILTIN]
    assert {s.document for s in found} == {"some"}


def test_the_text_format_is_one_document_without_tags(tmp_path: Path) -> None:
    found = list(read_text(write_text(tmp_path / "some.txt", BUILTIN)))
    assert {s.document for s in found} == {"some"}
    assert {tag for s in found for tag in s.tags} == {"_"}


tokens = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6).filter(
    lambda text: not text.startswith("#")
)
ESCAPES = {
    "-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]",
    "\\/": "/", "\\*": "*",
}  # fmt: skip


def naive_unescape(word: str) -> str:
    """From the left, one letter or escape at a time."""
    if word in ["/.", "/?", "/-", "/,", "/:", "/;", "/!"]:
        return word[1]
    text = ""
    while word:
        read = next((escape for escape in ESCAPES if word.startswith(escape)), word[0])
        text += ESCAPES.get(read, read)
        word = word[len(read) :]
    return text


@given(st.data())
def test_any_tree_survives_all_formats(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    sentences = []
    for n in data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)):
        escaped = st.lists(tokens | st.sampled_from([*ESCAPES, "/."]), min_size=1, max_size=3).map(
            "".join
        )
        words = data.draw(st.lists(tokens | escaped, min_size=n, max_size=n))
        heads = [
            data.draw(st.integers(0, n).filter(lambda h, i=i: h != i)) for i in range(1, n + 1)
        ]
        relations = data.draw(st.lists(tokens, min_size=n, max_size=n))
        sentences.append(Sentence(words, heads, relations, ["_"] * n, "d", 1))
    expected = [shape(s) for s in sentences]
    assert [shape(s) for s in read_conllu(write_conllu(folder / "x", sentences))] == expected
    rows = write_json(folder / "z.jsonl", sentences)
    assert [shape(s) for s in read_datasets(rows)] == expected
    # Formats of the Penn Treebank's time.
    expected = [([naive_unescape(w) for w in words], *rest) for words, *rest in expected]
    assert [shape(s) for s in read_conllx(write_conllx(folder / "x", sentences))] == expected
    assert [shape(s) for s in read_text(write_text(folder / "y", sentences))] == expected


# CoNLL-U


def test_multiword_ranges_and_empty_nodes_are_no_words(tmp_path: Path) -> None:
    lines = [
        word(1, 2, form="vámonos"),
        "2-3\tal\t_\t_\t_\t_\t_\t_\t_\t_",
        word(2, 0, form="a"),
        "2.1\tellided\t_\t_\t_\t_\t_\t_\t1:dep\t_",
        word(3, 2, form="el"),
    ]
    (sentence,) = read_conllu(file(tmp_path, "m.conllu", "\n".join(lines) + "\n"))
    assert shape(sentence)[:2] == (["vámonos", "a", "el"], [2, 0, 2])


def test_an_empty_node_may_come_before_the_first_word(tmp_path: Path) -> None:
    lines = ["0.1\te\t_\t_\t_\t_\t_\t_\t1:dep\t_", word(1, 0)]
    (sentence,) = read_conllu(file(tmp_path, "m.conllu", "\n".join(lines)))
    assert list(sentence.words) == ["w"]


@pytest.mark.parametrize("comment", ["# newdoc id = second", "#newdoc id=second"])
def test_a_document_starts_at_newdoc(tmp_path: Path, comment: str) -> None:
    text = f"# newdoc id = first\n{word(1, 0)}\n\n{word(1, 0)}\n\n{comment}\n{word(1, 0)}\n"
    found = list(read_conllu(file(tmp_path, "m.conllu", text)))
    assert [s.document.split("=")[-1].strip() for s in found] == ["first", "first", "second"]


def test_documents_without_a_name_are_told_apart(tmp_path: Path) -> None:
    text = f"# newdoc\n{word(1, 0)}\n\n# newdoc\n{word(1, 0)}\n\n{word(1, 0)}\n"
    first, second, third = (s.document for s in read_conllu(file(tmp_path, "m.conllu", text)))
    assert first != second == third


def test_other_comments_start_no_document(tmp_path: Path) -> None:
    text = f"# sent_id = newdoc\n{word(1, 0)}\n\n# newdocument\n{word(1, 0)}\n"
    assert {s.document for s in read_conllu(file(tmp_path, "m.conllu", text))} == {"m"}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n\n" + text.replace("\n\n", "\n\n\n") + "\n\n",
        lambda text: text.replace("\n\n", "\n \n"),
    ],
    ids=["no trailing newline", "CRLF", "several empty lines", "a space on an empty line"],
)
@pytest.mark.parametrize("name", ["conllu", "conllx", "text"])
def test_line_endings_and_empty_lines_do_not_matter(
    name: str, change: Callable[[str], str], tmp_path: Path
) -> None:
    reader, source = READERS[name]
    path = Path(source(tmp_path))
    before = [shape(s) for s in reader(str(path))]
    path.write_bytes(change(path.read_text(encoding="utf-8")).encode())
    assert [shape(s) for s in reader(str(path))] == before


@pytest.mark.parametrize(
    ("reader", "line"),
    [(read_conllu, word(1, 0)), (read_conllx, word(1, 0)), (read_text, "w 0-dep")],
)
def test_a_byte_order_mark_is_no_part_of_the_first_word(
    reader: Reader, line: str, tmp_path: Path
) -> None:
    (sentence,) = reader(file(tmp_path, "bom", codecs.BOM_UTF8 + line.encode()))
    assert shape(sentence) == (["w"], [0], ["dep"])


@pytest.mark.parametrize("form", ["naïve", "日本語", "𝔘", "a\u0301", "🙂", "’s"])
def test_non_ascii_words_stay_as_they_are(form: str, tmp_path: Path) -> None:
    (conllu,) = read_conllu(file(tmp_path, "a", word(1, 0, form=form)))
    (text,) = read_text(file(tmp_path, "b", f"{form} 0-root"))
    assert conllu.words[0] == text.words[0] == form


def test_a_conllu_word_may_hold_a_space(tmp_path: Path) -> None:
    (sentence,) = read_conllu(file(tmp_path, "a", word(1, 0, form="10 000")))
    assert list(sentence.words) == ["10 000"]


@pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\x0c", "\x1c"])
def test_only_a_newline_ends_a_line(separator: str, tmp_path: Path) -> None:
    (sentence,) = read_conllu(file(tmp_path, "a", word(1, 0, form=f"x{separator}y")))
    assert list(sentence.words) == [f"x{separator}y"]


def test_a_block_of_comments_is_no_sentence(tmp_path: Path) -> None:
    found = read_conllu(file(tmp_path, "a", f"# only words\n\n{word(1, 0)}\n\n# the end\n"))
    assert len(list(found)) == 1


def test_a_label_may_hold_hyphens(tmp_path: Path) -> None:
    (sentence,) = read_text(file(tmp_path, "a", "x 2-prep-of\ny 0-root\n"))
    assert shape(sentence) == (["x", "y"], [2, 0], ["prep-of", "root"])


# CoNLL-X and the Penn Treebank's escapes


def test_the_coarse_tag_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    text = "1\ta\t_\tDT\tAT\t_\t2\tx\t_\t_\n2\tb\t_\tNN\t_\t_\t0\ty\t_\t_\n"
    (sentence,) = read_conllx(file(tmp_path, "a.conllx", text))
    assert list(sentence.tags) == ["AT", "NN"]


def test_lines_before_a_conllx_sentence_may_be_comments(tmp_path: Path) -> None:
    text = f"# first\n#1\n{word(1, 0)}\n\n# alone\n\n# second\n{word(1, 0, form='#')}\n"
    found = list(read_conllx(file(tmp_path, "a.conllx", text)))
    assert [list(s.words) for s in found] == [["w"], ["#"]]


def test_a_word_may_start_with_the_sign_of_a_comment(tmp_path: Path) -> None:
    text = f"{word(1, 2, form='#')}\n{word(2, 0, form='#1')}"
    (sentence,) = read_conllx(file(tmp_path, "a.conllx", text))
    assert list(sentence.words) == ["#", "#1"]


@pytest.mark.parametrize(
    ("escaped", "word_of_text"),
    [
        ("-LRB-", "("), ("-RRB-", ")"), ("-LCB-", "{"), ("-RCB-", "}"), ("-LSB-", "["),
        ("-RSB-", "]"), (r"1\/2", "1/2"), (r"\*", "*"), ("/.", "."), ("/?", "?"), ("/-", "-"),
        ("LRB", "LRB"), ("-lrb-", "-lrb-"), ("and/or", "and/or"), ("``", "``"),
    ],
)  # fmt: skip
def test_escapes_of_the_penn_treebank_are_undone(
    escaped: str, word_of_text: str, tmp_path: Path
) -> None:
    (conllx,) = read_conllx(file(tmp_path, "a", word(1, 0, form=escaped)))
    (text,) = read_text(file(tmp_path, "b", f"{escaped} 0-root"))
    (conllu,) = read_conllu(file(tmp_path, "c", word(1, 0, form=escaped)))
    assert conllx.words[0] == text.words[0] == word_of_text
    # Others than the Penn Treebank write CoNLL-U: there a slash may be a slash.
    assert conllu.words[0] == (word_of_text if "B-" in escaped else escaped)
    for sentence in (conllx, text, conllu):
        assert (UNDONE in sentence.oddities) == (sentence.words[0] != escaped)


# Bad input: file, line, what was expected, what came

FAULTS: dict[str, tuple[Reader, str | bytes, int, str, str]] = {
    "conllu: columns": (read_conllu, f"{word(1, 0)}\n2\tb\tc", 2, "10 columns", "3"),
    "conllu: spaces for tabs": (
        read_conllu, word(1, 0).replace("\t", " "), 1, "tabs", "1",
    ),
    "conllu: too many columns": (read_conllu, word(1, 0) + "\t_", 1, "10 columns", "11"),
    "conllu: no number": (read_conllu, f"{word(1, 'x')}", 1, "number", "'x'"),
    "conllu: no head": (read_conllu, f"{word(1, '')}", 1, "number", "''"),
    "conllu: no form": (read_conllu, f"{word(1, 0, form='')}", 1, "a form", "none"),
    "conllu: a blank form": (read_conllu, f"{word(1, 0, form=' ')}", 1, "a form", "none"),
    "conllu: negative": (read_conllu, f"{word(1, -1)}", 1, "number", "'-1'"),
    "conllu: superscript": (read_conllu, f"{word(1, '²')}", 1, "number", "'²'"),
    "conllu: outside": (
        read_conllu, f"# c\n{word(1, 2)}\n{word(2, 3)}", 3, "from 0 to 2", "3",
    ),
    "conllu: itself": (
        read_conllu, f"{word(1, 0)}\n{word(2, 2)}", 2, "other than the word itself", "2",
    ),
    "conllu: gap": (read_conllu, f"{word(1, 0)}\n{word(3, 1)}", 2, "word number 2", "'3'"),
    "conllu: twice": (read_conllu, f"{word(1, 0)}\n{word(1, 0)}", 2, "word number 2", "'1'"),
    "conllu: from zero": (read_conllu, f"{word(0, 1)}", 1, "word number 1", "'0'"),
    "conllu: not UTF-8": (
        read_conllu, f"{word(1, 0)}\n\n".encode() + b"1\tna\xefve\t_\n", 3, "UTF-8", "0xef",
    ),
    "conllx: columns": (read_conllx, f"{word(1, 0)}\n2\tb\tc", 2, "10 columns", "3"),
    "conllx: spaces": (read_conllx, word(1, 0).replace("\t", " "), 1, "tabs", "10 without tabs"),
    "conllx: CoNLL-2009": (read_conllx, word(1, 0) + "\t_" * 4, 1, "10 columns", "14"),
    "conllx: CoNLL-2012": (
        read_conllx, "#begin document (a); part 000\na 0 0 w NN * - - - - * -\n", 1,
        "CoNLL-X separated by tabs", "'#begin document', as in CoNLL-2012",
    ),
    "conllx: CoNLL-2003": (
        read_conllx, "-DOCSTART- -X- -X- O\n\nw NN I-NP O\n", 1,
        "CoNLL-X", "'-DOCSTART-', as in CoNLL-2003",
    ),
    "conllx: CoNLL-2003 without a start": (
        read_conllx, "w NN I-NP O\n", 1, "CoNLL-X", "4 without tabs",
    ),
    "conllx: a late comment": (
        read_conllx, f"{word(1, 0)}\n# so much for that", 2, "10 columns", "5 without tabs",
    ),
    "conllx: a range of CoNLL-U": (
        read_conllx, f"{word(1, 0)}\n2-3\tal" + "\t_" * 8, 2,
        "word number 2", "'2-3', as in CoNLL-U, whose files end in .conllu",
    ),
    "conllx: no head": (read_conllx, f"{word(1, '')}", 1, "number", "''"),
    "conllx: no form": (read_conllx, f"{word(1, 0, form='')}", 1, "a form", "none"),
    "conllx: outside": (read_conllx, f"#c\n{word(1, 2)}\n{word(2, 3)}", 3, "from 0 to 2", "3"),
    "conllx: itself": (read_conllx, word(1, 1), 1, "other than the word itself", "1"),
    "conllx: gap": (read_conllx, f"{word(1, 0)}\n{word(3, 1)}", 2, "word number 2", "'3'"),
    "conllx: not UTF-8": (read_conllx, b"1\tna\xefve\t_\n", 1, "UTF-8", "0xef"),
    "text: one column": (read_text, "a 0-root\nb", 2, "'word head-label'", "1"),
    "text: three columns": (read_text, "a b 0-root", 1, "'word head-label'", "3"),
    "text: no label": (read_text, "a 0", 1, "label", "'0'"),
    "text: empty label": (read_text, "a 0-", 1, "label", "'0-'"),
    "text: no number": (read_text, "a root-0", 1, "number", "'root'"),
    "text: outside": (read_text, "a 0-root\nb 3-x", 2, "from 0 to 2", "3"),
    "text: itself": (read_text, "a 1-root", 1, "other than the word itself", "1"),
    "text: not UTF-8": (read_text, b"a 0-root\n\n\xff 0-root\n", 3, "UTF-8", "0xff"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "content", "line", "expected", "found"), FAULTS.values(), ids=list(FAULTS)
)
def test_a_fault_names_file_and_line_and_what_was_expected_and_found(
    reader: Reader, content: str | bytes, line: int, expected: str, found: str, tmp_path: Path
) -> None:
    path = file(tmp_path, "faulty.conllu", content)
    with pytest.raises(ProbingError) as caught:
        list(reader(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: expected ")
    assert expected in message.partition(", found ")[0]
    came = message.partition(", found ")[2]
    assert came.removeprefix("byte ").removesuffix(" columns") == found
    assert "\n" not in message


def test_an_invalid_byte_far_into_a_file_is_found_on_its_own_line(tmp_path: Path) -> None:
    good = f"{word(1, 0, form='long' * 20)}\n\n".encode()  # buffers are longer than this
    path = file(tmp_path, "late.conllu", good * 1000 + b"1\t\xff\n" + good * 1000)
    with pytest.raises(ProbingError, match=re.escape(f"{path}:2001: expected UTF-8")):
        list(read_conllu(path))


@pytest.mark.parametrize("reader", [read_conllu, read_conllx, read_text])
def test_a_missing_file_and_a_folder_are_named(reader: Reader, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.conllu")
    with pytest.raises(ProbingError, match=re.escape(missing)):
        list(reader(missing))
    with pytest.raises(ProbingError, match=re.escape(str(tmp_path))):
        list(reader(str(tmp_path)))


@pytest.mark.parametrize(
    "source", ["builtin:", "builtin:documents=3", "builtin:seed=1,documents=2", "builtin:x=1"]
)
def test_a_builtin_source_of_another_form_is_refused(source: str) -> None:
    with pytest.raises(ProbingError, match=r"builtin:documents=N,seed=S.*found") as caught:
        list(read_builtin(source))
    assert source in str(caught.value)


def test_the_builtin_reader_reads_what_it_was_asked_for() -> None:
    assert list(read_builtin("builtin:documents=2,seed=9")) == list(generate(documents=2, seed=9))


# Trees


def naive_faults(heads: Sequence[int]) -> set[str]:
    """Follow every word upwards for as many steps as there are words."""
    faults = set()
    roots = sum(head == 0 for head in heads)
    if roots == 0:
        faults.add("no root")
    if roots > 1:
        faults.add("several roots")
    for word in range(1, len(heads) + 1):
        at = word
        for _ in range(len(heads)):
            at = heads[at - 1] if at else 0
        if at:
            faults.add("cycle")
    return faults


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.integers(0, n), min_size=n, max_size=n)))
def test_tree_faults_are_those_of_a_naive_walk(heads: list[int]) -> None:
    found = tree_faults(heads)
    assert len(found) == len(set(found))
    assert set(found) == naive_faults(heads)


@pytest.mark.parametrize(
    ("heads", "faults"),
    [
        ([0], []),
        ([2, 0, 2], []),
        ([0, 0], ["several roots"]),
        ([2, 1], ["no root", "cycle"]),
        ([0, 3, 2], ["cycle"]),
        ([0, 0, 4, 3], ["several roots", "cycle"]),
        ([], ["no root"]),
    ],
)
def test_tree_faults_by_hand(heads: list[int], faults: list[str]) -> None:
    assert tree_faults(heads) == faults


def test_a_long_chain_is_a_tree_found_in_no_time() -> None:
    assert tree_faults(range(20_000)) == []


@every_reader
def test_no_reader_stops_at_what_is_only_no_tree(
    reader: Reader, source: Source, tmp_path: Path
) -> None:
    odd = replace(BUILTIN[0], words=["a", "b"], heads=[2, 1], relations=["x", "y"], tags="__")
    if reader is read_builtin:
        assert all(tree_faults(s.heads) == [] for s in BUILTIN)
        return
    write = {
        read_conllu: write_conllu,
        read_conllx: write_conllx,
        read_text: write_text,
        read_datasets: write_json,
    }[reader]
    (found,) = reader(write(tmp_path / "odd.jsonl", [odd]))
    assert list(found.heads) == [2, 1]
