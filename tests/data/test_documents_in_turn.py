"""Documents whose sentences take turns in a file: one document each, whatever asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from letters import Letters

from probing.core.sentences import Mention, Sentence
from probing.data.documents import TakesTurns, documents, gathered, taking_turns
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.base import Task
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies

SAID = "Eva slept ."
TASKS = [Dependencies(), Coreference()]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))


READ: list[int] = []
"""The lines that were read."""


def read_lines(path: str) -> Iterator[Sentence]:
    """A line is a sentence, ``document word...``, whose first word is an entity."""
    for number, line in enumerate(Path(path).read_text().splitlines(), start=1):
        READ.append(number)
        name, *words = line.split()
        mention = Mention([0], 0, words[0])
        heads = [0, *([1] * (len(words) - 1))]
        relations = ["root", *["obj"] * (len(words) - 2), *["punct"] * (len(words) > 1)]
        yield Sentence(words, heads, relations, [], name, number, [mention], "hand")


def put(path: Path, names: str, words: str = SAID) -> Path:
    """A sentence a letter of ``names``, each letter a document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name} {words}\n" for name in names))
    return path


def opened(path: Path, task: Task, limit: int = 64) -> EdgeWindows:
    return open_windows(str(path), reader=read_lines, task=task, tokenizer=Letters(limit))


def units(corpus: EdgeWindows) -> list[int]:
    batch = corpus[list(range(len(corpus)))]
    assert batch.units is not None
    return batch.units.tolist()


@pytest.mark.parametrize("task", TASKS, ids=["trees", "mentions"])
def test_sentences_of_two_documents_in_turn_are_two_documents(task: Task, tmp_path: Path) -> None:
    corpus = opened(put(tmp_path / "a.x", "ab" * 6), task)
    assert (corpus.census.documents, corpus.census.sentences) == (2, 12)
    names = [window.origin.document for window in corpus.windows(range(len(corpus)))]
    identities = dict(zip(names, units(corpus), strict=True))
    assert units(corpus) == [identities[name] for name in names]
    assert len(set(units(corpus))) == 2
    assert corpus.units.documents
    assert corpus.units.of_anchors["all"] == corpus.units.of_heads["all"] == 2


def test_an_antecedent_may_stand_before_another_documents_sentence(tmp_path: Path) -> None:
    corpus = opened(put(tmp_path / "a.x", "aba"), Coreference())
    assert corpus.census.counts["anaphors"] == 1
    [of_a] = [w for w in corpus.windows(range(len(corpus))) if w.anchors]
    assert of_a.words == [*SAID.split(), *SAID.split()]
    assert (of_a.anchors, of_a.gold) == ([len(SAID.split())], [[1]])
    assert of_a.origin.lines == [1, 3]


@pytest.mark.parametrize("task", TASKS, ids=["trees", "mentions"])
def test_a_document_is_of_its_file(task: Task, tmp_path: Path) -> None:
    """Names that two files share are documents of their own, and only some files take turns."""
    for file, names in (("1.x", "aab"), ("2.x", "abab"), ("3.x", "ba")):
        put(tmp_path / "folder" / file, names)
    corpus = opened(tmp_path / "folder", task)
    assert corpus.census.documents == 6
    windows = corpus.windows(range(len(corpus)))
    of_file = corpus.part_of.tolist()
    named = list(zip(of_file, (window.origin.document for window in windows), strict=True))
    found = dict(zip(named, (window.document for window in windows), strict=True))
    assert sorted(found.values()) == [1, 2, 3, 4, 5, 6]
    assert [found[name] for name in named] == [window.document for window in windows]
    assert [part.sentences for part in corpus.parts] == [3, 4, 2]


def test_the_order_of_a_file_is_the_order_of_documents(tmp_path: Path) -> None:
    corpus = opened(put(tmp_path / "a.x", "bacab"), Dependencies())
    assert [window.document for window in corpus.windows(range(5))] == [1, 2, 3, 2, 1]
    assert [window.place for window in corpus.windows(range(5))] == [1, 2, 3, 4, 5]
    alike = put(tmp_path / "b.x", "bbaac")
    assert corpus.units.of_anchors == opened(alike, Dependencies()).units.of_anchors


def test_a_file_that_does_not_take_turns_is_read_once_a_document_at_a_time(tmp_path: Path) -> None:
    """The next document has just begun when the one before is handed on."""
    path = put(tmp_path / "a.x", "".join(chr(0x4E00 + n) * 3 for n in range(100)))
    READ.clear()
    for number, document in enumerate(documents(read_lines(str(path))), start=1):
        assert len(document) == 3
        assert len(READ) <= 3 * number + 1
    READ.clear()
    opened(path, Coreference())
    assert len(READ) == 1 + 300  # the first says what is punctuation


def test_what_takes_turns_is_found_and_put_in_order(tmp_path: Path) -> None:
    files = [put(tmp_path / f"{n}.x", names) for n, names in enumerate(("aabb", "aba", "", "abcb"))]
    parts = [(path.name, list(read_lines(str(path)))) for path in files]
    assert taking_turns(parts) == {1, 3}
    assert [sentence.document for sentence in gathered(parts[3][1])] == list("abbc")
    assert [sentence.line for sentence in gathered(parts[1][1])] == [1, 3, 2]
    with pytest.raises(TakesTurns, match="a:3: expected the sentences of a document one after"):
        list(documents(parts[1][1]))
