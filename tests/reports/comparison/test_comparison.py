"""Models of different sizes: the same sentences, and the expected best of as many heads."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from letters import Letters
from torch import Tensor

from probing.core.errors import ProbingError
from probing.core.terms import Terms
from probing.core.windows import Text, Wordpieces
from probing.counting.counts import HeadCounts
from probing.counting.expected import best_of_drawn, expected_best
from probing.counting.tallies import Resampled
from probing.data.shared_tokenizer import CommonTokenizer
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.base import Task
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies
from probing.jobs.compared_models import entries_of, labels_of
from probing.reports.comparison.figure import comparison_figure
from probing.reports.comparison.findings import Compared, ComparisonFindings
from probing.reports.comparison.tables import columns, csv_columns, csv_rows, lines, markdown
from probing.reports.wording import wording_of

ROWS = ("all", "nsubj", "obj")
KNOWN = ("name", "layers", "random_init", "random_seed")

# ------------------------------------------------------------------------- the expected best


@given(st.integers(1, 9), st.data())
def test_the_best_of_those_drawn_by_counting_all_draws(heads: int, data: st.DataObject) -> None:
    drawn = data.draw(st.integers(1, heads))
    best = [max(draw) for draw in itertools.combinations(range(heads), drawn)]
    expected = [best.count(head) / len(best) for head in range(heads)]
    assert best_of_drawn(heads, drawn).tolist() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(("heads", "drawn"), [(1024, 72), (4096, 1), (384, 384), (1024, 1000)])
def test_the_chances_of_large_models(heads: int, drawn: int) -> None:
    all_draws = math.comb(heads, drawn)
    expected = [float(Fraction(math.comb(i, drawn - 1), all_draws)) for i in range(heads)]
    found = best_of_drawn(heads, drawn)
    assert found.tolist() == pytest.approx(expected, rel=1e-10, abs=1e-300)
    assert float(found.sum()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("drawn", [0, 5])
def test_no_more_can_be_drawn_than_there_are(drawn: int) -> None:
    with pytest.raises(ValueError, match=f"from 1 to 4 heads, found {drawn}"):
        best_of_drawn(4, drawn)


def naive_expected(chosen: Tensor, scored: Tensor, drawn: int) -> Fraction:
    """Every draw of heads in turn: choose among its heads and directions, then look up."""
    _, layers, heads = chosen.shape
    every = list(itertools.product(range(layers), range(heads)))
    found = Fraction(0)
    draws = list(itertools.combinations(every, drawn))
    for draw in draws:
        best, right = -1, 0
        for d in range(3):  # the order of best_head: directions first
            for layer, head in every:
                if (layer, head) in draw and int(chosen[d, layer, head]) > best:
                    best, right = int(chosen[d, layer, head]), int(scored[d, layer, head])
        found += right
    return found / len(draws)


@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3), st.data())
def test_the_expected_best_is_the_mean_over_all_draws(
    seed: int, layers: int, heads: int, data: st.DataObject
) -> None:
    drawn = data.draw(st.integers(1, layers * heads))
    rng = torch.Generator().manual_seed(seed)
    chosen, scored = torch.randint(0, 4, (2, 3, layers, heads), generator=rng)  # many ties
    expected = float(naive_expected(chosen, scored, drawn))
    assert expected_best(chosen, scored, drawn) == pytest.approx(expected, abs=1e-10)


@given(st.integers(0, 10**6))
def test_the_best_of_all_heads_is_the_best_head(seed: int) -> None:
    counts = random_counts(seed, heads=5)
    chosen = random_counts(seed + 1, heads=5)
    best = chosen.best_head(1)
    right = int(counts.of_head(best)[1])
    assert expected_best(chosen.correct[1], counts.correct[1], 10) == pytest.approx(right)


# ------------------------------------------------------------------------- which models


def test_models_are_named_by_the_last_part_of_their_name() -> None:
    named: list[Any] = [
        "package:gt_all",
        "google/bert",
        "/a folder/my model/",
        {"name": "google/bert", "random_init": True},
        {"name": "google/bert", "random_init": True, "random_seed": 7},
        {"name": "google/bert", "layers": [1, 2], "label": "low"},
    ]
    found = entries_of(named, KNOWN)
    assert [entry.label for entry in found] == [
        "gt_all", "bert", "my_model", "bert-random", "bert-random7", "low",
    ]  # fmt: skip
    assert found[0].options == {"name": "package:gt_all"}
    assert found[-1].options == {"name": "google/bert", "layers": [1, 2]}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["one"], "at least two models to compare, found 1"),
        ([], "at least two models to compare, found 0"),
        (["a/bert", "b/bert"], "two are called bert"),
        (["bert", "bert"], "two are called bert"),
        (["bert", {"random_init": True}], "name is missing in {'random_init': True}"),
        (["bert", {"name": 3}], "expected names of models"),
        (["bert", {"name": "bert", "randm": True}], "no option 'randm'; did you mean random_init"),
        (["bert", {"names": "b"}], "no option 'names'; did you mean name?"),
        (["bert", {"name": "b", "lable": "x"}], "no option 'lable'; did you mean label?"),
        (["bert", {"name": "b", "zzz": 1}], "no option 'zzz' (name, layers, random_init, "),
        (["bert", {"name": "b", "label": "../up"}], "to name a folder by"),
        (["bert", {"name": "b", "label": 3}], "to name a folder by"),
    ],
)
def test_models_that_cannot_be_compared_are_refused(models: list[Any], said: str) -> None:
    with pytest.raises(ProbingError, match="--models: .*" + re.escape(said)):
        entries_of(models, KNOWN)


def test_the_labels_of_an_earlier_comparison_are_in_its_configuration() -> None:
    config = "models: [google/bert, {name: google/bert, random_init: true}, {name: b, label: c}]"
    assert labels_of(config) == ["bert", "bert-random", "c"]
    for other in ("models: null", "a: 1", "", "[1", "models: 3", "models: [{label: ../up}]",
                  "models: [{name: a, label: ../up}]", "models: [{name: a, label: ..}]",
                  "models: [{name: a, label: .}]", "models: [[1]]"):  # fmt: skip
        assert labels_of(other) == []


# -------------------------------------------------------------------------- the same sentences

SENTENCES = ("a bc", "abcdef g", "a - b", "abcdefghij", "ab")


def trees(path: Path, *sentences: str) -> Path:
    blocks = ["".join(f"{w} {i}-dep\n" for i, w in enumerate(s.split())) for s in sentences]
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def test_no_tokenizer_is_asked_twice() -> None:
    own, twin, other = Letters(), Letters(), Letters(fingerprint="other")
    both = CommonTokenizer(own, {"a": other, "b": own, "c": twin})
    windows = [Text(["ab", "c"], "ab c", [(0, 2), (3, 4)])]
    assert both(windows) == own(windows)
    assert (own.asked, twin.asked, other.asked) == ([2, 2], [], [2])


class Halves(Letters):
    """Wordpieces are pairs of letters; ``a`` alone has none."""

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        found = []
        for window in windows:
            cut = [
                (w, ord(word[k]))
                for w, word in enumerate(window.words)
                for k in range(0, len(word), 2)
                if word != "a"
            ]
            found.append(Wordpieces([1, *(i for _, i in cut), 2], [-1, *(w for w, _ in cut), -1]))
        return found


def corpora(source: Path, *, letters: int, halves: int, task: Task) -> list[EdgeWindows]:
    models = {"letters": Letters(limit=letters), "halves": Halves(limit=halves, fingerprint="2")}
    return [
        open_windows(str(source), reader=None, task=task, tokenizer=CommonTokenizer(own, models))
        for own in models.values()
    ]


@given(
    st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6),
    st.integers(5, 12),
    st.integers(3, 7),
)
def test_a_sentence_that_one_model_cannot_use_is_left_out_for_all(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[str], letters: int, halves: int
) -> None:
    sentences = [*sentences, "ab"]
    source = trees(tmp_path_factory.mktemp("trees") / "x.txt", *sentences)
    kept, left = [], []
    for sentence in sentences:
        words = sentence.split()
        if sum(len(word) for word in words if word != "-") + 2 > letters:
            left.append(f"over {letters} wordpieces of letters")
        elif "-" in words:
            left.append("a word without a wordpiece of letters")
        elif sum(-(-len(word) // 2) for word in words if word != "a") + 2 > halves:
            left.append(f"over {halves} wordpieces of halves")
        elif "a" in words:
            left.append("a word without a wordpiece of halves")
        else:
            kept.append(words)
    one, other = corpora(source, letters=letters, halves=halves, task=Dependencies())
    for corpus in (one, other):
        assert [list(w) for w in corpus[list(range(len(corpus)))].words] == kept
        assert dict(corpus.census.left_out) == {why: left.count(why) for why in set(left)}
    assert one.questions == other.questions


def test_other_words_anchors_or_answers_are_other_questions(tmp_path: Path) -> None:
    def asked(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = open_windows(
            str(tmp_path / name), reader=None, task=Dependencies(), tokenizer=Letters()
        )
        return found.questions

    texts = ["a 0-root\nb 1-x\n", "a 0-root\nc 1-x\n", "a 2-x\nb 0-root\n", "a 0-root\nb 1-y\n"]
    found = [asked(f"{k}.txt", text) for k, text in enumerate([*texts, texts[0]])]
    assert len(set(found)) == len(texts)
    assert found[0] == found[-1]


CHAIN = """\
{{"doc_key": "d", "sentences": {sentences}, "clusters": {clusters}}}
"""


def test_documents_are_cut_alike_only_by_words(tmp_path: Path) -> None:
    source = tmp_path / "documents.jsonl"
    words = [["Ann", "saw", "Bob"], ["she", "ran"], ["he", "sang"], ["he", "sat"], ["he", "hid"]]
    clusters = [[[0, 0], [3, 3]], [[2, 2], [5, 5], [7, 7], [9, 9]]]
    source.write_text(
        CHAIN.format(sentences=str(words).replace("'", '"'), clusters=clusters), encoding="utf-8"
    )
    by_pieces = corpora(source, letters=15, halves=15, task=Coreference())
    assert len({corpus.questions for corpus in by_pieces}) == 2
    by_words = corpora(source, letters=20, halves=20, task=Coreference(limit=5, unit="words"))
    assert len({corpus.questions for corpus in by_words}) == 1
    assert {len(corpus) for corpus in by_words} == {3}
    # A window over the limit of one model is left out for both.
    tight = corpora(source, letters=14, halves=20, task=Coreference(limit=5, unit="words"))
    assert len({corpus.questions for corpus in tight}) == 1
    for corpus in tight:
        assert dict(corpus.census.left_out) == {"in a window over 14 wordpieces of letters": 2}


def test_another_model_is_another_corpus() -> None:
    own, other = Letters(), Letters(limit=50, fingerprint="other")
    alone = CommonTokenizer(own, {"a": own})
    beside = CommonTokenizer(own, {"a": own, "b": other})
    tighter = CommonTokenizer(own, {"a": own, "b": replace(other, limit=20)})
    assert len({t.fingerprint for t in (alone, beside, tighter)}) == 3
    assert {(t.limit, t.pad_id) for t in (alone, beside, tighter)} == {(100, 7)}


# --------------------------------------------------------------------------- beside each other


def random_counts(
    seed: int, *, heads: int, totals: Sequence[int] = (900, 400, 40), terms: Terms | None = None
) -> HeadCounts:
    terms = terms or Dependencies.terms
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(totals)
    cell = (len(ROWS), 3, 2, heads)
    share = torch.randint(0, 5, cell, generator=rng)
    nothing = torch.zeros(cell, dtype=torch.float64)
    baselines = torch.zeros(len(ROWS), len(terms.baselines), dtype=torch.float64)
    baselines[:, 1] = total // 3
    return HeadCounts(
        terms=terms,
        rows=ROWS,
        total=total,
        correct=share * total.view(-1, 1, 1, 1) // 5,
        errors=torch.zeros(*cell, len(terms.errors), dtype=torch.int64),
        reachable=total.view(-1, 1, 1).expand(-1, 3, 2),
        shared=total.new_zeros(len(ROWS), 2),
        quantities=nothing[..., None],
        baselines=baselines,
    )


def findings(terms: Terms, *, chosen_on: str = "val") -> ComparisonFindings:
    sizes = {"small": 3, "large": 6}
    return ComparisonFindings(
        split="test",
        source="somewhere/en.conllu",
        models=[
            Compared(
                label=label,
                description=f"of {heads} heads a layer",
                counts=random_counts(heads, heads=heads, terms=terms),
                chosen=random_counts(50 + heads, heads=heads, totals=(90, 40, 4), terms=terms),
            )
            for label, heads in sizes.items()
        ],
        chosen_on=chosen_on,
        min_anchors=100,
        holds="7 sentences",
    )


def test_a_model_that_cannot_read_the_text_is_warned_of(terms: Terms) -> None:
    these = findings(terms)
    assert "cannot read" not in markdown(these)
    first, second = these.models
    these = replace(these, models=[first, replace(second, unread="it cannot read this.")])
    assert f"{second.label}: it cannot read this." in these.notes
    assert f"{second.label}: it cannot read this." in markdown(these)


def test_a_line_a_relation_and_model(terms: Terms) -> None:
    these = findings(terms)
    assert these.drawn == 6
    found = [
        {c: str(v) for c, v in zip(csv_columns(these), row, strict=True)} for row in csv_rows(these)
    ]
    assert [(row["relation"], row["model"], row["heads"]) for row in found] == [
        ("all", "small", "6"),
        ("all", "large", "12"),
        ("nsubj", "small", "6"),
        ("nsubj", "large", "12"),
    ]
    for row in found:
        model = these.models[row["model"] == "large"]
        r = ROWS.index(row["relation"])
        total = int(model.counts.total[r])
        flat = int(model.chosen.correct[r].flatten().argmax())
        d, layer, head = (int(k) for k in torch.unravel_index(
            torch.tensor(flat), model.chosen.correct[r].shape))  # fmt: skip
        correct = int(model.counts.correct[r, d, layer, head])
        assert (row["direction"], row["layer"], row["head"]) == (
            terms.directions[d], str(layer + 1), str(head + 1),
        )  # fmt: skip
        assert (row["correct"], row["total"]) == (str(correct), str(total))
        expected = float(naive_expected(model.chosen.correct[r], model.counts.correct[r], 6))
        assert float(row["expected_best"]) == pytest.approx(expected / total, abs=1e-6)
        assert row["drawn"] == "6"
        if model.label == "small":
            assert row["expected_best"] == row["accuracy"]


def test_the_tables_say_what_was_compared(terms: Terms) -> None:
    these = findings(terms)
    row = wording_of(terms).row
    assert columns(these)[:8] == [
        row, "anchors", "model", "heads", "head", "direction", "accuracy", "best of 6",
    ]  # fmt: skip
    cells = lines(these)
    assert [row[:4] for row in cells[:2]] == [["all", "900", "small", "6"], ["", "", "large", "12"]]
    assert {len(row) for row in cells} == {len(columns(these))}
    text = markdown(these)
    for said in ("chosen on val.", "as many as small has", "7 sentences",
                 "large: of 6 heads a layer."):  # fmt: skip
        assert said in text
    assert "best of 6: expected accuracy" in text
    flattered = findings(terms, chosen_on="test")
    assert "chosen on test, the data that they are scored on." in markdown(flattered)
    known = markdown(replace(these, shared=0.95))
    assert "chosen on val, which holds 95.0% of the scored sentences: no held-out choice." in known


def test_no_heads_are_drawn_where_every_model_has_as_many(terms: Terms) -> None:
    these = findings(terms)
    one = these.models[0]
    alike = replace(these, models=[one, replace(one, label="twin")])
    assert not any(name.startswith("best of") for name in columns(alike))
    assert {len(row) for row in lines(alike)} == {len(columns(alike))}
    assert "Every model has 6 heads." in alike.notes
    assert "best of" not in markdown(alike)
    assert csv_columns(alike) == csv_columns(these)
    for row in csv_rows(alike):
        found = dict(zip(csv_columns(alike), row, strict=True))
        assert found["expected_best"] == found["accuracy"]


# -------------------------------------------------------------------- differences of two models


def resampled(counts: HeadCounts, seed: int, *, units: int = 30) -> HeadCounts:
    """With 50 resamples, the same for every model: what is drawn is a matter of units alone."""
    rng = torch.Generator().manual_seed(seed)
    share = torch.rand(len(ROWS), 50, *counts.correct.shape[1:], generator=rng)
    total = (counts.total[:, None] + torch.arange(50) - 25).long()  # [R, N]
    correct = (share * total.view(*total.shape, 1, 1, 1)).round().double()
    drawn = Resampled(correct, total, torch.full((len(ROWS),), units))
    own = torch.zeros(len(ROWS), 50, len(counts.terms.baselines), dtype=torch.float64)
    baselines = Resampled(own, total, drawn.units)
    return replace(counts, resampled=drawn, resampled_baselines=baselines)


def with_intervals(terms: Terms) -> ComparisonFindings:
    these = findings(terms)
    models = [
        replace(model, counts=resampled(model.counts, seed))
        for seed, model in enumerate(these.models)
    ]
    return replace(these, models=models, resamples="50 resamples of 30 sentences")


def test_the_difference_of_two_models_has_the_interval_of_its_resamples(terms: Terms) -> None:
    these = with_intervals(terms)
    names = csv_columns(these)
    found = [dict(zip(names, row, strict=True)) for row in csv_rows(these)]
    for first, second in zip(found[::2], found[1::2], strict=True):
        r = ROWS.index(first["relation"])
        drawn = []
        for row, model in zip((first, second), these.models, strict=True):
            resamples = model.counts.resampled
            assert resamples is not None
            d = terms.directions.index(str(row["direction"]))
            place = (r, slice(None), d, int(str(row["layer"])) - 1, int(str(row["head"])) - 1)
            drawn.append(resamples.correct[place] / resamples.total[r])
        apart = sorted(float(x) for x in drawn[1] - drawn[0])
        low, high = np.percentile(apart, [2.5, 97.5])
        assert float(second["difference_low"]) == pytest.approx(low, abs=1e-6)
        assert float(second["difference_high"]) == pytest.approx(high, abs=1e-6)
        expected = float(second["accuracy"]) - float(first["accuracy"])
        assert float(second["difference"]) == pytest.approx(expected, abs=2e-6)
        assert (first["difference_low"], first["difference_high"]) == ("", "")
        ends = np.percentile([float(x) for x in drawn[0]], [2.5, 97.5])
        if 0 < float(first["accuracy"]) < 1:
            assert [float(first["low"]), float(first["high"])] == pytest.approx(ends, abs=1e-6)
        assert first["units"] == 30
    assert "less the first" in columns(these)
    assert {len(row) for row in lines(these)} == {len(columns(these))}
    assert "from 50 resamples of 30 sentences." in markdown(these)
    assert "that of small, and the interval" in markdown(these)


def test_a_model_beside_itself_has_no_interval_of_a_difference(terms: Terms) -> None:
    these = with_intervals(terms)
    one = these.models[0]
    alike = replace(these, models=[one, replace(one, label="again")])
    assert [(line.apart, line.between) for line in alike.lines] == [(0, None)] * len(alike.lines)
    place = columns(alike).index("less the first")
    assert [line[place] for line in lines(alike)] == ["", "+0.0"] * (len(alike.lines) // 2)


def test_the_picture_leaves_out_what_adds_up_others(terms: Terms) -> None:
    these = with_intervals(terms)
    assert these.pictured == ["all", "nsubj"]
    sums = [
        replace(model, counts=replace(model.counts, terms=replace(terms, with_roots=("nsubj",))))
        for model in these.models
    ]
    assert replace(these, models=sums).pictured == ["all"]


def test_a_row_is_found_where_each_model_has_it(terms: Terms) -> None:
    """Models may have their rows in another order."""
    these = with_intervals(terms)
    order = [2, 0, 1]

    def moved(counts: HeadCounts) -> HeadCounts:
        drawn = counts.resampled
        assert drawn is not None
        assert counts.resampled_baselines is not None
        own = replace(drawn, correct=drawn.correct[order], total=drawn.total[order])
        return replace(
            counts,
            rows=[ROWS[k] for k in order],
            resampled=own,
            resampled_baselines=replace(counts.resampled_baselines, total=drawn.total[order]),
            **{
                name: getattr(counts, name)[order]
                for name in ("total", "correct", "errors", "reachable", "shared", "quantities",
                             "baselines")
            },
        )  # fmt: skip

    first, second = these.models
    other = replace(these, models=[first, replace(second, counts=moved(second.counts))])
    assert [line.between for line in other.lines] == [line.between for line in these.lines]


def test_the_picture_has_every_model_and_its_interval(terms: Terms) -> None:
    these = with_intervals(terms)
    figure = comparison_figure(these)
    (panel,) = figure.axes
    marks = {line.get_label(): line for line in panel.lines if len(line.get_xdata()) == 2}
    assert {"small", "large"} <= set(marks)  # of two relations
    for model in these.models:
        own = [line.best for line in these.lines if line.model is model]
        shares = [100 * best.correct / best.total for best in own]
        assert list(marks[model.label].get_xdata()) == pytest.approx(shares)
    ends = {tuple(line.get_xdata()) for line in panel.lines}
    for line in these.lines:
        assert line.best.interval is not None
        assert (100 * line.best.interval.low, 100 * line.best.interval.high) in ends
    assert [label.get_text() for label in panel.get_yticklabels()] == ["all (900)", "nsubj (400)"]
    (said,) = figure.legends
    text = " ".join(said.get_title().get_text().split())
    assert "chosen on val" in text
    assert "Bars: 95% intervals." in text
    (said,) = comparison_figure(findings(terms)).legends
    assert "intervals" not in said.get_title().get_text()


def test_counts_over_other_anchors_are_no_comparison(terms: Terms) -> None:
    these = findings(terms)
    odd = replace(
        these.models[1], counts=random_counts(1, heads=6, totals=(900, 399, 40), terms=terms)
    )
    with pytest.raises(ProbingError, match="small and large were asked about different anchors"):
        replace(these, models=[these.models[0], odd])
