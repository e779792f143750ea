"""The built-in corpus, read like any other source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data.builtin import generate


def is_builtin(source: str) -> bool:
    """Whether a source is generated: it begins with ``builtin:``."""
    return source.startswith("builtin:")


def read_builtin(source: str) -> Iterator[Sentence]:
    """Sentences of the built-in corpus: ``builtin:documents=N,seed=S``.

    Raises:
        ProbingError: if ``source`` is not of that form.
    """
    found = re.fullmatch(r"builtin:documents=([0-9]{1,18}),seed=([0-9]{1,18})", source)
    if not found:
        raise ProbingError(f"expected 'builtin:documents=N,seed=S', found {source!r}")
    return generate(documents=int(found[1]), seed=int(found[2]))
