"""A table for a paper, in LaTeX."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from probing.core.inert import visible

ROOM = 24
"""Characters of a name that need no column of lines."""


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

    The first column holds words, which take several lines where they are long; spaces before one
    move it in.

    Args:
        columns: headings.
        lines: the cells.
        label: how the paper refers to the table.
        caption: sentences that the reader of the paper sees.
        notes: what only the author sees, as comments.
        words: the columns that stand to the left, as numbers do to the right.
    """
    rows = [_moved_in(cells[0]) + " & ".join(map(_escaped, cells)) for cells in (columns, *lines)]
    # Behind a line's end a bracket or a star would be taken for what belongs to it.
    rows = [f"{{}}{row}" if row.lstrip().startswith(("[", "*")) else row for row in rows]
    is_long = max(len(cells[0]) for cells in (columns, *lines)) > ROOM
    first = r">{\raggedright}p{0.28\textwidth}" if is_long else "l"
    sides = "".join("l" if k in words else "r" for k in range(1, len(columns)))
    return "\n".join(
        [
            r"% \usepackage{array,booktabs}",
            *(f"% {visible(line)}" for note in notes for line in note.splitlines()),
            r"\begin{table*}",
            r"\centering",
            r"\small",
            r"\setlength{\tabcolsep}{3pt}",
            rf"\begin{{tabular}}{{{first}{sides}}}",
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


_SPECIAL = {c: f"\\{c}" for c in "&%$#{}"} | {
    "_": r"\_\allowbreak{}",  # long names have no other place to break at
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _moved_in(text: str) -> str:
    """A quad for every two spaces that a text begins with."""
    return r"\quad " * ((len(text) - len(text.lstrip(" "))) // 2)


def _escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(_SPECIAL.get(character, character) for character in visible(text))
