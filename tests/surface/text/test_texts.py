"""Plain text from files, folders, data sets, treebanks; and what is no text."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from probing.core.errors import ProbingError
from probing.encoder import Encoder, PlainTokenizer
from probing.surface.text.store import Segments, open_segments
from probing.surface.text.texts import Line, open_text, sentences_of


def lines(name: Path | str) -> list[Line]:
    return list(open_text(str(name)).lines())


def texts(name: Path | str) -> list[list[str | None]]:
    """The sentences of each document."""
    documents: dict[str, list[str | None]] = {}
    for document, sentence in lines(name):
        documents.setdefault(document, []).append(sentence)
    return list(documents.values())


def test_a_file_has_a_sentence_a_line_and_empty_lines_between_documents(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\n\n One. \nTwo.\n\n \t\n\nThree.\r\n", encoding="utf-8")
    assert texts(file) == [["One.", "Two."], ["Three."]]
    other = tmp_path / "notes"
    other.write_text("One.\n")
    assert texts(other) == [["One."]]


def test_files_of_a_folder_start_documents(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Two.\n")
    (tmp_path / "a.txt").write_text("One.\n")
    (tmp_path / "c.conllu").write_text("no text")
    assert texts(tmp_path) == [["One."], ["Two."]]


def test_a_released_treebank_is_text_without_its_licence(tmp_path: Path) -> None:
    (tmp_path / "LICENSE.txt").write_text("You may use this.\n")
    word = "1\t{0}\t_\t_\t_\t_\t0\troot\t_\t_\n\n"
    for split in ("train", "test"):
        (tmp_path / f"xx_yy-ud-{split}.conllu").write_text(word.format(split))
    assert texts(tmp_path) == [["test"]]
    assert open_text(str(tmp_path)).files == ("xx_yy-ud-test.conllu; passed over: 1 -train, 1 .txt")


def test_documents_that_take_turns_are_put_together(tmp_path: Path) -> None:
    text = "# newdoc id = {0}\n1\t{1}\t_\t_\t_\t_\t0\troot\t_\t_\n\n"
    file = tmp_path / "a.conllu"
    file.write_text("".join(text.format("xy"[n % 2], n) for n in range(6)))
    assert lines(file) == [("x", "0"), ("x", "2"), ("x", "4"), ("y", "1"), ("y", "3"), ("y", "5")]


def test_treebanks_are_text(tmp_path: Path) -> None:
    documents = texts("builtin:documents=3,seed=1")
    assert len(documents) == 3
    assert all(len(document) >= 4 for document in documents)
    file = tmp_path / "a.conllu"
    file.write_text(
        "# newdoc id = d\n# text = No!\n"
        "1\tNo\tno\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No\n"
        "2\t!\t!\tPUNCT\t_\t_\t1\tpunct\t_\t_\n\n"
    )
    assert lines(file) == [("d", "No!")]


def test_trees_in_a_text_file_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Birds 2-nsubj\nsing 0-root\n. 2-punct\n\n")
    with pytest.raises(ProbingError, match=r"a\.txt:1.*--data\.reader"):
        lines(file)


def test_rows_of_a_data_set_are_documents_or_sentences(tmp_path: Path) -> None:
    rows = ["It rained. It snowed.\nThen 3.5 cm fell. Yes.", "", None, "One only."]
    datasets.Dataset.from_dict({"body": rows}).to_parquet(str(tmp_path / "a.parquet"))
    name = f"datasets:{tmp_path / 'a.parquet'}"
    assert texts(f"{name},text=body") == [
        ["It rained.", "It snowed.", "Then 3.5 cm fell.", "Yes."],
        ["One only."],
    ]
    assert texts(f"{name},text=body,rows=sentences") == [
        ["It rained. It snowed. Then 3.5 cm fell. Yes."],
        ["One only."],
    ]
    with pytest.raises(ProbingError, match=r"row 1: expected a column 'text'.*found body"):
        lines(f"{name},rows=documents")
    with pytest.raises(ProbingError, match="expected rows=documents"):
        lines(f"{name},text=body,rows=pages")
    with pytest.raises(ProbingError, match="text, rows at most once"):
        lines(f"{name},text=body,words=tokens")


def test_a_column_of_numbers_is_no_text(tmp_path: Path) -> None:
    datasets.Dataset.from_dict({"text": [1]}).to_parquet(str(tmp_path / "a.parquet"))
    with pytest.raises(ProbingError, match="row 1: expected text in column 'text', found 1"):
        lines(f"datasets:{tmp_path / 'a.parquet'},rows=documents")


def test_where_sentences_end() -> None:
    text = 'He said "Go." She went! "Why?" asked (nobody). 12 of them: e.g. this one.\n\nNew line'
    assert list(sentences_of(text)) == [
        'He said "Go."',
        "She went!",
        '"Why?" asked (nobody).',
        "12 of them: e.g. this one.",
        "New line",
    ]


# What cannot be used, as the user is told


def opened(file: Path, encoder: Encoder, limit: int = 32) -> Segments:
    tokenizer = PlainTokenizer(encoder.tokenizer)
    return open_segments(str(file), reader=None, tokenizer=tokenizer, limit=limit, seed=0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no sentence"),
        ("\n \n\n", "found no sentence"),
        ("One.\n\nTwo.\n", r"none among 2 documents and 2 sentences \(2 alone at the end"),
        ("\u200b\n\u200b\n", r"none among 1 document and 2 sentences \(2 without a wordpiece\)"),
    ],
)
def test_texts_without_a_segment(
    text: str, said: str, tmp_path: Path, tiny_encoder: Encoder
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProbingError, match=said) as caught:
        opened(file, tiny_encoder)
    assert "a.txt" in str(caught.value)


def test_text_that_is_not_utf_8(tmp_path: Path, tiny_encoder: Encoder) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"One.\nTw\xf6.\n")
    with pytest.raises(ProbingError, match=r"a\.txt:2: expected UTF-8 text, found byte 0xf6"):
        opened(file, tiny_encoder)


def test_lines_of_a_hundred_thousand_characters(tmp_path: Path, tiny_encoder: Encoder) -> None:
    file = tmp_path / "a.txt"
    file.write_text("the cat " * 12_500 + "\n" + "x" * 100_000 + "\nhe was\n", encoding="utf-8")
    text = opened(file, tiny_encoder)
    assert text.census.sentences == 3
    assert text.census.cut > 20_000
    assert int(text.lengths.max()) == 32


def test_what_was_opened_once_is_read_again_only_if_it_changed(
    tmp_path: Path, tiny_encoder: Encoder
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("the dog\nin it\nthey was\n")
    first, again = opened(file, tiny_encoder), opened(file, tiny_encoder)
    assert first.census == again.census
    assert first.segments(range(len(first))) == again.segments(range(len(again)))
    assert first.segments([]) == []
    file.write_text("the dog\nin it\n")
    assert opened(file, tiny_encoder).census.sentences == 2


def test_a_treebank_whose_text_is_withheld_has_none(tmp_path: Path, tiny_encoder: Encoder) -> None:
    hidden = "1\t_\t_\t_\t_\t_\t0\troot\t_\t_\n2\t_\t_\t_\t_\t_\t1\tobj\t_\t_\n\n"
    file = tmp_path / "a.conllu"
    file.write_text(hidden * 3, encoding="utf-8")
    with pytest.raises(ProbingError, match="3 whose text is withheld"):
        opened(file, tiny_encoder)
    file.write_text(hidden * 3 + hidden.replace("\t_\t_\t_\t_\t_\t", "\tA\t_\t_\t_\t_\t") * 2)
    assert opened(file, tiny_encoder).census.left_out == {
        "whose text is withheld (every word is _)": 3
    }
