"""Which words are punctuation: by their relation, or in a file without it by their tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from probing.core.schemes import SUD_SEPARATORS, universal
from probing.core.sentences import Sentence
from probing.data.formats.penn import PUNCTUATION_TAGS

UNIVERSAL_TAGS = frozenset(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
)
"""The UPOS of Universal Dependencies, version 2."""
UNTOLD = "sentences in files where neither relation nor tag says what is punctuation"
"""What the census counts such sentences by."""


def told(first: Iterable[Sentence], sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences of a file, each with what punctuation is known by in the file.

    By the relation ``punct``, subtypes aside, if any has it; else, as where it is called ``P``, by
    tags: UPOS ``PUNCT``, or of a word without a universal tag one of punctuation in the Penn
    Treebank. By nothing, where no word has either and not all UPOS are universal. Sentences without
    relations are left as they are.

    Args:
        first: the sentences of the file, read to the first ``punct``.
        sentences: the same from the start.
    """
    known_by = _known_by(first)
    for sentence in sentences:
        is_usual = known_by == sentence.punctuation_by
        yield sentence if is_usual else replace(sentence, punctuation_by=known_by)


def punctuation(sentence: Sentence) -> list[bool]:
    """Which words of a sentence are punctuation."""
    if sentence.punctuation_by == "tag":
        return [_is_tagged(sentence, word) for word in range(len(sentence.words))]
    return [_is_labelled(relation) for relation in sentence.relations]


def _known_by(sentences: Iterable[Sentence]) -> str:
    has_marks, upos = False, set[str]()
    for sentence in sentences:
        if not sentence.relations or any(map(_is_labelled, sentence.relations)):
            return "relation"
        has_marks |= any(_is_tagged(sentence, word) for word in range(len(sentence.words)))
        upos.update(sentence.upos)
    upos.discard("_")
    return "tag" if has_marks or (upos and upos <= UNIVERSAL_TAGS) else "nothing"


def _is_labelled(relation: str) -> bool:
    return universal(relation, SUD_SEPARATORS) == "punct"


def _is_tagged(sentence: Sentence, word: int) -> bool:
    if sentence.upos and sentence.upos[word] in UNIVERSAL_TAGS:
        return sentence.upos[word] == "PUNCT"
    return sentence.tag(word) in PUNCTUATION_TAGS
