"""Each row in a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks.figures import Figure, Setting
from probing.jobs.allocation import keep_memory

ROWS = (
    *("trees", "coreference", "decoder", "ablation", "training", "cached", "reports"),
    *("startup", "reference", "peer", "scale"),
)
"""The files of ``benchmarks/rows``, in the order of the table."""


def measured(rows: Sequence[str], setting: Setting) -> Iterator[Figure]:
    """The figures of rows, each row in a fresh process with one thread and an empty cache."""
    os.environ |= {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    fresh = multiprocessing.get_context("spawn")
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PROBING_CACHE"] = folder
            with ProcessPoolExecutor(1, mp_context=fresh) as pool:
                yield from pool.submit(figures_of, row, setting).result()


def figures_of(row: str, setting: Setting) -> list[Figure]:
    """The figures of a row, measured in this process and printed one by one.

    What is freed is kept as in ``evaluate.py``, whichever side of a ratio frees it.
    """
    keep_memory()
    found = []
    for figure in importlib.import_module(f"benchmarks.rows.{row}").measure(setting):
        print(figure, flush=True)
        found.append(figure)
    return found
