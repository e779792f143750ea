"""Windows: what the model sees at once, and the edges to be selected in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import torch

from ..batch import ALL, EdgeBatch, Sentence, Tokenizer, Window
from ..errors import ProbingError
from .readers import tree_faults
from .text import joined


@dataclass
class Census:
    """What was read, in numbers, and the names of the rows, in the order of their indices.

    ``left_out``, ``faults`` and ``oddities`` count sentences by reason: those not used, those
    used that are no trees, those used that a reader found odd. ``shared`` counts wordpieces that
    belong to several words.
    """

    rows: list[str] = field(default_factory=lambda: [ALL])
    sentences: int = 0
    windows: int = 0
    words: int = 0
    wordpieces: int = 0
    shared: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> int:
        """The index of the row ``name``, new if need be."""
        if name not in self.rows:
            self.rows.append(name)
        return self.rows.index(name)


def dependency_windows(
    sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
) -> Iterator[Window]:
    """One window a sentence; every word is an anchor and picks its head.

    Sentences that do not fit, or hold a word without a wordpiece, are left out whole and
    counted in ``census``. Punctuation has a row of its own but does not count in ``all``.
    """
    stream = iter(sentences)
    while chunk := list(islice(stream, 256)):
        for sentence in chunk:
            _check(sentence)
        pieces = tokenizer([joined([sentence]) for sentence in chunk])
        for sentence, wordpieces in zip(chunk, pieces, strict=True):
            census.sentences += 1
            if len(wordpieces.ids) > tokenizer.limit:
                census.left_out[f"over {tokenizer.limit} wordpieces"] += 1
                continue
            if len(wordpieces.words) < len(sentence.words):
                census.left_out["a word without a wordpiece"] += 1
                continue
            census.faults.update(tree_faults(sentence.heads))
            census.oddities.update(sentence.oddities)
            census.windows += 1
            census.words += len(sentence.words)
            census.wordpieces += len(wordpieces.ids)
            census.shared += wordpieces.shared
            yield Window(
                words=sentence.words,
                wordpieces=wordpieces,
                anchors=range(len(sentence.words)),
                gold=[[head] for head in sentence.heads],
                candidates=None,
                rows=[_rows_of(relation, census) for relation in sentence.relations],
            )


def _check(sentence: Sentence) -> None:
    """Refuse what no reader should yield.

    Raises:
        ProbingError: naming document and line.
    """
    count = len(sentence.words)
    where = f"{sentence.document}:{sentence.line}"
    if not count == len(sentence.heads) == len(sentence.relations):
        raise ProbingError(
            f"{where}: expected a head and a relation for each of {count} words, "
            f"found {len(sentence.heads)} and {len(sentence.relations)}"
        )
    for word, head in enumerate(sentence.heads, start=1):
        if not 0 <= head <= count or head == word:
            raise ProbingError(
                f"{where}: expected a head from 0 to {count} other than the word itself, "
                f"found {head} for word {word}"
            )
    if ALL in sentence.relations:
        raise ProbingError(
            f"{where}: expected relations, found {ALL!r}, which names the row of all words"
        )


def _rows_of(relation: str, census: Census) -> list[int]:
    own = census.row(relation)
    return [own] if relation.partition(":")[0] == "punct" else [census.row(ALL), own]


def collate(windows: Sequence[Window], rows: Sequence[str], pad_id: int) -> EdgeBatch:
    """Pad windows into a batch; no windows make an empty batch that every part can take."""
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
            candidates[b][_cells(window.candidates)] = True
    return EdgeBatch(
        words=[list(w.words) for w in windows],
        rows=rows,
        ids=ids,
        words_of=words_of,
        lengths=lengths,
        anchors=anchors,
        is_anchor=is_anchor,
        gold=gold,
        candidates=candidates,
        member=member,
        last_of=last_of,
    )


def _cells(lists: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of the true cells of a boolean matrix given by the columns of each row."""
    first = [a for a, columns in enumerate(lists) for _ in columns]
    second = [column for columns in lists for column in columns]
    return torch.tensor(first, dtype=torch.long), torch.tensor(second, dtype=torch.long)
