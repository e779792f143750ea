"""What reports say of tests, of choices that resamples repeat and of genres."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from flipped import chosen_of, counts_of, random_table
from rich.console import Console

from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.sign_flips import SignFlips
from probing.counting.stability import BY_GENRE
from probing.counting.tallies import Resampled, Weighted
from probing.reports.best_heads import columns_of, markdown
from probing.reports.findings import Findings
from probing.reports.summary import summary
from probing.reports.tables import TESTS
from probing.reports.terminal import tables as terminal
from probing.reports.writers import tests as write_tests

ROWS = ("all", "nsubj", "obj", "nsubj:*")


def findings(
    counts: HeadCounts, chosen: HeadCounts | None = None, flips: str = "99 patterns"
) -> Findings:
    nothing = torch.zeros(len(counts.rows), 0).double()
    return Findings(
        split="test",
        source="a.conllu",
        model="tiny",
        counts=counts,
        probes=ProbeCounts(counts.rows, (), nothing, counts.total),
        chosen_on="val",
        chosen=chosen or chosen_of(counts),
        min_anchors=100,
        flips=flips,
    )


def made(seed: int = 0, *, units: int = 25, drawn: int = 99) -> HeadCounts:
    """Some heads are far above the baseline, more often than not."""
    heads, baselines = random_table(seed, units, rows=len(ROWS))
    heads[:, 1, 0, 0, 1] += 5
    few = tuple(range(units)) if units <= 10 else ()
    return counts_of(heads, baselines, SignFlips.of(drawn, few), rows=ROWS, asked=500)


def cells(these: Findings) -> dict[str, dict[str, str]]:
    titles = [column.title for column in columns_of(these)]
    lines = ([column.cell(best) for column in columns_of(these)] for best in these.table)
    # Titles recur; the first are those of the head itself.
    return {line[0]: dict(reversed([*zip(titles, line, strict=True)])) for line in lines}


def test_tests_csv_has_every_test(tmp_path: Path) -> None:
    these = findings(made())
    write_tests(these, tmp_path)
    with (tmp_path / "tests.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    counts, tests = these.counts, these.tests
    assert tests is not None
    assert list(lines[0]) == TESTS
    assert len(lines) == tests.size == 2 * 3 * 2 * 2
    strong = counts.terms.baselines.index("strong")
    for line in lines:
        r, f = ROWS.index(line["relation"]), ("nsubj", "obj").index(line["relation"])
        index = (
            counts.terms.directions.index(line["direction"]),
            int(line["layer"]) - 1,
            int(line["head"]) - 1,
        )
        correct, other = int(counts.correct[r, *index]), int(counts.baselines[r, strong])
        assert (line["correct"], line["baseline_correct"]) == (str(correct), str(other))
        assert line["baseline"] == "strong"
        assert line["total"] == "500"
        assert line["accuracy"] == f"{correct / 500:.6f}"
        assert line["baseline_accuracy"] == f"{other / 500:.6f}"
        assert line["difference"] == f"{(correct - other) / 500:.6f}"
        for name in ("p", "q", "p_alone"):
            assert line[name] == f"{float(getattr(tests, name)[f, *index]):.6f}"


def test_without_tests_nothing_speaks_of_them(tmp_path: Path) -> None:
    these = findings(replace(made(), weighted={}))
    write_tests(these, tmp_path)
    assert not list(tmp_path.iterdir())
    titles = {column.title for column in columns_of(these)}
    assert not titles & {"p", "q", "effect", "detectable", "chosen again", "genres above"}
    assert "Tests:" not in markdown(these)
    assert "tests" not in summary(these)


def test_the_table_has_them_where_rows_are_tested() -> None:
    these = findings(made())
    shown = cells(these)
    for best in these.table:
        own = shown[best.relation]
        if best.relation in ("all", "nsubj:*"):
            assert best.test is None
            assert own["p"] == own["q"] == own["effect"] == own["detectable"] == ""
            continue
        assert best.test is not None
        other = int(these.counts.of_baseline("strong")[ROWS.index(best.relation)])
        assert own["effect"] == f"{100 * (best.correct - other) / 500:+.1f}"
        assert own["p"] == f"{best.test.p:.3g}"
        assert own["q"] == f"{best.test.q:.3g}"
        assert best.test.detectable is not None
        assert own["detectable"] == f"{100 * best.test.detectable:.1f}"
        # What is found is about as large as what can be, or larger.
        is_found = best.test.p <= 0.05
        assert is_found == (best.test.effect > best.test.detectable) or abs(
            best.test.effect - best.test.detectable
        ) < 0.1 * abs(best.test.effect)
    assert {best.test.p <= 0.05 for best in these.table if best.test} == {True, False}


def test_the_note_says_how_many_tests_there_are_and_against_what() -> None:
    text = markdown(findings(made()))
    assert "Tests: 24 heads and directions in 2 rows" in text
    assert "strongest on val in its row (2 rules); 99 patterns." in text
    assert "detectable (in best_heads.md): about the least effect with a p of 0.05." in text


def test_the_note_says_that_q_cannot_be_small() -> None:
    """One head of 24 is far above: of a hundred patterns, its q is 24 in a hundred."""
    these = findings(made(1))
    tests = these.tests
    assert tests is not None
    assert float(tests.p.min()) <= 0.05 < float(tests.q.min())
    assert (
        f"No q is below {float(tests.q.min()):.3g}, since no p of a head alone is below 0.01"
        in (markdown(these))
    )
    many = findings(made(1, drawn=4999))
    assert many.tests is not None
    assert float(many.tests.q.min()) < 0.05
    assert "No q is below" not in markdown(many)


def test_few_patterns_find_nothing() -> None:
    text = markdown(findings(made(units=4), flips="all 16 patterns of signs of 4 documents"))
    assert "all 16 patterns of signs of 4 documents" in text
    assert "So few patterns that no p is below 0.05." in text
    assert "detectable:" not in text


def test_the_summary_has_the_family_and_the_heads_of_the_table() -> None:
    these = findings(made())
    found = json.loads(json.dumps(summary(these)))["tests"]
    assert found["from"] == "99 patterns"
    assert found["tests"] == 24
    assert sorted(found["rows"]) == ["nsubj", "obj"]
    assert found["baselines"] == ["weak", "strong"]
    for best in these.table:
        if best.test is None:
            assert best.relation not in found["best_heads"]
            continue
        own = found["best_heads"][best.relation]
        assert own["baseline"] == "strong"
        assert own["effect"] == pytest.approx(best.test.effect, abs=1e-6)
        assert own["p"] == pytest.approx(best.test.p, abs=1e-6)
        assert own["q"] == pytest.approx(best.test.q, abs=1e-6)


def resampled(correct: torch.Tensor, again: Sequence[int]) -> Resampled:
    """Ten resamples, in ``again`` of which, by row, the best head is the best again."""
    drawn = torch.zeros(len(correct), 10, *correct.shape[1:], dtype=torch.float64)
    for r, times in enumerate(again):
        best = int(correct[r].flatten().argmax())
        for n in range(10):
            drawn[r, n].view(-1)[best if n < times else (best + 1) % correct[r].numel()] = 5
    return Resampled(drawn, torch.full((len(correct), 10), 9), torch.full((len(correct),), 25))


def test_choices_that_resamples_repeat_and_genres_are_shown() -> None:
    counts = made()
    chosen = chosen_of(counts)
    chosen = replace(chosen, resampled=resampled(chosen.correct, (10, 7, 2, 0)))
    heads = torch.zeros(4, 3, 3, 2, 2).double()
    total = torch.tensor([[9, 9, 9], [9, 9, 0], [9, 9, 9], [0, 0, 0]])
    heads[:, 1] = 4
    heads[1] = 4
    heads[1, 2] = 0
    weighted = {
        **counts.weighted,
        BY_GENRE: Weighted(heads, torch.full((4, 3, 1), 2).double(), total, ("strong",)),
    }
    separate = replace(counts.terms, subtypes=":")
    these = findings(replace(counts, weighted=weighted, terms=separate), chosen)
    shown = cells(these)
    assert {row: own["chosen again"] for row, own in shown.items()} == {
        "all": "100", "nsubj": "70", "obj": "20", "nsubj:*": "0",
    }  # fmt: skip
    genres = {row: own["genres above"] for row, own in shown.items()}
    assert genres == {"all": "1 of 3", "nsubj": "2 of 2", "obj": "1 of 3", "nsubj:*": "2 of 2"}
    best = json.loads(json.dumps(summary(these)))["best_heads"]
    assert best["nsubj"]["chosen_again"] == 0.7
    assert best["nsubj"]["genres_above"] == [2, 2]
    # What is chosen on the scored data was not chosen before.
    here = replace(these, chosen=replace(chosen, weighted=these.counts.weighted), chosen_on="test")
    assert "chosen again" not in next(iter(cells(here).values()))
    assert "chosen_again" not in summary(here)["best_heads"]["nsubj"]


def test_the_terminal_shows_effect_and_p(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(width=200, record=True)
    monkeypatch.setattr(terminal, "console", console)
    terminal.show_findings(findings(made()))
    text = console.export_text()
    assert " effect " in text
    assert "Tests: 24 heads and directions in 2 rows" in text
