"""What every picker chose, against plain loops; and notes of any number of processes, in order."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import Letters
from picked import heads_of

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.head_names import Cell
from probing.data import CoreferenceData, DependencyData
from probing.data.store import EdgeWindows
from probing.probes.base import pick
from probing.reports.predictions.callback import columns_of, probabilities_of
from probing.reports.predictions.notes import NO_PICK, Notes
from probing.reports.predictions.table import Pickers, _groups, write_choices

Edges = Callable[..., tuple[EdgeBatch, Encoding]]

TREES = """\
# newdoc id = first
# sent_id = 1
1\tBirds\t_\t_\t_\t_\t2\tnsubj\t_\t_
2\tsing\t_\t_\t_\t_\t0\troot\t_\t_
3\t.\t_\t_\t_\t_\t2\tpunct\t_\t_

# newdoc id = second
1\tGo\t_\t_\t_\t_\t0\troot\t_\t_

1\tThe\t_\t_\t_\t_\t2\tdet\t_\t_
2\tcat\t_\t_\t_\t_\t3\tnsubj\t_\t_
3\tsaw\t_\t_\t_\t_\t0\troot\t_\t_
4\tit\t_\t_\t_\t_\t3\tobj\t_\t_

"""
LINES, WORDS = [3, 8, 10], [["Birds", "sing", "."], ["Go"], ["The", "cat", "saw", "it"]]
HEADS = [[2, 0, 2], [0], [2, 3, 0, 3]]
CELLS = (Cell("dep->head", 1, 1), Cell("head->dep", 2, 3), Cell("both", 2, 1))
PICKERS = Pickers(
    probes=("mine", "yours"),
    cells=CELLS,
    shown={"all": CELLS[2], "nsubj": CELLS[0]},
    own={"all": CELLS[2], "nsubj": CELLS[0], "det": CELLS[1], "root": CELLS[1]},
)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> EdgeWindows:
    path = tmp_path_factory.mktemp("trees") / "small.conllu"
    path.write_text(TREES, encoding="utf-8")
    return DependencyData(test=str(path), tokenizer=Letters()).open("test")


# Picks


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), causal=st.booleans(), restricted=st.booleans())
def test_heads_pick_what_a_loop_over_words_picks(
    random_edges: Edges, seed: int, causal: bool, restricted: bool
) -> None:
    batch, encoding = random_edges(seed, causal=causal, restricted=restricted, shared=True)
    maps = encoding.part("attention").double()
    _, layers, heads, _, _ = maps.shape
    found = columns_of(heads_of(batch, encoding))
    assert found.shape == (*batch.anchors.shape, 3 * layers * heads)
    for b, a in batch.is_anchor.nonzero().tolist():
        word = int(batch.anchors[b, a])
        expected = []
        for direction in range(3):
            for layer in range(layers):
                for head in range(heads):
                    own = encoding.part("attention")[b, layer, head]
                    best, pick = 0.0, NO_PICK
                    for other in range(batch.width):
                        if not batch.candidates[b, a, other + 1]:
                            continue
                        weight = float(
                            (
                                own[word, other],
                                own[other, word],
                                own[word, other] + own[other, word],
                            )[direction]
                        )
                        if weight > best:
                            best, pick = weight, other + 1
                    expected.append(pick)
        assert found[b, a].tolist() == expected


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), gold=st.integers(1, 3))
def test_probes_pick_the_likeliest_candidate_and_say_how_likely(
    random_edges: Edges, seed: int, gold: int
) -> None:
    batch, _ = random_edges(seed, gold=gold, restricted=True)
    rng = torch.Generator().manual_seed(seed)
    scores = [4 * torch.randn(batch.gold.shape, generator=rng) for _ in range(2)]
    picks = torch.stack([pick(own, batch.candidates) for own in scores], -1)
    sure = probabilities_of(scores, picks, batch)
    for b, a in batch.is_anchor.nonzero().tolist():
        for k in range(2):
            columns = batch.candidates[b, a].nonzero()[:, 0].tolist()
            weight = {c: math.exp(float(scores[k][b, a, c])) for c in columns}
            best = max(columns, key=lambda c: weight[c])
            right = [c for c in columns if batch.gold[b, a, c]]
            whole = sum(weight.values())
            assert picks[b, a, k] == best
            assert float(sure[b, a, k, 0]) == pytest.approx(weight[best] / whole)
            assert float(sure[b, a, k, 1]) == pytest.approx(sum(weight[c] for c in right) / whole)


def test_without_probes_there_is_nothing_to_be_sure_of(random_edges: Edges) -> None:
    batch, _ = random_edges(0)
    picks = batch.anchors.new_zeros(*batch.anchors.shape, 0)
    sure = probabilities_of([], picks, batch)
    assert sure.shape == (*batch.anchors.shape, 0, 2)


# Notes


def noted(place: Path, corpus: EdgeWindows, owner: list[int | None], order: list[int]) -> bytes:
    """The table made of notes that name the anchor in each pick; ``None`` judges no window."""
    ranks = 1 + max(rank for rank in owner if rank is not None)
    paths = [place / f"{rank}.tmp" for rank in range(ranks)]
    notes = [Notes(path, corpus.anchors, probes=2, heads=3) for path in paths]
    for window in order:
        rank = owner[window]
        if rank is None:
            continue
        count = len(HEADS[window])
        # The first probe is right, the second picks the first word; heads pick nothing, the
        # anchor itself, and the last word.
        probes = np.array([[head, 1] for head in HEADS[window]])
        own = np.arange(1, count + 1)
        heads = np.stack([np.full(count, NO_PICK), own, np.full(count, count)], 1)
        sure = np.stack([probes / 8, probes / 16], -1)
        notes[rank].write(window, probes=probes, probabilities=sure, heads=heads)
    for one in notes:
        one.file.close()
    write_choices(place / "p.parquet", corpus, PICKERS, notes[0], paths)
    return (place / "p.parquet").read_bytes()


@settings(max_examples=15)
@given(owner=st.lists(st.integers(0, 2), min_size=3, max_size=3), order=st.permutations(range(3)))
def test_the_table_does_not_depend_on_processes_or_order(
    trees: EdgeWindows,
    tmp_path_factory: pytest.TempPathFactory,
    owner: list[int | None],
    order: list[int],
) -> None:
    one = noted(tmp_path_factory.mktemp("one"), trees, [0, 0, 0], [0, 1, 2])
    assert noted(tmp_path_factory.mktemp("many"), trees, owner, order) == one


def test_a_row_says_where_the_anchor_stands_and_what_was_chosen(
    trees: EdgeWindows, tmp_path: Path
) -> None:
    noted(tmp_path, trees, [0, 1, 0], [2, 0, 1])
    rows = pq.read_table(tmp_path / "p.parquet").to_pylist()
    expected = []
    for window, (words, heads) in enumerate(zip(WORDS, HEADS, strict=True)):
        for number, (form, head) in enumerate(zip(words, heads, strict=True), start=1):
            expected.append((window, LINES[window], number, number, form, [head]))
    columns = ("window", "line", "id", "word", "form", "gold")
    assert [tuple(row[name] for name in columns) for row in rows] == expected
    assert [row["document"] for row in rows] == ["first"] * 3 + ["second"] * 5
    cat = rows[5]
    assert cat == {
        "file": "small.conllu",
        "document": "second",
        "line": 10,
        "id": 2,
        "window": 2,
        "text": "The cat saw it",
        "word": 2,
        "form": "cat",
        "relation": "nsubj",
        "rows": ["all", "nsubj"],
        "gold": [3],
        "gold_form": ["saw"],
        "for_heads": True,
        "mine.word": 3,
        "mine.form": "saw",
        "mine.right": True,
        "mine.probability": 3 / 8,
        "mine.gold_probability": 3 / 16,
        "yours.word": 1,
        "yours.form": "The",
        "yours.right": False,
        "yours.probability": 1 / 8,
        "yours.gold_probability": 1 / 16,
        "own-head.head": "1-1",
        "own-head.direction": "dep->head",
        "own-head.word": NO_PICK,
        "own-head.form": None,
        "own-head.right": False,
        "head:all.word": 4,
        "head:all.form": "it",
        "head:all.right": False,
        "head:nsubj.word": NO_PICK,
        "head:nsubj.form": None,
        "head:nsubj.right": False,
    }
    root = rows[1]
    assert (root["gold_form"], root["for_heads"]) == (["ROOT"], False)
    assert (root["mine.word"], root["mine.form"], root["mine.right"]) == (0, "ROOT", True)
    assert root["own-head.form"] == "sing"
    full_stop = rows[2]  # the relation has no chosen head
    assert (full_stop["rows"], full_stop["own-head.head"]) == (["punct"], None)
    assert (full_stop["own-head.word"], full_stop["own-head.right"]) == (NO_PICK, False)
    said = pq.read_schema(tmp_path / "p.parquet").metadata
    assert (said[b"head:nsubj"], said[b"head:all"]) == (b"1-1 dep->head", b"2-1 both")


def test_what_was_not_judged_is_left_out(trees: EdgeWindows, tmp_path: Path) -> None:
    noted(tmp_path, trees, [None, 0, None], [0, 1, 2])
    assert pq.read_table(tmp_path / "p.parquet")["form"].to_pylist() == ["Go"]


def test_what_fails_leaves_the_file_that_was_there(
    trees: EdgeWindows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = noted(tmp_path, trees, [0, 0, 0], [0, 1, 2])

    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", fail)
    with pytest.raises(ProbingError, match=r"p\.parquet: cannot be written: no space"):
        noted(tmp_path, trees, [0, 0, 0], [0, 1, 2])
    assert {path.name for path in tmp_path.iterdir()} == {"p.parquet", "0.tmp"}
    assert (tmp_path / "p.parquet").read_bytes() == before


@given(counts=st.lists(st.integers(0, 9000), min_size=1, max_size=40))
def test_row_groups_hold_every_window_once_and_not_too_many(counts: list[int]) -> None:
    groups = list(_groups(np.cumsum(counts)))
    assert [window for group in groups for window in group] == list(range(len(counts)))
    for group in groups:
        assert len(group) == 1 or sum(counts[window] for window in group) <= 8192


def test_anaphors_are_found_by_the_line_and_place_of_their_own_sentence(tmp_path: Path) -> None:
    path = tmp_path / "small.jsonl"
    path.write_text(
        '{"sentences": [["Anna", "came", "."], ["Then", "she", "left", "."]],'
        ' "clusters": [[[0, 0], [4, 4]]], "doc_key": "visit"}\n',
        encoding="utf-8",
    )
    corpus = CoreferenceData(test=str(path), tokenizer=Letters()).open("test")
    assert corpus.anchors.tolist() == [1]
    notes = Notes(tmp_path / "n.tmp", corpus.anchors, probes=0, heads=0)
    empty = np.zeros((1, 0))
    notes.write(0, probes=empty, probabilities=np.zeros((1, 0, 2)), heads=empty)
    notes.file.close()
    pickers = Pickers(probes=(), cells=(), shown={}, own={})
    write_choices(tmp_path / "p.parquet", corpus, pickers, notes, [notes.path])
    [row] = pq.read_table(tmp_path / "p.parquet").to_pylist()
    origin = corpus.windows([0])[0].origin
    assert (row["document"], row["line"]) == ("visit", origin.lines[1])
    assert (row["form"], row["id"], row["word"]) == ("she", 2, 5)
    assert (row["gold"], row["gold_form"]) == ([1], ["Anna"])
    assert row["text"] == "Anna came . Then she left ."
