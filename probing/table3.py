"""The paper's Table 3: what heads, probes and baselines know of trees, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

UNDIRECTED = "probe,correct,total,uuas,spearman,sentences,left_out".split(",")
COLUMNS = ("", "UAS", "UAS, tree", "UUAS", "distances", "paper")
SHORT = ("", "UAS", "tree", "UUAS", "dist.", "paper")  # the same where there is little room
NOTES = (
    "UAS: each word's best head, without punctuation; root words count as wrong for what takes no "
    "training. UAS, tree: heads of the maximum spanning tree, over log-probabilities with one root "
    "for probes, over raw weights from the gold root for the head. UUAS: undirected edges of "
    "that tree, for distances of the minimum spanning tree over words that are no punctuation. "
    "distances: Spearman correlation with distances in the tree, sentences of 5 to 50 words. "
    "right-branching: as distances, how many words apart. paper: BERT-base on WSJ in Stanford "
    "Dependencies, Clark et al. (2019), Table 3.",
)


@dataclass(frozen=True)
class Undirected:
    """What was counted over undirected trees: ``correct`` of ``total`` edges, and Spearman.

    ``sentences`` were counted; ``left_out`` are those that are no tree.
    """

    correct: Mapping[str, int]
    spearman: Mapping[str, float | None]
    total: int
    sentences: int
    left_out: int

    def uuas(self, name: str) -> float | None:
        """Undirected attachment, a fraction."""
        return self.correct[name] / self.total if name in self.correct and self.total else None


@dataclass(frozen=True)
class Entry:
    """One of those that the table compares.

    ``group`` is a line of the table: of several entries of one group the mean and the range are
    shown. They differ in ``encoder``, a draw of random weights, or in ``seed``, the probe's start.
    """

    name: str
    group: str
    paper: str = ""
    encoder: str = ""
    seed: int | None = None


@dataclass(frozen=True)
class Scores:
    """Fractions by name: a line shows those that there are."""

    uas: Mapping[str, float]
    tree: Mapping[str, float]
    undirected: Undirected


def undirected_rows(found: Undirected) -> Iterator[tuple[object, ...]]:
    """Lines of ``uuas.csv``."""
    for name, correct in found.correct.items():
        ranked = found.spearman.get(name)
        yield (
            name,
            correct,
            found.total,
            f"{correct / found.total:.6f}" if found.total else "",
            "" if ranked is None else f"{ranked:.6f}",
            found.sentences,
            found.left_out,
        )


def lines_of(entries: Sequence[Entry], scores: Scores) -> list[list[str]]:
    """The cells of the table, a line for each group, in the order of their first entries."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    lines = []
    for group, members in groups.items():
        names = [entry.name for entry in members]
        lines.append(
            [
                group + _several(members),
                _shown([scores.uas.get(name) for name in names], percent=True),
                _shown([scores.tree.get(name) for name in names], percent=True),
                _shown([scores.undirected.uuas(name) for name in names], percent=True),
                _shown([scores.undirected.spearman.get(name) for name in names], percent=False),
                members[0].paper,
            ]
        )
    return lines


def _several(members: Sequence[Entry]) -> str:
    """How many draws of random weights and how many seeds a line is the mean of."""
    draws, seeds = ({entry.encoder for entry in members}, {entry.seed for entry in members})
    counts = ((len(draws), "draws"), (len(seeds), "seeds"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count > 1)
    return f" ({said})" if said else ""


def _shown(values: Sequence[float | None], *, percent: bool) -> str:
    """A number, or the mean of several and their range; a dash where there is none."""
    known = [value * (100 if percent else 1) for value in values if value is not None]
    digits = 1 if percent else 2
    if not known:
        return "–"
    mean = f"{sum(known) / len(known):.{digits}f}"
    if len(known) == 1:
        return mean
    return f"{mean} ({min(known):.{digits}f}–{max(known):.{digits}f})"


def markdown(title: str, lines: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """``table3.md``."""
    rows = [COLUMNS, ["---", *(["---:"] * (len(COLUMNS) - 1))], *lines]
    table = [f"| {' | '.join(cells)} |" for cells in rows]
    said = [line for note in notes for line in (note, "")]
    return "\n".join([f"# {title}", "", *table, "", *said]).rstrip() + "\n"


def latex(title: str, lines: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """``table3.tex``: a table over both columns of a page, with the rules of booktabs.

    What a line is called may take several lines.
    """
    rows = [" & ".join(map(_escaped, cells)) + r" \\" for cells in (SHORT, *lines)]
    names = r">{\raggedright}p{0.28\textwidth}"
    return "\n".join(
        [
            r"% \usepackage{array,booktabs}",
            *(f"% {note}" for note in notes),
            r"\begin{table*}",
            r"\centering",
            r"\small",
            r"\setlength{\tabcolsep}{3pt}",
            rf"\begin{{tabular}}{{{names}{'r' * (len(SHORT) - 1)}}}",
            r"\toprule",
            rows[0],
            r"\midrule",
            *rows[1:],
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{_escaped(title)}}}",
            r"\end{table*}",
            "",
        ]
    )


_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
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
    return "".join(_SPECIAL.get(character, character) for character in text)
