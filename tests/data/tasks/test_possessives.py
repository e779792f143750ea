"""The paper's rule for possessors, from words to counts, against plain loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from letters import Letters
from picked import heads_of
from torch.nn import functional as F

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.picking import OFFSETS
from probing.core.sentences import Sentence
from probing.core.windows import Window
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.data import store
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.store import open_windows
from probing.data.tasks.dependencies import Dependencies
from probing.data.tasks.possessives import POSS_CLITIC, stand_ins
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, Probe, StructuralProbe


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


def for_heads(window: Window) -> list[tuple[int, list[int], list[int]]]:
    """Anchor, gold and rows of those that only heads are asked about."""
    asked = zip(window.anchors, window.gold, window.rows, window.for_probes or (), strict=False)
    return [(anchor, list(gold), list(rows)) for anchor, gold, rows, own in asked if not own]


@pytest.mark.parametrize("text", [DOG, DOG.replace("'s 2 case", "s 2 case")])
def test_a_reader_need_not_yield_tags(text: str) -> None:
    bare = replace(sentence(text), tags=())
    assert stand_ins(bare) == stand_ins(sentence(text))
    [window] = Dependencies()([bare], Letters(), Census())
    assert for_heads(window) == [(2 if text == DOG else 1, [4], window.rows[-1])]


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
    assert for_heads(dog) == [(2, [4], [row])]
    assert for_heads(his) == [(0, [2], [row])]
    assert census.unused == []
    # What probes are asked is what the treebank says.
    own = dog.probed
    assert list(own.anchors) == [0, 1, 2, 3, 4]
    assert [list(gold) for gold in own.gold] == [[2], [4], [2], [5], [0]]
    named = [{census.rows[r] for r in rows} for rows in own.rows]
    assert named == [{"all", name} for name in ("det", "nmod:poss", "case", "nsubj", "root")]


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
def test_anchors_for_heads_survive_the_cache_where_they_say_something(
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
        mask = batch.for_probes
        if mask is not None:
            mask = F.pad(mask, (0, batch.is_anchor.shape[1] - mask.shape[1]))
        found = None if mask is None else (batch.is_anchor & ~mask).sum(1).tolist()
        assert found == expected
        assert int(batch.is_anchor.sum()) == corpus.anchors.sum() + sum(expected or ())
        assert corpus.anchors.tolist() == [len(sentence(text).words) for text in texts]
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
    heads.update(batch, heads_of(batch, encoding))
    baselines.update(batch, batch.baselines)

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
    torch.testing.assert_close(found["quantities"][r, ..., 0], mass, rtol=1e-12, atol=0)
    counted = baselines.compute()["correct"][r].tolist()
    assert dict(zip(OFFSETS, counted, strict=True)) == offsets
    assert offsets[1] > 0


def test_anchors_for_heads_change_no_other_row() -> None:
    batch = batch_of(*TEXTS)
    encoding = encoding_of(batch, 0)
    every, without = HeadAccuracy(), HeadAccuracy()
    every.update(batch, heads_of(batch, encoding))
    without.update(batch.probed, heads_of(batch.probed, encoding))
    r = list(batch.rows).index(POSS_CLITIC)
    others = [i for i in range(len(batch.rows)) if i != r]
    for name, value in every.compute().items():
        assert torch.equal(value[others], without.compute()[name][others]), name
        assert not without.compute()[name][r].any()
    assert int(every.compute()["total"][r]) == 6


def without_clitics(batch: EdgeBatch) -> EdgeBatch:
    """Made of windows that have no anchor for heads alone."""
    found, census = windows(*TEXTS)
    bare = [
        Window(w.words, w.wordpieces, range(n), w.gold[:n], None, w.rows[:n])
        for w in found
        for n in [len(w.words)]
    ]
    return collate(bare, census.rows, batch.terms, 7)


def test_probes_see_the_batch_as_if_no_clitic_asked() -> None:
    batch = batch_of(*TEXTS)
    assert batch.anchors.shape[1] > max(map(len, batch.words)), "the longest has one more"
    expected = without_clitics(batch)
    for field in fields(batch.probed):
        found, own = (getattr(each, field.name) for each in (batch.probed, expected))
        if isinstance(own, torch.Tensor):
            assert torch.equal(found, own), field.name
            assert found.is_contiguous(), field.name
        else:
            assert found == own, field.name
    assert expected.probed is expected


@pytest.mark.parametrize("probe", [AttentionProbe, StructuralProbe])
def test_no_probe_sees_an_anchor_for_heads(
    probe: type[Probe], tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in its scores, not in its loss, not among its hits."""
    tokenizer, census = tiny_encoder.tokenizer, Census()
    found = list(Dependencies()(map(sentence, TEXTS), tokenizer, census))
    bare = [window.probed for window in found]
    assert sum(len(w.anchors) - len(b.anchors) for w, b in zip(found, bare, strict=True)) == 7
    mixed, alone = (
        collate(some, census.rows, Dependencies.terms, tokenizer.pad_id) for some in (found, bare)
    )
    torch.manual_seed(0)
    module = ProbingModule(tiny_encoder, {"mine": probe()})
    module.configure_model()
    monkeypatch.setattr(module, "log", lambda *args, **options: None)
    losses = [module.training_step(batch, 0) for batch in (mixed, alone)]
    assert torch.equal(*losses)
    with torch.no_grad():
        own, expected = module.judge(mixed, weigh=True), module.judge(alone)
    assert module.losses["mine"].compute() == losses[1].detach()
    assert torch.equal(own.scores["mine"], expected.scores["mine"])
    assert torch.equal(own.hits, expected.hits)
    # Heads are asked about them.
    assert own.heads["main"].hits.shape[1] == mixed.anchors.shape[1] > own.hits.shape[1]


def test_windows_without_a_possessor_make_a_batch_without() -> None:
    assert batch_of("sleep 0 root").for_probes is None
    assert batch_of().for_probes is None
