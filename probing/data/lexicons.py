"""Lexicons learnt on a source, kept in the cache by its content."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from probing.core.files import cache_folder
from probing.core.sentences import Reader, Sentence
from probing.data.arrow_files import read_state, write_state
from probing.data.formats.penn import Escapes
from probing.data.sources.files import open_source
from probing.data.sources.fingerprints import code_of
from probing.data.store import SHAPING
from probing.data.tasks.base import check_annotations
from probing.data.word_tags import Lexicon, category_of, uses_penn

Counts = Mapping[str, Mapping[str, int]]


def open_lexicon(name: str, reader: Reader | None, escapes: Escapes) -> Lexicon | None:
    """The lexicon of training data; ``None`` if none of its words has a category.

    The source is read if that has not been done; no tokenizer is needed, and nothing is left out.

    Args:
        name: what :func:`~probing.data.sources.files.open_source` takes.
        reader: for files of another format than their ending says.
        escapes: what becomes of escapes of the Penn Treebank.

    Raises:
        ProbingError: for a missing or faulty source; nothing is kept of it.
    """
    source = open_source(name, reader, split="train", escapes=escapes)
    whole = f"{code_of(*SHAPING)} {source.fingerprint()}".encode(errors="surrogateescape")
    kept = cache_folder() / f"{hashlib.sha256(whole).hexdigest()[:32]}.lexicon.json"
    state = read_state(kept, beside=())
    if state is None:
        state = {"forms": counted(source.read())}
        write_state(kept, state, beside=())
    return Lexicon.learnt(source.name, state["forms"]) if state["forms"] else None


def counted(sentences: Iterable[Sentence]) -> Counts:
    """How often each lower-cased form has each category."""
    tagged: Counter[tuple[str, str, str]] = Counter()
    for sentence in sentences:
        check_annotations(sentence)
        if not sentence.is_withheld:
            without = ["_"] * len(sentence.words)
            tags = zip(sentence.upos or without, sentence.xpos or without, strict=True)
            forms = (word.lower() for word in sentence.words)
            tagged.update((form, *own) for form, own in zip(forms, tags, strict=True))
    others: Counter[str] = Counter()
    for (_, upos, xpos), count in tagged.items():
        if category_of(upos, xpos, is_penn=False) is None:
            others[xpos] += count
    is_penn = uses_penn(others)
    found: dict[str, Counter[str]] = {}
    for (form, upos, xpos), count in tagged.items():
        category = category_of(upos, xpos, is_penn=is_penn)
        if category is not None:
            found.setdefault(form, Counter())[category] += count
    return found
