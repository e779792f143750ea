"""HTML for notebooks, in which nothing from data is markup."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape

from probing.core.inert import visible


def table(
    title: str,
    columns: Sequence[str],
    lines: Iterable[Sequence[str]],
    *,
    words: Collection[int],
    notes: Sequence[str] = (),
) -> str:
    """A table; ``words`` are the columns that stand to the left, ``notes`` what is said below."""

    def row(tag: str, cells: Sequence[str]) -> str:
        sides = ("left" if k in words else "right" for k in range(len(cells)))
        return "".join(
            f'<{tag} style="text-align: {side}; white-space: pre">{text(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )

    body = "".join(f"<tr>{row('td', cells)}</tr>" for cells in lines)
    said = "".join(f"<div>{text(note)}</div>" for note in notes)
    return (
        f"<div><b>{text(title)}</b></div><table><thead><tr>{row('th', columns)}</tr></thead>"
        f"<tbody>{body}</tbody></table><small>{said}</small>"
    )


def facts(title: str, known: Mapping[str, str]) -> str:
    """What there is to know of an object, a line each."""
    lines = "".join(
        f'<tr><th style="text-align: left">{text(name)}</th>'
        f'<td style="text-align: left">{text(value)}</td></tr>'
        for name, value in known.items()
    )
    return f"<div><b>{text(title)}</b></div><table><tbody>{lines}</tbody></table>"


def text(shown: str) -> str:
    """Text as a page shows it."""
    return escape(visible(shown, keep="\n"))
