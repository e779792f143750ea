"""What the terminal shows of an ablation."""

from __future__ import annotations

from collections.abc import Sequence

from probing.ablation.changes import How
from probing.ablation.data import Part
from probing.ablation.effects import Effect
from probing.ablation.outcomes import Outcome
from probing.reports.terminal.tables import show_table
from probing.surface.text.segments import counted

_MOST = 12  # sets that are shown of an outcome
_COLUMNS = "heads,after,difference,95%,controls,sd,rank,of,p,least p".split(",")


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
    first = shown[0]
    more = f"; the worst {len(shown)} of {len(found)}" if len(shown) < len(found) else ""
    title = (
        f"{first.data}: {first.outcome.name}, {first.before:.4f} before ({how}; controls are drawn "
        f"among the {nearest} nearest in entropy of the layer{more})"
    )
    show_table(title, _COLUMNS, [_cells(effect) for effect in shown])


def _cells(effect: Effect) -> list[str]:
    ends, mean, sd = effect.interval, effect.control_mean, effect.control_sd
    of_controls = [
        str(effect.rank),
        str(1 + len(effect.controls)),
        f"{effect.p:.3f}",
        f"{effect.least_p:.3f}",
    ]
    return [
        str(effect.heads),
        f"{effect.after:.4f}",
        f"{effect.difference:+.4f}",
        "" if ends is None else f"{ends.low:+.4f} to {ends.high:+.4f}",
        "" if mean is None else f"{mean:+.4f}",
        "" if sd is None else f"{sd:.4f}",
        *(of_controls if effect.controls else [""] * len(of_controls)),
    ]
