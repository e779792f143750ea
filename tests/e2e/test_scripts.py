"""train.py and evaluate.py from the command line: what they write, and what they refuse."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from probing.core.category_rules import FORM, GOLD, RULES

ROOT = Path(__file__).resolve().parents[2]
TRAIN, VAL, TEST = (f"builtin:documents={n},seed={s}" for n, s in ((8, 1), (4, 2), (5, 3)))
DATA = {"train": TRAIN, "val": VAL, "test": TEST}
SOURCES = [f"--data.{split}={source}" for split, source in DATA.items()]
CPU = ("--trainer.accelerator", "cpu")
CONLLU = "1\tdogs\t_\t_\t_\t_\t2\tnsubj\t_\t_\n2\tbark\t_\t_\t_\t_\t0\troot\t_\t_\n"
WITH_ROOTS = ("uas", "uas+punct")
PROBE = """\
import torch
from torch import nn

from probing.probes import Probe


class MyProbe(Probe):
    needs = ("attention",)

    def configure(self, sizes):
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, encoding, batch):
        mean = encoding.part("attention").mean((1, 2))
        return self.scale * torch.cat([mean.new_zeros(*mean.shape[:2], 1), mean], -1)


class Wrong(MyProbe):
    def forward(self, encoding, batch):
        return super().forward(encoding, batch)[..., 1:]
"""

Run = Callable[..., Any]
Table = Callable[[Path], list[dict[str, str]]]


def job(model: Path, output: Path, *more: object) -> list[object]:
    return ["--model.encoder.name", model, "--output", output, *CPU, *more]


def written(folder: Path) -> set[str]:
    """The files of a run, by their names; TensorBoard's have one name."""
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    events = {name for name in names if name.startswith("events.out.tfevents.")}
    return names - events | ({"events"} if events else set())


def same_files(left: Path, right: Path, *names: str) -> None:
    for name in names:
        assert (left / name).read_text() == (right / name).read_text(), name


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def trained(script: Run, tiny_bert: Path, place: Path) -> Path:
    """A run of one epoch."""
    arguments = job(tiny_bert, place / "trained", "--trainer.max_epochs", 1)
    script("train", *arguments, **DATA).ok()
    return place / "trained"


@pytest.fixture(scope="module")
def evaluated(script: Run, trained: Path, place: Path) -> Path:
    """The checkpoint of that run, evaluated with what it brings."""
    checkpoint = trained / "checkpoints" / "last.ckpt"
    script("evaluate", "--ckpt_path", checkpoint, "--output", place / "evaluated").ok()
    return place / "evaluated"


# What must not change a number


def test_lightnings_sanity_check_is_no_validation(
    script: Run, trained: Path, tiny_bert: Path, place: Path
) -> None:
    extra = ("--trainer.max_epochs", 1, "--trainer.num_sanity_val_steps", 1)
    script("train", *job(tiny_bert, place / "sane", *extra), **DATA).ok()
    for name in ("val/heads.csv", "test/best_heads.md", "test/probes.csv"):
        same_files(trained, place / "sane", f"reports/{name}")
    same_files(trained, place / "sane", "reports/weights.csv")


def test_resuming_a_finished_run_reports_the_same(
    script: Run, trained: Path, tiny_bert: Path, place: Path
) -> None:
    shutil.copytree(trained, place / "again")
    for split in ("val", "test"):
        shutil.rmtree(place / "again" / "reports" / split)
    script("train", "--resume", "--output", place / "again").ok()
    for name in ("val/heads.csv", "test/best_heads.md", "test/probes.csv"):
        same_files(trained, place / "again", f"reports/{name}")


def test_resuming_a_finished_run_does_nothing(script: Run, trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(trained, folder)

    def state() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in folder.rglob("*")}

    before = state()
    done = script("train", "--resume", "--output", folder).ok()
    assert "this run is finished" in done.out
    assert state() == before


def test_a_report_on_a_part_of_the_data_says_so(script: Run, trained: Path, place: Path) -> None:
    checkpoint = trained / "checkpoints" / "last.ckpt"
    arguments = ("--output", place / "part", "--trainer.limit_test_batches", 1)
    script("evaluate", "--ckpt_path", checkpoint, *arguments).ok()
    part = place / "part" / "reports"
    assert json.loads((part / "test" / "summary.json").read_text())["partial"]
    assert not json.loads((part / "val" / "summary.json").read_text())["partial"]
    assert "Only a part" in (part / "test" / "best_heads.md").read_text()


# What a run writes

REPORTS = {
    *("heads.csv", "baselines.csv", "probes.csv", "heads.png", "summary.json"),
    *("best_heads.csv", "best_heads.md", "best_heads.tex", "report.html", "examples.parquet"),
}


def test_training_writes_the_documented_files_and_no_others(trained: Path) -> None:
    reports = {f"reports/{split}/{name}" for split in ("val", "test") for name in REPORTS}
    assert written(trained) == reports | {
        "reports/test/hard.csv",  # of heads that were chosen on other data
        "config.yaml",
        "checkpoints/finished",
        "checkpoints/last.ckpt",
        "events",
        "reports/weights.csv",
    }


@pytest.mark.parametrize("split", ["val", "test"])
def test_tables_have_the_documented_columns(trained: Path, split: str) -> None:
    columns = {
        "heads.csv": "relation,direction,layer,head,correct,total,reachable,accuracy,"
        "gold_mass,special_mass,special_wins,kappa",
        "baselines.csv": "baseline,relation,correct,total,accuracy",
        "probes.csv": "probe,relation,correct,total,accuracy",
    }
    for name, header in columns.items():
        lines = (trained / "reports" / split / name).read_text().splitlines()
        assert lines[0] == header
        assert len(lines) > 1
        assert {line.count(",") for line in lines} == {header.count(",")}
    weights = (trained / "reports" / "weights.csv").read_text().splitlines()
    assert weights[0] == "epoch,probe,direction,layer,head,weight"


def test_heads_are_complete_and_count_from_one(trained: Path, table: Table) -> None:
    rows = table(trained / "reports" / "test" / "heads.csv")
    relations = {row["relation"] for row in rows}
    cells = {(row["direction"], row["layer"], row["head"]) for row in rows}
    assert cells == {
        (direction, str(layer), str(head))
        for direction in ("dep->head", "head->dep", "both")
        for layer in (1, 2)
        for head in (1, 2, 3, 4)
    }
    assert len(rows) == len(relations) * len(cells)
    assert "all" in relations
    assert "root" not in relations  # heads cannot pick ROOT
    for row in rows:
        assert 0 <= int(row["correct"]) <= int(row["reachable"]) <= int(row["total"])
        # Root words, which heads cannot be right about, count in these two rows alone.
        assert (row["reachable"] != row["total"]) == (row["relation"] in WITH_ROOTS)
        assert row["accuracy"] == f"{int(row['correct']) / int(row['total']):.6f}"


def test_all_leaves_out_root_and_punctuation(trained: Path, table: Table) -> None:
    totals = {r["relation"]: int(r["total"]) for r in table(trained / "reports/test/heads.csv")}
    assert totals["all"] == sum(
        total
        for relation, total in totals.items()
        # Nor do the rows count that say of other rows' words what is said there.
        if relation not in ("all", "punct", "poss+clitic", *WITH_ROOTS)
        and not relation.endswith(":*")
    )


def test_rows_with_root_words_have_the_anchors_of_probes(trained: Path, table: Table) -> None:
    folder = trained / "reports" / "test"
    probes = {r["relation"]: int(r["total"]) for r in table(folder / "probes.csv")}
    assert not set(WITH_ROOTS) & set(probes)
    rows = table(folder / "heads.csv")
    right = {(r["relation"], r["direction"], r["layer"], r["head"]): r["correct"] for r in rows}
    for name in ("heads", "baselines", "hard"):
        totals = {r["relation"]: int(r["total"]) for r in table(folder / f"{name}.csv")}
        assert totals["uas"] == probes["all"]
        assert totals["uas+punct"] == probes["all"] + probes["punct"]
    for (relation, *cell), correct in right.items():
        if relation == "uas":
            assert correct == right["all", *cell]


@pytest.mark.parametrize("name", ["heads", "baselines", "probes"])
def test_a_relation_with_its_subtypes_is_their_sum_in_every_table(
    name: str, trained: Path, table: Table
) -> None:
    key = {"heads": ("direction", "layer", "head"), "baselines": ("baseline",)}
    rows = table(trained / "reports" / "test" / f"{name}.csv")
    sums: dict[tuple[str, ...], list[int]] = {}
    found: dict[tuple[str, ...], list[int]] = {}
    labels: dict[str, set[str]] = {}
    for row in rows:
        picker = tuple(row[column] for column in key.get(name, ("probe",)))
        counts = [int(row["correct"]), int(row["total"])]
        universal, _, subtype = row["relation"].partition(":")
        if subtype == "*":
            found[(universal, *picker)] = counts
        else:
            labels.setdefault(universal, set()).add(row["relation"])
            own = sums.setdefault((universal, *picker), [0, 0])
            own[:] = [own[0] + counts[0], own[1] + counts[1]]
    several = {universal for universal, own in labels.items() if len(own) > 1}
    assert {universal for universal, *_ in found} == several > {"nsubj"}
    assert found == {cell: counts for cell, counts in sums.items() if cell[0] in several}


def test_possessors_clitics_are_asked_by_heads_and_baselines_alone(
    trained: Path, table: Table
) -> None:
    folder = trained / "reports" / "test"
    totals = {r["relation"]: int(r["total"]) for r in table(folder / "heads.csv")}
    assert totals["poss+clitic"] == totals["nmod:poss"] > 0
    offset = {r["relation"]: r for r in table(folder / "baselines.csv")}
    assert int(offset["poss+clitic"]["total"]) == totals["poss+clitic"]
    assert "poss+clitic" not in {r["relation"] for r in table(folder / "probes.csv")}


def test_the_report_names_the_annotation_scheme(trained: Path) -> None:
    folder = trained / "reports" / "test"
    data = json.loads((folder / "summary.json").read_text())["data"]
    assert (data["scheme"], data["scheme_by"]) == ("UD", "labels")
    assert "; scheme: UD (by its labels)" in (folder / "best_heads.md").read_text()


def test_baselines_are_offsets_and_rules_over_the_anchors_of_heads(
    trained: Path, table: Table
) -> None:
    rows = table(trained / "reports" / "test" / "baselines.csv")
    rules = {rule.name(family) for family in (FORM, GOLD) for rule in RULES}
    assert {r["baseline"] for r in rows} == {f"offset={k}" for k in range(-10, 11) if k} | rules
    heads = table(trained / "reports" / "test" / "heads.csv")
    assert {(r["relation"], r["total"]) for r in rows} == {
        (r["relation"], r["total"]) for r in heads
    }


def test_probes_stand_beside_what_takes_no_training(trained: Path, table: Table) -> None:
    rows = table(trained / "reports" / "test" / "probes.csv")
    trainable = {"attention", "attention_words", "distance_words"}
    rules = {"best-form-rule", "best-gold-rule"}
    untrained = {"right-branching", "best-offset", "best-head"} | rules
    assert {r["probe"] for r in rows} == trainable | untrained
    root = {r["probe"]: int(r["correct"]) for r in rows if r["relation"] == "root"}
    assert {root[name] for name in untrained} == {0}
    (total,) = {int(r["total"]) for r in rows if r["relation"] == "all"}
    (heads,) = {
        int(r["total"])
        for r in table(trained / "reports" / "test" / "heads.csv")
        if r["relation"] == "all"
    }
    (roots,) = {int(r["total"]) for r in rows if r["relation"] == "root"}
    assert total == heads + roots  # UAS counts root words, heads cannot


def test_weights_are_of_every_head_in_every_epoch(trained: Path, table: Table) -> None:
    rows = table(trained / "reports" / "weights.csv")
    assert {r["probe"] for r in rows} == {"attention", "attention_words"}
    assert {r["epoch"] for r in rows} == {"1"}
    assert len(rows) == 2 * 2 * 2 * 4  # probes, directions, layers, heads


def test_best_heads_say_where_they_were_chosen_and_that_the_text_is_made_up(trained: Path) -> None:
    text = (trained / "reports" / "test" / "best_heads.md").read_text()
    assert "chosen on val" in text
    assert "| all |" in text
    assert "not findings" in text


def test_the_figure_is_a_picture(trained: Path) -> None:
    assert (trained / "reports/test/heads.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_summary_says_what_was_run(trained: Path, tiny_bert: Path) -> None:
    summary = json.loads((trained / "reports" / "test" / "summary.json").read_text())
    assert summary["model"] == str(tiny_bert)
    assert len(summary["weights_sha256"]) == 64
    assert summary["data"]["source"] == TEST
    assert len(summary["data"]["sha256"]) == 64
    assert datetime.fromisoformat(summary["date"]) <= datetime.now(UTC)
    assert "--data.test" in summary["command"]
    assert summary["python"] == platform.python_version()
    data = summary["data"]
    assert data["used"] == data["sentences"] == data["windows"] > data["documents"] > 0
    assert data["left_out"] == data["counts"] == {}
    assert summary["seed"] == 1
    assert summary["epochs"] == 1
    assert summary["processes"] == 1
    assert summary["heads_chosen_on"] == "val"
    assert set(summary["versions"]) >= {"probing", "torch", "transformers", "pytorch-lightning"}
    assert summary["wall_seconds"] > 0
    assert set(summary["uas"]) >= {"attention", "best-head"}
    best = summary["best_heads"]["all"]
    assert set(best) == {
        *("head", "direction", "accuracy", "anchors", "best_on_test", "hard"),
        *("strongest", "offset", "form-rule", "gold-rule"),
    }
    assert set(data["rules"]) == {"form-rule", "gold-rule"}
    assert data["rules"]["form-rule"]["learnt_on"] == TRAIN
    assert best["offset"]["baseline"] in {f"offset={k}" for k in range(-10, 11) if k}
    assert 0 <= best["offset"]["accuracy"] <= 1


def test_the_checkpoint_holds_probes_and_no_model(trained: Path) -> None:
    path = trained / "checkpoints" / "last.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["state_dict"]
    assert all(key.startswith("probes.") for key in checkpoint["state_dict"])
    assert "hyper_parameters" not in checkpoint
    assert path.stat().st_size < 1_000_000


def test_the_checkpoint_brings_the_config_that_the_folder_holds(trained: Path) -> None:
    checkpoint = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    stored = yaml.safe_load(checkpoint["config"])
    assert stored == yaml.safe_load((trained / "config.yaml").read_text())
    assert stored["data"]["init_args"]["train"] == TRAIN
    assert stored["trainer"]["max_epochs"] == 1


# Evaluating


def test_evaluating_the_checkpoint_gives_the_very_tables_of_training(
    trained: Path, evaluated: Path
) -> None:
    tables = ("heads.csv", "baselines.csv", "probes.csv", "best_heads.md")
    same_files(trained, evaluated, *(f"reports/test/{name}" for name in tables))
    same_files(trained, evaluated, *(f"reports/val/{name}" for name in tables))
    same_files(trained, evaluated, "reports/test/hard.csv")


def test_evaluating_writes_no_checkpoint(evaluated: Path) -> None:
    reports = {f"reports/{split}/{name}" for split in ("val", "test") for name in REPORTS}
    assert written(evaluated) >= reports | {"config.yaml"}
    others = {"config.yaml", "events", "reports/weights.csv", "reports/test/hard.csv"}
    assert written(evaluated) <= reports | others


def test_heads_are_scored_on_a_file_without_any_probe(
    script: Run, tiny_bert: Path, place: Path, table: Table
) -> None:
    treebank = place / "mine.conllu"
    odd = CONLLU.replace("\t2\tnsubj", "\t0\tnsubj")  # two roots: counted, and kept
    words = ("\t_\t_\t_\t_\t".join((f"{n}\tdogs", f"{n - 1}\tdep\t_\t_")) for n in range(1, 600))
    treebank.write_text("\n".join([CONLLU, *words, "", odd]))
    config = ROOT / "configs" / "heads.yaml"
    done = script(
        "evaluate",
        "--config",
        config,
        *job(tiny_bert, place / "heads", "--report.min_anchors", 1),
        test=treebank,
    ).ok()
    assert not (place / "heads" / "checkpoints").exists()
    rows = table(place / "heads" / "reports" / "test" / "heads.csv")
    totals = {"all": "1", "nsubj": "1", "uas": "4", "uas+punct": "4"}
    assert {(r["relation"], r["total"]) for r in rows} == set(totals.items())
    probes = table(place / "heads" / "reports" / "test" / "probes.csv")
    assert {r["probe"] for r in probes} == {"right-branching", "best-offset", "best-head"}
    text = (place / "heads" / "reports" / "test" / "best_heads.md").read_text()
    assert "chosen on test" in text
    assert "not findings" not in text
    summary = json.loads((place / "heads" / "reports" / "test" / "summary.json").read_text())
    assert summary["data"]["left_out"] == {"over 512 wordpieces": 1}
    assert summary["data"]["not_trees"] == {"several roots": 1}
    assert "over 512 wordpieces" in done.out
    assert "several roots" in done.out


# Folders


def test_a_folder_that_holds_another_run_is_refused_and_left_alone(
    refuse: Run, trained: Path, tiny_bert: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in trained.rglob("*") if p.is_file()}
    said = refuse("train", *job(tiny_bert, trained), *SOURCES)
    assert str(trained) in said
    assert "--overwrite" in said
    assert {p: p.stat().st_mtime_ns for p in trained.rglob("*") if p.is_file()} == before


@pytest.fixture(scope="module")
def resumed(script: Run, trained: Path, place: Path) -> Path:
    """The run of one epoch, gone on with for another."""
    folder = place / "resumed"
    shutil.copytree(trained, folder)
    script("train", "--resume", "--output", folder, "--trainer.max_epochs", 2).ok()
    return folder


@pytest.fixture(scope="module")
def whole(script: Run, tiny_bert: Path, place: Path) -> Path:
    """Two epochs at once, in place of an older run."""
    folder = place / "whole"
    (folder / "reports" / "val").mkdir(parents=True)
    for name in ("config.yaml", "reports/val/old.csv", "events.out.tfevents.0", "notes.txt"):
        (folder / name).write_text("old")
    script("train", *job(tiny_bert, folder, "--overwrite", "--trainer.max_epochs", 2), **DATA).ok()
    return folder


def test_overwrite_replaces_the_run_and_nothing_else(whole: Path, trained: Path) -> None:
    assert written(whole) == written(trained) | {"notes.txt"}
    assert not (whole / "events.out.tfevents.0").exists()
    same_files(trained, whole, "reports/test/heads.csv", "reports/test/baselines.csv")


def test_a_resumed_run_equals_one_that_was_never_interrupted(
    resumed: Path, whole: Path, trained: Path, table: Table
) -> None:
    tables = ("heads.csv", "baselines.csv", "probes.csv")
    same_files(resumed, whole, *(f"reports/test/{name}" for name in tables))
    same_files(resumed, whole, "reports/weights.csv", "reports/val/probes.csv")
    assert {r["epoch"] for r in table(resumed / "reports" / "weights.csv")} == {"1", "2"}
    first, left, right = (
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
        for folder in (trained, resumed, whole)
    )
    assert left["epoch"] == right["epoch"] == first["epoch"] + 1
    assert left["global_step"] == right["global_step"] == 2 * first["global_step"]
    for key, value in right["state_dict"].items():
        assert torch.equal(left["state_dict"][key], value), key
        assert not torch.equal(first["state_dict"][key], value), key


# A choice of layers


def test_a_run_on_some_layers_numbers_them_as_the_model_does(
    script: Run, trained: Path, tiny_bert: Path, place: Path, table: Table
) -> None:
    folder = place / "second"
    script("train", *job(tiny_bert, folder, "--model.encoder.layers+=2"), **DATA).ok()
    for split in ("val", "test"):
        rows = table(trained / "reports" / split / "heads.csv")
        kept = [row for row in rows if row["layer"] == "2"]
        assert table(folder / "reports" / split / "heads.csv") == kept
    assert {row["layer"] for row in table(folder / "reports" / "weights.csv")} == {"2"}
    summary = json.loads((folder / "reports" / "test" / "summary.json").read_text())
    assert summary["layers"] == [2]
    assert summary["best_heads"]["all"]["head"].startswith("2-")
    assert "layers looked at: 2 of 2" in (folder / "reports" / "test" / "best_heads.md").read_text()
    again = place / "second again"
    checkpoint = folder / "checkpoints" / "last.ckpt"
    script("evaluate", "--ckpt_path", checkpoint, "--output", again, test=DATA["test"]).ok()
    same_files(folder, again, "reports/test/heads.csv", "reports/test/probes.csv")


def test_a_twin_beside_the_model_counts_what_it_counts_alone(
    script: Run, trained: Path, tiny_bert: Path, place: Path, table: Table
) -> None:
    beside, alone = place / "beside", place / "alone"
    encoders = "{twin: {random_init: true, random_seed: 3}, same: {random_init: false}}"
    one = [*job(tiny_bert, beside, "--model.encoders", encoders), "--model.probes", "{}"]
    script("evaluate", *one, train=DATA["train"], test=DATA["test"]).ok()
    script(
        "evaluate",
        *job(tiny_bert, alone, "--model.encoder.random_init", "true"),
        *("--model.encoder.random_seed", "3"),
        test=DATA["test"],
    ).ok()
    own, other = beside / "reports" / "test", alone / "reports" / "test"
    assert (own / "heads_twin.csv").read_text() == (other / "heads.csv").read_text()
    assert (own / "heads_same.csv").read_text() == (own / "heads.csv").read_text()
    same_files(trained, beside, "reports/test/heads.csv", "reports/test/baselines.csv")
    found, twin = (json.loads((f / "summary.json").read_text()) for f in (own, other))
    assert found["encoders"]["twin"]["weights_sha256"] == twin["weights_sha256"]
    for relation, best in found["best_heads"].items():
        expected = twin["best_heads"][relation]
        assert best["twin"]["accuracy"] == expected["accuracy"]
        assert best["twin"]["baseline"] == f"twin={expected['head']} {expected['direction']}"
        assert best["same"]["accuracy"] == best["accuracy"]
    text = (own / "best_heads.md").read_text()
    assert "heads of twin and heads of same chosen on test" in text


# What is refused: in a line or two, with status 2, nothing written


@pytest.fixture(scope="module")
def bad(trained: Path, place: Path) -> Path:
    """A folder of bad input."""
    folder = place / "bad"
    folder.mkdir()
    (folder / "empty.conllu").write_text("")
    (folder / "broken.conllu").write_text(CONLLU.replace("\t0\t", "\t9\t"))
    (folder / "no.ckpt").write_text("not a checkpoint")
    torch.save({"weights": torch.ones(2)}, folder / "other.ckpt")
    whole = (trained / "checkpoints" / "last.ckpt").read_bytes()
    (folder / "half.ckpt").write_bytes(whole[: len(whole) // 2])
    probe = "      class_path: probing.probes.AttentionProbe\n"
    base = "data:\n  class_path: probing.data.DependencyData\n"
    (folder / "key.yaml").write_text(
        f"model:\n  probes:\n    a:\n{probe}trainer:\n  max_epoch: 3\n{base}"
    )
    (folder / "model_key.yaml").write_text(f"model:\n  probez:\n    a:\n{probe}{base}")
    (folder / "syntax.yaml").write_text("model: [1\n")
    return folder


REFUSED: dict[str, tuple[list[str], list[str]]] = {
    "missing file": (["--data.test", "{bad}/missing.conllu"], ["{bad}/missing.conllu"]),
    "empty file": (
        ["--data.val", "{bad}/empty.conllu"],
        ["{bad}/empty.conllu", "at least one sentence"],
    ),
    "broken line": (
        ["--data.test", "{bad}/broken.conllu"],
        ["{bad}/broken.conllu:2:", "from 0 to 2", "found 9"],
    ),
    "no reader": (["--data.test", "{bad}/no.ckpt"], ["{bad}/no.ckpt", ".conllu"]),
    "unknown model": (["--model.encoder.name", "no/such-model"], ["no/such-model", "folder"]),
    "unknown package": (["--model.encoder.name", "package:no_such"], ["no_such"]),
    "misspelt option of the data": (["--data.trian", TRAIN], ["trian", "'data.train'"]),
    "misspelt option of the model": (["--model.probez.a", "x"], ["probez", "model.probes"]),
    "misspelt option of a run": (["--outptu", "x"], ["outptu", "output"]),
    "abbreviated option": (["--trainer.max_epoch", "1"], ["max_epoch", "trainer.max_epochs"]),
    "unknown key in a config": (["--config", "{bad}/key.yaml"], ["max_epoch", "max_epochs"]),
    "unknown key of the model": (["--config", "{bad}/model_key.yaml"], ["probez", "probes"]),
    "a config that is no YAML": (["--config", "{bad}/syntax.yaml"], ["syntax.yaml"]),
    "a config that is not there": (["--config", "{bad}/gone.yaml"], ["gone.yaml"]),
    "unknown option of a probe": (
        ["--model.probes.distance_words.init_args.widht", "3"],
        ["widht", "width"],
    ),
    "unknown class of a probe": (["--model.probes.mine", "nowhere.Probe"], ["nowhere"]),
    "no such layer": (["--model.encoder.layers", "[1, 9]"], ["2 layers", "[1, 9]"]),
    "an encoder called as a baseline": (
        ["--model.encoders.offset", "{{random_init: true}}"],
        ["'offset'", "calls something else that"],
    ),
    "probes in half precision": (
        ["--trainer.precision", "bf16-true"],
        ["bf16-mixed", "--model.encoder.precision"],
    ),
    "wrong type": (["--trainer.max_epochs", "many"], ["max_epochs", "many"]),
    "nothing to resume": (["--resume"], ["no run to go on with"]),
}


@pytest.mark.parametrize(("arguments", "named"), REFUSED.values(), ids=list(REFUSED))
def test_bad_input_is_refused_by_name(
    arguments: list[str], named: list[str], refuse: Run, tiny_bert: Path, bad: Path, tmp_path: Path
) -> None:
    own = [argument.format(bad=bad) for argument in arguments]
    output = tmp_path / "output"
    said = refuse("train", *job(tiny_bert, output), *SOURCES, *own)
    for name in named:
        assert name.format(bad=bad) in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["missing file", "unknown model"])
def test_a_process_of_its_own_refuses_in_the_same_way(
    kind: str, script: Run, tiny_bert: Path, bad: Path, tmp_path: Path
) -> None:
    arguments, named = ([text.format(bad=bad) for text in texts] for texts in REFUSED[kind])
    output = tmp_path / "output"
    said = script("train", *job(tiny_bert, output), *SOURCES, *arguments, cwd=tmp_path).refused()
    assert named[0] in said
    assert list(tmp_path.iterdir()) == []


BAD_CHECKPOINTS: dict[str, tuple[str, list[str], list[str]]] = {
    "not there": ("{bad}/gone.ckpt", [], ["gone.ckpt"]),
    "no checkpoint": ("{bad}/no.ckpt", [], ["no.ckpt", "expected a checkpoint of train.py"]),
    "cut off": ("{bad}/half.ckpt", [], ["half.ckpt", "expected a checkpoint of train.py"]),
    "of something else": ("{bad}/other.ckpt", [], ["other.ckpt", "train.py"]),
    "of other layers": (
        "{trained}/checkpoints/last.ckpt",
        ["--model.encoder.layers", "[2]"],
        ["the layers 1, 2 of {tiny}", "the run at 2"],
    ),
    "of another model": (
        "{trained}/checkpoints/last.ckpt",
        ["--model.encoder.name", "{other}"],
        ["{tiny}", "{other}"],
    ),
}


@pytest.mark.parametrize(
    ("checkpoint", "more", "named"), BAD_CHECKPOINTS.values(), ids=list(BAD_CHECKPOINTS)
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    checkpoint: str,
    more: list[str],
    named: list[str],
    refuse: Run,
    bad: Path,
    trained: Path,
    tiny_bert: Path,
    other_bert: Path,
    tmp_path: Path,
) -> None:
    names = {"bad": bad, "trained": trained, "other": other_bert, "tiny": tiny_bert}
    own = [text.format(**names) for text in (checkpoint, *more)]
    output = tmp_path / "output"
    said = refuse("evaluate", "--ckpt_path", *own, "--output", output)
    for name in named:
        assert name.format(**names) in said
    assert list(tmp_path.iterdir()) == []


def test_training_from_a_checkpoint_says_how_to_resume(refuse: Run, trained: Path) -> None:
    said = refuse("train", "--ckpt_path", trained / "checkpoints" / "last.ckpt")
    assert "--resume" in said


def test_probes_without_a_checkpoint_cannot_be_evaluated(
    refuse: Run, tiny_bert: Path, tmp_path: Path
) -> None:
    config = ROOT / "configs" / "demo.yaml"
    arguments = ["--config", config, *job(tiny_bert, tmp_path / "output")]
    assert "--ckpt_path" in refuse("evaluate", *arguments)
    assert list(tmp_path.iterdir()) == []


EVIL = {
    "a function that runs commands": ("torch.utils.collect_env.run", "builtin:; touch {mark}"),
    "a builtin": ("builtins.eval", "builtin:"),
    "through a module of the package": ("probing.jobs.cli.os.popen", "builtin:; touch {mark}"),
    "the standard library": ("os.system", "builtin:; touch {mark}"),
}


@pytest.mark.parametrize(("reader", "source"), EVIL.values(), ids=list(EVIL))
def test_a_stored_config_cannot_make_evaluation_call_anything(
    reader: str, source: str, script: Run, trained: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    checkpoint = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    config = yaml.safe_load(checkpoint["config"])
    options = config["data"]["init_args"]
    options |= {"reader": reader, "test": source.format(mark=mark), "val": None}
    checkpoint["config"] = yaml.safe_dump(config)
    torch.save(checkpoint, tmp_path / "evil.ckpt")
    done = script("evaluate", "--ckpt_path", tmp_path / "evil.ckpt", cwd=tmp_path)
    assert not mark.exists()
    assert reader in done.refused()


# A probe from outside


@pytest.fixture(scope="module")
def outside(place: Path) -> Path:
    folder = place / "outside"
    folder.mkdir()
    (folder / "my_probe.py").write_text(PROBE)
    return folder


@pytest.fixture(scope="module")
def with_mine(script: Run, tiny_bert: Path, outside: Path, place: Path) -> Path:
    mine = ("--model.probes.mine", "my_probe.MyProbe", "--trainer.max_epochs", 1)
    script("train", *job(tiny_bert, place / "mine", *mine), **DATA, cwd=outside).ok()
    return place / "mine"


def test_a_probe_in_the_current_folder_trains_beside_the_others(
    with_mine: Path, trained: Path, table: Table
) -> None:
    rows = table(with_mine / "reports" / "test" / "probes.csv")
    assert [r for r in rows if r["probe"] != "mine"] == table(trained / "reports/test/probes.csv")
    assert {r["relation"] for r in rows if r["probe"] == "mine"} >= {"all", "root", "nsubj"}


def test_its_checkpoint_is_refused_until_the_user_names_the_module(
    script: Run, refuse: Run, with_mine: Path, outside: Path, place: Path
) -> None:
    arguments = ["--ckpt_path", with_mine / "checkpoints" / "last.ckpt", "--output"]
    said = refuse("evaluate", *arguments, place / "refused", cwd=outside)
    assert "--import my_probe" in said
    assert not (place / "refused").exists()
    accepted = place / "accepted"
    script("evaluate", *arguments, accepted, "--import", "my_probe", cwd=outside).ok()
    same_files(with_mine, accepted, "reports/test/probes.csv")


def test_a_probe_with_scores_of_the_wrong_shape_is_named(
    script: Run, tiny_bert: Path, outside: Path, tmp_path: Path
) -> None:
    arguments = job(tiny_bert, tmp_path / "output", "--model.probes.mine", "my_probe.Wrong")
    said = script("train", *arguments, **DATA, cwd=outside).refused()
    assert "'mine'" in said
    assert "my_probe.Wrong" in said
    assert "[B, W, W+1]" in said
    assert list(tmp_path.iterdir()) == []


# Help


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_help_lists_the_jobs_of_the_script(name: str, script: Run) -> None:
    done = script(name, "--help").ok()
    for path in (ROOT / "configs").glob("*.yaml"):
        mine = path.read_text().startswith(f"# {name}:")
        assert (f"configs/{path.name}" in done.out) == mine
    assert "--output" in done.out
    assert done.err == ""


def test_help_of_a_job_shows_its_options(script: Run, tmp_path: Path) -> None:
    config = ROOT / "configs" / "demo.yaml"
    done = script("train", "--config", config, "--help", cwd=tmp_path).ok()
    assert "--trainer.max_epochs" in done.out
    assert "--model.encoder.name" in done.out
    assert list(tmp_path.iterdir()) == []
