"""A table for a paper, in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from probing.core.inert import visible


def latex(
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    label: str,
    caption: Sequence[str],
    notes: Sequence[str],
) -> str:
    """A table over both columns of a page, with the rules of booktabs.

    The first column holds words, which may take several lines; the others hold numbers.

    Args:
        columns: headings.
        lines: the cells.
        label: how the paper refers to the table.
        caption: sentences that the reader of the paper sees.
        notes: what only the author sees, as comments.
    """
    rows = [" & ".join(map(_escaped, cells)) + r" \\" for cells in (columns, *lines)]
    names = r">{\raggedright}p{0.28\textwidth}"
    return "\n".join(
        [
            r"% \usepackage{array,booktabs}",
            *(f"% {visible(line)}" for note in notes for line in note.splitlines()),
            r"\begin{table*}",
            r"\centering",
            r"\small",
            r"\setlength{\tabcolsep}{3pt}",
            rf"\begin{{tabular}}{{{names}{'r' * (len(columns) - 1)}}}",
            r"\toprule",
            rows[0],
            r"\midrule",
            *rows[1:],
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


def _escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(_SPECIAL.get(character, character) for character in visible(text))
