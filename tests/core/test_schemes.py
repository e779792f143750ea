"""Schemes by their labels, and the map of relations on sentences annotated by hand in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from probing.core.schemes import (
    STANFORD_TO_UD,
    TABLE_1,
    Scheme,
    in_the_paper,
    recognised,
    scheme_of,
    universal,
)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "schemes.md"

# Sentences with both analyses: a line a word, its head and relation in Stanford Dependencies, then
# in UD 2. Written by the manuals' definitions.
BOTH = """
The 2 det 2 det
dog 4 poss 4 nmod:poss
's 2 possessive 2 case
owner 5 nsubj 5 nsubj
gave 0 root 0 root
up 5 prt 5 compound:prt
three 8 num 8 nummod
houses 5 dobj 5 obj
in 5 prep 10 case
town 9 pobj 5 obl

She 4 nsubjpass 4 nsubj:pass
was 4 auxpass 4 aux:pass
not 4 neg 4 advmod
told 0 root 0 root
that 11 mark 11 mark
both 8 preconj 8 cc:preconj
stone 8 nn 8 compound
walls 11 nsubj 11 nsubj
and 8 cc 10 cc
gates 8 conj 8 conj
looked 4 ccomp 4 ccomp
old 11 acomp 11 xcomp

All 3 predet 3 det:predet
the 3 det 3 det
birds 6 nsubj 6 nsubj
that 5 nsubj 5 nsubj
sing 3 rcmod 3 acl:relcl
want 0 root 0 root
to 8 aux 8 mark
leave 6 xcomp 6 xcomp
soon 8 advmod 8 advmod
before 8 prep 11 mark
eating 10 pcomp 8 advcl
old 13 amod 13 amod
seeds 11 dobj 11 obj

There 2 expl 2 expl
are 0 root 0 root
about 5 quantmod 5 advmod
two 5 number 5 compound
thousand 6 num 6 nummod
seats 2 nsubj 2 nsubj
painted 6 partmod 6 acl
white 7 acomp 7 xcomp
"""


def both_trees() -> list[list[tuple[int, int, str, int, str]]]:
    """Sentences of (word, Stanford head, relation, UD head, relation)."""
    trees = []
    for block in BOTH.strip().split("\n\n"):
        words = [line.split() for line in block.splitlines()]
        trees.append([(i, int(w[1]), w[2], int(w[3]), w[4]) for i, w in enumerate(words, start=1)])
    return trees


def test_the_map_holds_on_sentences_annotated_in_both_schemes() -> None:
    seen = set()
    for tree in both_trees():
        ud = {word: (head, relation) for word, _, _, head, relation in tree}
        for word, head, relation, _, _ in tree:
            if relation == "root":
                continue
            seen.add(relation)
            counterpart = STANFORD_TO_UD[relation]
            if not counterpart.relations:
                assert ud[word][0] != head, f"{relation} of word {word}: the same edge in UD"
                assert ud.get(head, (0, ""))[0] != word, f"{relation} of word {word}: swapped in UD"
                continue
            if counterpart.edge == "same":
                assert ud[word][0] == head, f"{relation} of word {word}"
                assert ud[word][1] in counterpart.relations
            elif counterpart.edge == "swapped":
                assert ud[head][0] == word, f"{relation} of word {word}"
                assert ud[head][1] in counterpart.relations
            else:
                assert ud[word][0] != head, f"{relation} of word {word}"
    assert seen >= {*TABLE_1, "cc", "pcomp", "possessive", "rcmod"}


def test_table_1_is_the_papers() -> None:
    """The fourteen relations of its rows, in its order."""
    expected = "prep pobj det nn nsubj amod dobj advmod aux poss auxpass ccomp mark prt"
    assert list(TABLE_1) == expected.split()


def test_the_documented_map_is_the_one_in_the_code() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| `[a-z]+` \| (`|no counterpart)", line)
    ]
    documented = {}
    for stanford, ud, edge, *_ in rows:
        relations = () if ud == "no counterpart" else tuple(re.findall(r"`([a-z:]+)`", ud))
        documented[stanford.strip("`")] = (relations, edge)
    in_code = {
        name: (c.relations, c.edge if c.relations else "") for name, c in STANFORD_TO_UD.items()
    }
    assert documented == in_code
    assert list(documented) == list(in_code)
    assert len(rows) == len(documented)


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ("root det nsubj obj punct", "UD"),
        ("root nsubj:pass obl:agent aux:pass", "UD"),
        ("root case nmod:poss", "UD"),
        ("root nsubjpass auxpass case nmod dobj", "UD"),  # UD 1
        ("root subj comp:obj mod udep", "SUD"),
        ("root subj@pass comp:aux@pass det", "SUD"),
        ("root udep case", "SUD"),
        ("root nsubj prep pobj dobj nn poss", "Stanford"),
        ("root nsubjpass auxpass prep pobj", "Stanford"),
        ("root nsubj dobj nsubjpass auxpass det", "unknown"),  # Stanford or UD 1
        ("root nsubj det punct", "unknown"),
        ("root nsubj prep pobj case nmod compound relcl", "unknown"),  # spaCy's English
        ("root subj obj comp mod prep arg det", "unknown"),  # ISST-TANL
        ("SBJ OBJ NMOD PMOD ROOT", "unknown"),  # CoNLL 2008
        ("suj obj mod ats det dep", "unknown"),  # French Treebank
        ("comp_obj case", "unknown"),
        ("nsubj obj comp:obj", "unknown"),
        ("", "unknown"),
    ],
)
def test_labels_decide_or_do_not(labels: str, name: str) -> None:
    assert recognised(labels.split()) == name
    assert recognised(["all", "poss+clitic", *reversed(labels.split())]) == name


def test_what_the_user_says_counts_and_a_contradiction_is_said() -> None:
    trees = ["nsubj", "obj", "root"]
    assert scheme_of(trees) == Scheme("UD", "labels", "UD")
    assert str(scheme_of(trees)) == "UD (by its labels)"
    assert str(scheme_of(trees, "UD")) == "UD (as given)"
    assert scheme_of(trees, "Stanford").name == "Stanford"
    assert str(scheme_of(trees, "Stanford")) == "Stanford (as given, though its labels say UD)"
    assert str(scheme_of(["root"], "SUD")) == "SUD (as given)"
    assert "--data.scheme" in str(scheme_of(["root"]))
    assert scheme_of(["root"]).name == "unknown"


def test_a_universal_relation_is_what_comes_before_the_subtype() -> None:
    assert universal("nsubj:pass") == universal("nsubj") == "nsubj"
    assert universal("comp:obj@x") == "comp"
    assert universal("subj@pass") == "subj@pass"
    assert universal("nmod:att:x") == "nmod"
    assert scheme_of(["root"]).separators == ":"
    in_sud = scheme_of(["udep"]).separators
    for label in ("subj@pass", "subj$x", "subj/m", "subj:x@y", "subj/m:x", "subj"):
        assert universal(label, in_sud) == "subj"
    assert universal(":x") == ""


def test_other_names_in_the_paper_are_said_of_the_relations_that_are_there() -> None:
    said = in_the_paper(["all", "det", "obj", "case", "obj:lvc"])
    names = "case (pobj, dependent and head swapped), obj (dobj)"
    assert said == f"Relations with another name in the paper's Table 1: {names}."
    assert in_the_paper(["all", "det", "nsubj"]) == ""
