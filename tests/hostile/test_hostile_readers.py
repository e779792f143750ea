"""Readers of annotation refuse a damaged file in words, or read what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import answered, damaged, trying

from probing.core.sentences import Sentence
from probing.data.builtin.reader import read_builtin
from probing.data.formats.penn import unescape
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
2	walks	walk	VERB	VBZ	_	0	root	_	_
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

talk 0 0 She PRP (TOP(S(NP*) - - - Ann * - (7)
talk 0 1 swam VBD (VP*))) - - - Ann * - -

#end document
"""
JSON = "\n".join(
    json.dumps({"doc_key": name, "sentences": [["Ann", "sank"], ["She", "swam"]],
                "clusters": [[[0, 0], [2, 2]]], "pos": [["NNP", "VBD"], ["PRP", "VBD"]]})
    for name in ("talk", "walk")
)  # fmt: skip
Naive = Callable[[str], list[tuple[list[str], list[int]]]]


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*text.removeprefix("\ufeff").split("\n"), ""]:
        if line.strip():
            block.append(line.rstrip("\r"))
        elif block:
            yield block
            block = []


def _columns(text: str, unescaped: bool) -> list[tuple[list[str], list[int]]]:
    """Words and heads of the lines that begin with a whole number."""
    found = []
    for block in _blocks(text):
        rows = [line.split("\t") for line in block if line.split("\t")[0].isdigit()]
        words = [unescape(row[1]) if unescaped else row[1] for row in rows]
        if rows:
            found.append((words, [int(row[6]) for row in rows]))
    return found


def _pairs(text: str) -> list[tuple[list[str], list[int]]]:
    rows = [[line.split() for line in block] for block in _blocks(text)]
    return [
        ([unescape(word) for word, _ in block], [int(edge.split("-")[0]) for _, edge in block])
        for block in rows
    ]


def _documents(text: str) -> list[tuple[list[str], list[int]]]:
    lines = [json.loads(line) for line in text.removeprefix("\ufeff").split("\n") if line.strip()]
    return [(words, []) for document in lines for words in document["sentences"] if words]


FORMATS: dict[str, tuple[str, Naive | None]] = {
    ".conllu": (CONLLU, lambda text: _columns(text, False)),
    ".conllx": (CONLLX, lambda text: _columns(text, True)),
    ".txt": (TEXT, _pairs),
    "gold_conll": (CONLL2012, None),
    ".jsonl": (JSON, _documents),
}


def check(sentences: Sequence[Sentence]) -> None:
    """Nothing points to where there is nothing."""
    for sentence in sentences:
        size = len(sentence.words)
        assert size > 0
        assert all(isinstance(word, str) and word for word in sentence.words)
        for each in (sentence.heads, sentence.relations, sentence.tags, sentence.spans):
            assert len(each) in (0, size)
        assert all(0 <= head <= size for head in sentence.heads)
        for start, end in sentence.spans:
            assert 0 <= start <= end <= len(sentence.text)
        for mention in sentence.mentions:
            assert mention.head in mention.words
            assert all(0 <= word < size for word in mention.words)


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
    if sentences is None:
        return
    check(sentences)
    if naive is not None:
        found = [(list(each.words), list(each.heads)) for each in sentences]
        assert found == naive(content.decode())


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    """The mutants are of something that the readers read."""
    for ending, (text, naive) in FORMATS.items():
        path = tmp_path / f"whole{ending}"
        path.write_text(text, encoding="utf-8")
        sentences = list(READERS[ending](str(path)))
        check(sentences)
        assert len(sentences) >= 2
        if naive is not None:
            assert [(list(s.words), list(s.heads)) for s in sentences] == naive(text)


@trying(12)
@given(damaged(b"builtin:documents=1,seed=1"))
def test_a_damaged_name_of_the_built_in_corpus(name: bytes) -> None:
    text = "builtin:" + name.decode(errors="replace").removeprefix("builtin:")
    if len(text) > 40:  # so many documents take their time
        return
    answered(lambda: next(iter(read_builtin(text)), None))
