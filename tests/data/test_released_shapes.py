"""Files in the shapes in which treebanks and coreference are released, and what is right for each.

The sentences are made up. Windows are made of them as in a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from letters import Letters

from probing.core.errors import ProbingError
from probing.core.terms import ALL
from probing.core.windows import Window
from probing.counting.subtypes import roll_ups
from probing.data import CoreferenceData, DependencyData
from probing.data.formats.conllu import read_conllu
from probing.data.store import EdgeWindows
from probing.data.tasks.base import WITHHELD
from probing.data.tasks.punctuation import UNTOLD
from probing.reports.described import describe
from probing.reports.wording import wording_of

LETTERS = Letters(limit=500, pad_id=0)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))


def row(
    number: object, form: str, head: object, relation: str, *, misc: str = "_",
    upos: str = "_", xpos: str = "_",
) -> str:  # fmt: skip
    return f"{number}\t{form}\t_\t{upos}\t{xpos}\t_\t{head}\t{relation}\t_\t{misc}"


def sentence(text: str, *values: str, upos: str = "_") -> str:
    """``form/head/relation`` words, with values of ``Entity=``, and the empty line behind them."""
    found = []
    for number, word in enumerate(text.split(), start=1):
        form, head, relation = word.split("/")
        value = values[number - 1] if number <= len(values) else ""
        misc = f"Entity={value}" if value else "_"
        found.append(row(number, form, head, relation, misc=misc, upos=upos))
    return "\n".join(found) + "\n\n"


def write(folder: Path, content: str, name: str = "a.conllu") -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def trees(path: str, **options: object) -> EdgeWindows:
    return DependencyData(test=path, tokenizer=LETTERS, **options).open("test")


def coreference(path: str, **options: object) -> EdgeWindows:
    return CoreferenceData(test=path, tokenizer=LETTERS, **options).open("test")


def windows(corpus: EdgeWindows) -> list[Window]:
    return corpus.windows(range(len(corpus)))


def anchors_in(corpus: EdgeWindows, row: str = ALL) -> int:
    """How many anchors a head can be right about."""
    number = corpus.census.rows.index(row)
    asked = ((r, g) for w in windows(corpus) for r, g in zip(w.rows, w.gold, strict=True))
    return sum(number in rows and any(gold) for rows, gold in asked)


def words(corpus: EdgeWindows) -> Iterator[str]:
    for window in windows(corpus):
        yield from window.words


SEES = "Otto/2/nsubj sees/0/root Lund/2/obj"
HIDDEN = "_/2/nsubj _/0/root _/2/obj"


# Text that may not be given


def test_sentences_without_their_text_are_left_out(tmp_path: Path) -> None:
    content = f"# text = _ ___\n{sentence(HIDDEN)}{sentence(SEES)}{sentence('_/2/obj sees/0/root')}"
    corpus = trees(write(tmp_path, content))
    assert [list(w.words) for w in windows(corpus)] == [["Otto", "sees", "Lund"], ["_", "sees"]]
    assert corpus.census.left_out == {WITHHELD: 1}
    assert "1 whose text is withheld" in describe("test", corpus)


@pytest.mark.parametrize("opened", [trees, coreference])
def test_nothing_but_withheld_text_is_refused(opened: type, tmp_path: Path) -> None:
    fields = "# global.Entity = eid\n"
    path = write(tmp_path, fields + sentence(HIDDEN, "(a)", "", "(a)") * 3)
    with pytest.raises(ProbingError, match=r"a\.conllu: .* 3 whose text is withheld"):
        opened(path)


def test_a_file_of_a_folder_without_its_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    write(tmp_path / "bank", sentence(HIDDEN) * 2, "xx_a-ud-test.conllu")
    write(tmp_path / "bank", sentence(SEES), "xx_b-ud-test.conllu")
    corpus = trees(str(tmp_path / "bank"))
    said = describe("test", corpus)
    assert "nothing used of xx_a-ud-test.conllu" in said
    assert "xx_b" not in said


@pytest.mark.parametrize(
    ("line", "what"), [(row(2, "", 1, "obj"), "form"), (row(2, "a", 1, ""), "relation")]
)
@pytest.mark.parametrize("name", ["a.conllu", "a.conllx"])
def test_an_empty_form_or_relation_is_a_fault(
    name: str, line: str, what: str, tmp_path: Path
) -> None:
    path = write(tmp_path, f"{row(1, 'Otto', 0, 'root')}\n{line}\n", name)
    with pytest.raises(ProbingError, match=rf"{name}:2: expected a {what}"):
        trees(path)


# What else a treebank holds

SINGS = "She/2/nsubj sings/0/root"
BROKEN_TEXT = (
    "# global.Entity = eid\n"
    + sentence(SEES, "(a)", "(b", "c)")
    + sentence("She/2/nsubj sings/0/root", "(a)")
)


def test_trees_are_scored_though_mentions_are_broken(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN_TEXT)
    corpus = trees(path)
    assert (corpus.census.used, int(corpus.anchors.sum())) == (2, 5)
    assert f"(1; the first: {path}:3: expected" in describe("test", corpus)


def test_broken_mentions_are_dropped_and_the_others_scored(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN_TEXT)
    corpus = coreference(path)
    assert int(corpus.anchors.sum()) == 1
    assert corpus.census.counts["mentions that could not be read, dropped"] == 2
    said = describe("test", corpus)
    assert f"the first: {path}:3:" in said
    with pytest.raises(ProbingError, match=r"a\.conllu:3: expected an entity"):
        coreference(path, strict=True)


@pytest.mark.parametrize(
    "header", ["", "# global.Entity = etype-identity\n"], ids=["undeclared", "no id"]
)
@pytest.mark.parametrize("values", [("(person)", "", "(place)"), ("(person", "", "")])
def test_named_entities_are_no_coreference(
    header: str, values: Sequence[str], tmp_path: Path
) -> None:
    path = write(tmp_path, header + sentence(SEES, *values) * 2)
    assert int(trees(path).anchors.sum()) == 6
    with pytest.raises(ProbingError, match=r"0 mentions, 0 anaphors, 2 sentences with Entity="):
        coreference(path)


OLD = sentence(SEES, "(person-1)", "", "(place-2)") + sentence(SEES, "(person-3)", "", "(place-2)")


def test_a_type_before_the_entity_is_named_by_the_line_to_add(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match=r"'# global\.Entity = etype-eid'"):
        coreference(write(tmp_path, OLD))
    found = coreference(write(tmp_path, f"# global.Entity = etype-eid\n{OLD}"))
    assert int(found.anchors.sum()) == 1
    assert found.census.counts["mentions of entities with one mention, dropped"] == 2


def test_no_coreference_as_in_ancora(tmp_path: Path) -> None:
    generic = sentence(SINGS, "(NOCOREF:Gen--1-x)")
    content = f"# global.Entity = eid-etype-head-other\n{generic * 3}"
    content += sentence(SINGS, "(c1--1-)") * 2
    assert int(coreference(write(tmp_path, content)).anchors.sum()) == 1


# Heads that nobody annotated

PARTIAL = "Otto/2/nsubj sees/0/root Lund/_/_ now/_/obj"


@pytest.mark.parametrize("name", ["a.conllu", "a.conllx"])
def test_words_without_a_head_are_no_anchors(name: str, tmp_path: Path) -> None:
    corpus = trees(write(tmp_path, sentence(PARTIAL) + sentence("a/_/_ b/_/_"), name))
    (window,) = windows(corpus)
    assert list(window.words) == ["Otto", "sees", "Lund", "now"]
    assert list(window.anchors) == [0, 1]
    assert [list(gold) for gold in window.gold] == [[2], [0]]
    census = corpus.census
    assert census.counts["words without a head, which are no anchors"] == 2
    assert census.faults == {"words without a head": 1}
    assert census.left_out == {"none of whose words has a head": 1}
    assert census.rows == [ALL, "nsubj", "root"]


def test_heads_of_partial_annotation_are_minus_one(tmp_path: Path) -> None:
    (found,) = read_conllu(write(tmp_path, sentence(PARTIAL)))
    assert list(found.heads) == [2, 0, -1, -1]


def test_a_possessor_without_a_head_asks_nothing(tmp_path: Path) -> None:
    corpus = trees(write(tmp_path, sentence("Ann/_/nmod:poss 's/1/case boat/0/root")))
    (window,) = windows(corpus)
    assert list(window.anchors) == [1, 2]


# Punctuation


def penn2malt(mark: str, tag: str, name: str = "a.conllx") -> tuple[str, str]:
    lines = [
        row(1, "Birds", 2, "SUB", upos="NNS", xpos="NNS"),
        row(2, "sing", 0, "ROOT", upos="VBP", xpos="VBP"),
        row(3, mark, 2, "P", upos=tag, xpos=tag),
    ]
    return "\n".join(lines) + "\n\n", name


@pytest.mark.parametrize("tag", [".", ",", ":", "``", "''", "-LRB-"])
def test_punctuation_without_its_label_is_told_by_penn_tags(tag: str, tmp_path: Path) -> None:
    corpus = trees(write(tmp_path, *penn2malt("!", tag)))
    assert anchors_in(corpus) == 1
    assert anchors_in(corpus, "P") == 1
    assert wording_of(corpus.terms).title == "Unlabelled attachment without punctuation"


def test_punctuation_without_its_label_is_told_by_universal_tags(tmp_path: Path) -> None:
    lines = [
        row(1, "Birds", 2, "SUB", upos="NOUN", xpos="."),
        row(2, "sing", 0, "ROOT", upos="VERB"),
        row(3, "!", 2, "P", upos="PUNCT"),
    ]
    corpus = trees(write(tmp_path, "\n".join(lines) + "\n"))
    assert anchors_in(corpus) == 1


def test_the_label_decides_where_a_file_has_it(tmp_path: Path) -> None:
    """The word that a tag calls punctuation is none, then: the guidelines decide."""
    content, name = penn2malt("!", ".")
    both = content + content.replace("\tP\t", "\tpunct\t")
    corpus = trees(write(tmp_path, both, name))
    assert anchors_in(corpus) == 3
    # Each file of a folder by itself.
    (tmp_path / "bank").mkdir()
    write(tmp_path / "bank", content, "a.conllx")
    write(tmp_path / "bank", content.replace("\tP\t", "\tpunct\t"), "b.conllx")
    assert anchors_in(trees(str(tmp_path / "bank"))) == 2


@pytest.mark.parametrize("label", ["punct", "punct:x", "punct@x"])
def test_labels_of_punctuation(label: str, tmp_path: Path) -> None:
    corpus = trees(write(tmp_path, sentence(f"Birds/2/nsubj sing/0/root !/2/{label}")))
    assert anchors_in(corpus) == 1


def test_where_nothing_tells_punctuation_no_table_says_that_it_is_left_out(tmp_path: Path) -> None:
    corpus = trees(write(tmp_path, "Birds 2-SUB\nsing 0-ROOT\n! 2-P\n", "a.txt"))
    assert anchors_in(corpus) == 2
    words = wording_of(corpus.terms)
    assert "without punctuation" not in f"{words.title} {words.scope} {words.counted} {words.note}"
    assert "1 sentences in files where neither" in describe("test", corpus)
    tagged = trees(write(tmp_path, sentence("Birds/2/SUB sing/0/ROOT", upos="X")))
    assert wording_of(tagged.terms).scope == "without punctuation"  # it is known that there is none


# Labels and tags

SUD = (
    "we/3/subj to/3/mod$purp see/0/root him/3/comp:obj@x now/3/mod could/3/comp:aux at/3/udep "
    "and/3/conj/m go/3/conj"
)


def test_labels_of_sud_are_added_up(tmp_path: Path) -> None:
    lines = [
        row(number, form, head, relation)
        for number, (form, head, relation) in enumerate(
            (word.split("/", 2) for word in SUD.split()), start=1
        )
    ]
    path = write(tmp_path, "\n".join(lines) + "\n\n" + sentence("go/0/root now/1/mod$x"))
    corpus = trees(path)
    assert roll_ups(corpus.census.rows, corpus.terms.subtypes) == ["mod:*", "comp:*", "conj:*"]
    assert corpus.units.of_heads["mod:*"] == 2  # of two sentences
    assert corpus.units.of_heads["comp:*"] == corpus.units.of_heads["conj:*"] == 1
    # The same labels elsewhere are what they are.
    other = trees(path, scheme="UD")
    assert roll_ups(other.census.rows, other.terms.subtypes) == ["comp:*"]
    assert other.units.of_heads["comp:*"] == 1
    assert other.units.of_heads["mod:*"] == 1  # of `mod`, without `mod$purp`
    assert trees(path, scheme="SUD").terms.subtypes == corpus.terms.subtypes


def test_tags_are_those_of_the_penn_treebank_by_file(tmp_path: Path) -> None:
    def tags(*pairs: tuple[str, str], name: str = "a.conllu") -> list[str]:
        lines = [
            row(i, "w", i - 1, "dep", upos=u, xpos=x) for i, (u, x) in enumerate(pairs, start=1)
        ]
        (found,) = read_conllu(write(tmp_path, "\n".join(lines) + "\n", name))
        return list(found.tags)

    penn = [("NOUN", "NN"), ("PRON", "PRP"), ("PUNCT", "-LRB-"), ("PUNCT", ".")]
    assert tags(*penn) == ["NN", "PRP", "PUNCT", "."]
    # In the shape of a treebank with a tagset of its own, where PRP is a preposition.
    own = [("NOUN", "N"), ("ADP", "PRP"), ("VERB", "V"), ("NOUN", "NN")]
    assert tags(*own) == ["NOUN", "ADP", "VERB", "NOUN"]
    assert tags(*[("NOUN", "NN")] * 19, ("X", "foreign")) == ["NN"] * 19 + ["X"]
    assert tags(*[("NOUN", "NN")] * 18, ("X", "foreign")) == ["NOUN"] * 18 + ["X"]
    assert tags(*[("NOUN", "_")] * 18, ("NOUN", "NN")) == ["NOUN"] * 18 + ["NN"]


# Escapes

BRACKETS = "Ann/2/nsubj left/0/root -LRB-/4/punct early/2/advmod -RRB-/4/punct"


def test_brackets_are_as_they_were_written(tmp_path: Path) -> None:
    path = write(tmp_path, sentence(BRACKETS))
    corpus = trees(path)
    assert list(words(corpus)) == ["Ann", "left", "(", "early", ")"]
    assert "escapes of the Penn Treebank, undone" in describe("test", corpus)
    kept = trees(path, escapes="keep")
    assert list(words(kept)) == ["Ann", "left", "-LRB-", "early", "-RRB-"]
    assert "escapes" not in describe("test", kept)


@pytest.mark.parametrize(
    ("text", "third"), [("Ann left (early)", "("), ("Ann left -LRB- early -RRB-", "-LRB-")]
)
def test_a_text_says_whether_a_bracket_is_one(text: str, third: str, tmp_path: Path) -> None:
    (found,) = read_conllu(write(tmp_path, f"# text = {text}\n{sentence(BRACKETS)}"))
    assert found.words[2] == third
    assert found.text == text
    start, end = found.spans[2]
    assert found.text[start:end] == third


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (sentence(BRACKETS), "a.conllx"),
        ("Ann 2-nsubj\nleft 0-root\n-LRB- 4-punct\nearly 2-advmod\n-RRB- 4-punct\n", "a.txt"),
    ],
)
def test_escapes_can_be_kept_in_every_format(content: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path, content, name)
    assert list(words(trees(path)))[2] == "("
    assert list(words(trees(path, escapes="keep")))[2] == "-LRB-"


def test_a_reader_of_ones_own_decides_by_itself(tmp_path: Path) -> None:
    def mine(path: str) -> Iterator[object]:
        yield from read_conllu(path)

    path = write(tmp_path, sentence(BRACKETS))
    with pytest.raises(ProbingError, match=r"--data\.escapes keep: expected a reader of ours"):
        trees(path, escapes="keep", reader=mine)
    assert list(words(trees(path, escapes="keep", reader=read_conllu)))[2] == "-LRB-"


# Names and columns

ONTONOTES = """\
#begin document (a); part 000
a   0   0   Tom   NNP   (TOP(S(NP*)   -   -   -   -   *   (1)
a   0   1   says   VBZ   (VP*   -   -   -   -   *   -
a   0   2   he   PRP   (S(NP*)   -   -   -   -   *   (1)
a   0   3   sings   VBZ   (VP*)))))   -   -   -   -   *   -

#end document
"""


@pytest.mark.parametrize(
    "name",
    "a_gold_conll a.gold_conll a.auto_conll a.v4_auto_conll a.v9_gold_conll a.conll "
    "a.v4_parsed_conll".split(),
)  # fmt: skip
def test_files_of_ontonotes_by_their_names(name: str, tmp_path: Path) -> None:
    assert int(coreference(write(tmp_path, ONTONOTES, name)).anchors.sum()) == 1


def test_columns_as_in_litbank(tmp_path: Path) -> None:
    empty = "\t".join(["_"] * 8)
    cells = [("Tom", "(1)"), ("slept", ""), ("since", ""), ("he", "(1)"), ("could", "")]
    lines = [f"a\t0\t{i}\t{form}\t{empty}\t{last}" for i, (form, last) in enumerate(cells)]
    content = "\n".join(["#begin document (a); part 0", *lines, "", "#end document", ""])
    for name in ("tabs_gold_conll", "a_brat.conll"):
        corpus = coreference(write(tmp_path, content, name))
        assert int(corpus.anchors.sum()) == 1
        by = "mentions with a head found by the last word before a preposition or relative pronoun"
        assert corpus.census.counts[by] == 2


def test_a_conll_file_without_documents_is_one_of_trees(tmp_path: Path) -> None:
    assert anchors_in(trees(write(tmp_path, sentence(SEES), "a.conll"))) == 2


def plus(names: str, *rows: str) -> str:
    return "\n".join([f"# global.columns = {names}", *(r.replace(" ", "\t") for r in rows), "", ""])


PARSEME = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC PARSEME:MWE"


@pytest.mark.parametrize("name", ["a.conllup", "a.cupt", "a.conllu"])
def test_columns_that_are_declared(name: str, tmp_path: Path) -> None:
    content = plus(
        PARSEME,
        "1 Ann _ PROPN _ _ 2 nsubj _ _ *",
        "2 gave _ VERB _ _ 0 root _ SpaceAfter=No 1:VPC",
        "3 up _ ADP _ _ 2 compound:prt _ _ 1",
    )
    (found,) = read_conllu(write(tmp_path, content, name))
    assert list(found.heads) == [2, 0, 2]
    assert found.text == "Ann gaveup"
    assert list(found.upos) == ["PROPN", "VERB", "ADP"]
    assert anchors_in(trees(write(tmp_path, content, name))) == 2


def test_columns_in_another_order_and_without_some(tmp_path: Path) -> None:
    content = plus("DEPREL HEAD FORM ID XPOS", "nsubj 2 Ann 1 NNP", "root 0 gave 2 VBD")
    (found,) = read_conllu(write(tmp_path, content))
    assert list(found.words) == ["Ann", "gave"]
    assert list(found.heads) == [2, 0]
    assert list(found.tags) == ["NNP", "VBD"]
    assert not found.upos


def test_columns_without_trees_have_none(tmp_path: Path) -> None:
    path = write(tmp_path, plus("ID FORM MISC", "1 Ann Entity=(a)", "2 sings _"), "a.conllup")
    with pytest.raises(ProbingError, match="1 none of whose words has a head"):
        trees(path)


@pytest.mark.parametrize("names", ["ID LEMMA", "FORM", "ID FORM FORM", ""])
def test_columns_that_say_too_little_are_refused(names: str, tmp_path: Path) -> None:
    path = write(tmp_path, plus(names, "1 Ann"), "a.conllup")
    with pytest.raises(ProbingError, match=r"a\.conllup:1: expected different names of columns"):
        trees(path)


def test_another_number_of_columns_than_declared_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, plus(PARSEME, "1 Ann _ PROPN _ _ 0 root _ _"), "a.cupt")
    with pytest.raises(ProbingError, match=r"a\.cupt:2: expected 11 columns .* found 10"):
        trees(path)


# Wordpieces, and spans that end too late


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            '{"sentences": [["[CLS]", "Bar", "##ak", "left", "[SEP]"]], '
            '"clusters": [[[1, 2]]], "subtoken_map": [0, 0, 0, 1, 1]}',
            r"a\.jsonl:1: expected words, not wordpieces",
        ),
        (
            '{"sentences": [["Ann", "said", "she", "left"]], "clusters": [[[0, 1], [2, 3]]]}',
            "none of one word among 2, though 'she'",
        ),
        (
            '{"sentences": [["It", "saw", "her"], ["It"]], "clusters": [[[0, 0], [2, 3]]]}',
            "its last word included",
        ),
    ],
)
def test_json_lines_of_something_else_are_refused(line: str, why: str, tmp_path: Path) -> None:
    path = write(tmp_path, line + "\n", "a.jsonl")
    with pytest.raises(ProbingError, match=why):
        coreference(path)


PENN = ("Birds", "NNS", "SUB"), ("sing", "VBP", "ROOT"), (".", ".", "P")


@pytest.mark.parametrize(
    ("upos", "xpos", "marks"),
    [
        (("NNS", "VBP", "."), ("NNS", "VBP", "."), 1),  # Penn's in both columns
        (("NOUN", "VERB", "PUNCT"), ("_", "_", "_"), 1),
        (("NOUN", "VERB", "."), ("_", "_", "_"), 1),  # the twelve tags of before UD
        (("NOUN", "VERB", "X"), ("_", "_", "_"), 0),  # nothing is punctuation, and that is told
        (("N", "V", "Z"), ("_", "_", "_"), None),  # nothing tells
    ],
)
def test_tags_that_are_not_universal_tell_by_penns(
    tmp_path: Path, upos: tuple[str, ...], xpos: tuple[str, ...], marks: int | None
) -> None:
    heads = (2, 0, 2)
    path = tmp_path / "a.conllu"
    path.write_text(
        "".join(
            f"{n}\t{word}\t_\t{own}\t{tag}\t_\t{head}\t{label}\t_\t_\n"
            for n, ((word, _, label), own, tag, head) in enumerate(
                zip(PENN, upos, xpos, heads, strict=True), start=1
            )
        )
        + "\n"
    )
    windows = DependencyData(test=str(path), tokenizer=Letters(64)).open("test")
    batch = windows[[0]]
    every = batch.rows.index("all")
    assert int(batch.member[0, :, every].sum()) == 3 - (marks or 0)
    assert (windows.census.counts[UNTOLD] == 1) == (marks is None)
