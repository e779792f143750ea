"""Readers of annotation refuse a damaged file in words, or read what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import naive_coreference
import naive_readers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import answered, damaged, trying
from naive_readers import Naive

from probing.core.sentences import Sentence
from probing.data.builtin import generate
from probing.data.builtin.reader import read_builtin
from probing.data.sources.files import READERS

CONLLU = """\
# newdoc id = talk
# global.Entity = eid-etype-head
# text = Ann can't swim.
1	Ann	Ann	PROPN	NNP	Number=Sing	4	nsubj	_	Entity=(e1-person-1)
2-3	can't	_	_	_	_	_	_	_	_
2	ca	can	AUX	MD	_	4	aux	_	_
3	n't	not	PART	RB	_	4	advmod	_	_
4	swim	swim	VERB	VB	_	0	root	_	SpaceAfter=No
4.1	gladly	_	_	_	_	_	_	_	_
5	.	.	PUNCT	.	_	4	punct	_	_

# newdoc id = walk
1	She	she	PRON	PRP	_	2	nsubj	_	Entity=(e1-person-1)
2	walks	walk	VERB	VBZ	_	0	root	_	Entity=(e2-event-1(e2-event-1)
3	here	here	ADV	RB	_	2	advmod	_	Entity=e2)
"""
CONLLU_PLUS = """\
# global.columns = ID HEAD FORM DEPREL UPOS MISC
# global.Entity = GRP-etype
1	2	They	nsubj	PRON	Entity=(1-person)
2	0	met	root	VERB	_
3	5	a	det	DET	Entity=(2[1/2]-person
4	5	-LRB-	punct	PUNCT	Entity=2[1/2])
5	2	man	obj	NOUN	Entity=(2[2/2]-person(3
6	5	-RRB-	punct	PUNCT	Entity=3)2[2/2])

1	0	Yes	root	INTJ	_
"""
CONLLX = """\
1	the	_	DT	DT	_	2	det	_	_
2	dog	_	NN	NN	_	3	nsubj	_	_
3	-LRB-	_	VB	_	_	0	root	_	_

1	sleep	_	VB	VB	_	0	root	_	_
"""
TEXT = "the 2-det\ndog 3-nsubj\nsleeps 0-root\n\nbark 0-root\n-RRB- 1-punct\n"
CONLL2012 = """\
#begin document (talk); part 000
talk 0 0 The DT (TOP(S(NP* - - - Ann * * (7
talk 0 1 pilot NN *) - - - Ann * * 7)
talk 0 2 sank VBD (VP*) sink 01 1 Ann * (V*) -
talk 0 3 /. . *)) - - - Ann * * -

talk 0 0 She PRP (TOP(S(NP*) - - - Ann * - (3|(7)
talk 0 1 swam VBD (VP* - - - Ann * - (3
talk 0 2 there RB * - - - Ann * - 3)
talk 0 3 again RB *))) - - - Ann * - 3)

#end document
"""
JSON = "\n".join(
    json.dumps({"doc_key": name, "sentences": [["Ann", "sank"], ["She", "swam"]],
                "clusters": [[[0, 0], [2, 2]], [[0, 1], [0, 0]]],
                "pos": [["NNP", "VBD"], ["PRP", "VBD"]]})
    for name in ("talk", "walk")
)  # fmt: skip
Reading = Callable[[str, str], Iterator[Naive]]
FORMATS: dict[str, tuple[str, Reading]] = {
    ".conllu": (CONLLU, naive_readers.read_conllu),
    ".conllup": (CONLLU_PLUS, naive_readers.read_conllu),
    ".conllx": (CONLLX, naive_readers.read_conllx),
    ".txt": (TEXT, naive_readers.read_text),
    "gold_conll": (CONLL2012, naive_coreference.read_conll2012),
    ".jsonl": (JSON, naive_coreference.read_json),
}


def check(sentences: Sequence[Sentence]) -> None:
    """Nothing points to where there is nothing."""
    for sentence in sentences:
        size = len(sentence.words)
        assert size > 0
        assert all(isinstance(word, str) and word for word in sentence.words)
        for each in (sentence.heads, sentence.relations, sentence.tags, sentence.spans):
            assert len(each) in (0, size)
        assert all(-1 <= head <= size for head in sentence.heads)  # -1: nobody annotated it
        for start, end in sentence.spans:
            assert 0 <= start <= end <= len(sentence.text)
        for mention in sentence.mentions:
            assert mention.head in mention.words
            assert all(0 <= word < size for word in mention.words)


def compare(sentences: Sequence[Sentence], expected: Sequence[Naive]) -> None:
    """What was read is what is there; where a mention is left out, that is told."""
    assert len(sentences) == len(expected)
    for found, own in zip(sentences, expected, strict=True):
        assert found.document == own.document
        assert [*found.words] == own.words
        assert [*found.heads] == own.heads
        assert [*found.relations] == own.relations
        for name in ("upos", "xpos", "feats"):
            assert [*getattr(found, name)] == getattr(own, name), name
        if own.is_broken:
            assert found.complaints
        else:
            assert not found.complaints
            mentions = [(tuple(each.words), each.entity) for each in found.mentions]
            assert sorted(mentions) == sorted(own.mentions)


@pytest.mark.parametrize("ending", FORMATS)
@trying(12)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_as_it_stands(
    ending: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, naive = FORMATS[ending]
    content = data.draw(damaged(text.encode()))
    path = tmp_path_factory.getbasetemp() / f"mutant{ending}"
    path.write_bytes(content)
    reader = READERS[ending]
    sentences = answered(lambda: list(reader(str(path))))
    if sentences is not None:
        check(sentences)
        compare(sentences, [*naive(content.decode(), path.stem)])


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    """The mutants are of something that the readers read."""
    for ending, (text, naive) in FORMATS.items():
        path = tmp_path / f"whole{ending}"
        path.write_text(text, encoding="utf-8")
        sentences = list(READERS[ending](str(path)))
        check(sentences)
        assert len(sentences) >= 2
        compare(sentences, [*naive(text, path.stem)])


@trying(12)
@given(damaged(b"builtin:documents=1,seed=1"))
def test_a_damaged_name_of_the_built_in_corpus(name: bytes) -> None:
    text = "builtin:" + name.decode(errors="replace").removeprefix("builtin:")
    found = answered(lambda: next(iter(read_builtin(text)), None))
    if found is not None:
        documents, _, seed = text.removeprefix("builtin:documents=").partition(",seed=")
        assert found == next(generate(documents=int(documents), seed=int(seed)))
