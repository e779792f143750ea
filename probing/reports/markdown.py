"""Markdown: the one place where text becomes a page, in which nothing from data is markup."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from probing.core.inert import visible

# Where each would begin or end something; what stands inside a word, as in `two_words`, does not.
_MARKUP = re.compile(r"[\\`\[\]<|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_ADDRESS = re.compile(r"(https?|ftp)(?=://)|www(?=\.)", re.IGNORECASE)  # a link without brackets


def heading(text: str, level: int = 1) -> str:
    """A heading."""
    return f"{'#' * level} {inert(text)}"


def paragraphs(texts: Iterable[str]) -> Iterator[str]:
    """Lines of a paragraph a text, with an empty one behind each."""
    for text in texts:
        shown = inert(text.strip())
        block = re.match(r"[#>+=-]|\d+(?=[.)])", shown)  # where a line would begin one
        place = 0 if block is None or not block[0].isdigit() else block.end()
        yield shown if block is None else f"{shown[:place]}\\{shown[place:]}"
        yield ""


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int]
) -> Iterator[str]:
    """The lines of a table; ``words`` are the columns that stand to the left."""
    yield _row(columns)
    yield f"|{'|'.join('---' if k in words else '---:' for k in range(len(columns)))}|"
    yield from map(_row, rows)


def inert(text: str) -> str:
    """Text that is shown as it is, in one line."""
    shown = _ADDRESS.sub(r"\g<0>\\", _MARKUP.sub(r"\\\g<0>", visible(text)))
    return shown.replace("*", r"\*") if shown.count("*") > 1 else shown


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(inert, cells))} |"
