"""Peak resident memory of scoring all heads on 1,000 and on 10,000 sentences.

python benchmarks/memory.py

Each size is a process of its own, over the built-in corpus, from an empty cache.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# About 5.5 sentences a document.
SIZES = {1_000: 181, 10_000: 1_810}


def main() -> None:
    """Measure and print both peaks and how much the larger one is above the smaller."""
    peaks = []
    for sentences, documents in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, f"builtin:documents={documents},seed=9", folder]
            peak = int(subprocess.run(command, check=True, capture_output=True).stderr)
        peaks.append(peak)
        print(f"{sentences:,} sentences: {peak / 1024:.0f} MiB")
    print(f"growth: {100 * (peaks[1] / peaks[0] - 1):.1f}%")


def score(source: str, folder: str) -> None:
    """Score the heads on ``source`` in this process and print its peak on standard error."""
    import os

    os.environ["PROBING_CACHE"] = folder
    sys.path.insert(0, str(ROOT))
    from probing.jobs.cli import main as command

    status = command("evaluate", ["--data.test", source, "--output", f"{folder}/run"])
    if status:
        raise SystemExit(status)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        score(sys.argv[1], sys.argv[2])
    else:
        main()
