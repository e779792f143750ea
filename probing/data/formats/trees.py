"""What all files with dependency trees share."""

from __future__ import annotations

from collections.abc import Iterable

from probing.core.digits import whole_number
from probing.core.sentences import Sentence
from probing.data.formats.lines import fault, quoted

UNKNOWN = -1
"""The head of a word that nobody annotated."""


def tree_faults(heads: Iterable[int]) -> list[str]:
    """What keeps ``heads`` (0 is ROOT, -1 is unknown) from being a tree.

    Any of ``words without a head``, ``no root``, ``several roots``, ``cycle``. The root may be
    among the words without a head.
    """
    parents = [0, *heads]
    faults = ["words without a head"] if UNKNOWN in parents else []
    roots = parents[1:].count(0)
    if roots > 1 or not (roots or faults):
        faults.append("several roots" if roots else "no root")
    # Which word was met first on the way to each: 0 and the unknown end every way.
    met = {0: 0, UNKNOWN: 0}
    for first in range(1, len(parents)):
        word = first
        while word not in met:
            met[word] = first
            word = parents[word]
        if met[word] == first:
            return [*faults, "cycle"]
    return faults


def head_of(path: str, line: int, text: str) -> int:
    """The number of a head, 0 for ROOT; -1 for ``_``, as in partial annotation.

    Raises:
        ProbingError: naming file and line, where it is neither.
    """
    if text == "_":
        return UNKNOWN
    head = whole_number(text)
    if head is None:
        raise fault(path, line, "a head that is a number", quoted(text))
    return head


def tree_sentence(
    path: str,
    words: Iterable[str],
    heads: list[int],
    relations: Iterable[str],
    tags: Iterable[str],
    document: str,
    lines: list[int],
) -> Sentence:
    """A sentence and its tree; ``lines`` are those of its words.

    Raises:
        ProbingError: naming file and line, where a word or relation is empty, or a head is not in
            the sentence.
    """
    words, relations = list(words), list(relations)
    for word, (head, line) in enumerate(zip(heads, lines, strict=True), start=1):
        for what, value in (("form", words[word - 1]), ("relation", relations[word - 1])):
            if not value.strip(" "):
                raise fault(path, line, f"a {what} of word {word}", "none")
        if head > len(heads):
            raise fault(path, line, f"a head from 0 to {len(heads)}", str(head))
        if head == word:
            raise fault(path, line, "a head other than the word itself", str(head))
    return Sentence(words, heads, relations, list(tags), document, lines[0])
