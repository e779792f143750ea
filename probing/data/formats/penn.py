"""Conventions of the Penn Treebank and OntoNotes: tags, and what stands for other text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

PENN_TAGS = frozenset(
    """ADD AFX CC CD DT EX FW GW HYPH IN JJ JJR JJS LS MD NFP NN NNP NNPS NNS PDT POS PRP PRP$ RB
    RBR RBS RP SYM TO UH VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB""".split()
)
"""Part-of-speech tags of words in the Penn Treebank and the English Web Treebank."""

PUNCTUATION_TAGS = frozenset("`` '' \" . , : -LRB- -RRB- ( ) HYPH NFP".split())
"""Those of punctuation."""

UNDONE = "escapes of the Penn Treebank, undone (--data.escapes keep leaves them)"
"""The oddity of a sentence whose words stood otherwise in the file."""

Escapes = Literal["undo", "keep"]
"""What a user wants of escapes."""

Undo = Callable[[str], str]
"""From a word of a file to the word as it stood in the text; ``str`` leaves it as it is."""

_MOST = 0.95
_UNIVERSAL = {
    penn: universal
    for universal, tags in {
        "ADJ": "JJ JJR JJS AFX",
        "ADP": "IN RP",
        "ADV": "RB RBR RBS WRB",
        "AUX": "MD",
        "CCONJ": "CC",
        "DET": "DT PDT",
        "INTJ": "UH",
        "NOUN": "NN NNS",
        "NUM": "CD",
        "PART": "POS TO",
        "PRON": "EX PRP PRP$ WDT WP WP$",
        "PROPN": "NNP NNPS",
        "SYM": "SYM $ #",
        "VERB": "VB VBD VBG VBN VBP VBZ",
        "X": "ADD FW GW LS",
    }.items()
    for penn in tags.split()
}
_STANDS_FOR = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    r"\/": "/",
    r"\*": "*",
}
_ESCAPED = re.compile("|".join(map(re.escape, _STANDS_FOR)))
_BRACKET = re.compile("-[LR][RSC]B-")
# OntoNotes writes punctuation in transcribed speech with a slash before it.
_SPOKEN = re.compile(r"/[-.,:;?!]")


def unescape(word: str) -> str:
    r"""The word as it stood in the text.

    Brackets (``-LRB-`` for ``(`` and so on) also within a word, as in ``:-RRB-``; ``\/`` and
    ``\*``; and OntoNotes' ``/.``, ``/?``, ``/-``. Quotes (two backticks) stay as they are.
    """
    if _SPOKEN.fullmatch(word):
        return word[1]
    return _ESCAPED.sub(lambda found: _STANDS_FOR[found[0]], word)


def unbracket(word: str) -> str:
    """The word with its brackets as they stood in the text, and all else as it is.

    For formats that others than the Penn Treebank use, too: there a slash may be a slash.
    """
    return _BRACKET.sub(lambda found: _STANDS_FOR[found[0]], word)


def are_penn(tags: Mapping[str, int]) -> bool:
    """Whether tags, each with how often it occurs, are those of the Penn Treebank.

    At least 95% are, punctuation included. A tag or two that look alike say nothing: ``PRP`` is a
    preposition elsewhere.
    """
    words = sum(count for tag, count in tags.items() if tag in PENN_TAGS)
    marks = sum(count for tag, count in tags.items() if _is_mark(tag))
    return words > 0 and words + marks >= _MOST * sum(tags.values())


def penn_tag(xpos: str) -> str | None:
    """A tag of a file whose tags are those of the Penn Treebank, if this one is."""
    is_symbol = xpos != "_" and not any(map(str.isalnum, xpos))
    return xpos if xpos in PENN_TAGS or is_symbol else None


def universal_of_penn(xpos: str) -> str | None:
    """The category of Universal Dependencies that a tag of the Penn Treebank stands for.

    A tag that stands for several is the most frequent of them: ``IN`` is ADP, also of a
    subordinating conjunction, and a form of *be* is VERB, as any verb but a modal is.
    """
    return _UNIVERSAL.get(xpos) or ("PUNCT" if xpos != "_" and _is_mark(xpos) else None)


def _is_mark(tag: str) -> bool:
    return tag in PUNCTUATION_TAGS or not any(map(str.isalnum, tag))
