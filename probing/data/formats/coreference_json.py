"""Coreference as JSON lines, the form in which most released corpora and systems keep it."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from probing.core.errors import ProbingError
from probing.core.sentences import BROKEN, Complaint, Mention, Sentence, annotation
from probing.data.formats.lines import fault, named, numbered, quoted
from probing.data.formats.nesting import EXPECTED, too_many
from probing.data.formats.penn import UNDONE, Undo, unbracket
from probing.data.formats.surface_heads import HEADS_BY, surface_head

Span = tuple[int, int, int]
_PRONOUNS = frozenset("i you he she it we they me him her us them".split())
# Parts of words, as tokenizers write them, and what BERT puts around a text.
_WORDPIECE = re.compile(r"##\w|[\u2581\u0120]|\[(?:CLS|SEP)\]$")


@dataclass(frozen=True, slots=True)
class _Document:
    """What a line of the file holds."""

    path: str
    line: int
    name: str

    def fault(self, expected: str, found: str) -> ProbingError:
        where = f"in document {quoted(self.name)}"
        return fault(self.path, self.line, expected, f"{found} {where}")


@dataclass(slots=True)
class _Ends:
    """What tells whether the last words of spans are in them: some have one word, then."""

    spans: int = 0
    of_one_word: int = 0
    pronouns: list[str] = field(default_factory=list)

    def look(self, sentences: Sequence[Sequence[str]], spans: Sequence[Sequence[Span]]) -> None:
        lengths = [end - start for some in spans for start, end, _ in some]
        self.spans += len(lengths)
        self.of_one_word += lengths.count(1)
        if not self.pronouns:
            self.pronouns = [w for words in sentences for w in words if w.lower() in _PRONOUNS][:1]

    def check(self, path: str) -> None:
        """Raises ProbingError for spans that end one word too late."""
        if self.spans and self.pronouns and not self.of_one_word:
            raise ProbingError(
                f"{path}: expected spans [first, last] whose last word is in them, found none of "
                f"one word among {self.spans:,}, though {self.pronouns[0]!r} is among the words: "
                "these seem to end before their last number"
            )


def read_coreference_json(path: str, undo: Undo = unbracket) -> Iterator[Sentence]:
    """Sentences and mentions of a file with one JSON object, that is one document, a line.

    ``sentences`` is a list of lists of words; ``clusters`` a list of entities, each a list of
    ``[first, last]``: words counted from zero through the whole document. ``pos``, if there,
    holds lists of tags (XPOS) in the shape of ``sentences``, from the Penn Treebank. The
    document is named by ``doc_key``, ``doc_id`` or ``id``, else ``STEM:LINE``; all other keys are
    left alone. A line with the name of one before goes on with its document, with other entities.

    Entities are named by their index in ``clusters``. Mentions are in the order of their first
    words, longer ones first; a span that comes twice in a cluster is one mention, one in two
    clusters is two. One that goes on beyond the next sentence's first word is no mention, but a
    complaint. Heads are found by :func:`~probing.data.formats.surface_heads.surface_head`. The
    line of a sentence is that of its document. Empty sentences are passed over.

    Args:
        path: the file.
        undo: what becomes of escaped words.

    Raises:
        ProbingError: naming file, line and document, where a line is no such object, its words
            are wordpieces, or a span is backwards, outside the document, or ends with the first
            word of the next sentence; naming the file, where no span has a single word though
            pronouns are among the words, since then the last word of a span is not in it.
    """
    clusters_of: dict[str, int] = {}
    ends = _Ends()
    for number, line in numbered(path):
        if not line.strip():
            continue
        content = _object(path, number, line)
        document = _Document(path, number, _name(path, number, content))
        sentences = _texts(document, content, "sentences")
        _check_words(document, content, sentences)
        before = clusters_of.get(document.name, 0)
        spans, complaints = _spans(document, content, [len(words) for words in sentences])
        clusters_of[document.name] = before + len(content["clusters"])
        ends.look(sentences, spans)
        yield from _sentences(document, content, sentences, spans, complaints, before, undo)
    ends.check(path)


def _object(path: str, number: int, line: str) -> dict[str, Any]:
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


def _name(path: str, number: int, content: dict[str, Any]) -> str:
    for key in ("doc_key", "doc_id", "id"):
        name = content.get(key)
        if type(name) is int or _is_text(name):
            return named(path, number, str(name))
        if name is not None:
            raise fault(path, number, f"a text or a number as {key!r}", _shown(name))
    return f"{Path(path).stem}:{number}"


def _check_words(
    document: _Document, content: dict[str, Any], sentences: Sequence[Sequence[str]]
) -> None:
    """Refuse wordpieces: a model's tokenizer would cut them again."""
    expected = "words, not wordpieces"
    if content.get("subtoken_map") is not None:
        raise document.fault(expected, "'subtoken_map'")
    for words in sentences:
        # What begins a sentence may be a heading: ##Title.
        for place, word in enumerate(words):
            if _WORDPIECE.match(word) and (place or not word.startswith("##")):
                raise document.fault(expected, repr(word))


def _sentences(
    document: _Document,
    content: dict[str, Any],
    sentences: Sequence[Sequence[str]],
    spans: Sequence[Sequence[Span]],
    complaints: Sequence[Sequence[Complaint]],
    first_entity: int,
    undo: Undo,
) -> Iterator[Sentence]:
    lengths = [len(forms) for forms in sentences]
    tags = [["_"] * length for length in lengths]
    if content.get("pos") is not None:
        tags = _texts(document, content, "pos")
        if [len(row) for row in tags] != lengths:
            raise document.fault("'pos' with a tag for each word of 'sentences'", "another shape")
    for forms, row, here, wrong in zip(sentences, tags, spans, complaints, strict=True):
        words = [undo(form) for form in forms]
        mentions = []
        for start, end, entity in here:
            head = start + surface_head(words[start:end], row[start:end])
            name = str(entity + first_entity)
            mentions.append(Mention(list(range(start, end)), head, name))
        if words:
            yield Sentence(
                words,
                [],
                [],
                row,
                document.name,
                document.line,
                mentions,
                HEADS_BY,
                oddities=[UNDONE] if words != forms else [],
                xpos=annotation(row),
                complaints=wrong,
            )


def _texts(document: _Document, content: dict[str, Any], key: str) -> list[list[str]]:
    """A list of lists of texts."""
    for row in (rows := _list(document, content.get(key), f"a list of lists as {key!r}")):
        for text in _list(document, row, f"a list of texts in {key!r}"):
            if not _is_text(text):
                raise document.fault(f"texts in {key!r}", _shown(text))
    return rows


def _spans(
    document: _Document, content: dict[str, Any], lengths: Sequence[int]
) -> tuple[list[list[Span]], list[list[Complaint]]]:
    """For each sentence its mentions: first word, word behind the last, cluster; what is none."""
    begins = list(accumulate(lengths, initial=0))
    sentence_of = [i for i, length in enumerate(lengths) for _ in range(length)]
    found: set[Span] = set()
    complaints: list[list[Complaint]] = [[] for _ in lengths]
    within = "a span within one sentence, its last word included"
    clusters = _list(document, content.get("clusters"), "a list of lists as 'clusters'")
    for cluster, spans in enumerate(clusters):
        for span in _list(document, spans, "a list of spans in 'clusters'"):
            if not (isinstance(span, list) and [type(end) for end in span] == [int, int]):
                raise document.fault("two word numbers as a span", _shown(span))
            first, last = span
            if not 0 <= first <= last < len(sentence_of):
                last_word = len(sentence_of) - 1
                expected = f"a span [first, last] of words from 0 to {last_word}, both included"
                raise document.fault(expected, _shown(span))
            if sentence_of[first] == sentence_of[last]:
                found.add((first, last, cluster))
            elif last == begins[sentence_of[first] + 1]:
                raise document.fault(within, _shown(span))
            else:
                text = str(document.fault(within, _shown(span)))
                complaints[sentence_of[first]].append(Complaint(BROKEN, text))
    here: list[list[Span]] = [[] for _ in lengths]
    ordered = sorted(found, key=lambda at: (at[0], -at[1], at[2]))
    beyond = too_many([(first, last + 1) for first, last, _ in ordered])
    for index, (first, last, cluster) in enumerate(ordered):
        sentence = sentence_of[first]
        begin = begins[sentence]
        if index in beyond:
            text = str(document.fault(EXPECTED, f"another, {[first, last]}"))
            complaints[sentence].append(Complaint(BROKEN, text))
        else:
            here[sentence].append((first - begin, last + 1 - begin, cluster))
    return here, complaints


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
