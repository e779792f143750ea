"""A stored configuration imports nothing that the user did not name, however it is put."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import probing.probes
from probing.api.restore import restore
from probing.core.errors import ProbingError
from probing.jobs.cli import main
from probing.jobs.edges import Probes
from probing.jobs.registry import ROWS
from probing.jobs.screening import Screen, named_by, refuse_made
from probing.jobs.stored_config import stored_options

ROW = next(row for row in ROWS if row.name == "probes")
PROBES = [name for name in probing.probes.__all__ if name != "Probe"]
CLASS = {"class_path": "marked.Probe", "init_args": {}}
AS_TEXT = "{mine: {class_path: marked.Probe}}"
OPTIMIZER = "torch.optim.Adam"
PUT: dict[str, dict[str, Any]] = {
    "a class": {"model.probes.mine": CLASS},
    "a class by its name alone": {"model.probes.mine": "marked.Probe"},
    "a class in a list": {"model.probes.mine": [CLASS]},
    "a class beneath one of ours": {
        "model.probes.mine": {
            "class_path": "probing.probes.AttentionProbe",
            "init_args": {"learning_rate": {"a": [CLASS]}},
        }
    },
    "a class in what ours does not list": {
        "model.optimizer": {"class_path": OPTIMIZER, "dict_kwargs": {"x": CLASS}}
    },
    "a class that is a mapping": {"model.probes.mine": {"class_path": CLASS}},
    "letters of other alphabets": {"model.probes.mine": {"class_path": "märked.Probe"}},
    "what importlib takes and Python does not": {"model.probes.mine": {"class_path": "mar-ked.P"}},
    "a class without its module": {"model.probes.mine": {"class_path": "Probe"}},
    "a path of names": {"model": {"encoder": {}, "probes.mine": CLASS}},
    "a path of names to a class": {"model.probes": {"mine.class_path": "marked.Probe"}},
    "a path of names to a text": {"trainer": {"callbacks.class_path": "marked.Probe"}},
    "one more of a list": {"trainer.callbacks+": CLASS},
    "YAML in YAML": {"model.probes": AS_TEXT},
    "YAML in YAML, for the optimizer": {"model.optimizer": "{class_path: marked.Probe}"},
    "YAML in YAML, for the data": {"data": "{class_path: marked.Probe}"},
    "YAML in YAML, for a reader": {"data.init_args.reader": "{class_path: marked.Probe}"},
    "YAML in YAML, for callbacks": {"trainer.callbacks": "[{class_path: marked.Probe}]"},
    "YAML in YAML, for a strategy": {"trainer.strategy": "class_path: marked.Probe"},
    "YAML in YAML, for a model": {"models": ["{name: x, class_path: marked.Probe}"]},
    "a file where a mapping belongs": {"model.probes": "./probes.yaml"},
    "a file without an ending": {"model.probes": "probes"},
    "a file for one probe": {"model.probes.mine": "probes.yaml"},
    "a file for the model": {"model": "probes.yaml"},
    "a file for the trainer": {"trainer": "probes.yaml"},
    "a file for a strategy": {"trainer.strategy": "probes"},
    "a file of a known name": {"model.optimizer": OPTIMIZER},
    "an address": {"model.probes": "https://example.org/probes.yaml"},
    "an address for a strategy": {"trainer.strategy": "file:probes.yaml"},
    "a function": {"data.init_args.reader": "marked.read"},
    "a task": {"data.init_args.task": {"class_path": "marked.Task"}},
    "a writer": {"report.writers": ["marked.write"]},
    "a writer with a blank behind it": {"report.writers": "marked.write "},
    "a writer in quotes": {"report.writers": "'marked.write'"},
    "a writer that is a class": {"report.writers": [{"class_path": "mar-ked.Writer"}]},
    "a section that there is not": {"other": {"class_path": "marked.Probe"}},
}
RUN_ALONE = ("trainer", "report", "models", "other")  # no part of what Python builds


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with modules that leave a mark when they are imported."""
    for name in ("marked", "märked", "mar-ked", "last"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w').close()\n")
    (tmp_path / "probes.yaml").write_text(AS_TEXT)
    (tmp_path / "probes").write_text(AS_TEXT)
    (tmp_path / OPTIMIZER).write_text("class_path: marked.Probe")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def stored(changes: dict[str, Any]) -> str:
    config: dict[str, Any] = {
        "model": {"encoder": {"name": "google/bert"}, "probes": {}},
        "data": {"class_path": "probing.data.DependencyData", "init_args": {"val": "a.conllu"}},
        "report": {"trees": False},
        "trainer": {"strategy": "auto", "precision": "32-true"},
    }
    for key, value in changes.items():
        *outer, last = key.split(".")
        within = config
        for name in outer:
            within = within[name]
        within[last] = value
    return yaml.safe_dump(config)


def passed(config: dict[str, Any], *said: str, options: Sequence[str] = ()) -> None:
    Screen("a.ckpt", said, options).check(config, Probes.types_of(ROW))


def test_what_a_run_stores_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All of what there is of ours, as the parser of a job writes it."""
    monkeypatch.chdir(tmp_path)
    parser = Probes.parser_of(ROW)
    probe = {"init_args": {"learning_rate": 0.02}}
    config = {
        "model": {
            "encoder": {"name": "google/bert", "layers": [1, 2]},
            "encoders": {"twin": {"random_init": True, "revision": "refs/pr/1"}},
            "probes": {
                **{name: {"class_path": f"probing.probes.{name}", **probe} for name in PROBES},
                "twin": {"class_path": "probing.probes.AttentionProbe",
                         "init_args": {"encoder": "twin"}},
            },
            "optimizer": "torch.optim.SGD",
            "vectors": "glove.6B.txt",
        },
        "data": {
            "class_path": "probing.data.EdgeData",
            "init_args": {
                "train": "datasets:some/name,split=train", "test": "https://a.b/c.conllu",
                "task": {"class_path": "probing.data.tasks.dependencies.Dependencies"},
                "reader": "probing.data.formats.conllu.read_conllu",
            },
        },
        "trainer": {
            "strategy": "ddp_find_unused_parameters_true", "precision": "bf16-mixed",
            "max_time": "00:12:00:00", "accelerator": "cpu",
            "callbacks": [{"class_path": "pytorch_lightning.callbacks.EarlyStopping",
                           "init_args": {"monitor": "val/uas/attention.mean"}}],
        },
        "paired": ["attention,best-head"],
        "treebanks": {"first": "mine.conllu"},
    }  # fmt: skip
    text = parser.dump(parser.parse_object(config), skip_unset=False)
    found = stored_options(text, place="a.ckpt")
    passed(found)
    assert found["data"]["init_args"]["train"] == "datasets:some/name,split=train"


@pytest.mark.parametrize("changes", PUT.values(), ids=list(PUT))
@pytest.mark.parametrize("by", ["--ckpt_path", "--resume", "load_probes"])
def test_nothing_is_imported(
    changes: dict[str, Any], by: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = stored(changes)
    torch.save({"state_dict": {}, "config": config}, place / "last.ckpt")
    (place / "config.yaml").write_text(config)
    # What was asked for another run's reports is passed over; the model is not here, either.
    is_dropped = by != "--resume" and "report.writers" in changes
    is_dropped |= by == "load_probes" and next(iter(changes)).startswith(RUN_ALONE)
    is_gone = isinstance(changes.get("model", changes.get("data")), str)
    told = "google/bert" if is_dropped else "expected options of" if is_gone else "stored config"
    if by == "load_probes":
        with pytest.raises(ProbingError, match=told):
            restore("last.ckpt")
    else:
        script: Any = "evaluate" if by == "--ckpt_path" else "train"
        said = [by, "./last.ckpt"] if by == "--ckpt_path" else [by, "--output", str(place)]
        assert main(script, said) == 2
        complaint = capsys.readouterr().err
        assert is_dropped or "last.ckpt: " in complaint or f"{place}: " in complaint
        assert told in complaint
    assert not (place / "mark").exists()
    assert not {"marked", "märked", "mar-ked", "last"} & set(sys.modules)


@pytest.mark.parametrize(
    "config",
    [
        *("{", "a text", "[]", "model: text\ndata: {}", "model: {}", "data: {}", "3"),
        "model: &a {b: *a}\ndata: {}",
        "model: {? [a, b] : c}\ndata: {}",
        f"model: {{a: 1{'0' * 5000}}}\ndata: {{}}",
        f"model: {'[' * 5000}{']' * 5000}\ndata: {{}}",
    ],
    ids=lambda config: config[:30],
)
def test_what_is_no_configuration_is_refused_with_its_place(config: str) -> None:
    with pytest.raises(ProbingError, match=r"^a\.ckpt: "):
        stored_options(config, place="a.ckpt")


def test_what_the_user_names_is_allowed() -> None:
    config = yaml.safe_load(stored({"model.probes.mine": CLASS}))
    for said in ("marked", "marked.Probe"):
        passed(config, said)
    with pytest.raises(ProbingError, match="--import marked"):
        passed(config, "mark", "marked_too.Probe")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_root_dir", "/elsewhere"),
        ("profiler", "pytorch"),
        ("profiler", {"class_path": "pytorch_lightning.profilers.SimpleProfiler",
                      "init_args": {"dirpath": "/elsewhere", "filename": "x"}}),
        ("logger", {"class_path": "pytorch_lightning.loggers.CSVLogger",
                    "init_args": {"save_dir": "/elsewhere"}}),
        ("logger", [{"class_path": "pytorch_lightning.loggers.TensorBoardLogger"}]),
        ("callbacks", [{"class_path": "pytorch_lightning.callbacks.ModelCheckpoint",
                        "init_args": {"dirpath": "/elsewhere"}}]),
        ("callbacks", [{"class_path": "pytorch_lightning.callbacks.OnExceptionCheckpoint",
                        "init_args": {"dirpath": "/elsewhere"}}]),
        ("callbacks", [{"class_path": "pytorch_lightning.callbacks.LambdaCallback",
                        "init_args": {"setup": "os.getcwd"}}]),
        ("strategy", {"class_path": "pytorch_lightning.strategies.DDPStrategy",
                      "init_args": {"checkpoint_io": {
                          "class_path": "pytorch_lightning.plugins.AsyncCheckpointIO"}}}),
        ("model_registry", "some/one"),
    ],
)  # fmt: skip
def test_a_stored_run_does_not_say_where_it_writes(name: str, value: Any) -> None:
    config = yaml.safe_load(stored({f"trainer.{name}": value}))
    with pytest.raises(ProbingError, match=r"--import pytorch_lightning|outside of --output"):
        passed(config)
    passed(config, "pytorch_lightning", "os.getcwd", options=[f"--trainer.{name}", "x"])


def test_what_is_made_is_on_the_list_or_named() -> None:
    """A name without its module passes the screen where a text may stand, and makes a class."""
    config = Namespace(
        trainer=Namespace(callbacks=[Namespace(class_path="pytorch_lightning.callbacks.Callback")]),
        model=Namespace(optimizer=Namespace(class_path="torch.optim.Adam")),
    )
    screen = Screen("a.ckpt")
    with pytest.raises(ProbingError, match=r"^a\.ckpt: .*callbacks\.Callback, which nobody"):
        refuse_made(config, screen, {"callback"})
    refuse_made(config, screen, {"Callback"})
    refuse_made(config, Screen("a.ckpt", ["pytorch_lightning.callbacks"]), ())


def test_only_options_that_import_name_anything() -> None:
    said = ["--model.probes.a", "one.A", "--model.probes.b=two.B", "--data.task", "three.T"]
    said += ["--report.writers", "[four.w, {class_path: five.W}]"]
    others = ["--ckpt_path", "last.ckpt", "--output=evil.d", "--data.test", "evil.conllu"]
    found = named_by([*said, *others])
    assert found == ["one.A", "two.B", "three.T", "four.w", "five.W"]
