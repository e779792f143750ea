"""The table of best heads, column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from probing.core.terms import Rival, Terms
from probing.counting.best import Beside, BestHead
from probing.counting.hard import Hard
from probing.counting.intervals import Interval
from probing.counting.significance import HeadTest
from probing.reports.wording import in_brief, in_words, wording_of

STRONGEST = "strongest baseline"
FLATTERY = "flattery"
INTERVAL = "interval"
HARD = "where it is wrong"
ALWAYS, RATHER = 2, 1
CHOICES = 2
"""Of more rivals than these the terminal has no room to say which head or rule was chosen."""


@dataclass(frozen=True)
class Column:
    """A column: ``words`` stand to the left, numbers to the right.

    The terminal shows what is ``brief``, some of it in fewer words; files show all. Where there is
    no room, columns of the least ``weight`` are left out first; those of :data:`ALWAYS` never. What
    is ``of_intervals`` is there where these are.
    """

    title: str
    cell: Callable[[BestHead], str]
    words: bool = False
    brief: bool = True
    brief_cell: Callable[[BestHead], str] | None = None
    weight: int = 0
    of_intervals: bool = False

    def in_brief(self, best: BestHead) -> str:
        """The cell in as few words as there are."""
        return (self.brief_cell or self.cell)(best)


def layout(
    terms: Terms,
    *,
    has_intervals: bool,
    has_hard: bool,
    own: str | None,
    further: Sequence[Column] = (),
) -> list[Column]:
    """The columns.

    Args:
        terms: of the task.
        has_intervals: whether there are any.
        has_hard: whether it was counted how heads fare where the strongest baseline is wrong.
        own: what the best head of the scored data is called, where others were chosen elsewhere.
        further: columns behind what stands beside every best head.
    """
    columns = [
        Column(wording_of(terms).row, lambda best: best.relation, words=True, weight=ALWAYS),
        Column("anchors", lambda best: f"{best.total:,}"),
        Column("units", lambda best: _units(best.interval), brief=False, of_intervals=True),
        Column("head", lambda best: str(best.head), weight=ALWAYS),
        Column("direction", lambda best: best.head.direction, words=True),
        Column("accuracy", lambda best: percent(best.correct, best.total), weight=ALWAYS),
        Column(INTERVAL, lambda best: ends(best.interval), of_intervals=True),
        *beside(terms, has_intervals=True),
        *further,
    ]
    if has_hard:
        place = next(k for k, c in enumerate(columns) if c.title == STRONGEST) + 3
        columns.insert(place, Column(HARD, lambda best: _on_hard(best.hard), weight=RATHER))
    if own is not None:
        columns += [
            Column(own, lambda best: str(best.own)),
            Column(f"{own}, direction", lambda best: best.own.direction, words=True, brief=False),
            Column(f"{own} %", lambda best: percent(best.own_correct, best.total), brief=False),
            Column(FLATTERY, lambda best: f"{100 * best.flattery:+.1f}"),
        ]
    return [c for c in columns if has_intervals or not c.of_intervals]


def beside(terms: Terms, *, has_intervals: bool) -> list[Column]:
    """The columns of what stands beside every best head: the strongest baseline first."""
    shown = [rival for rival in terms.rivals if rival.beside_heads]
    is_crowded = sum(rival.is_of_model for rival in shown) + 1 > CHOICES
    columns = _strongest() if terms.beside_heads else []
    columns += [c for place, rival in enumerate(shown) for c in _of_rival(place, rival, is_crowded)]
    return [column for column in columns if has_intervals or not column.of_intervals]


def _strongest() -> list[Column]:
    """The columns of the baseline that is strongest, whatever its kind."""

    def own(best: BestHead) -> Beside:
        assert best.strongest is not None, "the terms have baselines"
        return best.strongest

    return [
        Column(
            STRONGEST,
            lambda best: in_words(own(best).baseline),
            words=True,
            brief_cell=lambda best: in_brief(own(best).baseline),
            weight=RATHER,
        ),
        Column("strongest %", lambda best: percent(own(best).correct, best.total), weight=RATHER),
        Column(
            f"strongest {INTERVAL}",
            lambda best: ends(own(best).interval),
            brief=False,
            of_intervals=True,
        ),
    ]


def _of_rival(place: int, rival: Rival, is_crowded: bool) -> list[Column]:
    """The columns of the rival that is the ``place``-th beside every best head.

    The terminal shows those that are of a model; where the table is crowded, no more of them than
    their accuracy.
    """
    shown = rival.is_of_model
    chosen = Column(
        rival.name, lambda best: best.beside[place].label, brief=shown and not is_crowded
    )
    share = Column(
        f"{rival.name} %",
        lambda best: percent(best.beside[place].correct, best.total),
        brief=shown,
    )
    interval = Column(
        f"{rival.name} {INTERVAL}",
        lambda best: ends(best.beside[place].interval),
        brief=False,
        of_intervals=True,
    )
    return [*([chosen] if rival.is_choice else []), share, interval]


def of_tests() -> list[Column]:
    """The columns of what tests say; empty in rows that are not tested."""

    def shown(value: Callable[[HeadTest], str]) -> Callable[[BestHead], str]:
        return lambda best: "" if best.test is None else value(best.test)

    return [
        Column("effect", shown(lambda test: f"{100 * test.effect:+.1f}")),
        Column("p", shown(lambda test: f"{test.p:.3g}")),
        Column("q", shown(lambda test: f"{test.q:.3g}")),
        Column("detectable", shown(_detectable), brief=False),
    ]


def of_stability(table: Sequence[BestHead]) -> list[Column]:
    """Those of the columns on stability that have anything to say."""
    found = []
    if any(best.stability is not None for best in table):
        found.append(Column("chosen again", _again, brief=False))
    if any(best.genres for best in table):
        found.append(Column("genres above", _genres, brief=False))
    return found


def _detectable(test: HeadTest) -> str:
    return "" if test.detectable is None else f"{100 * test.detectable:.1f}"


def _again(best: BestHead) -> str:
    return "" if best.stability is None else f"{100 * best.stability:.0f}"


def _genres(best: BestHead) -> str:
    return f"{best.genres[0]} of {best.genres[1]}" if best.genres else ""


def csv_titles(terms: Terms) -> list[str]:
    """The columns, in a file of fractions, of what stands beside every best head."""
    titles = []
    for rival in terms.all_beside:
        titles += [rival.name] if rival.is_choice else []
        titles.append(f"{rival.name}_accuracy")
    return titles


def csv_cells(best: BestHead) -> list[str]:
    """What stands under :func:`csv_titles`."""
    cells = []
    for beside in best.all_beside:
        cells += [beside.label] if beside.rival.is_choice else []
        cells.append(f"{beside.correct / best.total:.6f}")
    return cells


def percent(correct: float, total: int) -> str:
    """With one decimal."""
    return f"{100 * correct / total:.1f}"


def ends(interval: Interval | None, *, sign: str = "") -> str:
    """In percent, empty where there is none; ``sign="+"`` for differences, which have one."""
    if interval is None:
        return ""
    between = " to " if sign else "–"
    return f"{100 * interval.low:{sign}.1f}{between}{100 * interval.high:{sign}.1f}"


def _on_hard(hard: Hard | None) -> str:
    share = hard.on_hard if hard else None
    return "" if share is None else f"{100 * share:.1f}"


def _units(interval: Interval | None) -> str:
    return f"{interval.units:,}" if interval else ""
