"""The built-in corpus: plain English with gold trees and coreference, from a seed alone.

It lets every part of the project run and be tested without a licence or a download. Each
document keeps to a small cast of entities, which are named, described and referred back to.

The grammar makes the trees right by construction (`grammar`), the lexicon keeps the sentences
sensible (`lexicon`), and the discourse decides when a pronoun is clear (`discourse`): the rule
that the gold chains follow is in its docstring. The other files decide what is said, from
`entities` up to `sentences`; what they share is a `story`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

from probing.core.sentences import Mention, Sentence
from probing.data.builtin.grammar import Row
from probing.data.builtin.morphology import feats_of, upos_of
from probing.data.builtin.sentences import Sentences
from probing.data.builtin.story import Story
from probing.data.formats.entities import HEADS_BY

SENTENCES = (4, 7)  # of a document


def generate(*, documents: int, seed: int) -> Iterator[Sentence]:
    """The sentences of ``documents`` documents of four to seven sentences each.

    Document ``k`` is the same however many are asked for. It is called ``builtin-SEED-k``,
    counted from one; ``line`` numbers the sentences through all documents, from one too.

    Mentions are all phrases that refer to somebody or something, singletons included. A
    mention holds its relative clauses and appositions, but neither the preposition before it
    nor what is coordinated with it, which is a mention of its own. What somebody is said to
    be (*a nurse* in *she is a nurse*) is none.
    """
    line = 0
    for number in range(1, documents + 1):
        name = f"builtin-{seed}-{number:04d}"
        for rows, mentions in _document(Random(f"{seed}/{number}")):
            line += 1
            words, heads, relations, tags = zip(*rows, strict=True)
            yield Sentence(
                words,
                heads,
                relations,
                tags,
                name,
                line,
                mentions,
                HEADS_BY,
                upos=[upos_of(word, tag, relation) for word, _, relation, tag in rows],
                xpos=tags,
                feats=[feats_of(word, tag, relation) for word, _, relation, tag in rows],
            )


def _document(random: Random) -> list[tuple[list[Row], list[Mention]]]:
    """The sentences of a document; one that mentions nothing twice is thought over again."""
    while True:
        sentences = Sentences(Story.from_random(random))
        written = [sentences.sentence() for _ in range(random.randint(*SENTENCES))]
        entities = Counter(mention.entity for _, mentions in written for mention in mentions)
        if max(entities.values(), default=0) > 1:
            return written
