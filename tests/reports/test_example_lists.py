"""Examples as text, as a file and on the command line, against what the head picks by itself."""

from __future__ import annotations

import re
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

import probing
from probing.api.scores import Scores
from probing.core.errors import ProbingError
from probing.jobs.command import command
from probing.reports.example_file import FILE, read_examples, write_examples
from probing.reports.example_list import of_head
from probing.reports.examples import Examples
from probing.surface.report import lines_between_tokens
from probing.surface.report.lines_between_tokens import HeadOnText

FIRST = """\
# newdoc id = a
1\tBirds\t_\t_\t_\t_\t2\tnsubj\t_\t_
2\tsing\t_\t_\t_\t_\t0\troot\t_\t_
3\told\t_\t_\t_\t_\t4\tamod\t_\t_
4\tsongs\t_\t_\t_\t_\t2\tobj\t_\t_

"""
SECOND = """\
1\tThe\t_\t_\t_\t_\t2\tdet\t_\t_
2\tcat\t_\t_\t_\t_\t3\tnsubj\t_\t_
3\tsaw\t_\t_\t_\t_\t0\troot\t_\t_
4\tit\t_\t_\t_\t_\t3\tobj\t_\t_
5\t\x1b[31m\t_\t_\t_\t_\t3\tpunct\t_\t_

"""


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Scores:
    folder = tmp_path_factory.mktemp("two files")
    (folder / "a.conllu").write_text(FIRST, encoding="utf-8")
    (folder / "b.conllu").write_text(SECOND * 3, encoding="utf-8")
    return probing.score(str(folder), model=str(tiny_bert), min_anchors=1)


@pytest.fixture(scope="module")
def examples(scores: Scores) -> Examples:
    assert scores.findings.examples is not None
    return scores.findings.examples


@pytest.fixture(scope="module")
def report(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "reports" / "test"
    write_examples(examples, folder / FILE)
    return folder


def test_they_lead_back_to_the_word_in_its_file(scores: Scores) -> None:
    found = scores.examples("nsubj", "1-1", right=9, wrong=9)
    places = {(each.file, each.document, each.line, each.id) for each in found}
    # The names of documents go on where a file has none.
    assert {(file, line, number) for file, _, line, number in places} == {
        *[("a.conllu", 2, 1)],
        *[("b.conllu", line, 2) for line in (1, 7, 13)],
    }


def test_right_ones_come_first_and_no_more_than_asked_for(scores: Scores, tiny_bert: Path) -> None:
    model = probing.load(str(tiny_bert))
    correct = scores.heads.set_index(["relation", "direction", "layer", "head"])["correct"]
    kinds = set()
    for row in ("all", "det", "obj"):
        for direction in scores.counts.terms.directions:
            every = scores.examples(row, f"2-3 {direction}", right=99, wrong=99)
            hits = [each.is_right for each in every]
            assert hits == sorted(hits, reverse=True)
            assert sum(hits) == correct[row, direction, 2, 3]
            few = scores.examples(row, f"2-3 {direction}", right=1, wrong=2)
            assert [each.is_right for each in few] == [True] * min(1, sum(hits)) + [False] * min(
                2, len(hits) - sum(hits)
            )
            for each in every:
                _, pick = model.encode(each.words).picks("2-3", direction)[each.anchor]
                assert pick == (None if each.pick is None else each.words[each.pick])
                kinds.add(each.is_right)
    assert kinds == {True, False}


def test_any_example_is_drawn_as_figure_5(
    scores: Scores, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[HeadOnText] = []
    monkeypatch.setattr(lines_between_tokens, "heads_on_text", lambda own, **_: drawn.extend(own))
    model, outcomes = probing.load(str(tiny_bert)), set()
    for direction in scores.counts.terms.directions:
        for each in scores.examples("all", f"2-3 {direction}", right=2, wrong=2):
            gold = {each.anchor: each.gold}
            model.encode(each.words).lines("2-3", direction, gold)
            expected = {(each.anchor, each.pick, "right" if each.is_right else "wrong")}
            expected |= {(each.anchor, own, "missed") for own in each.gold if not each.is_right}
            back = direction == "head->dep"
            found = {
                (*((e.target, e.source) if back else (e.source, e.target)), e.outcome)
                for e in drawn[-1].edges
            }
            assert found == expected
            assert drawn[-1].tokens == each.words
            outcomes |= {outcome for *_, outcome in found}
    assert outcomes == {"right", "wrong", "missed"}


def test_text_marks_anchor_gold_and_pick_and_hides_no_character(scores: Scores) -> None:
    for text in (repr(scores.examples("all", "1-2")), repr(scores.examples("punct"))):
        assert "\x1b" not in text
    found = scores.examples("punct", "1-2 both", right=1, wrong=1)
    lines = repr(found).splitlines()
    assert repr(found).endswith(f"\n\n{found[-1]}")
    assert str(found[-1]).startswith(("✓ “", "✗ “"))
    assert lines[0].startswith("punct, 1-2 both: right for ")
    [words] = [line for line in lines if "The" in line][:1]
    labels = lines[lines.index(words) + 1]
    assert words[labels.index("anchor") :].startswith(r"[\x1b[31m]")
    assert words[labels.index("gold") :].startswith("[saw]")


def test_attention_on_special_tokens_is_called_what_it_is(scores: Scores, tiny_bert: Path) -> None:
    called = {
        "dep->head": "attention to special tokens",
        "head->dep": "attention from special tokens, added up",
        "both": "sum of attention to special tokens and from them",
    }
    model = transformers.AutoModel.from_pretrained(tiny_bert, attn_implementation="eager").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_bert)
    for direction, said in called.items():
        found = scores.examples("nsubj", f"1-2 {direction}", right=9, wrong=9)
        lines = [line for line in repr(found).splitlines() if line.endswith("%")]
        for each, line in zip(found, lines, strict=True):
            given = tokenizer(list(each.words), is_split_into_words=True, return_tensors="pt")
            pieces = [k for k, word in enumerate(given.word_ids()) if word == each.anchor]
            with torch.inference_mode():
                attention = model(**given, output_attentions=True).attentions[0][0, 1]
            to = float(attention[pieces][:, [0, -1]].sum(1).mean())
            back = float(attention[[0, -1]][:, pieces].sum())
            share = {"dep->head": to, "head->dep": back, "both": to + back}[direction]
            shown = re.search(rf"word \d+; {said}: (\d+)%$", line)
            assert shown is not None
            assert int(shown[1]) == pytest.approx(100 * share, abs=0.6)


def test_rows_and_heads_that_are_not_there_are_refused(scores: Scores) -> None:
    assert scores.findings.examples is not None
    known = ", ".join(scores.findings.examples.of_row)
    with pytest.raises(ProbingError) as told:
        scores.examples("nsub")
    assert str(told.value) == f"row: expected one of {known}, found 'nsub'; did you mean 'nsubj'?"
    for name in ("3-1", "1-5", "first", "1-1both", " 1-1"):
        with pytest.raises(ProbingError, match=r"head: .* layer of 1, 2 and a head from 1 to 4"):
            scores.examples("nsubj", name)
    with pytest.raises(ProbingError, match=r"head: .* of dep->head, head->dep, both, found '1-1 s"):
        scores.examples("nsubj", "1-1 sideways")
    for options in ({"right": -1}, {"wrong": -2}):
        [(name, value)] = options.items()
        with pytest.raises(ProbingError, match=f"^{name}: expected 0 or more, found {value}"):
            scores.examples("nsubj", **options)


def test_nothing_is_noted_where_none_are_asked_for(tiny_bert: Path) -> None:
    found = probing.score("builtin:documents=1,seed=1", model=str(tiny_bert), examples=0)
    assert found.findings.examples is None
    with pytest.raises(ProbingError, match="nothing was noted"):
        found.examples("all")


def test_a_file_gives_them_back(examples: Examples, report: Path) -> None:
    again = read_examples(report / FILE)
    assert [astuple(own) for own in again.anchors] == [astuple(own) for own in examples.anchors]
    assert (again.picks == examples.picks).all()
    assert np.abs(again.special - examples.special).max() <= 1 / 2048
    assert {k: v.tolist() for k, v in again.of_row.items()} == {
        k: v.tolist() for k, v in examples.of_row.items() if len(v)
    }
    assert list(again.of_row) == [row for row, own in examples.of_row.items() if len(own)]
    assert again.chosen == examples.chosen
    assert (list(again.directions), list(again.layers)) == (
        list(examples.directions),
        list(examples.layers),
    )


@pytest.mark.parametrize("place", ["report", "run"])
def test_the_command_shows_them(
    place: str, examples: Examples, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = report if place == "report" else report.parents[1]
    own = ["--row", "obj", "--head", "2-1 both", "--right", "2", "--wrong", "1"]
    assert command(["examples", str(folder), *own]) == 0
    expected = repr(of_head(examples, "obj", "2-1 both", right=2, wrong=1))
    assert capsys.readouterr().out == f"{expected}\n"


def test_the_command_refuses_in_words(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text("no table")
    asked: dict[str, list[object]] = {
        f"{tmp_path / 'none'}: expected": [tmp_path / "none"],
        f"{tmp_path / FILE}: expected": [tmp_path],
        "--row: expected one of all": [report, "--row", "x\x1b"],
        "--head: expected LAYER-HEAD": [report, "--head", "9-9"],
        "--right: expected 0 or more": [report, "--right", "-1"],
    }
    for told, arguments in asked.items():
        assert command(["examples", *map(str, arguments)]) == 2
        said = capsys.readouterr()
        assert said.err.startswith(f"error: {told}")
        assert "\x1b" not in said.err
        assert not said.out
