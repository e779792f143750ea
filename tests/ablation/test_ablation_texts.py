"""Texts and pairs: what is read, left out and refused, and the batches that it comes in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from probing.ablation.batches import Texts
from probing.ablation.texts import Sentences, pairs, sentences
from probing.core.errors import ProbingError
from probing.encoder import Encoder, PlainTokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Encoder) -> PlainTokenizer:
    return PlainTokenizer(tiny_encoder.tokenizer)


def written(folder: Path, text: str, name: str = "mine.tsv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_pairs_of_a_file(tokenizer: PlainTokenizer, tmp_path: Path) -> None:
    path = written(tmp_path, "the dog is in\tthe dog was in\n\na cat\tA cat\n it was \t it is\r\n")
    part = pairs(path, tokenizer=tokenizer)
    assert (part.name, part.is_paired) == ("mine", True)
    assert part.left_out == {"of the same wordpieces": 1}  # it lower-cases
    pieces = tokenizer(["the dog is in", "the dog was in", "it was", "it is"])
    framed = [[2, *own, 3] for own in pieces]
    assert part.items == [tuple(framed[:2]), tuple(framed[2:])]
    assert len(set(part.units)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a dog", r"mine\.tsv:1: expected a good sentence, a tab and a bad one, found 'a dog'"),
        ("a\tb\n\na\tb\tc", r"mine\.tsv:3: expected a good sentence"),
        ("a\t", r"mine\.tsv:1: expected a good"),
        ("\ta", r"mine\.tsv:1: expected a good"),
        ("", "expected a pair of sentences, found none that fits"),
        ("a\ta\nb\tb", "2 of the same wordpieces"),
        ("a " * 600 + "\tb", "1 longer than 512 wordpieces"),
    ],
)
def test_faulty_files_of_pairs(
    text: str, said: str, tokenizer: PlainTokenizer, tmp_path: Path
) -> None:
    with pytest.raises(ProbingError, match=said):
        pairs(written(tmp_path, text), tokenizer=tokenizer)


@pytest.mark.parametrize(
    "source", ["builtin:roles", "builtin:rules,pairs=3,seed=1", "builtin:roles,pairs=0,seed=1"]
)
def test_sets_that_there_are_not(source: str, tokenizer: PlainTokenizer) -> None:
    with pytest.raises(ProbingError, match="a SET of agreement, roles, reversible"):
        pairs(source, tokenizer=tokenizer)


def test_no_two_parts_have_one_name(tokenizer: PlainTokenizer, tmp_path: Path) -> None:
    for name in ("roles.tsv", "text.tsv"):
        path = written(tmp_path, "a\tb", name)
        with pytest.raises(ProbingError, match="as something else already"):
            pairs(path, tokenizer=tokenizer, taken=["roles"])


def test_sentences_of_a_text(tokenizer: PlainTokenizer, tmp_path: Path) -> None:
    path = written(tmp_path, "a dog\nthe cat is in\n\nit was\n\u200b\n" + "a " * 600, "my.txt")
    part = sentences(path, reader=None, tokenizer=tokenizer, most=None)
    assert (part.name, part.is_paired) == ("text", False)
    assert part.items == [
        ([2, *own, 3],) for own in tokenizer(["a dog", "the cat is in", "it was"])
    ]
    assert part.units[0] == part.units[1] != part.units[2]  # documents
    assert part.left_out == {"without a wordpiece": 1, "longer than 512 wordpieces": 1}
    alone = written(tmp_path, "a dog\nthe cat is in\nit was\nhe is", "one.txt")
    part = sentences(alone, reader=None, tokenizer=tokenizer, most=2)
    assert part.items == [([2, *own, 3],) for own in tokenizer(["a dog", "it was"])]
    assert len(set(part.units)) == 2  # one document is none: sentences are drawn


def test_lengths_that_few_have_are_left_out_and_take_their_pairs_along() -> None:
    one, two, three = [1] * 3, [1] * 4, [1] * 5
    items: list[tuple[list[int], ...]] = [(one, two), (two, two), (three, one), (one, one)]
    part = Sentences("mine", "mine.tsv", items, [10, 11, 12, 13])
    part.keep(2)  # the third goes with the only one of its length
    assert part.items == [(one, two), (two, two), (one, one)]
    assert part.units == [10, 11, 13]
    assert part.left_out == {"of a length that fewer than 2 have": 1}
    part.keep(3)
    assert part.items == [(one, two), (two, two), (one, one)]
    said = r"^--data\.pairs mine\.tsv: .* none that fits .*--ablation\.how zero.*more pairs"
    with pytest.raises(ProbingError, match=said):
        part.keep(4)


def test_a_text_without_others_of_a_length_is_told_of_all_remedies() -> None:
    part = Sentences("text", "mine.txt", [([1] * 3,), ([1] * 4,)], [10, 11])
    said = r"^--data\.test mine\.txt: expected a sentence, .*--ablation\.how zero.*--data\.most"
    with pytest.raises(ProbingError, match=said):
        part.keep(2)


@pytest.mark.parametrize("in_turn", [False, True])
def test_batches_hold_every_item_once_and_texts_of_one_length(
    in_turn: bool, tokenizer: PlainTokenizer
) -> None:
    part = pairs("builtin:roles,pairs=60,seed=2", tokenizer=tokenizer)
    texts = Texts(part, wordpieces=300, in_turn=in_turn)
    assert sorted(number for batch in texts.batches for number in batch) == [*range(60)]
    every = Counter(tuple(ids) for item in part.items for ids in item)
    for indices in texts.batches:
        batch = texts[indices]
        assert [side.ids.tolist() for side in batch.sides] == [
            [part.items[k][place] for k in indices] for place in range(2)
        ]
        for side in batch.sides:
            count, length = side.ids.shape
            assert count == 1 or count * length * (length if in_turn else 1) <= 300
            alike = {ids: n for ids, n in every.items() if len(ids) == length}
            assert Counter(map(tuple, side.every.tolist())) == alike
            assert (side.every[side.own] == side.ids).all()
    assert texts[[]].sides == ()
