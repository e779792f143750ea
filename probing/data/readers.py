"""Readers: one function per format, from a path to sentences.

A reader checks what it reads. What no tree can be made of stops it with file and line; what a
tree may lack (one root, no cycle) is left to :func:`tree_faults`, to be counted and reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..batch import Sentence
from ..errors import ProbingError
from .builtin import generate
from .lines import blocks, fault
from .text import MISMATCH, Token, placed


def read_conllu(path: str) -> Iterator[Sentence]:
    """Sentences of a CoNLL-U file (https://universaldependencies.org/format.html).

    Multiword ranges (``3-4``) and empty nodes (``5.1``) are no words of the basic tree; ranges
    say how words were written, together with ``# text`` and ``SpaceAfter=No``. Where ``# text``
    does not match the words, the text is made of the words. Documents start at ``# newdoc``; a
    file without any is one document.

    Raises:
        ProbingError: naming file and line, where a line does not have ten columns, a word or
            range is out of order, or a head is no number or outside the sentence or the word
            itself.
    """
    document = Path(path).stem
    for block in blocks(path):
        rows: list[tuple[int, list[str]]] = []
        tokens: list[Token] = []
        text, covered = "", 0
        for number, line in block:
            if line.startswith("#"):
                key, _, value = line[1:].partition("=")
                if key.split()[:1] == ["newdoc"]:
                    document = value.strip() or f"{Path(path).stem}:{number}"
                if key.split() == ["text"]:
                    text = value.strip()
                continue
            columns = line.split("\t")
            if len(columns) != 10:
                raise fault(path, number, "10 columns separated by tabs", f"{len(columns)}")
            if "." in columns[0]:
                continue
            space = "SpaceAfter=No" not in columns[9].split("|")
            if "-" in columns[0]:
                if len(rows) < covered:
                    raise fault(path, number, f"word number {len(rows) + 1}", repr(columns[0]))
                covered = _range_end(path, number, columns[0], first=len(rows) + 1)
                tokens.append(Token(columns[1], covered - len(rows), space))
                continue
            if columns[0] != str(len(rows) + 1):
                raise fault(path, number, f"word number {len(rows) + 1}", repr(columns[0]))
            rows.append((number, columns))
            if len(rows) > covered:
                tokens.append(Token(columns[1], 1, space))
        if len(rows) < covered:
            raise fault(path, block[-1][0], f"word number {len(rows) + 1}", "no more words")
        if rows:
            words, tags, relations = zip(*((c[1], c[4], c[7]) for _, c in rows), strict=True)
            heads = [_head(path, number, c[6]) for number, c in rows]
            lines = [number for number, _ in rows]
            tree = _sentence(path, words, heads, relations, tags, document, lines)
            own, spans = placed(words, tokens, text)
            oddities = [MISMATCH] if text and own != text else []
            yield replace(tree, text=own, spans=spans, oddities=oddities)


def read_text(path: str) -> Iterator[Sentence]:
    """Sentences in the text format of the paper's code: ``word head-label`` a line.

    The head is a number, 0 for ROOT; the label is what follows the first hyphen. An empty line
    ends a sentence. The file is one document; there are no tags.

    Raises:
        ProbingError: naming file and line, as in :func:`read_conllu`.
    """
    for block in blocks(path):
        words, heads, relations = [], [], []
        for number, line in block:
            columns = line.split()
            if len(columns) != 2:
                raise fault(path, number, "'word head-label'", f"{len(columns)} columns")
            head, hyphen, relation = columns[1].partition("-")
            if not hyphen or not relation:
                raise fault(path, number, "a head and a label, as in '3-nsubj'", repr(columns[1]))
            words.append(columns[0])
            heads.append(_head(path, number, head))
            relations.append(relation)
        lines = [number for number, _ in block]
        tags = ["_"] * len(words)
        yield _sentence(path, words, heads, relations, tags, Path(path).stem, lines)


def read_builtin(source: str) -> Iterator[Sentence]:
    """Sentences of the built-in corpus: ``builtin:documents=N,seed=S``.

    Raises:
        ProbingError: if ``source`` is not of that form.
    """
    found = re.fullmatch(r"builtin:documents=(\d+),seed=(\d+)", source)
    if not found:
        raise ProbingError(f"expected 'builtin:documents=N,seed=S', found {source!r}")
    return generate(documents=int(found[1]), seed=int(found[2]))


def tree_faults(heads: Iterable[int]) -> list[str]:
    """What keeps ``heads`` (0 is ROOT) from being a tree.

    Any of ``no root``, ``several roots``, ``cycle``.
    """
    parents = [0, *heads]
    faults = []
    roots = parents[1:].count(0)
    if roots != 1:
        faults.append("several roots" if roots else "no root")
    settled = {0}
    for word in range(1, len(parents)):
        path = []
        while word not in settled and word not in path:
            path.append(word)
            word = parents[word]
        if word not in settled:
            return [*faults, "cycle"]
        settled.update(path)
    return faults


def _range_end(path: str, line: int, text: str, *, first: int) -> int:
    """The last word of a multiword range, ``4`` in ``3-4``."""
    start, _, end = text.partition("-")
    if start != str(first) or not end.isascii() or not end.isdigit() or int(end) < first:
        raise fault(path, line, f"a range that begins with word {first}", repr(text))
    return int(end)


def _head(path: str, line: int, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise fault(path, line, "a head that is a number", repr(text))
    return int(text)


def _sentence(
    path: str,
    words: Iterable[str],
    heads: list[int],
    relations: Iterable[str],
    tags: Iterable[str],
    document: str,
    lines: list[int],
) -> Sentence:
    for word, (head, line) in enumerate(zip(heads, lines, strict=True), start=1):
        if head > len(heads):
            raise fault(path, line, f"a head from 0 to {len(heads)}", str(head))
        if head == word:
            raise fault(path, line, "a head other than the word itself", str(head))
    return Sentence(list(words), heads, list(relations), list(tags), document, lines[0])
