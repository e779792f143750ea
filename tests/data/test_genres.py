"""Genres by the names of documents, and the few units of which all patterns are counted out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from letters import Letters

from probing.data.genres import genres_of
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.dependencies import Dependencies

TREE = "1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n2\t{}\t_\t_\t_\t_\t1\tobj\t_\t_\n\n"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["GUM_news_a", "GUM_bio_b", "GUM_news_c"], {"bio": [2], "news": [1, 3]}),
        (["GENTLE_poetry_a", "GUM_bio_b"], {"bio": [2], "poetry": [1]}),
        (["nw/wsj/00/wsj_0001; part 1", "bc/cctv/00/cctv_0002"], {"bc": [2], "nw": [1]}),
        (["weblog-blog.com_a_20040423", "email-x_0001", "reviews-7"],
         {"email": [2], "reviews": [3], "weblog": [1]}),
        (["GUM_news_a", "GUM_news_b"], {}),  # one genre is none
        (["GUM_news_a", "nw/wsj/00/wsj_0001"], {}),  # of two kinds
        (["GUM_news_a", "a page of mine"], {}),
        (["GUM_News_a", "GUM_bio_b"], {}),
        (["GUM_news", "GUM_bio"], {}),
        (["a-1", "b-2"], {}),
        ([], {}),
    ],
)  # fmt: skip
def test_genres_are_told_where_every_name_tells_one(
    names: Sequence[str], expected: dict[str, list[int]]
) -> None:
    found = genres_of(dict(enumerate(names, 1)))
    assert found == expected
    assert list(found) == sorted(found)


def opened(path: Path, documents: Sequence[tuple[str, int]], *, ascii: bool = True) -> EdgeWindows:
    """So many sentences in each document; a negative number is of sentences that do not fit."""
    text = ""
    for name, count in documents:
        text += f"# newdoc id = {name}\n"
        text += TREE.format("b" if count > 0 else "b" * 80) * abs(count)
    path.write_text(text, encoding="utf-8")
    return open_windows(str(path), reader=None, task=Dependencies(), tokenizer=Letters(32))


def test_a_corpus_knows_the_genre_of_each_unit(tmp_path: Path) -> None:
    corpus = opened(tmp_path / "a.conllu", [("GUM_news_a", 2), ("GUM_bio_b", 1), ("GUM_news_c", 1)])
    units = corpus.units
    batch = corpus[[0, 1, 2, 3]]
    assert batch.units is not None
    names = list(units.genres)
    assert [names[units.genre_of[unit]] for unit in batch.units.tolist()] == [
        "news", "news", "bio", "news",
    ]  # fmt: skip
    assert not opened(tmp_path / "b.conllu", [("GUM_news_a", 2)]).units.genres


@pytest.mark.parametrize(
    ("documents", "few"),
    [
        ([("a", 1), ("b", 2), ("c", 1)], [1, 2, 3]),
        ([("a", 1), ("b", -2), ("c", 1)], [1, 3]),  # nothing of the second can be used
        ([(f"d{n}", 1) for n in range(10)], [*range(1, 11)]),
        ([(f"d{n}", 1) for n in range(11)], []),
        ([(f"d{n}", 1 if n % 2 else -1) for n in range(20)], [*range(2, 21, 2)]),
        ([("a", 4)], [1, 2, 3, 4]),  # sentences
        ([("a", 11)], []),
    ],
)
def test_few_units_are_listed(
    documents: Sequence[tuple[str, int]], few: list[int], tmp_path: Path
) -> None:
    corpus = opened(tmp_path / "a.conllu", documents)
    assert corpus.units.few == few
    batch = corpus[list(range(len(corpus)))]
    assert batch.units is not None
    if few:
        assert set(corpus.units.few_identities) == set(batch.units.tolist())
        assert len(corpus.units.few_identities) == len(few)
    assert batch.units.dtype == torch.int64
