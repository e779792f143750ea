"""How the Penn Treebank and OntoNotes write words that their formats have no room for."""

from __future__ import annotations

import re

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
