"""Readers: one function per format, from a path to sentences.

A reader checks what it reads. What no tree can be made of stops it with file and line; what a
tree may lack (one root, no cycle) is left to :func:`tree_faults`, to be counted and reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from probing.core.sentences import Sentence, annotation
from probing.data.formats.entities import HEADS_BY, EntityField, mentions, spans
from probing.data.formats.lines import blocks, fault
from probing.data.formats.penn import PENN_TAGS
from probing.data.formats.trees import head_of, tree_sentence
from probing.data.text import MISMATCH, Token, placed


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
            heads = [head_of(path, number, c[6]) for number, c in rows]
            lines = [number for number, _ in rows]
            tree = tree_sentence(path, words, heads, relations, tags, document, lines)
            found = spans(path, document, brackets, entity_field)
            own, places = placed(words, tokens, text)
            yield replace(
                tree,
                mentions=list(mentions(found, heads)),
                heads_by=HEADS_BY,
                text=own,
                spans=places,
                oddities=[MISMATCH] if text and own != text else [],
                upos=annotation(c[3] for _, c in rows),
                xpos=annotation(c[4] for _, c in rows),
                feats=annotation(c[5] for _, c in rows),
            )


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
