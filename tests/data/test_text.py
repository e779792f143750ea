"""How words were written: CoNLL-U's text, ranges and missing spaces, against plain loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.core.windows import Text, Wordpieces
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.formats.conllu import read_conllu
from probing.data.formats.paper import read_text
from probing.data.store import open_windows
from probing.data.tasks.dependencies import Dependencies
from probing.data.tasks.whole import with_whole_rows
from probing.data.text import MISMATCH, joined, spaced
from probing.reports.described import describe


def line(number: str, form: str, misc: str = "_") -> str:
    head = "_" if "-" in number else ("0" if number == "1" else "1")
    return f"{number}\t{form}\t_\t_\t_\t_\t{head}\tdep\t_\t{misc}"


def read(folder: Path, *lines: str) -> Sentence:
    path = folder / "t.conllu"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (sentence,) = read_conllu(str(path))
    return sentence


def parts(sentence: Sentence | Text) -> list[str]:
    """What each span holds."""
    return [sentence.text[start:end] for start, end in sentence.spans]


NO_SPACE = "SpaceAfter=No"


def test_the_text_is_that_of_the_file(tmp_path: Path) -> None:
    sentence = read(
        tmp_path,
        "# text = They  don't sing = hum.",
        line("1", "They"),
        line("2-3", "don't"),
        line("2", "do"),
        line("3", "n't"),
        line("4", "sing"),
        line("5", "="),
        line("6", "hum", NO_SPACE),
        line("7", "."),
    )
    assert sentence.text == "They  don't sing = hum."
    assert parts(sentence) == ["They", "do", "n't", "sing", "=", "hum", "."]
    assert sentence.spans[2] == (8, 11)
    assert sentence.oddities == []


@pytest.mark.parametrize("comment", [[], ["# text_en = She sings"], ["# text ="]])
def test_without_a_text_it_is_made_of_the_words(tmp_path: Path, comment: list[str]) -> None:
    sentence = read(
        tmp_path,
        *comment,
        line("1", "Elle"),
        line("2", "sort", f"Gloss=goes|{NO_SPACE}"),
        line("3", ","),
        line("4-5", "du", NO_SPACE),
        line("4", "de", "SpaceAfter=Yes"),
        line("5", "le"),
        line("5.1", "rien"),
        line("6", "coin", NO_SPACE),
    )
    assert sentence.text == "Elle sort, ducoin"
    assert parts(sentence) == ["Elle", "sort", ",", "du", "du", "coin"]
    assert sentence.oddities == []


@pytest.mark.parametrize(
    ("surface", "words", "expected"),
    [
        ("don't", ["do", "n't"], ["do", "n't"]),
        ("DON'T", ["do", "n't"], ["DO", "N'T"]),
        ("wanna", ["wan", "na"], ["wan", "na"]),
        ("du", ["de", "le"], ["du", "du"]),
        ("zum", ["zu", "dem"], ["zum", "zum"]),
        ("dámelo", ["da", "me", "lo"], ["dámelo"] * 3),
        ("dis", ["di", "i", "s"], ["dis"] * 3),
        ("İx", ["i̇", "x"], ["İx", "İx"]),  # of the same length, in lower case only
    ],
)
def test_words_of_a_range_have_their_own_part_where_it_can_be_told(
    surface: str, words: list[str], expected: list[str], tmp_path: Path
) -> None:
    ranged = [
        line(f"1-{len(words)}", surface, NO_SPACE),
        *(line(str(i), word) for i, word in enumerate(words, start=1)),
        line(str(len(words) + 1), "!"),
    ]
    for comment in ([], [f"# text = {surface}!"]):
        sentence = read(tmp_path, *comment, *ranged)
        assert sentence.text == f"{surface}!"
        assert parts(sentence) == [*expected, "!"]


@pytest.mark.parametrize(
    "text", ["He sings", "He sings loud", "He  song.", "sings. He", "He sings . .", "HE sings."]
)
def test_a_text_that_does_not_match_is_counted_and_made_anew(text: str, tmp_path: Path) -> None:
    words = [line("1", "He"), line("2", "sings", NO_SPACE), line("3", ".")]
    sentence = read(tmp_path, f"# text = {text}", *words)
    assert sentence.text == "He sings."
    assert parts(sentence) == ["He", "sings", "."]
    assert sentence.oddities == [MISMATCH] == ["its text does not match its words"]


def test_white_space_within_a_word_may_be_of_another_kind(tmp_path: Path) -> None:
    words = [line("1", "Some"), line("2", "10 000"), line("3", "francs")]
    sentence = read(tmp_path, "# text = Some 10\u00a0000  francs", *words)
    assert parts(sentence) == ["Some", "10\u00a0000", "francs"]
    assert sentence.oddities == []


def test_a_blank_word_stands_nowhere(tmp_path: Path) -> None:
    blank = "\u00a0"
    sentence = read(tmp_path, "# text = a b", line("1", "a"), line("2", blank), line("3", "b"))
    assert parts(sentence) == ["a", blank, "b"]
    assert sentence.oddities == [MISMATCH]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([line("2-3", "ab"), line("1", "a")], r"t.conllu:1: .* begins with word 1, found '2-3'"),
        ([line("1", "a"), line("1-2", "ab")], r"t.conllu:2: .* begins with word 2, found '1-2'"),
        ([line("1-x", "ab"), line("1", "a")], r"t.conllu:1: .* begins with word 1, found '1-x'"),
        ([line("1", "a"), line("2-1", "b")], r"t.conllu:2: .* begins with word 2, found '2-1'"),
        ([line("1-2", "ab"), line("1", "a")], r"t.conllu:2: .*word number 2, found no more words"),
        (
            [line("1-3", "abc"), line("1", "a"), line("2-3", "bc"), line("2", "b")],
            r"t.conllu:3: .*word number 2, found '2-3'",
        ),
    ],
)
def test_a_range_that_is_out_of_order_is_refused(
    lines: list[str], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ProbingError, match=complaint):
        read(tmp_path, *lines)


def test_a_format_that_does_not_say_leaves_it_open(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_text("It 2-nsubj\nrains 0-root\n")
    (sentence,) = read_text(str(path))
    assert (sentence.text, sentence.spans) == ("", ())
    assert joined([sentence]) == spaced(["It", "rains"])


@dataclass(frozen=True)
class Written:
    """A token of a made-up sentence: its form, its words, the white space behind it."""

    form: str
    words: Sequence[str]
    space: str


@st.composite
def sentences(draw: st.DrawFn) -> list[Written]:
    form = st.text("ab'é漢İ🙂", min_size=1, max_size=4)
    result = []
    for _ in range(draw(st.integers(1, 5))):
        words = draw(st.lists(form, min_size=1, max_size=3))
        surface = "".join(words) if len(words) == 1 or draw(st.booleans()) else draw(form)
        result.append(Written(surface, words, draw(st.sampled_from(["", " ", "  ", "\u00a0"]))))
    return result


@given(sentences(), st.booleans())
def test_any_text_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, tokens: list[Written], says: bool
) -> None:
    if not says:  # then a space is all that can be behind a token
        tokens = [replace(token, space=token.space and " ") for token in tokens]
    text = "".join(token.form + token.space for token in tokens)
    lines, number, expected, position = [], 1, [], 0
    for token in tokens:
        misc = "_" if token.space else NO_SPACE
        if len(token.words) > 1:
            lines.append(line(f"{number}-{number + len(token.words) - 1}", token.form, misc))
        start, place = position, position
        is_whole = "".join(token.words).lower() != token.form.lower()
        is_whole |= len("".join(token.words)) != len(token.form)
        for word in token.words:
            lines.append(line(str(number), word, misc if len(token.words) == 1 else "_"))
            number += 1
            end = place + len(word)
            expected.append((start, start + len(token.form)) if is_whole else (place, end))
            place = end
        position = start + len(token.form) + len(token.space)
    comment = [f"# text = {text}"] if says else []
    sentence = read(tmp_path_factory.mktemp("found"), *comment, *lines)
    assert sentence.text == text.strip()
    assert sentence.spans == expected
    assert sentence.oddities == []


# ---------------------------------------------------------------------------- windows


def written(words: list[str], text: str, spans: list[tuple[int, int]]) -> Sentence:
    heads = list(range(len(words)))
    return Sentence(
        words, heads, ["dep"] * len(words), ["_"] * len(words), "d", 3, text=text, spans=spans
    )


def test_texts_of_a_window_are_joined_by_a_space() -> None:
    first = written(["It", "is", "n't"], "It isn't", [(0, 2), (3, 5), (5, 8)])
    unsaid = written(["So", "?"], "", [])
    last = written(["du", "le"], "du", [(0, 2), (0, 2)])
    window = joined([first, unsaid, last])
    assert window.words == ["It", "is", "n't", "So", "?", "du", "le"]
    assert window.text == "It isn't So ? du"
    assert parts(window) == ["It", "is", "n't", "So", "?", "du", "du"]
    assert joined([]) == Text([], "", [])


def test_spaced_words_have_a_space_each() -> None:
    assert spaced(["a", "bc", ""]) == Text(["a", "bc", ""], "a bc ", [(0, 1), (2, 4), (5, 5)])


@pytest.mark.parametrize(
    ("text", "spans", "complaint"),
    [
        ("ab", [(0, 1)], "a span of the text for each of 2 words, found 1"),
        ("ab", [], "a span of the text for each of 2 words, found 0"),
        ("", [(0, 0), (0, 1)], r"a text of 0 characters, found \(0, 1\) after \(0, 0\)"),
        ("ab", [(0, 1), (1, 3)], r"a text of 2 characters, found \(1, 3\) after \(0, 1\)"),
        ("ab", [(1, 2), (0, 2)], r"found \(0, 2\) after \(1, 2\)"),
        ("ab", [(0, 2), (1, 1)], r"found \(1, 1\) after \(0, 2\)"),
        ("ab", [(1, 0), (1, 2)], r"found \(1, 0\) after \(0, 0\)"),
        ("ab", [(-1, 1), (1, 2)], r"found \(-1, 1\) after \(0, 0\)"),
    ],
)
def test_a_readers_spans_are_checked(
    text: str, spans: list[tuple[int, int]], complaint: str
) -> None:
    with pytest.raises(ProbingError, match=f"d:3: expected .*{complaint}"):
        joined([written(["a", "b"], text, spans)])


@dataclass(frozen=True)
class Pairs:
    """A tokenizer of two characters a wordpiece, white space included; no special tokens."""

    limit: int = 100
    pad_id: int = 0
    fingerprint: str = "pairs"

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        made = []
        for window in windows:
            pieces = [
                [
                    w
                    for w, (start, end) in enumerate(window.spans)
                    if any(start <= c < end for c in range(at, at + 2))
                ]
                for at in range(0, len(window.text), 2)
            ]
            several = any(len(words) > 1 for words in pieces)
            last_of = [words[-1] for words in pieces] if several else None
            made.append(Wordpieces(range(len(pieces)), [words[0] for words in pieces], last_of))
        return made


def test_shared_wordpieces_are_counted_and_travel(tmp_path: Path) -> None:
    census = Census()
    odd = written(["ab", "c"], "ab c", [(0, 2), (3, 4)])
    found = list(
        Dependencies()(
            [
                written(["a", "bc", "d"], "abcd", [(0, 1), (1, 3), (3, 4)]),
                written(["ab", "cd"], "abcd", [(0, 2), (2, 4)]),
                # The only wordpiece of its two words.
                written(["a", "b"], "ab", [(0, 2), (0, 2)]),
                replace(odd, oddities=[MISMATCH]),
            ],
            Pairs(),
            census,
        )
    )
    assert [window.wordpieces.last_of for window in found] == [[1, 2], None, [1], None]
    assert (census.windows, census.shared) == (4, 3)
    assert census.oddities == {MISMATCH: 1}
    batch = collate(found, ["all", "dep"], Dependencies.terms, 0)
    assert batch.words_of.tolist() == [[0, 1], [0, 1], [0, -2], [0, 1]]
    assert batch.last_of is not None
    assert batch.last_of.tolist() == [[1, 2], [0, 1], [1, -2], [0, 1]]
    assert collate([found[1], found[3]], ["all", "dep"], Dependencies.terms, 0).last_of is None
    assert batch.to("meta").last_of.device.type == "meta"


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    lines = ["# text = du x", line("1-2", "du"), line("1", "de"), line("2", "le"), line("3", "x")]
    plain = [line("1", "ab", NO_SPACE), line("2", "cd")]
    odd = ["# text = a", *plain]
    path = tmp_path / "s.conllu"
    path.write_text("\n".join([*lines, "", *plain, "", *odd, ""]), encoding="utf-8")

    def stored(*chosen: int) -> EdgeBatch:
        corpus = open_windows(str(path), reader=None, task=Dependencies(), tokenizer=Pairs())
        assert corpus.census.oddities == {MISMATCH: 1}
        assert corpus.census.shared == 1
        return corpus[list(chosen)]

    census = Census()
    made = list(Dependencies()(read_conllu(str(path)), Pairs(), census))
    for chosen in ([0, 1, 2], [1, 2], [0], []):
        windows = [made[i] for i in chosen]
        expected = with_whole_rows(collate(windows, census.rows, Dependencies.terms, 0))
        found = stored(*chosen)
        for field in fields(EdgeBatch):
            left, right = getattr(found, field.name), getattr(expected, field.name)
            if field.name in ("numbers", "units"):
                continue  # these the corpus knows, and not a window by itself
            if isinstance(right, Tensor):
                assert left.tolist() == right.tolist()
            else:
                assert left == right
    corpus = open_windows(str(path), reader=None, task=Dependencies(), tokenizer=Pairs())
    said = describe("test", corpus)
    assert "kept, though odd: its text does not match its words (1)" in said
    assert "1 wordpieces belong to several words" in said
    assert stored(0).last_of is not None
    assert stored(1).last_of is None
