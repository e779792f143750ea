"""Folders of treebanks and several models, by the real scripts."""

from __future__ import annotations

import csv
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from probing.core.sentences import Sentence
from probing.data.builtin.reader import read_builtin
from probing.encoder import Encoder
from probing.jobs.cli import main
from probing.jobs.scripts import Script
from probing.jobs.stored_config import for_evaluation, stored_options

Run = Callable[..., Any]
Table = Callable[[Path], list[dict[str, str]]]

FILES = {  # documents and seed of each
    "de_one-ud-test.conllu": (3, 1),
    "en_two-ud-test.conllu": (2, 2),
    "en_three-ud-test.conllu": (2, 3),
}
PROCESSES = ("--trainer.devices=2", "--trainer.strategy=ddp")
SMALL = ("--data.batch_wordpieces=137", "--report.min_anchors=60", "--trainer.accelerator=cpu")


def conllu(sentences: Iterator[Sentence]) -> str:
    blocks = []
    for s in sentences:
        words = zip(s.words, s.heads, s.relations, strict=True)
        lines = [f"{i}\t{w}\t_\t_\t_\t_\t{h}\t{r}\t_\t_" for i, (w, h, r) in enumerate(words, 1)]
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders")
    for name, (documents, seed) in FILES.items():
        text = conllu(read_builtin(f"builtin:documents={documents},seed={seed}"))
        for part in ("test", name.partition("_")[0]):
            (folder / part).mkdir(exist_ok=True)
            (folder / part / name).write_text(text, encoding="utf-8")
    (folder / "val").mkdir()
    text = conllu(read_builtin("builtin:documents=3,seed=9"))
    (folder / "val" / "de_one-ud-dev.conllu").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def evaluate(place: Path, tiny_bert: Path) -> Iterator[Callable[..., Path]]:
    """Evaluates in this process, where a new one would cost seconds; every job once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        patch.chdir(place)

        def run(output: str, *arguments: str) -> Path:
            if not (place / output).exists():
                model = f"--model.encoder.name={tiny_bert}"
                more = [*SMALL, model, f"--output={place / output}", "--trainer.devices=1"]
                assert main("evaluate", [*more, *arguments]) == 0
            return place / output / "reports" / "test"

        yield run


@pytest.fixture(scope="module")
def by_language(evaluate: Callable[..., Path]) -> Path:
    return evaluate("by_language", "--data.test=test")


def test_reports_on_the_whole_folder_are_the_same_however_files_are_told_apart(
    by_language: Path, evaluate: Callable[..., Path]
) -> None:
    none = evaluate("none", "--data.test=test", "--treebanks.by=none")
    for name in ("heads.csv", "baselines.csv", "best_heads.md", "probes.csv"):
        assert (by_language / name).read_bytes() == (none / name).read_bytes()
    own = {"treebanks.csv", "treebanks.md", "treebanks.png"}
    assert {path.name for path in by_language.iterdir()} == own | {p.name for p in none.iterdir()}
    assert (by_language / "treebanks.png").read_bytes()[:4] == b"\x89PNG"


def test_each_language_says_what_it_says_alone(
    by_language: Path, evaluate: Callable[..., Path], table: Table
) -> None:
    lines = table(by_language / "treebanks.csv")
    assert {line["treebank"] for line in lines} == {"de", "en"}
    alone = table(evaluate("en_alone", "--data.test=en") / "heads.csv")
    right = {(row["relation"], row["direction"], row["layer"], row["head"]): row for row in alone}
    most: Counter[str] = Counter()
    for row in alone:
        most[row["relation"]] = max(most[row["relation"]], int(row["correct"]))
    own = [line for line in lines if line["treebank"] == "en"]
    assert {line["relation"] for line in own} == set(most)
    for line in own:
        relation = line["relation"]
        row = right[relation, line["direction"], line["layer"], line["head"]]
        assert (line["correct"], line["total"]) == (row["correct"], row["total"])
        assert int(line["correct"]) == most[relation]
        if line["first_head"]:
            place = (line["first_direction"], line["first_layer"], line["first_head"])
            assert line["first_correct"] == right[relation, *place]["correct"]


def test_the_languages_add_up_to_the_folder(by_language: Path, table: Table) -> None:
    total: Counter[str] = Counter()
    for line in table(by_language / "treebanks.csv"):
        total[line["relation"]] += int(line["total"])
    whole = {row["relation"]: int(row["total"]) for row in table(by_language / "heads.csv")}
    assert total == whole


def test_heads_are_chosen_on_all_of_the_validation_data_where_it_is_one_corpus(
    evaluate: Callable[..., Path], table: Table
) -> None:
    one = evaluate("chosen", "--data.test=test", "--data.val=val", "--treebanks.first=en")
    text = (one / "treebanks.md").read_text(encoding="utf-8")
    assert "Heads and offsets chosen on the whole of val." in text
    assert "The first language is en" in text
    assert "no held-out choice" not in text
    chosen = table(one.parent / "val" / "heads.csv")
    for line in table(one / "treebanks.csv"):
        own = [row for row in chosen if row["relation"] == line["relation"]]
        best = max(own, key=lambda row: int(row["correct"]))  # the first of several
        assert [line[c] for c in ("direction", "layer", "head")] == [
            best[c] for c in ("direction", "layer", "head")
        ]


@pytest.fixture(scope="module")
def models(tiny_bert: Path) -> str:
    twin = {"name": str(tiny_bert), "random_init": True, "layers": [1], "label": "one-layer"}
    return yaml.safe_dump([str(tiny_bert), twin], default_flow_style=True, width=1000)


@pytest.fixture(scope="module")
def compared(place: Path, models: str) -> Path:
    arguments = [*SMALL, f"--models={models}", f"--output={place / 'compared'}"]
    arguments += ["--report.paper=true", "--report.trees=true"]
    adopt, loaded = Encoder.adopt, list[Any]()
    beside: list[int] = []  # how many models were in memory when one came

    def watched(self: Encoder, model: Any, **options: Any) -> Encoder:
        beside.append(sum(other() is not None for other in loaded))
        loaded.append(weakref.ref(model))
        return adopt(self, model, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PL_GLOBAL_SEED", "1")
        patch.chdir(place)
        # A list, not an assertion in the function: errors there would be taken for the model's.
        patch.setattr(Encoder, "adopt", watched)
        assert main("evaluate", [*arguments, "--data.test=test", "--data.val=test"]) == 0
    assert beside == [0, 0, 0, 0]  # each is loaded to see that it can be, and again to be scored
    return place / "compared"


def test_heads_are_chosen_on_the_same_language_where_validation_data_has_it(
    compared: Path, table: Table
) -> None:
    reports = compared / "one-layer" / "reports"
    text = (reports / "test" / "treebanks.md").read_text(encoding="utf-8")
    same = "which holds all of the scored sentences: no held-out choice"  # both are one folder
    assert f"Heads and offsets chosen on val of the same language, {same}." in text
    assert f"Heads and offsets chosen on val, {same}." in (compared / "comparison.md").read_text()
    one, other = (table(reports / split / "treebanks.csv") for split in ("val", "test"))
    assert one == other


def test_a_comparison_says_what_each_models_own_report_says(
    compared: Path, tiny_bert: Path, table: Table
) -> None:
    assert {path.name for path in compared.iterdir()} == {
        "config.yaml", *(f"comparison.{ending}" for ending in ("csv", "md", "png", "html")),
        tiny_bert.name, "one-layer",
    }  # fmt: skip
    lines = table(compared / "comparison.csv")
    assert {(line["model"], line["heads"], line["drawn"]) for line in lines} == {
        (tiny_bert.name, "8", "4"),
        ("one-layer", "4", "4"),
    }
    for line in lines:
        reports = compared / line["model"] / "reports"
        own = [r for r in table(reports / "val" / "heads.csv") if r["relation"] == line["relation"]]
        best = max(own, key=lambda row: int(row["correct"]))  # the first of several
        place = [line[c] for c in ("direction", "layer", "head")]
        assert place == [best[c] for c in ("direction", "layer", "head")]
        [row] = [
            r
            for r in table(reports / "test" / "heads.csv")
            if [r[c] for c in ("relation", "direction", "layer", "head")]
            == [line["relation"], *place]
        ]
        assert (line["correct"], line["total"]) == (row["correct"], row["total"])
        if line["model"] == "one-layer":
            assert line["expected_best"] == line["accuracy"]
    for label in (tiny_bert.name, "one-layer"):
        report = compared / label / "reports" / "test"
        assert (report / "table3.csv").is_file()
        paper = {(p["row"], p["column"]): p["here"] for p in table(report / "paper.csv")}
        [det] = [row for row in table(report / "best_heads.csv") if row["relation"] == "det"]
        assert paper["det", "head"] == f"{det['layer']}-{det['head']}"
        assert float(paper["det", "accuracy"]) == pytest.approx(
            100 * float(det["accuracy"]), abs=0.005
        )
    assert "randomly initialised" in (compared / "comparison.md").read_text(encoding="utf-8")


def test_two_processes_compare_and_count_as_one(
    script: Run, place: Path, models: str, compared: Path, by_language: Path
) -> None:
    output = place / "two"
    more = ("--models", models, "--output", output, *SMALL, *PROCESSES)
    script("evaluate", *more, test=place / "test", val=place / "test").ok()
    for name in ("comparison.csv", "comparison.md"):
        one, two = ((f / name).read_text(encoding="utf-8") for f in (compared, output))
        assert two.replace(str(place), "").replace("/test", "test") == one.replace(
            str(place), ""
        ).replace("/test", "test")
    for label in ("one-layer",):
        own = Path(label) / "reports" / "test" / "treebanks.csv"
        assert (output / own).read_bytes() == (compared / own).read_bytes()


REFUSED: dict[str, tuple[list[str], str]] = {
    "one model": (["--models=[{model}]"], "at least two models to compare, found 1"),
    "twice the same": (["--models=[{model}, {model}]"], "two are called"),
    "no such model": (["--models=[{model}, no/such]"], "no/such"),
    "no such option": (["--models=[{model}, {{name: {model}, layerz: 1, label: b}}]"], "layerz"),
    "no such option in one of equal names": (
        ["--models=[{model}, {{name: {model}, randm: true}}]"],
        "no option 'randm'; did you mean random_init",
    ),
    "no name": (["--models=[{model}, {{random_init: true}}]"], "name is missing"),
    "a further encoder": (
        ["--models=[{model}, {{name: {model}, label: b}}]",
         "--model.encoders={{twin: {{random_init: true}}}}"],
        "--model.encoders (twin) goes without --models",
    ),
    "no such layer": (
        ["--models=[{model}, {{name: {model}, layers: [7], label: b}}]"],
        "b: {model} has 2 layers",
    ),
    "no list": (["--models={model}"], "models"),
    "no data": (["--models=[{model}, {{name: {model}, label: b}}]", "--data.test=null"],
                "no test data"),
    "a checkpoint": (["--models=[{model}, x]", "--ckpt_path=x.ckpt"], "x.ckpt"),
    "no such first": (["--model.encoder.name={model}", "--treebanks.first=fr"], "one of de, en"),
    "first of one": (
        ["--model.encoder.name={model}", "--treebanks.first=fr", "--treebanks.by=none"],
        "expected a folder of several treebanks",
    ),
    "names that say no language": (
        ["--model.encoder.name={model}", "--data.test={odd}", "--treebanks.by=language"],
        "mine.conllu",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_compared_is_refused_before_anything_is_written(
    arguments: list[str], said: str, refuse: Run, place: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    odd = place / "odd"
    odd.mkdir(exist_ok=True)
    for name in ("de_one-ud-test.conllu", "mine.conllu"):
        (odd / name).write_text("1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n2\tb\t_\t_\t_\t_\t1\tx\t_\t_\n\n")
    given = [argument.format(model=tiny_bert, odd=odd) for argument in arguments]
    found = refuse("evaluate", f"--data.test={place / 'test'}", *given)
    assert said.format(model=tiny_bert) in found
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_run_is_left_alone(refuse: Run, compared: Path, models: str) -> None:
    before = (compared / "comparison.csv").read_bytes()
    found = refuse("evaluate", f"--models={models}", f"--output={compared}")
    assert "holds another run" in found
    assert (compared / "comparison.csv").read_bytes() == before


STORED = """\
output: there
treebanks: {by: language, first: mine.conllu}
predictions: true
model: {}
data: {init_args: {test: x.conllu}}
"""


def test_what_training_reported_binds_no_later_evaluation() -> None:
    def kept(script: Script) -> dict[str, Any]:
        found = stored_options(STORED, place="a.ckpt", goes_on=script == "train")
        return for_evaluation(found, []) if script == "evaluate" else found

    assert set(kept("evaluate")) == {"model", "data"}
    # An interrupted run goes on as it began; the name of a file is nothing to import.
    assert set(kept("train")) == {"model", "data", "treebanks", "predictions"}


def test_training_is_for_one_model(refuse: Run, models: str) -> None:
    assert "evaluate.py" in refuse("train", f"--models={models}")


def test_the_written_table_is_whole(by_language: Path) -> None:
    with (by_language / "treebanks.csv").open(encoding="utf-8", newline="") as file:
        assert len({len(row) for row in csv.reader(file)}) == 1
