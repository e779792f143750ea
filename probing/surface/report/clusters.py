"""Clusters of heads: in the plane, by what they do, and by layer (section 6)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.manifold import smacof
from torch import Tensor

# When a head is said to do something: the thresholds of the paper's released code
# (General_Analysis.ipynb). Its 3.8 nats are for windows of 128 wordpieces; as a share of the
# entropy of uniform attention they mean the same for other lengths.
POSITION, SPECIAL, BROAD = 0.5, 0.6, 3.8 / math.log(128)
# In the released code a later one of these replaces an earlier one.
THRESHOLDS: Mapping[str, float] = {
    "next": POSITION,
    "previous": POSITION,
    "broad": BROAD,
    "[CLS]": SPECIAL,
    "[SEP]": SPECIAL,
    "punctuation": SPECIAL,
}


@dataclass(frozen=True)
class Embedding:
    """Heads in the plane: ``points [M, 2]`` in nats, and how far their distances are off.

    ``stress`` is Kruskal's stress-1: the root of the summed squared differences between distances
    in the plane and given ones, over the summed squares of the former. 0 is perfect, 0.2 poor.
    """

    points: Tensor
    stress: float


def embed(distances: Tensor, *, seed: int = 0, starts: int = 5) -> Embedding:
    """Metric multidimensional scaling of ``distances [M, M]`` to two dimensions.

    As in the released code: the best of five random starts, on the divergences themselves. The
    plane is turned so that the heads spread most along the first axis; directions mean nothing.
    """
    given = distances.double().numpy()
    if not given.any():  # a single head, or all of them equal
        return Embedding(torch.zeros(len(given), 2, dtype=torch.float64), 0.0)
    points, _ = smacof(
        given, n_components=2, n_init=starts, max_iter=1000, eps=1e-10, random_state=seed
    )
    points = points - points.mean(0)
    points = points @ np.linalg.svd(points, full_matrices=False)[2].T
    furthest = points[np.abs(points).argmax(0), range(2)]
    points = points * np.where(furthest < 0, -1.0, 1.0)
    found = np.linalg.norm(points[:, None] - points, axis=-1)
    stress = math.sqrt(np.square(found - given).sum() / np.square(found).sum())
    return Embedding(torch.from_numpy(points), stress)


def behaviours(
    attention: Mapping[str, Tensor], entropy: Tensor, *, uniform: float
) -> list[str | None]:
    """What each head does, by the thresholds of the paper's released code.

    Args:
        attention: mean attention ``[L, H]``, a share of one, to the ``next`` and the ``previous``
            token, to ``[CLS]``, ``[SEP]`` and ``punctuation``; those that there are.
        entropy: mean entropy of attention ``[L, H]``, in nats.
        uniform: mean entropy that uniform attention over the same tokens would have, in nats. A
            head above :data:`BROAD` of it is ``broad``.

    Returns:
        ``L*H`` names of :data:`THRESHOLDS`, heads of the first layer first; ``None`` for a head
        that does none of it. Of several the last one counts, as in the released code.
    """
    measured = {**attention, "broad": entropy / uniform if uniform else torch.zeros_like(entropy)}
    found: list[str | None] = [None] * entropy.numel()
    for name, threshold in THRESHOLDS.items():
        if name in measured:
            for head in (measured[name].flatten() > threshold).nonzero().flatten().tolist():
                found[head] = name
    return found


@dataclass(frozen=True)
class LayerLikeness:
    """Whether heads of a layer behave alike: mean distances in nats, and a permutation test.

    ``within`` is the mean over pairs of heads of a layer, ``between`` over all other pairs.
    ``p_value`` is ``(1 + k) / (1 + n)``, where ``k`` of ``n`` permutations of the heads over the
    layers have a mean within layers as small as this, or smaller.
    """

    within: float
    between: float
    p_value: float
    permutations: int


def layers_alike(
    distances: Tensor, layers: Sequence[int], *, permutations: int = 9999, seed: int = 0
) -> LayerLikeness | None:
    """Test the claim that heads of a layer are often close to each other (section 6).

    The inputs that heads of a layer share may be enough for that, so the numbers are to be read
    beside those of the randomly initialised twin.

    Args:
        distances: ``[M, M]``.
        layers: the layer of each of the ``M`` heads.
        permutations: how many random ones to try.
        seed: of these.

    Returns:
        ``None`` where no two heads share a layer, or all heads do.
    """
    given = distances.double().numpy()
    of = np.asarray(layers)
    first, second = np.triu_indices(len(of), 1)
    same = of[first] == of[second]
    if same.all() or not same.any():  # all of no pairs, too
        return None
    rows, columns = first[same], second[same]
    rng = np.random.default_rng(seed)
    observed = given[rows, columns].sum()
    # Equal sums differ in their last digits with the order of what is summed.
    bound = observed + 1e-12 * abs(observed)
    as_small = 0
    for _ in range(permutations):
        order = rng.permutation(len(of))
        as_small += int(given[order[rows], order[columns]].sum() <= bound)
    return LayerLikeness(
        within=float(given[rows, columns].mean()),
        between=float(given[first[~same], second[~same]].mean()),
        p_value=(1 + as_small) / (1 + permutations),
        permutations=permutations,
    )
