"""Coreference as edge selection: an anaphor picks the head word of one of its antecedents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from operator import attrgetter
from typing import ClassVar, Literal

from probing.core.errors import ProbingError
from probing.core.sentences import Mention, Sentence
from probing.core.terms import ALL, Rival, Terms
from probing.core.windows import Tokenizer, Window, Wordpieces
from probing.data.census import Census
from probing.data.tasks.agreement import PRONOUN_TAGS, PROPER_TAGS, Features, features, person
from probing.data.tasks.base import misfit, origin_of
from probing.data.text import joined

BASELINES = ("nearest", "head-match", "rules", "random")
ERRORS = ("same head word", "nearer mention", "other mention")
MENTION_TYPES = (
    ALL,
    "pronoun",
    "pronoun-1-2",
    "pronoun-3",
    "proper",
    "nominal",
    "untagged",
    "no-shared-head",
)
# How many sentences back the nearest antecedent is.
_DISTANCES = ((0, "distance=0"), (1, "distance=1"), (4, "distance=2-4"))
_FARTHER = "distance=5+"


@dataclass(frozen=True)
class Coreference:
    """Antecedents (section 4.3): an anaphor's head word picks the head word of an antecedent.

    Mentions of entities that a document mentions once are dropped. Mentions are ordered by
    their first word, longer ones first. The candidates of a mention are those before it in its
    window that do not contain it and whose head word is not its own; it is an anaphor if one of
    them is of its entity. A candidate word is gold if any candidate headed there is.

    Windows are whole sentences of a document, packed greedily.

    Args:
        limit: the most that a window holds; as many wordpieces as the model takes, if not given.
        unit: what ``limit`` counts: wordpieces, special tokens included, or words.
        first_window: whether only the first window of each document is used.
    """

    limit: int | None = None
    unit: Literal["wordpieces", "words"] = "wordpieces"
    first_window: bool = False

    terms: ClassVar[Terms] = Terms(
        directions=("anaphor->antecedent", "antecedent->anaphor", "both"),
        baselines=BASELINES,
        rivals=tuple(Rival(name, (name,)) for name in BASELINES),
        errors=ERRORS,
        order=(*MENTION_TYPES, *(name for _, name in _DISTANCES), _FARTHER),
        wording="probing.reports.wording.COREFERENCE",
    )

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows, lazily, a document at a time.

        Raises:
            ProbingError: for options that cannot be met.
        """
        self._check(tokenizer)
        for _, document in groupby(sentences, key=attrgetter("document")):
            yield from self._document(list(document), tokenizer, census)

    def _check(self, tokenizer: Tokenizer) -> None:
        limit = self.limit
        if limit is not None and limit < 1:
            raise ProbingError(f"--data.limit: expected a number from 1, found {limit}")
        if self.unit == "wordpieces" and limit is not None and limit > tokenizer.limit:
            raise ProbingError(
                f"--data.limit {limit}: the model takes {tokenizer.limit} wordpieces"
            )
        if self.unit == "words" and limit is None:
            raise ProbingError("--data.unit words needs --data.limit N, the words of a window")

    def _document(
        self, sentences: Sequence[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        census.documents += 1
        before = census.sentences
        census.sentences += len(sentences)
        kept = _kept(sentences, census)
        mentioned_in = _sentences_of_entities(kept)
        for number, packed in enumerate(self._packed(sentences, tokenizer, census)):
            if self.first_window and number:
                census.left_out["after the first window of a document"] += len(packed.numbers)
                continue
            together = joined([sentences[s] for s in packed.numbers])
            [wordpieces] = tokenizer([together])
            if len(wordpieces.ids) > tokenizer.limit or wordpieces.unfit:
                why = wordpieces.unfit or f"over {tokenizer.limit} wordpieces"
                census.left_out[f"in a window {why}"] += len(packed.numbers)
                continue
            window = _window(
                packed.numbers, sentences, together.words, wordpieces, kept, mentioned_in, census
            )
            place = before + packed.numbers[0] + 1
            yield replace(window, document=census.documents, place=place)

    def _packed(
        self, sentences: Sequence[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[_Packed]:
        """Sentences packed greedily; one that cannot be used is left out, and counted."""
        room = tokenizer.limit if self.limit is None else self.limit
        packed = _Packed()
        pieces = tokenizer([joined([sentence]) for sentence in sentences])
        for number, (sentence, wordpieces) in enumerate(zip(sentences, pieces, strict=True)):
            specials = sum(word < 0 for word in wordpieces.words_of)
            in_words = self.unit == "words"
            size = len(sentence.words) if in_words else len(wordpieces.ids) - specials
            overhead = 0 if in_words else specials
            why = misfit(sentence, wordpieces, tokenizer.limit if in_words else room)
            if why is None and size > room:
                why = f"over {room} words"
            if why is not None:
                census.left_out[why] += 1
                continue
            if packed.numbers and packed.size + size + overhead > room:
                yield packed
                packed = _Packed()
            packed.numbers.append(number)
            packed.size += size
        if packed.numbers:
            yield packed


@dataclass(slots=True)
class _Packed:
    """Numbers of the sentences of a window, and its size in what the limit counts."""

    numbers: list[int] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Placed:
    """A mention in its window: ``words`` and ``head`` are indices of the window's words."""

    words: Sequence[int]
    head: int
    entity: str
    sentence: int
    text: Sequence[str]
    head_word: str
    tag: str
    features: Features

    def contains(self, other: _Placed) -> bool:
        """Whether every word of ``other`` is in this mention."""
        return self.words[-1] >= other.words[-1] and set(other.words) <= set(self.words)


def _kept(sentences: Sequence[Sentence], census: Census) -> list[list[Mention]]:
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
    for sentence, some in zip(sentences, kept, strict=True):
        if some:
            census.counts[f"mentions with a head found by {sentence.heads_by}"] += len(some)
    return kept


def _window(
    numbers: Sequence[int],
    sentences: Sequence[Sentence],
    words: Sequence[str],
    wordpieces: Wordpieces,
    kept: Sequence[Sequence[Mention]],
    mentioned_in: Mapping[str, Sequence[int]],
    census: Census,
) -> Window:
    """The questions of the window that the sentences ``numbers`` make."""
    mentions = _placed(numbers, sentences, kept)
    inside = set(numbers)
    anchors, gold, candidates, rows, baselines, kinds = [], [], [], [], [], []
    for index, mention in enumerate(mentions):
        before = [
            other
            for other in mentions[:index]
            if other.head != mention.head and not other.contains(mention)
        ]
        right = {other.head for other in before if other.entity == mention.entity}
        if not right:
            outside = (s for s in mentioned_in[mention.entity] if s not in inside)
            is_cut_off = next(outside, mention.sentence) < mention.sentence
            census.counts["anaphors cut off from all their antecedents"] += is_cut_off
            continue
        columns = sorted({other.head for other in before})
        anchors.append(mention.head)
        gold.append([head + 1 for head in sorted(right)])
        candidates.append([head + 1 for head in columns])
        rows.append([census.row(name) for name in _rows(mention, before, right)])
        baselines.append(_baselines(mention, before, right))
        kinds.append(_kinds(mention, before, right, columns))
    census.counts["anaphors"] += len(anchors)
    census.count_window(wordpieces, [sentences[s] for s in numbers])
    return Window(
        words=words,
        wordpieces=wordpieces,
        anchors=anchors,
        gold=gold,
        candidates=candidates,
        rows=rows,
        baselines=baselines,
        kinds=kinds,
        origin=origin_of([sentences[s] for s in numbers]),
    )


def _sentences_of_entities(kept: Sequence[Sequence[Mention]]) -> dict[str, list[int]]:
    """The numbers of the sentences that mention each entity, ascending."""
    numbers: dict[str, list[int]] = {}
    for number, mentions in enumerate(kept):
        for entity in {mention.entity for mention in mentions}:
            numbers.setdefault(entity, []).append(number)
    return numbers


def _placed(
    numbers: Sequence[int], sentences: Sequence[Sentence], kept: Sequence[Sequence[Mention]]
) -> list[_Placed]:
    """The mentions of a window in order: by first word, longer ones first."""
    found, offset = [], 0
    for number in numbers:
        sentence = sentences[number]
        for mention in kept[number]:
            text = tuple(sentence.words[word].lower() for word in mention.words)
            head_word, tag = sentence.words[mention.head].lower(), sentence.tag(mention.head)
            found.append(
                _Placed(
                    words=tuple(word + offset for word in mention.words),
                    head=mention.head + offset,
                    entity=mention.entity,
                    sentence=number,
                    text=text,
                    head_word=head_word,
                    tag=tag,
                    features=features(text, head_word, tag),
                )
            )
        offset += len(sentence.words)
    return sorted(found, key=lambda m: (m.words[0], -m.words[-1], -len(m.words), m.head, m.entity))


def _rows(mention: _Placed, before: Sequence[_Placed], right: set[int]) -> Iterator[str]:
    """The rows of the report that an anaphor counts in."""
    yield ALL
    if mention.tag in PRONOUN_TAGS:
        yield "pronoun"
        named = {"first": "pronoun-1-2", "second": "pronoun-1-2", "third": "pronoun-3"}
        of_person = named.get(person(mention.head_word, mention.tag))
        yield from [of_person] if of_person else []
    elif mention.tag == "_":
        yield "untagged"
    else:
        yield "proper" if mention.tag in PROPER_TAGS else "nominal"
    if all(other.head_word != mention.head_word for other in before):
        yield "no-shared-head"
    nearest = next(other for other in reversed(before) if other.head in right)
    back = mention.sentence - nearest.sentence
    yield next((name for most, name in _DISTANCES if back <= most), _FARTHER)


def _baselines(mention: _Placed, before: Sequence[_Placed], right: set[int]) -> list[float]:
    """How right each of :data:`BASELINES` is."""
    same_head = _nearest([o for o in before if o.head_word == mention.head_word])
    # The sieves of section 4.3: full string, head word, agreement, and else the nearest.
    sieved = (
        _nearest([other for other in before if other.text == mention.text])
        or same_head
        or _nearest([other for other in before if other.features.agrees(mention.features)])
        or _nearest(before)
    )
    picks = (_nearest(before), same_head, sieved)
    hits = [float(pick is not None and pick.head in right) for pick in picks]
    return [*hits, len(right) / len({other.head for other in before})]


def _nearest(mentions: Sequence[_Placed]) -> _Placed | None:
    return mentions[-1] if mentions else None


def _kinds(
    mention: _Placed, before: Sequence[_Placed], right: set[int], columns: Sequence[int]
) -> list[int]:
    """The kind of error, from one, that picking each of ``columns`` would be; 0 for a right one."""
    last = max(index for index, other in enumerate(before) if other.head in right)
    nearer = {other.head for other in before[last + 1 :]}
    alike = {other.head for other in before if other.head_word == mention.head_word}
    return [
        0 if head in right else 1 if head in alike else 2 if head in nearer else 3
        for head in columns
    ]
