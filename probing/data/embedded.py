"""Whether a model has an embedding for every wordpiece of the data."""

from __future__ import annotations

from collections.abc import Sequence

from probing.core.errors import ProbingError
from probing.core.windows import Wordpieces


def check_embedded(wordpieces: Wordpieces, words: Sequence[str], *, rows: int, model: str) -> None:
    """Refuse a wordpiece that the model has no embedding for.

    A tokenizer may hold more than the model has embeddings for, as long as no text needs them.

    Args:
        wordpieces: of a window.
        words: ``[W]``, of the same window.
        rows: how many wordpieces have an embedding.
        model: its name.

    Raises:
        ProbingError: naming word and wordpiece.
    """
    for piece, word in zip(wordpieces.ids, wordpieces.words_of, strict=True):
        if piece >= rows:
            of = "a special token" if word < 0 else f"the word {words[word]!r}"
            raise without_embedding(f"{piece} of {of}", rows=rows, model=model)


def without_embedding(found: str, *, rows: int, model: str) -> ProbingError:
    """What to say of a wordpiece beyond the ``rows`` that ``model`` has embeddings for."""
    return ProbingError(
        f"model {model!r} has embeddings for {rows:,} wordpieces: expected ids below {rows}, "
        f"found {found}; its tokenizer is not the one that it was trained with"
    )
