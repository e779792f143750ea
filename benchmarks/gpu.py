"""Scoring all heads against the bare forward pass on a GPU, in under five minutes.

    python -m benchmarks.gpu FOLDER [--tiny] [--seconds N]

Weights and windows are random. Both sides run in turn on the same batches, which are copied from
pinned memory; windows a second are those of all batches, and memory is the most that was
allocated, weights included. ``--tiny`` runs small shapes anywhere.
"""

from __future__ import annotations

import argparse
import copy
import json
import platform
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.profiler import ProfilerActivity, profile

from benchmarks.made import (
    SHAPES,
    TINY,
    Shape,
    adopted,
    encoder_of,
    mention_batches,
    tree_batches,
)
from probing.core.batches import EdgeBatch
from probing.core.head_picking import HeadPicking
from probing.core.picking import directed
from probing.counting.metrics import HeadAccuracy
from probing.encoder import Encoder
from probing.encoder.running import run
from probing.encoder.tap import IMPLEMENTATION

GIB = 2**30
BUDGETS = (1_000, 4_000, 16_000, 64_000)
ROUNDS = 2


@dataclass
class Row:
    """Windows a second of both sides on batches of one size, and the most memory of each."""

    model: str
    precision: str
    windows: str
    budget: int
    ours: float = 0.0
    bare: float = 0.0
    ours_gib: float = 0.0
    bare_gib: float = 0.0
    waits: float = 0.0
    bare_waits: float = 0.0
    problem: str = ""

    def __str__(self) -> str:
        what = f"| {self.model} | {self.precision} | {self.windows} | {self.budget:,} |"
        if self.problem:
            return f"{what} {self.problem} | | | | | | |"
        return (
            f"{what} {self.ours:,.0f} | {self.bare:,.0f} | {self.bare / self.ours:.2f} | "
            f"{self.ours_gib:.2f} | {self.bare_gib:.2f} | "
            f"{self.waits:.1f} | {self.bare_waits:.1f} |"
        )


HEADER = (
    "| model | precision | windows | wordpieces a batch | scored a second | bare a second | "
    "scored / bare time | GiB | bare GiB | waits a batch | bare waits |\n" + "|---" * 11 + "|"
)


def scoring(encoder: Encoder, batches: Sequence[EdgeBatch], device: str) -> Callable[[], None]:
    """Scores all heads on batches."""

    def work() -> None:
        metric = HeadAccuracy().to(device)
        with torch.inference_mode():
            for batch in batches:
                score(encoder, batch.to(device), metric)

    return work


def score(encoder: Encoder, batch: EdgeBatch, metric: HeadAccuracy) -> HeadPicking:
    """Count what all heads pick in a batch."""
    picking = HeadPicking(batch)
    encoder(
        batch.ids,
        batch.words_of,
        last_of=batch.last_of,
        width=batch.width,
        needs=(),
        collectors=[picking],
    )
    metric.update(batch, picking.found)
    return picking


def forward(model: Any, batches: Sequence[EdgeBatch], device: str) -> Callable[[], None]:
    """Runs the bare model over batches and takes nothing of it."""

    def work() -> None:
        with torch.inference_mode():
            for batch in batches:
                ids = batch.ids.to(device, non_blocking=True)
                run(model, ids, batch.words_of.to(device, non_blocking=True) > -2)

    return work


def seconds(work: Callable[[], None], device: str) -> float:
    """Seconds until the device has done ``work``."""
    _finish(device)
    started = time.perf_counter()
    work()
    _finish(device)
    return time.perf_counter() - started


def peak(work: Callable[[], None], device: str) -> float:
    """GiB that are allocated at most during ``work``; zero where nothing tells."""
    if not device.startswith("cuda"):
        return 0.0
    torch.cuda.reset_peak_memory_stats()
    seconds(work, device)
    return torch.cuda.max_memory_allocated() / GIB


def waits(work: Callable[[], None], device: str) -> Counter[str]:
    """How often the processor waits for the device during ``work``, by line."""
    if not device.startswith("cuda"):
        return Counter()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            work()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    own = [warning for warning in seen if "synchroniz" in str(warning.message)]
    return Counter(f"{'/'.join(Path(w.filename).parts[-3:])}:{w.lineno}" for w in own)


def _finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def measure(
    row: Row, encoder: Encoder, batches: Sequence[EdgeBatch], device: str
) -> dict[str, dict[str, float]]:
    """Fill in a row; returns where each side waits, times a batch."""
    if device.startswith("cuda"):
        batches = [batch.pin_memory() for batch in batches]
    sides = {
        IMPLEMENTATION: scoring(encoder, batches, device),
        "sdpa": forward(encoder.model, batches, device),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    peaks, places = {}, {}
    for turn in range(ROUNDS + 1):
        for name, work in sides.items():
            encoder.model.set_attn_implementation(name)
            if turn:
                times[name].append(seconds(work, device))
                continue
            peaks[name] = peak(work, device)
            seen = waits(work, device)
            places[name] = {place: n / len(batches) for place, n in seen.items()}
    encoder.model.set_attn_implementation(IMPLEMENTATION)
    count = sum(len(batch.words) for batch in batches)
    row.ours, row.bare = (count / statistics.median(own) for own in times.values())
    row.ours_gib, row.bare_gib = peaks.values()
    row.waits, row.bare_waits = (sum(own.values()) for own in places.values())
    return places


def profiled(encoder: Encoder, batches: Sequence[EdgeBatch], device: str) -> str:
    """Where the time goes: the dozen operations that take most of it."""
    is_cuda = device.startswith("cuda")
    work = scoring(encoder, batches, device)
    work()
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * is_cuda
    with profile(activities=kinds) as seen:
        work()
        _finish(device)
    by = "self_device_time_total" if is_cuda else "self_cpu_time_total"
    table: str = seen.key_averages().table(sort_by=by, row_limit=12, max_name_column_width=70)
    return table


def agreement(shape: Shape, device: str) -> dict[str, int]:
    """How many picks of a small model differ on the device from those on the processor.

    Near ties are those whose weights differ by at most 1e-5; ``counts`` are integers that differ
    though the picks are the same.
    """
    own = encoder_of(shape, "float32", "cpu")
    other = adopted(copy.deepcopy(own.model).to(device), shape.name, "float32")
    found = Counter(picks=0, differing=0, near_ties=0, counts=0)
    for batches in (tree_batches(1_000, 500), mention_batches(500, 500, length=200)):
        here, there, again = HeadAccuracy(), HeadAccuracy().to(device), HeadAccuracy()
        for batch in batches:
            with torch.inference_mode():
                picked = score(own, batch, here).found
                moved = score(other, batch.to(device), there).found.to("cpu")
                again.update(batch, moved)
                maps = own(batch.ids, batch.words_of, width=batch.width, needs={"attention"}).part(
                    "attention"
                )
            scores = torch.stack(directed(maps, batch.anchors), 2)  # [B, A, 3, L, H, W]
            best, others = (scores.gather(-1, p.words[..., None])[..., 0] for p in (picked, moved))
            differ = (picked.words != moved.words) & batch.is_anchor[:, :, None, None, None]
            near = differ & ((best - others).abs() <= 1e-5)
            found["picks"] += picked.words.numel()
            found["differing"] += int(differ.sum())
            found["near_ties"] += int(near.sum())
        one, two = there.compute(), again.compute()
        found["counts"] += sum(
            int((one[name] != two[name]).sum()) for name in one if one[name].dtype == torch.int64
        )
    return dict(found)


def rows_of(
    shapes: Sequence[Shape], budgets: Sequence[int], length: int
) -> Iterator[tuple[Shape, list[Row]]]:
    """What is measured of each model, in each precision; ``length`` is that of long windows."""
    for shape in shapes:
        for precision in shape.precisions:
            trees = [Row(shape.name, precision, "trees", budget) for budget in budgets]
            long = Row(shape.name, precision, f"coreference, {length} each", budgets[-2])
            yield shape, [*trees, long]


def main() -> None:
    """Measure, print, and write ``gpu.json`` and ``gpu.md``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="where gpu.json and gpu.md go")
    parser.add_argument("--tiny", action="store_true", help="small shapes, to try the script")
    parser.add_argument("--seconds", type=float, default=270, help="after which no row is begun")
    arguments = parser.parse_args()
    measured(arguments.folder, tiny=arguments.tiny, until=time.monotonic() + arguments.seconds)


def measured(folder: Path, *, tiny: bool, until: float) -> None:
    """Measure all rows that can be begun before ``until``."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    card = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    shapes, budgets, length = (TINY, (100, 200), 64) if tiny else (SHAPES, BUDGETS, 512)
    said: dict[str, Any] = {
        "card": card,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "agreement": agreement(TINY[0], device),
        "rows": [],
        "waits": {},
    }
    print(f"{card}, torch {torch.__version__}, transformers {transformers.__version__}")
    print(f"against the processor: {said['agreement']}\n\n{HEADER}", flush=True)
    lines: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for shape, rows in rows_of(shapes, budgets, length):
        encoder = encoder_of(shape, rows[0].precision, device)
        for row in rows:
            if time.monotonic() > until:
                row.problem = "not measured: out of time"
            else:
                count = max(shape.wordpieces, row.budget)
                batches = (
                    tree_batches(count, row.budget)
                    if row.windows == "trees"
                    else mention_batches(count, row.budget, length=length)
                )
                try:
                    places = measure(row, encoder, batches, device)
                    said["waits"][f"{row.model} {row.precision} {row.windows} {row.budget}"] = (
                        places
                    )
                except torch.OutOfMemoryError:
                    row.problem = "out of memory"
            said["rows"].append(asdict(row))
            lines.append(str(row))
            print(row, flush=True)
            _write(folder, said, lines)
        if "profile" not in said and rows[0].precision == "bfloat16":
            batches = tree_batches(shape.wordpieces, budgets[-2])[:2]
            said["profile"] = profiled(encoder, batches, device)
            print(said["profile"], flush=True)
        del encoder
        if device == "cuda":
            torch.cuda.empty_cache()
    _write(folder, said, lines)
    print(json.dumps(said["waits"], indent=1))


def _write(folder: Path, said: dict[str, Any], lines: Sequence[str]) -> None:
    (folder / "gpu.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
    title = f"{said['card']}, torch {said['torch']}, transformers {said['transformers']}"
    text = "\n".join([title, "", HEADER, *lines, ""])
    if "profile" in said:
        text += f"\n```\n{said['profile']}\n```\n"
    (folder / "gpu.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
