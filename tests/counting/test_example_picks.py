"""The anchors that are looked at, and what heads pick of them, against loops over the corpus."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from letters import Letters

from probing.core.batches import EdgeBatch
from probing.core.outcomes import HeadPicks
from probing.counting.examples import ExamplePicks, sample_of
from probing.counting.noted import NO_PICK, UNSEEN, Sample
from probing.counting.subtypes import roll_ups
from probing.data import CoreferenceData, DependencyData
from probing.data.store import EdgeWindows

SOURCE = "builtin:documents=6,seed=4"
CELLS = (3, 2, 3)


@pytest.fixture(scope="module", params=[DependencyData, CoreferenceData])
def corpus(request: pytest.FixtureRequest) -> EdgeWindows:
    return request.param(test=SOURCE, tokenizer=Letters(limit=400)).open("test")


@pytest.fixture(scope="module")
def clitics(tmp_path_factory: pytest.TempPathFactory) -> EdgeWindows:
    """Another word may ask for a possessor's head, but never does: its anchors are not asked."""
    path = tmp_path_factory.mktemp("clitics") / "her.conllu"
    lines = ["1\tSee\t_\tVERB\tVB\t_\t0\troot\t_\t_", "2\ther\t_\tPRON\tPRP$\t_\t3\tposs\t_\t_"]
    lines += ["3\tdog\t_\tNOUN\tNN\t_\t1\tdobj\t_\t_"]
    path.write_text("\n".join([*lines, "", *lines, "", ""]), encoding="utf-8")
    return DependencyData(test=str(path), tokenizer=Letters()).open("test")


def asked(corpus: EdgeWindows) -> dict[str, set[tuple[int, int]]]:
    """By row, window and place of each anchor that heads are asked about."""
    found: dict[str, set[tuple[int, int]]] = {name: set() for name in corpus.census.rows}
    for number, window in enumerate(corpus.windows(range(len(corpus)))):
        for a, (gold, rows) in enumerate(zip(window.gold, window.rows, strict=True)):
            for row in rows if any(column > 0 for column in gold) else ():
                found[corpus.census.rows[row]].add((number, a))
    for name in roll_ups(corpus.census.rows, corpus.terms.subtypes):
        whole = name.removesuffix("*")
        parts = [own for row, own in found.items() if f"{row}:".startswith(whole)]
        found[name] = set().union(*parts)
    return found


def held(sample: Sample, row: str) -> list[tuple[int, int]]:
    own = sample.of_row[row]
    return list(zip(sample.windows[own].tolist(), sample.anchors[own].tolist(), strict=True))


@pytest.mark.parametrize("count", [1, 4, 10**6])
def test_of_each_row_so_many_anchors_or_all(corpus: EdgeWindows, count: int) -> None:
    sample, every = sample_of(corpus, count), asked(corpus)
    assert set(sample.of_row) == {*every, *corpus.terms.with_roots}
    assert corpus.terms.subtypes == "" or {"nsubj:*", "obl:*"} <= set(every)
    for row, anchors in every.items():
        own = held(sample, row)
        assert len(own) == len(set(own)) == min(count, len(anchors))
        assert set(own) <= anchors
    pairs = list(zip(sample.windows.tolist(), sample.anchors.tolist(), strict=True))
    assert pairs == sorted(set(pairs)) == sorted({p for row in every for p in held(sample, row)})


def test_more_begin_with_the_same_ones(corpus: EdgeWindows) -> None:
    few, more = sample_of(corpus, 3), sample_of(corpus, 9)
    for row in corpus.census.rows:
        assert held(more, row)[:3] == held(few, row)
    # They are not the first ones of the file.
    assert held(more, "all") != sorted(asked(corpus)["all"])[:9]


def test_rows_that_add_up_others_have_the_first_of_all_their_anchors(corpus: EdgeWindows) -> None:
    few, whole = sample_of(corpus, 7), sample_of(corpus, 10**6)
    for name in roll_ups(corpus.census.rows, corpus.terms.subtypes):
        assert held(few, name) == held(whole, name)[:7]


def test_rows_with_root_words_have_the_first_of_what_heads_are_asked_about(
    corpus: EdgeWindows, clitics: EdgeWindows
) -> None:
    for own in (corpus, clitics):
        few, whole, every = sample_of(own, 7), sample_of(own, 10**6), asked(own)
        words = set().union(*(every[row] for row in every if row != "poss+clitic"))
        expected = {"uas": every["all"], "uas+punct": words}
        assert all(name in few.of_row for name in own.terms.with_roots)
        for name, anchors in expected.items():
            if name not in own.terms.with_roots:
                continue
            assert set(held(whole, name)) == anchors
            assert held(few, name) == held(whole, name)[:7]


def test_anchors_that_nobody_is_asked_about_are_not_counted(clitics: EdgeWindows) -> None:
    sample, every = sample_of(clitics, 5), asked(clitics)
    assert {row: set(held(sample, row)) for row in every} == every
    assert sum(map(len, every.values())) == 8


def picks_of(batch: EdgeBatch, seed: int) -> HeadPicks:
    rng = torch.Generator().manual_seed(seed)
    size = (*batch.anchors.shape, *CELLS)
    words = torch.randint(0, max(1, batch.width), size, generator=rng)
    is_pick = torch.rand(size, generator=rng) < 0.8
    return HeadPicks(
        words=words,
        is_pick=is_pick,
        hits=torch.zeros(size, dtype=torch.bool),
        kinds=torch.zeros(size, dtype=torch.int8),
        reachable=torch.ones(size[:4], dtype=torch.bool),
        quantities=torch.rand((*size, 2), generator=rng),
    )


@pytest.mark.parametrize("ranks", [1, 3])
def test_notes_are_what_heads_pick_in_any_order_and_process(
    corpus: EdgeWindows, ranks: int
) -> None:
    sample = sample_of(corpus, 5)
    unseen = len(corpus) - 1
    batches = [[k, k + 1] if k + 1 < unseen else [k] for k in range(0, unseen, 2)][::-1]
    metrics = [ExamplePicks(sample, CELLS) for _ in range(ranks)]
    expected = np.full((len(sample.windows), *CELLS), UNSEEN)
    special = np.zeros(expected.shape, dtype=np.float32)
    places = {
        pair: place
        for place, pair in enumerate(
            zip(sample.windows.tolist(), sample.anchors.tolist(), strict=True)
        )
    }
    for k, numbers in enumerate([[], *batches]):
        batch = corpus[numbers]
        heads = picks_of(batch, k)
        metrics[k % ranks].update(batch, heads)
        for b, number in enumerate(numbers):
            for a in range(int(batch.is_anchor[b].sum())):
                place = places.get((number, a))
                if place is not None:
                    own = torch.where(heads.is_pick[b, a], heads.words[b, a], NO_PICK)
                    expected[place] = own.numpy()
                    special[place] = heads.quantities[b, a, ..., 1].numpy()
    for other in metrics[1:]:  # as processes are joined
        metrics[0].words = metrics[0].words + other.words
        metrics[0].special = metrics[0].special + other.special
    noted = metrics[0].found()
    assert (noted.words == expected).all()
    assert (noted.special == special).all()
    assert (expected == NO_PICK).any()
    assert (expected >= 0).any()
