"""Coreference as JSON lines, the form in which most released corpora and systems keep it."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from probing.core.errors import ProbingError
from probing.core.sentences import Mention, Sentence, annotation
from probing.data.formats.lines import fault, numbered
from probing.data.formats.surface_heads import HEADS_BY, surface_head

Span = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Document:
    """What a line of the file holds."""

    path: str
    line: int
    name: str

    def fault(self, expected: str, found: str) -> ProbingError:
        return fault(self.path, self.line, expected, f"{found} in document {self.name!r}")


def read_coreference_json(path: str) -> Iterator[Sentence]:
    """Sentences and mentions of a file with one JSON object, that is one document, a line.

    ``sentences`` is a list of lists of words; ``clusters`` a list of entities, each a list of
    ``[first, last]``: words counted from zero through the whole document. ``pos``, if there,
    holds lists of tags (XPOS) in the shape of ``sentences``, from the Penn Treebank. The
    document is named by ``doc_key``, ``doc_id`` or ``id``, else ``STEM:LINE``; all other keys are
    left alone.

    Entities are named by their index in ``clusters``. Mentions are in the order of their first
    words, longer ones first; a span that comes twice in a cluster is one mention. Heads are found
    by :func:`~probing.data.formats.surface_heads.surface_head`. The line of a sentence is that of
    its document. Empty sentences are passed over.

    Raises:
        ProbingError: naming file, line and document, where a line is no such object, a document
            comes twice, or a span is backwards, outside the document, across sentences or in two
            clusters.
    """
    seen = set()
    for number, line in numbered(path):
        if not line.strip():
            continue
        content = _object(path, number, line)
        document = _Document(path, number, _name(path, number, content))
        if document.name in seen:
            raise document.fault("a name not used before", repr(document.name))
        seen.add(document.name)
        yield from _sentences(document, content)


def _object(path: str, number: int, line: str) -> dict[str, object]:
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        found = f"{error.msg} at column {error.colno}"
        raise fault(path, number, "a JSON object", found) from error
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        raise fault(path, number, "a JSON object", str(error)) from error
    if not isinstance(content, dict):
        raise fault(path, number, "a JSON object", _shown(content))
    return content


def _name(path: str, number: int, content: dict[str, object]) -> str:
    for key in ("doc_key", "doc_id", "id"):
        name = content.get(key)
        if type(name) is int or _is_text(name):
            return str(name)
        if name is not None:
            raise fault(path, number, f"a text or a number as {key!r}", _shown(name))
    return f"{Path(path).stem}:{number}"


def _sentences(document: _Document, content: dict[str, object]) -> Iterator[Sentence]:
    sentences = _texts(document, content, "sentences")
    lengths = [len(words) for words in sentences]
    tags = [["_"] * length for length in lengths]
    if content.get("pos") is not None:
        tags = _texts(document, content, "pos")
        if [len(row) for row in tags] != lengths:
            raise document.fault("'pos' with a tag for each word of 'sentences'", "another shape")
    spans = _spans(document, content, lengths)
    for words, row, here in zip(sentences, tags, spans, strict=True):
        mentions = []
        for start, end, entity in here:
            head = start + surface_head(words[start:end], row[start:end])
            mentions.append(Mention(list(range(start, end)), head, str(entity)))
        if words:
            made = Sentence(words, [], [], row, document.name, document.line, mentions, HEADS_BY)
            yield replace(made, xpos=annotation(row))


def _texts(document: _Document, content: dict[str, object], key: str) -> list[list[str]]:
    """A list of lists of texts."""
    for row in (rows := _list(document, content.get(key), f"a list of lists as {key!r}")):
        for text in _list(document, row, f"a list of texts in {key!r}"):
            if not _is_text(text):
                raise document.fault(f"texts in {key!r}", _shown(text))
    return rows


def _spans(
    document: _Document, content: dict[str, object], lengths: Sequence[int]
) -> list[list[Span]]:
    """For each sentence its mentions: first word, word behind the last, and cluster."""
    begins = list(accumulate(lengths, initial=0))
    sentence_of = [i for i, length in enumerate(lengths) for _ in range(length)]
    cluster_of: dict[tuple[int, int], int] = {}
    clusters = _list(document, content.get("clusters"), "a list of lists as 'clusters'")
    for cluster, spans in enumerate(clusters):
        for span in _list(document, spans, "a list of spans in 'clusters'"):
            if not (isinstance(span, list) and [type(end) for end in span] == [int, int]):
                raise document.fault("two word numbers as a span", _shown(span))
            first, last = span
            if not 0 <= first <= last < len(sentence_of):
                expected = f"a span [first, last] of words from 0 to {len(sentence_of) - 1}"
                raise document.fault(expected, _shown(span))
            if sentence_of[first] != sentence_of[last]:
                raise document.fault("a span within one sentence", _shown(span))
            if cluster_of.setdefault((first, last), cluster) != cluster:
                found = f"{span} in clusters {cluster_of[first, last]} and {cluster}"
                raise document.fault("a span in one cluster", found)
    here: list[list[Span]] = [[] for _ in lengths]
    for (first, last), cluster in sorted(cluster_of.items(), key=lambda at: (at[0][0], -at[0][1])):
        sentence = sentence_of[first]
        begin = begins[sentence]
        here[sentence].append((first - begin, last + 1 - begin, cluster))
    return here


def _list(document: _Document, value: object, expected: str) -> list[Any]:
    if not isinstance(value, list):
        raise document.fault(expected, _shown(value))
    return value


def _is_text(value: object) -> bool:
    # JSON can spell half of a character, which no other format can hold.
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def _shown(value: object) -> str:
    """What came instead, shortened where it is long; keys that are not there hold nothing."""
    return "nothing" if value is None else reprlib.repr(value)
