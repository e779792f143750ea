"""The figures as a document and as JSON, with the machine and the versions that gave them."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure, Setting
from probing.core.files import write_whole
from probing.core.version import VERSION

PACKAGES = ("torch", "transformers", "pytorch-lightning")


def machine() -> str:
    """The processor and the versions, in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text().splitlines()
        cpu = next((li.partition(":")[2].strip() for li in lines if "model name" in li), cpu)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{cpu}, one thread; attention-probing {VERSION}, {packages}"


def write_table(path: Path, figures: Sequence[Figure], setting: Setting) -> None:
    """Write ``path`` (Markdown) and, beside it, the same as JSON."""
    measured_on = {
        "machine": machine(),
        "trees": Path(setting.trees).name,
        "coreference": Path(setting.coreference or "documents made of built-in ones").name,
        "rounds": setting.rounds,
    }
    content = {**measured_on, "figures": [asdict(figure) for figure in figures]}
    write_whole(path.with_suffix(".json"), json.dumps(content, indent=2) + "\n")
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benchmarks --write FILE`. Ratios are of processor",
        "time, both sides in turn in one process with one thread: the medians', and beside them",
        "what single rounds gave. The model is the packaged one unless a row says otherwise.",
        "",
        f"Machine: {measured_on['machine']}.",
        f"Trees: `{measured_on['trees']}`; coreference: {measured_on['coreference']}; "
        f"{setting.rounds} rounds.",
        "",
        "| what | figure | rounds |",
        "|---|---|---|",
    ]
    for own in figures:
        within = "" if own.least is None else f"{own.least:.2f} to {own.most:.2f}"
        lines.append(f"| {own.what} | {own.value:.2f} {own.unit} | {within} |")
    write_whole(path, "\n".join(lines) + "\n")
