"""What mutants have found once, each in the place of its kind; no chance is in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from letters import Letters
from mutants import Say
from test_hostile_checkpoints import config_of, stored
from test_hostile_readers import CONLL2012, CONLLU, CONLLU_PLUS, CONLLX, JSON, TEXT

from probing.core.digits import whole_number
from probing.core.errors import ProbingError
from probing.core.files import cache_folder
from probing.data.sources.files import READERS, open_source
from probing.data.store import open_windows
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder
from probing.encoder.vectors import WordVectors
from probing.surface.report.labels import read_best_heads

LONG = "9" * 5000
NUMBERS = {
    "a head": (".conllu", CONLLU.replace("\t4\tnsubj", f"\t{LONG}\tnsubj")),
    "a head of CoNLL-X": (".conllx", CONLLX.replace("\t2\tdet", f"\t{LONG}\tdet")),
    "a head in text": (".txt", TEXT.replace("2-det", f"{LONG}-det")),
    "a range": (".conllu", CONLLU.replace("2-3\t", f"2-{LONG}\t")),
    "a part": ("gold_conll", CONLL2012.replace("part 000", f"part {LONG}")),
    "a span": (".jsonl", JSON.replace("[2, 2]", f"[2, {LONG}]")),
}


@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_of_thousands_of_digits_is_refused(place: str, tmp_path: Path) -> None:
    ending, text = NUMBERS[place]
    path = tmp_path / f"mutant{ending}"
    path.write_text(text)
    with pytest.raises(ProbingError, match=r"mutant.*:\d+: expected"):
        list(READERS[ending](str(path)))


def test_so_are_those_that_stand_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.conllup").write_text(CONLLU_PLUS.replace("2[1/2]", f"2[1/{LONG}]"))
    first, _ = READERS[".conllup"](str(tmp_path / "a.conllup"))
    assert first.complaints  # there is no such number of parts
    row = {"tokens": ["a"], "head": [LONG], "deprel": ["root"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    with pytest.raises(ProbingError, match="row 1: expected a head"):
        list(open_source(f"datasets:{tmp_path / 'a.jsonl'}", None).read())
    with pytest.raises(ProbingError, match="expected 'builtin:"):
        open_source(f"builtin:documents=1,seed={LONG}", None).read()
    (tmp_path / "vectors.txt").write_text(f"2 {LONG}\nthe 1 2\n")
    with pytest.raises(ProbingError, match=":1: expected one vector"):
        WordVectors(str(tmp_path / "vectors.txt")).read(["the"])


@pytest.mark.parametrize("text", ["", "-1", "1.0", "²", "١", "1_0", " 1", LONG])
def test_what_is_no_whole_number(text: str) -> None:
    assert whole_number(text) is None
    assert whole_number("9" * 18) == 10**18 - 1
    assert whole_number("007") == 7


@pytest.mark.parametrize("section", ["model", "trainer", "report"])
def test_a_section_of_a_config_that_holds_nothing(
    section: str, say: Say, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = {"job": "heads", "data": {"class_path": "probing.data.DependencyData"}, section: None}
    (tmp_path / "mutant.yaml").write_text(yaml.safe_dump(whole))
    say("evaluate", "--config", str(tmp_path / "mutant.yaml"), "--data.test=no-such-file.conllu")


def test_a_config_whose_name_is_too_long(say: Say) -> None:
    say("evaluate", "--config", LONG)
    say("evaluate", f"--config={LONG}")


def test_a_configuration_that_is_not_utf8(say: Say, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"model: {}\ndata: {}  # \xe4\n")
    say("train", "--resume", f"--output={tmp_path}")


@pytest.mark.parametrize("options", [True, [], "x", {"val": ["a.conllu"]}])
def test_odd_options_of_data_in_a_checkpoint(
    options: object, say: Say, tmp_path: Path, tiny_bert: Path
) -> None:
    config = config_of(tiny_bert)
    config["data"]["init_args"] = options
    (tmp_path / "made.ckpt").write_bytes(stored({"state_dict": {}, "config": config}))
    say("evaluate", f"--ckpt_path={tmp_path / 'made.ckpt'}", "--data.test=no-such-file.conllu")


INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "text",
    [*("[]", "{}", "x", "\xe4", "[" * 5000, '{"weight_map": []}', '{"weight_map": {"a": 1}}'),
     *('{"weight_map": {"a": "../a.safetensors"}}', f'{{"weight_map": {{"a": "{LONG}"}}}}')],
)  # fmt: skip
def test_an_index_of_weights_that_is_none(text: str, tiny_bert: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_bert, tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / INDEX).write_text(text, encoding="latin-1")
    with pytest.raises(ProbingError, match=rf"{INDEX}: expected"):
        Encoder(str(tmp_path)).load()


@pytest.mark.parametrize(
    "odd",
    [{"model_max_length": ""}, {"unk_token": ""}, {"cls_token": [1]}],
)
def test_an_odd_configuration_of_a_tokenizer(
    odd: dict[str, object], tiny_bert: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_bert, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | odd))
    with pytest.raises(ProbingError, match="no tokenizer can be made of"):
        _ = Encoder(str(tmp_path)).tokenizer


@pytest.mark.parametrize("accuracy", ["NaN", "Infinity", "-0.5", "2"])
def test_an_accuracy_that_is_none(accuracy: str, tmp_path: Path) -> None:
    best = {"nsubj": {"head": "1-2", "accuracy": 0.125, "direction": "both"}}
    text = json.dumps({"weights_sha256": "x", "best_heads": best})
    path = tmp_path / "summary.json"
    path.write_text(text)
    assert read_best_heads(path, weights="x")[0].accuracy == 0.125
    path.write_text(text.replace("0.125", accuracy))
    with pytest.raises(ProbingError, match="expected head, accuracy"):
        read_best_heads(path, weights="x")


@pytest.mark.parametrize("layers", [0, 10**6, 10**30])
def test_a_model_of_no_number_of_layers(layers: int, tiny_bert: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_bert, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_hidden_layers": layers}))
    with pytest.raises(ProbingError, match="does not say how many layers"):
        Encoder(str(tmp_path)).load()


@pytest.mark.parametrize("state", ["[" * 5000, f'{{"sha256": {LONG}}}', "[]", "null", ""])
def test_a_cache_that_is_too_deep(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "a.dep"
    source.write_text("Ann 2-nsubj\nsank 0-root\n")
    for _ in range(2):
        corpus = open_windows(str(source), reader=None, task=Dependencies(), tokenizer=Letters())
        assert len(corpus) == 1
        (found,) = cache_folder().glob("*.json")
        found.write_text(state)
    assert "is damaged; the source is read again" in capsys.readouterr().err
