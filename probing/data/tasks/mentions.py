"""The mentions of a document that count, and where they stand in a window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from probing.core.sentences import BROKEN, Mention, Sentence
from probing.data.census import Census
from probing.data.tasks.agreement import (
    PRONOUN_TAGS,
    PROPER_TAGS,
    Features,
    as_annotated,
    features,
)

LIKENESS = ("number", "gender", "type")
"""What :attr:`PlacedMention.likeness` is made of."""
Likeness = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class PlacedMention:
    """A mention in its window: ``words`` and ``head`` are indices of the window's words.

    ``features`` are what its words say, ``annotated`` those with what the data says of its head.
    """

    words: Sequence[int]
    head: int
    entity: str
    sentence: int
    text: Sequence[str]
    head_word: str
    tag: str
    features: Features
    annotated: Features

    @property
    def type(self) -> str:
        """A pronoun, a proper or another noun, by the tag of its head word."""
        if self.tag in PRONOUN_TAGS:
            return "pronoun"
        if self.tag == "_":
            return "untagged"
        return "proper" if self.tag in PROPER_TAGS else "nominal"

    @property
    def likeness(self) -> Likeness:
        """The values that each of :data:`LIKENESS` may have."""
        return self.annotated.number, self.annotated.gender, frozenset({self.type})

    def contains(self, other: PlacedMention) -> bool:
        """Whether every word of ``other`` is in this mention."""
        if not self.words[0] <= other.words[0] <= other.words[-1] <= self.words[-1]:
            return False
        is_whole = len(self.words) == self.words[-1] - self.words[0] + 1
        return is_whole or set(other.words) <= set(self.words)


def kept_mentions(sentences: Sequence[Sentence], census: Census) -> list[list[Mention]]:
    """The mentions of each sentence that count: of entities with several, each once."""
    distinct = [
        list({(tuple(m.words), m.entity): m for m in sentence.mentions}.values())
        for sentence in sentences
    ]
    everywhere = list(chain.from_iterable(distinct))
    census.counts["mentions of empty nodes only, dropped"] += sum(not m.words for m in everywhere)
    mentioned = Counter(m.entity for m in everywhere if m.words)
    kept = [[m for m in some if m.words and mentioned[m.entity] > 1] for some in distinct]
    singletons = sum(count == 1 for count in mentioned.values())
    census.counts["mentions of entities with one mention, dropped"] += singletons
    census.counts["mentions"] += sum(map(len, kept))
    broken = sum(c.kind == BROKEN for s in sentences for c in s.complaints)
    if broken:
        census.counts[f"{BROKEN}, dropped"] += broken
    for sentence, some in zip(sentences, kept, strict=True):
        if some:
            census.counts[f"mentions with a head found by {sentence.heads_by}"] += len(some)
    return kept


def sentences_of_entities(kept: Sequence[Sequence[Mention]]) -> dict[str, list[int]]:
    """The numbers of the sentences that mention each entity, ascending."""
    numbers: dict[str, list[int]] = {}
    for number, mentions in enumerate(kept):
        for entity in {mention.entity for mention in mentions}:
            numbers.setdefault(entity, []).append(number)
    return numbers


def placed_mentions(
    numbers: Sequence[int], sentences: Sequence[Sentence], kept: Sequence[Sequence[Mention]]
) -> list[PlacedMention]:
    """The mentions of a window in order: by first word, longer ones first."""
    found, offset = [], 0
    for number in numbers:
        sentence = sentences[number]
        for mention in kept[number]:
            text = tuple(sentence.words[word].lower() for word in mention.words)
            head_word, tag = sentence.words[mention.head].lower(), sentence.tag(mention.head)
            own = features(text, head_word, tag)
            feats = sentence.feats[mention.head] if sentence.feats else "_"
            found.append(
                PlacedMention(
                    words=tuple(word + offset for word in mention.words),
                    head=mention.head + offset,
                    entity=mention.entity,
                    sentence=number,
                    text=text,
                    head_word=head_word,
                    tag=tag,
                    features=own,
                    annotated=as_annotated(own, feats),
                )
            )
        offset += len(sentence.words)
    return sorted(found, key=lambda m: (m.words[0], -m.words[-1], -len(m.words), m.head, m.entity))
