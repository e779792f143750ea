"""What heads get right where baselines are wrong, against loops, and on a planted corpus."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from picked import heads_of
from planted import save_bert

import probing
from probing.core.batches import EdgeBatch, Encoding
from probing.core.head_names import Cell
from probing.core.outcomes import HeadPicks
from probing.core.terms import Terms
from probing.counting.best import beside_heads
from probing.counting.hard import Choice, Hard, HardAnchors, choices
from probing.reports.best_heads import markdown
from probing.reports.tables import HARD, hard_rows

Edges = tuple[EdgeBatch, Encoding]


@pytest.fixture(params=[False, True], ids=["words apart", "words alike"])
def edges(
    request: pytest.FixtureRequest, random_edges: Callable[..., Edges], terms: Terms
) -> tuple[EdgeBatch, HeadPicks]:
    """Some baselines are dice, of others nobody knows what they pick in some windows."""
    batch, encoding = random_edges(3, lengths=[6, 2, 7, 5, 7], gold=2, shared=True, terms=terms)
    rng = torch.Generator().manual_seed(5)
    size = *batch.anchors.shape, len(terms.baselines)
    picked = torch.randint(-1, batch.width, size, generator=rng).int()
    picked[..., 1] = -2
    picked[2, :, 0] = -2
    batch = replace(batch, picked=picked)
    if request.param:
        class_of = torch.arange(batch.width).repeat(len(batch.lengths), 1)
        class_of[:, 1] = 0
        batch = replace(batch, class_of=class_of)
    return batch, heads_of(batch, encoding)


def naive(
    choice: Choice, baseline: str, parts: Sequence[str], batch: EdgeBatch, heads: HeadPicks
) -> Hard | None:
    terms = batch.terms
    k = terms.baselines.index(baseline)
    d, head = terms.directions.index(choice.head.direction), choice.head.head - 1
    layer = choice.head.layer - 1
    total = hard = hard_correct = easy = easy_correct = agreed = told = 0
    for b in range(len(batch.lengths)):
        for a in range(batch.anchors.shape[1]):
            rows = [row for r, row in enumerate(batch.rows) if batch.member[b, a, r]]
            is_asked = bool(batch.is_anchor[b, a]) and any(g > 0 for g in batch.gold_at[b, a])
            if not is_asked or not set(rows) & set(parts):
                continue
            total += 1
            share = float(batch.baselines[b, a, k])
            hit = bool(heads.hits[b, a, d, layer, head])
            hard += share == 0
            hard_correct += share == 0 and hit
            easy += share == 1
            easy_correct += share == 1 and hit
            assert batch.picked is not None
            pick, own = int(batch.picked[b, a, k]), int(heads.words[b, a, d, layer, head])
            told += pick != -2
            if pick >= 0 and bool(heads.is_pick[b, a, d, layer, head]):
                alike = batch.class_of is not None and {pick, own} <= {0, 1}
                agreed += pick == own or alike
    if not total:
        return None
    known = agreed if told == total else None
    return Hard(
        *(choice.row, choice.head, baseline, total, hard, hard_correct, easy, easy_correct, known)
    )


def test_counts_are_those_of_loops(edges: tuple[EdgeBatch, HeadPicks]) -> None:
    batch, heads = edges
    terms = replace(batch.terms, subtypes=":")
    batch = replace(batch, terms=terms, rows=("all", "nsubj:pass", "obj", "nsubj"))
    names = terms.baselines
    chosen = [
        Choice("all", Cell(terms.directions[0], 1, 3), names[:4]),
        Choice("nsubj", Cell(terms.directions[1], 2, 1), (names[4], names[0])),
        Choice("nsubj:pass", Cell(terms.directions[0], 2, 2), names[:1]),
        Choice("obj", Cell(terms.directions[2], 1, 1), names[1:3]),
        Choice("nsubj:*", Cell(terms.directions[1], 1, 2), names[2:5]),
        Choice("unheard of", Cell(terms.directions[1], 1, 2), names[2:5]),
    ]
    metric = HardAnchors(chosen, terms, layers=[1, 2], heads=3, most=4)
    halves = [[0, 3], [1, 2, 4], []]  # in any order, an empty batch among them
    for windows in halves:
        metric.update(batch.of_windows(windows), heads.of_windows(windows))
    expected = []
    for choice in chosen:
        parts = ["nsubj", "nsubj:pass"] if choice.row == "nsubj:*" else [choice.row]
        expected += [naive(choice, name, parts, batch, heads) for name in choice.baselines]
    found = metric.found()
    assert found == [own for own in expected if own]
    assert {own.row for own in found} == {"all", "nsubj", "nsubj:pass", "obj", "nsubj:*"}
    assert {own.agreed is None for own in found} == {False, True}
    assert any(own.agreed for own in found)
    assert all(own.hard_correct < own.hard for own in found if own.hard > 5)
    lines = [dict(zip(HARD, line, strict=True)) for line in hard_rows(found)]
    for own, line in zip(found, lines, strict=True):
        assert line["relation"] == own.row
        assert (line["layer"], line["head"]) == (own.head.layer, own.head.head)
        right = f"{own.hard_correct / own.hard:.6f}" if own.hard else ""
        assert line["hard_accuracy"] == right
        agreement = "" if own.agreed is None else f"{own.agreed / own.total:.6f}"
        assert line["agreement"] == agreement


def test_nobody_knows_what_baselines_of_a_task_pick_that_does_not_say(
    edges: tuple[EdgeBatch, HeadPicks],
) -> None:
    batch, heads = edges
    terms = batch.terms
    chosen = [Choice("all", Cell(terms.directions[0], 1, 3), terms.baselines[:2])]
    with_picks, without = (
        HardAnchors(chosen, terms, layers=[1, 2], heads=3, most=4) for _ in range(2)
    )
    with_picks.update(batch, heads)
    without.update(replace(batch, picked=None), heads)
    assert [own.agreed for own in without.found()] == [None, None]
    assert [replace(own, agreed=None) for own in with_picks.found()] == without.found()


def test_what_is_chosen_is_the_strongest_first_and_nothing_of_a_model() -> None:
    from test_strongest import counts_of

    counts = counts_of([[0, 0, 10, 0], [9, 4, 3, 5.5]])
    both = beside_heads(counts, {"twin": counts})
    found = choices(both, ["obj", "all", "unheard of"])
    assert found == [
        Choice("obj", Cell("row", 1, 1), ("dice", "far")),
        Choice("all", Cell("row", 1, 1), ("near", "dice")),
    ]
    without = replace(counts, terms=replace(counts.terms, rivals=()))
    assert choices(without, ["obj"]) == []


# ---------------------------------------------------------------------- a planted corpus

WORDS = "red cat saw old dog near town".split()
# Which word the planted head picks from each, by place; no offset and no rule says the same.
PICKED = {1: 4, 2: 6, 3: 1, 4: 7, 5: 2, 6: 3, 7: 5}


def planted_sentence(rng: random.Random) -> str:
    """Two objects: the nearest verb to the left is right of one, the planted head of the other."""
    while True:
        tags = [rng.choice(["VERB", "NOUN", "ADV"]) for _ in WORDS]
        verbs = {
            place: max((v for v in range(1, place) if tags[v - 1] == "VERB"), default=0)
            for place in PICKED
        }
        places = [place for place in PICKED if verbs[place] and verbs[place] != PICKED[place]]
        if len(places) >= 2:
            of_rule, of_head = rng.sample(places, 2)
            heads = {of_rule: verbs[of_rule], of_head: PICKED[of_head]}
            words = rng.sample(WORDS, len(WORDS))
            return "\n".join(
                f"{i}\t{word}\t_\t{tag}\t_\t_\t{heads.get(i, '_')}\t"
                f"{'obj' if i in heads else '_'}\t_\t_"
                for i, (word, tag) in enumerate(zip(words, tags, strict=True), start=1)
            )


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("planted")
    save_bert(folder, [lambda place: PICKED.get(place, 0), lambda place: place + 1], WORDS)
    files = {"model": str(folder)}
    for seed, split in enumerate(("val", "test")):
        rng = random.Random(seed)
        text = "\n\n".join(planted_sentence(rng) for _ in range(80))
        path = folder / f"{split}.conllu"
        Path(path).write_text(f"{text}\n\n", encoding="utf-8")
        files[split] = str(path)
    return files


def test_a_head_that_is_right_where_the_rule_is_wrong(planted: dict[str, str]) -> None:
    scores = probing.score(planted["test"], model=planted["model"], val=planted["val"])
    table = scores.findings.table  # nobody knows the root, so that no word is there to be wrong
    assert [best.relation for best in table] == ["all", "uas", "uas+punct", "obj"]
    for best in table:
        assert best.strongest
        assert best.strongest.baseline == "gold-rule=VERB:left"
        assert best.strongest.correct == 80
        assert (best.head, best.total, best.correct) == (Cell("dep->head", 1, 1), 160, 80)
        assert best.hard
        assert (best.hard.on_hard, best.hard.on_easy, best.hard.agreement) == (1.0, 0.0, 0.0)
    assert "| nearest VERB to the left (gold tags) | 50.0 | 100.0 |" in markdown(scores.findings)
    by_name = {own.baseline.partition("=")[0]: own for own in scores.findings.hard}
    assert set(by_name) == {"gold-rule", "form-rule", "offset"}
    assert all(own.hard + own.easy == own.total == 160 for own in by_name.values())


def test_without_validation_data_nothing_was_chosen_before(planted: dict[str, str]) -> None:
    alone = probing.score(planted["test"], model=planted["model"])
    assert alone.findings.hard == ()
    assert all(best.hard is None for best in alone.findings.table)
    assert "where it is wrong" not in markdown(alone.findings)
