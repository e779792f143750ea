"""Coreference as edge selection: an anaphor picks the head word of one of its antecedents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.core.terms import Rival, Terms
from probing.core.windows import Tokenizer, Window
from probing.data.census import Census
from probing.data.documents import documents
from probing.data.tasks.antecedents import (
    BASELINES,
    ERRORS,
    NO_MENTION,
    ROWS,
    SAME_KIND,
    coreference_window,
)
from probing.data.tasks.base import check_annotations, check_limit, unusable
from probing.data.tasks.candidates import CANDIDATES, CandidatesName
from probing.data.tasks.mentions import kept_mentions, sentences_of_entities
from probing.data.text import joined

TERMS = Terms(
    directions=("anaphor->antecedent", "antecedent->anaphor", "both"),
    baselines=BASELINES,
    rivals=(
        *(Rival(name, (name,)) for name in BASELINES if name not in SAME_KIND),
        Rival("same-kind", SAME_KIND, family="nearest mentions of the same kind"),
    ),
    order=ROWS,
)
"""But for what hangs on the candidates."""


@dataclass(frozen=True)
class Coreference:
    """Antecedents (section 4.3): an anaphor's head word picks the head word of an antecedent.

    Mentions of entities that a document mentions once are dropped. Mentions are ordered by
    their first word, longer ones first. The earlier mentions of one are those before it in its
    window that do not contain it and whose head word is not its own; it is an anaphor if one of
    them is of its entity. A word is gold if any of these is headed there; so a later mention of the
    entity is wrong where it is a candidate. Baselines choose among earlier mentions.

    Windows are whole sentences of a document, packed greedily.

    Args:
        limit: the most that a window holds; as many wordpieces as the model takes, if not given.
        unit: what ``limit`` counts: wordpieces, special tokens included, or words.
        first_window: whether only the first window of each document is used.
        strict: whether a mention that cannot be read stops the run; else it is dropped and counted.
        candidates: what an anaphor picks from: the head words of earlier mentions or of all
            ``mentions`` of the window, the words before its own, or all ``words`` but its own.
    """

    limit: int | None = None
    unit: Literal["wordpieces", "words"] = "wordpieces"
    first_window: bool = False
    strict: bool = False
    candidates: CandidatesName = "earlier-mentions"

    @property
    def terms(self) -> Terms:
        """What is counted; a pick that heads no mention is an error of a kind of its own."""
        allowed = CANDIDATES[self.candidates]
        others = () if allowed.span is None else (NO_MENTION,)
        return replace(TERMS, errors=(*ERRORS, *others), wording=allowed.wording)

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows, lazily, a document at a time.

        Raises:
            ProbingError: for options that cannot be met, or, if ``strict``, a broken mention.
            Misread: for annotations of some of the words only.
            TakesTurns: for a document that goes on after another has begun.
        """
        self._check(tokenizer)
        for document in documents(sentences):
            yield from self._document(document, tokenizer, census)

    def _check(self, tokenizer: Tokenizer) -> None:
        if self.unit == "wordpieces":
            check_limit(self.limit, tokenizer)
        elif self.limit is None:
            raise ProbingError("--data.unit words needs --data.limit N, the words of a window")
        elif self.limit < 1:
            raise ProbingError(f"--data.limit: expected a number from 1, found {self.limit}")

    def _document(
        self, sentences: Sequence[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        census.documents += 1
        for sentence in sentences:
            check_annotations(sentence)
            if self.strict and sentence.complaints:
                raise ProbingError(sentence.complaints[0].text)
        before = census.sentences
        census.sentences += len(sentences)
        kept = kept_mentions(sentences, census)
        mentioned_in = sentences_of_entities(kept)
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
            window = coreference_window(
                packed.numbers,
                sentences,
                together.words,
                wordpieces,
                kept,
                mentioned_in,
                census,
                CANDIDATES[self.candidates],
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
            why = unusable(sentence, wordpieces, tokenizer.limit if in_words else room)
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
