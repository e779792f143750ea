"""The cache: whatever it answers is what reading the file now would give."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from columns import kinds_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from letters import Letters

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.files import cache_folder
from probing.core.sentences import Reader, Sentence
from probing.core.terms import Rival, Terms
from probing.core.windows import Tokenizer, Window, Wordpieces
from probing.data import store
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.formats.paper import read_text
from probing.data.sources import fingerprints
from probing.data.sources.files import open_source
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.base import Task
from probing.data.tasks.dependencies import Dependencies
from probing.data.tasks.whole import with_whole_rows
from probing.data.text import joined

LETTERS = Letters(limit=50, pad_id=0)


@dataclass(frozen=True)
class Predecessors:
    """Every word but the first picks the one before it, out of the ``reach`` words before it.

    The baseline ``random`` is as right as one word of ``reach`` can be; other words than the gold
    one are errors of one kind or the other, by how far they are.
    """

    reach: int = 1
    far: int = 2

    terms: ClassVar[Terms] = Terms(
        directions=("later->earlier", "earlier->later", "both"),
        baselines=("nearest", "random"),
        rivals=(Rival("random", ("random",)),),
        errors=("near", "far"),
    )

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        for sentence in sentences:
            census.sentences += 1
            (wordpieces,) = tokenizer([joined([sentence])])
            census.count_window(wordpieces, [sentence])
            anchors = range(1, len(sentence.words))
            before = [range(max(0, word - self.reach), word) for word in anchors]
            census.counts["candidates"] += sum(map(len, before))
            yield Window(
                words=sentence.words,
                wordpieces=wordpieces,
                anchors=list(anchors),
                gold=[[word] for word in anchors],
                candidates=[[other + 1 for other in others] for others in before],
                rows=[[0, census.row(f"{len(others)} words")] for others in before],
                baselines=[[1.0, 1 / len(others)] for others in before],
                kinds=[
                    [0 if word - other == 1 else 1 + (word - other > self.far) for other in others]
                    for word, others in zip(anchors, before, strict=True)
                ],
            )


TREES = Dependencies()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts how often each source is really read."""
    counts: Counter[str] = Counter()
    write = store.write_windows

    def counted(source: str, *arguments: object) -> None:
        counts[source] += 1
        write(source, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write_windows", counted)
    return counts


def opened(
    source: object,
    *,
    reader: Reader | None = None,
    task: Task = TREES,
    **tokenizer: object,
) -> EdgeWindows:
    return open_windows(
        str(source),
        reader=reader,
        task=task,
        tokenizer=replace(LETTERS, **tokenizer),  # type: ignore[arg-type]
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
    assert left.terms == right.terms
    for field in fields(EdgeBatch):
        mine, theirs = getattr(left, field.name), getattr(right, field.name)
        if isinstance(mine, torch.Tensor):
            assert mine.dtype == theirs.dtype, field.name
            assert torch.equal(mine, theirs), field.name


# What comes out is what was read


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.data())
@pytest.mark.parametrize("task", [TREES, Predecessors(reach=3)], ids=["trees", "predecessors"])
def test_the_table_holds_what_was_read(task: Task, tmp_path: Path, data: st.DataObject) -> None:
    word = st.text("abcé", min_size=1, max_size=4)
    sentences = data.draw(st.lists(st.lists(word, min_size=1, max_size=5), min_size=1, max_size=6))
    path = text(tmp_path / "some.txt", *map(" ".join, sentences))
    census = Census()
    made = list(task(open_source(str(path), None).read(), LETTERS, census))
    if not any(window.anchors for window in made):
        with pytest.raises(ProbingError, match="nothing to ask about"):
            opened(path, task=task)
        return
    corpus = opened(path, task=task)
    assert len(corpus) == len(made)
    assert corpus.census == census
    assert corpus.terms == task.terms
    assert corpus.lengths.tolist() == [len(w.wordpieces.ids) for w in made]
    chosen = data.draw(st.lists(st.integers(0, len(made) - 1), max_size=5))
    same(
        replace(corpus[chosen], units=None),
        with_whole_rows(collate([made[i] for i in chosen], census.rows, task.terms, 0)),
    )


def test_windows_with_all_of_their_own_survive(made_up: Terms) -> None:
    """Candidates, kinds, fractions of hits, and windows without an anchor."""
    pieces = Wordpieces([1, 5, 6, 2], [-1, 0, 1, -1])
    share = [0.0, 1 / 3, 1.0, 0.1, 0.7, 1e-9]
    chosen = [
        Window(
            words=["a", "b"],
            wordpieces=pieces,
            anchors=[1, 1],
            gold=[[1], [0, 2]],
            candidates=[[0, 1], [2]],
            rows=[[0], [0]],
            baselines=[share, share[::-1]],
            kinds=[[3, 0], [2]],
        ),
        Window(["a", "b"], pieces, [], [], [], [], [], []),
    ]

    @dataclass(frozen=True)
    class Some:
        terms: ClassVar[Terms] = made_up

        def __call__(self, _: object, __: Tokenizer, census: Census) -> Iterator[Window]:
            census.sentences = census.windows = 2
            yield from chosen

    corpus = opened("builtin:documents=1,seed=1", task=Some())
    expected = collate(chosen, ["all"], made_up, 0)
    same(corpus[[0, 1]], expected)
    same(corpus[[1]], collate(chosen[1:], ["all"], made_up, 0))
    assert corpus[[0]].baselines[0].tolist() == [share, share[::-1]]  # to the last bit
    assert kinds_of(corpus[[0]])[0].tolist() == [[3, 0, 0], [0, 0, 2]]


def test_more_windows_than_are_written_at_once(tmp_path: Path) -> None:
    said = [f"w{i} x" for i in range(2500)]
    corpus = opened(text(tmp_path / "many.txt", *said))
    assert [" ".join(w) for w in words(corpus)] == said
    assert len(corpus.lengths) == 2500


def test_no_indices_make_an_empty_batch(tmp_path: Path) -> None:
    corpus = opened(text(tmp_path / "a.txt", "a b"))
    batch = corpus[[]]
    assert batch.words == []
    assert list(batch.rows) == [*corpus.census.rows, *corpus.terms.with_roots]


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


def test_what_a_task_counts_comes_from_the_cache_too(tmp_path: Path, read: Counter[str]) -> None:
    path = text(tmp_path / "a.txt", "a b c", "d e")
    for _ in range(2):
        census = opened(path, task=Predecessors(reach=2)).census
        assert census.counts == {"candidates": 1 + 2 + 1}
        assert isinstance(census.counts, Counter)
        assert census.rows == ["all", "1 words", "2 words"]
    assert read.total() == 1


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


def test_a_folder_is_read_again_when_a_file_changes_or_comes_or_is_called_otherwise(
    tmp_path: Path, read: Counter[str]
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    text(folder / "a.txt", "a b")
    assert words(opened(folder)) == words(opened(folder)) == [["a", "b"]]
    assert read.total() == 1
    text(folder / "a.txt", "a c")
    assert words(opened(folder)) == [["a", "c"]]
    text(folder / "b.txt", "b")
    assert words(opened(folder)) == [["a", "c"], ["b"]]
    (folder / "b.txt").rename(folder / "A.txt")
    assert words(opened(folder)) == [["b"], ["a", "c"]]
    (folder / "A.txt").rename(folder / "B.txt")  # another document in the same place
    assert words(opened(folder)) == [["b"], ["a", "c"]]
    assert read.total() == 5
    (folder / "README.md").write_text("not read, so it changes nothing")
    opened(folder)
    assert read.total() == 5


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def flip(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 4
    file.write_bytes(whole)


DAMAGE = {"cut": cut, "flipped": flip, "gone": Path.unlink, "empty": lambda f: f.write_bytes(b"")}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
@pytest.mark.parametrize("ending", ["arrow", "json", "npy"])
def test_a_damaged_file_is_noticed_and_the_source_read_again(
    ending: str,
    damage: Callable[[Path], object],
    tmp_path: Path,
    cache: Path,
    read: Counter[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = text(tmp_path / "a.txt", "a b", "c d")
    before = opened(path)
    expected, census = words(before), before.census
    (file,) = cache.glob(f"*.{ending}")
    damage(file)
    again = opened(path)
    assert (words(again), again.census) == (expected, census)
    assert read.total() == 2
    is_unfinished = ending == "json" and damage is Path.unlink  # as if killed while writing
    assert bool(capsys.readouterr().err) != is_unfinished
    opened(path)
    assert read.total() == 2
    assert not capsys.readouterr().err


def test_damage_is_said_in_one_line(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = text(tmp_path / "a.txt", "a b")
    opened(path)
    (arrow,) = cache.glob("*.arrow")
    flip(arrow)
    opened(path)
    state = arrow.with_suffix(".json")
    said = f"{state}: this part of the cache is damaged; the source is read again\n"
    assert capsys.readouterr() == ("", said)


def table(path: Path, *sentences: str) -> str:
    """``a b c`` becomes a chain in a data set."""
    rows = [
        {
            "tokens": s.split(),
            "head": list(range(len(s.split()))),
            "deprel": ["dep"] * len(s.split()),
        }
        for s in sentences
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return f"datasets:{path}"


def test_a_data_set_is_read_again_when_it_changes(tmp_path: Path, read: Counter[str]) -> None:
    source = table(tmp_path / "a.jsonl", "a b", "c")
    assert words(opened(source)) == words(opened(source)) == [["a", "b"], ["c"]]
    assert read == {source: 1}
    table(tmp_path / "a.jsonl", "a c", "c")
    assert words(opened(source)) == [["a", "c"], ["c"]]


def test_other_columns_of_a_data_set_are_kept_apart(tmp_path: Path, read: Counter[str]) -> None:
    row = {"tokens": ["a"], "forms": ["b"], "head": [0], "deprel": ["root"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    source = f"datasets:{tmp_path}/a.jsonl"
    assert words(opened(source)) == [["a"]]
    assert words(opened(f"{source},words=forms")) == [["b"]]
    assert words(opened(source)) == [["a"]]
    assert read.total() == 2


def test_a_data_set_with_a_faulty_row_leaves_nothing_behind(tmp_path: Path, cache: Path) -> None:
    source = table(tmp_path / "a.jsonl", "a b", "")
    for _ in range(2):
        with pytest.raises(ProbingError, match=r"a\.jsonl, row 2: expected at least one word"):
            opened(source)
        assert files(cache) == []


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


def test_another_task_reads_again(tmp_path: Path, read: Counter[str]) -> None:
    path = text(tmp_path / "a.txt", "a b", "c")
    assert opened(path).terms == Dependencies.terms
    assert opened(path, task=Predecessors()).terms == Predecessors.terms
    assert int(opened(path)[[0, 1]].is_anchor.sum()) == 3
    assert int(opened(path, task=Predecessors())[[0, 1]].is_anchor.sum()) == 1
    assert read.total() == 2


def test_another_option_of_a_task_reads_again(tmp_path: Path, read: Counter[str]) -> None:
    path = text(tmp_path / "a.txt", "a b c d")
    tasks = [Predecessors(), Predecessors(reach=2), Predecessors(reach=3), Predecessors(3, far=1)]
    found = []
    for task in (*tasks, *tasks):
        batch = opened(path, task=task)[[0]]
        found.append((int(batch.candidates.sum()), int((kinds_of(batch) == 2).sum())))
    assert read.total() == len(tasks)
    assert found == 2 * [(3, 0), (5, 0), (6, 1), (6, 3)]


def test_equal_options_are_the_same_task(tmp_path: Path, read: Counter[str]) -> None:
    """However they were given: an object of its own has an address of its own."""
    path = text(tmp_path / "a.txt", "a b")
    for task in (Predecessors(2), Predecessors(reach=2), replace(Predecessors(), reach=2)):
        opened(path, task=task)
    assert read.total() == 1


def test_tasks_of_one_name_are_told_apart_by_where_they_are(tmp_path: Path) -> None:
    path = text(tmp_path / "a.txt", "a b c")

    @dataclass(frozen=True)
    class Dependencies(Predecessors):
        def __repr__(self) -> str:
            return repr(TREES)

    assert repr(Dependencies()) == repr(TREES)
    assert int(opened(path)[[0]].is_anchor.sum()) == 3
    assert int(opened(path, task=Dependencies())[[0]].is_anchor.sum()) == 2


TASK = """
from dataclasses import dataclass
from probing.data.tasks.dependencies import Dependencies


@dataclass(frozen=True)
class Some:
    terms = Dependencies.terms

    def __call__(self, sentences, tokenizer, census):
        yield from list(Dependencies()(sentences, tokenizer, census))[:{most}]
"""


def test_a_task_whose_code_changed_reads_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Counter[str]
) -> None:
    path, module = text(tmp_path / "a.txt", "a b", "c", "d"), tmp_path / "a_task_of_mine.py"
    found = []
    for most in (1, 2, 1):
        module.write_text(TASK.format(most=most))
        spec = importlib.util.spec_from_file_location(module.stem, module)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, module.stem, loaded)
        exec(compile(module.read_text(), module, "exec"), loaded.__dict__)
        found.append(len(opened(path, task=loaded.Some())))
    assert found == [1, 2, 1]
    assert read.total() == 2


def test_windows_are_made_anew_when_any_file_of_the_readers_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Counter[str]
) -> None:
    inner = tmp_path / "data" / "builtin" / "words.py"
    inner.parent.mkdir(parents=True)
    inner.write_text("old", encoding="utf-8")
    for place in store.SHAPING[1:]:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    here = tmp_path / "data" / "sources" / "fingerprints.py"
    monkeypatch.setattr(fingerprints, "__file__", str(here))
    source = "builtin:documents=1,seed=1"
    for _ in range(2):
        opened(source, limit=500)
    assert read[source] == 1
    inner.write_text("new", encoding="utf-8")
    opened(source, limit=500)
    assert read[source] == 2


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


def test_a_good_file_leaves_three_files_and_no_others(tmp_path: Path, cache: Path) -> None:
    opened(text(tmp_path / "a.txt", "a b"))
    assert [Path(name).suffix for name in files(cache)] == [".arrow", ".json", ".npy"]


@pytest.mark.parametrize("lost", ["json", "npy"])
def test_a_half_written_cache_is_made_anew(
    lost: str, tmp_path: Path, cache: Path, read: Counter[str]
) -> None:
    path = text(tmp_path / "a.txt", "a b")
    opened(path)
    (file,) = cache.glob(f"*.{lost}")
    file.unlink()
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
    assert [Path(name).suffix for name in files(cache)] == [".arrow", ".json", ".npy"]


def test_somebody_who_comes_in_between_never_sees_half_a_file(tmp_path: Path, cache: Path) -> None:
    path = text(tmp_path / "a.txt", "a b")
    seen: list[list[str]] = []

    def looked_at(source: str) -> Iterator[Sentence]:
        for sentence in read_text(source):
            seen.append([name for name in files(cache) if not name.endswith(".tmp")])
            yield sentence

    opened(path, reader=looked_at)
    assert seen == [[], []]  # read twice, as no relation says what is punctuation


# Which folder


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", "/x")
    assert cache_folder() == Path("/x")
    monkeypatch.setenv("PROBING_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/y")
    assert cache_folder() == Path("/y/probing")
