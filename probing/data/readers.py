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
from .entities import HEADS_BY, EntityField, mentions, spans
from .lines import blocks, fault
from .penn import PENN_TAGS, unescape
from .text import MISMATCH, Token, placed

# How files of other formats start that are called .conll, too.
_MARKS = {"#begin document": "CoNLL-2012", "-DOCSTART-": "CoNLL-2003"}


def read_conllu(path: str) -> Iterator[Sentence]:
    """Sentences of a CoNLL-U file (https://universaldependencies.org/format.html).

    Multiword ranges (``3-4``) and empty nodes (``5.1``) are no words of the basic tree; ranges
    say how words were written, together with ``# text`` and ``SpaceAfter=No``. Where ``# text``
    does not match the words, the text is made of the words. Documents start at ``# newdoc``; a
    file without any is one document. Mentions come from ``Entity=`` in MISC, their heads from
    the tree. Tags are XPOS where that is a tag of the Penn Treebank, else UPOS.

    Raises:
        ProbingError: naming file and line, where a line does not have ten columns, a word or
            range is out of order, a head is no number or outside the sentence or the word
            itself, or a mention is not closed in its sentence.
    """
    document = Path(path).stem
    entity_field, declared = EntityField(), False
    for block in blocks(path):
        rows: list[tuple[int, list[str]]] = []
        brackets: list[tuple[int, int | None, str]] = []
        tokens: list[Token] = []
        text, covered = "", 0
        for number, line in block:
            if line.startswith("#"):
                key, _, value = line[1:].partition("=")
                if key.split()[:1] == ["newdoc"]:
                    document = value.strip() or f"{Path(path).stem}:{number}"
                elif key.strip() == "global.Entity":
                    entity_field, declared = EntityField.declared(value), True
                elif key.split() == ["text"]:
                    text = value.strip()
                continue
            columns = line.split("\t")
            if len(columns) != 10:
                raise fault(path, number, "10 columns separated by tabs", f"{len(columns)}")
            space = "SpaceAfter=No" not in columns[9].split("|")
            if "-" in columns[0]:
                if len(rows) < covered:
                    raise fault(path, number, f"word number {len(rows) + 1}", repr(columns[0]))
                covered = _range_end(path, number, columns[0], first=len(rows) + 1)
                tokens.append(Token(columns[1], covered - len(rows), space))
                continue
            is_word = "." not in columns[0]
            brackets.append(
                (number, len(rows) if is_word else None, _entity(columns[9], declared=declared))
            )
            if not is_word:
                continue
            if columns[0] != str(len(rows) + 1):
                raise fault(path, number, f"word number {len(rows) + 1}", repr(columns[0]))
            rows.append((number, columns))
            if len(rows) > covered:
                tokens.append(Token(columns[1], 1, space))
        if len(rows) < covered:
            raise fault(path, block[-1][0], f"word number {len(rows) + 1}", "no more words")
        if rows:
            words, tags, relations = zip(
                *((c[1], _tag(c[4], c[3]), c[7]) for _, c in rows), strict=True
            )
            heads = [_head(path, number, c[6]) for number, c in rows]
            lines = [number for number, _ in rows]
            tree = _sentence(path, words, heads, relations, tags, document, lines)
            found = spans(path, document, brackets, entity_field)
            own, places = placed(words, tokens, text)
            yield replace(
                tree,
                mentions=list(mentions(found, heads)),
                heads_by=HEADS_BY,
                text=own,
                spans=places,
                oddities=[MISMATCH] if text and own != text else [],
            )


def read_conllx(path: str) -> Iterator[Sentence]:
    """Sentences of a CoNLL-X file (Buchholz and Marsi 2006, section 3); the file is one document.

    The columns are ID FORM LEMMA CPOSTAG POSTAG FEATS HEAD DEPREL PHEAD PDEPREL, separated by
    tabs. Tags are POSTAG, or CPOSTAG where there is none. Escapes of the Penn Treebank in FORM
    are undone. The format knows no comments, but lines before a sentence that start with ``#``
    and hold no tab cannot be anything else, and are passed over.

    Raises:
        ProbingError: naming file and line, as in :func:`read_conllu`; also for other formats
            whose files are called ``.conll``.
    """
    for block in blocks(path):
        rows: list[tuple[int, list[str]]] = []
        for number, line in block:
            columns = line.split("\t")
            mark = next((start for start in _MARKS if line.startswith(start)), None)
            if line.startswith("#") and len(columns) == 1 and not rows and not mark:
                continue
            if len(columns) != 10:
                found = f"{len(columns)}" if "\t" in line else f"{len(line.split())} without tabs"
                found = f"{mark!r}, as in {_MARKS[mark]}" if mark else found
                raise fault(path, number, "the 10 columns of CoNLL-X separated by tabs", found)
            if columns[0] != str(len(rows) + 1):
                found = repr(columns[0])
                if "-" in found or "." in found:
                    found += ", as in CoNLL-U, whose files end in .conllu"
                raise fault(path, number, f"word number {len(rows) + 1}", found)
            rows.append((number, columns))
        if rows:
            words, relations = [unescape(c[1]) for _, c in rows], [c[7] for _, c in rows]
            tags = [c[3] if c[4] == "_" else c[4] for _, c in rows]
            heads = [_head(path, number, c[6]) for number, c in rows]
            lines = [number for number, _ in rows]
            yield _sentence(path, words, heads, relations, tags, Path(path).stem, lines)


def read_text(path: str) -> Iterator[Sentence]:
    """Sentences in the text format of the paper's code: ``word head-label`` a line.

    The head is a number, 0 for ROOT; the label is what follows the first hyphen. An empty line
    ends a sentence. The file is one document; there are no tags. Escapes of the Penn Treebank
    (``-LRB-``) are undone, so that a model sees the text.

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
            words.append(unescape(columns[0]))
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


def _tag(xpos: str, upos: str) -> str:
    """XPOS, if it is a tag of the Penn Treebank, of words or of punctuation; else UPOS."""
    is_penn = xpos in PENN_TAGS or (xpos != "_" and not any(map(str.isalnum, xpos)))
    return xpos if is_penn else upos


def _entity(misc: str, *, declared: bool) -> str:
    """The value of ``Entity=`` in MISC, empty where there is none."""
    if "Entity=" not in misc:
        return ""
    fields = misc.split("|")
    value = next((f.removeprefix("Entity=") for f in fields if f.startswith("Entity=")), "")
    # Without a declaration, what has no bracket is something else: Entity=PER is a kind of name.
    return value if declared or "(" in value or ")" in value else ""


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
