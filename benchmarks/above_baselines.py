"""How many rows have a head above their strongest baseline, as more baselines are tried.

python -m benchmarks.above_baselines trees|mentions VAL TEST [TRAIN] [PATTERNS]

The packaged model's heads, and baselines, are chosen on VAL and tested on TEST: against each kind
of baseline alone, and against the first two kinds, the first three, and so on; tags are guessed
from the forms of TRAIN, if there is any. What is said of each are the family-wise tests of
``--significance``, with 1,000 patterns of signs if no number is given.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import torch
import transformers

from probing.counting.counting import Counted, FurtherSums, HeadCounting
from probing.counting.counts import HeadCounts
from probing.counting.sign_flips import SignFlips
from probing.counting.significance import FLIPPED, LEVEL, table_tests
from probing.data import CoreferenceData, DependencyData, EdgeData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule

AT_LEAST = 100
"""Anchors of a row."""


def main(task: str, val: str, test: str, train: str | None, patterns: int) -> None:
    """Count and print."""
    transformers.logging.disable_progress_bar()
    module = ProbingModule(Encoder().load()).eval()
    module.configure_model()
    kind: type[EdgeData] = {"trees": DependencyData, "mentions": CoreferenceData}[task]
    data = kind(train=train, val=val, test=test, tokenizer=module.encoder.tokenizer)
    for split in ("train", "val", "test"):
        if data.sources[split] is not None:
            data.split(split)
    chosen, counts = counted(module, data, "val", 0), counted(module, data, "test", patterns)
    heads, choice = counts.heads, chosen.as_choice_for(counts)
    beside = [rival for rival in heads.terms.rivals if rival.beside_heads]
    tried = [[rival] for rival in beside] + [beside[:k] for k in range(2, len(beside) + 1)]
    for rivals in tried:
        terms = replace(heads.terms, rivals=tuple(rivals))
        show(replace(heads, terms=terms), replace(choice, terms=terms))


def counted(module: ProbingModule, data: EdgeData, split: str, patterns: int) -> Counted:
    """All heads and baselines on a split, with patterns of signs if there are to be any."""
    corpus = data.split(split)
    flips = SignFlips.of(patterns, corpus.units.few_identities)
    sums = {FLIPPED: FurtherSums(flips, corpus.terms.baselines)} if patterns else {}
    counting = HeadCounting(module, corpus.terms, units=corpus.units.of_heads, weighted=sums)
    with torch.inference_mode():
        for batch in data.evaluation(split):
            counting.update(batch, module.judge(batch))
    return counting.compute()


def show(counts: HeadCounts, chosen: HeadCounts) -> None:
    """Each row's chosen head beside its strongest baseline; a star where it is above."""
    tests = table_tests(counts, chosen, at_least=AT_LEAST)
    assert tests is not None
    kinds = ", ".join(f"{len(rival.of)} x {rival.name}" for rival in counts.terms.rivals)
    print(f"\n{tests.size:,} tests in {len(tests.rows)} rows against {kinds}")
    above = []
    for r in tests.rows:
        row = counts.rows[r]
        head = chosen.best_head(list(chosen.rows).index(row))
        test = tests.of(row, head)
        assert test is not None
        accuracy = float(counts.of_head(head)[r]) / int(counts.total[r])
        least = "" if test.detectable is None else f"{100 * test.detectable:.1f}"
        above += [row] if test.p <= LEVEL else []
        print(
            f"{'*' if test.p <= LEVEL else ' '} {row:14} {int(counts.total[r]):6,} "
            f"{head!s:>5} {head.direction:10} {100 * accuracy:5.1f} {test.baseline:36} "
            f"{100 * (accuracy - test.effect):5.1f} {100 * test.effect:+6.1f} "
            f"p {test.p:.4f} q {test.q:.4f} detectable {least}"
        )
    print(f"above: {len(above)} of {len(tests.rows)}: {', '.join(above) or 'none'}")


if __name__ == "__main__":
    *given, last = sys.argv[1:]
    number = int(last) if last.isdigit() else 1000
    files = given if last.isdigit() else [*given, last]
    main(files[0], files[1], files[2], files[3] if len(files) > 3 else None, number)
