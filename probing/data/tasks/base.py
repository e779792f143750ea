"""What a task is, and what every task asks of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Protocol

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.core.terms import Terms
from probing.core.windows import Origin, Text, Tokenizer, Window, Wordpieces
from probing.data.census import Census


class Misread(ProbingError):
    """A sentence, as a reader yields it, that a task cannot use.

    The sentence knows its document and line; whoever knows the file as well says :meth:`within`.
    """

    def __init__(self, sentence: Sentence, reason: str) -> None:
        super().__init__(f"{sentence.document}:{sentence.line}: {reason}")
        self.line, self.reason = sentence.line, reason

    def within(self, path: str) -> ProbingError:
        """The same, naming the file instead of the document."""
        return ProbingError(f"{path}:{self.line}: {self.reason}")


class Task(Protocol):
    """From sentences to windows: which words are anchors, what they may pick, what is gold.

    A task is a frozen dataclass: its fields are options, and its ``repr`` is part of the name
    under which its windows are kept.
    """

    @property
    def terms(self) -> Terms:
        """What it counts, by name; also which words reports use for it."""
        ...

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows of a file, lazily; what cannot be used is counted in ``census``.

        A task that needs a whole document at a time takes
        :func:`~probing.data.documents.documents`, whose
        :class:`~probing.data.documents.TakesTurns` makes the corpus be read again with the
        sentences of each document together.
        """
        ...


def check_limit(limit: int | None, tokenizer: Tokenizer) -> None:
    """Refuse a limit, in wordpieces, that cannot be met.

    Raises:
        ProbingError: if it is none, or more than the model takes.
    """
    if limit is None:
        return
    if limit < 1:
        raise ProbingError(f"--data.limit: expected a number from 1, found {limit}")
    if limit > tokenizer.limit:
        raise ProbingError(f"--data.limit {limit}: the model takes {tokenizer.limit} wordpieces")


def misfit(sentence: Sentence | Text, wordpieces: Wordpieces, limit: int) -> str | None:
    """Why words and their wordpieces do not fit, if so."""
    if wordpieces.unfit:
        return wordpieces.unfit
    if len(wordpieces.ids) > limit:
        return f"over {limit} wordpieces"
    if len(wordpieces.words) < len(sentence.words):
        return "a word without a wordpiece"
    return None


WITHHELD = "whose text is withheld (every word is _)"
"""The reason why such a sentence is left out."""


def unusable(sentence: Sentence, wordpieces: Wordpieces, limit: int) -> str | None:
    """Why a sentence of a corpus cannot be used, if so."""
    return WITHHELD if sentence.is_withheld else misfit(sentence, wordpieces, limit)


def check_annotations(sentence: Sentence) -> None:
    """Refuse annotations of some of the words only.

    Raises:
        Misread: naming document and line.
    """
    count = len(sentence.words)
    said = {
        "a tag": sentence.tags,
        "UPOS": sentence.upos,
        "XPOS": sentence.xpos,
        "FEATS": sentence.feats,
    }
    for name, values in said.items():
        if len(values) not in (0, count):
            raise Misread(
                sentence,
                f"expected {name} for each of {count} words, or none at all, found {len(values)}",
            )


def origin_of(sentences: Sequence[Sentence]) -> Origin:
    """Where a window of these sentences, all of one document, comes from."""
    ends = accumulate(len(sentence.words) for sentence in sentences)
    return Origin(
        document=sentences[0].document,
        lines=[sentence.line for sentence in sentences],
        starts=[0, *ends][: len(sentences)],
    )
