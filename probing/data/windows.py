"""Windows: what the model sees at once, and the edges to be selected in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import ClassVar, Protocol

import torch

from ..batch import (
    ALL,
    Aside,
    EdgeBatch,
    Origin,
    Rival,
    Sentence,
    Terms,
    Text,
    Tokenizer,
    Window,
    Wordpieces,
)
from ..errors import ProbingError
from ..functional import OFFSETS, offset_hits
from ..schemes import SEPARATORS, is_roll_up
from .asides import with_asides
from .offsets import offsets_of
from .possessives import POSS_CLITIC, stand_ins
from .readers import tree_faults
from .text import joined

OFFSET_NAMES = tuple(f"offset={k}" for k in OFFSETS)


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


@dataclass
class Census:
    """What was read, in numbers, and the names of the rows, in the order of their indices.

    ``left_out``, ``faults`` and ``oddities`` count sentences by reason: those not used, those
    used that are no trees, those used that a reader found odd. ``shared`` counts wordpieces that
    belong to several words, ``counts`` holds whatever else a task counts. ``unused`` names rows
    that turned out to say only what another row says: their asides are not asked about.
    """

    rows: list[str] = field(default_factory=lambda: [ALL])
    unused: list[str] = field(default_factory=list)
    documents: int = 0
    sentences: int = 0
    used: int = 0
    windows: int = 0
    words: int = 0
    wordpieces: int = 0
    shared: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> int:
        """The index of the row ``name``, new if need be."""
        if name not in self.rows:
            self.rows.append(name)
        return self.rows.index(name)

    def count_window(self, wordpieces: Wordpieces, sentences: Sequence[Sentence]) -> None:
        """Count a window that is used."""
        self.windows += 1
        self.used += len(sentences)
        self.words += sum(len(sentence.words) for sentence in sentences)
        self.wordpieces += len(wordpieces.ids)
        self.shared += wordpieces.shared
        for sentence in sentences:
            self.oddities.update(sentence.oddities)


class Task(Protocol):
    """From sentences to windows: which words are anchors, what they may pick, what is gold.

    A task is a frozen dataclass: its fields are options, and its ``repr`` is part of the name
    under which its windows are kept.
    """

    @property
    def terms(self) -> Terms:
        """The words in which it reports."""
        ...

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows, lazily; what cannot be used is counted in ``census``."""
        ...


def misfit(sentence: Sentence | Text, wordpieces: Wordpieces, limit: int) -> str | None:
    """Why a sentence cannot be used, if so."""
    if wordpieces.unfit:
        return wordpieces.unfit
    if len(wordpieces.ids) > limit:
        return f"over {limit} wordpieces"
    if len(wordpieces.words) < len(sentence.words):
        return "a word without a wordpiece"
    return None


def origin_of(sentences: Sequence[Sentence]) -> Origin:
    """Where a window of these sentences, all of one document, comes from."""
    ends = accumulate(len(sentence.words) for sentence in sentences)
    return Origin(
        document=sentences[0].document,
        lines=[sentence.line for sentence in sentences],
        starts=[0, *ends][: len(sentences)],
    )


@dataclass(frozen=True)
class Dependencies:
    """Dependency trees: every word is an anchor and picks its head. One sentence a window.

    Sentences that do not fit, or hold a word without a wordpiece, are left out whole and
    counted. Punctuation has a row of its own but does not count in ``all``. For possessors there is
    the row ``poss+clitic`` besides, of heads and baselines.
    """

    terms: ClassVar[Terms] = Terms(
        row="relation",
        score="UAS",
        title="Unlabelled attachment without punctuation",
        directions=("dep->head", "head->dep", "both"),
        baselines=OFFSET_NAMES,
        rivals=(
            Rival("right-branching", ("offset=1",), beside_heads=False),
            Rival("offset", OFFSET_NAMES),
        ),
        note="best-offset and best-head: the best over all words. Root words count as wrong\n"
        "for what takes no training.",
        subtypes=SEPARATORS,
    )

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows, lazily.

        Raises:
            Misread: for what is no tree at all.
        """
        document, has_clitic = None, False
        for sentence, wordpieces in _tokenized(sentences, tokenizer):
            _check(sentence)
            census.sentences += 1
            census.documents += sentence.document != document
            document = sentence.document
            if (reason := misfit(sentence, wordpieces, tokenizer.limit)) is not None:
                census.left_out[reason] += 1
                continue
            census.faults.update(tree_faults(sentence.heads))
            census.count_window(wordpieces, [sentence])
            asking = stand_ins(sentence)
            has_clitic |= any(word != possessor for possessor, word in asking.items())
            yield Window(
                words=sentence.words,
                wordpieces=wordpieces,
                anchors=range(len(sentence.words)),
                gold=[[head] for head in sentence.heads],
                candidates=None,
                rows=[_rows_of(relation, census) for relation in sentence.relations],
                document=census.documents,
                place=census.sentences,
                origin=origin_of([sentence]),
                asides=[
                    Aside(word, sentence.heads[possessor], census.row(POSS_CLITIC))
                    for possessor, word in asking.items()
                ],
            )
        if POSS_CLITIC in census.rows and not has_clitic:
            census.unused.append(POSS_CLITIC)


def _tokenized(
    sentences: Iterable[Sentence], tokenizer: Tokenizer
) -> Iterator[tuple[Sentence, Wordpieces]]:
    """Each sentence by itself with its wordpieces, tokenized many at a time."""
    stream = iter(sentences)
    while chunk := list(islice(stream, 256)):
        pieces = tokenizer([joined([sentence]) for sentence in chunk])
        yield from zip(chunk, pieces, strict=True)


def _check(sentence: Sentence) -> None:
    """Refuse what no tree can be made of.

    Raises:
        Misread: naming document and line.
    """
    count = len(sentence.words)
    if count and not sentence.heads and not sentence.relations:
        raise Misread(
            sentence,
            "expected a dependency tree, a head and a relation for each word, found none"
            + (": this is coreference data" if sentence.heads_by else ""),
        )
    if not count == len(sentence.heads) == len(sentence.relations):
        raise Misread(
            sentence,
            f"expected a head and a relation for each of {count} words, "
            f"found {len(sentence.heads)} and {len(sentence.relations)}",
        )
    if len(sentence.tags) not in (0, count):
        raise Misread(
            sentence,
            f"expected a tag for each of {count} words, or none at all, found {len(sentence.tags)}",
        )
    for word, head in enumerate(sentence.heads, start=1):
        if not 0 <= head <= count or head == word:
            raise Misread(
                sentence,
                f"expected a head from 0 to {count} other than the word itself, "
                f"found {head} for word {word}",
            )
    if ALL in sentence.relations:
        raise Misread(
            sentence, f"expected relations, found {ALL!r}, which names the row of all words"
        )
    for relation in sentence.relations:
        if relation == POSS_CLITIC or is_roll_up(relation):
            raise Misread(
                sentence,
                f"expected relations, found {relation!r}, which names a further row of the report",
            )


def _rows_of(relation: str, census: Census) -> list[int]:
    own = census.row(relation)
    return [own] if relation.partition(":")[0] == "punct" else [census.row(ALL), own]


def collate(windows: Sequence[Window], rows: Sequence[str], terms: Terms, pad_id: int) -> EdgeBatch:
    """Pad windows into a batch; no windows make an empty batch that every part can take.

    Raises:
        ValueError: for windows without baselines, or with asides, whose task names others than
            fixed offsets.
    """
    offsets = offsets_of(terms)
    if offsets is None and any(w.baselines is None or w.asides for w in windows):
        raise ValueError("windows without baselines, or with asides, need fixed offsets as terms")
    size = len(windows)
    length = max((len(w.wordpieces.ids) for w in windows), default=0)
    width = max((len(w.words) for w in windows), default=0)
    most = max((len(w.anchors) for w in windows), default=0)
    ids = torch.full((size, length), pad_id)
    words_of = torch.full((size, length), -2)
    is_shared = any(w.wordpieces.last_of is not None for w in windows)
    last_of = words_of.clone() if is_shared else None
    lengths = torch.tensor([len(w.words) for w in windows], dtype=torch.long)
    anchors = torch.zeros(size, most, dtype=torch.long)
    is_anchor = torch.zeros(size, most, dtype=torch.bool)
    gold = torch.zeros(size, most, width + 1, dtype=torch.bool)
    candidates = torch.zeros(size, most, width + 1, dtype=torch.bool)
    kinds = torch.zeros(size, most, width + 1, dtype=torch.int8)
    member = torch.zeros(size, most, len(rows), dtype=torch.bool)
    for b, window in enumerate(windows):
        count = len(window.anchors)
        ids[b, : len(window.wordpieces.ids)] = torch.tensor(window.wordpieces.ids)
        words_of[b, : len(window.wordpieces.ids)] = torch.tensor(window.wordpieces.words_of)
        if last_of is not None:
            last = window.wordpieces.last_of
            own = torch.tensor(window.wordpieces.words_of if last is None else last)
            last_of[b, : len(own)] = own
        anchors[b, :count] = torch.tensor(window.anchors, dtype=torch.long)
        is_anchor[b, :count] = True
        gold[b][_cells(window.gold)] = True
        member[b][_cells(window.rows)] = True
        if window.candidates is None:
            candidates[b, :count, : len(window.words) + 1] = True
            candidates[b, range(count), [anchor + 1 for anchor in window.anchors]] = False
        else:
            cells = _cells(window.candidates)
            candidates[b][cells] = True
            if window.kinds is not None:
                flat = [kind for of_anchor in window.kinds for kind in of_anchor]
                kinds[b][cells] = torch.tensor(flat, dtype=torch.int8)
    if offsets is not None:
        baselines = offset_hits(gold, anchors, lengths, offsets).double()
    else:
        baselines = torch.zeros(size, most, len(terms.baselines), dtype=torch.float64)
    for b, window in enumerate(windows):
        if window.baselines is not None:
            own = torch.tensor(window.baselines, dtype=torch.float64)
            baselines[b, : len(window.anchors)] = own.view(
                len(window.anchors), len(terms.baselines)
            )
    batch = EdgeBatch(
        words=[list(w.words) for w in windows],
        rows=rows,
        terms=terms,
        ids=ids,
        words_of=words_of,
        lengths=lengths,
        anchors=anchors,
        is_anchor=is_anchor,
        gold=gold,
        candidates=candidates,
        member=member,
        baselines=baselines,
        kinds=kinds,
        last_of=last_of,
    )
    return with_asides(batch, windows)


def _cells(lists: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of the true cells of a boolean matrix given by the columns of each row."""
    first = [a for a, columns in enumerate(lists) for _ in columns]
    second = [column for columns in lists for column in columns]
    return torch.tensor(first, dtype=torch.long), torch.tensor(second, dtype=torch.long)
