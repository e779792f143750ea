"""However many processes share the work, the integers are those of one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from page_data import data_of

from probing.data.builtin.reader import read_builtin

TRAIN, VAL, TEST = (f"builtin:documents={n},seed={s}" for n, s in ((7, 1), (3, 2), (4, 3)))
# Some ten batches, which neither two nor three divide; and one batch for all.
SMALL, LARGE = ("--data.batch_wordpieces", "137"), ("--data.batch_wordpieces", "100000")
TABLES = ("heads.csv", "heads_twin.csv", "baselines.csv", "probes.csv")
WHOLE = ("baselines.csv", "probes.csv", "differences.csv", "seeds.csv", "best_heads.md")
# Of the split that a run ends with.
LAST = ("trees.csv", "breakdown.csv")
WHOLE_LAST = ("hard.csv", "tests.csv", "table3.md", "table3.tex")
TREES = ("--report.trees", "true", "--model.probes.structural", "probing.probes.StructuralProbe")
TWIN = ("--model.encoders.twin", "{random_init: true}", "--model.probes.random",
        "{class_path: probing.probes.AttentionWordsProbe, init_args: {encoder: twin}}")  # fmt: skip
# float64 sums: equal but for their last digits
MASSES = {"gold_mass", "special_mass", "spearman"}

Run = Callable[..., Any]


def processes(count: int) -> list[object]:
    one = count == 1
    strategy = "auto" if one else "ddp"
    return ["--trainer.accelerator=cpu", f"--trainer.devices={count}",
            f"--trainer.strategy={strategy}"]  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def same_counts(left: Path, right: Path, splits: tuple[str, ...] = ("val", "test")) -> None:
    for split in splits:
        for name in (*TABLES, "uuas.csv", *(LAST if split == "test" else ())):
            one, other = (read(folder / "reports" / split / name) for folder in (left, right))
            assert len(one) == len(other) > 0
            for a, b in zip(one, other, strict=True):
                assert {k: v for k, v in a.items() if k not in MASSES} == {
                    k: v for k, v in b.items() if k not in MASSES
                }
                assert name not in TABLES or {"low", "high", "units"} <= set(a)
                for mass in {mass for mass in MASSES & set(a) if a[mass]}:
                    assert float(a[mass]) == pytest.approx(float(b[mass]), abs=1.1e-6)
        for name in (*WHOLE, *(WHOLE_LAST if split == "test" else ())):
            one, other = (folder / "reports" / split / name for folder in (left, right))
            assert one.read_bytes() == other.read_bytes()
        same_examples(left / "reports" / split, right / "reports" / split)


def same_examples(left: Path, right: Path) -> None:
    one, other = (data_of(folder / "report.html")["heads"] for folder in (left, right))
    assert one["windows"] == other["windows"] != []
    for a, b in zip(one["rows"], other["rows"], strict=True):
        assert a["anchors"] == b["anchors"]
        for own, its in zip(a["examples"], b["examples"], strict=True):
            assert (own[::3], own[1::3]) == (its[::3], its[1::3])  # anchors and picks
            assert own[2::3] == pytest.approx(its[2::3], abs=1)  # masses in percent


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def vectors(place: Path) -> Path:
    """Word vectors of some words of the built-in corpus: each process reads them by itself."""
    path = place / "vectors.txt"
    words = sorted({word.lower() for s in read_builtin(TEST) for word in s.words})[::2]
    lines = (f"{word} {len(word)} {i % 7} {i % 11}\n" for i, word in enumerate(words))
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(script: Run, tiny_bert: Path, vectors: Path, place: Path) -> Path:
    """A run on two processes, which get an odd number of batches."""
    arguments = [
        "--model.encoder.name",
        tiny_bert,
        "--trainer.max_epochs",
        2,
        *SMALL,
        *TREES,
        *TWIN,
    ]
    # Evaluations of the checkpoint have these from its configuration.
    arguments += [
        "--seeds",
        1,
        2,
        "--intervals",
        50,
        "--significance",
        99,
        "--paired",
        "attention@1,attention@2",
        "1-1,1-2",
    ]
    arguments += ["--model.vectors", vectors]
    data = {"train": TRAIN, "val": VAL, "test": TEST}
    script("train", *arguments, *processes(2), "--output", place / "trained", **data).ok()
    return place / "trained"


@pytest.fixture(scope="module")
def evaluate(script: Run, trained: Path, place: Path) -> Callable[..., Path]:
    """Evaluates the checkpoint of that run; every kind of evaluation runs once."""
    done: dict[str, Path] = {}

    def run(count: int, budget: tuple[str, str] = SMALL, *, torchrun: bool = False) -> Path:
        key = f"{count}-{budget[1]}-{torchrun}"
        if key not in done:
            done[key] = place / key
            launcher = ["-m", "torch.distributed.run", f"--nproc_per_node={count}"]
            launcher += ["--rdzv_backend=c10d", "--rdzv_endpoint=localhost:0"]
            arguments = ["--ckpt_path", trained / "checkpoints" / "last.ckpt", *budget]
            arguments += [*processes(count), "--output", done[key]]
            script("evaluate", *arguments, launcher=launcher if torchrun else []).ok()
        return done[key]

    return run


def test_several_processes_count_what_one_counts(evaluate: Callable[..., Path]) -> None:
    same_counts(evaluate(1), evaluate(3))


def test_processes_without_a_batch_change_nothing(evaluate: Callable[..., Path]) -> None:
    same_counts(evaluate(1, LARGE), evaluate(3, LARGE))


def test_processes_that_torchrun_starts_count_what_one_counts(
    evaluate: Callable[..., Path],
) -> None:
    same_counts(evaluate(1), evaluate(2, torchrun=True))


def test_the_test_of_a_run_on_two_processes_is_that_of_its_checkpoint_on_one(
    trained: Path, evaluate: Callable[..., Path]
) -> None:
    same_counts(trained, evaluate(1))


def test_a_run_on_two_processes_writes_one_folder(trained: Path, place: Path) -> None:
    assert (trained / "checkpoints" / "last.ckpt").exists()
    assert {r["epoch"] for r in read(trained / "reports" / "weights.csv")} == {"1", "2"}
    assert not list(place.glob("version_*"))


def test_bad_input_on_two_processes_is_refused_once_and_nothing_is_written(
    script: Run, tiny_bert: Path, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    arguments = ["--model.encoder.name", tiny_bert, *processes(2), "--output", output]
    missing = tmp_path / "missing.conllu"
    said = script("train", *arguments, train=TRAIN, val=VAL, test=missing).refused()
    assert said.count(str(missing)) == 1
    assert list(tmp_path.iterdir()) == []


def test_bad_input_under_torchrun_ends_every_process(
    script: Run, trained: Path, tmp_path: Path
) -> None:
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node=2"]
    launcher += ["--rdzv_backend=c10d", "--rdzv_endpoint=localhost:0"]
    checkpoint = trained / "checkpoints" / "last.ckpt"
    missing = tmp_path / "missing.conllu"
    arguments = ["--ckpt_path", checkpoint, *processes(2), "--output", tmp_path / "output"]
    arguments += ["--data.val", missing]  # or tests of heads, which the run has, are refused first
    done = script("evaluate", *arguments, launcher=launcher, timeout=90, test=missing)
    assert done.code != 0
    assert f"error: {missing}" in done.err
    assert list(tmp_path.iterdir()) == []


def test_processes_that_share_batches_train_the_probes_of_one(
    script: Run, tiny_bert: Path, tmp_path: Path
) -> None:
    found = []
    for count in (1, 2):
        folder = tmp_path / str(count)
        options = ["--model.encoder.name", tiny_bert, "--output", folder, *SMALL]
        options += ["--data.share_batches", "true", "--trainer.max_epochs", "1"]
        options += [
            "--model.probes",
            "null",
            "--model.probes.mine",
            "probing.probes.AttentionProbe",
        ]
        script("train", *options, *processes(count), train=TRAIN, test=TEST).ok()
        found.append(torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True))
    one, two = found
    assert one["global_step"] == two["global_step"] > 5
    # Adam makes steps of tiny gradients, too, whose rounding differs.
    torch.testing.assert_close(two["state_dict"], one["state_dict"], rtol=0.01, atol=2e-3)
