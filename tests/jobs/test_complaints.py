"""What cannot be read is answered in plain words, by the installed jsonargparse."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probing.core.errors import ProbingError
from probing.jobs.cli import main
from probing.jobs.registry import ROWS, row_of
from probing.jobs.scripts import CONFIGS

Say = Callable[..., tuple[int, str, str]]
PATHS = sorted(CONFIGS.glob("*.yaml"))


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """Exit status, output and complaint of a script, in this process."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    monkeypatch.chdir(tmp_path)

    def run(script: Any, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [f"{script}.py"])
        code = main(script, list(arguments))
        return (code, *capsys.readouterr())

    return run


def of(config: str) -> tuple[str, str]:
    return ("--config", str(CONFIGS / f"{config}.yaml"))


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
@pytest.mark.parametrize("script", ["train", "evaluate"])
def test_help_of_a_config_is_help_or_says_whose_it_is(script: str, path: Path, say: Say) -> None:
    code, out, err = say(script, "--config", str(path), "--help")
    if code == 0:
        assert out.startswith(f"usage: python {script}.py --config {path.name}")
        assert "--model.encoder.name" in out
        assert "--output" in out
    else:
        assert code == 2
        assert f"python evaluate.py --config {path}" in err
        assert script == "train"
    own = path.read_text(encoding="utf-8").startswith(f"# {script}:")
    assert code == 0 or not own


def test_help_leaves_out_what_a_job_does_not_have(say: Say) -> None:
    _, text, _ = say("evaluate", *of("surface"), "--help")
    assert "--sentence" in text
    assert not {"--predictions", "--seeds", "--models"} & set(text.split())
    _, text, _ = say("train", *of("demo"), "--help")
    assert "--seeds" in text
    assert "--sentence" not in text


SAID: dict[str, tuple[list[str], str, str]] = {
    "an option of another job": (
        [*of("heads"), "--sentence", "x"],
        "option 'sentence' is not accepted; it is one of configs/surface.yaml",
        "did you mean",
    ),
    "an option of other data": (
        [*of("heads"), "--data.first_window", "true"],
        "it is one of configs/coreference.yaml, configs/coreference_heads.yaml",
        "configs/heads.yaml",
    ),
    "a split that a job has not": (
        [*of("surface"), "--data.val", "x"],
        "option 'data.val' is not accepted; it is one of configs/",
        "did you mean",
    ),
    "the trainer": (["--trainer.max_epoch", "1"], "did you mean 'trainer.max_epochs'?", "Group"),
    "a class": (
        ["--model.probes.mine", "AttentionProb"],
        "did you mean 'probing.probes.AttentionProbe'?",
        "dot import",
    ),
    "a class by its path": (
        ["--model.probes.mine", "probing.probes.AttentionProb"],
        "did you mean 'probing.probes.AttentionProbe'?",
        "Problem with",
    ),
    "a list": (
        ["--model.encoder.layers", "2,3"],
        "--model.encoder.layers: expected a list in brackets, such as [2, 3], found '2,3'",
        "<class",
    ),
    "one of several": (
        ["--model.encoder.precision", "fp16"],
        "expected one of float32, bfloat16, float16, found 'fp16'",
        "typing",
    ),
    "a flag": (["--overwrite", "maybe"], "--overwrite: expected true or false, found 'maybe'", "<"),
    "a number of a class": (
        ["--data.batch_wordpieces", "many"],
        "--data.batch_wordpieces: expected a whole number, found 'many'",
        "<class",
    ),
    "an option of the command line": (["--resum"], "did you mean 'resume'?", "unrecognized"),
    "a function": (
        ["--data.reader", "nowhere.read"],
        "--data.reader: expected a class or function that can be imported, found 'nowhere.read'",
        "Callable",
    ),
    "nothing as options": (
        ["--model.encoder", "null"],
        "--model.encoder: expected options of its own, such as --model.encoder.OPTION VALUE, "
        "found 'null'",
        "Parser key",
    ),
    "a text as options": (
        ["--trainer=x"],
        "--trainer: expected options of its own, such as --trainer.OPTION VALUE, found 'x'",
        "Parser key",
    ),
    "an encoder's option": (
        ["--model.encoders.twin.random_init", "true"],
        "write --model.encoders.twin '{random_init: true}'",
        "NestedArg",
    ),
}


@pytest.mark.parametrize(("arguments", "told", "never"), SAID.values(), ids=list(SAID))
def test_a_complaint_is_in_plain_words(
    arguments: list[str], told: str, never: str, say: Say
) -> None:
    code, _, err = say("evaluate", *arguments)
    assert code == 2
    assert told in err
    assert never not in err
    assert len(err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model: {probs: {a: {class_path: x.Y}}}", "did you mean 'model.probes'?"),
        ("trainer: {max_epoch: 3}", "did you mean 'trainer.max_epochs'?"),
        ("resume: true", "--resume belongs on the command line"),
        ("job: head", "found 'head'; did you mean 'heads'?"),
        ("model: {encoder: {precision: fp16}}", "expected one of float32, bfloat16, float16"),
        ("{job: heads, paired: 'a,b'}", "paired: expected a list in brackets, such as [a, b]"),
        ("seeds: 3", "seeds: expected a list in brackets, such as [a, b], found 3"),
        ("model: {encoder: }", "expected options in 'model.encoder', found nothing"),
        ("model: {encoder: [1]}", "expected options in 'model.encoder', found [1]"),
        ("{job: heads, trainer: }", "expected options in 'trainer', found nothing"),
    ],
)
def test_what_a_config_says_wrongly_names_the_config(
    text: str, told: str, say: Say, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    code, _, err = say("evaluate", *of("heads"), "--config", str(path))
    assert code == 2
    assert told in err
    assert str(path) in err


# ------------------------------------------------------------------- which job it is


@pytest.mark.parametrize(
    ("script", "configs", "name"),
    [
        ("evaluate", [{}], "heads"),
        ("train", [{}], "probes"),
        ("evaluate", [{"surface": None}], "surface"),
        ("evaluate", [{"model": {"probes": {"a": 1}}}], "probes"),
        ("evaluate", [{"model": {"probes": None}}], "heads"),
        ("evaluate", [{"model": "x"}], "heads"),
        ("evaluate", [{"job": "surface"}, {"model": {"probes": {"a": 1}}}], "surface"),
        ("evaluate", [{"job": "probes"}, {"job": "heads"}], "heads"),
        ("train", [{"model": {"probes": {"a": 1}}}, "no mapping"], "probes"),
    ],
)
def test_a_job_is_said_or_told_by_its_sections(script: Any, configs: list[Any], name: str) -> None:
    named = [(f"{number}.yaml", config) for number, config in enumerate(configs)]
    assert row_of(script, named, None).name == name


def test_the_command_line_has_the_last_word() -> None:
    assert row_of("evaluate", [("a.yaml", {"job": "surface"})], "heads").name == "heads"
    with pytest.raises(ProbingError, match=r"a\.yaml: job 'surface' is one of evaluate\.py"):
        row_of("train", [("a.yaml", {"surface": {}})], None)


def test_every_row_has_a_config_and_a_parser() -> None:
    said = {path.read_text(encoding="utf-8").partition("\njob: ")[2].split()[0] for path in PATHS}
    assert said == {row.name for row in ROWS}
    for row in ROWS:
        known = row.load().parser_of(row).known.types
        assert {option.name for option in row.options} <= set(known)


# ------------------------------------------------------------------- old ways of writing


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["--overwrite"], True),
        (["--overwrite", "false"], False),
        (["--overwrite=true"], True),
        (["--overwrite", "--intervals", "40"], True),
        ([], False),
    ],
)
def test_a_flag_may_have_a_value(given: list[str], found: bool) -> None:
    row = next(row for row in ROWS if row.name == "heads")
    commands = row.load()(row, [*of("heads"), *given], name="mine")
    assert commands.config.overwrite is found
