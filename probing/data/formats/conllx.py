"""CoNLL-X."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from probing.core.sentences import Sentence, annotation
from probing.data.formats.lines import blocks, fault
from probing.data.formats.penn import UNDONE, Undo, unescape
from probing.data.formats.trees import head_of, tree_sentence

# How files of other formats start that are called .conll, too.
_MARKS = {"#begin document": "CoNLL-2012", "-DOCSTART-": "CoNLL-2003"}


def read_conllx(path: str, undo: Undo = unescape) -> Iterator[Sentence]:
    """Sentences of a CoNLL-X file (Buchholz and Marsi 2006, section 3); the file is one document.

    The columns are ID FORM LEMMA CPOSTAG POSTAG FEATS HEAD DEPREL PHEAD PDEPREL, separated by
    tabs. Tags are POSTAG, or CPOSTAG where there is none. POSTAG is XPOS, too; there is no UPOS,
    since CPOSTAG is whatever a treebank's coarse tags are, often no universal ones. Escapes of
    the Penn Treebank in FORM are undone. The format knows no comments, but lines before a sentence
    that start with ``#`` and hold no tab cannot be anything else, and are passed over. The head of
    a word is -1 where HEAD is ``_``.

    Args:
        path: the file.
        undo: what becomes of escaped words.

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
            forms, relations = [c[1] for _, c in rows], [c[7] for _, c in rows]
            words = [undo(form) for form in forms]
            tags = [c[3] if c[4] == "_" else c[4] for _, c in rows]
            heads = [head_of(path, number, c[6]) for number, c in rows]
            lines = [number for number, _ in rows]
            tree = tree_sentence(path, words, heads, relations, tags, Path(path).stem, lines)
            xpos, feats = (annotation(c[k] for _, c in rows) for k in (4, 5))
            oddities = [UNDONE] if words != forms else []
            yield replace(tree, xpos=xpos, feats=feats, oddities=oddities)
