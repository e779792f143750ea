"""What the terminal shows of an ablation."""

from __future__ import annotations

from collections.abc import Sequence

from probing.ablation.changes import How
from probing.ablation.data import Part
from probing.ablation.effects import Effect, magnitude
from probing.ablation.outcomes import Outcome
from probing.reports.terminal.tables import show_table
from probing.surface.text.segments import counted

_MOST = 12  # sets that are shown of an outcome
_DIGITS = 4, 8  # behind the point: at least, and at most, which 80 columns have room for
_COLUMNS = "heads,after,difference,95%,controls,sd,rank".split(",")


def in_words(part: Part, outcomes: Sequence[Outcome]) -> str:
    """What is read, what is left out of it, and what is looked at."""
    left = ", ".join(f"{n:,} {why}" for why, n in sorted(part.left_out.items()))
    asked = "; ".join(f"{own.name}: {own.text}" for own in outcomes)
    return (
        f"{part.name}: {part.source}: {counted(sum(part.lengths.values()), 'sentence')}, "
        f"{counted(len(set(part.units)), 'unit')} to resample; left out: {left or 'none'}; {asked}"
    )


def show_worst(found: Sequence[Effect], *, how: How, nearest: int) -> None:
    """The worst effects on an outcome, the worst first; nothing if there is none.

    Args:
        found: all of them.
        how: what became of ablated heads.
        nearest: of how many heads, near in entropy, controls were drawn.
    """
    shown = sorted(found, key=lambda effect: -effect.badness)[:_MOST]
    if not shown:
        return
    first, digits = shown[0], _digits(shown)
    more = f"; the worst {len(shown)} of {len(found)}" if len(shown) < len(found) else ""
    title = (
        f"{first.data}: {first.outcome.name}, {first.before:.{digits}f} before ({how}; "
        f"controls are drawn among the {nearest} nearest in entropy of the layer{more})"
    )
    show_table(title, _COLUMNS, [_cells(effect, digits) for effect in shown])


def _digits(found: Sequence[Effect]) -> int:
    """How many behind the point show two of the greatest difference."""
    least, most = _DIGITS
    return min(most, max(least, 1 - magnitude(found)))


def _cells(effect: Effect, digits: int) -> list[str]:
    ends, mean, sd = effect.interval, effect.control_mean, effect.control_sd
    return [
        str(effect.heads),
        f"{effect.after:.{digits}f}",
        f"{effect.difference:+.{digits}f}",
        "" if ends is None else f"{ends.low:+.{digits}f} to {ends.high:+.{digits}f}",
        "" if mean is None else f"{mean:+.{digits}f}",
        "" if sd is None else f"{sd:.{digits}f}",
        effect.placed,
    ]
