"""Treebanks of one folder: told apart by name, counted apart, and shown beside each other."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from picked import heads_of
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.terms import Terms
from probing.counting.counts import HeadCounts
from probing.counting.metrics import HeadAccuracy
from probing.counting.treebanks import TreebankAccuracy
from probing.data.store import Part
from probing.data.tasks.dependencies import Dependencies
from probing.reports.best_heads import DEMONSTRATION
from probing.reports.ledger import Ledger
from probing.reports.terminal.tables import console
from probing.reports.treebanks import TreebankOptions, Treebanks
from probing.reports.treebanks.figure import treebank_heatmap
from probing.reports.treebanks.findings import Treebank, TreebankFindings
from probing.reports.treebanks.grouping import MOST_FILES, grouped
from probing.reports.treebanks.tables import csv_columns, csv_rows, markdown, show_treebanks
from probing.reports.wording import wording_of

Edges = tuple[EdgeBatch, Encoding]
ROWS = ("all", "nsubj", "obj", "rare")

# ------------------------------------------------------------------ which file is which treebank

NAMED: dict[str, tuple[list[str], tuple[str, list[str]] | None]] = {
    "several languages": (
        ["de_gsd-ud-test.conllu", "en_ewt-ud-test.conllu", "en_gum-ud-test.conllu"],
        ("language", ["de", "en", "en"]),
    ),
    "in folders of their own": (
        ["UD_German-GSD/de_gsd-ud-dev.conllu", "UD_Old_East_Slavic-RNC/orv_rnc-ud-dev.conllu"],
        ("language", ["de", "orv"]),
    ),
    "one language": (
        ["en_ewt-ud-test.conllu", "en_gum-ud-test.conllu"],
        ("treebank", ["en_ewt", "en_gum"]),
    ),
    "the splits and pieces of one treebank": (
        ["de_hdt-ud-test.conllu", "de_hdt-ud-train-a-1.conllu", "de_hdt-ud-train-b.conllu"],
        None,
    ),
    "surface-syntactic": (
        ["fr_gsd-sud-test.conllu", "zh_hk-msud-test.conllu"],
        ("language", ["fr", "zh"]),
    ),
    "one of another name": (
        ["en_ewt-ud-test.conllu", "mine.conllu"],
        ("file", ["en_ewt-ud-test.conllu", "mine.conllu"]),
    ),
    "a single file": (["en_ewt-ud-test.conllu"], None),
    "as many as are told apart": (
        [f"wsj_{n:04}.txt" for n in range(MOST_FILES)],
        ("file", [f"wsj_{n:04}.txt" for n in range(MOST_FILES)]),
    ),
    "sections of a corpus": ([f"wsj_{n:04}.txt" for n in range(MOST_FILES + 1)], None),
}


@pytest.mark.parametrize(("files", "expected"), NAMED.values(), ids=list(NAMED))
def test_names_say_what_belongs_together(
    files: list[str], expected: tuple[str, list[str]] | None
) -> None:
    found = grouped(files, "auto")
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert (found.kind, [found.names[k] for k in found.of]) == expected
    assert list(found.names) == sorted(set(expected[1]))


@pytest.mark.parametrize("by", ["language", "treebank"])
def test_a_name_that_says_no_language_is_refused_where_one_is_asked_for(by: str) -> None:
    for name in ("mine.conllu", "en-ud-test.conllu", "EN_ewt-ud-test.conllu", "en_ewt-ud-x.conllu"):
        with pytest.raises(ProbingError, match=rf"^{name}: --treebanks.by {by} expects"):
            grouped(["en_ewt-ud-test.conllu", name], by)  # type: ignore[arg-type]


def test_files_are_told_apart_as_asked_for() -> None:
    files = ["de_gsd-ud-test.conllu", "en_ewt-ud-test.conllu", "en_gum-ud-test.conllu"]
    kinds = {by: grouped(files, by) for by in ("language", "treebank", "file", "none")}
    assert kinds.pop("none") is None
    assert {by: len(found.names) for by, found in kinds.items() if found} == {
        "language": 2,
        "treebank": 3,
        "file": 3,
    }
    many = [f"wsj_{n:04}.txt" for n in range(MOST_FILES + 1)]
    by_file = grouped(many, "file")
    assert by_file is not None
    assert len(by_file.names) == MOST_FILES + 1


# ------------------------------------------------------------------------------ counted apart


def naive_correct(batch: EdgeBatch, encoding: Encoding, windows: Sequence[int]) -> Tensor:
    """``[R, 3, L, H]`` by plain loops: what each head picks for each anchor of some windows."""
    attention = encoding.part("attention").double()
    _, layers, heads, width, _ = attention.shape
    correct = torch.zeros(len(batch.rows), 3, layers, heads, dtype=torch.int64)
    for b in windows:
        for a in range(batch.anchors.shape[1]):
            if not batch.is_anchor[b, a] or not batch.gold[b, a, 1:].any():
                continue
            word = int(batch.anchors[b, a])
            rows = [r for r in range(len(batch.rows)) if batch.member[b, a, r]]
            for layer in range(layers):
                for head in range(heads):
                    own = attention[b, layer, head]
                    for d, score in enumerate((own[word], own[:, word], own[word] + own[:, word])):
                        best, pick = 0.0, None
                        for other in range(width):
                            if batch.candidates[b, a, other + 1] and float(score[other]) > best:
                                best, pick = float(score[other]), other
                        if pick is not None and batch.gold[b, a, pick + 1]:
                            correct[rows, d, layer, head] += 1
    return correct


def counted(batches: Sequence[Edges], of: Sequence[int], terms: Terms) -> dict[str, HeadCounts]:
    names = ["a", "b", "c"]
    metric = TreebankAccuracy(names, of, terms=terms, device=torch.device("cpu"))
    for batch, encoding in batches:
        metric.update(batch, heads_of(batch, encoding))
    return dict(metric.compute((1, 2)))


@pytest.mark.parametrize("seed", range(3))
def test_each_treebank_has_the_counts_of_its_own_windows(
    seed: int, random_edges: Callable[..., Edges], terms: Terms
) -> None:
    # Five windows of three treebanks; the third treebank is in the second batch only.
    of = [1, 0, 0, 2, 1]
    drawn = random.Random(seed)
    batches = []
    for number, parts in enumerate(([0, 1, 2, 1, 4], [3, 1, 0, 3])):
        lengths = [drawn.randint(2, 5) for _ in parts]
        batch, encoding = random_edges(
            10 * seed + number, lengths=lengths, shared=True, terms=terms
        )
        batches.append((replace(batch, numbers=parts), encoding))
    found = counted(batches, of, terms)
    whole = HeadAccuracy()
    for batch, encoding in batches:
        whole.update(batch, heads_of(batch, encoding))
    for treebank, name in enumerate("abc"):
        expected = sum(
            (
                naive_correct(b, e, [w for w, p in enumerate(b.numbers) if of[p] == treebank])
                for b, e in batches
            ),
            start=torch.zeros((), dtype=torch.int64),
        )
        assert torch.equal(found[name].correct, expected)
        right = sum(
            float(b.baselines[w, a, 0])
            for b, _ in batches
            for w, p in enumerate(b.numbers)
            for a in range(b.anchors.shape[1])
            if of[p] == treebank and b.is_anchor[w, a] and b.member[w, a, 0]
        )
        assert float(found[name].baselines[0, 0]) == right
    for count in ("correct", "errors", "reachable", "total"):
        parts_of = [getattr(found[name], count) for name in "abc"]
        assert torch.equal(sum(parts_of[1:], start=parts_of[0]), whole.compute()[count])


def test_a_process_without_a_batch_knows_the_rows_of_every_treebank(
    random_edges: Callable[..., Edges],
) -> None:
    batch, encoding = random_edges(0, lengths=())
    found = counted([(batch, encoding)], [0, 1, 2], Dependencies.terms)
    assert [tuple(found[name].rows) for name in "abc"] == [tuple(batch.rows)] * 3
    assert all(int(found[name].total.sum()) == 0 for name in "abc")


# --------------------------------------------------------------------------- beside each other


def random_counts(seed: int, totals: Sequence[int], terms: Terms) -> HeadCounts:
    """Few levels, so that heads tie."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(totals)

    def counts(*shape: int) -> Tensor:
        share = torch.randint(0, 4, (len(ROWS), *shape), generator=rng)
        return share * total.view(-1, *[1] * len(shape)) // 4

    cell = (3, 2, 4)
    nothing = torch.zeros(len(ROWS), *cell, dtype=torch.float64)
    return HeadCounts(
        terms=terms,
        rows=ROWS,
        total=total,
        correct=counts(*cell),
        errors=torch.zeros(len(ROWS), *cell, len(terms.errors), dtype=torch.int64),
        reachable=counts(*cell[:2]),
        shared=counts(2),
        quantities=nothing[..., None],
        baselines=counts(len(terms.baselines)).double(),
        layers=(3, 5),
    )


TOTALS = {"en": (900, 400, 120, 8), "de": (700, 300, 0, 200), "fr": (80, 40, 30, 0)}


def findings(terms: Terms, *, min_anchors: int = 100) -> TreebankFindings:
    chosen_totals = {"en": (90, 400, 12, 0), "de": (700, 300, 150, 20), "fr": (80, 40, 30, 3)}
    return TreebankFindings(
        kind="language",
        split="test",
        source="somewhere/ud",
        model="tiny",
        treebanks=[
            Treebank(
                name=name,
                counts=random_counts(number, totals, terms),
                chosen=random_counts(50 + number, chosen_totals[name], terms),
                chosen_on="val of the same language",
                files=1,
                sentences=10,
                used=9,
                words=1234,
            )
            for number, (name, totals) in enumerate(TOTALS.items())
        ],
        min_anchors=min_anchors,
    )


def naive_best(counts: HeadCounts, row: int) -> tuple[int, int, int]:
    best, found = -1, (0, 0, 0)
    for d in range(3):
        for layer in range(2):
            for head in range(4):
                if int(counts.correct[row, d, layer, head]) > best:
                    best, found = int(counts.correct[row, d, layer, head]), (d, layer, head)
    return found


def test_every_treebank_has_its_best_heads_and_those_of_the_first(terms: Terms) -> None:
    these = findings(terms)
    found = {
        (row["treebank"], row["relation"]): row
        for row in (
            {c: str(v) for c, v in zip(csv_columns(these), values, strict=True)}
            for values in csv_rows(these)
        )
    }
    first = these.treebanks[0]
    expected = set()
    for treebank in these.treebanks:
        for r, relation in enumerate(ROWS):
            total = int(treebank.counts.total[r])
            if not total or not int(treebank.chosen.total[r]):
                continue
            expected.add((treebank.name, relation))
            row = found[treebank.name, relation]
            d, layer, head = naive_best(treebank.chosen, r)
            correct = int(treebank.counts.correct[r, d, layer, head])
            assert row["direction"] == terms.directions[d]
            assert (row["layer"], row["head"]) == (str((3, 5)[layer]), str(head + 1))
            assert (row["correct"], row["total"]) == (str(correct), str(total))
            assert row["accuracy"] == f"{correct / total:.6f}"
            if int(first.chosen.total[r]):
                d, layer, head = naive_best(first.chosen, r)
                right = int(treebank.counts.correct[r, d, layer, head])
                assert row["first_direction"] == terms.directions[d]
                assert (row["first_layer"], row["first_head"]) == (
                    str((3, 5)[layer]),
                    str(head + 1),
                )
                assert (row["first_correct"], row["first_accuracy"]) == (
                    str(right),
                    f"{right / total:.6f}",
                )
            else:
                assert {row[c] for c in csv_columns(these) if c.startswith("first_")} == {""}
    assert set(found) == expected
    assert {line.treebank for line in these.lines} == {"en", "de", "fr"}


def test_tables_show_what_enough_anchors_say(terms: Terms) -> None:
    these = findings(terms)
    # Only 90 anchors chose en's head over all: it is not shown. Row "rare" has 200 in de.
    assert set(these.shown) == {("all", "en"), ("all", "de"), ("nsubj", "en"), ("nsubj", "de"),
                                ("obj", "en"), ("rare", "de")}  # fmt: skip
    assert {key for key, line in these.shown.items() if line.first_is_shown} == {
        ("nsubj", "en"),
        ("nsubj", "de"),
    }
    assert set(these.relations) == {"all", "nsubj", "obj", "rare"}
    assert these.relations[0] == "all"
    text = markdown(these)
    for relation in these.relations:
        assert f"\n## {relation}\n" in text
    assert "| fr | 1 | 10 | 9 | 1,234 |" in text
    [line] = [line for line in text.splitlines() if line.startswith("| en |") and " 120 |" in line]
    assert line.endswith("|  |  |")
    assert "chosen on val of the same language." in text


def test_a_treebank_that_is_mostly_unknown_is_warned_of(terms: Terms) -> None:
    these = findings(terms)
    known = {"en": 0, "de": 617, "fr": 618}  # of 1,234 words
    told = [replace(t, unknown=known[t.name]) for t in these.treebanks]
    these = replace(these, treebanks=told)
    (warning,) = [note for note in these.notes if "cannot read" in note]
    assert warning.startswith("fr: 618 of 1,234 words (50.1%) hold an unknown wordpiece")
    lines = markdown(these).splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("| language | files |"))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 :]]
    assert [(row[0], row[-1]) for row in cells[:3]] == [("en", "0"), ("de", "617"), ("fr", "618")]


def test_notes_say_where_heads_of_which_treebank_were_chosen(terms: Terms) -> None:
    these = findings(terms)
    one, *others = these.treebanks
    mixed = replace(these, treebanks=[replace(one, chosen_on="the whole of val"), *others])
    said = " ".join(mixed.notes)
    assert "chosen on the whole of val (en); val of the same language (de, fr)." in said
    assert "The first language is en" in said


def test_the_figure_has_a_cell_for_each_line_that_is_shown(terms: Terms) -> None:
    these = findings(terms)
    left, right = treebank_heatmap(these).axes[:2]
    shown = list(these.shown.values())
    assert sorted(text.get_text() for text in left.texts) == sorted(
        f"{100 * line.best.accuracy:.0f}" for line in shown
    )
    assert sorted(text.get_text() for text in right.texts) == sorted(
        f"{100 * line.first_accuracy:.0f}" for line in shown if line.first_is_shown
    )
    assert [label.get_text() for label in left.get_yticklabels()] == ["en", "de", "fr"]
    assert "en" in right.get_title(loc="left")


def many_relations(terms: Terms, labels: int) -> TreebankFindings:
    """Two languages with ``all``, a relation that is added up, and others, all with anchors."""
    rows = ("all", "det:*", "det", *(f"label{k}" for k in range(labels)))
    total = torch.full((len(rows),), 200)
    one = findings(terms).treebanks[0]

    def counts(seed: int) -> HeadCounts:
        few = random_counts(seed, TOTALS["en"], terms)
        return replace(
            few,
            rows=rows,
            total=total,
            correct=torch.randint(
                200, (len(rows), 3, 2, 4), generator=torch.Generator().manual_seed(seed)
            ),
            baselines=torch.zeros(len(rows), len(terms.baselines), dtype=torch.float64),
        )

    treebanks = [
        replace(one, name=name, counts=counts(k), chosen=counts(k + 9))
        for k, name in enumerate(("de", "en"))
    ]
    return replace(findings(terms), treebanks=treebanks)


def printed(these: TreebankFindings) -> str:
    with console.capture() as shown:
        show_treebanks(these)
    return shown.get()


def test_a_picture_says_how_many_relations_it_leaves_out(terms: Terms) -> None:
    these = many_relations(terms, 27)
    assert len(these.relations) == 30
    text = markdown(these)
    assert text.count("\n## ") == 30
    figure = treebank_heatmap(these)
    columns = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert len(columns) == 16
    assert columns[:2] == ["all", "det"]
    assert "det:*" not in columns
    title = figure.get_suptitle()
    assert f"16 of 30 {wording_of(terms).row}s; all in treebanks.md" in title
    assert f"treebanks.png shows 16 of 30 {wording_of(terms).row}s." in text
    on_terminal = printed(these)
    assert f"5 of 30 {wording_of(terms).row}s; all in treebanks.md." in " ".join(
        on_terminal.split()
    )
    assert "det:*" not in on_terminal


def test_where_all_relations_are_shown_nothing_is_said_of_some(terms: Terms) -> None:
    these = findings(terms)
    shown = [markdown(these), printed(these), treebank_heatmap(these).get_suptitle()]
    assert not any("4 of 4" in text or "all in treebanks.md" in text for text in shown)
    assert "treebanks.png shows" not in shown[0]


def test_generated_text_is_called_a_demonstration(terms: Terms) -> None:
    these = findings(terms)
    assert DEMONSTRATION not in these.notes
    assert DEMONSTRATION in replace(these, source="builtin:documents=3").notes


class Files:
    """A corpus of some files, as far as the options are checked against it."""

    def __init__(self, *names: str) -> None:
        self.parts = [Part(name, 1, 1, 1) for name in names]


def test_only_the_data_that_is_reported_has_to_say_its_treebanks() -> None:
    corpora: dict[str, Any] = {
        "train": Files("mine.conllu", "yours.conllu"),
        "val": Files("one.conllu"),
        "test": Files("de_gsd-ud-test.conllu", "en_ewt-ud-test.conllu"),
    }
    Treebanks(Ledger(), TreebankOptions(by="language", first="en")).check(corpora, "test")
    with pytest.raises(ProbingError, match=r"mine\.conllu"):
        Treebanks(Ledger(), TreebankOptions(by="language")).check(
            corpora | {"val": corpora["train"]}, "test"
        )


@given(st.lists(st.sampled_from(["de", "en", "fr"]), min_size=1, max_size=8))
def test_every_file_belongs_to_the_language_of_its_name(languages: list[str]) -> None:
    files = [f"{name}_t{k}-ud-test.conllu" for k, name in enumerate(languages)]
    found = grouped(files, "language")
    if len(set(languages)) == 1:
        assert found is None
    else:
        assert found is not None
        assert [found.names[k] for k in found.of] == languages
