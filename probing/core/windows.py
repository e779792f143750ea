"""What the model sees at once, and what is asked about it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a window, and how they were written.

    ``spans[i]`` are the offsets in ``text`` of the first character of word ``i`` and of the one
    behind its last. Neither starts nor ends ever go back; words that were written as one, such
    as French ``de`` and ``le`` in ``du``, may have the same span.
    """

    words: Sequence[str]
    text: str
    spans: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Wordpieces:
    """A window as the model sees it: ``ids [T]`` and, for each wordpiece, its word or -1.

    ``words_of[t]`` is the index of the word, counted from zero; special tokens have -1. A
    wordpiece with characters of several words belongs to those from ``words_of[t]`` to
    ``last_of[t]``, in equal shares; ``last_of`` is ``None`` where each belongs to one.
    ``unfit`` says why the window must not be used, if the tokenizer knows a reason.

    ``unknown`` counts the words that have a part which the tokenizer does not know, ``rebuilt``
    those that the model's own ``tokenizer.json`` would cut otherwise. Neither is kept with a
    window.
    """

    ids: Sequence[int]
    words_of: Sequence[int]
    last_of: Sequence[int] | None = None
    unfit: str = ""
    unknown: int = 0
    rebuilt: int = 0

    @property
    def words(self) -> set[int]:
        """The words that have a wordpiece, or a share of one."""
        last_of = self.words_of if self.last_of is None else self.last_of
        pairs = zip(self.words_of, last_of, strict=True)
        return {word for first, last in pairs for word in range(first, last + 1)} - {-1}

    @property
    def class_of(self) -> list[int] | None:
        """The first of the words that have the very wordpieces of each word, most often itself.

        ``None`` where each word differs from all others.
        """
        if self.last_of is None:
            return None
        held: dict[int, list[int]] = {}
        for piece, (first, last) in enumerate(zip(self.words_of, self.last_of, strict=True)):
            for word in range(first, last + 1) if first >= 0 else ():
                held.setdefault(word, []).append(piece)
        firsts: dict[tuple[int, ...], int] = {}
        words = sorted(held)
        found = list(range(words[-1] + 1)) if words else []
        for word in words:
            found[word] = firsts.setdefault(tuple(held[word]), word)
        return found if len(firsts) < len(words) else None

    @property
    def split(self) -> int:
        """How many words have several wordpieces."""
        last_of = self.words_of if self.last_of is None else self.last_of
        pairs = zip(self.words_of, last_of, strict=True)
        held = Counter(word for first, last in pairs for word in range(first, last + 1))
        return sum(count > 1 for word, count in held.items() if word >= 0)

    @property
    def shared(self) -> int:
        """How many wordpieces belong to several words."""
        if self.last_of is None:
            return 0
        return sum(a != b for a, b in zip(self.words_of, self.last_of, strict=True))


class Tokenizer(Protocol):
    """What the data needs from an encoder: text to wordpieces, and how many fit."""

    @property
    def limit(self) -> int:
        """The most wordpieces that the model takes, special tokens included."""
        ...

    @property
    def pad_id(self) -> int:
        """The id that fills up a batch; the model never attends to it."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that differs whenever the same window could get other wordpieces."""
        ...

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        """Tokenize many windows at once, special tokens added."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a window stands in its source, so that a reader can find it there.

    ``lines`` are the lines where its sentences start in ``document``, ``starts`` the indices of
    their first words in the window, counted from zero.
    """

    document: str = ""
    lines: Sequence[int] = (0,)
    starts: Sequence[int] = (0,)

    def of_word(self, word: int) -> tuple[int, int]:
        """The line of a word's sentence, and its number there, counted from one."""
        sentence = bisect_right(self.starts, word) - 1
        return self.lines[sentence], word - self.starts[sentence] + 1


@dataclass(frozen=True, slots=True)
class Window:
    """What the model sees at once, and the questions asked about it.

    ``anchors[a]`` is the index of the word that asks, counted from zero. ``gold[a]`` and
    ``candidates[a]`` are columns of ``[W+1]``: 0 is ROOT. ``rows[a]`` names the rows of the
    report that the anchor counts in. ``candidates`` is ``None`` where every word but
    the anchor itself, and ROOT, are candidates. Where further ones follow each other they need not
    be listed: ``spans[a]`` are the first and the last column of those, the anchor's own apart.

    ``baselines[a]`` says how right each baseline is about the anchor, from zero to one, and
    ``picks[a]`` which words they pick, counted from zero, -1 for none, -2 where nobody knows;
    ``None`` where they are fixed offsets, or it is not said. ``kinds[a]`` is
    parallel to ``candidates[a]``: 0, or the kind of error that picking the candidate would be;
    picking one that is not listed is an error of the last kind.
    ``origin`` says where the window comes from. ``for_probes[a]`` is false for an anchor that
    only heads and baselines are asked about, which had best come last; ``None`` where probes are
    asked about all.

    ``document`` and ``place`` are the numbers, counted from one, of the document and of the
    window's first sentence in the corpus, those left out included; 0 where a task does not say.
    ``upos``, ``xpos`` and ``feats`` are those of the words, as in
    :class:`~probing.core.sentences.Sentence`.
    """

    words: Sequence[str]
    wordpieces: Wordpieces
    anchors: Sequence[int]
    gold: Sequence[Sequence[int]]
    candidates: Sequence[Sequence[int]] | None
    rows: Sequence[Sequence[int]]
    baselines: Sequence[Sequence[float]] | None = None
    kinds: Sequence[Sequence[int]] | None = None
    origin: Origin = Origin()
    for_probes: Sequence[bool] | None = None
    document: int = 0
    place: int = 0
    upos: Sequence[str] = ()
    xpos: Sequence[str] = ()
    feats: Sequence[str] = ()
    picks: Sequence[Sequence[int]] | None = None
    spans: Sequence[Sequence[int]] | None = None

    def only(self, kept: Sequence[bool]) -> Window:
        """The window with those of its anchors for which ``kept`` is true."""
        parts = "anchors gold rows candidates spans baselines picks kinds for_probes".split()
        own = ((name, getattr(self, name)) for name in parts)
        chosen: dict[str, Any] = {n: list(compress(v, kept)) for n, v in own if v is not None}
        return replace(self, **chosen)

    @property
    def probed(self) -> Window:
        """The window without the anchors that only heads and baselines are asked about."""
        return self if self.for_probes is None else self.only(self.for_probes)

    @property
    def asked(self) -> Sequence[int] | None:
        """The words that probes are asked about, as anchors or as candidates, ascending.

        ``None`` where every word is a candidate.
        """
        if self.candidates is None:
            return None
        own = self.probed
        columns = {column for of_anchor in own.candidates or () for column in of_anchor}
        for first, last in {(first, last) for first, last in own.spans or ()}:
            columns.update(range(first, last + 1))
        return sorted({*own.anchors, *(column - 1 for column in columns if column)})
