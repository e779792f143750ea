"""Which words are punctuation: by their relation, or in a file without it by their tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from probing.core.schemes import SUD_SEPARATORS, universal
from probing.core.sentences import Sentence
from probing.data.census import Census
from probing.data.formats.penn import PUNCTUATION_TAGS

UNTOLD = "sentences in files where neither relation nor tag says what is punctuation"
"""What the census counts such sentences by."""


def with_punctuation(
    sentences: Iterable[Sentence], census: Census
) -> Iterator[tuple[Sentence, list[bool]]]:
    """The sentences of a file, each with which of its words are punctuation.

    A word is if its relation is ``punct``, subtypes aside. In a file where no relation is, as
    where it is called ``P``, it is if its UPOS is ``PUNCT``, or, without UPOS, if its tag is one of
    punctuation in the Penn Treebank.

    Sentences are kept waiting until the first ``punct`` comes: all of them, where none does.
    """
    stream = iter(sentences)
    waiting: list[Sentence] = []
    for sentence in stream:
        waiting.append(sentence)
        if any(map(_is_labelled, sentence.relations)):
            for own in chain(waiting, stream):
                yield own, [_is_labelled(relation) for relation in own.relations]
            return
    tagged = [[_is_tagged(own, word) for word in range(len(own.words))] for own in waiting]
    if not any(map(any, tagged)) and not any(own.upos for own in waiting):
        census.counts[UNTOLD] += len(waiting)
    yield from zip(waiting, tagged, strict=True)


def _is_labelled(relation: str) -> bool:
    return universal(relation, SUD_SEPARATORS) == "punct"


def _is_tagged(sentence: Sentence, word: int) -> bool:
    if sentence.upos and sentence.upos[word] != "_":
        return sentence.upos[word] == "PUNCT"
    return sentence.tag(word) in PUNCTUATION_TAGS
