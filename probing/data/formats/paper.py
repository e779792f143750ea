"""The text format of the paper's code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from probing.core.sentences import Sentence
from probing.data.formats.lines import blocks, fault
from probing.data.formats.penn import UNDONE, Undo, unescape
from probing.data.formats.trees import head_of, tree_sentence


def read_text(path: str, undo: Undo = unescape) -> Iterator[Sentence]:
    """Sentences in the text format of the paper's code: ``word head-label`` a line.

    The head is a number, 0 for ROOT; the label is what follows the first hyphen. An empty line
    ends a sentence. The file is one document; there are no tags. Escapes of the Penn Treebank
    (``-LRB-``) are undone, so that a model sees the text.

    Args:
        path: the file.
        undo: what becomes of escaped words.

    Raises:
        ProbingError: naming file and line, as in :func:`read_conllu`.
    """
    for block in blocks(path):
        forms, heads, relations = [], [], []
        for number, line in block:
            columns = line.split()
            if len(columns) != 2:
                raise fault(path, number, "'word head-label'", f"{len(columns)} columns")
            head, hyphen, relation = columns[1].partition("-")
            if not hyphen or not relation:
                raise fault(path, number, "a head and a label, as in '3-nsubj'", repr(columns[1]))
            forms.append(columns[0])
            heads.append(head_of(path, number, head))
            relations.append(relation)
        lines = [number for number, _ in block]
        tags = ["_"] * len(forms)
        words = [undo(form) for form in forms]
        tree = tree_sentence(path, words, heads, relations, tags, Path(path).stem, lines)
        yield replace(tree, oddities=[UNDONE] if words != forms else [])
