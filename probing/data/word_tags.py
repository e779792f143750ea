"""The categories (UPOS) of the words of a corpus: those of its file, and guesses from forms alone.

A guess is the most frequent category of the lower-cased form in other text; of a form that is not
there, that of words with its last three letters, else two, else one, else of all words. Of several
that are equally frequent it is the first by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from probing.core.category_rules import CATEGORIES, NONE
from probing.data.formats.penn import are_penn, universal_of_penn

Tags = NDArray[np.int8]
"""A category for each word, as an index into :data:`CATEGORIES`; ``NONE`` for a word without."""

Numbers = NDArray[np.int64]
Codes = NDArray[np.int32]
"""For each word which of some strings it has; a treebank has many words, so that they are small."""

_NUMBER = {category: number for number, category in enumerate(CATEGORIES)}
_AT_ONCE = 2**18
"""About how many words are counted at once, each of which takes some hundred bytes for it."""


def levels(form: str) -> tuple[str, ...]:
    """What a form is looked up by, one after the other."""
    return form, form[-3:], form[-2:], form[-1:], ""


@dataclass(frozen=True)
class Lexicon:
    """Which category each form, and each end of a form, has most often in the text ``source``."""

    source: str
    most_frequent: Sequence[Mapping[str, int]]

    @classmethod
    def learnt(cls, source: str, counts: Mapping[str, Mapping[str, int]]) -> Lexicon:
        """From how often each lower-cased form has each category."""
        found: list[dict[str, list[int]]] = [{} for _ in levels("")]
        for form, own in counts.items():
            for known, key in zip(found, levels(form), strict=True):
                summed = known.setdefault(key, [0] * len(CATEGORIES))
                for category, count in own.items():
                    summed[_NUMBER[category]] += count
        return cls(source, [{k: c.index(max(c)) for k, c in known.items()} for known in found])

    def tag(self, form: str) -> int:
        """The category of a lower-cased form."""
        tried = zip(self.most_frequent, levels(form), strict=True)
        return next((known[key] for known, key in tried if key in known), NONE)


@dataclass(frozen=True)
class Words:
    """The words of a corpus in a line.

    ``forms [P]``, lower-cased, are indices into ``vocabulary``; ``tags [P]`` are those of the file.
    """

    vocabulary: Sequence[str]
    forms: Codes
    tags: Tags

    @classmethod
    def of(cls, table: pa.Table) -> Words:
        """Those of the windows of a corpus, one window after the other."""
        return cls(*_coded(table, "words", str.lower), _tags(table))

    @property
    def is_tagged(self) -> bool:
        """Whether any word has a tag in the file."""
        return bool((self.tags != NONE).any())

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How often each form has each category, as :meth:`Lexicon.learnt` takes it."""
        counted = self._counted(self.forms, self.tags, len(self.vocabulary))
        found: dict[str, dict[str, int]] = {}
        for form, category in np.argwhere(counted):
            own = found.setdefault(self.vocabulary[form], {})
            own[CATEGORIES[category]] = int(counted[form, category])
        return found

    def by(self, lexicon: Lexicon) -> Tags:
        """The tags that a lexicon guesses."""
        return np.array([lexicon.tag(form) for form in self.vocabulary], np.int8)[self.forms]

    def by_the_others(self, units: Numbers) -> Tags:
        """The tags that are guessed from all words but those of the same unit; ``units [P]``."""
        found = np.full(len(self.forms), NONE, np.int8)
        for keys in zip(*map(levels, self.vocabulary), strict=True):
            names, of_form = _numbered(keys)
            of_all = self._counted(of_form[self.forms], self.tags, len(names))
            for some in _by_units(units):
                key = of_form[self.forms[some]]
                pairs, pair = np.unique(units[some] * len(names) + key, return_inverse=True)
                others = of_all[pairs % len(names)]
                others -= self._counted(pair, self.tags[some], len(pairs))
                best = np.where(others.any(1), others.argmax(1), NONE).astype(np.int8)
                found[some] = np.where(found[some] == NONE, best[pair], found[some])
        return found

    @staticmethod
    def _counted(keys: Codes | Numbers, tags: Tags, count: int) -> Numbers:
        """How often each key has each category, ``[keys, categories]``."""
        found = np.zeros(count * len(CATEGORIES), np.int64)
        step = max(count, _AT_ONCE)
        for start in range(0, len(keys), step):
            some = slice(start, start + step)
            known = tags[some] != NONE
            cells = keys[some][known].astype(np.int64) * len(CATEGORIES) + tags[some][known]
            found += np.bincount(cells, minlength=len(found))
        return found.reshape(count, len(CATEGORIES))


def category_of(upos: str, xpos: str, *, is_penn: bool) -> str | None:
    """The category that tags of a file say; ``is_penn``: XPOS are those of the Penn Treebank."""
    if upos in _NUMBER:
        return upos
    return universal_of_penn(xpos) if is_penn else None


def uses_penn(xpos: Mapping[str, int]) -> bool:
    """Whether XPOS of words without a category, each with how often it is there, are Penn's."""
    return are_penn({tag: count for tag, count in xpos.items() if tag != "_"})


def _tags(table: pa.Table) -> Tags:
    (upos, universal), (xpos, other) = _coded(table, "upos"), _coded(table, "xpos")
    own: Tags = np.array([_NUMBER.get(tag, NONE) for tag in upos], np.int8)[universal]
    counts = np.bincount(other[own == NONE], minlength=len(xpos)).tolist()
    if uses_penn(Counter(dict(zip(xpos, counts, strict=True)))):
        penn = [universal_of_penn(tag) for tag in xpos]
        turned = np.array([NONE if tag is None else _NUMBER[tag] for tag in penn], np.int8)
        own = np.where(own == NONE, turned[other], own)
    return own


def _numbered(keys: Iterable[str]) -> tuple[list[str], Codes]:
    """Which keys there are, and which each is."""
    numbers: dict[str, int] = {}
    found = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int32)
    return list(numbers), found


def _coded(
    table: pa.Table, column: str, key: Callable[[str], str] = str
) -> tuple[list[str], Codes]:
    """The values of lists, one list after the other: which there are, and which each is, ``[P]``.

    A list that is missing has ``"_"`` for each of the words; of values ``key`` is taken.
    """
    numbers: dict[str, int] = {}
    found = [np.zeros(0, np.int32)]
    for batch in table.to_batches():
        sizes = pc.list_value_length(batch["words"]).to_numpy()
        coded = pc.list_flatten(batch[column]).dictionary_encode()
        values = [numbers.setdefault(key(v), len(numbers)) for v in coded.dictionary.to_pylist()]
        own = np.array(values, np.int32)[coded.indices.to_numpy()]
        is_there = np.repeat(batch[column].is_valid().to_numpy(zero_copy_only=False), sizes)
        if not is_there.all():
            every = np.full(len(is_there), numbers.setdefault("_", len(numbers)), np.int32)
            every[is_there] = own
            own = every
        found.append(own)
    return list(numbers), np.concatenate(found)


def _by_units(units: Numbers) -> Iterator[Numbers]:
    """The places of the words of whole units, of about as many words as are counted at once."""
    order = np.argsort(units, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(units[order])) + 1, len(order))  # of each unit
    start = 0
    while start < len(order):
        end = int(ends[np.searchsorted(ends, start + _AT_ONCE, "left").clip(max=len(ends) - 1)])
        yield order[start:end]
        start = end
