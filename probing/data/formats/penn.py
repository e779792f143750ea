"""Conventions of the Penn Treebank and OntoNotes: tags, and what stands for other text."""

from __future__ import annotations

import re

PENN_TAGS = frozenset(
    """ADD AFX CC CD DT EX FW GW HYPH IN JJ JJR JJS LS MD NFP NN NNP NNPS NNS PDT POS PRP PRP$ RB
    RBR RBS RP SYM TO UH VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB""".split()
)
"""Part-of-speech tags of words in the Penn Treebank and the English Web Treebank."""

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
