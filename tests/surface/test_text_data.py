"""What is chosen of a text, what is refused, and what a run says about its text."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.jobs.cli import main
from probing.reports.best_heads import PARTIAL
from probing.surface.data import TextData
from probing.surface.measures.noop import Finder, absent_relations, of_labels

CONFIG = Path(__file__).parents[2] / "configs" / "surface.yaml"


def data(encoder: Encoder, **options: Any) -> TextData:
    small: dict[str, Any] = {"limit": 40, "repeats": 2, "repeat_length": 5, "sink_sequences": 2}
    small |= {"test": "builtin:documents=2,seed=1"}
    return TextData(**small | options, tokenizer=encoder.tokenizer)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("most", -1),
        ("most", 0),
        ("distance_segments", -3),
        ("gradient_segments", -1),
        ("sink_sequences", -1),
        ("repeats", -1),
        ("batch_wordpieces", 0),
        ("workers", -1),
    ],
)
def test_numbers_out_of_range(option: str, value: int, tiny_encoder: Encoder) -> None:
    told = rf"--data\.{option}: expected \d or more, found {value}"
    with pytest.raises(ProbingError, match=told):
        data(tiny_encoder, **{option: value}).setup("test")


def test_parts_can_be_sent_to_processes_that_load(tiny_encoder: Encoder) -> None:
    own = data(tiny_encoder, gradient_segments=2)
    own.setup("test")
    assert {"averages", "copies", "gradients"} <= set(own.parts)
    for part in own.parts.values():
        again = pickle.loads(pickle.dumps(part))
        first, second = part[[0]], again[[0]]
        one, other = (getattr(batch, "tokens", batch) for batch in (first, second))
        assert one.ids.tolist() == other.ids.tolist()
        if hasattr(first, "labels"):
            assert first.labels.tolist() == second.labels.tolist()


def test_relations_that_a_treebank_does_not_have() -> None:
    finders = [Finder(name, "both", 1, 1) for name in ("obj", "nsub", "obj", "all")]
    assert absent_relations(finders, ["all", "nsubj", "obj"], "a.conllu") == ["all", "nsub"]
    assert absent_relations(finders[:1], ["all", "obj"], "a.conllu") == []
    with pytest.raises(ProbingError, match=r"a\.conllu: .* none of: nsub \(nearest: nsubj\)$"):
        absent_relations(finders[1:2], ["all", "nsubj", "obj"], "a.conllu")


def test_rows_that_are_no_labels_are_named_and_left_out() -> None:
    names = ["nsubj:*", "nsubj", "poss+clitic", "nmod:poss", "nsubj:*"]
    finders = [Finder(name, "both", 1, 1) for name in names]
    kept, rows = of_labels(finders)
    assert [own.relation for own in kept] == ["nsubj", "nmod:poss"]
    assert rows == ["nsubj:*", "poss+clitic"]
    assert of_labels([]) == ([], [])


def run(model: Path, place: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> int:
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")  # a run sets it: undone afterwards
    small: dict[str, object] = {
        "config": CONFIG,
        "output": place / "out",
        "model.encoder.name": model,
        "data.limit": 20,
        "data.repeats": 2,
        "data.repeat_length": 10,
        "data.sink_sequences": 2,
        "data.batch_wordpieces": 50,
    }
    return main("evaluate", [f"--{name}={value}" for name, value in (small | options).items()])


def test_a_run_says_what_was_unknown_and_left_out(
    tiny_bert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("the dog \u6f22 was \u5b57\nit was in the dog\n" * 9, encoding="utf-8")
    options = {"data.test": file, "model.twin": "false", "trainer.limit_test_batches": 1}
    assert run(tiny_bert, tmp_path, monkeypatch, **options) == 0
    said = " ".join(capsys.readouterr().out.split())
    summary = json.loads((tmp_path / "out" / "reports" / "test" / "summary.json").read_text())
    assert "1 document," in said
    assert 0 < summary["data"]["unknown"] <= 18
    assert "the model cannot read this text" not in said
    assert f"{summary['data']['unknown']} wordpieces unknown to the tokenizer" in said
    assert PARTIAL in said
    assert summary["partial"] is True
    looked = summary["data"]["segments_looked_at"]
    assert 0 < looked["averages"] < summary["data"]["segments"]
    assert f"segments counted: averages {looked['averages']}," in said


def test_a_run_for_relations_that_are_not_there(
    tiny_bert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = {
        "data.test": "builtin:documents=2,seed=1",
        "data.treebank": "builtin:documents=2,seed=2",
    }
    for relation, said in (
        ("nonsense", "nonsense (nearest: "),
        ("'nsubj:*'", "expected heads of relations that are labels, found nsubj:*"),
    ):
        options["surface.relation_heads"] = f"{{{relation}: 1-1}}"
        assert run(tiny_bert, tmp_path, monkeypatch, **options) != 0
        streams = capsys.readouterr()
        assert said in streams.out + streams.err
    assert not (tmp_path / "out").exists()


def test_a_text_that_is_mostly_unknown_is_warned_of(
    tiny_bert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\u6f22 \u5b57 the\n\u5b57 \u6f22 [SEP]\n" * 9, encoding="utf-8")
    options = {"data.test": file, "model.twin": "false"}
    assert run(tiny_bert, tmp_path, monkeypatch, **options) == 0
    said = " ".join(capsys.readouterr().out.split())
    summary = json.loads((tmp_path / "out" / "reports" / "test" / "summary.json").read_text())
    own = summary["data"]
    # The two of five that are words of the text, and the name, which is text, of a special token.
    assert 2 * own["unknown"] < own["wordpieces"] - own["specials"]
    assert "cannot read" not in said
    file.write_text("\u6f22 \u5b57 the\n\u5b57 \u6f22 the\n" * 9, encoding="utf-8")
    assert run(tiny_bert, tmp_path, monkeypatch, **options, overwrite="true") == 0
    said = " ".join(capsys.readouterr().out.split())
    # Before the run, and with what it has found.
    assert said.count("%) are unknown to the tokenizer: the model cannot read this text") == 2
