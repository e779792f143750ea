"""The paper's numbers with those of a run beside them, against plain loops over the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from probing.core.batches import Sizes
from probing.core.schemes import STANFORD_TO_UD, Scheme
from probing.core.terms import MAIN, Terms
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.trees.undirected import Undirected
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies
from probing.reports.findings import Findings
from probing.reports.paper.differences import OFFSETS, Difference, Setting
from probing.reports.paper.lines import NEEDS, Line, table1, table2, table3
from probing.reports.paper.report import is_bert_base
from probing.reports.published import constants
from probing.reports.trees.table3 import Entry

LAYERS, HEADS = 2, 3
# Anchors as many as in the notebook, but for the last two.
STANFORD = {"all": 40000, "uas": 41696, "uas+punct": 46399, "root": 0, "punct": 4703}
STANFORD |= {own.row: int(own.notebook) for own in constants() if own.column == "anchors"}
STANFORD |= {"poss+clitic": 708, "dobj": 1590}
del STANFORD["prt"]
UD = {
    "all": 900,
    "uas": 950,
    "nsubj": 80,
    "obj": 60,
    "case": 90,
    "det": 50,
    "nmod:poss": 7,
    "cc": 3,
}
SAME = Setting({MAIN, "drawn"}, False, 2, False, "keep", 128, OFFSETS, True, "words")
OWN = Setting({"drawn"}, False, 3, True)


def counts_of(terms: Terms, rows: dict[str, int], seed: int = 0) -> HeadCounts:
    """Few levels, so that heads and baselines tie."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.tensor(list(rows.values()))

    def share(*shape: int) -> torch.Tensor:
        found = torch.randint(0, 8, (len(rows), *shape), generator=rng)
        return found * total.view(-1, *[1] * len(shape)) // 8

    cells = (len(terms.directions), LAYERS, HEADS)
    return HeadCounts(
        terms=terms,
        rows=list(rows),
        total=total,
        correct=share(*cells),
        errors=torch.zeros(len(rows), *cells, len(terms.errors)),
        reachable=share(*cells[:2]),
        shared=torch.zeros(len(rows), 2),
        quantities=torch.zeros(len(rows), *cells, 3),
        baselines=share(len(terms.baselines)).double(),
    )


def findings_of(
    counts: HeadCounts, scheme: str | None, chosen: HeadCounts | None = None
) -> Findings:
    probes = ProbeCounts(
        counts.rows, ["mine", "drawn@1", "drawn@2"], counts.correct[:, 0, 0], counts.total + 5
    )
    return Findings(
        split="test",
        source="a.dep",
        model="Model m",
        counts=counts,
        probes=probes,
        chosen_on="test" if chosen is None else "val",
        chosen=chosen or counts,
        min_anchors=100,
        scheme=None if scheme is None else Scheme(scheme, "labels", scheme),
    )


def naive(counts: HeadCounts, chosen: HeadCounts, label: str) -> dict[str, object]:
    """The columns of Table 1."""
    r, c, best, offset = (
        counts.rows.index(label),
        chosen.rows.index(label),
        (-1, "", "", 0),
        (-1.0, ""),
    )
    for d, direction in enumerate(chosen.terms.directions):
        for layer in range(LAYERS):
            for head in range(HEADS):
                right = int(chosen.correct[c, d, layer, head])
                if right > best[0]:
                    own = int(counts.correct[r, d, layer, head])
                    best = (right, f"{layer + 1}-{head + 1}", direction, own)
    for k, name in enumerate(chosen.terms.baselines):
        if name.startswith("offset=") and float(chosen.baselines[c, k]) > offset[0]:
            offset = float(chosen.baselines[c, k]), name
    total = int(counts.total[r])
    beside = float(counts.baselines[r, counts.terms.baselines.index(offset[1])])
    return {
        "anchors": str(total),
        "head": best[1],
        "direction": best[2],
        "accuracy": 100 * best[3] / total,
        "baseline": 100 * beside / total,
        "offset": offset[1][7:],
    }


def by_row(lines: Sequence[Line]) -> dict[str, dict[str, Line]]:
    rows: dict[str, dict[str, Line]] = {}
    for line in lines:
        rows.setdefault(line.constant.row, {})[line.constant.column] = line
    return rows


NAMED = {"All": "uas", "all words": "uas+punct", "poss": "poss+clitic"}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same split", "another split"])
def test_table_1(elsewhere: bool) -> None:
    counts = counts_of(Dependencies.terms, STANFORD)
    chosen = (
        counts_of(Dependencies.terms, dict(reversed(STANFORD.items())), 1) if elsewhere else None
    )
    lines = list(table1(findings_of(counts, "Stanford", chosen), OWN))
    assert [line.constant for line in lines] == [own for own in constants() if own.table == 1]
    for line in lines:
        own = line.constant
        if own.row == "prt":
            assert (line.here, line.why, line.note) == (None, (), "no prt in the data")
            continue
        label = NAMED.get(own.row, own.row)
        here = naive(counts, chosen or counts, label)[own.column]
        assert line.here == here
        assert line.note == ""
        printed = own.paper or own.notebook
        if isinstance(here, float):
            assert line.difference == pytest.approx(round(here, 2) - float(printed))
            assert line.shown == f"{here:.2f}"
            assert line.is_same == (f"{here:.1f}" == printed)
        else:
            assert line.difference is None
            assert line.is_same == (here == printed)
        assert bool(line.why) != line.is_same


def test_a_relation_that_is_not_where_heads_are_chosen() -> None:
    counts = counts_of(Dependencies.terms, STANFORD)
    fewer = {row: total for row, total in STANFORD.items() if row != "det"}
    chosen = counts_of(Dependencies.terms, fewer, 1)
    rows = by_row(list(table1(findings_of(counts, "Stanford", chosen), OWN)))
    assert {line.note for line in rows["det"].values()} == {"no det on val"}
    assert {line.here for line in rows["det"].values()} == {None}


def test_why_a_number_of_table_1_differs() -> None:
    counts = counts_of(Dependencies.terms, STANFORD)
    findings = findings_of(counts, "Stanford")
    rows = by_row(list(table1(findings, SAME)))
    assert rows["det"]["accuracy"].why == (Difference.SPLIT_WORDS,)
    assert rows["det"]["baseline"].why == ()  # nothing differs
    assert rows["det"]["anchors"].is_same
    assert rows["dobj"]["anchors"].why == (Difference.DATA,)
    assert rows["dobj"]["accuracy"].why == (Difference.DATA, Difference.SPLIT_WORDS)
    assert rows["det"]["head"].why == (Difference.SPLIT_WORDS, Difference.TIES)
    assert Difference.DATA in rows["All"]["accuracy"].why  # a relation has other anchors
    assert Difference.MISPRINT in rows["auxpass"]["accuracy"].why
    assert Difference.MISPRINT in rows["auxpass"]["baseline"].why
    assert Difference.POSSESSORS in rows["poss"]["accuracy"].why
    assert Difference.ALL_WORDS in rows["all words"]["accuracy"].why
    other = by_row(list(table1(findings, OWN)))["det"]
    assert other["baseline"].why == (
        *(Difference.CHOICE, Difference.OFFSETS, Difference.LONG_SENTENCES),
    )
    assert other["accuracy"].why == (
        *(Difference.MODEL, Difference.CHOICE, Difference.DIRECTIONS, Difference.SPLIT_WORDS),
        *(Difference.LONG_SENTENCES, Difference.ESCAPES),
    )
    one = [("offsets", (1,)), ("is_clipped", False)]
    for name, value in one:
        line = by_row(list(table1(findings, replace(SAME, **{name: value}))))["det"]["baseline"]
        assert line.why == (Difference.OFFSETS,)


def test_what_is_printed_is_the_same_and_needs_no_reason() -> None:
    counts = counts_of(Dependencies.terms, STANFORD)
    det = list(STANFORD).index("det")
    counts.correct[det] = 0
    counts.correct[det, 0, 1, 2] = 3147  # of 3337: 94.31%
    lines = by_row(list(table1(findings_of(counts, "Stanford"), SAME)))["det"]
    assert (lines["accuracy"].is_same, lines["accuracy"].why) == (True, ())
    assert (lines["direction"].is_same, lines["direction"].why) == (True, ())
    assert lines["head"].here == "2-3"
    assert lines["head"].why


OF_ROWS = {
    "All": Difference.DATA,
    "all words": Difference.ALL_WORDS,
    "poss": Difference.POSSESSORS,
    "auxpass": Difference.MISPRINT,
}


def further(row: str, column: str) -> set[Difference]:
    """What differs from the paper in any treebank, by its definitions otherwise."""
    found = {OF_ROWS[row]} if row in OF_ROWS and column != "anchors" else set()
    if column in ("accuracy", "head", "direction"):
        found.add(Difference.SPLIT_WORDS)
    return found | ({Difference.TIES} if column in ("head", "direction") else set())


def test_what_differs_in_any_treebank_is_said_of_one_in_ud() -> None:
    counts = counts_of(Dependencies.terms, UD)
    det = by_row(list(table1(findings_of(counts, "UD"), OWN)))["det"]
    assert det["baseline"].why == (
        *(Difference.DATA, Difference.SCHEME, Difference.CHOICE, Difference.OFFSETS),
        Difference.LONG_SENTENCES,
    )
    assert {Difference.MODEL, Difference.DIRECTIONS, Difference.ESCAPES} < set(det["accuracy"].why)
    found = table3(findings_of(counts, "UD"), PROBES, EDGES, SAME, has_vectors=True)
    lines = {line.constant.row: line for line in found}
    both = (Difference.DATA, Difference.SCHEME)
    assert lines["Right-branching"].why == both
    assert lines["Structural probe"].why == (*both, Difference.STRUCTURAL_PROBE)
    assert lines["Structural probe"].difference is None
    assert {Difference.TRAINING, Difference.WORD_VECTORS, *both} < set(
        lines["Random Init Attn + GloVe"].why
    )


def test_digits_that_are_the_same_by_chance_keep_their_scheme() -> None:
    counts = counts_of(Dependencies.terms, UD)
    row = list(UD).index("det")
    counts.total[row], counts.correct[row] = 1000, 0
    counts.correct[row, 0, 1, 2] = 943
    line = by_row(list(table1(findings_of(counts, "UD"), SAME)))["det"]["accuracy"]
    assert (line.is_same, line.shown) == (True, "94.30")
    assert Difference.SCHEME in line.why
    assert line.difference is None


def encoder(**other: Any) -> Any:
    """What is asked of an encoder here."""
    sizes = Sizes(layers=12, heads=12, hidden=768, embedding=768)
    own = {"name": "bert-base-uncased", "random_init": False, "keep_embeddings": True}
    return SimpleNamespace(**{"sizes": sizes, **own, **other})


@pytest.mark.parametrize(
    ("other", "is_it"),
    [
        ({}, True),
        ({"name": "google-bert/bert-base-uncased"}, True),
        ({"name": "/models/bert-base-cased/"}, True),
        ({"random_init": True}, True),  # as a further encoder; a main one is told apart
        ({"random_init": True, "keep_embeddings": False}, False),
        ({"name": "bert-large-uncased"}, False),
        ({"name": "my-bert-base-uncased"}, False),
        ({"sizes": Sizes(layers=6, heads=12, hidden=768, embedding=768)}, False),
        ({"sizes": Sizes(layers=12, heads=16, hidden=1024, embedding=1024)}, False),
        ({"sizes": Sizes(12, 12, 768, 768, layer_numbers=range(2, 14))}, False),
    ],
)
def test_what_is_the_papers_model(other: dict[str, Any], is_it: bool) -> None:
    assert is_bert_base(encoder(**other)) is is_it


def test_another_model_is_said_where_it_is_read() -> None:
    findings = findings_of(counts_of(Dependencies.terms, STANFORD), "Stanford")
    for setting in (replace(SAME, is_random=True), replace(SAME, bert_base={"drawn"})):
        det = by_row(list(table1(findings, setting)))["det"]
        assert Difference.MODEL in det["accuracy"].why
        assert Difference.MODEL not in det["baseline"].why
    other = table3(findings, PROBES, EDGES, replace(SAME, bert_base={MAIN}), has_vectors=True)
    told = {line.constant.row for line in other if Difference.MODEL in line.why}
    assert told == {"Random Init Attn + GloVe"}


def test_a_treebank_in_ud_has_counterparts_and_no_differences() -> None:
    counts = counts_of(Dependencies.terms, UD)
    lines = list(table1(findings_of(counts, "UD"), SAME))
    for line in lines:
        row, column = line.constant.row, line.constant.column
        assert line.difference is None
        first = (*STANFORD_TO_UD[row].relations, "")[0] if row in STANFORD_TO_UD else NAMED[row]
        if first in UD:
            assert line.here == naive(counts, counts, first)[column]
            assert set(line.why) == {Difference.DATA, Difference.SCHEME} | further(row, column)
            assert list(line.why) == sorted(line.why)
            edge = {"pobj": ", dependent and head swapped", "cc": ", other head"}.get(row, "")
            assert line.note == ("" if row == "All" else f"{first} in UD{edge}")
        else:
            assert (line.here, line.why) == (None, ())
            assert line.note
    rows = by_row(lines)
    assert rows["prep"]["accuracy"].note == "no counterpart in UD"
    assert rows["nn"]["accuracy"].note == "no compound in the data; compound in UD"


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("SUD", "the treebank is in SUD, not in Stanford Dependencies"),
        ("unknown", "nothing says which scheme the treebank is in (--data.scheme)"),
    ],
)
def test_a_treebank_of_another_scheme_is_refused_by_name(scheme: str, said: str) -> None:
    counts = counts_of(Dependencies.terms, STANFORD)
    for line in table1(findings_of(counts, scheme), SAME):
        column = line.constant.column
        if line.constant.row in ("All", "all words"):
            named = {Difference.DATA, Difference.SCHEME} | further(line.constant.row, column)
            assert set(line.why) == named
            assert line.here is not None
        else:
            assert line.here is None
            assert line.note == said


ANAPHORS = {"all": 90, "pronoun": 40, "proper": 30, "distance=0": 4}


def test_table_2_is_of_one_head() -> None:
    counts = counts_of(Coreference(candidates="words").terms, ANAPHORS, 3)
    best = (-1, 0, 0, 0)
    for d in range(len(counts.terms.directions)):
        for layer in range(LAYERS):
            for head in range(HEADS):
                if int(counts.correct[0, d, layer, head]) > best[0]:
                    best = (int(counts.correct[0, d, layer, head]), d, layer, head)
    names = {"Nearest": "nearest", "Head match": "head-match", "Rule-based": "rules"}
    lines = by_row(list(table2(findings_of(counts, None), SAME)))
    assert lines["Head"]["head"].here == f"{best[2] + 1}-{best[3] + 1}"
    for row, columns in lines.items():
        for column, line in columns.items():
            if column == "head":
                continue
            if row == "Neural coref":
                assert (line.here, line.note) == (None, "no such system here")
            elif column == "nominal":
                assert (line.here, line.note) == (None, "no nominal in the data")
            else:
                r = counts.rows.index(column)
                right = counts.correct[r, best[1], best[2], best[3]]
                if row in names:
                    right = counts.baselines[r, counts.terms.baselines.index(names[row])]
                share = 100 * float(right) / ANAPHORS[column]
                assert line.here == pytest.approx(share)
                assert line.difference == pytest.approx(
                    round(share, 2) - float(line.constant.paper)
                )
    always = (Difference.DATA, Difference.WINDOWS, Difference.HEAD_WORDS)
    assert lines["Nearest"]["all"].why == always
    assert lines["Rule-based"]["all"].why == (*always, Difference.RULES)
    other = by_row(list(table2(findings_of(counts, None), OWN)))
    assert other["Nearest"]["all"].why == always
    assert {Difference.CANDIDATES, Difference.MODEL} < set(other["Head"]["all"].why)


def test_a_table_of_which_there_is_nothing_says_what_it_needs() -> None:
    trees = findings_of(counts_of(Dependencies.terms, STANFORD), "Stanford")
    anaphors = findings_of(counts_of(Coreference().terms, ANAPHORS), None)
    missing = [*table1(anaphors, SAME), *table2(trees, SAME)]
    missing += table3(anaphors, [], None, SAME, has_vectors=True)
    assert [line.constant for line in missing] == list(constants())
    for line in missing:
        assert (line.here, line.why, line.difference) == (None, (), None)
        assert line.note == NEEDS[line.constant.table]


PROBES = [
    Entry("mine", "attention", encoder=MAIN, row="Attn"),
    Entry("drawn@1", "random", encoder="drawn", row="Random Init Attn + GloVe", seed=1),
    Entry("drawn@2", "random", encoder="drawn", row="Random Init Attn + GloVe", seed=2),
    Entry("s", "structural probe", encoder=MAIN, row="Structural probe", is_undirected=True),
    Entry("right-branching", "right-branching", row="Right-branching"),
]
EDGES = Undirected({"s": 30}, {}, total=40, sentences=9, left_out=0)


def test_table_3_has_the_mean_of_several_draws() -> None:
    counts = counts_of(Dependencies.terms, STANFORD)
    findings = findings_of(counts, "Stanford")
    found = table3(findings, PROBES, EDGES, SAME, has_vectors=True)
    lines = {line.constant.row: line for line in found}
    total = STANFORD["all"] + 5

    def share(k: int) -> float:
        return 100 * int(counts.correct[0, 0, 0, k]) / total

    assert lines["Attn"].here == pytest.approx(share(0), abs=1e-4)
    assert lines["Random Init Attn + GloVe"].here == pytest.approx(
        (share(1) + share(2)) / 2, abs=1e-4
    )
    assert lines["Structural probe"].here == 75
    assert lines["Structural probe"].why == (Difference.DATA, Difference.STRUCTURAL_PROBE)
    branching = counts.baselines[0, counts.terms.baselines.index("offset=1")]
    assert lines["Right-branching"].here == pytest.approx(100 * float(branching) / total, abs=1e-4)
    assert lines["Distances + GloVe"].note == NEEDS[3]
    assert lines["Distances + GloVe"].here is None


def test_without_glove_its_lines_are_empty() -> None:
    findings = findings_of(counts_of(Dependencies.terms, STANFORD), "Stanford")
    found = table3(findings, PROBES, None, SAME, has_vectors=False)
    lines = {line.constant.row: line for line in found}
    own = lines["Random Init Attn + GloVe"]
    assert own.here is None
    assert own.note.startswith(
        "needs GloVe (--model.vectors FILE); with the model's own embeddings"
    )
    assert lines["Attn"].here is not None
    assert lines["Structural probe"].here is None


def test_of_several_structural_probes_none_is_chosen_without_validation_data() -> None:
    several = [
        *PROBES,
        Entry("t", "structural probe (t)", row="Structural probe", is_undirected=True),
    ]
    edges = replace(EDGES, correct={"s": 30, "t": 20})
    findings = findings_of(counts_of(Dependencies.terms, STANFORD), "Stanford")
    found = table3(findings, several, edges, SAME, has_vectors=True)
    (line,) = (line for line in found if line.constant.row == "Structural probe")
    assert (line.here, line.note) == (None, "several, of which validation data choose one")
