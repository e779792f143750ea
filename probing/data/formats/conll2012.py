"""The format of the CoNLL-2012 shared task, in which OntoNotes comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from probing.core.errors import ProbingError
from probing.core.sentences import Mention, Sentence, annotation
from probing.data.formats import head_rules, surface_heads
from probing.data.formats.head_rules import Constituent, head_word
from probing.data.formats.lines import fault, numbered
from probing.data.formats.penn import unescape
from probing.data.formats.surface_heads import surface_head

_BEGIN = re.compile(r"#begin document \((.+)\); part ([0-9]+)\s*")
_COREFERENCE = re.compile(r"(\()?([0-9]+)(\))?")
_PARSE_BIT = re.compile(r"((?:\([^()*]+)*)\*(\)*)")
# Words without a parse are put below one of these, or below nothing.
_NO_PHRASE = frozenset({"TOP", "NOPARSE"})


@dataclass(frozen=True, slots=True)
class _Row:
    """A line that holds a word."""

    line: int
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Document:
    path: str
    name: str

    def fault(self, line: int, expected: str, found: str) -> ProbingError:
        return fault(self.path, line, expected, f"{found} in document {self.name!r}")


def read_conll2012(path: str) -> Iterator[Sentence]:
    """Sentences and mentions of a file in the format of the CoNLL-2012 shared task.

    Columns are separated by spaces or tabs; there are at least twelve, and of these the word,
    its number, its tag (XPOS), the parse bit and the last, coreference, are read. Words are
    unescaped (:func:`~probing.data.formats.penn.unescape`). Each part of a document is a document,
    since entities are numbered anew in it: ``NAME`` if its number is 0, else ``NAME/1`` and so on.

    Mentions are in the order of their first words, longer ones first. Where brackets of one
    entity are nested, the latest opened closes first; brackets of the same entity around the
    same words are one mention. Heads are found by :mod:`~probing.data.formats.head_rules`, in a
    sentence without a parse by :func:`~probing.data.formats.surface_heads.surface_head`.

    Raises:
        ProbingError: naming file, line and document, where a document is begun twice or inside
            another or not ended, a line lies outside of all, columns are missing, a word is out
            of order, or brackets (of the parse, of mentions) are malformed or do not match.
    """
    for document, rows in _sentences(path):
        words = [unescape(row.columns[3]) for row in rows]
        tags = [row.columns[4] if row.columns[4] != "-" else "_" for row in rows]
        tree = _tree(document, rows, tags)
        mentions = []
        for start, end, entity in _spans(document, rows):
            if tree:
                head = head_word(tree, start, end)
            else:
                head = start + surface_head(words[start:end], tags[start:end])
            mentions.append(Mention(list(range(start, end)), head, entity))
        heads_by = head_rules.HEADS_BY if tree else surface_heads.HEADS_BY
        line = rows[0].line
        xpos = annotation(tags)
        yield Sentence(words, [], [], tags, document.name, line, mentions, heads_by, xpos=xpos)


def _sentences(path: str) -> Iterator[tuple[_Document, list[_Row]]]:
    document = None
    begun = set()
    rows: list[_Row] = []
    number = 0
    for number, line in numbered(path):
        is_word = line.strip() and not line.startswith(("#begin document", "#end document"))
        if is_word and document:
            rows.append(_row(document, number, line, len(rows)))
            continue
        if document and rows:
            yield document, rows
            rows = []
        if line.startswith("#begin document"):
            if document:
                raise document.fault(number, "'#end document'", repr(line))
            document = _begin(path, number, line)
            if document in begun:
                raise document.fault(number, "a document not begun before", repr(line))
            begun.add(document)
        elif line.startswith("#end document"):
            if not document:
                raise fault(path, number, "'#begin document'", f"{line!r} outside a document")
            document = None
        elif is_word:
            raise fault(path, number, "'#begin document'", f"{line!r} outside a document")
    if document:
        raise document.fault(number, "'#end document'", "the end of the file")


def _begin(path: str, number: int, line: str) -> _Document:
    found = _BEGIN.fullmatch(line)
    if not found:
        raise fault(path, number, "'#begin document (NAME); part 000'", repr(line))
    name, part = found[1], int(found[2])
    return _Document(path, f"{name}/{part}" if part else name)


def _row(document: _Document, number: int, line: str, word: int) -> _Row:
    # Other white space, a no-break space for one, may be part of a word.
    columns = re.findall(r"[^ \t]+", line)
    if len(columns) < 12:
        raise document.fault(number, "at least 12 columns", f"{len(columns)}")
    if columns[2] != str(word):
        raise document.fault(number, f"word number {word}", repr(columns[2]))
    return _Row(number, columns)


def _spans(document: _Document, rows: Sequence[_Row]) -> list[tuple[int, int, str]]:
    """Mentions as first word, word behind the last, and entity."""
    spans = []
    opened: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        text = row.columns[-1]
        for bracket in text.split("|") if text != "-" else ():
            found = _COREFERENCE.fullmatch(bracket)
            if not found or not (found[1] or found[3]):
                raise document.fault(row.line, "'-' or brackets as in '(3)|(4'", repr(text))
            starts = opened.setdefault(found[2], [])
            if found[1]:
                starts.append(i)
            if found[3]:
                if not starts:
                    raise document.fault(row.line, f"'({found[2]}' before it is closed", repr(text))
                spans.append((starts.pop(), i + 1, found[2]))
    for entity, starts in opened.items():
        for i in starts:
            expected = f"'{entity})' in the same sentence"
            raise document.fault(rows[i].line, expected, f"only {rows[i].columns[-1]!r}")
    return sorted(dict.fromkeys(spans), key=lambda span: (span[0], -span[1]))


def _tree(document: _Document, rows: Sequence[_Row], tags: Sequence[str]) -> Constituent | None:
    """The tree that the parse bits make up, or nothing where there is no phrase in them."""
    if all(row.columns[5] in ("*", "-") for row in rows):
        return None
    labels = set()
    opened: list[tuple[str, int, list[Constituent]]] = [("", 0, [])]
    for i, row in enumerate(rows):
        found = _PARSE_BIT.fullmatch(row.columns[5])
        if not found:
            raise document.fault(row.line, "a parse bit as in '(NP*)'", repr(row.columns[5]))
        for label in found[1].split("(")[1:]:
            # Without its function: NP of NP-SBJ.
            opened.append((re.split("[-=|]", label)[0], i, []))
            labels.add(opened[-1][0])
        opened[-1][2].append(Constituent(tags[i], i, i + 1))
        for _ in found[2]:
            label, start, children = opened.pop()
            if not opened:
                raise document.fault(row.line, "as many ')' as '('", repr(row.columns[5]))
            opened[-1][2].append(Constituent(label, start, i + 1, children))
    if len(opened) > 1:
        label, start, _ = opened[-1]
        expected = f"'({label}' to be closed in the same sentence"
        raise document.fault(rows[start].line, expected, repr(rows[start].columns[5]))
    return Constituent("", 0, len(rows), opened[0][2]) if labels - _NO_PHRASE else None
