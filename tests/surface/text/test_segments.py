"""Segments: document boundaries, both parts, room, seeds, and what cannot be used."""

from __future__ import annotations

from random import Random

import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from probing.core.errors import ProbingError
from probing.encoder import Encoder, Frame, PlainTokenizer, WordpieceTokenizer
from probing.surface.text.segments import (
    CLS,
    OTHER,
    PUNCTUATION,
    SEP,
    SPECIAL,
    InOne,
    InPairs,
    TextCensus,
    framed,
    packing_for,
    segments,
    truncated,
)


class Numbers:
    """A tokenizer that takes sentences of numbers for wordpieces; 7 is a full stop."""

    limit = 64
    pad_id = 0
    unknown_id = 8
    punctuation = frozenset({7})

    def __init__(self, frame: Frame | None = None) -> None:
        self.frame = frame or Frame((1,), (2,), (3,), 1)

    def __call__(self, sentences: list[str]) -> list[list[int]]:
        return [[int(piece) for piece in sentence.split()] for sentence in sentences]

    def rebuilt(self, sentences: list[str]) -> int:
        return sum("9" in sentence.split() for sentence in sentences)


def packed(
    documents: list[list[list[int]]], *, limit: int, seed: int = 0, frame: Frame | None = None
) -> tuple[list[tuple[list[int], list[int]]], TextCensus]:
    """The parts of all segments, taken from what stands between the special tokens."""
    lines = [
        (f"d{number}", " ".join(map(str, sentence)))
        for number, document in enumerate(documents)
        for sentence in document
    ]
    census = TextCensus()
    tokenizer = Numbers(frame)
    made = segments(lines, tokenizer, census, limit=limit, seed=seed)  # type: ignore[arg-type]
    parts = []
    for segment in made:
        ids = list(segment.ids)
        assert len(ids) == len(segment.types) == len(segment.kinds) <= limit
        if tokenizer.frame.between:
            assert ids[0] == 1
            assert ids[-1] == 3
            assert ids.count(2) == 1
            middle = ids.index(2)
            assert list(segment.types) == [0] * (middle + 1) + [1] * (len(ids) - middle - 1)
            parts.append((ids[1:middle], ids[middle + 1 : -1]))
        else:
            parts.append((ids[1:], []))
    return parts, census


# Every piece of a text is a number of its own: 100 and up.
DOCUMENTS = st.lists(
    st.lists(st.integers(0, 30), min_size=1, max_size=9), min_size=1, max_size=5
).map(
    lambda lengths: [
        [
            list(range(100 + 10_000 * d + 100 * s, 100 + 10_000 * d + 100 * s + n))
            for s, n in enumerate(document)
        ]
        for d, document in enumerate(lengths)
    ]
)


@given(DOCUMENTS, st.integers(5, 40), st.integers(0, 3))
def test_parts_of_any_text(documents: list[list[list[int]]], limit: int, seed: int) -> None:
    parts, census = packed(documents, limit=limit, seed=seed)
    for first, second in parts:
        assert first
        assert second
        assert len({piece // 10_000 for piece in first + second}) == 1  # one document
        sentences = [[p // 100 for p in part] for part in (first, second)]
        assert sentences[0][-1] < sentences[1][0]  # split between sentences
        for part in (first, second):  # nothing is missing within a part
            own = [s for document in documents for s in document for p in s if p in part]
            whole = [p for s in dict.fromkeys(map(tuple, own)) for p in s]
            start = whole.index(part[0])
            assert whole[start : start + len(part)] == part
    used = [piece for pair in parts for part in pair for piece in part]
    assert len(used) == len(set(used))
    # Every sentence is used or counted, every piece of a used one is there or cut off.
    assert census.sentences == sum(map(len, documents))
    assert census.used + census.left_out.total() == census.sentences
    empty = sum(not sentence for document in documents for sentence in document)
    assert census.left_out["without a wordpiece"] == empty
    assert census.wordpieces == len(used) + 3 * len(parts)
    assert census.segments == len(parts)
    assert census.documents == len(documents)


def test_sentences_are_packed_until_they_fill_a_segment() -> None:
    document = [[10 * n + k for k in range(4)] for n in range(10, 19)]
    parts, census = packed([document], limit=13)  # room for 10: three sentences make 12
    assert [len(a) + len(b) for a, b in parts] == [10, 10, 10]
    assert census.cut == 6
    parts, census = packed([document], limit=15)  # three sentences fit as they are
    assert [sorted(a + b) for a, b in parts] == [
        [piece for sentence in document[k : k + 3] for piece in sentence] for k in (0, 3, 6)
    ]
    assert census.cut == 0


def test_all_sentence_boundaries_are_split_at() -> None:
    document = [[10 * n, 10 * n + 1] for n in range(10, 15)]
    lengths = {len(packed([document], limit=20, seed=seed)[0][0][0]) for seed in range(60)}
    assert lengths == {2, 4, 6, 8}


def test_a_document_is_split_the_same_whatever_comes_before() -> None:
    document = [[10 * n, 10 * n + 1] for n in range(10, 30)]
    other = [[1000, 1001], [1010, 1011]]
    assert packed([document, other], limit=20)[0][:-1] == packed([document], limit=20)[0]
    assert packed([document], limit=20, seed=1)[0] != packed([document], limit=20)[0]


def test_a_sentence_that_fills_a_segment_alone_takes_the_next_beside_it() -> None:
    parts, census = packed([[list(range(100, 400)), [7, 8], [9]]], limit=13)
    ((first, second),) = parts
    assert second == [7, 8]
    assert len(first) == 8
    assert census.left_out == {"alone at the end of a document": 1}


def test_a_sentence_alone_is_counted() -> None:
    parts, census = packed([[[5]], [[6], [7]], [[], [8]]], limit=20)
    assert parts == [([6], [7])]
    assert census.left_out == {"alone at the end of a document": 2, "without a wordpiece": 1}


@given(st.integers(1, 50), st.integers(1, 50), st.integers(2, 60), st.integers(0, 5))
def test_cutting_is_that_of_the_authors(a: int, b: int, room: int, seed: int) -> None:
    """``truncate_seq_pair`` of BERT's pre-training, from its description, on lists."""
    first, second = list(range(a)), list(range(100, 100 + b))
    found = truncated(first, second, room, Random(seed))
    dice = Random(seed)
    while len(first) + len(second) > room:
        longer = first if len(first) > len(second) else second
        if dice.random() < 0.5:
            del longer[0]
        else:
            longer.pop()
    assert found == (first, second)
    assert first
    assert second


def test_models_without_a_separator_get_one_part_cut_at_its_end() -> None:
    frame = Frame((1,), (), (), 0)
    document = [[10 * n, 10 * n + 1, 10 * n + 2] for n in range(10, 15)]
    parts, census = packed([document, [[5]]], limit=8, frame=frame)
    text = [piece for sentence in document for piece in sentence]
    assert parts == [(text[:7], []), (text[9:15], []), ([5], [])]
    assert census.left_out == {}
    assert isinstance(packing_for(frame), InOne)
    assert isinstance(packing_for(Numbers().frame), InPairs)


def test_kinds_of_wordpieces() -> None:
    tokenizer = Numbers()
    made = framed([5, 7], [7, 2], tokenizer.frame, tokenizer)  # type: ignore[arg-type]
    # A wordpiece of the text is text, even where it has the number of a special token.
    assert made.kinds == [CLS, OTHER, PUNCTUATION, SEP, PUNCTUATION, OTHER, SEP]
    start = Frame((1,), (), (), 0)
    assert framed([5], [], start, tokenizer).kinds == [SPECIAL, OTHER]  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, 4, 65])
def test_limits_that_do_not_fit_are_refused(limit: int) -> None:
    with pytest.raises(ProbingError, match=f"from 5 to 64 wordpieces.*found {limit}"):
        packed([[[5], [6]]], limit=limit)


# The tokenizers of real models


def test_a_text_tokenizer_of_bert(tiny_encoder: Encoder) -> None:
    tokenizer = PlainTokenizer(tiny_encoder.tokenizer)
    assert tokenizer.frame == Frame((2,), (3,), (3,), 1)  # [CLS], [SEP]
    assert len(tokenizer.frame) == 3
    (pieces,) = tokenizer(["The cat, [SEP]."])
    names = tokenizer.names(pieces)
    assert names[:3] == ["the", "cat", ","]
    assert 3 not in pieces  # the name of a special token in a text is text
    assert {i for i, name in zip(pieces, names, strict=True) if name in ".,"} == set(
        tokenizer.punctuation
    )
    assert not set(tokenizer.ordinary) & {0, 1, 2, 3, 4}
    assert tokenizer([]) == []


@pytest.mark.parametrize("text", ["", "\u200b", "\x00\x01"])
def test_sentences_of_which_nothing_is_left(text: str, tiny_encoder: Encoder) -> None:
    assert PlainTokenizer(tiny_encoder.tokenizer)([text]) == [[]]


def byte_level(*merges: tuple[str, str], prefix: bool = False) -> PlainTokenizer:
    """As GPT-2's, with a start token and no more merges than given."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = dict.fromkeys(["<s>", *letters, *(a + b for a, b in merges)])
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(vocabulary)}, [*merges]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    backend.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>")
    return PlainTokenizer(WordpieceTokenizer(fast, name="tiny", limit=64))


@pytest.mark.parametrize("prefix", [False, True])
def test_a_text_tokenizer_of_a_decoder(prefix: bool) -> None:
    tokenizer = byte_level(("Ġ", "a"), ("Ġa", "b"), prefix=prefix)
    assert tokenizer.frame == Frame((0,), (), (), 0)
    first, second = tokenizer(["ab é.", "<s>"])
    assert tokenizer.names(first) == ["ab", "␣", "�", "�", "."]  # a space before, once
    assert 0 not in second  # the name of a special token in a text is text
    assert {first[-1]} < set(tokenizer.punctuation)
    assert 0 not in tokenizer.ordinary


@pytest.mark.parametrize("scheme", ["always", "first", "never"])
def test_sentence_pieces_have_one_space_before_them(scheme: str) -> None:
    pieces = [("<unk>", -9.0), *((c, -5.0) for c in "▁a.,"), ("▁a", -1.0)]
    backend = Tokenizer(models.Unigram(pieces, 0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=backend)
    tokenizer = PlainTokenizer(WordpieceTokenizer(fast, name="tiny", limit=64))
    assert tokenizer(["a a."]) == [[5, 5, 3]]
    assert tokenizer.punctuation == {3, 4}


def test_roberta_has_two_separators_in_the_middle() -> None:
    backend = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "a": 2}, "a"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 1)],
    )
    special = {"cls_token": "<s>", "sep_token": "</s>"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **special)
    tokenizer = PlainTokenizer(WordpieceTokenizer(fast, name="tiny", limit=64))
    assert tokenizer.frame == Frame((0,), (1, 1), (1,), 0)
    made = framed([2, 2], [2], tokenizer.frame, tokenizer)
    assert made.kinds == [CLS, OTHER, OTHER, SEP, SEP, OTHER, SEP]
    assert len(made.ids) == 3 + len(tokenizer.frame)
