"""What a unit is, how many there are, and sentences that stand in several splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from letters import Letters

from probing.core.schemes import ALL_SUBTYPES
from probing.core.sentences import Sentence
from probing.data.builtin.reader import read_builtin
from probing.data.formats.conllu import read_conllu
from probing.data.resampling_units import Digested, overlaps, share_in
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.base import Task
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies

LETTERS = Letters(64)
TREE = "1\t{a}\t_\t_\t_\t_\t0\troot\t_\t_\n2\t{b}\t_\t_\t_\t_\t1\tobj\t_\t_\n\n"


def conllu(path: Path, *documents: list[str], marked: bool = True) -> Path:
    """Sentences of two words or one; a long word is over the limit."""
    text = ""
    for number, sentences in enumerate(documents):
        text += f"# newdoc id = {number}\n" if marked else ""
        for sentence in sentences:
            first, _, second = sentence.partition(" ")
            tree = TREE if second else TREE.partition("\n")[0] + "\n\n"
            text += tree.format(a=first, b=second)
    path.write_text(text, encoding="utf-8")
    return path


def opened(path: object, task: Task | None = None, limit: int = 64) -> EdgeWindows:
    return open_windows(
        str(path), reader=None, task=task or Dependencies(), tokenizer=Letters(limit)
    )


def units_of(corpus: EdgeWindows) -> list[int]:
    batch = corpus[list(range(len(corpus)))]
    assert batch.units is not None
    assert batch.units.dtype == torch.int64
    return batch.units.tolist()


def test_documents_are_units_where_there_are_several(tmp_path: Path) -> None:
    corpus = opened(conllu(tmp_path / "a.conllu", ["a b", "c d"], ["a b"], ["e f", "g"]))
    first, second, third, fourth, fifth = units_of(corpus)
    assert first == second
    assert fourth == fifth
    assert len({first, third, fourth}) == 3
    assert corpus.units.documents


@pytest.mark.parametrize("marked", [True, False])
def test_sentences_are_units_where_there_is_one_document(marked: bool, tmp_path: Path) -> None:
    corpus = opened(conllu(tmp_path / "a.conllu", ["a b", "a b", "c d"], marked=marked))
    assert len(set(units_of(corpus))) == 3
    assert not corpus.units.documents


def test_units_are_the_same_wherever_the_corpus_lies(tmp_path: Path) -> None:
    documents = (["a b", "c d"], ["e f"])
    here = opened(conllu(tmp_path / "a.conllu", *documents))
    (tmp_path / "sub").mkdir()
    there = opened(conllu(tmp_path / "sub" / "other.conllu", *documents))
    changed = opened(conllu(tmp_path / "b.conllu", ["a b", "c d"], ["e g"]))
    assert units_of(here) == units_of(there)
    assert not set(units_of(here)) & set(units_of(changed))


def test_units_are_the_same_for_a_model_that_takes_less(tmp_path: Path) -> None:
    path = conllu(tmp_path / "a.conllu", ["abcdefghijkl mnopqr", "a b"], ["c d"])
    long, short = opened(path), opened(path, limit=12)
    assert len(short) == len(long) - 1
    assert units_of(short) == units_of(long)[1:]
    one = conllu(tmp_path / "one.conllu", ["abcdefghijkl mnopqr", "a b", "c d"])
    assert units_of(opened(one, limit=12)) == units_of(opened(one))[1:]


def naive_units(corpus: EdgeWindows, *, heads: bool) -> dict[str, int]:
    """Of each row: how many different units have an anchor there."""
    batch = corpus[list(range(len(corpus)))]
    assert batch.units is not None
    found: list[set[int]] = [set() for _ in batch.rows]
    asked = batch if heads else batch.probed
    assert asked.units is not None
    for b, a in asked.is_anchor.nonzero().tolist():
        is_root = not bool(asked.gold[b, a, 1:].any())
        for r in asked.member[b, a].nonzero()[:, 0].tolist():
            is_whole = batch.rows[r] in ("uas", "uas+punct")
            if (heads and (is_whole or not is_root)) or (not heads and not is_whole):
                found[r].add(int(asked.units[b]))
    return {row: len(units) for row, units in zip(batch.rows, found, strict=True) if units}


@pytest.mark.parametrize(
    "task", [Dependencies(), Coreference(limit=250)], ids=["trees", "mentions"]
)
@pytest.mark.parametrize("documents", [1, 7])
def test_units_of_each_row_are_counted(task: Task, documents: int) -> None:
    corpus = opened(f"builtin:documents={documents},seed=3", task, limit=300)
    assert corpus.units.documents == (documents > 1)
    for counted, heads in ((corpus.units.of_anchors, False), (corpus.units.of_heads, True)):
        rows = set(corpus.rows) - set(corpus.census.unused)
        own = {row: n for row, n in counted.items() if row in rows}
        assert own == naive_units(corpus, heads=heads)
        assert documents == 1 or max(own.values()) > 1


def test_a_unit_counts_once_in_a_relation_with_all_its_subtypes(tmp_path: Path) -> None:
    path = conllu(tmp_path / "a.conllu", ["a b", "c d"], ["e f"], ["g h"])
    text = path.read_text().replace("\tobj\t", "\tobj:x\t", 1)
    path.write_text(text)
    counted = opened(path).units.of_heads
    assert (counted["obj"], counted["obj:x"], counted[f"obj{ALL_SUBTYPES}"]) == (3, 1, 3)


def test_root_words_are_units_of_probes_alone(tmp_path: Path) -> None:
    corpus = opened(conllu(tmp_path / "a.conllu", ["a"], ["b c"], ["d", "e"]))
    counted, of_heads = (
        {row: counts.get(row, 0) for row in corpus.rows}
        for counts in (corpus.units.of_anchors, corpus.units.of_heads)
    )
    assert counted == {"all": 3, "root": 3, "obj": 1, "uas": 0, "uas+punct": 0}
    assert of_heads == {"all": 1, "root": 0, "obj": 1, "uas": 3, "uas+punct": 3}


# ------------------------------------------------------------- the same sentence twice


def test_sentences_of_other_splits_are_counted_word_for_word(tmp_path: Path) -> None:
    corpora = {
        "train": opened(conllu(tmp_path / "a.conllu", ["a b", "c d"], ["e f"])),
        "val": opened(conllu(tmp_path / "b.conllu", ["a b", "a b", "A b", "x y"])),
        "test": opened(conllu(tmp_path / "c.conllu", ["a b", "e f", "ef", "n o", "x y"])),
    }
    assert overlaps("train", corpora) == {}
    assert overlaps("val", corpora) == {"train": 2, "val": 2, "test": 3}
    assert overlaps("test", corpora) == {"train": 2, "val": 2}
    assert overlaps("test", {"test": corpora["test"]}) == {}


def test_sentences_are_told_by_their_words() -> None:
    def digests(*sentences: list[str]) -> list[int]:
        made = (Sentence(words, [], [], [], "d", 1) for words in sentences)
        seen = Digested()
        assert [sentence.words for sentence in seen.passing(made)] == list(sentences)
        return seen.array.tolist()

    joined, apart, same = digests(["ab", "c"], ["a", "bc"], ["ab", "c"])
    assert joined == same != apart


def test_what_is_left_out_counts_as_a_sentence_all_the_same(tmp_path: Path) -> None:
    path = conllu(tmp_path / "a.conllu", ["abcdefghijkl mnopqr", "a b"])
    corpus = opened(path, limit=12)
    assert len(corpus.sentences) == corpus.census.sentences == 2


def test_sentences_that_recur_are_counted_each_time(tmp_path: Path) -> None:
    recurring = conllu(tmp_path / "a.conllu", ["a b", "c d", "a b", "A b"], ["a b", "c d", "e f"])
    assert overlaps("test", {"test": opened(recurring)}) == {"test": 5}
    assert overlaps("train", {"train": opened(recurring)}) == {}


def test_sentences_whose_text_is_withheld_are_not_the_same() -> None:
    seen, other = Digested(), Digested()
    texts = [["_", "_"], ["_", "_"], ["_", "a"], ["_"]]
    for digested in (seen, other):
        list(digested.passing(Sentence(words, [], [], [], "d", 1) for words in texts))

    class Corpus:
        def __init__(self, digested: Digested) -> None:
            self.sentences = digested.array

    assert overlaps("test", {"test": Corpus(seen)}) == {}
    assert overlaps("test", {"test": Corpus(seen), "val": Corpus(other)}) == {"val": 1}
    assert len(seen.array) == len(texts)
    assert share_in(other.array, seen.array) == 1.0
    assert share_in(other.array, seen.array[:2]) == 0.0


def test_the_share_of_sentences_that_others_hold(tmp_path: Path) -> None:
    one = opened(conllu(tmp_path / "a.conllu", ["a b", "a b", "c d", "e f"])).sentences
    other = opened(conllu(tmp_path / "b.conllu", ["a b", "g h", "i j"])).sentences
    assert share_in(other, one) == 2 / 4
    assert share_in(one, other) == 1 / 3


def naive_overlap(one: Iterator[Sentence], other: Iterator[Sentence]) -> int:
    known = Counter(tuple(sentence.words) for sentence in other)
    return sum(tuple(sentence.words) in known for sentence in one)


def test_overlap_of_generated_corpora_is_that_of_a_loop() -> None:
    names = [f"builtin:documents={n},seed={s}" for n, s in ((40, 1), (30, 2))]
    corpora = {split: opened(name) for split, name in zip(("val", "test"), names, strict=True)}
    found = overlaps("test", corpora).get("val", 0)
    assert found == naive_overlap(read_builtin(names[1]), read_builtin(names[0]))


def test_a_reader_may_call_documents_what_it_likes(tmp_path: Path) -> None:
    """Names with a path in them make no other units."""
    path = conllu(tmp_path / "a.conllu", ["a b"], ["c d"])
    names = {sentence.document for sentence in read_conllu(str(path))}
    renamed = path.read_text().replace("newdoc id = ", f"newdoc id = {tmp_path}/")
    (tmp_path / "b.conllu").write_text(renamed)
    assert names.isdisjoint(s.document for s in read_conllu(str(tmp_path / "b.conllu")))
    assert units_of(opened(path)) == units_of(opened(tmp_path / "b.conllu"))
