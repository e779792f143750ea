"""How long the distances between all heads take, beside plain loops over pairs of heads.

python benchmarks/distances.py

Made-up maps of the size of BERT base: 144 heads, windows of 128 wordpieces. "Double loop": NumPy
in float64, a pair of heads at a time. "Released code": NumPy in float64 as in the paper's
head_distances.py, a head against all others at a time, every pair twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from probing.surface.measures.distances import SMOOTHING, divergence_sums

HEADS, TOKENS = 144, 128
Array = NDArray[np.float64]


def main() -> None:
    """Measure and print the ratios."""
    rng = torch.Generator().manual_seed(0)
    maps = (4 * torch.randn(HEADS, TOKENS, TOKENS, generator=rng)).softmax(-1)
    exact = maps.double().numpy()
    print(f"{HEADS} heads, a window of {TOKENS} wordpieces, {torch.get_num_threads()} threads")
    ours, found = timed(lambda: divergence_sums(maps).numpy())
    wide, found_wide = timed(lambda: divergence_sums(maps.double()).numpy())
    plain, expected = timed(lambda: double_loop(exact))
    released, _ = timed(lambda: released_loop(exact))
    print(f"ours {ours:.2f} s (maps in float64: {wide:.2f} s)")
    for name, seconds in {"double loop": plain, "released code": released}.items():
        print(f"{name} {seconds:.2f} s: {seconds / ours:.1f} times as long")
    error = np.abs(found - expected).max() / TOKENS
    error_wide = np.abs(found_wide - expected).max() / TOKENS
    print(f"largest difference from the double loop: {error:.0e} nats ({error_wide:.0e})")


def timed(run: Callable[[], Array]) -> tuple[float, Array]:
    """Seconds, the least of three, and what came out."""
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - started)
    return best, result


def double_loop(maps: Array) -> Array:
    """Every two heads, one pair after the other."""
    sums = np.zeros((len(maps), len(maps)))
    for i in range(len(maps)):
        for j in range(i + 1, len(maps)):
            one, two = maps[i], maps[j]
            middle = (one + two) / 2
            divergence = one * np.log(one / middle) + two * np.log(two / middle)
            sums[i, j] = sums[j, i] = divergence.sum() / 2
    return sums


def released_loop(maps: Array) -> Array:
    """A head against all, smoothed, as the authors do it."""
    sums = np.zeros((len(maps), len(maps)))
    uniform = SMOOTHING / maps.shape[1]
    for head in range(len(maps)):
        one = uniform + maps[head][None] * (1 - SMOOTHING)
        every = uniform + maps * (1 - SMOOTHING)
        middle = (one + every) / 2
        divergence = -one * np.log(middle / one) - every * np.log(middle / every)
        sums[head] = (divergence / 2).sum(-1).sum(-1)
    return sums


if __name__ == "__main__":
    main()
