"""Readers of our own for the tests, each as plain as its format: what a mutant is compared with.

They share no code with the package, look for no faults, and keep to loops over ``split``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
CONLLU = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC".split()
Row = dict[str, str]
Mentions = list[tuple[tuple[int, ...], str]]


@dataclass
class Naive:
    """What there is to be read of a sentence.

    ``mentions`` are words, counted from zero, and the entity; where ``is_broken``, a bracket or a
    span makes no mention, and which of the others do is not looked at.
    """

    document: str
    words: list[str]
    heads: list[int] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    upos: list[str] = field(default_factory=list)
    xpos: list[str] = field(default_factory=list)
    feats: list[str] = field(default_factory=list)
    mentions: Mentions = field(default_factory=list)
    is_broken: bool = False


def unbracketed(word: str) -> str:
    for escaped, plain in BRACKETS.items():
        word = word.replace(escaped, plain)
    return word


def unescaped(word: str) -> str:
    if len(word) == 2 and word[0] == "/" and word[1] in "-.,:;?!":
        return word[1]
    return unbracketed(word).replace("\\/", "/").replace("\\*", "*")


def lines_of(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]


def blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*lines_of(text), ""], start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []


def told(values: list[str]) -> list[str]:
    """An annotation; of no word, none."""
    values = [value or "_" for value in values]
    return values if set(values) - {"_"} else []


def tree(document: str, rows: list[Row], word: Callable[[str], str]) -> Naive:
    return Naive(
        document,
        [word(row["FORM"]) for row in rows],
        [-1 if row.get("HEAD", "_") == "_" else int(row["HEAD"]) for row in rows],
        [row.get("DEPREL", "_") for row in rows],
        *(told([row.get(name, "_") for row in rows]) for name in ("UPOS", "XPOS", "FEATS")),
    )


def read_conllu(text: str, stem: str) -> Iterator[Naive]:
    """CoNLL-U and CoNLL-U Plus, with the mentions of ``Entity=``."""
    document, names, fields = stem, CONLLU, None
    for block in blocks(text):
        rows = []
        for number, line in block:
            key, _, value = line[1:].partition("=")
            if not line.startswith("#"):
                continue
            if key.split()[:1] == ["newdoc"]:
                document = value.strip() or f"{stem}:{number}"
            if key.strip() == "global.Entity":
                fields = value.strip().split("-")
            if key.strip() == "global.columns":
                names = value.split()
        for _, line in block:
            if not line.startswith("#"):
                rows.append(dict(zip(names, line.split("\t"), strict=True)))
        words = [row for row in rows if "-" not in row["ID"] and "." not in row["ID"]]
        if words:
            found = tree(document, words, unbracketed)
            entities(found, [row for row in rows if "-" not in row["ID"]], fields)
            yield found


def entities(found: Naive, rows: list[Row], fields: list[str] | None) -> None:
    """Mentions go from the row that opens them to the one that closes them."""
    names = [name for name in fields or () if name in ("eid", "GRP")]
    values = []
    for row in rows:
        misc = [each for each in row.get("MISC", "_").split("|") if each.startswith("Entity=")]
        values.append(misc[0].removeprefix("Entity=") if misc else "")
    if not names:  # brackets that nothing declares are told
        found.is_broken = any("(" in value or ")" in value for value in values)
        return
    place = fields.index("eid") if fields and "eid" in fields else (fields or []).index("GRP")
    count = len(fields or ())

    def name_of(bracket: str) -> str:
        own = bracket.split("-", count - 1)
        return own[place] if place < len(own) else own[-1]

    word_of: list[int | None] = []
    for row in rows:
        word_of.append(None if "." in row["ID"] else sum(each is not None for each in word_of))
    opened: list[tuple[str, int]] = []
    spans: Mentions = []
    for number, value in enumerate(values):
        for begins, text, ends in brackets(value):
            if not text or not (begins or ends):
                found.is_broken = True
                continue
            if begins:
                opened.append((name_of(text), number))
                found.is_broken |= not opened[-1][0]
            if ends:
                wanted = [text, name_of(text)]
                fitting = [one for name in wanted for one in opened[::-1] if one[0] == name]
                if not fitting:
                    found.is_broken = True
                    continue
                # The latest of them, at its last place.
                del opened[len(opened) - 1 - opened[::-1].index(fitting[0])]
                inside = word_of[fitting[0][1] : number + 1]
                own = tuple(word for word in inside if word is not None)
                spans.append((own, fitting[0][0]))
    found.is_broken |= bool(opened)
    parts: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    for own, name in spans:
        entity, number, count = part_of(name)
        before = parts.setdefault((entity, count), [])
        if not number:
            found.mentions.append((own, name))
        elif int(number) != len(before) + 1 or int(number) > int(count):
            found.is_broken = True
        elif int(number) == int(count):
            words_of = {word for part in (*before, own) for word in part}
            found.mentions.append((tuple(sorted(words_of)), entity))
            before.clear()
        else:
            before.append(own)
    found.is_broken |= any(parts.values())


def part_of(name: str) -> tuple[str, str, str]:
    """What is named ``e[1/2]`` is the first of two parts of ``e``; most names are whole ones."""
    entity, _, inside = name.removesuffix("]").rpartition("[")
    number, _, count = inside.partition("/")
    fits = all(n.isascii() and n.isdigit() and len(n) < 19 for n in (number, count))
    return (entity, number, count) if fits and entity and name.endswith("]") else (name, "", "")


def brackets(value: str) -> Iterator[tuple[bool, str, bool]]:
    """Whether it begins, what is in it, whether it ends: ``(a(b)`` is an open ``a`` and a ``b``."""
    text, begins = "", False
    for character in value:
        if character == "(":
            if begins or text:
                yield begins, text, False
            text, begins = "", True
        elif character == ")":
            yield begins, text, True
            text, begins = "", False
        else:
            text += character
    if begins or text:
        yield begins, text, False


def read_conllx(text: str, stem: str) -> Iterator[Naive]:
    names = "ID FORM LEMMA CPOS XPOS FEATS HEAD DEPREL PHEAD PDEPREL".split()
    for block in blocks(text):
        rows = [line.split("\t") for _, line in block if "\t" in line]
        if rows:
            yield tree(stem, [dict(zip(names, row, strict=True)) for row in rows], unescaped)


def read_text(text: str, stem: str) -> Iterator[Naive]:
    for block in blocks(text):
        rows = []
        for _, line in block:
            word, edge = line.split()
            head, _, relation = edge.partition("-")
            rows.append({"FORM": word, "HEAD": head, "DEPREL": relation})
        yield tree(stem, rows, unescaped)
