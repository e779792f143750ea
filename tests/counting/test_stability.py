"""How often the same head is chosen again, and in how many genres it is above, by plain loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from picked import heads_of

from probing.core.batches import EdgeBatch, Encoding
from probing.core.terms import Terms
from probing.counting.best import best_heads
from probing.counting.counting import head_counts
from probing.counting.counts import HeadCounts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy
from probing.counting.resampling import Resampler
from probing.counting.stability import BY_GENRE, Genres, chosen_again, genres_above

Edges = tuple[EdgeBatch, Encoding]
WINDOWS = 40
GENRE_OF = {unit: unit % 4 for unit in range(20)}
"""Four genres of five documents; the fifth has none of these."""


def counts_of(seed: int, random_edges: Callable[..., Edges], terms: Terms) -> HeadCounts:
    """Forty windows of twenty documents, with a relation and its subtype."""
    lengths = [3 + i % 5 for i in range(WINDOWS)]
    batch, encoding = random_edges(seed, lengths=lengths, terms=terms)
    batch = replace(batch, rows=("all", "obj", "obj:x", "punct"), units=torch.arange(WINDOWS) % 20)
    genres = {BY_GENRE: Genres(5, GENRE_OF)}
    heads = HeadAccuracy(Resampler(60), genres)
    baselines = EdgeAccuracy(terms.baselines, Resampler(60))
    beside = {BY_GENRE: EdgeAccuracy(terms.baselines, weighted=genres)}
    heads.update(batch, heads_of(batch, encoding))
    for metric in (baselines, *beside.values()):
        metric.update(batch, batch.baselines)
    units = dict.fromkeys(("all", "obj", "obj:x", "obj:*", "punct"), 20)
    return head_counts(heads, baselines, terms, layers=(1, 2), units=units, beside=beside)


def test_the_share_of_resamples_in_which_the_head_is_best_again(
    random_edges: Callable[..., Edges], terms: Terms
) -> None:
    counts = counts_of(1, random_edges, terms)
    drawn = counts.resampled
    assert drawn
    shares = []
    for r in counts.order():
        best = counts.index_of(counts.best_head(r))
        again = []
        for n in range(60):
            right = drawn.correct[r, n]
            most = max(right.flatten().tolist())
            first = next(
                (d, la, h) for d, la, h in torch.cartesian_prod(
                    *(torch.arange(size) for size in right.shape)
                ).tolist() if float(right[d, la, h]) == most
            )  # fmt: skip
            again.append(first == best)
        found = chosen_again(counts, r)
        assert found == sum(again) / 60
        shares.append(found)
    assert 0 < min(shares) < max(shares) <= 1


def test_resamples_without_an_anchor_say_nothing(
    random_edges: Callable[..., Edges], terms: Terms
) -> None:
    counts = counts_of(1, random_edges, terms)
    assert counts.resampled
    total = counts.resampled.total.clone()
    total[1, 3:] = 0
    few = replace(counts, resampled=replace(counts.resampled, total=total))
    best = counts.resampled.correct[1, :3].flatten(1).argmax(1)
    expected = (best == counts.correct[1].flatten().argmax()).double().mean()
    assert chosen_again(few, 1) == float(expected)
    total[1] = 0
    assert chosen_again(few, 1) is None
    assert chosen_again(replace(counts, resampled=None), 1) is None


def test_genres_are_counted_one_by_one(random_edges: Callable[..., Edges], terms: Terms) -> None:
    counts, chosen = (counts_of(seed, random_edges, terms) for seed in (1, 2))
    by_genre = counts.weighted[BY_GENRE]
    seen = set()
    names = list(counts.rows)
    assert ("obj:*" in names) == bool(terms.subtypes)
    for best in best_heads(counts, chosen, at_least=1):
        choice = chosen.row(best.relation)
        assert choice is not None
        k = counts.terms.baselines.index(chosen.strongest(choice))
        rows = ["obj", "obj:x"] if best.relation == "obj:*" else [best.relation]
        own = [names.index(row) for row in rows]
        d, layer, head = counts.index_of(best.head)
        above = of = 0
        for genre in range(5):
            right = sum(float(by_genre.heads[r, genre, d, layer, head]) for r in own)
            other = sum(float(by_genre.baselines[r, genre, k]) for r in own)
            of += any(int(by_genre.total[r, genre]) for r in own)
            above += right > other
        assert best.genres == (above, of)
        assert of <= 4  # the fifth has no document
        seen.add(above)
    assert len(seen) > 1


def test_genres_add_up_to_the_whole(random_edges: Callable[..., Edges], terms: Terms) -> None:
    counts = counts_of(1, random_edges, terms)
    by_genre = counts.weighted[BY_GENRE]
    assert torch.equal(by_genre.heads.sum(1), counts.correct[:4].double())
    assert torch.equal(by_genre.total.sum(1), counts.total[:4])


def test_where_genres_are_not_known(random_edges: Callable[..., Edges], terms: Terms) -> None:
    counts = counts_of(1, random_edges, terms)
    plain = replace(counts, weighted={})
    assert genres_above(plain, counts, "obj", counts.best_head(1)) is None
    alone = replace(counts, terms=replace(terms, rivals=()))
    assert genres_above(alone, alone, "obj", counts.best_head(1)) is None
    assert all(best.genres is None for best in best_heads(plain, plain, at_least=1))
