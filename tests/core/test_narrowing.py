"""Words that no probe is asked about, left out."""

from __future__ import annotations

import random

import torch

from probing.core.narrowing import narrowed
from probing.core.terms import Terms
from probing.core.windows import Window, Wordpieces
from probing.data.collating import collate

TERMS = Terms(directions=("row", "column", "both"), baselines=("none",), rivals=())


def test_candidates_stay_the_same_words_listed_or_not() -> None:
    rng = random.Random(7)
    for has_spans in (False, True):
        windows = []
        for _ in range(40):
            width = rng.randint(1, 9)
            anchors = rng.choices(range(width), k=rng.randint(0, 4))
            columns = range(width + 1)
            windows.append(
                Window(
                    words=[f"w{i}" for i in range(width)],
                    wordpieces=Wordpieces([1, *range(5, 5 + width), 2], [-1, *range(width), -1]),
                    anchors=anchors,
                    gold=[rng.sample(columns, 1) for _ in anchors],
                    candidates=[rng.sample(columns, rng.randint(0, 1)) for _ in anchors],
                    rows=[[0] for _ in anchors],
                    baselines=[[0.0] for _ in anchors],
                    spans=[rng.choices(columns, k=2) for _ in anchors] if has_spans else None,
                )
            )
        batch = collate(windows, ["all"], TERMS, 0)
        small = narrowed(batch)
        assert small.lengths.sum() < batch.lengths.sum()
        for b, window in enumerate(windows):
            told = [batch.candidates[b, a] for a in range(len(window.anchors))]
            asked = {j - 1 for own in told for j in own.nonzero()[:, 0].tolist() if j}
            assert list(small.words[b]) == [f"w{i}" for i in sorted({*asked, *window.anchors})]
            for a, own in enumerate(told):
                names = ["ROOT", *small.words[b]]
                kept = [names[j] for j in small.candidates[b, a].nonzero()[:, 0].tolist()]
                names = ["ROOT", *window.words]
                assert kept == [names[j] for j in own.nonzero()[:, 0].tolist()]
    assert torch.equal(small.is_anchor, batch.is_anchor)
