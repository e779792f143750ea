"""A table for a paper, in LaTeX."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Sequence

from probing.core.inert import visible

ROOM = 24
"""Characters of words that need no column of lines."""


def latex(
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    label: str,
    caption: Sequence[str],
    notes: Sequence[str],
    words: Collection[int] = (0,),
) -> str:
    """A table over both columns of a page, with the rules of booktabs.

    Words take several lines where they are long, and a heading where it is wider than what stands
    below it. Spaces before a name in the first column move it in.

    Args:
        columns: headings.
        lines: the cells.
        label: how the paper refers to the table.
        caption: sentences that the reader of the paper sees.
        notes: what only the author sees, as comments.
        words: the columns that stand to the left, as numbers do to the right.
    """
    every = list(zip(columns, *lines, strict=True))
    sides = ["l" if k in {0, *words} else "r" for k in range(len(columns))]
    longest = [max(map(len, cells), default=0) for _, *cells in every]
    shares = [
        (_NAMES if k == 0 else _WORDS) if side == "l" and long > ROOM else 0.0
        for k, (side, long) in enumerate(zip(sides, longest, strict=True))
    ]
    rooms = [
        _room(title, 0 if share else long)
        for title, share, long in zip(columns, shares, longest, strict=True)
    ]
    size, left = _size(shares, rooms)
    shares = _widened(shares, longest, left, _SIZES[size])
    rows = [" & ".join(map(_heading, columns, sides, rooms))]
    rows += [_moved_in(cells[0]) + " & ".join(map(_escaped, cells)) for cells in lines]
    # Behind a line's end a bracket or a star would be taken for what belongs to it.
    rows = [f"{{}}{row}" if row.lstrip().startswith(("[", "*")) else row for row in rows]
    return "\n".join(
        [
            r"% \usepackage{array,booktabs}",
            *(f"% {visible(line)}" for note in notes for line in note.splitlines()),
            r"\begin{table*}",
            r"\centering",
            rf"\{size}",
            rf"\setlength{{\tabcolsep}}{{{_BESIDE}em}}",
            rf"\begin{{tabular}}{{@{{}}{''.join(map(_column, sides, shares))}@{{}}}}",
            r"\toprule",
            rf"{rows[0]} \\",
            r"\midrule",
            *(rf"{row} \\" for row in rows[1:]),
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{_escaped(' '.join(caption))}}}",
            rf"\label{{{label}}}",
            r"\end{table*}",
            "",
        ]
    )


_NAMES, _WORDS = 0.28, 0.15
"""Of the text's width: columns of long words, the first of a table and any other."""
_TEXT = 397
"""Points: the width of a page's text at NeurIPS, which has less of it than most."""
_SIZES = {"small": 9, "footnotesize": 8, "scriptsize": 7}  # points, in a text of ten
_CHARACTER, _BESIDE = 0.45, 0.3  # em: a character of Times, and what is left beside a column
_CAPITALS = 0.5  # em: a character of words with many of these
_SPARE = 0.05  # of the text's width, that no column takes, since characters differ


def _room(title: str, longest: int) -> int:
    """The characters that a column needs: a heading may break at its spaces."""
    return max([longest, *map(len, title.split())])


def _size(shares: Sequence[float], rooms: Sequence[int]) -> tuple[str, float]:
    """The largest letters in which the table is about as wide as the text, or else the least.

    Beside them the share of the text's width that is left then.
    """
    wide = sum(own for own, share in zip(rooms, shares, strict=True) if not share) * _CHARACTER
    wide += 2 * _BESIDE * (len(rooms) - 1)
    left = {name: 1 - sum(shares) - wide * points / _TEXT for name, points in _SIZES.items()}
    name = next((name for name, own in left.items() if own >= 0), [*_SIZES][-1])
    return name, left[name]


def _widened(
    shares: Sequence[float], longest: Sequence[int], left: float, points: int
) -> list[float]:
    """The shares, those of words with what is left of the width, as far as they need it."""
    broken = [k for k, share in enumerate(shares) if k and share]  # the first column is of names
    widened = list(shares)
    for k in broken:
        needed = longest[k] * _CAPITALS * points / _TEXT
        spare = max(0.0, left - _SPARE) / len(broken)
        widened[k] = round(max(shares[k], min(shares[k] + spare, needed)), 2)
    return widened


def _column(side: str, share: float) -> str:
    return rf">{{\raggedright\arraybackslash}}p{{{share}\textwidth}}" if share else side


_SIGN = re.compile(r"(?<![\w.])-(?=\d)")  # of a number, which no hyphen is
_SPECIAL = {c: f"\\{c}" for c in "&%$#{}"} | {
    "_": r"\_\allowbreak{}",  # long names have no other place to break at
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "−": "$-$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _moved_in(text: str) -> str:
    """A quad for every two spaces that a text begins with."""
    return r"\quad " * ((len(text) - len(text.lstrip(" "))) // 2)


def _heading(title: str, side: str, room: int) -> str:
    """A title in as many lines as need no more characters each than there is room for."""
    lines = [_escaped(line) for line in textwrap.wrap(title, max(room, 1), break_on_hyphens=False)]
    if len(lines) < 2:
        return _escaped(title)
    broken = r"\\".join(lines)
    return rf"\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{broken}\end{{tabular}}"


def _escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    shown = _SIGN.sub("−", visible(text))
    return "".join(_SPECIAL.get(character, character) for character in shown)
