"""Read every file under a folder with our readers and with a plain one, and print what differs.

    python benchmarks/sweep.py FOLDER

For CoNLL-U (``.conllu``, ``.conllup``, ``.cupt``) words, heads, relations, documents, mentions
and entities are compared; for CoNLL-2012 words, documents, mentions and entities. The plain
reader below knows none of our code: a line is a word, a bracket opens or closes. Exits with 1 if
anything differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data.sources.files import reader_for

TREES = (".conllu", ".conllup", ".cupt")
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
CONLL_U = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC"
MOST_SHOWN = 5


@dataclass
class Plain:
    """A sentence as the plain reader has it; mentions are words (from zero) and an entity."""

    document: str
    words: list[str] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    mentions: set[tuple[tuple[int, ...], str]] = field(default_factory=set)


def main() -> int:
    """Compare, and say how much differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    total = Counter[str]()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        plain = plain_reader(path)
        if plain is None:
            continue
        try:
            ours = list(reader_for(str(path), None)(str(path)))
        except ProbingError as error:
            total["refused"] += 1
            print(f"{path.relative_to(folder)}: refused: {error}")
            continue
        differing = list(differences(ours, list(plain(path))))
        total["files"] += 1
        total["sentences"] += len(ours)
        total["words"] += sum(len(sentence.words) for sentence in ours)
        total["mentions"] += sum(len(sentence.mentions) for sentence in ours)
        total["differences"] += len(differing)
        notes = Counter(odd for s in ours for odd in s.oddities)
        notes.update(complaint.kind for s in ours for complaint in s.complaints)
        odd = "".join(f"; {count} {what}" for what, count in notes.items())
        print(f"{path.relative_to(folder)}: {len(ours)} sentences, {len(differing)} differ{odd}")
        for line in differing[:MOST_SHOWN]:
            print(f"  {line}")
    print(", ".join(f"{count:,} {what}" for what, count in total.items()))
    return bool(total["differences"])


def plain_reader(path: Path) -> Callable[[Path], Iterator[Plain]] | None:
    """The plain reader for a file, if there is one."""
    if path.name.endswith(TREES):
        return plain_conllu
    if path.name.endswith(("gold_conll", "auto_conll")):
        return plain_conll2012
    if path.suffix == ".conll":
        return plain_conll2012 if path.read_bytes()[:6] == b"#begin" else None
    return None


def plain_conllu(path: Path) -> Iterator[Plain]:
    """CoNLL-U, a block at a time."""
    document, fields, columns = path.stem, "", CONLL_U.split()
    for block in re.split(
        r"\n[ \t]*\n", path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    ):
        lines = block.split("\n")
        text = ""
        for line in (line for line in lines if line.startswith("#")):
            if found := re.match(r"#\s*newdoc\b[^=]*(?:=\s*(.*))?$", line):
                document = found[1] or f"{document}?"
            if found := re.match(r"#\s*global\.Entity\s*=\s*(.*)", line):
                fields = found[1].strip()
            if found := re.match(r"#\s*global\.columns\s*=\s*(.*)", line):
                columns = found[1].split()
            if found := re.match(r"#\s*text\s*=\s*(.*)", line):
                text = found[1]
        sentence = Plain(document)
        rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines
                if line.strip() and not line.startswith("#")]  # fmt: skip
        values = []
        for row in rows:
            misc = [f for f in row.get("MISC", "_").split("|") if f.startswith("Entity=")]
            value = misc[0][7:] if misc else ""
            if row["ID"].isdigit():
                values.append((len(sentence.words), value))
                sentence.words.append(row["FORM"])
                head = row.get("HEAD", "_")
                sentence.heads.append(-1 if head == "_" else int(head))
                sentence.relations.append(row.get("DEPREL", "_"))
            elif "." in row["ID"]:
                values.append((-1, value))
        if not any(mark in text for mark in BRACKETS):
            sentence.words = [unescaped(word) for word in sentence.words]
        names = fields.split("-")
        entity = next((names.index(n) for n in ("eid", "GRP") if n in names), None)
        if entity is not None:
            sentence.mentions = plain_mentions(values, entity, len(names))
        if sentence.words:
            yield sentence


def plain_mentions(
    values: Iterable[tuple[int, str]], entity: int, count: int
) -> set[tuple[tuple[int, ...], str]]:
    """The brackets of a sentence, one after the other; parts of a mention are put together."""
    opened: list[tuple[str, list[int]]] = []
    closed: list[tuple[str, list[int]]] = []
    for word, value in values:
        here: list[tuple[str, list[int]]] = []
        for bracket in re.findall(r"\([^()]+\)?|[^()]+\)", value):
            parts = bracket.strip("()").split("-", count - 1)
            name = parts[entity] if entity < len(parts) else parts[-1]
            if bracket[0] == "(":
                opened.append((name, []))
            if bracket[-1] == ")":
                index = max((i for i, (n, _) in enumerate(opened) if n == name), default=None)
                if index is not None:
                    here.append(opened.pop(index))
        for _, words in (*opened, *here):
            words += [word] if word >= 0 else []
        closed += here
    whole: set[tuple[tuple[int, ...], str]] = set()
    pieces: dict[str, list[int]] = {}
    for name, words in closed:
        if part := re.fullmatch(r"(.+)\[(\d+)/(\d+)\]", name):
            pieces.setdefault(part[1], []).extend(words)
            if part[2] == part[3]:
                whole.add((tuple(sorted(pieces.pop(part[1]))), part[1]))
        elif name:
            whole.add((tuple(words), name))
    return whole


def plain_conll2012(path: Path) -> Iterator[Plain]:
    """CoNLL-2012, a line at a time."""
    document, sentence, opened = "", Plain(""), dict[str, list[int]]()
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if found := re.match(r"#begin document \((.*)\); part (\d+)", line):
            document = found[1] + (f"/{int(found[2])}" if int(found[2]) else "")
        if line.startswith("#") or not line.strip():
            if sentence.words:
                yield sentence
            sentence, opened = Plain(document), {}
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        word = len(sentence.words)
        sentence.document = document
        sentence.words.append(re.sub(r"^/([-.,:;?!])$|\\([/*])", r"\1\2", unescaped(cells[3])))
        for bracket in cells[-1].split("|"):
            name = bracket.strip("()")
            if bracket.startswith("("):
                opened.setdefault(name, []).append(word)
            if bracket.endswith(")") and opened.get(name):
                sentence.mentions.add((tuple(range(opened[name].pop(), word + 1)), name))


def unescaped(word: str) -> str:
    """Brackets for what stands for them."""
    for mark, bracket in BRACKETS.items():
        word = word.replace(mark, bracket)
    return word


def differences(ours: list[Sentence], plain: list[Plain]) -> Iterator[str]:
    """What differs, sentence by sentence."""
    if len(ours) != len(plain):
        yield f"{len(ours)} sentences, {len(plain)} in a plain reading"
    for number, (own, other) in enumerate(zip(ours, plain, strict=False), start=1):
        where = f"sentence {number} (line {own.line})"
        pairs = {
            "words": (list(own.words), other.words),
            "heads": (list(own.heads), other.heads),
            "relations": (list(own.relations), other.relations),
        }
        for what, (left, right) in pairs.items():
            if left != right:
                yield f"{where}: {what}: {left} against {right}"
        if own.document != other.document and "?" not in other.document:
            yield f"{where}: document: {own.document!r} against {other.document!r}"
        found = {
            (tuple(m.words), re.sub("^(NOCOREF[^ ]*) .*", r"\1", m.entity)) for m in own.mentions
        }
        if found != other.mentions:
            yield f"{where}: mentions: {found - other.mentions} against {other.mentions - found}"


if __name__ == "__main__":
    sys.exit(main())
