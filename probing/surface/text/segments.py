"""Segments of plain text, as BERT was pre-trained on and the paper's section 3 looks at.

Sentences of a document are packed until they fill a segment, which is split in two at a random
sentence boundary: ``[CLS] a [SEP] b [SEP]``. What is too much is cut off the longer part, piece
by piece, at its front or its back by chance, as in the pre-training of BERT. Models without a
separator get their start token and the sentences in one piece, cut at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from random import Random
from typing import Protocol

from probing.core.errors import ProbingError
from probing.data.tasks.base import WITHHELD
from probing.encoder import Frame, PlainTokenizer
from probing.surface.text.texts import Line

PADDING, OTHER, CLS, SEP, PUNCTUATION, SPECIAL = range(-1, 5)
"""What a wordpiece is: ``CLS`` and ``SEP`` only in models that have separators, ``PUNCTUATION``
a full stop or a comma, ``SPECIAL`` the start token (and an end) of the others."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What the model sees at once: ``ids``, token ``types`` and ``kinds``, ``[T]`` each."""

    ids: Sequence[int]
    types: Sequence[int]
    kinds: Sequence[int]


@dataclass
class TextCensus:
    """What was read, in numbers; ``left_out`` counts sentences by reason.

    ``unknown`` of the ``wordpieces`` stand for text that the tokenizer has no wordpiece for;
    ``specials`` of them are special tokens. ``rebuilt`` sentences get other wordpieces than the
    model's own ``tokenizer.json`` gives them.
    """

    documents: int = 0
    sentences: int = 0
    used: int = 0
    segments: int = 0
    wordpieces: int = 0
    specials: int = 0
    unknown: int = 0
    rebuilt: int = 0
    cut: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def counted(number: int, noun: str) -> str:
    """A number and what it is of: ``1 document``, ``2 documents``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Packing(Protocol):
    """From a document's sentences to the parts of its segments."""

    @property
    def least(self) -> int:
        """The fewest sentences that a segment can be made of."""
        ...

    def parts(
        self, sentences: Sequence[Sequence[int]], room: int, random: Random
    ) -> tuple[list[int], list[int]]:
        """The two parts, not longer than ``room`` together."""
        ...


class InPairs:
    """Two parts, split at a random sentence boundary; neither is cut to nothing."""

    least = 2

    def parts(
        self, sentences: Sequence[Sequence[int]], room: int, random: Random
    ) -> tuple[list[int], list[int]]:
        """See :class:`Packing`."""
        split = random.randint(1, len(sentences) - 1)
        first = [piece for sentence in sentences[:split] for piece in sentence]
        second = [piece for sentence in sentences[split:] for piece in sentence]
        return truncated(first, second, room, random)


class InOne:
    """One part, cut at its end; for models that know no separator."""

    least = 1

    def parts(
        self, sentences: Sequence[Sequence[int]], room: int, random: Random
    ) -> tuple[list[int], list[int]]:
        """See :class:`Packing`."""
        return [piece for sentence in sentences for piece in sentence][:room], []


def truncated(
    first: Sequence[int], second: Sequence[int], room: int, random: Random
) -> tuple[list[int], list[int]]:
    """Cut the longer of two parts, at either end by chance, until both fit (BERT's pre-training).

    With ``room`` for two, neither is cut to nothing.
    """
    spans = [[0, len(first)], [0, len(second)]]
    for _ in range(len(first) + len(second) - room):
        longer = max(spans[::-1], key=lambda span: span[1] - span[0])
        if random.random() < 0.5:
            longer[0] += 1
        else:
            longer[1] -= 1
    (a, b), (c, d) = spans
    return list(first[a:b]), list(second[c:d])


def segments(
    lines: Iterable[Line],
    tokenizer: PlainTokenizer,
    census: TextCensus,
    *,
    limit: int,
    seed: int,
) -> Iterator[Segment]:
    """The segments of a text, lazily; what cannot be used is counted.

    The splits of a document depend on ``seed``, its name and its place, and on no other document.

    Args:
        lines: sentences with the names of their documents.
        tokenizer: the model's.
        census: counts what was read.
        limit: the most wordpieces of a segment, special tokens included.
        seed: of splits and cuts.

    Raises:
        ProbingError: if ``limit`` leaves no room for text, or the model takes less.
    """
    frame, packing = tokenizer.frame, packing_for(tokenizer.frame)
    room = limit - len(frame)
    if not packing.least <= room <= tokenizer.limit - len(frame):
        raise ProbingError(
            f"expected a limit from {len(frame) + packing.least} to {tokenizer.limit} wordpieces, "
            f"which the model takes, found {limit}"
        )
    for document, own in groupby(lines, key=lambda line: line[0]):
        census.documents += 1
        # By its number, too: two documents may have one name.
        name = f"{seed}/{census.documents}/{document}"
        random = Random(name.encode(errors="surrogateescape"))  # as of the text itself
        for chunk in _chunks((text for _, text in own), tokenizer, census, packing.least, room):
            first, second = packing.parts(chunk, room, random)
            made = framed(first, second, frame, tokenizer)
            census.used += len(chunk)
            census.segments += 1
            census.wordpieces += len(made.ids)
            census.specials += len(frame)
            census.unknown += sum(piece == tokenizer.unknown_id for piece in (*first, *second))
            census.cut += sum(map(len, chunk)) - len(first) - len(second)
            yield made


def packing_for(frame: Frame) -> Packing:
    """In pairs where the model knows a separator, else in one part."""
    return InPairs() if frame.between else InOne()


def _chunks(
    sentences: Iterator[str | None],
    tokenizer: PlainTokenizer,
    census: TextCensus,
    least: int,
    room: int,
) -> Iterator[list[list[int]]]:
    """Sentences of a document, as wordpieces, in groups that fill a segment."""
    chunk: list[list[int]] = []
    length = 0
    while texts := list(islice(sentences, 256)):
        if withheld := texts.count(None):
            census.sentences += withheld
            census.left_out[WITHHELD] += withheld
        shown = [text for text in texts if text is not None]
        census.rebuilt += tokenizer.rebuilt(shown)
        for pieces in tokenizer(shown):
            census.sentences += 1
            if not pieces:
                census.left_out["without a wordpiece"] += 1
                continue
            chunk.append(pieces)
            length += len(pieces)
            if length >= room and len(chunk) >= least:
                yield chunk
                chunk, length = [], 0
    if len(chunk) >= least:
        yield chunk
    elif chunk:
        census.left_out["alone at the end of a document"] += 1


def framed(
    first: Sequence[int], second: Sequence[int], frame: Frame, tokenizer: PlainTokenizer
) -> Segment:
    """Put the special tokens around the parts and say what each wordpiece is."""
    opening, closing = (CLS, SEP) if frame.between else (SPECIAL, SPECIAL)
    mark = tokenizer.punctuation
    start = [*frame.before, *first, *frame.between]
    end = [*second, *frame.after]
    kinds = [
        *(opening for _ in frame.before),
        *(PUNCTUATION if piece in mark else OTHER for piece in first),
        *(closing for _ in frame.between),
        *(PUNCTUATION if piece in mark else OTHER for piece in second),
        *(closing for _ in frame.after),
    ]
    return Segment([*start, *end], [0] * len(start) + [frame.second_type] * len(end), kinds)
