"""The paper's numbers, each with the one of a run beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from probing.core.schemes import STANFORD_TO_UD, UNKNOWN
from probing.core.terms import ALL, UAS, UAS_WITH_PUNCTUATION
from probing.counting.trees.undirected import Undirected
from probing.data.tasks.possessives import POSS_CLITIC
from probing.reports.paper.differences import (
    Difference,
    Setting,
    of_table1,
    of_table2,
    of_table3,
)
from probing.reports.published import Constant, constants
from probing.reports.trees.table3 import Entry
from probing.reports.wording import COREFERENCE, wording_of

if TYPE_CHECKING:  # what reads a file needs no PyTorch
    from probing.reports.findings import Findings

Value = float | str
"""A percentage, or a name or a count as it is shown."""

STANFORD = "Stanford"
"""The scheme of the paper's treebank."""

BASELINES = {"Nearest": "nearest", "Head match": "head-match", "Rule-based": "rules"}
"""What the paper's baselines of Table 2 are called here."""

NEEDS = {
    1: "needs dependency trees (configs/paper_table1.yaml)",
    2: "needs coreference data (configs/paper_table2.yaml)",
    3: "needs probes that train on dependency trees (configs/paper_table3.yaml)",
}
"""What a run lacks that has nothing of a table."""

OF_ANY_TREES = "Right-branching"
"""The row of Table 3 that takes no probe, so that a run of Table 1 has it, too."""


@dataclass(frozen=True, slots=True)
class Line:
    """A number of the paper and that of a run, ``None`` if it has none.

    ``why`` are the differences between the two that may make them differ; ``note`` says what is
    missing, or what stands in the place of a relation that the treebank does not have.
    """

    constant: Constant
    here: Value | None = None
    why: tuple[Difference, ...] = ()
    note: str = ""

    @property
    def shown(self) -> str:
        """What this run has; percentages have two decimals."""
        if self.here is None:
            return ""
        return f"{self.here:.2f}" if isinstance(self.here, float) else self.here

    @property
    def difference(self) -> float | None:
        """How many points this run, as it is shown, is above the paper, else above the notebook.

        ``None`` where either has no number, and where treebanks of two schemes do not compare.
        """
        if not isinstance(self.here, float) or Difference.SCHEME in self.why:
            return None
        return float(self.shown) - float(self.constant.printed)

    @property
    def is_same(self) -> bool:
        """Whether this run has what is printed, to the digits that are printed."""
        printed = self.constant.printed
        if isinstance(self.here, float):
            return f"{self.here:.{len(printed.partition('.')[2])}f}" == printed
        return self.here == printed


def table1(findings: Findings, setting: Setting) -> Iterator[Line]:
    """Table 1: of each relation the best head and the best fixed offset.

    Of a treebank in UD a relation's first counterpart stands in its place, and does not compare.
    """
    own = [constant for constant in constants() if constant.table == 1]
    if findings.scheme is None:
        yield from missing(1)
        return
    scheme = findings.scheme.name
    found = {constant.row: _named(constant.row, findings) for constant in own}
    cells = {row: _of_relation(label, findings) for row, (label, _) in found.items()}
    anchors = {c.row: c.notebook for c in own if c.column == "anchors"}
    is_same_data = all(cells[row].get("anchors") == count for row, count in anchors.items())
    for constant in own:
        label, note = found[constant.row]
        here = cells[constant.row].get(constant.column)
        if here is None:
            known = findings.counts.row(label) is not None
            absent = f"no {label} {f'on {findings.chosen_on}' if known else 'in the data'}"
            yield Line(constant, note="; ".join(filter(None, (label and absent, note))))
        else:
            is_same = cells[constant.row].get("anchors") == anchors.get(constant.row)
            same = is_same if constant.row in anchors else is_same_data
            why = of_table1(constant, setting, is_same_data=same and scheme == STANFORD)
            yield _explained(constant, here, why, scheme, note)


def _named(row: str, findings: Findings) -> tuple[str, str]:
    """The row of the report that a row of the paper is, and what to say of it; "" if there is none.

    The paper counts the clitic of a possessor (section 4.2).
    """
    assert findings.scheme is not None
    scheme, of_all = findings.scheme.name, {"All": UAS, "all words": UAS_WITH_PUNCTUATION}
    if row in of_all:
        return of_all[row], ""
    has_clitic = row == "poss" and findings.counts.row(POSS_CLITIC) is not None
    if scheme == STANFORD:
        return (POSS_CLITIC if has_clitic else row), ""
    if scheme == UNKNOWN:
        return "", "nothing says which scheme the treebank is in (--data.scheme)"
    if scheme != "UD":
        return "", f"the treebank is in {scheme}, not in Stanford Dependencies"
    counterpart = STANFORD_TO_UD[row]
    if not counterpart.relations:
        return "", "no counterpart in UD"
    label, edge = counterpart.relations[0], counterpart.edge
    differs = {"same": "", "swapped": ", dependent and head swapped", "other head": f", {edge}"}
    return (POSS_CLITIC if has_clitic else label), f"{label} in UD{differs[edge]}"


def _of_relation(label: str, findings: Findings) -> Mapping[str, str | float]:
    """The columns of Table 1 of a row of the report; none, if it has no anchor."""
    counts, chosen = findings.counts, findings.chosen
    row, choice = counts.row(label), chosen.row(label)
    if row is None or choice is None:
        return {}
    head, total = chosen.best_head(choice), int(counts.total[row])
    offsets = next(rival for rival in counts.terms.rivals if rival.name == "offset")
    offset = chosen.best_of(choice, offsets)
    return {
        "anchors": str(total),
        "head": str(head),
        "direction": head.direction,
        "accuracy": 100 * int(counts.of_head(head)[row]) / total,
        "baseline": 100 * float(counts.of_baseline(offset)[row]) / total,
        "offset": offset.removeprefix("offset="),
    }


def table2(findings: Findings, setting: Setting) -> Iterator[Line]:
    """Table 2: one head, the best for all anaphors, and baselines, by the type of the mention."""
    counts, chosen = findings.counts, findings.chosen
    every = chosen.row(ALL)
    if wording_of(counts.terms).row != COREFERENCE.row or every is None:
        yield from missing(2)
        return
    head = chosen.best_head(every)
    right = {row: counts.of_baseline(name) for row, name in BASELINES.items()}
    right["Head"] = counts.of_head(head)
    for constant in (own for own in constants() if own.table == 2):
        row = counts.row(constant.column)
        if constant.column == "head":
            yield _explained(constant, str(head), of_table2(constant, setting))
        elif constant.row not in right:
            yield Line(constant, note="no such system here")
        elif row is None:
            yield Line(constant, note=f"no {constant.column} in the data")
        else:
            share = 100 * float(right[constant.row][row]) / int(counts.total[row])
            yield _explained(constant, share, of_table2(constant, setting))


def table3(
    findings: Findings,
    entries: Sequence[Entry],
    undirected: Undirected | None,
    setting: Setting,
    *,
    has_vectors: bool,
) -> Iterator[Line]:
    """Table 3: what probes get right; of several draws of random weights the mean.

    Args:
        findings: what the split's report says.
        entries: the probes of the run, as the table of trees has them.
        undirected: the edges that they find, if trees were asked about.
        setting: what the run has of the paper's definitions.
        has_vectors: whether words have vectors of a file, as in the paper.
    """
    if findings.scheme is None:
        yield from missing(3)
        return
    scheme = findings.scheme.name
    for constant in (own for own in constants() if own.table == 3):
        groups: dict[str, list[float]] = {}
        encoders = set()
        for entry in (own for own in entries if own.row == constant.row):
            share = _share(entry, findings, undirected)
            if share is not None:
                groups.setdefault(entry.group, []).append(100 * share)
                encoders.add(entry.encoder)
        if len(groups) != 1:
            several = "several, of which validation data choose one" if groups else NEEDS[3]
            yield Line(constant, note=several)
            continue
        (shares,) = groups.values()
        share = fmean(shares)
        if "GloVe" in constant.row and not has_vectors:
            said = f"with the model's own embeddings {share:.2f}"
            yield Line(constant, note=f"needs GloVe (--model.vectors FILE); {said}")
        else:
            why = of_table3(constant, setting, encoders)
            yield _explained(constant, share, why, scheme)


def _share(entry: Entry, findings: Findings, undirected: Undirected | None) -> float | None:
    """Of right heads, or of right edges; a fraction."""
    if entry.is_undirected:
        return None if undirected is None else undirected.uuas(entry.name)
    score = findings.overall.get(entry.name)
    return None if score is None else score.accuracy


def is_of_its_kind(line: Line) -> bool:
    """Whether a run has this number that was made for its table."""
    return line.here is not None and line.constant.row != OF_ANY_TREES


def missing(table: int) -> Iterator[Line]:
    """The lines of a table of which a run has nothing."""
    for constant in constants():
        if constant.table == table:
            yield Line(constant, note=NEEDS[table])


def _explained(
    constant: Constant,
    here: Value,
    why: Iterable[Difference],
    scheme: str = STANFORD,
    note: str = "",
) -> Line:
    """A line that says why it differs, if it does; in another scheme the same digits are chance."""
    if scheme != STANFORD:
        why = (*why, Difference.SCHEME)
    line = Line(constant, here, tuple(sorted(why)), note)
    return Line(constant, here, note=note) if line.is_same and scheme == STANFORD else line
