"""What intervals cost, and how far they are from those of the textbook.

python -m benchmarks.intervals FILE.conllu [RESAMPLES]

Time: all heads are scored without and with resamples, the same batches in turn in one process,
several times; the ratio of the medians is printed. Agreement: the ends of the intervals of the five
best heads of every relation with 100 anchors, beside those of the textbook's bootstrap, which draws
units with replacement, once with as many resamples and once with 10,000, whose ends hardly vary
any more. How far they are apart is given in widths of the interval.
"""

from __future__ import annotations

import statistics
import sys

import numpy as np
import torch
import transformers
from torch import Tensor

from benchmarks.measuring import in_turn
from probing.core.head_picking import HeadPicking
from probing.counting.intervals import FEW, bounds, central
from probing.counting.metrics import HeadAccuracy
from probing.counting.resampling import Resampler
from probing.data import DependencyData
from probing.data.samplers import batches_by_length
from probing.encoder import Encoder

MANY = 10_000


class Kept(Resampler):
    """Keeps what every window adds."""

    def __init__(self) -> None:
        super().__init__(0)
        self.parts: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(
        self, correct: Tensor, total: Tensor, hits: Tensor, member: Tensor, units: Tensor
    ) -> None:
        """Keep sums by window and row."""
        right = member.mT.float() @ hits.flatten(2).float()  # [B, R, K]
        self.parts.append((units, right.to(torch.int16), member.sum(1)))


def main(path: str, count: int) -> None:
    """Measure and print."""
    transformers.logging.disable_progress_bar()
    encoder = Encoder().load()
    data = DependencyData(test=path, tokenizer=encoder.tokenizer)
    corpus = data.open("test")
    indices = batches_by_length(corpus.lengths, wordpieces=data.batch_wordpieces)
    batches = [corpus[some] for some in indices]

    def score(resampler: Resampler | None) -> dict[str, Tensor]:
        metric = HeadAccuracy(resampler)
        for batch in batches:
            picking = HeadPicking(batch)
            encoder(batch.ids, batch.words_of, width=batch.width, needs=(), collectors=[picking])
            metric.update(batch, picking.found)
        return metric.compute()

    def bare() -> None:
        score(None)

    def resampled() -> None:
        score(Resampler(count))

    with torch.inference_mode():
        theirs, ours = in_turn(bare, resampled, rounds=5)
        of = "documents" if corpus.units.documents else "sentences"
        print(f"{len(corpus):,} sentences, {len(batches)} batches; resampled are {of}")
        print(f"scoring all heads: {theirs:.2f} s; with {count} resamples: {ours:.2f} s")
        print(f"with / without = {ours / theirs:.3f}")
        counted, kept = score(Resampler(count)), Kept()
        score(kept)
    drawn = counted["drawn_correct"]
    print(f"memory of the sums: {drawn.numel() * drawn.element_size() / 2**20:.0f} MiB")
    units = [corpus.units.of_heads.get(row, 0) for row in corpus.census.rows]
    agreement(counted, kept, units, count)


def agreement(counted: dict[str, Tensor], kept: Kept, units: list[int], count: int) -> None:
    """Print how far intervals are from the textbook's, in their widths."""
    identities, rights, totals = map(torch.cat, zip(*kept.parts, strict=True))
    number = torch.unique(identities, return_inverse=True)[1]  # [windows]
    random = np.random.default_rng(0)
    size = int(number.max()) + 1
    times = {
        name: torch.from_numpy(random.multinomial(size, np.full(size, 1 / size), n)).double()
        for name, n in (("as many", count), ("many", MANY))
    }
    apart: dict[str, list[float]] = {"ours": [], "textbook's": []}
    for row in range(len(units)):
        total = counted["total"][row]
        if total < 100 or units[row] < FEW:
            continue
        correct, drawn = counted["correct"][row].flatten(), counted["drawn_correct"][row].flatten(1)
        best = correct.topk(5).indices
        own = bounds(correct[best], total, drawn[:, best], counted["drawn_total"][row], units[row])
        right, asked = torch.zeros(size, 5).double(), torch.zeros(size).double()
        right.index_add_(0, number, rights[:, row, best].double())
        asked.index_add_(0, number, totals[:, row].double())
        as_many, many = (
            central((times[name] @ right) / (times[name] @ asked)[:, None])
            for name in ("as many", "many")
        )
        width = many[1] - many[0]
        apart["ours"] += ((own - many).abs() / width).flatten().tolist()
        apart["textbook's"] += ((as_many - many).abs() / width).flatten().tolist()
    count_of = len(apart["ours"]) // 2
    print(f"ends of {count_of} intervals, from those of {MANY:,} resamples of the textbook:")
    for name, found in apart.items():
        within = sum(a <= 0.1 for a in found) / len(found)
        print(
            f"{name} of {count}: median {statistics.median(found):.3f}, "
            f"{100 * within:.0f}% within a tenth, largest {max(found):.2f} of the width"
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
