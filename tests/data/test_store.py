"""The cache: whatever it answers is what reading the file now would give."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probing.batch import EdgeBatch, Reader, Sentence, Text, Tokenizer, Window, Wordpieces
from probing.data import store
from probing.data.readers import read_conllu, read_text
from probing.data.store import EdgeWindows, cache_folder, open_windows, reader_for
from probing.data.windows import Census, collate, dependency_windows
from probing.errors import ProbingError


@dataclass(frozen=True)
class Letters:
    """A tokenizer whose wordpieces are letters, between two special tokens."""

    limit: int = 50
    pad_id: int = 0
    fingerprint: str = "letters"

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        found = []
        for window in windows:
            pieces = [(w, ord(c)) for w, word in enumerate(window.words) for c in word]
            found.append(
                Wordpieces([1, *(i for _, i in pieces), 2], [-1, *(w for w, _ in pieces), -1])
            )
        return found


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts how often each source is really read."""
    counts: Counter[str] = Counter()
    write = store._write

    def counted(source: str, *arguments: object) -> None:
        counts[source] += 1
        write(source, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "_write", counted)
    return counts


def opened(source: object, *, reader: Reader | None = None, **tokenizer: object) -> EdgeWindows:
    return open_windows(
        str(source),
        reader=reader,
        windowing=dependency_windows,
        tokenizer=Letters(**tokenizer),  # type: ignore[arg-type]
    )


def text(path: Path, *sentences: str) -> Path:
    """``a b c`` becomes a chain in the format of the paper's code."""
    blocks = ["".join(f"{w} {i}-dep\n" for i, w in enumerate(s.split())) for s in sentences]
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def words(corpus: EdgeWindows) -> list[list[str]]:
    return [list(w) for w in corpus[list(range(len(corpus)))].words]


def same(left: EdgeBatch, right: EdgeBatch) -> None:
    assert [list(w) for w in left.words] == [list(w) for w in right.words]
    assert list(left.rows) == list(right.rows)
    for name in (
        "ids words_of lengths anchors is_anchor gold candidates member"
    ).split():  # fmt: skip
        assert getattr(left, name).dtype == getattr(right, name).dtype
        assert getattr(left, name).tolist() == getattr(right, name).tolist()


# What comes out is what was read


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.data())
def test_the_table_holds_what_was_read(tmp_path: Path, data: st.DataObject) -> None:
    word = st.text("abcé", min_size=1, max_size=4)
    sentences = data.draw(st.lists(st.lists(word, min_size=1, max_size=5), min_size=1, max_size=6))
    path = text(tmp_path / "some.txt", *map(" ".join, sentences))
    census = Census()
    made = list(dependency_windows(read_text(str(path)), Letters(), census))
    corpus = opened(path)
    assert len(corpus) == len(made)
    assert corpus.census == census
    assert corpus.lengths.tolist() == [len(w.wordpieces.ids) for w in made]
    chosen = data.draw(st.lists(st.integers(0, len(made) - 1), max_size=5))
    same(corpus[chosen], collate([made[i] for i in chosen], census.rows, 0))


def test_windows_with_candidates_of_their_own_survive() -> None:
    def some(_: object, __: Tokenizer, census: Census) -> Iterator[Window]:
        census.sentences = census.windows = 2
        pieces = Wordpieces([1, 5, 6, 2], [-1, 0, 1, -1])
        yield Window(["a", "b"], pieces, [1, 1], [[1], [0, 2]], [[0, 1], [2]], [[0], [0]])
        yield Window(["a", "b"], pieces, [], [], [], [])

    corpus = open_windows(
        "builtin:documents=1,seed=1", reader=None, windowing=some, tokenizer=Letters()
    )
    expected = list(some(None, Letters(), Census()))
    same(corpus[[0, 1]], collate(expected, ["all"], 0))
    same(corpus[[1]], collate(expected[1:], ["all"], 0))


def test_more_windows_than_are_written_at_once(tmp_path: Path) -> None:
    said = [f"w{i} x" for i in range(2500)]
    corpus = opened(text(tmp_path / "many.txt", *said))
    assert [" ".join(w) for w in words(corpus)] == said
    assert len(corpus.lengths) == 2500


def test_no_indices_make_an_empty_batch(tmp_path: Path) -> None:
    corpus = opened(text(tmp_path / "a.txt", "a b"))
    batch = corpus[[]]
    assert batch.words == []
    assert list(batch.rows) == corpus.census.rows


def test_the_table_is_memory_mapped(tmp_path: Path, cache: Path) -> None:
    corpus = opened(text(tmp_path / "a.txt", "a b"))
    (arrow,) = cache.glob("*.arrow")
    assert [Path(f["filename"]) for f in corpus.table.cache_files] == [arrow]


# Cached by content


def test_the_same_content_is_not_read_again(tmp_path: Path, read: Counter[str]) -> None:
    path = text(tmp_path / "a.txt", "a b", "c")
    first, second = opened(path), opened(path)
    assert read == {str(path): 1}
    assert words(first) == words(second) == [["a", "b"], ["c"]]
    assert first.census == second.census


def test_counts_of_what_was_left_out_come_from_the_cache_too(tmp_path: Path) -> None:
    path = text(tmp_path / "a.txt", "long sentence", "a")
    for _ in range(2):
        corpus = opened(path, limit=5)
        assert corpus.census.left_out == {"over 5 wordpieces": 1}
        assert isinstance(corpus.census.left_out, Counter)
        corpus.census.left_out["changed by a caller"] += 1


def test_a_copy_in_another_folder_is_not_read_again(tmp_path: Path, read: Counter[str]) -> None:
    (tmp_path / "b").mkdir()
    opened(text(tmp_path / "a.txt", "a b"))
    copy = text(tmp_path / "b" / "a.txt", "a b")
    assert opened(copy).source == str(copy)
    assert read.total() == 1


def test_a_changed_file_is_never_served_from_an_old_cache(
    tmp_path: Path, read: Counter[str]
) -> None:
    path = text(tmp_path / "a.txt", "a b")
    opened(path)
    before = path.stat()
    text(path, "a c")  # same size, and made to look as old
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert words(opened(path)) == [["a", "c"]]
    text(path, "a b")
    assert words(opened(path)) == [["a", "b"]]
    assert read.total() == 2


def test_a_corpus_that_is_open_outlives_a_change_of_its_file(tmp_path: Path) -> None:
    path = text(tmp_path / "a.txt", "a b")
    corpus = opened(path)
    text(path, "other words")
    opened(path)
    assert words(corpus) == [["a", "b"]]


@pytest.mark.parametrize("change", [{"fingerprint": "other"}, {"limit": 4}])
def test_another_tokenizer_reads_again(
    change: dict[str, object], tmp_path: Path, read: Counter[str]
) -> None:
    path = text(tmp_path / "a.txt", "a b", "abc d")
    opened(path)
    assert len(opened(path, **change)) == (1 if "limit" in change else 2)
    assert read.total() == 2


def test_another_reader_reads_again(tmp_path: Path) -> None:
    path = text(tmp_path / "a.txt", "a b")

    def shout(source: str) -> Iterator[Sentence]:
        for sentence in read_text(source):
            yield replace(sentence, words=[w.upper() for w in sentence.words])

    assert words(opened(path)) == [["a", "b"]]
    assert words(opened(path, reader=shout)) == [["A", "B"]]
    assert words(opened(path)) == [["a", "b"]]


def test_another_windowing_reads_again(tmp_path: Path) -> None:
    path = text(tmp_path / "a.txt", "a b", "c")

    def first_only(sentences: object, tokenizer: Tokenizer, census: Census) -> Iterator[Window]:
        yield next(dependency_windows(sentences, tokenizer, census))  # type: ignore[arg-type]

    assert len(opened(path)) == 2
    found = open_windows(str(path), reader=None, windowing=first_only, tokenizer=Letters())
    assert len(found) == 1


def test_builtin_sources_of_other_seeds_are_kept_apart() -> None:
    one, two = (opened(f"builtin:documents=1,seed={s}", limit=500) for s in (1, 2))
    assert words(one) != words(two)


def test_a_custom_reader_of_a_custom_source(tmp_path: Path) -> None:
    path = tmp_path / "words.list"
    path.write_text("a b", encoding="utf-8")

    def lines(source: str) -> Iterator[Sentence]:
        found = Path(source).read_text(encoding="utf-8").split()
        yield Sentence(found, [0] * len(found), ["x"] * len(found), ["_"] * len(found), "d", 1)

    assert words(opened(path, reader=lines)) == [["a", "b"]]


# Whole or not at all


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


BAD: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_text(""),
    "only blank lines": lambda path: path.write_text("\n\n"),
    "broken at the end": lambda path: path.write_text("a 0-root\n\nb\n"),
    "not UTF-8": lambda path: path.write_bytes(b"a 0-root\n\n\xff 0-root\n"),
    "nothing fits": lambda path: path.write_text("a" * 60 + " 0-root\n"),
    "missing": lambda path: None,
}


@pytest.mark.parametrize("make", BAD.values(), ids=list(BAD))
def test_a_bad_file_is_named_and_leaves_nothing_behind(
    make: Callable[[Path], object], tmp_path: Path, cache: Path
) -> None:
    path = tmp_path / "bad.txt"
    make(path)
    for _ in range(2):
        with pytest.raises(ProbingError, match=re.escape(str(path))):
            opened(path)
        assert files(cache) == []


def test_an_empty_file_says_what_was_expected_and_found(tmp_path: Path) -> None:
    path = tmp_path / "empty.conllu"
    path.write_text("# newdoc\n\n")
    with pytest.raises(ProbingError, match=r"expected at least one sentence, found none"):
        opened(path)


def test_a_file_of_which_nothing_can_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match=r"no sentence can be used: 2 over 4 wordpieces"):
        opened(text(tmp_path / "a.txt", "abc", "defg"), limit=4)


def test_a_reader_that_fails_in_its_own_way_leaves_nothing_behind(
    tmp_path: Path, cache: Path
) -> None:
    path = text(tmp_path / "a.txt", "a b")

    def failing(source: str) -> Iterator[Sentence]:
        yield from read_text(source)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        opened(path, reader=failing)
    assert files(cache) == []


def test_a_good_file_leaves_two_files_and_no_others(tmp_path: Path, cache: Path) -> None:
    opened(text(tmp_path / "a.txt", "a b"))
    assert [Path(name).suffix for name in files(cache)] == [".arrow", ".json"]


def test_a_half_written_cache_is_made_anew(tmp_path: Path, cache: Path, read: Counter[str]) -> None:
    path = text(tmp_path / "a.txt", "a b")
    opened(path)
    (census,) = cache.glob("*.json")
    census.unlink()
    assert words(opened(path)) == [["a", "b"]]
    assert read.total() == 2


def test_a_cache_that_lost_its_table_is_made_anew(tmp_path: Path, cache: Path) -> None:
    path = text(tmp_path / "a.txt", "a b")
    opened(path)
    (arrow,) = cache.glob("*.arrow")
    arrow.unlink()
    assert words(opened(path)) == [["a", "b"]]


def test_many_who_open_at_once_all_get_the_whole(tmp_path: Path, cache: Path) -> None:
    said = [f"w{i} x y" for i in range(300)]
    path = text(tmp_path / "a.txt", *said)
    together = threading.Barrier(6)
    found: list[object] = []

    def open_it() -> None:
        together.wait()
        try:
            found.append([" ".join(w) for w in words(opened(path))])
        except Exception as error:  # shown by the assertion below
            found.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [said] * 6
    assert [Path(name).suffix for name in files(cache)] == [".arrow", ".json"]


def test_somebody_who_comes_in_between_never_sees_half_a_file(tmp_path: Path, cache: Path) -> None:
    path = text(tmp_path / "a.txt", "a b")
    seen: list[list[str]] = []

    def looked_at(source: str) -> Iterator[Sentence]:
        for sentence in read_text(source):
            seen.append([name for name in files(cache) if not name.endswith(".tmp")])
            yield sentence

    opened(path, reader=looked_at)
    assert seen == [[]]


# Which reader, which folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.conllu", "read_conllu"),
        ("a.CONLLU", "read_conllu"),
        ("a.txt", "read_text"),
        ("builtin:documents=1,seed=1", "read_builtin"),
    ],
)
def test_the_ending_chooses_the_reader(name: str, expected: str) -> None:
    assert reader_for(name, None).__name__ == expected  # type: ignore[attr-defined]


def test_a_named_reader_wins_over_the_ending() -> None:
    assert reader_for("a.txt", read_conllu) is read_conllu


@pytest.mark.parametrize("name", ["a.xml", "a", "folder.txt/a"])
def test_an_unknown_ending_names_the_known_ones(name: str) -> None:
    with pytest.raises(ProbingError, match=r"\.conllu.*--data\.reader") as caught:
        reader_for(name, None)
    assert str(caught.value).startswith(f"{name}: ")


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", "/x")
    assert cache_folder() == Path("/x")
    monkeypatch.setenv("PROBING_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/y")
    assert cache_folder() == Path("/y/probing")
