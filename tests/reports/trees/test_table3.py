"""The table, its lines and files; what stands in it comes from counts."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from matplotlib.figure import Figure

from probing.counting.tallies import Score
from probing.counting.trees.metrics import DISTANCE_ROWS, LENGTH_ROWS
from probing.counting.trees.undirected import Undirected
from probing.encoder import Encoder
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe, StructuralProbe
from probing.reports.figures.heads import png
from probing.reports.latex import latex
from probing.reports.trees.breakdown import DISTANCE, LENGTH, RELATION, Part
from probing.reports.trees.figure import breakdown_figure
from probing.reports.trees.lines import entries
from probing.reports.trees.table3 import (
    CAPTION,
    COLUMNS,
    SHORT,
    TABLE,
    Entry,
    Shares,
    entry_rows,
    lines_of,
    markdown,
    undirected_rows,
)

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
    overall = {name: Score(name, "all", 1.0, 2) for name in names}
    return SimpleNamespace(overall=overall, best_over_all=best)


def test_draws_are_a_line_with_mean_and_range() -> None:
    shares = Shares(uas={"a": 0.25, "b": 0.30, "d": 0.5}, tree={"b": 0.4}, undirected=UNDIRECTED)
    listed = [
        Entry("a", "random", 30, encoder="twin_1"),
        Entry("d", "other"),
        Entry("b", "random", 30, encoder="twin_2"),
    ]
    assert lines_of(listed, shares) == [
        ["random (2 draws)", "27.5 (25.0–30.0)", "40.0", "40.0 (30.0–50.0)", "–", "30"],
        ["other", "50.0", "–", "–", "–", ""],
    ]
    edges = [Entry("c", "c", 80, is_undirected=True)]
    assert lines_of(edges, shares)[0][3:] == ["45.0", "0.81", "80 (UUAS)"]
    seeds = [Entry("a", "mine", seed=1), Entry("b", "mine", seed=2)]
    assert lines_of(seeds, shares)[0][0] == "mine (2 seeds)"
    both = [Entry(k, "x", encoder=k, seed=s) for k in "ab" for s in (1, 2, 3)]
    assert lines_of(both, shares)[0][0] == "x (2 draws, 3 seeds)"


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
        ("right-branching", "right-branching", 26),
        ("best-offset", "best fixed offset (+1)", None),
        ("best-twin_1", "random initialisation: best single head", None),
        ("best-other", "best head of other", None),
        ("best-head", "best single head (3-9 both)", None),
        ("far", "distances and words", 58),
        ("r1", "random initialisation: attention and words", 30),
        ("r2", "random initialisation: attention and words", 30),
        ("mine", "attention", 61),
        ("words", "attention and words", 77),
        ("s2", "structural probe (layer 2, best of 2 on val)", 80),
        ("special", "special", None),
    ]
    both = [entry.group for entry in entries(module, findings, {}) if entry.name in ("s1", "s2")]
    assert both == ["structural probe (layer 1)", "structural probe (layer 2)"]


def test_the_published_uuas_is_no_uas() -> None:
    probes = {"words": AttentionWordsProbe(), "s": StructuralProbe()}
    found = entries(module_of(probes), findings_of("right-branching"), {})
    assert {entry.name: entry.is_undirected for entry in found} == {
        "right-branching": False,
        "words": False,
        "s": True,
    }


STRUCTURAL = "structural probe"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([(1, 8), (2, 8)], ["layer 1", "layer 2"]),
        ([(2, None), (3, None), (3, 64)], ["layer 2", "layer 3", "layer 3, rank 64"]),
        ([(3, 32), (3, 64)], ["rank 32", "rank 64"]),
        ([(None, None), (None, 64)], ["full rank", "rank 64"]),
        ([(1, None), (1, None)], ["p0", "p1"]),
        ([(1, 8), (1, 8), (2, 8)], ["p0", "p1", "p2"]),
        ([(None, 8), (2, 8)], ["p0", "p1"]),
    ],
)
def test_layer_and_rank_tell_structural_probes_apart_where_they_do(
    options: list[tuple[int | None, int | None]], said: list[str]
) -> None:
    probes = {f"p{k}": StructuralProbe(layer=x, rank=r) for k, (x, r) in enumerate(options)}
    found = entries(module_of(probes), findings_of(), {})
    assert [entry.group for entry in found] == [f"{STRUCTURAL} ({each})" for each in said]
    judged = Undirected({"p1": 3}, {}, total=9, sentences=1, left_out=0)
    (best,) = entries(module_of(probes), findings_of(), {"val": judged})
    assert (best.name, best.group) == (
        "p1",
        f"{STRUCTURAL} ({said[1]}, best of {len(said)} on val)",
    )


def test_layers_of_two_models_are_called_by_their_names() -> None:
    probes = {"here": StructuralProbe(layer=1), "there": StructuralProbe(layer=2, encoder="other")}
    module = module_of(probes, other=False)
    module.encoders["other"] = Encoder(name="another-model")
    groups = [entry.group for entry in entries(module, findings_of(), {})]
    assert groups == [f"{STRUCTURAL} (here)", f"{STRUCTURAL} (there)"]


def test_without_an_edge_to_judge_by_no_layer_is_the_best() -> None:
    probes = {f"s{layer}": StructuralProbe(layer=layer) for layer in (0, 1)}
    nothing = Undirected({"s0": 0, "s1": 0}, {}, total=0, sentences=3, left_out=0)
    found = entries(module_of(probes), findings_of(), {"val": nothing})
    assert [e.group for e in found] == [f"{STRUCTURAL} (layer 0)", f"{STRUCTURAL} (layer 1)"]


def test_the_file_for_programs_has_each_draw_by_itself() -> None:
    shares = Shares(uas={"a": 0.25, "b": 1 / 3}, tree={"b": 0.4}, undirected=UNDIRECTED)
    listed = [
        Entry("a", "random", 30, encoder="twin_1"),
        Entry("b", "random", 30, encoder="twin_2"),
        Entry("c", "layers (layer 3, best of 2 on val)", 80, is_undirected=True),
        Entry("d", "nothing"),
    ]
    rows = [dict(zip(TABLE, row, strict=True)) for row in entry_rows(listed, shares)]
    assert ",".join(TABLE) == "line,probe,encoder,uas,uas_tree,uuas,spearman,paper"
    assert rows == [
        {
            "line": "random", "probe": "a", "encoder": "twin_1", "uas": "0.250000",
            "uas_tree": "", "uuas": "0.300000", "spearman": "", "paper": "0.300000",
        },
        {
            "line": "random", "probe": "b", "encoder": "twin_2", "uas": "0.333333",
            "uas_tree": "0.400000", "uuas": "0.500000", "spearman": "", "paper": "0.300000",
        },
        {
            "line": "layers (layer 3, best of 2 on val)", "probe": "c", "encoder": "", "uas": "",
            "uas_tree": "", "uuas": "0.450000", "spearman": "0.812500", "paper": "0.800000",
        },
        {
            "line": "nothing", "probe": "d", "encoder": "", "uas": "",
            "uas_tree": "", "uuas": "", "spearman": "", "paper": "",
        },
    ]  # fmt: skip


def test_the_notes_say_which_sentences_count_where() -> None:
    assert replace(UNDIRECTED, left_out=0).scope == "20 sentences, 0 that are no tree."
    scope = replace(UNDIRECTED, left_out=1010).scope
    assert scope.startswith("1,030 sentences, 1,010 that are no tree. ")
    assert "UAS counts all words of all sentences" in scope
    assert "UUAS and distances only the 20 that are trees" in scope
    assert "wrong for the best head" in scope
    assert "not for probes" in scope


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
    assert text.splitlines()[3] == "|---|---:|---:|---:|---:|---:|"
    assert text.splitlines()[4] == f"| {' | '.join(lines[0])} |"
    assert text.endswith("\n\nA note.\n")
    source = latex(
        SHORT, lines, label="tab:trees", caption=["Of x_y.", "50% so."], notes=["A note.", "1\n2"]
    )
    assert (
        r"a\_\allowbreak{}b (2 draws) & 27.5 (25.0--30.0) & -- & 40.0 & 0.81 & 80 \& more \\"
        in source
    )
    written = source.splitlines()
    assert written[-3:] == [
        r"\caption{Of x\_\allowbreak{}y. 50\% so.}",
        r"\label{tab:trees}",
        r"\end{table*}",
    ]
    assert {"% A note.", "% 1", "% 2"} < set(written)
    rows = [line for line in written if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(COLUMNS) - 1}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_takes_whatever_a_name_may_hold(tmp_path: Path) -> None:
    name = "a_b#c (3-9 dep->head) 50% {x} ~y ^z <w> |v| \\u $t & é"
    lines = [[name, "27.5 (25.0–30.0)", "–", "40.0", "0.81", "80 (UUAS)"]]
    long = replace(UNDIRECTED, left_out=9).scope
    drawn = " and ".join(f"wwwww heads_of_an_encoder_with_a_longer_name_{k}" for k in range(9))
    caption = [f"Trees (test: a_treebank-ud-test.conllu, {name}).", drawn, CAPTION, long]
    source = latex(SHORT, lines, label="tab:trees", caption=caption, notes=[name])
    (tmp_path / "table.tex").write_text(source, encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass[twocolumn]{article}\n\\usepackage{array,booktabs}\n"
        "\\begin{document}\n\\input{table.tex}Table~\\ref{tab:trees}\n\\end{document}\n"
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


def labels(figure: Figure) -> list[str]:
    return [str(line.get_label()) for line in figure.axes[0].lines[::2]]


def test_the_figure_keeps_the_order_of_the_table(parts: list[Part]) -> None:
    """Also where what is the same comes late, and more is there than can be shown."""
    kinds = [(RELATION, "all"), (DISTANCE, "+1"), (LENGTH, "1-9")]
    many = [Part(f"p{k}", *kind, float(k), 20) for k in range(10) for kind in kinds]
    same = [replace(part, probe="same") for part in many if part.probe == "p0"]
    listed = [Entry(f"p{k}", f"p{k}") for k in range(10)]
    figure = breakdown_figure([*many, *same], [*listed, Entry("same", "same")], title="here")
    assert labels(figure) == ["p0 = same", *(f"p{k}" for k in range(1, 9))]
    assert title_of(figure) == "here\nthe first 9 of 10 lines"
    few = breakdown_figure([*many, *same], [listed[1], listed[0], Entry("same", "same")])
    assert labels(few) == ["p1", "p0 = same"]
    assert title_of(few) == ""


def title_of(figure: Figure) -> str:
    return figure.legends[0].get_title().get_text()


def test_the_figure_says_of_how_many_a_line_is_the_mean(parts: list[Part]) -> None:
    draws = [Entry(name, "random", encoder=name) for name in ("c", "d")]
    seeds = [Entry(name, "mine", seed=k) for k, name in enumerate(("a", "b", "c"))]
    figure = breakdown_figure(parts, [*draws, *seeds])
    assert labels(figure) == ["random (2 draws)", "mine (3 seeds)"]


def test_the_legend_of_the_figure_is_not_cut_off(parts: list[Part]) -> None:
    long = "random initialisation: attention and words of a probe whose name is long (a, b$c$) "
    listed = [Entry("a", long), Entry("b", f"{long} as well"), Entry("c", f"{'name_' * 30}")]
    title = f"test: {'a_treebank-' * 12}ud-test.conllu\n/{'folder/' * 20}a-model"
    figure = breakdown_figure(parts, listed, title=title)
    figure.dpi = 200
    figure.canvas.draw()
    (legend,) = figure.legends
    inside = figure.bbox
    for text in (*legend.get_texts(), legend.get_title()):
        box = text.get_window_extent()
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1
        assert box.y1 <= inside.y1
    assert legend.get_window_extent().y0 > figure.axes[0].get_window_extent().y1
    assert figure.axes[0].get_window_extent().height > 1.5 * 200  # inches are left to look at
    said = " ".join(legend.get_texts()[0].get_text().split())
    assert said == f"{long.strip()} = {long} as well".replace("  ", " ").replace("$", r"\$")


def test_the_figure_has_one_word_for_one_thing(parts: list[Part]) -> None:
    distance, length, relation = breakdown_figure(parts, [Entry("a", "one")]).axes
    names = {distance.get_ylabel(), length.get_ylabel(), relation.get_xlabel()}
    assert names == {"UAS (%)"}


def test_the_figure_has_no_sums_of_relations_and_its_labels_do_not_touch() -> None:
    values = [(RELATION, row) for row in ("all", "punct", "nsubj", "nsubj:*")]
    values += [(DISTANCE, row) for row in DISTANCE_ROWS] + [(LENGTH, row) for row in LENGTH_ROWS]
    figure = breakdown_figure([Part("a", *v, 1.0, 2) for v in values], [Entry("a", "one")])
    figure.dpi = 200  # as in the file
    figure.canvas.draw()
    distance, length, relation = figure.axes
    assert [tick.get_text() for tick in relation.get_yticklabels()] == ["nsubj (2)"]
    for panel in (distance, length):
        boxes = [tick.get_window_extent() for tick in panel.get_xticklabels()]
        assert len(boxes) > 5
        assert all(left.x1 + 8 < right.x0 for left, right in pairwise(boxes))


def test_the_packaged_job_names_what_the_table_compares() -> None:
    path = Path(__file__).parents[3] / "configs" / "table3.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert config["report"] == {"trees": True}
    layers = [
        probe["init_args"]["layer"]
        for probe in config["model"]["probes"].values()
        if probe["class_path"].endswith("StructuralProbe")
    ]
    assert layers == ["all"]
    random = {probe["init_args"].get("encoder") for probe in config["model"]["probes"].values()}
    assert random - {None} == set(config["model"]["encoders"])
