"""Categories of words, of the file and guessed from forms, against plain loops over sentences."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from letters import Letters

from probing.core.category_rules import CATEGORIES, FORM, GOLD
from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data import DependencyData, lexicons, word_tags
from probing.data.lexicons import counted, open_lexicon
from probing.data.sources.files import open_source
from probing.data.store import EdgeWindows
from probing.data.word_tags import Lexicon, Words

Tagged = Sequence[tuple[str, str]]
BUILTIN = "builtin:documents=6,seed={}"


def naive_first(counts: Counter[str]) -> str:
    """The most frequent; the first by name of several."""
    return min(counts, key=lambda tag: (-counts[tag], tag))


def naive_guess(form: str, seen: Iterable[tuple[str, str]]) -> str:
    """Of the form, else of its last three letters, two, one, else of everything that was seen."""
    known = [(word.lower(), tag) for word, tag in seen if tag != "_"]
    form = form.lower()
    for letters in (None, 3, 2, 1, 0):

        def key(word: str, n: int | None = letters) -> str:
            return word if n is None else word[len(word) - n :] if n <= len(word) else word

        own = Counter(tag for word, tag in known if key(word) == key(form))
        if own:
            return naive_first(own)
    return "_"


def names(tags: np.ndarray) -> list[str]:
    return [CATEGORIES[tag] if tag >= 0 else "_" for tag in tags.tolist()]


def sentences_of(source: str) -> list[Sentence]:
    return list(open_source(source, None).read())


def tagged(sentences: Iterable[Sentence]) -> Tagged:
    return [(w, t) for s in sentences for w, t in zip(s.words, s.upos, strict=True)]


def of_split(corpus: EdgeWindows, family: str) -> list[str]:
    return names(corpus.rules.tags[family])


@pytest.fixture(scope="module")
def data() -> Callable[..., DependencyData]:
    def make(**sources: str | None) -> DependencyData:
        given = {"train": None, "val": None, "test": None} | sources
        return DependencyData(**given, tokenizer=Letters(limit=400, pad_id=0))  # type: ignore[arg-type]

    return make


def test_a_form_is_what_it_is_most_often_elsewhere() -> None:
    seen = [("Run", "VERB"), ("run", "NOUN"), ("RUN", "VERB"), ("sun", "NOUN"), ("gun", "NOUN")]
    seen += [("a", "X"), ("at", "ADP"), ("odd", "_")]
    lexicon = Lexicon.learnt("text", counted([sentence_of(seen)]))
    for form in ("run", "sun", "bun", "un", "n", "an", "at", "bat", "t", "a", "ba", "z", "odd", ""):
        assert names(np.array([lexicon.tag(form)])) == [naive_guess(form, seen)], form
    # By the form; by three letters; by one: two of NOUN against VERB's two, first by name.
    assert names(np.array([lexicon.tag(f) for f in ("run", "bun", "an")])) == [
        *("VERB", "NOUN", "NOUN")
    ]


def sentence_of(pairs: Tagged, upos: bool = True) -> Sentence:
    words, tags = zip(*pairs, strict=True)
    heads = [0, *[1] * (len(words) - 1)]
    relations = ["root", *["dep"] * (len(words) - 1)]
    annotated = {"upos": tags} if upos else {"xpos": tags}
    return Sentence(words, heads, relations, (), "d", 1, **annotated)


def test_tags_of_test_are_learnt_on_the_training_data(data: Callable[..., DependencyData]) -> None:
    train, val, test = (BUILTIN.format(seed) for seed in (1, 2, 3))
    opened = data(train=train, val=val, test=test)
    seen = tagged(sentences_of(train))
    for split, source in (("val", val), ("test", test)):
        corpus = opened.split(split)
        own = tagged(sentences_of(source))
        guesses = {form: naive_guess(form, seen) for form in {w for w, _ in own}}
        assert of_split(corpus, FORM) == [guesses[word] for word, _ in own]
        assert of_split(corpus, GOLD) == [tag for _, tag in own]
        right = sum(guesses[word] == tag for word, tag in own)
        assert corpus.rules.counted[FORM] == {
            "learnt_on": train,
            "right": right,
            "words": len(own),
        }
        assert f"{100 * right / len(own):.1f}% of {len(own):,} words right" in corpus.rules.said[0]
    assert opened.split("train").rules.tags == {}  # nobody scores heads there


def test_without_training_data_each_document_learns_from_the_others(
    data: Callable[..., DependencyData],
) -> None:
    val, test = BUILTIN.format(2), BUILTIN.format(3)
    opened = data(val=val, test=test)
    sentences = sentences_of(val)
    expected = []
    for sentence in sentences:
        others = tagged(s for s in sentences if s.document != sentence.document)
        expected += [naive_guess(word, others) for word in sentence.words]
    assert of_split(opened.split("val"), FORM) == expected
    everything = tagged(sentences)
    own = tagged(sentences_of(test))
    guesses = {form: naive_guess(form, everything) for form in {w for w, _ in own}}
    assert of_split(opened.split("test"), FORM) == [guesses[word] for word, _ in own]
    assert "there each document's on the others" in opened.split("val").rules.said[0]


CONLLU = "\n".join(
    f"{i}\t{form}\t_\t{upos}\t{xpos}\t_\t{head}\t{relation}\t_\t_"
    for i, (form, upos, xpos, head, relation) in enumerate(
        [
            ("The", "{}", "DT", 2, "det"),
            ("dogs", "{}", "NNS", 4, "nsubj"),
            ("will", "{}", "MD", 4, "aux"),
            ("bark", "{}", "VB", 0, "root"),
            ("(", "{}", "-LRB-", 6, "punct"),
            ("he", "{}", "PRP", 4, "parataxis"),
            ("$", "{}", "$", 4, "dep"),
            ("…", "{}", "…", 4, "punct"),
        ],
        start=1,
    )
)
UNIVERSAL = "DET NOUN AUX VERB PUNCT PRON SYM PUNCT".split()


def write(path: Path, *upos: Sequence[str], documents: bool = False, xpos: bool = True) -> str:
    """A sentence for each list of UPOS."""
    blocks = []
    for number, tags in enumerate(upos):
        text = CONLLU.format(*tags)
        if not xpos:
            text = "\n".join(
                "\t".join("_" if k == 4 else cell for k, cell in enumerate(line.split("\t")))
                for line in text.splitlines()
            )
        blocks.append(f"# newdoc id = {number}\n{text}" if documents or not number else text)
    path.write_text("\n\n".join(blocks) + "\n\n", encoding="utf-8")
    return str(path)


NOTHING = ["_"] * 8


def test_penn_tags_are_turned_where_there_is_no_upos(
    tmp_path: Path, data: Callable[..., DependencyData]
) -> None:
    test = write(tmp_path / "a.conllu", NOTHING, ["X", *UNIVERSAL[1:7], "_"])
    corpus = data(test=test).split("test")
    assert of_split(corpus, GOLD) == [*UNIVERSAL, "X", *UNIVERSAL[1:]]
    # Rules go by windows, whatever their order in a batch.
    assert corpus.rules.starts.tolist() == [0, 8]
    # The source is read in the same way.
    lexicon = open_lexicon(test, None, "undo")
    assert lexicon is not None
    assert names(np.array([lexicon.tag(form) for form in ("dogs", "(", "…")])) == [
        *("NOUN", "PUNCT", "PUNCT")
    ]


def test_tags_that_are_not_those_of_penn_are_none(
    tmp_path: Path, data: Callable[..., DependencyData]
) -> None:
    own = write(tmp_path / "a.conllu", NOTHING).replace("MD", "VMFIN")
    text = Path(own).read_text(encoding="utf-8").replace("\tMD\t", "\tVMFIN\t")
    Path(own).write_text(text.replace("\tVB\t", "\tVVINF\t"), encoding="utf-8")
    corpus = data(test=own, val=own).split("test")
    assert corpus.rules.tags == {}
    assert [said.split(":")[0] for said in corpus.rules.said] == [
        "no rules by form",
        "no rules by the data's tags",
    ]
    assert all(name.startswith("offset=") for name in corpus.terms.baselines)
    assert corpus[[0]].baselines.shape[-1] == 20


@pytest.mark.parametrize("documents", [True, False])
def test_sentences_learn_from_the_others_where_documents_are_not_told(
    tmp_path: Path, data: Callable[..., DependencyData], documents: bool
) -> None:
    odd = ["X", *UNIVERSAL[1:]]
    val = write(tmp_path / "a.conllu", UNIVERSAL, UNIVERSAL, odd, documents=documents)
    corpus = data(val=val, test=val).split("val")
    # Of two others, DET and X: the first by name. Of two that say DET, DET.
    assert of_split(corpus, FORM)[::8] == ["DET", "DET", "DET"]
    alone = write(tmp_path / "b.conllu", UNIVERSAL, documents=documents)
    assert set(of_split(data(val=alone, test=val).split("val"), FORM)) == {"_"}


def test_rules_are_left_out_where_a_split_has_no_tags(
    tmp_path: Path, data: Callable[..., DependencyData]
) -> None:
    """What is chosen on one split must be in the other."""
    bare = write(tmp_path / "bare.conllu", NOTHING, xpos=False)
    full = write(tmp_path / "full.conllu", UNIVERSAL, NOTHING, documents=True, xpos=False)
    found = {
        "a": data(val=full, test=bare),
        "b": data(val=bare, test=full),
        "c": data(train=full, val=bare, test=bare),
        "d": data(train=bare, val=full, test=full),
        "e": data(test=full),
        "f": data(train=bare, test=full),
        "g": data(train=bare, val=bare, test=bare),
    }
    families = {
        name: [list(own.split(split).rules.tags) for split in ("val", "test") if own.sources[split]]
        for name, own in found.items()
    }
    assert families == {
        "a": [[FORM], [FORM]],
        "b": [[], []],
        "c": [[FORM], [FORM]],
        "d": [[FORM, GOLD], [FORM, GOLD]],
        "e": [[GOLD]],
        "f": [[GOLD]],
        "g": [[], []],
    }
    for own in found.values():
        terms = [own.split(s).terms for s in ("val", "test") if own.sources[s] is not None]
        assert all(one.baselines == terms[0].baselines for one in terms)
    # Nobody can say how many are right where nobody knows what is.
    assert found["a"].split("test").rules.said[-1].endswith("on the others")
    with pytest.raises(ProbingError, match="no such file"):
        _ = data(train=str(tmp_path / "none.conllu"), test=full).split("test")


def test_only_the_rules_that_were_asked_for_are_tried(tmp_path: Path) -> None:
    full = write(tmp_path / "full.conllu", UNIVERSAL, UNIVERSAL)
    found = {}
    for rules in (["form"], ["gold"], ["gold", "form"], []):
        own = DependencyData(val=full, test=full, tokenizer=Letters(limit=400), rules=rules)  # type: ignore[arg-type]
        corpus = own.split("test")
        found[" ".join(rules)] = (list(corpus.rules.tags), len(corpus.rules.said))
        families = {name.partition("=")[0] for name in corpus.terms.baselines}
        assert families == {"offset", *corpus.rules.tags}
    assert found == {
        "form": ([FORM], 1),
        "gold": ([GOLD], 1),
        "gold form": ([FORM, GOLD], 2),
        "": ([], 0),
    }


def test_words_are_counted_the_same_in_a_source_and_in_windows() -> None:
    source = BUILTIN.format(4)
    opened = DependencyData(test=source, tokenizer=Letters(limit=400, pad_id=0)).split("test")
    words = Words.of(opened.table.data.table)
    assert words.counts == {f: dict(own) for f, own in counted(sentences_of(source)).items()}


def test_a_lexicon_is_learnt_once_and_anew_when_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.conllu"
    learnt: list[int] = []

    def counting(sentences: Iterable[Sentence]) -> lexicons.Counts:
        learnt.append(1)
        return counted(sentences)

    monkeypatch.setattr(lexicons, "counted", counting)
    write(path, UNIVERSAL)
    first = open_lexicon(str(path), None, "undo")
    assert open_lexicon(str(path), None, "undo") == first
    assert len(learnt) == 1
    write(path, ["X"] * 8)
    changed = open_lexicon(str(path), None, "undo")
    assert changed is not None
    assert names(np.array([changed.tag("dogs")])) == ["X"]
    assert len(learnt) == 2


def test_counting_many_words_at_once_or_few_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(3)
    vocabulary = ["run", "running", "sing", "string", "a", "ran", "s"]
    forms = draw.integers(0, len(vocabulary), 300).astype(np.int32)
    tags = draw.integers(-1, 4, 300).astype(np.int8)
    words = Words(vocabulary, forms, tags)
    together = np.repeat(np.arange(30), 10)
    for units in (together, draw.permutation(together)):  # documents may take turns
        whole = words.by_the_others(units)
        for some in (1, 7, 64):
            monkeypatch.setattr(word_tags, "_AT_ONCE", some)
            assert np.array_equal(words.by_the_others(units), whole)
            assert words.counts == Words(vocabulary, forms, tags).counts
        monkeypatch.undo()


def test_what_is_told_apart_by_words_takes_few_bytes_a_word(tmp_path: Path) -> None:
    source = BUILTIN.format(60)
    opened = DependencyData(test=source, tokenizer=Letters(limit=400, pad_id=0)).split("test")
    table = pa.concat_tables([opened.table.data.table] * 1500)
    words = Words.of(table)
    units = np.arange(len(words.forms)) // 20
    count, at_once = len(words.forms), word_tags._AT_ONCE
    assert count > 2 * at_once
    tracemalloc.start()  # NumPy tells it of its arrays
    for work, most in (
        (lambda: Words.of(table), 20 * count),
        (lambda: words.by_the_others(units), 30 * count + 400 * at_once),
    ):
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        work()
        assert tracemalloc.get_traced_memory()[1] - before < most
    tracemalloc.stop()
