"""The table of best heads in words: ``best_heads.md``, and what any table of the scores says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from probing.core.schemes import in_the_paper, is_roll_up
from probing.core.terms import Terms
from probing.counting.best import BestHead
from probing.counting.intervals import FEW
from probing.counting.significance import LEVEL, TableTests
from probing.counting.subtypes import is_part
from probing.reports.columns import (
    FLATTERY,
    HARD,
    INTERVAL,
    Column,
    layout,
    of_stability,
    of_tests,
)
from probing.reports.findings import SAME, Findings
from probing.reports.markdown import heading, inert, paragraphs, table
from probing.reports.wording import briefly, wording_of

DEMONSTRATION = "Demonstration on generated text: these scores are not findings."
PARTIAL = "Only a part of the data was scored, as the trainer was told: these are no results."
WILSON = f"Wilson's below {FEW} units, and where all or nothing is right."


def markdown(findings: Findings) -> str:
    """``best_heads.md``."""
    columns = columns_of(findings)
    said = [*notes_of(findings), *findings.holds.splitlines()]
    if findings.scheme is not None and findings.scheme.name == "UD":
        said += in_the_paper([best.relation for best in findings.table]).splitlines()
    words = [k for k, column in enumerate(columns) if column.words]
    cells = ([column.cell(best) for column in columns] for best in folded(findings))
    lines = (
        table([column.title for column in columns], cells, words=words)
        if findings.table
        else [inert(absence(findings))]
    )
    return "\n".join([heading(title_of(findings)), "", *paragraphs(said), *lines]) + "\n"


def title_of(findings: Findings) -> str:
    """What the tables are about."""
    row, source = wording_of(findings.counts.terms).row, Path(findings.source).name
    return f"Best head of each {row} ({findings.split}: {source})"


def columns_of(findings: Findings) -> list[Column]:
    """The columns of the table."""
    return layout(
        findings.counts.terms,
        has_intervals=findings.counts.resampled is not None,
        has_hard=any(best.hard for best in findings.table),
        own=f"best on {findings.split}" if findings.is_held_out else None,
        further=[*(of_tests() if findings.tests else []), *of_stability(findings.table)],
    )


def folded(findings: Findings) -> list[BestHead]:
    """The lines of the table, those of a relation's subtypes behind the row that adds them up."""
    places = {best.relation: place for place, best in enumerate(findings.table)}

    def place(best: BestHead) -> tuple[int, bool, int]:
        whole = _whole(findings, best.relation)
        own = places[best.relation]
        return (own if whole is None else places[whole], whole is not None, own)

    return sorted(findings.table, key=place)


def indented(findings: Findings, relation: str) -> str:
    """The name of a line of :func:`folded`, further in behind the row that adds it up."""
    return relation if _whole(findings, relation) is None else f"  {relation}"


def _whole(findings: Findings, relation: str) -> str | None:
    """The row of the table that adds this one up with others, if there is one."""
    separators = findings.counts.terms.subtypes
    if not separators:
        return None
    rows = (best.relation for best in findings.table if is_roll_up(best.relation))
    return next((row for row in rows if is_part(relation, row, separators)), None)


def absence(findings: Findings) -> str:
    """Why the table has no line, if so."""
    if findings.table:
        return ""
    row = wording_of(findings.counts.terms).row
    totals, least = findings.counts.total, findings.min_anchors
    if not (totals > 0).any():
        return f"No {row} has an anchor that heads are scored on."
    if (totals >= least).any():
        return (
            f"No {row} with {least} anchors has any on {findings.chosen_on}, where heads are "
            "chosen."
        )
    return (
        f"No {row} has {least} anchors; min_anchors=1 (--report.min_anchors 1) shows those with "
        "fewer."
    )


def caveats(findings: Findings) -> list[str]:
    """What a reader of any table of these scores must know."""
    chosen_on = where_chosen(findings.chosen_on, findings.split, shared=findings.shared)
    caveat = wording_of(findings.counts.terms).caveat
    return [
        *([DEMONSTRATION] if findings.is_demonstration else []),
        *([PARTIAL] if findings.is_partial else []),
        *([findings.unread] if findings.unread else []),
        *([caveat] if caveat else []),
        f"{what_is_chosen(findings.counts.terms)} chosen on {chosen_on}.",
    ]


def notes_of(findings: Findings, titles: Collection[str] | None = None) -> list[str]:
    """What a reader of the table of best heads must know.

    Args:
        findings: what the table is about.
        titles: the columns that are shown; all, if not given.
    """
    if titles is None:
        titles = [column.title for column in columns_of(findings)]
    found = [*caveats(findings), *meanings(findings, titles), *_notes_of_tests(findings)]
    return [*found, f"At least {findings.min_anchors} anchors. {findings.model}."]


def meanings(findings: Findings, titles: Collection[str]) -> list[str]:
    """What is meant by those of the columns whose titles do not say it.

    Args:
        findings: what the table is about.
        titles: the columns that are shown.
    """
    found = []
    if findings.flattery is not None and FLATTERY in titles:
        found.append(
            f"Best on {findings.split}: chosen on the data that it is scored on, as in the paper; "
            f"{FLATTERY}: how many points higher that is, {100 * findings.flattery:.1f} in the "
            f"mean over the rows but {_listed(findings.whole)}."
        )
    if HARD in titles:
        found.append(
            f"{HARD.capitalize()}: what the head gets right of the anchors that the strongest "
            "baseline gets wrong."
        )
    if findings.resamples and INTERVAL in titles:
        found.append(f"Intervals: 95%, from {findings.resamples}. {WILSON}")
    if findings.tests is not None:
        found.append(_tested(findings, findings.tests))
    return found


def in_fewer_words(table: Iterable[BestHead]) -> list[str]:
    """What the strongest baselines of a table are whose column has them in brief."""
    return briefly(best.strongest.baseline for best in table if best.strongest)


def _tested(findings: Findings, tests: TableTests) -> str:
    """What was tested, against what and how."""
    if not tests.rows:
        return f"Nothing is tested: no row has {findings.min_anchors} anchors."
    row = wording_of(findings.counts.terms).row
    shown = (r for r in tests.counts.terms.rivals if r.beside_heads and not r.is_of_model)
    tried = [f"{len(r.of)} {r.family or r.name + 's'}" if r.is_choice else r.name for r in shown]
    return (
        f"Tests: {tests.size:,} heads and directions in {len(tests.rows)} rows, each against the "
        f"baseline that is strongest on {findings.chosen_on} in its {row} ({', '.join(tried)}); "
        f"{findings.flips}. effect: how many points it is above that; p: that any of them is as "
        "far above by chance; q: the rate of false discoveries."
    )


def _notes_of_tests(findings: Findings) -> list[str]:
    """What the tests can tell, and where all of them are, if anything was tested."""
    tests = findings.tests
    if tests is None or not tests.rows:
        return []
    found = "tests.csv has all tests."
    if tests.critical is None:
        found += f" So few patterns that no p is below {LEVEL}."
    else:
        found += f" detectable (in best_heads.md): about the least effect with a p of {LEVEL}."
    least = float(tests.q.min()) if tests.size else 0.0
    if least > LEVEL >= float(tests.p.min()):
        found += (
            f" No q is below {least:.3g}, since no p of a head alone is below "
            f"{1 / tests.patterns:.3g}: more patterns tell more."
        )
    return [found]


def what_is_chosen(terms: Terms) -> str:
    """Heads, and which baselines, as the start of a sentence."""
    rivals = [rival for rival in terms.rivals if rival.is_choice]
    return _listed(["Heads", *(rival.family or f"{rival.name}s" for rival in rivals)])


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def where_chosen(chosen_on: str, split: str, *, shared: float) -> str:
    """The data that heads are chosen on, as the end of a sentence.

    Args:
        chosen_on: what they are called.
        split: the data that the heads are scored on.
        shared: the share of its sentences that stand in the data of the choice.
    """
    if chosen_on == split:
        return f"{chosen_on}, the data that they are scored on"
    if shared >= SAME:
        part = "all" if shared == 1 else f"{100 * shared:.1f}%"
        return f"{chosen_on}, which holds {part} of the scored sentences: no held-out choice"
    return chosen_on
