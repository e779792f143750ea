"""The table, its lines and files; what stands in it comes from counts."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from probing.breakdown import DISTANCE, LENGTH, RELATION, Part
from probing.encoder import Encoder
from probing.entries import entries
from probing.figures import png
from probing.probes import (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    StructuralProbe,
)
from probing.table3 import (
    COLUMNS,
    Entry,
    Scores,
    Undirected,
    latex,
    lines_of,
    markdown,
    undirected_rows,
)
from probing.tree_figures import breakdown_figure
from probing.tree_metrics import DISTANCE_ROWS, LENGTH_ROWS

UNDIRECTED = Undirected(
    correct={"a": 30, "b": 50, "c": 45},
    spearman={"c": 0.8125, "d": None},
    total=100,
    sentences=20,
    left_out=1,
)


def module_of(probes: dict[str, Any], **random: bool) -> Any:
    encoders = {
        name: Encoder(name="a-model", random_init=drawn)
        for name, drawn in ({"main": False} | random).items()
    }
    return SimpleNamespace(probes=probes, encoders=encoders)


def findings_of(*names: str) -> Any:
    best = {"best-head": "3-9 both", "best-offset": "+1", "best-twin_1": "1-2 both"}
    overall = dict.fromkeys(names, (1.0, 2, 0.5))
    return SimpleNamespace(overall=overall, best_over_all=best)


def test_draws_are_a_line_with_mean_and_range() -> None:
    scores = Scores(uas={"a": 0.25, "b": 0.30, "d": 0.5}, tree={"b": 0.4}, undirected=UNDIRECTED)
    listed = [
        Entry("a", "random", "30", encoder="twin_1"),
        Entry("d", "other"),
        Entry("b", "random", "30", encoder="twin_2"),
    ]
    assert lines_of(listed, scores) == [
        ["random (2 draws)", "27.5 (25.0–30.0)", "40.0", "40.0 (30.0–50.0)", "–", "30"],
        ["other", "50.0", "–", "–", "–", ""],
    ]
    assert lines_of([Entry("c", "c")], scores)[0][3:5] == ["45.0", "0.81"]
    seeds = [Entry("a", "mine", seed=1), Entry("b", "mine", seed=2)]
    assert lines_of(seeds, scores)[0][0] == "mine (2 seeds)"
    both = [Entry(k, "x", encoder=k, seed=s) for k in "ab" for s in (1, 2, 3)]
    assert lines_of(both, scores)[0][0] == "x (2 draws, 3 seeds)"


def test_entries_stand_in_the_order_of_the_paper() -> None:
    probes = {
        "mine": AttentionProbe(),
        "words": AttentionWordsProbe(),
        "s1": StructuralProbe(layer=1),
        "s2": StructuralProbe(layer=2),
        "r1": AttentionWordsProbe(encoder="twin_1"),
        "r2": AttentionWordsProbe(encoder="twin_2"),
        "far": DistanceWordsProbe(),
        "special": SimpleNamespace(encoder="main"),
    }
    module = module_of(probes, twin_1=True, twin_2=True, other=False)
    findings = findings_of(
        "mine", "right-branching", "best-offset", "best-twin_1", "best-other", "best-head"
    )
    judged = Undirected({"s1": 2, "s2": 3}, {}, total=9, sentences=1, left_out=0)
    found = entries(module, findings, {"val": judged})
    assert [(entry.name, entry.group, entry.paper) for entry in found] == [
        ("right-branching", "right-branching", "26"),
        ("best-offset", "best fixed offset (+1)", ""),
        ("best-twin_1", "random initialisation: best single head", ""),
        ("best-other", "best head of other", ""),
        ("best-head", "best single head (3-9 both)", ""),
        ("far", "distances and words", "58"),
        ("r1", "random initialisation: attention and words", "30"),
        ("r2", "random initialisation: attention and words", "30"),
        ("mine", "attention", "61"),
        ("words", "attention and words", "77"),
        ("s2", "structural probe (layer 2, best of 2 on val)", "80 (UUAS)"),
        ("special", "special", ""),
    ]
    both = [entry.group for entry in entries(module, findings, {}) if entry.name in ("s1", "s2")]
    assert both == ["structural probe (layer 1)", "structural probe (layer 2)"]


def test_seeds_of_a_probe_are_a_line() -> None:
    kinds = {"attention": AttentionProbe, "s1": StructuralProbe, "s2": StructuralProbe}
    probes = {f"{name}@{seed}": kind() for name, kind in kinds.items() for seed in (1, 2)}
    correct = {"s1@1": 5, "s1@2": 1, "s2@1": 4, "s2@2": 4}
    judged = Undirected(correct, {}, total=9, sentences=1, left_out=0)
    found = entries(module_of(probes), findings_of(), {"val": judged})
    assert [(entry.name, entry.group) for entry in found] == [
        ("attention@1", "attention"),
        ("attention@2", "attention"),
        ("s2@1", "structural probe (s2, best of 2 on val)"),
        ("s2@2", "structural probe (s2, best of 2 on val)"),
    ]


def test_only_what_differs_in_nothing_but_the_draw_is_a_line() -> None:
    structural = {
        f"layer_{layer}_twin_{draw}": StructuralProbe(layer=layer, encoder=f"twin_{draw}")
        for layer in (1, 2)
        for draw in (1, 2)
    }
    module = module_of(structural, twin_1=True, twin_2=True)
    kind = "random initialisation: structural probe"
    found = entries(module, findings_of(), {})
    assert [(entry.name, entry.group, entry.encoder) for entry in found] == [
        (f"layer_{layer}_twin_{draw}", f"{kind} (layer {layer})", f"twin_{draw}")
        for layer in (1, 2)
        for draw in (1, 2)
    ]
    correct = {name: 3 if "layer_2" in name else 2 for name in structural}
    judged = Undirected(correct, {}, total=9, sentences=1, left_out=0)
    groups = {entry.group for entry in entries(module, findings_of(), {"val": judged})}
    assert groups == {f"{kind} (layer 2, best of 2 on val)"}
    probes: dict[str, Any] = {
        "a_1": AttentionProbe(encoder="twin_1"),
        "a_2": AttentionProbe(encoder="twin_2", learning_rate=0.5),
        "b_2": AttentionProbe(encoder="twin_2"),
    }
    groups = {entry.group for entry in entries(module_of(probes, **draws()), findings_of(), {})}
    kind = "random initialisation: attention"
    assert groups == {f"{kind} (a_1)", f"{kind} (a_2)", f"{kind} (b)"}
    other = module_of({}, **draws())
    other.encoders["twin_2"] = Encoder(name="another-model", random_init=True)
    kind = "random initialisation: best single head of"
    groups = {e.group for e in entries(other, findings_of("best-twin_1", "best-twin_2"), {})}
    assert groups == {f"{kind} twin_1", f"{kind} twin_2"}


def draws() -> dict[str, bool]:
    return {"twin_1": True, "twin_2": True}


def test_the_best_head_of_random_weights_is_called_that() -> None:
    (entry,) = entries(module_of({}, main=True), findings_of("best-head"), {})
    assert entry.group == "random initialisation: best single head"


def test_files_hold_every_cell_and_what_it_means() -> None:
    lines = [["a_b (2 draws)", "27.5 (25.0–30.0)", "–", "40.0", "0.81", "80 & more"]]
    text = markdown("Trees (test: x_y)", lines, ["A note."])
    assert text.splitlines()[2] == f"| {' | '.join(COLUMNS)} |"
    assert text.splitlines()[4] == f"| {' | '.join(lines[0])} |"
    assert text.endswith("\n\nA note.\n")
    source = latex("Trees (test: x_y)", lines, ["A note."])
    assert r"a\_b (2 draws) & 27.5 (25.0--30.0) & -- & 40.0 & 0.81 & 80 \& more \\" in source
    assert r"\caption{Trees (test: x\_y)}" in source
    assert "% A note." in source
    rows = [line for line in source.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(COLUMNS) - 1}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_takes_whatever_a_name_may_hold(tmp_path: Path) -> None:
    name = "a_b#c (3-9 dep->head) 50% {x} ~y ^z <w> |v| \\u $t & é"
    lines = [[name, "27.5 (25.0–30.0)", "–", "40.0", "0.81", "80 (UUAS)"]]
    (tmp_path / "table.tex").write_text(latex(name, lines, [name]), encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass[twocolumn]{article}\n\\usepackage{array,booktabs}\n"
        "\\begin{document}\n\\input{table.tex}\n\\end{document}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout


def test_lines_of_the_file_of_undirected_edges() -> None:
    assert list(undirected_rows(UNDIRECTED)) == [
        ("a", 30, 100, "0.300000", "", 20, 1),
        ("b", 50, 100, "0.500000", "", 20, 1),
        ("c", 45, 100, "0.450000", "0.812500", 20, 1),
    ]


@pytest.fixture
def parts() -> list[Part]:
    rows = [(RELATION, "all"), (RELATION, "nsubj"), (DISTANCE, "-7 and below"), (DISTANCE, "+1"),
            (DISTANCE, "ROOT"), (LENGTH, "1-9"), (LENGTH, "50 and more")]  # fmt: skip
    return [
        Part(name, by, value, float(correct), 10)
        for name, correct in (("a", 5), ("b", 5), ("c", 2), ("d", 8))
        for by, value in rows
    ]


def test_the_figure_adds_draws_and_joins_what_is_the_same(parts: list[Part]) -> None:
    listed = [Entry("a", "one"), Entry("b", "other"), Entry("c", "draws"), Entry("d", "draws")]
    figure = breakdown_figure(parts, [*listed, Entry("nowhere", "structural")])
    distance, length, relation = figure.axes
    assert [line.get_label() for line in distance.lines[::2]] == ["one = other = draws"]
    assert list(length.lines[0].get_ydata()) == [50, 50]
    assert list(relation.lines[0].get_xdata()) == [50]
    assert [tick.get_text() for tick in distance.get_xticklabels()] == ["≤−7", "+1", "ROOT"]
    assert png(figure).startswith(b"\x89PNG")


def test_the_figure_has_no_sums_of_relations_and_its_labels_do_not_touch() -> None:
    values = [(RELATION, row) for row in ("all", "nsubj", "nsubj:*")]
    values += [(DISTANCE, row) for row in DISTANCE_ROWS] + [(LENGTH, row) for row in LENGTH_ROWS]
    figure = breakdown_figure([Part("a", *v, 1.0, 2) for v in values], [Entry("a", "one")])
    figure.dpi = 200  # as in the file
    figure.canvas.draw()
    distance, length, relation = figure.axes
    assert [tick.get_text() for tick in relation.get_yticklabels()] == ["nsubj"]
    for panel in (distance, length):
        boxes = [tick.get_window_extent() for tick in panel.get_xticklabels()]
        assert len(boxes) > 5
        assert all(left.x1 + 8 < right.x0 for left, right in pairwise(boxes))


def test_the_packaged_job_names_what_the_table_compares() -> None:
    path = Path(__file__).parents[1] / "configs" / "table3.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert config["report"] == {"trees": True}
    layers = [
        probe["init_args"]["layer"]
        for probe in config["model"]["probes"].values()
        if probe["class_path"].endswith("StructuralProbe")
    ]
    assert layers == list(range(7))
    random = {probe["init_args"].get("encoder") for probe in config["model"]["probes"].values()}
    assert random - {None} == set(config["model"]["encoders"])
