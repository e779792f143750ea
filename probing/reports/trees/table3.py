"""The paper's Table 3: what heads, probes and baselines know of trees, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from probing.counting.trees.undirected import Undirected
from probing.reports.markdown import heading, paragraphs, table
from probing.reports.wording import Wording

TABLE = "line,probe,encoder,uas,uas_tree,uuas,spearman,paper".split(",")
UNDIRECTED = "probe,correct,total,uuas,spearman,sentences,left_out".split(",")
COLUMNS = ("", "UAS", "UAS, tree", "UUAS", "distances", "paper")
SHORT = ("", "UAS", "tree", "UUAS", "dist.", "paper")  # the same where there is little room
RANGES = "Means of several draws of random weights or seeds have their range in brackets."
CAPTION = (
    "In percent: UAS, UAS of spanning trees (tree), UUAS, Clark et al. (2019) in Table 3 (paper); "
    f"dist.: Spearman correlation with distances in the tree. {RANGES}"
)


def notes(wording: Wording) -> list[str]:
    """What the table's reader must know of its columns."""
    return [
        f"UAS, UUAS and paper in percent. {RANGES}",
        f"UAS: each word's best head, {wording.scope}; root words count as wrong for what takes no "
        "training. UAS, tree: heads of the maximum spanning tree, over log-probabilities with one "
        "root for probes, over raw weights from the gold root for the head. UUAS: undirected edges "
        f"of that tree, for distances of the minimum spanning tree over {wording.counted}. "
        "distances: Spearman correlation with distances in the tree, sentences of 5 to 50 words. "
        "right-branching: as distances, how many words apart. paper: BERT-base on WSJ in Stanford "
        "Dependencies, Clark et al. (2019), Table 3.",
    ]


@dataclass(frozen=True)
class Entry:
    """One of those that the table compares.

    ``group`` is a line of the table: of several entries of one group the mean and the range are
    shown. They differ in ``encoder``, a draw of random weights, or in ``seed``, the probe's start.
    ``paper`` is what the paper found, in percent: UAS, or UUAS if ``is_undirected``; ``row`` is
    what its table calls that.
    """

    name: str
    group: str
    paper: int | None = None
    encoder: str = ""
    seed: int | None = None
    is_undirected: bool = False
    row: str = ""


@dataclass(frozen=True)
class Shares:
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


def entry_rows(entries: Sequence[Entry], shares: Shares) -> Iterator[tuple[str, ...]]:
    """Lines of ``table3.csv``: each draw and seed by itself."""
    for entry in entries:
        known = (
            shares.uas.get(entry.name),
            shares.tree.get(entry.name),
            shares.undirected.uuas(entry.name),
            shares.undirected.spearman.get(entry.name),
            None if entry.paper is None else entry.paper / 100,
        )
        cells = ("" if share is None else f"{share:.6f}" for share in known)
        yield entry.group, entry.name, entry.encoder, *cells


def lines_of(entries: Sequence[Entry], shares: Shares) -> list[list[str]]:
    """The cells of the table, a line for each group, in the order of their first entries."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    lines = []
    for group, members in groups.items():
        names = [entry.name for entry in members]
        lines.append(
            [
                group + several(members),
                _shown([shares.uas.get(name) for name in names], percent=True),
                _shown([shares.tree.get(name) for name in names], percent=True),
                _shown([shares.undirected.uuas(name) for name in names], percent=True),
                _shown([shares.undirected.spearman.get(name) for name in names], percent=False),
                _of_paper(members[0]),
            ]
        )
    return lines


def several(members: Sequence[Entry]) -> str:
    """How many draws of random weights and how many seeds a line is the mean of."""
    draws, seeds = ({entry.encoder for entry in members}, {entry.seed for entry in members})
    counts = ((len(draws), "draws"), (len(seeds), "seeds"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count > 1)
    return f" ({said})" if said else ""


def _of_paper(entry: Entry) -> str:
    """What the paper found; where that is no UAS, it says so."""
    if entry.paper is None:
        return ""
    return f"{entry.paper} (UUAS)" if entry.is_undirected else f"{entry.paper}"


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
    cells = table(COLUMNS, lines, words={0})
    return "\n".join([heading(title), "", *cells, "", *paragraphs(notes)]).rstrip() + "\n"
