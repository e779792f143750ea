"""The genre of a document, where its name says it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PATTERNS = (
    re.compile(r"(?:GUM|GENTLE)_([a-z]+)_."),  # GUM_academic_art
    re.compile(r"(answers|email|newsgroup|reviews|weblog)-."),  # UD English-EWT: weblog-blog...
    re.compile(r"(bc|bn|mz|nw|pt|tc|wb)/."),  # OntoNotes: nw/wsj/00/wsj_0001
)
"""How names begin, the genre in brackets; it may only be told where all documents of a corpus
have names of one kind."""


def genres_of(documents: Mapping[int, str]) -> dict[str, list[int]]:
    """The numbers of the documents of each genre, ascending; nothing unless there are several.

    Args:
        documents: names by number.
    """
    for pattern in _PATTERNS:
        found: dict[str, list[int]] = {}
        for number in sorted(documents):
            named = pattern.match(documents[number])
            if named is None:
                break
            found.setdefault(named[1], []).append(number)
        else:
            return dict(sorted(found.items())) if len(found) > 1 else {}
    return {}
