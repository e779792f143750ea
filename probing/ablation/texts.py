"""The texts that a model reads with and without heads: sentences, and pairs of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from probing.core.errors import ProbingError
from probing.core.sentences import Reader
from probing.data.builtin.pairs import PREFIX, builtin_pairs
from probing.data.formats.lines import fault, numbered, quoted
from probing.data.tasks.base import WITHHELD
from probing.encoder import PlainTokenizer
from probing.surface.text.texts import open_text

FEWEST = 10
"""The least texts of a length that a head's mean map is taken over, the ablated one among them."""
WITHOUT_OTHERS = "--ablation.how zero, uniform or sink takes no maps of other sentences"
"""What to do where too few texts are of one length."""
TEXT = "text"
"""What reports call the sentences that are no pairs."""
Sides = tuple[str, ...]
"""A sentence, or the two of a pair: the good one first."""


@dataclass
class Sentences:
    """Sentences, or pairs of them, in wordpieces.

    - ``name``: what reports call it; ``source``: as it was named.
    - ``items``: the wordpieces of each sentence, special tokens included, or of both of a pair.
    - ``units [items]``: 63 bits that tell what is resampled: a document, where a text has several,
      else a sentence; a pair.
    - ``left_out``: how many were, by reason.
    """

    name: str
    source: str
    items: list[tuple[list[int], ...]]
    units: list[int]
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def is_paired(self) -> bool:
        """Whether it holds pairs."""
        return self.name != TEXT

    @property
    def lengths(self) -> Counter[int]:
        """How many of all sentences, those of pairs included, are of each length."""
        return Counter(len(ids) for item in self.items for ids in item)

    def keep(self, fewest: int) -> None:
        """Leave out what has a length that fewer than ``fewest`` sentences have.

        Raises:
            ProbingError: if nothing is left.
        """
        # What is left out of a pair takes the other one along, whose length then has one less.
        while True:
            lengths = self.lengths
            kept = [all(lengths[len(ids)] >= fewest for ids in item) for item in self.items]
            if all(kept):
                break
            self.left_out[f"of a length that fewer than {fewest} have"] += kept.count(False)
            self.items = [item for item, stays in zip(self.items, kept, strict=True) if stays]
            self.units = [unit for unit, stays in zip(self.units, kept, strict=True) if stays]
        if not self.items:
            more = "more pairs" if self.is_paired else "a larger --data.most"
            raise ProbingError(f"{nothing_left(self)}; {WITHOUT_OTHERS}, {more} may do as well")


def sentences(
    source: str, *, reader: Reader | None, tokenizer: PlainTokenizer, most: int | None
) -> Sentences:
    """The sentences of a text, at most ``most``, evenly spread.

    Raises:
        ProbingError: for a text that cannot be read or has no sentence that fits.
    """
    opened = open_text(source, reader)
    lines = list(opened.lines())
    left_out = Counter({WITHHELD: sum(text is None for _, text in lines)})
    known = [(document, text) for document, text in lines if text is not None]
    documents = {document for document, _ in known}
    texts = [(text,) for _, text in known]
    names = [str(k) if len(documents) < 2 else str(d) for k, (d, _) in enumerate(known)]
    part = _part(TEXT, opened.name, texts, names, tokenizer, left_out)
    if most is not None and len(part.items) > most:
        places = [k * len(part.items) // most for k in range(most)]
        part.items = [part.items[place] for place in places]
        part.units = [part.units[place] for place in places]
    return part


def pairs(source: str, *, tokenizer: PlainTokenizer, taken: Collection[str] = ()) -> Sentences:
    """Minimal pairs: ``builtin:SET,pairs=N,seed=S``, or a file with ``good<TAB>bad`` a line.

    Args:
        source: names them.
        tokenizer: the model's.
        taken: names that other parts have.

    Raises:
        ProbingError: for what cannot be read, naming file and line, or has no pair that fits, or
            where two files have one name.
    """
    if source.startswith(PREFIX):
        name, found = builtin_pairs(source)
        texts: list[Sides] = list(found)
    else:
        name, texts = Path(source).stem, list(_lines(source))
    if name in {*taken, TEXT}:
        raise ProbingError(f"{source}: reports would call it {name!r}, as something else already")
    return _part(name, source, texts, [str(k) for k in range(len(texts))], tokenizer, Counter())


def _lines(path: str) -> Iterator[Sides]:
    for number, line in numbered(path):
        if not line.strip():
            continue
        sides = tuple(side.strip() for side in line.split("\t"))
        if len(sides) != 2 or not all(sides):
            raise fault(path, number, "a good sentence, a tab and a bad one", quoted(line))
        yield sides


def _part(
    name: str,
    source: str,
    texts: Sequence[Sides],
    unit_names: Sequence[str],
    tokenizer: PlainTokenizer,
    left_out: Counter[str],
) -> Sentences:
    frame = tokenizer.frame
    pieces = iter(tokenizer([side for sides in texts for side in sides]))
    part = Sentences(name, source, [], [], left_out)
    for sides, unit in zip(texts, unit_names, strict=True):
        bare = [next(pieces) for _ in sides]
        item = tuple([*frame.before, *ids, *frame.after] for ids in bare)
        if not all(bare):
            part.left_out["without a wordpiece"] += 1
        elif max(map(len, item)) > tokenizer.limit:
            part.left_out[f"longer than {tokenizer.limit:,} wordpieces"] += 1
        elif len(item) == 2 and item[0] == item[1]:
            part.left_out["of the same wordpieces"] += 1
        else:
            part.items.append(item)
            # Texts alone tell corpora apart, wherever they lie.
            digest = hashlib.sha256("\t".join((name, unit)).encode(errors="replace")).digest()
            part.units.append(int.from_bytes(digest[:8], "big") >> 1)
    part.left_out = +part.left_out
    if not part.items:
        raise nothing_left(part)
    return part


def nothing_left(part: Sentences) -> ProbingError:
    """What to say of texts of which none can be used."""
    left = ", ".join(f"{n:,} {why}" for why, n in sorted(part.left_out.items()))
    option, noun = ("pairs", "pair of sentences") if part.is_paired else ("test", "sentence")
    return ProbingError(
        f"--data.{option} {part.source}: expected a {noun}, found none that fits ({left or 'none'})"
    )
