"""What examples and ``report.html`` cost for a model of random weights with 12 x 12 heads.

python -m benchmarks.page FILE.conllu [UNITS]

The heads are scored with examples and without, in turn, after a warm-up; then the page is written.
Seconds are of processor time. A model of fewer units than the 768 of BERT-base is quicker, examples
cost as much, and the page is the same.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import torch
import transformers

import probing
from benchmarks.made import saved
from benchmarks.measuring import in_turn
from probing.api.scores import Scores
from probing.reports.page.writer import PageFindings, report_page


def main(path: str, units: int = 768, rounds: int = 3) -> None:
    """Measure and print."""
    transformers.logging.disable_progress_bar()
    found: list[Scores] = []
    with tempfile.TemporaryDirectory() as folder:
        shape = transformers.BertConfig(
            hidden_size=units, intermediate_size=4 * units, initializer_range=0.1
        )
        saved(shape, folder)
        model = probing.load(folder)

        def noted() -> None:
            found.append(model.score(path, min_anchors=1, examples=100))

        with_examples, without = in_turn(
            noted, lambda: model.score(path, min_anchors=1, examples=0), rounds=rounds
        )
        counts = found[-1].counts
        start = time.process_time()
        report_page(PageFindings(found[-1].findings), Path(folder))
        seconds = time.process_time() - start
        size = (Path(folder) / "report.html").stat().st_size
    _, layers, heads = counts.correct.shape[1:]
    print(f"{int(counts.total.max()):,} words, {torch.get_num_threads()} threads")
    print(f"scoring: {without:.1f} s, with examples {with_examples:.1f} s")
    print(f"examples cost {100 * (with_examples / without - 1):+.1f}%")
    print(f"report.html, {len(counts.order())} rows of {layers} x {heads} heads: {seconds:.1f} s")
    print(f"{size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
