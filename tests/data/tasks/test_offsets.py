"""Fixed offsets of one's own: what they get right, and what is shown of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from columns import listed
from hypothesis import given
from letters import Letters

from probing.core.errors import ProbingError
from probing.core.picking import OFFSETS, offset_words, word_hits
from probing.core.terms import Terms
from probing.data import DependencyData
from probing.data.tasks.dependencies import Dependencies
from probing.data.tasks.offsets import offsets_of, with_offsets

PAPER = [-3, -2, -1, 1, 2]
some_offsets = st.lists(
    st.integers(-12, 12).filter(bool), min_size=1, max_size=6, unique=True
)  # in any order
CONLLU = "".join(
    f"{i}\tw{i}\t_\t_\tNN\t_\t{head}\tdep\t_\t_\n"
    for i, head in enumerate([2, 0, 5, 3, 2], start=1)
)


@pytest.fixture
def treebank(tmp_path: Path) -> str:
    path = tmp_path / "five.conllu"
    path.write_text(CONLLU + "\n")
    return str(path)


def opened(source: str, **options: Any) -> Any:
    return DependencyData(test=source, tokenizer=Letters(), **options).open("test")


@given(some_offsets)
def test_the_best_offset_is_chosen_among_those_given(offsets: list[int]) -> None:
    terms = with_offsets(Dependencies.terms, offsets)
    assert offsets_of(terms) == sorted({*offsets, 1})
    rivals = {rival.name: rival.of for rival in terms.rivals}
    assert rivals["offset"] == tuple(f"offset={k}" for k in sorted(offsets))
    assert rivals["right-branching"] == ("offset=1",)
    assert set(rivals["right-branching"]) <= set(terms.baselines)


def test_the_usual_offsets_are_those_of_the_task() -> None:
    assert with_offsets(Dependencies.terms, OFFSETS) == Dependencies.terms


@pytest.mark.parametrize("offsets", [[], [0], [1, 0, 2], [2, 2]])
def test_offsets_that_mean_nothing_are_refused(offsets: list[int], treebank: str) -> None:
    with pytest.raises(ProbingError, match=r"--data\.offsets: expected different whole numbers"):
        opened(treebank, offsets=offsets)


def test_baselines_that_are_no_offsets_are_left_alone(made_up: Terms) -> None:
    assert offsets_of(made_up) is None
    assert offsets_of(Terms(("a", "b", "c"), (), ())) is None


@given(st.lists(st.integers(1, 13), min_size=1, max_size=3), some_offsets, st.integers(0, 99))
def test_hits_of_any_offsets(lengths: list[int], offsets: list[int], seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    size, width, most = len(lengths), max(lengths), 4
    gold = torch.rand(size, most, width + 1, generator=rng) < 0.4
    anchors = torch.stack([torch.randint(n, (most,), generator=rng) for n in lengths])
    picked = offset_words(anchors, torch.tensor(lengths), offsets)
    found = word_hits(picked, listed(gold)).tolist()
    for b in range(size):
        for a in range(most):
            places = [int(anchors[b, a]) + offset for offset in offsets]
            assert found[b][a] == [
                0 <= place < lengths[b] and bool(gold[b, a, place + 1]) for place in places
            ]


def test_a_place_outside_the_sentence_is_wrong(treebank: str) -> None:
    """The released code clips it: to ROOT, and to the last word. Here neither counts."""
    windows = opened(treebank, offsets=PAPER, rules=[])
    batch = windows[[0]]
    assert windows.terms.baselines == (
        "offset=-3",
        "offset=-2",
        "offset=-1",
        "offset=1",
        "offset=2",
    )
    heads = [2, 0, 5, 3, 2]
    expected = [
        [float(word + k == head > 0) for k in PAPER] for word, head in enumerate(heads, start=1)
    ]
    assert batch.baselines[0].tolist() == expected
    # Word 2 hangs on ROOT: the offsets -2 and -3 would be right if they were clipped.
    assert not any(expected[1])


def test_other_offsets_need_no_other_cache(treebank: str) -> None:
    assert opened(treebank).table.cache_files == opened(treebank, offsets=PAPER).table.cache_files


def test_steps_of_no_window_are_refused() -> None:
    with pytest.raises(ProbingError, match="batch_windows: expected 1 or more, found 0"):
        DependencyData(batch_windows=0)
