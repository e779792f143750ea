"""The paper's rule for possessors, from words to counts, against plain loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from letters import Letters

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.errors import ProbingError
from probing.core.picking import OFFSETS
from probing.core.sentences import Sentence
from probing.core.windows import Aside, Window
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.data import store
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.store import open_windows
from probing.data.tasks.dependencies import Dependencies
from probing.data.tasks.possessives import POSS_CLITIC, stand_ins
from probing.probes import AttentionProbe


def sentence(text: str) -> Sentence:
    """``word head relation [tag]`` a word, words between bars."""
    rows = [[*word.split(), "_"][:4] for word in text.split("|")]
    words, heads, relations, tags = zip(*rows, strict=True)
    return Sentence(words, [int(head) for head in heads], relations, tags, "document", 1)


DOG = "the 2 det|dog 4 nmod:poss|'s 2 case|owner 5 nsubj|sleeps 0 root"
HIS = "his 2 nmod:poss|owner 3 nsubj|sleeps 0 root"
PLURAL = "dogs 3 nmod:poss|' 1 case|owner 4 nsubj|sleeps 0 root"
OF = "owner 6 nmod:poss|of 4 case|the 4 det|dog 1 nmod|'s 1 case|house 0 root"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (DOG, {1: 2}),
        (HIS, {0: 0}),
        (PLURAL, {0: 1}),  # the released code misses it
        (OF, {0: 4}),  # and this one: the clitic is not the next word
        (DOG.replace("'s", "’s"), {1: 2}),
        (DOG.replace("'s", "'S"), {1: 2}),
        (DOG.replace("'s 2 case", "s 2 case POS"), {1: 2}),  # an apostrophe left out
        (DOG.replace("'s 2 case", "s 2 case"), {1: 1}),
        (DOG.replace("case", "case:gen"), {1: 2}),
        (DOG.replace("nmod:poss", "poss").replace("case", "possessive"), {1: 2}),
        (PLURAL.replace("nmod:poss", "poss").replace("case", "possessive"), {0: 1}),
        (DOG.replace("nmod:poss", "nmod"), {}),
        (DOG.replace("'s 2 case", "'s 2 punct"), {1: 1}),
        (DOG.replace("'s 2 case", "'s 4 case"), {1: 1}),  # not the possessor's
        ("of 2 case|him 3 nmod:poss|owner 0 root", {1: 1}),
        ("' 2 case|him 3 nmod:poss|owner 0 root", {1: 1}),  # before the possessor
        ("dog 4 nmod:poss|'s 1 case|' 1 case|owner 0 root", {0: 1}),  # the first of two
        ("my 2 nmod:poss|dog 4 nmod:poss|'s 2 case|owner 0 root", {0: 0, 1: 2}),
        ("dog 2 nmod:poss|'s 1 case|owner 0 root", {0: 0}),  # a cycle
        ("dog 0 nmod:poss|'s 1 case", {0: 1}),  # at the dog's
        ("sleep 0 root", {}),
    ],
)
def test_who_asks_for_a_possessor(text: str, asks: dict[int, int]) -> None:
    assert stand_ins(sentence(text)) == asks


@pytest.mark.parametrize("text", [DOG, DOG.replace("'s 2 case", "s 2 case")])
def test_a_reader_need_not_yield_tags(text: str) -> None:
    bare = replace(sentence(text), tags=())
    assert stand_ins(bare) == stand_ins(sentence(text))
    [window] = Dependencies()([bare], Letters(), Census())
    assert [aside.gold for aside in window.asides] == [4]


@pytest.mark.parametrize("tags", [("_",), ("_",) * 6])
def test_tags_for_some_words_are_refused(tags: tuple[str, ...]) -> None:
    faulty = replace(sentence(DOG), tags=tags)
    said = rf"document:1: expected a tag for each of 5 words, or none at all, found {len(tags)}"
    with pytest.raises(ProbingError, match=said):
        list(Dependencies()([faulty], Letters(), Census()))


def windows(*texts: str) -> tuple[list[Window], Census]:
    census = Census()
    return list(Dependencies()(map(sentence, texts), Letters(), census)), census


def test_the_clitic_asks_for_the_possessors_head() -> None:
    (dog, his), census = windows(DOG, HIS)
    row = census.rows.index(POSS_CLITIC)
    assert dog.asides == [Aside(anchor=2, gold=4, row=row)]
    assert his.asides == [Aside(anchor=0, gold=2, row=row)]
    assert census.unused == []
    # The treebank's own rows are what they were.
    assert list(dog.anchors) == [0, 1, 2, 3, 4]
    assert [list(gold) for gold in dog.gold] == [[2], [4], [2], [5], [0]]
    named = [{census.rows[r] for r in rows} for rows in dog.rows]
    assert named[1:3] == [{"all", "nmod:poss"}, {"all", "case"}]


def test_without_a_clitic_the_row_is_not_used() -> None:
    assert windows(HIS, HIS)[1].unused == [POSS_CLITIC]
    assert windows("sleep 0 root")[1].unused == []
    assert POSS_CLITIC not in windows("sleep 0 root")[1].rows


@pytest.mark.parametrize("relation", [POSS_CLITIC, "nsubj:*"])
def test_a_relation_that_names_a_further_row_is_refused(relation: str) -> None:
    with pytest.raises(ProbingError, match=r"document:1: .* names a further row of the report"):
        windows(f"he 2 {relation}|sleeps 0 root")


def treebank(path: Path, *texts: str) -> str:
    """In the text format of the paper's code, which has no tags."""
    rows = ([word.split() for word in text.split("|")] for text in texts)
    blocks = ["\n".join(f"{word} {head}-{rel}" for word, head, rel in block) for block in rows]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("texts", "expected"), [((HIS, DOG), [1, 1]), ((HIS, HIS), None)])
def test_asides_survive_the_cache_where_they_say_something(
    texts: Sequence[str],
    expected: list[int] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    path = treebank(tmp_path / "own.txt", *texts)
    for _ in range(2):  # written, then read
        corpus = open_windows(path, reader=None, task=Dependencies(), tokenizer=Letters())
        batch = corpus[[0, 1]]
        found = None if batch.asides is None else batch.asides.is_anchor.sum(1).tolist()
        assert found == expected
        monkeypatch.setattr(store, "write_windows", None)


def batch_of(*texts: str) -> EdgeBatch:
    found, census = windows(*texts)
    return collate(found, census.rows, Dependencies.terms, 7)


def encoding_of(batch: EdgeBatch, seed: int) -> Encoding:
    """Random attention in sixteenths, so that float32 is exact; ties are many."""
    rng = torch.Generator().manual_seed(seed)
    size, width = len(batch.words), batch.width
    attention = torch.randint(0, 16, (size, 2, 3, width, width), generator=rng) / 16
    mask = batch.is_word[:, None, None, :, None] & batch.is_word[:, None, None, None, :]
    return Encoding(attention=attention * mask, boundary=torch.zeros(size, 2, 3, width, 4))


TEXTS = (DOG, HIS, PLURAL, OF, "sleep 0 root", "dog 0 nmod:poss|'s 1 case", DOG, HIS)


@pytest.mark.parametrize("seed", range(5))
def test_heads_and_baselines_are_what_plain_loops_count(seed: int) -> None:
    batch = batch_of(*TEXTS)
    encoding = encoding_of(batch, seed)
    heads, baselines = HeadAccuracy(), EdgeAccuracy(batch.terms.baselines)
    heads.update(batch, encoding)
    for part in batch.parts:
        baselines.update(part, part.baselines)

    correct = torch.zeros(3, 2, 3, dtype=torch.int64)
    mass = torch.zeros(3, 2, 3, dtype=torch.float64)
    offsets = dict.fromkeys(OFFSETS, 0)
    total = 0
    for b, text in enumerate(TEXTS):
        own = sentence(text)
        words = len(own.words)
        for possessor, relation in enumerate(own.relations):
            if relation != "nmod:poss" or own.heads[possessor] == 0:
                continue
            clitic = next(
                (
                    word
                    for word in range(words)
                    if own.words[word] in ("'s", "'") and own.heads[word] == possessor + 1
                ),
                possessor,
            )
            gold = own.heads[possessor] - 1
            total += 1
            for k in OFFSETS:
                offsets[k] += clitic + k == gold
            for layer in range(2):
                for head in range(3):
                    maps = encoding.part("attention")[b, layer, head].double()
                    row, column = maps[clitic], maps[:, clitic]
                    for d, scores in enumerate((row, column, row + column)):
                        others = [j for j in range(words) if j != clitic]
                        pick = max(others, key=lambda j, s=scores: float(s[j]))  # type: ignore[misc]
                        correct[d, layer, head] += pick == gold and float(scores[pick]) > 0
                        mass[d, layer, head] += scores[gold]
    r = list(batch.rows).index(POSS_CLITIC)
    found = heads.compute()
    assert total == 6
    assert int(found["total"][r]) == total
    assert torch.equal(found["correct"][r], correct)
    assert torch.equal(found["reachable"][r], torch.full((3, 2), total))
    torch.testing.assert_close(found["gold_mass"][r], mass, rtol=1e-12, atol=0)
    counted = baselines.compute()["correct"][r].tolist()
    assert dict(zip(OFFSETS, counted, strict=True)) == offsets
    assert offsets[1] > 0


def test_asides_change_no_other_row() -> None:
    batch = batch_of(*TEXTS)
    encoding = encoding_of(batch, 0)
    with_asides, without = HeadAccuracy(), HeadAccuracy()
    with_asides.update(batch, encoding)
    without.update(replace(batch, asides=None), encoding)
    r = list(batch.rows).index(POSS_CLITIC)
    others = [i for i in range(len(batch.rows)) if i != r]
    for name, value in with_asides.compute().items():
        assert torch.equal(value[others], without.compute()[name][others]), name
        assert not without.compute()[name][r].any()


def test_no_probe_sees_an_aside() -> None:
    """Not in its scores, not in its loss, not among its hits."""
    batch = batch_of(*TEXTS)
    encoding = encoding_of(batch, 0)
    probe = AttentionProbe()
    probe.configure(Sizes(layers=2, heads=3, hidden=8, embedding=8))
    scores = probe.score(encoding, batch, name="mine")
    assert scores.shape[:2] == batch.anchors.shape
    words = sum(len(sentence(text).words) for text in TEXTS)
    assert int(batch.is_anchor.sum()) == words
    assert not batch.member[..., list(batch.rows).index(POSS_CLITIC)].any()
    alone = replace(batch, asides=None)
    assert torch.equal(probe.loss(scores, batch), probe.loss(scores, alone))


def test_batches_move_with_their_asides() -> None:
    batch = batch_of(DOG)
    moved = batch.to("meta")
    assert moved.asides is not None
    for field in fields(moved.asides):
        value = getattr(moved.asides, field.name)
        assert not isinstance(value, torch.Tensor) or value.device.type == "meta"


def test_windows_without_asides_make_a_batch_without() -> None:
    assert batch_of("sleep 0 root").asides is None
    assert batch_of().asides is None
