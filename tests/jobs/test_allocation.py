"""What the C library keeps, by the pages that a process has to be given anew."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from probing.jobs.allocation import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
def batch():
    blocks = [bytearray(14 * 2**20) for _ in range(4)]
    for block in blocks:
        block[::4096] = bytes(len(block[::4096]))
batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str, **environment: str) -> int:
    """How many pages five batches are given, of 14,336 each."""
    ran = subprocess.run(
        [sys.executable, "-c", FAULTS, how],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ran.stdout)


@pytest.mark.skipif(not os.confstr_names.get("CS_GNU_LIBC_VERSION"), reason="needs glibc")
def test_a_batch_takes_the_memory_of_the_one_before() -> None:
    assert faults("as it is") > 20_000
    assert faults("kept") < 1_000
    assert faults("kept", MALLOC_TRIM_THRESHOLD_="1000000") > 20_000  # which the user has said
