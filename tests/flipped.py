"""Counts with sums over patterns of signs, made up of what is right in each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from probing.core.terms import Rival, Terms
from probing.counting.counts import HeadCounts
from probing.counting.sign_flips import SignFlips
from probing.counting.significance import FLIPPED
from probing.counting.tallies import Weighted

TERMS = Terms(
    directions=("to", "fro", "both"),
    baselines=("weak", "strong", "hidden"),
    rivals=(Rival("rule", ("weak", "strong")), Rival("own", ("hidden",), beside_heads=False)),
)


def counts_of(
    heads: Tensor,
    baselines: Tensor,
    flips: SignFlips | None = None,
    *,
    rows: Sequence[str] = ("row",),
    asked: int = 100,
) -> HeadCounts:
    """From what is right in each unit: ``heads [units, R, 3, L, H]``, ``baselines [units, R, K]``.

    Each row has ``asked`` anchors.
    """
    weighted = {}
    if flips is not None:
        identities = torch.tensor(flips.units) if flips.units else torch.arange(len(heads))
        signs = flips.weights(identities).double()  # [units, N]
        own, other = (
            torch.einsum("un,ur...->rn...", signs, v.double()) for v in (heads, baselines)
        )
        weighted[FLIPPED] = Weighted(own, other, torch.zeros(own.shape[:2]).long(), TERMS.baselines)
    total = torch.full((len(rows),), asked)
    cell = heads.shape[2:]
    return HeadCounts(
        terms=TERMS,
        rows=rows,
        total=total,
        correct=heads.sum(0),
        errors=torch.zeros(len(rows), *cell, 0).long(),
        reachable=torch.zeros(len(rows), *cell[:2]).long(),
        shared=torch.zeros(len(rows), 2).long(),
        quantities=torch.zeros(len(rows), *cell, 3).double(),
        baselines=baselines.sum(0).double(),
        weighted=weighted,
    )


def chosen_of(counts: HeadCounts, baseline: str = "strong") -> HeadCounts:
    """Counts of other data, where ``baseline`` is the strongest in every row."""
    shares = torch.zeros_like(counts.baselines)
    shares[:, TERMS.baselines.index(baseline)] = 50
    shares[:, TERMS.baselines.index("hidden")] = 70  # which does not stand beside heads
    return replace(counts, baselines=shares, weighted={})


def random_table(seed: int, units: int, rows: int = 3) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    heads = torch.randint(0, 9, (units, rows, 3, 2, 2), generator=rng)
    baselines = torch.randint(0, 9, (units, rows, 3), generator=rng)
    heads[:, :, 1, 0] += torch.randint(0, 3, (units, rows, 2), generator=rng)
    heads[:, :, 2, 1, 1] = baselines[:, :, 1]  # never different
    return heads, baselines
