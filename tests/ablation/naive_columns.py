"""Lines of an ablation's tables against what loops find (``naive_ablation``), column by column."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, stdev

import naive_ablation as naive
import numpy as np
import pytest
import torch
from naive_ablation import Head, Ids, Naive, Others
from splitmix import resampled
from torch import Tensor

from probing.ablation.batches import Side
from probing.ablation.others import MapOfAnother
from probing.ablation.outcomes import SomeMasked
from probing.encoder import Encoder, PlainTokenizer

MASK, SEED, RESAMPLES = 4, 3, 50
OUTCOMES: dict[tuple[str, str], tuple[str, Callable[[float, float], bool]]] = {
    ("masked", "text"): ("loss", operator.ge),
    ("masked", "mine"): ("accuracy", operator.le),
    ("causal", "text"): ("loss", operator.ge),
    ("causal", "mine"): ("accuracy", operator.le),
    ("neither", "text"): ("moved", operator.ge),
    ("neither", "mine"): ("distance", operator.le),
}
"""The name of each outcome, and whether one control is as bad as an ablation, or worse."""


@dataclass(frozen=True)
class Looked:
    """What is looked at, and what of it loops have found so far.

    Args:
        kind: of model.
        model: it, run a sentence at a time.
        encoder: it, as the package reads it, for what is left to chance alone.
        items: of each part, the sentences, or both of a pair, in wordpieces.
        units: of each part, what is resampled.
    """

    kind: str
    model: Naive
    encoder: Encoder
    items: dict[str, list[tuple[Ids, ...]]]
    units: dict[str, list[int]]

    def __post_init__(self) -> None:
        for data, items in self.items.items():
            every = [ids for item in items for ids in item]
            self.others[data] = Others(self.model, every, self.partners(every))

    @cached_property
    def others(self) -> dict[str, Others]:
        return {}

    @cached_property
    def known(self) -> dict[tuple[str, tuple[Head, ...]], list[float]]:
        return {}

    def partners(self, every: list[Ids]) -> list[int]:
        """The place of the other sentence whose map each gets; it is told by its map."""
        if self.model.how != "resample":
            return []
        found = [-1] * len(every)
        for length in {len(ids) for ids in every}:
            places = [place for place, ids in enumerate(every) if len(ids) == length]
            rows = torch.tensor([every[place] for place in places])
            given = MapOfAnother(self.encoder, SEED)(Side(rows, rows, torch.arange(len(rows))))
            own = {place: self.model.maps(every[place])[0] for place in places}
            for place, maps in zip(places, given[1].double(), strict=True):
                near = {
                    other: float((own[other] - maps).abs().max()) for other in own if other != place
                }
                assert min(near.values()) < 1e-4
                found[place] = min(near, key=lambda other: near[other])
        return found

    def entropies(self) -> dict[Head, float]:
        """Of every head, over all sentences."""
        return naive.entropies([maps for others in self.others.values() for maps in others.own])

    def values(self, data: str, heads: tuple[Head, ...]) -> list[float]:
        """Of each item with some heads ablated; the sum over its wordpieces, of a loss."""
        if (data, heads) not in self.known:
            items = enumerate(self.items[data])
            self.known[data, heads] = [self.value(data, k, item, heads) for k, item in items]
        return self.known[data, heads]

    def value(self, data: str, k: int, item: tuple[Ids, ...], heads: tuple[Head, ...]) -> float:
        maps = [self.others[data].of(len(item) * k + side) for side in range(len(item))]
        if self.kind == "neither":
            pairs = zip(item, maps, strict=True)
            now = [naive.embedding(self.model, ids, heads, m) for ids, m in pairs]
            other = now[1] if len(item) == 2 else naive.embedding(self.model, item[0], (), None)
            return naive.apart(now[0], other)
        likely = [
            self.likelihood(ids, heads, m, self.masked(len(item) == 2, k, ids))
            for ids, m in zip(item, maps, strict=True)
        ]
        if len(item) == 1:
            return -likely[0]
        return 1.0 if likely[0] > likely[1] else 0.5 if likely[0] == likely[1] else 0.0

    def masked(self, is_paired: bool, k: int, ids: Ids) -> list[list[int]]:
        """Which places are masked at once, in each run of a sentence."""
        if is_paired:
            return [[place] for place in range(1, len(ids) - 1)]
        rows = torch.tensor([ids])
        query = SomeMasked(PlainTokenizer(self.encoder.tokenizer), SEED)(
            Side(rows, rows, torch.arange(1)), [k]
        )
        return [(query.ids[0] != rows[0]).nonzero().flatten().tolist()]

    def likelihood(
        self, ids: Ids, heads: tuple[Head, ...], maps: Tensor | None, masked: list[list[int]]
    ) -> float:
        if self.kind == "causal":
            return naive.causal_log_probability(self.model, ids, heads, maps)
        return sum(
            naive.masked_log_probability(self.model, ids, heads, maps, places, MASK)
            for places in masked
        )

    def weights(self, data: str) -> list[float]:
        """What each item counts."""
        items = self.items[data]
        if data != "text" or self.kind == "neither":
            return [1.0] * len(items)
        if self.kind == "causal":
            return [len(ids) - 1.0 for (ids,) in items]
        return [float(max(1, round(0.15 * len(ids)))) for (ids,) in items]

    def check(
        self, line: dict[str, str], controls: list[dict[str, str]], near: set[tuple[Head, ...]]
    ) -> None:
        """Compare a line of ``ablation.csv`` and the controls that belong to it."""
        data, heads = line["data"], heads_of(line["heads"])
        weights, units = self.weights(data), self.units[data]
        total = sum(weights)
        whole = self.values(data, ())
        before = sum(whole) / total

        def difference(some: tuple[Head, ...]) -> float:
            return sum(self.values(data, some)) / total - before

        name, is_worse = OUTCOMES[self.kind, data]
        close = {"abs": 1e-5, "rel": 1e-4}
        assert (line["outcome"], line["items"]) == (name, str(len(whole)))
        assert line["units"] == str(len(set(units)))
        assert float(line["before"]) == pytest.approx(before, **close)
        assert float(line["after"]) == pytest.approx(before + difference(heads), **close)
        assert float(line["difference"]) == pytest.approx(difference(heads), **close)
        apart = [now - was for now, was in zip(self.values(data, heads), whole, strict=True)]
        ends = np.percentile(resampled(apart, weights, units, RESAMPLES), [2.5, 97.5])
        assert [float(line["low"]), float(line["high"])] == pytest.approx(list(ends), **close)

        assert {heads_of(own["control"]) for own in controls} == near
        found = [difference(some) for some in sorted(near)]
        for own, expected in zip(
            sorted(controls, key=lambda own: heads_of(own["control"])), found, strict=True
        ):
            assert float(own["difference"]) == pytest.approx(expected, **close)
            assert float(own["after"]) == pytest.approx(before + expected, **close)
        rank = 1 + sum(is_worse(own, difference(heads)) for own in found)
        assert line["sets"] == str(len(found))
        assert float(line["control_mean"]) == pytest.approx(mean(found), **close)
        assert float(line["control_sd"]) == pytest.approx(stdev(found), **close)
        assert line["rank"] == str(rank)
        assert float(line["p"]) == pytest.approx(rank / (1 + len(found)), abs=1e-9)
        assert float(line["least_p"]) == pytest.approx(1 / (1 + len(found)), abs=1e-9)


def heads_of(text: str) -> tuple[Head, ...]:
    pairs = [name.split("-") for name in text.split(",")]
    return tuple((int(layer), int(head)) for layer, head in pairs)
