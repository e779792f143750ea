"""Plain readers of coreference, see :mod:`naive_readers`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from naive_readers import Naive, lines_of, told, unbracketed, unescaped


def read_conll2012(text: str, stem: str) -> Iterator[Naive]:
    document, rows = "", []
    for line in [*lines_of(text), ""]:
        if line.strip() and not line.startswith(("#begin document", "#end document")):
            cells = [cell for cell in line.replace("\t", " ").split(" ") if cell]
            rows.append([*cells, ""] if line.endswith("\t") else cells)
            continue
        if rows:
            tags = ["_" if row[4] == "-" else row[4] for row in rows]
            found = Naive(document, [unescaped(row[3]) for row in rows], xpos=told(tags))
            clusters(found, [row[-1] for row in rows])
            yield found
        rows = []
        if line.startswith("#begin document"):
            name, _, part = line.strip().partition(" (")[2].rpartition("); part ")
            document = f"{name}/{int(part)}" if int(part) else name


def clusters(found: Naive, cells: list[str]) -> None:
    """Mentions go from ``(7`` to the ``7)`` that closes it, the latest opened first."""
    opened: dict[str, list[int]] = {}
    spans = set()
    for number, cell in enumerate(cells):
        for bracket in cell.split("|") if cell not in ("", "-", "_") else ():
            begins, ends = bracket.startswith("("), bracket.endswith(")")
            name = bracket[begins : len(bracket) - ends]
            if not name or "(" in name or ")" in name or not (begins or ends):
                found.is_broken = True
                continue
            if begins:
                opened.setdefault(name, []).append(number)
            if ends and not opened.get(name):
                found.is_broken = True
            elif ends:
                spans.add((tuple(range(opened[name].pop(), number + 1)), name))
    found.is_broken |= any(opened.values())
    found.mentions = list(spans)


def read_json(text: str, stem: str) -> Iterator[Naive]:
    before: dict[str, int] = {}
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        content = json.loads(line)
        names = [
            content[key] for key in ("doc_key", "doc_id", "id") if content.get(key) is not None
        ]
        document = str(names[0]) if names else f"{stem}:{number}"
        first = 0
        for place, words in enumerate(content["sentences"]):
            tags = content["pos"][place] if content.get("pos") is not None else []
            found = Naive(document, list(map(unbracketed, words)), xpos=told(tags))
            spans = set()
            for entity, cluster in enumerate(content["clusters"], before.get(document, 0)):
                for start, end in cluster:
                    if first <= start < first + len(words):
                        found.is_broken |= end >= first + len(words)
                        spans.add((tuple(range(start - first, end + 1 - first)), str(entity)))
            found.mentions = list(spans)
            first += len(words)
            if words:
                yield found
        before[document] = before.get(document, 0) + len(content["clusters"])
