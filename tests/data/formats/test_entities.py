"""Mentions in CoNLL-U: styles of brackets, what is broken, and a round trip through a file."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.core.sentences import BROKEN, Mention, Sentence
from probing.data.formats.conllu import read_conllu
from probing.data.formats.entities import UNDECLARED, WITHOUT_ID, tree_head

Spans = set[tuple[tuple[int, ...], str]]

GUM = "GRP-etype-infstat-salience-centering-minspan-link-identity"
OLD_GUM = "entity-GRP-infstat-MIN-coref_type-identity"
COREFUD = "eid-etype-head-other"


def row(number: object, misc: str = "_", head: object = None) -> str:
    """A word: its head is the one before it, if not given; an empty node has none."""
    if head is None:
        head = int(str(number)) - 1 if str(number).isdigit() else "_"
    return f"{number}\tw{number}\t_\tNOUN\tNN\t_\t{head}\tdep\t_\t{misc}"


def rows(*values: str) -> list[str]:
    """Words with these values of ``Entity=``, empty for none."""
    return [row(i, f"Entity={v}" if v else "_") for i, v in enumerate(values, start=1)]


def read(folder: Path, lines: Sequence[str], fields: str | None = COREFUD) -> list[Sentence]:
    """What comes of one document."""
    path = folder / "some.conllu"
    header = ["# newdoc id = story", *([] if fields is None else [f"# global.Entity = {fields}"])]
    path.write_text("\n".join([*header, *lines, "", ""]), encoding="utf-8")
    return list(read_conllu(str(path)))


def spans(sentence: Sentence) -> Spans:
    found = [(tuple(m.words), m.entity) for m in sentence.mentions]
    assert len(set(found)) == len(found)
    return set(found)


def one(folder: Path, lines: Sequence[str], fields: str | None = COREFUD) -> Spans:
    (sentence,) = read(folder, lines, fields)
    return spans(sentence)


# Styles


def test_brackets_as_in_gum(tmp_path: Path) -> None:
    lines = rows(
        "(1-person-new-cf1-1-coref(2-place-giv:act-n-2-ana)", "1)", "", "(3-object-new-cf2-1-sgl)"
    )
    assert one(tmp_path, lines, GUM) == {((0, 1), "1"), ((0,), "2"), ((3,), "3")}


def test_brackets_as_in_gum_of_old(tmp_path: Path) -> None:
    lines = rows("(person-1-new-1-coref(place-2-giv-1-ana)", "person-1)", "(person-1)")
    assert one(tmp_path, lines, OLD_GUM) == {((0, 1), "1"), ((0,), "2"), ((2,), "1")}
    assert one(tmp_path, rows("(person-7-new", "7)"), OLD_GUM) == {((0, 1), "7")}


def test_brackets_as_in_ontogum(tmp_path: Path) -> None:
    lines = rows("(1", "(2)", "1)", "", "(1)")
    expected = {((0, 1, 2), "1"), ((1,), "2"), ((4,), "1")}
    assert one(tmp_path, lines, "GRP") == one(tmp_path, lines, "GRP-etype") == expected


def test_brackets_as_in_corefud(tmp_path: Path) -> None:
    lines = rows("(e1-person-2-", "e1)", "(e2[1/2]-place-1-x:y,z", "e2[1/2])", "", "(e2[2/2])")
    assert one(tmp_path, lines, COREFUD) == {((0, 1), "e1"), ((2, 3, 5), "e2")}


def test_a_mention_in_two_parts_has_a_gap(tmp_path: Path) -> None:
    lines = rows(
        "(e1[1/2]-person-1-", "(e2-thing-1-)e1[1/2])", "", "(e1[2/2]-person-1-", "e1[2/2])"
    )
    (sentence,) = read(tmp_path, lines, COREFUD)
    assert spans(sentence) == {((0, 1, 3, 4), "e1"), ((1,), "e2")}
    assert list(sentence.mentions[0].words) == [0, 1, 3, 4]


def test_three_parts_around_another_mention_of_the_entity(tmp_path: Path) -> None:
    lines = rows("(e1[1/3])", "(e1)", "(e1[2/3])", "", "(e1[3/3])")
    assert one(tmp_path, lines, COREFUD) == {((0, 2, 4), "e1"), ((1,), "e1")}


def test_the_entity_stands_where_the_header_says(tmp_path: Path) -> None:
    lines = rows("(person-a-1)", "(b)")
    assert one(tmp_path, lines, "etype-eid-head") == {((0,), "a"), ((1,), "b")}
    assert one(tmp_path, lines, "eid-etype-head") == {((0,), "person"), ((1,), "b")}


def test_each_document_may_name_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "two.conllu"
    blocks = []
    for name, fields, value in (("a", COREFUD, "(e1-x)"), ("b", OLD_GUM, "(x-9-new)")):
        blocks += [
            f"# newdoc id = {name}",
            f"# global.Entity = {fields}",
            row(1, f"Entity={value}"),
        ]
        blocks += ["", row(1, f"Entity={value}"), ""]
    path.write_text("\n".join(blocks) + "\n", encoding="utf-8")
    found = [(s.document, s.mentions[0].entity) for s in read_conllu(str(path))]
    assert found == [("a", "e1"), ("a", "e1"), ("b", "9"), ("b", "9")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Close the old one, open a new one on the same word.
        (["(e1", "e1)(e1", "e1)"], {((0, 1), "e1"), ((1, 2), "e1")}),
        (["(e1", "e1)(e1)"], {((0, 1), "e1"), ((1,), "e1")}),
        # Of nested ones of an entity the inner one closes first.
        (["(e1(e1", "e1)", "e1)"], {((0, 1), "e1"), ((0, 1, 2), "e1")}),
        (["(e1(e1)", "e1)"], {((0,), "e1"), ((0, 1), "e1")}),
        (["(e1", "(e1)e1)"], {((0, 1), "e1"), ((1,), "e1")}),
        (["(e1", "(e1", "e1)e1)"], {((0, 1, 2), "e1"), ((1, 2), "e1")}),
        # Others cross.
        (["(e1", "(e2", "e1)", "e2)"], {((0, 1, 2), "e1"), ((1, 2, 3), "e2")}),
        (["(e1(e2", "e1)", "e2)"], {((0, 1), "e1"), ((0, 1, 2), "e2")}),
        (["(e1(e2", "e1)e2)"], {((0, 1), "e1"), ((0, 1), "e2")}),
        # Names that begin alike are others.
        (["(1(11", "1)", "11)"], {((0, 1), "1"), ((0, 1, 2), "11")}),
        (["(e1)(e2)(e3", "e3)"], {((0,), "e1"), ((0,), "e2"), ((0, 1), "e3")}),
    ],
)
def test_mentions_of_one_sentence(tmp_path: Path, values: list[str], expected: Spans) -> None:
    assert one(tmp_path, rows(*values)) == expected


def test_mentions_come_by_first_word_and_longer_ones_first(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, rows("(b", "(c(d(e)", "d)", "b)(f)", "c)"))
    assert [m.entity for m in sentence.mentions] == ["b", "c", "d", "e", "f"]


# Rows that are no words, and MISC


def test_empty_nodes_are_no_words_but_their_brackets_count(tmp_path: Path) -> None:
    lines = [
        row(1, "Entity=(e1"),
        row("1.1", "Entity=(e2)"),
        row("1.2", "Entity=(e3"),
        row(2, "Entity=(e4"),
        row("2.1", "Entity=e4)"),
        row(3, "Entity=e1)e3)"),
    ]
    (sentence,) = read(tmp_path, lines)
    assert list(sentence.words) == ["w1", "w2", "w3"]
    # e2 has no words; e3 opens and e4 closes at a node without a word.
    assert spans(sentence) == {((0, 1, 2), "e1"), ((), "e2"), ((1, 2), "e3"), ((1,), "e4")}
    (empty,) = (m for m in sentence.mentions if m.entity == "e2")
    assert empty.head == -1


def test_an_empty_node_before_the_first_word(tmp_path: Path) -> None:
    lines = [row("0.1", "Entity=(e1(e2)"), row(1, "Entity=e1)")]
    assert one(tmp_path, lines) == {((0,), "e1"), ((), "e2")}


def test_multiword_ranges_are_no_words(tmp_path: Path) -> None:
    lines = [
        "1-2\tdu\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No",
        row(1, "Entity=(e1"),
        row(2, "_"),
        "3-4\tau\t_\t_\t_\t_\t_\t_\t_\t_",
        row(3, "Entity=e1)(e2)"),
        row(4, "Entity=(e3)"),
    ]
    assert one(tmp_path, lines) == {((0, 1, 2), "e1"), ((2,), "e2"), ((3,), "e3")}


@pytest.mark.parametrize(
    ("misc", "there"),
    [
        ("Entity=(e1)", True),
        ("SpaceAfter=No|Entity=(e1)", True),
        ("Bridge=e1<e2|Entity=(e1)|SpaceAfter=No|SplitAnte=e1<e3", True),
        ("Discourse=joint:9->8|Entity=(e1)|XML=<w Entity=(e2)>", True),
        ("_", False),
        ("SpaceAfter=No", False),
        ("MyEntity=(e1)", False),
        ("Entity_old=(e1)|Note=Entity=(e1)", False),
    ],
)
def test_entities_among_other_fields(tmp_path: Path, misc: str, there: bool) -> None:
    assert one(tmp_path, [row(1, misc)]) == ({((0,), "e1")} if there else set())


def test_a_file_without_entities_has_no_mentions(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, [row(1), row(2)])
    assert list(sentence.mentions) == []


# What is broken


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ("_ (e1 _", 2),  # stays open
        ("(e1 (e2 e1)", 2),
        ("(e1(e1 e1)", 1),
        ("_ e1)", 2),  # nothing to close
        ("(e1)e1)", 1),
        ("(e1 e2)", 2),
        ("(e1-x x)", 2),
        ("()", 1),
        (")", 1),
        ("(", 1),
        ("(e1))", 1),
        ("((e1)", 1),
        ("(e1)e2", 1),
        ("(e1) (e2", 2),
        ("(-person)", 1),  # no name
        ("(e1[1/2]) (e2)", 2),  # a part is missing
        ("(e1[2/2])", 1),
        ("(e1[2/2]) (e1[1/2])", 1),
        ("(e1[1/2]) (e1[1/2])", 2),  # a part comes twice
        ("(e1[1/2]) (e1[2/2]) (e1[2/2])", 3),
        ("(e1[1/3]) (e1[2/3]) (e1[2/3]) (e1[3/3])", 3),
        ("(e1[1/3]) (e1[3/3])", 2),  # a part is skipped
        ("(e1[1/2]) (e1[2/3])", 2),  # how many there are changes
        ("(e1[0/2])", 1),
        ("(e1[1/2]) (e1[3/2])", 2),
        ("(e1[1/2] e1)", 2),  # another is closed
    ],
)
def test_a_broken_bracket_is_found_where_it_is(tmp_path: Path, values: str, word: int) -> None:
    (sentence,) = read(tmp_path, rows(*values.replace("_", "").split(" ")))
    assert {complaint.kind for complaint in sentence.complaints} == {BROKEN}
    # File, line (the words come after two lines) and document.
    texts = [complaint.text for complaint in sentence.complaints]
    assert any(re.search(rf"some\.conllu:{word + 2}: ", text) for text in texts)
    assert all("story" in text for text in texts)


@pytest.mark.parametrize(
    ("values", "left", "complaints"),
    [
        ("(e1) (e2 e3)", {((0,), "e1")}, 2),
        ("(e1 (e2 e1)", {((0, 1, 2), "e1")}, 1),
        ("(e1(e1 e1)", {((0, 1), "e1")}, 1),
        ("(e1)e1)", {((0,), "e1")}, 1),
        ("(e1)) (e2)", {((0,), "e1"), ((1,), "e2")}, 1),
        ("(e1)() (e2)", {((0,), "e1"), ((1,), "e2")}, 1),
        ("(e1[1/2]) (e2)", {((1,), "e2")}, 1),
    ],
)
def test_what_is_not_broken_stays(
    tmp_path: Path, values: str, left: Spans, complaints: int
) -> None:
    (sentence,) = read(tmp_path, rows(*values.split(" ")))
    assert spans(sentence) == left
    assert len(sentence.complaints) == complaints
    assert list(sentence.heads) == list(range(len(values.split(" "))))


def test_a_mention_does_not_go_on_in_the_next_sentence(tmp_path: Path) -> None:
    first, second = read(tmp_path, [*rows("(e1", ""), "", *rows("e1)")])
    assert not first.mentions
    assert not second.mentions
    assert re.search(r"some\.conllu:3: .*story.*'e1'", first.complaints[0].text)
    assert re.search(r"some\.conllu:6: .*story.*'e1'", second.complaints[0].text)


def test_a_broken_bracket_of_an_empty_node_is_found(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, [row(1), row("1.1", "Entity=e1)"), row(2)])
    assert re.search(r"some\.conllu:4: .*story", sentence.complaints[0].text)


# Whose entities these are


def test_hyphens_belong_to_an_entity_that_is_the_last_field(tmp_path: Path) -> None:
    assert one(tmp_path, rows("(a-1", "(a-2)", "a-1)"), "eid") == {
        ((0, 1, 2), "a-1"),
        ((1,), "a-2"),
    }
    assert one(tmp_path, rows("(person-a-1", "a-1)", "(x-a-2)"), "etype-eid") == {
        ((0, 1), "a-1"),
        ((2,), "a-2"),
    }


def test_no_coreference_is_each_time_another_entity(tmp_path: Path) -> None:
    lines = rows("(NOCOREF:Gen--1-x", "(NOCOREF:Gen--1-x)", "NOCOREF:Gen)", "(e1)", "(e1)")
    found = one(tmp_path, [*lines, "", *lines][:5], COREFUD)
    assert len({entity for _, entity in found}) == 3
    first, second = read(tmp_path, [*lines, "", *lines])
    names = [m.entity for s in (first, second) for m in s.mentions]
    assert len(set(names)) == 5


def test_the_same_words_may_be_two_entities(tmp_path: Path) -> None:
    assert one(tmp_path, rows("(e1(e2", "e2)e1)")) == {((0, 1), "e1"), ((0, 1), "e2")}


@pytest.mark.parametrize(
    ("fields", "kind"), [(None, UNDECLARED), ("etype-identity", WITHOUT_ID), ("head", WITHOUT_ID)]
)
def test_what_declares_no_entity_is_no_coreference(
    tmp_path: Path, fields: str | None, kind: str
) -> None:
    (sentence,) = read(tmp_path, rows("(person", "(place)"), fields)
    assert not sentence.mentions
    (complaint,) = sentence.complaints
    assert complaint.kind == kind
    assert f"some.conllu:{2 if fields is None else 3}: expected a line" in complaint.text
    assert "as '# global.Entity" not in complaint.text


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("(abstract-1)", "etype-eid"),
        ("(e7-person-1-x)", "eid-other"),
        ("(person-3-new-1-coref", "etype-eid-other"),
    ],
)
def test_the_line_to_add_is_named_where_there_are_ids(
    tmp_path: Path, value: str, line: str
) -> None:
    (sentence,) = read(tmp_path, rows(value), None)
    assert f"'# global.Entity = {line}'" in sentence.complaints[0].text


# Heads


def naive_head(words: Sequence[int], heads: Sequence[int]) -> int:
    for word in words:
        parent = heads[word]  # counted from one
        outside = True
        for other in words:
            if parent == other + 1:
                outside = False
        if outside:
            return word
    return words[0]


@st.composite
def random_heads(draw: st.DrawFn) -> list[int]:
    size = draw(st.integers(1, 8))
    return [draw(st.integers(0, size).filter(lambda h, i=i: h != i + 1)) for i in range(size)]


@given(random_heads(), st.data())
def test_the_head_is_the_first_word_whose_own_head_lies_outside(
    heads: list[int], data: st.DataObject
) -> None:
    some = st.sets(st.integers(0, len(heads) - 1), min_size=1)
    words = sorted(data.draw(some))
    assert tree_head(words, heads) == naive_head(words, heads)


@pytest.mark.parametrize(
    ("words", "head"),
    [
        ([0, 1, 2], 2),  # the old dog
        ([0, 1], 0),  # both heads lie outside: the first
        ([2, 3, 4], 3),  # the root of the sentence
        ([4], 4),
        ([0, 4], 0),
    ],
)
def test_heads_of_a_plain_tree(words: list[int], head: int) -> None:
    # the old dog saw cats
    assert tree_head(words, [3, 3, 4, 0, 4]) == head


def test_words_that_head_each_other_have_the_first_as_head() -> None:
    assert tree_head([1, 2], [0, 3, 2]) == 1


def test_the_reader_takes_heads_from_the_tree(tmp_path: Path) -> None:
    lines = [
        row(1, "Entity=(e1", head=3),
        row(2, "Entity=(e2)", head=3),
        row(3, "Entity=e1)", head=0),
    ]
    (sentence,) = read(tmp_path, lines)
    assert list(map(plain, sentence.mentions)) == [((0, 1, 2), 2, "e1"), ((1,), 1, "e2")]
    assert "tree" in sentence.heads_by


def plain(mention: Mention) -> tuple[tuple[int, ...], int, str]:
    return tuple(mention.words), mention.head, mention.entity


# Round trip


@st.composite
def random_mentions(draw: st.DrawFn) -> tuple[int, Spans]:
    """Words of a sentence and mentions that brackets can tell apart.

    Mentions of one entity nest or lie apart, at most one of an entity has gaps; what belongs to
    different entities may cross.
    """
    size = draw(st.integers(1, 8))
    found: Spans = set()
    for _ in range(draw(st.integers(0, 8))):
        entity = draw(st.sampled_from(["e1", "e2", "e11", "x"]))
        if draw(st.integers(0, 3)):
            first = draw(st.integers(0, size - 1))
            words = tuple(range(first, draw(st.integers(first, size - 1)) + 1))
        else:
            words = tuple(sorted(draw(st.sets(st.integers(0, size - 1), min_size=1))))
        of_entity = [w for w, e in found if e == entity]
        gaps = len(runs(words)) > 1
        if gaps and any(len(runs(w)) > 1 for w in of_entity):
            continue
        crosses = False
        for other in of_entity:
            for a, b in ((words, other), (other, words)):
                if not gaps and len(runs(other)) == 1:
                    crosses |= a[0] < b[0] < a[-1] < b[-1]
        if not crosses:
            found.add((words, entity))
    return size, found


def runs(words: Sequence[int]) -> list[list[int]]:
    """Words without gaps."""
    found: list[list[int]] = []
    for word in words:
        if found and found[-1][-1] == word - 1:
            found[-1].append(word)
        else:
            found.append([word])
    return found


def written(size: int, mentions: Spans, style: str, rng: random.Random) -> list[str]:
    """The values of ``Entity=`` of a sentence: what ends closes, then what begins opens."""
    pieces: list[tuple[int, int, str]] = []
    for words, entity in mentions:
        parts = runs(words)
        for n, part in enumerate(parts, start=1):
            name = entity if len(parts) == 1 else f"{entity}[{n}/{len(parts)}]"
            pieces.append((part[0], part[-1], name))
    rng.shuffle(pieces)
    values = []
    for word in range(size):
        value = ""
        for first, last, name in sorted(pieces, key=lambda p: -p[0]):  # inner ones first
            if last == word and first < word:
                value += f"person-{name})" if style == OLD_GUM else f"{name})"
        for first, last, name in sorted(pieces, key=lambda p: -p[1]):  # outer ones first
            if first == word:
                value += {
                    "GRP": f"({name}",
                    GUM: f"({name}-person-new-cf1-{rng.randint(1, 9)}-coref",
                    OLD_GUM: f"(person-{name}-new-{rng.randint(1, 9)}-coref",
                    COREFUD: f"({name}-person-1-",
                }[style]
                value += ")" if last == word else ""
        values.append(value)
    return values


@pytest.mark.parametrize("style", ["GRP", GUM, OLD_GUM, COREFUD])
@given(chosen=st.lists(random_mentions(), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_mentions_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    style: str,
    chosen: list[tuple[int, Spans]],
    seed: int,
) -> None:
    rng = random.Random(seed)
    lines: list[str] = []
    heads: list[list[int]] = []
    for size, mentions in chosen:
        heads.append([rng.choice([h for h in range(size + 1) if h != w + 1]) for w in range(size)])
        for i, value in enumerate(written(size, mentions, style, rng), start=1):
            fields = [f"Entity={value}"] if value else []
            fields += rng.sample(["SpaceAfter=No", "Bridge=e1<e2", "Gloss=(e1"], rng.randint(0, 3))
            rng.shuffle(fields)
            if i % 2 and i < size and rng.random() < 0.3:
                lines.append(f"{i}-{i + 1}\tww\t_\t_\t_\t_\t_\t_\t_\t_")
            lines.append(row(i, "|".join(fields) or "_", head=heads[-1][i - 1]))
            if rng.random() < 0.2:
                lines.append(row(f"{i}.1"))
        lines.append("")
    found = read(tmp_path_factory.mktemp("trip"), lines, style)
    assert len(found) == len(chosen)
    for sentence, (_, mentions), of_sentence in zip(found, chosen, heads, strict=True):
        assert spans(sentence) == mentions
        for mention in sentence.mentions:
            assert mention.head == naive_head(mention.words, of_sentence)
        order = [(m.words[0], -len(m.words)) for m in sentence.mentions]
        assert order == sorted(order)


def test_a_value_without_brackets_is_a_fault_only_where_entities_are_declared(
    tmp_path: Path,
) -> None:
    """Other treebanks keep kinds of names there: ``Entity=PER``."""
    line = "1\tAnna\t_\tPROPN\tNNP\t_\t0\troot\t_\tEntity=PER\n\n"
    path = tmp_path / "names.conllu"
    path.write_text(line, encoding="utf-8")
    [sentence] = read_conllu(str(path))
    assert not sentence.mentions
    assert not sentence.complaints
    path.write_text(f"# global.Entity = eid-etype\n{line}", encoding="utf-8")
    [sentence] = read_conllu(str(path))
    assert "brackets of entities" in sentence.complaints[0].text


def test_without_any_head_a_rule_without_syntax_finds_them(tmp_path: Path) -> None:
    lines = [
        "\t".join([str(i), form, "_", tag, "_", "_", "_", "_", "_", misc])
        for i, (form, tag, misc) in enumerate(
            [("the", "DET", "Entity=(e1"), ("dog", "NOUN", "_"), ("of", "ADP", "_"),
             ("Ann", "PROPN", "Entity=(e2)e1)")], start=1)
    ]  # fmt: skip
    (sentence,) = read(tmp_path, lines)
    assert list(map(plain, sentence.mentions)) == [((0, 1, 2, 3), 1, "e1"), ((3,), 3, "e2")]
    assert "tree" not in sentence.heads_by
    assert list(sentence.heads) == [-1] * 4


def test_words_without_a_head_come_after_those_with_one(tmp_path: Path) -> None:
    assert tree_head([0, 1, 2], [-1, 4, 2, 0]) == 1
    assert tree_head([0, 1], [-1, -1, 0]) == 0
    assert tree_head([0, 1], [2, 1]) == 0
