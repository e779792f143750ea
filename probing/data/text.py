"""How words were written: where each of them stands in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.core.windows import Text

MISMATCH = "its text does not match its words"
"""The oddity of a sentence whose own text cannot be used."""
Span = tuple[int, int]
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Token:
    """What was written without a break: the form of a word, or of several (CoNLL-U's ranges)."""

    form: str
    words: int
    space_after: bool


def spaced(words: Sequence[str]) -> Text:
    """Words with a space between them, where nothing says how they were written."""
    tokens = [Token(word, 1, True) for word in words]
    return Text(words, *written(tokens))


def joined(sentences: Sequence[Sentence]) -> Text:
    """The text of a window of sentences, a space between them.

    Raises:
        ProbingError: naming document and line, for spans that do not fit words or text.
    """
    words: list[str] = []
    spans: list[Span] = []
    texts: list[str] = []
    offset = 0
    for sentence in sentences:
        if sentence.text or sentence.spans:
            _check(sentence)
            own = Text(sentence.words, sentence.text, sentence.spans)
        else:
            own = spaced(sentence.words)
        words += own.words
        spans += [(start + offset, end + offset) for start, end in own.spans]
        texts.append(own.text)
        offset += len(own.text) + 1
    return Text(words, " ".join(texts), spans)


def placed(words: Sequence[str], tokens: Sequence[Token], text: str) -> tuple[str, list[Span]]:
    """Where each word stands in ``text``, or else in one that is made of the tokens.

    Returns:
        The text that was used and the spans. ``text`` is not used where it does not match.
    """
    spans = found(text, tokens)
    if spans is None:
        text, spans = written(tokens)
    return text, spans_of(words, tokens, spans)


def written(tokens: Sequence[Token]) -> tuple[str, list[Span]]:
    """The text that the tokens make, and where each stands in it."""
    parts: list[str] = []
    spans: list[Span] = []
    length = 0
    for token in tokens:
        spans.append((length, length + len(token.form)))
        parts += [token.form, " " * token.space_after]
        length = spans[-1][1] + token.space_after
    return "".join(parts)[: spans[-1][1]] if spans else "", spans


def found(text: str, tokens: Sequence[Token]) -> list[Span] | None:
    """Where each token stands in ``text``; ``None`` if the two do not match.

    All of the text but white space must be tokens, one after the other.
    """
    spans, position = [], 0
    for token in tokens:
        start = _behind_blanks(text, position)
        end = _end(text, start, token.form)
        if end is None:
            return None
        spans.append((start, end))
        position = end
    return None if text[position:].strip() else spans


def _end(text: str, start: int, form: str) -> int | None:
    """Where ``form`` ends that ``text`` goes on with at ``start``; ``None`` if it does not."""
    if form.strip() and text.startswith(form, start):
        return start + len(form)
    parts = form.split()
    if len(parts) < 2:
        return None
    # A form may hold white space of another kind than the text.
    end = start
    for number, part in enumerate(parts):
        begin = _behind_blanks(text, end) if number else end
        if (number and begin == end) or not text.startswith(part, begin):
            return None
        end = begin + len(part)
    return end


def _behind_blanks(text: str, start: int) -> int:
    """Where white space ends that may stand at ``start``."""
    blanks = _BLANKS.match(text, start)
    return blanks.end() if blanks else start


def spans_of(words: Sequence[str], tokens: Sequence[Token], spans: Sequence[Span]) -> list[Span]:
    """Where each word stands, given where the tokens do.

    Words of one token stand beside each other where their forms make up its form (``do`` and
    ``n't``, cases aside); else each of them has all of it (French ``de`` and ``le`` in ``du``).
    """
    own: list[Span] = []
    for token, (start, end) in zip(tokens, spans, strict=True):
        parts = words[len(own) : len(own) + token.words]
        together = "".join(parts)
        if len(together) == end - start and together.lower() == token.form.lower():
            for part in parts:
                own.append((start, start + len(part)))
                start += len(part)
        else:
            own += [(start, end)] * token.words
    return own


def _check(sentence: Sentence) -> None:
    where = f"{sentence.document}:{sentence.line}"
    count, length = len(sentence.words), len(sentence.text)
    if len(sentence.spans) != count:
        raise ProbingError(
            f"{where}: expected a span of the text for each of {count} words, "
            f"found {len(sentence.spans)}"
        )
    before: Span = (0, 0)
    for start, end in sentence.spans:
        if not (before[0] <= start <= end <= length and before[1] <= end):
            raise ProbingError(
                f"{where}: expected ascending spans of a text of {length} characters, "
                f"found {(start, end)} after {before}"
            )
        before = (start, end)
