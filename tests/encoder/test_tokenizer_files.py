"""A folder's tokenizer: one that has words, made of the files that are there, or refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import transformers as tf
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from probing.core.errors import ProbingError
from probing.core.windows import Text
from probing.data.text import spaced
from probing.encoder import Encoder, PlainTokenizer, WordpieceTokenizer

LETTERS = sorted(pre_tokenizers.ByteLevel.alphabet())
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "the dog Dog The saw ##s s".split()


def folder(place: Path, family: str, **files: object) -> str:
    """A folder with a configuration, and files whose names have ``_`` in place of their dot."""
    place.mkdir(exist_ok=True)
    config = {"model_type": family, "vocab_size": 400, "pad_token_id": 0}
    for name, content in {"config_json": config, **files}.items():
        stem, _, ending = name.rpartition("_")
        text = content if isinstance(content, str) else json.dumps(content)
        (place / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return str(place)


def tokenizer_of(place: str, **options: Any) -> WordpieceTokenizer:
    return Encoder(place, **options).tokenizer


# ------------------------------------------------------- nothing but special tokens

ALONE = {
    "bert": "missing: tokenizer.json, vocab.txt",
    "electra": "missing: tokenizer.json, vocab.txt",
    "albert": "missing: tokenizer.json, spiece.model",
    "xlm-roberta": "missing: tokenizer.json, sentencepiece.bpe.model",
    "roberta": "missing: tokenizer.json, vocab.json, merges.txt",
    "gpt2": "missing: tokenizer.json, vocab.json, merges.txt",
    "gpt_neox": "missing: tokenizer.json, vocab.json, merges.txt",
    "camembert": "missing: tokenizer.json, sentencepiece.bpe.model",
    "gemma": "missing: tokenizer.json",
    "rembert": "missing: tokenizer.json, sentencepiece.model",
    # Their vocabulary without any file has a mark for spaces, or a full stop.
    "t5": "missing: tokenizer.json, spiece.model",
    "splinter": "missing: tokenizer.json, vocab.txt",
    # Those for which transformers has no class of its own say so themselves.
    "llama": "has no tokenizer: expected tokenizer.json, or the vocabulary of its family",
    "modernbert": "has no tokenizer: expected tokenizer.json",
    "esm": "has no tokenizer: expected tokenizer.json",
}


@pytest.mark.parametrize("family", ALONE)
def test_a_model_without_tokenizer_files_is_refused(family: str, tmp_path: Path) -> None:
    place = folder(tmp_path / "m", family)
    encoder = Encoder(place)
    if family == "t5":  # a family of two stacks is refused before
        encoder.source.__dict__["config"] = tf.T5Config(is_encoder_decoder=False)
    with pytest.raises(ProbingError) as caught:
        _ = encoder.tokenizer
    said = str(caught.value)
    assert ALONE[family] in said
    assert place in said
    assert "save_pretrained" in said


ADDED = {str(i): {"content": w, "special": i < 5} for i, w in enumerate([*BERT, "zb", "zs"])}
PARTIAL: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "a configuration alone": (
        "bert",
        {"tokenizer_config_json": {"tokenizer_class": "BertTokenizer", "do_lower_case": False}},
        "nothing but special tokens ([UNK], [SEP], [PAD], [CLS], [MASK]), so that",
    ),
    "one of another family": (
        "llama",
        {"tokenizer_config_json": {"tokenizer_class": "GPT2Tokenizer"}},
        "(GPT2Tokenizer) holds nothing but special tokens",
    ),
    "added words": (
        "bert",
        {"tokenizer_config_json": {"added_tokens_decoder": ADDED}},
        "nothing but special tokens",
    ),
    "added words, as they used to be": (
        "bert",
        {"added_tokens_json": {"zb": 5, "zs": 6}},
        "nothing but special tokens",
    ),
    "special tokens": (
        "bert",
        {"special_tokens_map_json": {"additional_special_tokens": ["<a>", "<b>"]}},
        "nothing but special tokens ([UNK], [SEP], [PAD], [CLS], [MASK], ...)",
    ),
    "a vocabulary of special tokens": ("bert", {"vocab_txt": "\n".join(BERT)}, "; found vocab.txt"),
    "a vocabulary without merges": (
        "gpt2",
        {"vocab_json": {"a": 0, "b": 1}},
        "no tokenizer can be made of vocab.json without tokenizer.json",
    ),
    "an empty vocabulary": ("bert", {"vocab_txt": ""}, "; found vocab.txt"),
    "no tokenizer": ("bert", {"tokenizer_json": "{}"}, "can be made of tokenizer.json: "),
    "a part of one": ("bert", {"tokenizer_json": '{"version":'}, "be made of tokenizer.json: "),
    "a file for a library that is not installed, or no such file": (
        "albert",
        {"spiece_model": "no proto"},
        "no tokenizer can be made of spiece.model without tokenizer.json: ",
    ),
}


@pytest.mark.parametrize("case", PARTIAL)
def test_a_part_of_a_tokenizer_is_refused(case: str, tmp_path: Path) -> None:
    family, files, expected = PARTIAL[case]
    with pytest.raises(ProbingError) as caught:
        tokenizer_of(folder(tmp_path / "m", family, **files))
    assert expected in str(caught.value)


def test_a_vocabulary_of_a_few_words_is_enough(tmp_path: Path) -> None:
    place = folder(tmp_path / "m", "bert", vocab_txt="\n".join([*BERT, "a", "b"]))
    (pieces,) = tokenizer_of(place)([spaced(["a", "b"])])
    assert pieces.ids == [2, 5, 6, 3]


# ------------------------------------------------------- names of special tokens


def unigram(*special: str) -> Tokenizer:
    letters = "▁abkmnpsu<>/[]"
    scores = [*((s, 0.0) for s in special), *((c, -3.0) for c in letters), ("▁a", -1.0)]
    backend = Tokenizer(models.Unigram(scores, list(special).index("<unk>")))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.add_special_tokens(list(special))
    return backend


def look_up(splitter: Any) -> Tokenizer:
    pieces = [*BERT, *"a < > / [ ] sep unk s ##ep u ##n ##k ##s ##]".split()]
    backend = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    backend.pre_tokenizer = splitter
    backend.add_special_tokens(BERT)
    return backend


def merging(*special: str, ignore_merges: bool = False) -> Tokenizer:
    vocabulary = {piece: i for i, piece in enumerate([*LETTERS, *special])}
    backend = Tokenizer(models.BPE(vocabulary, [], ignore_merges=ignore_merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.add_special_tokens(list(special))
    return backend


NAMES: Mapping[str, tuple[Callable[[], Tokenizer], Sequence[str]]] = {
    # It finds the names in its vocabulary, whatever stands around them.
    "Unigram": (lambda: unigram("<s>", "<unk>", "</s>", "<pad>"), ["<s>", "<unk>", "</s>"]),
    "WordPiece, cut at marks": (
        lambda: look_up(pre_tokenizers.BertPreTokenizer()),
        ["[UNK]", "[CLS]", "[SEP]"],
    ),
    "WordPiece, cut at spaces": (
        lambda: look_up(pre_tokenizers.WhitespaceSplit()),
        ["[UNK]", "[CLS]", "[SEP]"],
    ),
    "BPE": (lambda: merging("<s>", "<|end|>"), ["<s>", "<|end|>"]),
    "BPE that looks whole words up": (
        lambda: merging("<s>", "<|end|>", ignore_merges=True),
        ["<s>", "<|end|>"],
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_of_special_tokens_are_text(case: str) -> None:
    made, names = NAMES[case]
    backend = made()
    tokenizer = WordpieceTokenizer(
        tf.PreTrainedTokenizerFast(tokenizer_object=backend), name="tiny", limit=64
    )
    special = {backend.token_to_id(name) for name in names} - {tokenizer.unknown_id}
    for name in names:
        for words in ([name], ["a", name], [name, name], [f"a{name}a"], ["a", name, "a"]):
            (pieces,) = tokenizer([spaced(words)])
            assert pieces.words == set(range(len(words)))
            assert special.isdisjoint(pieces.ids)
            [plain] = PlainTokenizer(tokenizer)([" ".join(words)])
            assert special.isdisjoint(plain)


@pytest.mark.parametrize("case", NAMES)
def test_other_texts_are_cut_as_ever(case: str) -> None:
    made, _ = NAMES[case]
    tokenizer = WordpieceTokenizer(
        tf.PreTrainedTokenizerFast(tokenizer_object=made()), name="tiny", limit=64
    )
    window = spaced(["a", "<", "s", ">", "as", "unk", "[", "sep"])
    untouched = made()
    text = window.text if tokenizer.marks_spaces else list(window.words)
    expected = untouched.encode(text, is_pretokenized=not tokenizer.marks_spaces).ids
    assert tokenizer([window])[0].ids == expected


# ------------------------------------------------------- what transformers makes of a file


def grouping(places: int = 2) -> Tokenizer:
    """Cuts numbers into groups of digits and makes one character of several, as Llama's does."""
    pieces = [*LETTERS, "Ġd", "Ġdo", "12", "123", "34", "<s>"]
    merges = [("Ġ", "d"), ("Ġd", "o"), ("1", "2"), ("12", "3"), ("3", "4")]
    backend = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, merges))
    backend.normalizer = normalizers.NFC()
    digits = pre_tokenizers.Split(Regex(rf"\p{{N}}{{1,{places}}}"), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([digits, level])
    backend.add_special_tokens(["<s>"])
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", pieces.index("<s>"))]
    )
    return backend


def saved(place: Path, backend: Tokenizer, family: str, kind: str | None) -> str:
    config = {"tokenizer_class": kind, "bos_token": "<s>"}
    return folder(
        place,
        family,
        tokenizer_json=backend.to_str(),
        **({} if kind is None else {"tokenizer_config_json": config}),
    )


REBUILT = [("GPT2Tokenizer", "llama"), ("GPT2Tokenizer", "gpt2"), (None, "gpt_neox"), (None, "opt")]


@pytest.mark.parametrize(("kind", "family"), REBUILT)
def test_words_that_the_file_would_cut_otherwise_are_counted(
    kind: str | None, family: str, tmp_path: Path
) -> None:
    place = saved(tmp_path / "m", grouping(), family, kind)
    own = tokenizer_of(place)
    windows = [spaced(["do", "1234", "1", "12345"]), spaced(["do", "12"]), spaced(["1234"])]
    # The file itself, word by word: no word but the numbers of three digits and more differs.
    raw = grouping()
    expected = [
        sum(
            [
                raw.id_to_token(i)
                for i in raw.encode(" " * (k > 0) + word, add_special_tokens=False).ids
            ]
            != own.tokenizer.convert_ids_to_tokens(own.pieces([" " * (k > 0) + word])[0])
            for k, word in enumerate(window.words)
        )
        for window in windows
    ]
    assert [pieces.rebuilt for pieces in own(windows)] == expected == [2, 0, 1]
    assert own.rebuilt([window.text for window in windows]) == 2


@pytest.mark.parametrize(("kind", "family"), REBUILT)
def test_the_file_is_taken_where_that_is_asked_for(
    kind: str | None, family: str, tmp_path: Path
) -> None:
    place = saved(tmp_path / "m", grouping(), family, kind)
    own, made = tokenizer_of(place, tokenizer_file=True), tokenizer_of(place)
    windows = [spaced(["do", "1234", "1", "12345"]), spaced(["12"])]
    raw = grouping()
    for window, pieces in zip(windows, own(windows), strict=True):
        assert pieces.ids == raw.encode(window.text).ids
        assert pieces.rebuilt == 0
    assert own.fingerprint != made.fingerprint
    assert own.definition != made.definition


def test_a_tokenizer_that_is_its_file_is_not_compared(tmp_path: Path) -> None:
    place = saved(tmp_path / "m", grouping(), "llama", "PreTrainedTokenizerFast")
    own = tokenizer_of(place)
    assert own.file is None
    (pieces,) = own([spaced(["12345"])])
    assert pieces.rebuilt == 0
    same = tokenizer_of(place, tokenizer_file=True)
    assert (same.definition, same.fingerprint) == (own.definition, own.fingerprint)


def test_another_file_is_another_fingerprint_of_the_same_wordpieces(tmp_path: Path) -> None:
    two = tokenizer_of(saved(tmp_path / "a", grouping(), "llama", "GPT2Tokenizer"))
    three = tokenizer_of(saved(tmp_path / "b", grouping(3), "llama", "GPT2Tokenizer"))
    assert two.definition == three.definition
    assert two.fingerprint != three.fingerprint


def test_a_file_that_is_not_there_cannot_be_taken(tmp_path: Path) -> None:
    place = folder(tmp_path / "m", "bert", vocab_txt="\n".join([*BERT, *WORDS]))
    with pytest.raises(ProbingError, match=r"tokenizer_file true needs its tokenizer\.json, which"):
        tokenizer_of(place, tokenizer_file=True)


def test_other_special_tokens_than_the_file_has_are_said(tmp_path: Path) -> None:
    place = saved(tmp_path / "m", grouping(), "gpt_neox", None)
    said = "tokenizer.json puts other special tokens around a text"
    assert tokenizer_of(place).oddities == [said]
    assert tokenizer_of(place, tokenizer_file=True).oddities == []


def test_a_further_encoder_takes_the_file_where_the_main_one_does(tmp_path: Path) -> None:
    place = saved(tmp_path / "m", grouping(), "llama", "GPT2Tokenizer")
    main = Encoder(place, tokenizer_file=True)
    for further in (Encoder(random_init=True), Encoder(place), Encoder(place, random_init=True)):
        assert further.beside(main).tokenizer.definition == main.tokenizer.definition
        assert further.tokenizer_file
    with pytest.raises(ProbingError, match="have different tokenizers"):
        Encoder(place, tokenizer_file=False).beside(main)
    with pytest.raises(ProbingError, match="have different tokenizers"):
        Encoder(random_init=True, tokenizer_file=True).beside(Encoder(place))


# ------------------------------------------------------- capitals


def test_a_cased_vocabulary_that_is_lower_cased_is_said(tmp_path: Path) -> None:
    vocabulary = "\n".join([*BERT, *WORDS])
    place = folder(tmp_path / "a", "bert", vocab_txt=vocabulary)
    found = tokenizer_of(place)
    (said,) = found.oddities
    assert said.startswith("its tokenizer lower-cases all text, though 2 wordpieces have capital")
    assert [p.ids[1:-1] for p in found([spaced(["The", "Dog"])])] == [[5, 6]]
    config = {"do_lower_case": False}
    place = folder(tmp_path / "b", "bert", vocab_txt=vocabulary, tokenizer_config_json=config)
    found = tokenizer_of(place)
    assert found.oddities == []
    assert [p.ids[1:-1] for p in found([spaced(["The", "Dog"])])] == [[8, 7]]


def test_a_lower_cased_vocabulary_is_nothing_odd(tiny_bert: Path, tmp_path: Path) -> None:
    assert tokenizer_of(str(tiny_bert)).oddities == []
    lone = [*BERT, *(f"w{i}" for i in range(200)), "One"]  # of no account
    assert tokenizer_of(folder(tmp_path / "m", "bert", vocab_txt="\n".join(lone))).oddities == []


def test_a_file_without_its_configuration_is_compared(tmp_path: Path) -> None:
    """transformers lower-cases, since nothing but the file says that it must not."""
    vocabulary = {piece: i for i, piece in enumerate([*BERT, *WORDS])}
    place = folder(tmp_path / "m", "bert")
    tf.BertTokenizer(vocab=vocabulary, do_lower_case=False).save_pretrained(place)
    os.remove(Path(place, "tokenizer_config.json"))
    window = spaced(["The", "Dog", "saws", "the", "dog"])
    (pieces,) = tokenizer_of(place)([window])
    assert pieces.rebuilt == 2
    (pieces,) = tokenizer_of(place, tokenizer_file=True)([window])
    assert pieces.ids[1:-1] == [vocabulary[p] for p in "The Dog saw ##s the dog".split()]
    assert pieces.rebuilt == 0


# ------------------------------------------------------- unknown words


def test_words_with_a_piece_that_is_unknown_are_counted(tiny_encoder: Encoder) -> None:
    tokenizer = tiny_encoder.tokenizer
    for words in (["the", "dog"], ["the", "\u6f22"], ["\u6f22\u5b57", "a\u6f22b", "\u00df", "cat"]):
        (pieces,) = tokenizer([spaced(words)])
        unknown = {w for i, w in zip(pieces.ids, pieces.words_of, strict=True) if i == 1}
        assert pieces.unknown == len(unknown)
    assert tokenizer([spaced(["the", "dog"])])[0].unknown == 0
    assert tokenizer([spaced(["[UNK]"])])[0].unknown == 0


def test_an_unknown_piece_of_several_words_is_unknown_in_each() -> None:
    backend = Tokenizer(models.Unigram([("<unk>", -9.0), ("▁", -2.0), ("a", -1.0)], 0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    tokenizer = WordpieceTokenizer(
        tf.PreTrainedTokenizerFast(tokenizer_object=backend), name="tiny", limit=64
    )
    text = Text(["a", "x", "y", "a", "a"], "a xya a", [(0, 1), (2, 3), (3, 4), (4, 5), (6, 7)])
    assert tokenizer([text])[0].unknown == 2


@pytest.mark.parametrize("is_whole", [True, False])
def test_characters_that_leave_no_trace_are_unknown(is_whole: bool) -> None:
    letters = LETTERS if is_whole else sorted({*"abé", "Ġ"} & set(LETTERS))
    backend = Tokenizer(models.BPE({p: i for i, p in enumerate(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = WordpieceTokenizer(
        tf.PreTrainedTokenizerFast(tokenizer_object=backend), name="tiny", limit=64
    )
    (pieces,) = tokenizer([spaced(["a", "ax", "b\u00e9", "ab"])])
    assert pieces.unknown == (0 if is_whole else 2)
    assert pieces.words == {0, 1, 2, 3}


def test_bytes_stand_in_for_what_is_unknown() -> None:
    every = [f"<0x{byte:02X}>" for byte in range(256)]
    for bytes_known, expected in ((256, 0), (128, 1)):
        pieces = ["▁", "a", *every[:bytes_known]]
        model = models.BPE({p: i for i, p in enumerate(pieces)}, [], byte_fallback=True)
        backend = Tokenizer(model)
        backend.normalizer = normalizers.Replace(" ", "▁")
        tokenizer = WordpieceTokenizer(
            tf.PreTrainedTokenizerFast(tokenizer_object=backend), name="tiny", limit=64
        )
        (found,) = tokenizer([spaced(["a", "\u00e9a", "ax"])])
        assert found.unknown == expected


def test_a_tokenizer_that_fails_is_named() -> None:
    backend = Tokenizer(models.Unigram([("a", -1.0), ("b", -1.0), ("▁", -1.0)]))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer = WordpieceTokenizer(
        tf.PreTrainedTokenizerFast(tokenizer_object=backend), name="tiny", limit=64
    )
    with pytest.raises(ProbingError, match=r"the tokenizer of tiny fails: .*unk_id"):
        tokenizer([spaced(["a", "x"])])
