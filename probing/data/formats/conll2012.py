"""The format of the CoNLL-2012 shared task, in which OntoNotes comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from probing.core.digits import whole_number
from probing.core.errors import ProbingError
from probing.core.sentences import BROKEN, Complaint, Mention, Sentence, annotation
from probing.data.formats import head_rules, surface_heads
from probing.data.formats.entities import own_entity
from probing.data.formats.head_rules import Constituent, HeadWords
from probing.data.formats.lines import fault, named, numbered, quoted
from probing.data.formats.nesting import EXPECTED, too_many
from probing.data.formats.penn import UNDONE, Undo, unescape
from probing.data.formats.surface_heads import surface_head

_BEGIN = re.compile(r"#begin document \((.+)\); part ([0-9]{1,18})\s*")
_COREFERENCE = re.compile(r"(\()?([^()]+)(\))?")
# How a cell says that there is nothing in it; the last one of a line may hold nothing at all.
_NOTHING = frozenset({"-", "_", ""})
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
        where = f"in document {quoted(self.name)}"
        return fault(self.path, line, expected, f"{found} {where}")


def read_conll2012(path: str, undo: Undo = unescape) -> Iterator[Sentence]:
    """Sentences and mentions of a file in the format of the CoNLL-2012 shared task.

    Columns are separated by spaces or tabs; there are at least twelve, and of these the word,
    its number, its tag (XPOS), the parse bit and the last, coreference, are read. In the last,
    ``-``, ``_`` and, behind a tab, nothing say that no mention starts or ends. Each part of a
    document is a document, since entities are numbered anew in it: ``NAME`` if its number is 0,
    else ``NAME/1`` and so on. One that is begun again goes on.

    Mentions are in the order of their first words, longer ones first. Where brackets of one
    entity are nested, the latest opened closes first; brackets of the same entity around the
    same words are one mention. Heads are found by :mod:`~probing.data.formats.head_rules`, in a
    sentence without a parse by :func:`~probing.data.formats.surface_heads.surface_head`. A bracket
    without its counterpart in the sentence is no mention, but a complaint; see
    :mod:`~probing.data.formats.entities` for the rules that all formats share.

    Args:
        path: the file.
        undo: what becomes of escaped words.

    Raises:
        ProbingError: naming file, line and document, where a document is begun inside another or
            not ended, a line lies outside of all, columns are missing, a word is out of order, or
            brackets of the parse are malformed or do not match.
    """
    for document, rows in _sentences(path):
        forms = [row.columns[3] for row in rows]
        words = [undo(form) for form in forms]
        tags = [row.columns[4] if row.columns[4] != "-" else "_" for row in rows]
        found, complaints = _spans(document, rows)
        tree = _tree(document, rows, tags)
        mentions = []
        by_tree = HeadWords(tree) if tree and found else None
        for start, end, entity in found:
            if by_tree:
                head = by_tree.of(start, end)
            else:
                head = start + surface_head(words[start:end], tags[start:end])
            mentions.append(Mention(list(range(start, end)), head, entity))
        heads_by = head_rules.HEADS_BY if tree else surface_heads.HEADS_BY
        yield Sentence(
            words,
            [],
            [],
            tags,
            document.name,
            rows[0].line,
            mentions,
            heads_by,
            oddities=[UNDONE] if words != forms else [],
            xpos=annotation(tags),
            complaints=complaints,
        )


def begins_document(path: str) -> bool:
    """Whether the first line that holds anything begins a document, as only this format's do."""
    first = next((line for _, line in numbered(path) if line.strip()), "")
    return first.startswith("#begin document")


def _sentences(path: str) -> Iterator[tuple[_Document, list[_Row]]]:
    document = None
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
    part = whole_number(found[2]) if found else None
    if not found or part is None:
        raise fault(path, number, "'#begin document (NAME); part 000'", quoted(line))
    name = named(path, number, found[1])
    return _Document(path, f"{name}/{part}" if part else name)


def _row(document: _Document, number: int, line: str, word: int) -> _Row:
    # Other white space, a no-break space for one, may be part of a word.
    columns = re.findall(r"[^ \t]+", line) + [""] * line.endswith("\t")
    if len(columns) < 12:
        raise document.fault(number, "at least 12 columns", f"{len(columns)}")
    if columns[2] != str(word):
        raise document.fault(number, f"word number {word}", repr(columns[2]))
    return _Row(number, columns)


def _spans(
    document: _Document, rows: Sequence[_Row]
) -> tuple[list[tuple[int, int, str]], list[Complaint]]:
    """Mentions as first word, word behind the last, and entity; and brackets that make none."""
    spans: list[tuple[int, int, str, int]] = []
    complaints: list[tuple[int, str]] = []
    opened: dict[str, list[int]] = {}

    def complain(row: _Row, expected: str, found: str) -> None:
        complaints.append((row.line, str(document.fault(row.line, expected, found))))

    for i, row in enumerate(rows):
        text = row.columns[-1]
        for bracket in text.split("|") if text not in _NOTHING else ():
            found = _COREFERENCE.fullmatch(bracket)
            if not found or not (found[1] or found[3]):
                complain(row, "'-' or brackets as in '(3)|(4'", quoted(text))
                continue
            starts = opened.setdefault(found[2], [])
            if found[1]:
                starts.append(i)
            if found[3] and not starts:
                complain(row, f"{quoted(f'({found[2]}')} before it is closed", quoted(text))
            elif found[3]:
                spans.append((starts.pop(), i + 1, found[2], row.line))
    for entity, starts in opened.items():
        for i in starts:
            found_there = f"only {quoted(rows[i].columns[-1])}"
            complain(rows[i], f"{quoted(f'{entity})')} in the same sentence", found_there)
    ordered = sorted(spans, key=lambda span: (span[0], -span[1]))
    beyond = too_many([span[:2] for span in ordered])
    kept = []
    for index, (start, end, entity, line) in enumerate(ordered):
        if index in beyond:
            complain(rows[start], EXPECTED, f"another, of {quoted(entity)}")
        else:
            kept.append((start, end, own_entity(entity, line, range(start, end))))
    return list(dict.fromkeys(kept)), [Complaint(BROKEN, text) for _, text in sorted(complaints)]


def _tree(document: _Document, rows: Sequence[_Row], tags: Sequence[str]) -> Constituent | None:
    """The tree that the parse bits make up, or nothing where there is no phrase in them."""
    if all(row.columns[5] in {"*", *_NOTHING} for row in rows):
        return None
    labels = set()
    opened: list[tuple[str, int, list[Constituent]]] = [("", 0, [])]
    for i, row in enumerate(rows):
        found = _PARSE_BIT.fullmatch(row.columns[5])
        if not found:
            raise document.fault(row.line, "a parse bit as in '(NP*)'", quoted(row.columns[5]))
        for label in found[1].split("(")[1:]:
            # Without its function: NP of NP-SBJ.
            opened.append((re.split("[-=|]", label, maxsplit=1)[0], i, []))
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
