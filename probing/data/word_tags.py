"""The categories (UPOS) of the words of a corpus: those of its file, and guesses from forms alone.

A guess is the most frequent category of the lower-cased form in other text; of a form that is not
there, that of words with its last three letters, else two, else one, else of all words. Of several
that are equally frequent it is the first by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
_NUMBER = {category: number for number, category in enumerate(CATEGORIES)}


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
    forms: Numbers
    tags: Tags

    @classmethod
    def of(cls, table: pa.Table) -> Words:
        """Those of the windows of a corpus, one window after the other."""
        written, form = _coded(table["words"])
        vocabulary, lower = _numbered(own.lower() for own in written)
        return cls(vocabulary, lower[form], _tags(table))

    @property
    def is_tagged(self) -> bool:
        """Whether any word has a tag in the file."""
        return bool((self.tags != NONE).any())

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How often each form has each category, as :meth:`Lexicon.learnt` takes it."""
        counted = self._counted(self.forms, len(self.vocabulary)).tolist()
        return {
            form: {CATEGORIES[k]: count for k, count in enumerate(own) if count}
            for form, own in zip(self.vocabulary, counted, strict=True)
            if any(own)
        }

    def by(self, lexicon: Lexicon) -> Tags:
        """The tags that a lexicon guesses."""
        return np.array([lexicon.tag(form) for form in self.vocabulary], np.int8)[self.forms]

    def by_the_others(self, units: Numbers) -> Tags:
        """The tags that are guessed from all words but those of the same unit; ``units [P]``."""
        found = np.full(len(self.forms), NONE, np.int8)
        for keys in zip(*map(levels, self.vocabulary), strict=True):
            names, of_form = _numbered(keys)
            key = of_form[self.forms]
            pairs, pair = np.unique(units * len(names) + key, return_inverse=True)
            others = self._counted(key, len(names))[pairs % len(names)]
            others -= self._counted(pair, len(pairs))
            best = np.where(others.any(1), others.argmax(1), NONE).astype(np.int8)
            found = np.where(found == NONE, best[pair], found)
        return found

    def _counted(self, keys: Numbers, count: int) -> Numbers:
        """How often each key has each category, ``[keys, categories]``."""
        known = self.tags != NONE
        cells = keys[known] * len(CATEGORIES) + self.tags[known]
        counts = np.bincount(cells, minlength=count * len(CATEGORIES))
        return counts.reshape(count, len(CATEGORIES))


def category_of(upos: str, xpos: str, *, is_penn: bool) -> str | None:
    """The category that tags of a file say; ``is_penn``: XPOS are those of the Penn Treebank."""
    if upos in _NUMBER:
        return upos
    return universal_of_penn(xpos) if is_penn else None


def uses_penn(xpos: Mapping[str, int]) -> bool:
    """Whether XPOS of words without a category, each with how often it is there, are Penn's."""
    return are_penn({tag: count for tag, count in xpos.items() if tag != "_"})


def _tags(table: pa.Table) -> Tags:
    (upos, universal), (xpos, other) = _coded(table["upos"], table), _coded(table["xpos"], table)
    own = np.array([_NUMBER.get(tag, NONE) for tag in upos], np.int8)[universal]
    counts = np.bincount(other[own == NONE], minlength=len(xpos)).tolist()
    if uses_penn(Counter(dict(zip(xpos, counts, strict=True)))):
        penn = [universal_of_penn(tag) for tag in xpos]
        turned = np.array([NONE if tag is None else _NUMBER[tag] for tag in penn], np.int8)
        own = np.where(own == NONE, turned[other], own)
    return own


def _numbered(keys: Iterable[str]) -> tuple[list[str], Numbers]:
    """Which keys there are, and which each is."""
    numbers: dict[str, int] = {}
    found = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
    return list(numbers), found


def _coded(column: pa.ChunkedArray, table: pa.Table | None = None) -> tuple[list[str], Numbers]:
    """The values of lists, one list after the other: which there are, and which each is, ``[P]``.

    ``table`` has the words that the values are of, where some lists are missing: their words get
    ``"_"``.
    """
    coded = pc.list_flatten(column).dictionary_encode().unify_dictionaries()
    values = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    numbers = np.concatenate([chunk.indices.to_numpy() for chunk in coded.chunks] or [[]])
    numbers = numbers.astype(np.int64)
    if table is None:
        return values, numbers
    sizes = pc.list_value_length(table["words"]).to_numpy()
    found = np.full(sizes.sum(), len(values), np.int64)
    found[np.repeat(column.is_valid().to_numpy(), sizes)] = numbers
    return [*values, "_"], found
