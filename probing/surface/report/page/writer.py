"""``report.html``: what was measured of every head, its figures linked by heads, and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex

from probing.core.files import write_whole
from probing.core.inert import visible
from probing.reports.figures.styles import GREY, SEQUENTIAL
from probing.reports.page.html import in_lines, page, table
from probing.surface.measures.gradients import of_paper
from probing.surface.measures.noop import NOOP
from probing.surface.report.clusters import THRESHOLDS, Embedding
from probing.surface.report.drawing import Mark, marks_of
from probing.surface.report.from_averages import behaviours_of, entropies_of, panels_of
from probing.surface.report.lines_between_tokens import HeadOnText
from probing.surface.report.page.sentences import Shown, as_data, packed
from probing.surface.report.tables import (
    COLUMNS,
    DEFINITIONS,
    Found,
    compared,
    head_lines,
    unit_of,
)

NEAREST = 5
"""Of each head so many are named that are most like it."""
_NONE = Mark(GREY, ".", "none of these")
_SHARES = {
    "last_where_it_applies": "to the last, words %",
    "last_where_it_does_not": "to the last, other words %",
    "first_where_it_applies": "to the first, words %",
    "first_where_it_does_not": "to the first, other words %",
}
_NOOP_SAYS = (
    "How much of its attention a head that finds a relation gives, on average, to the last special "
    "token ([SEP]) and to the first ([CLS] or the start token): from the words that the relation "
    "applies to, and from all other words. For dep->head it applies to words that have the "
    "relation, for head->dep to their heads. A head that rests where it has nothing to do gives "
    "more from other words."
)


@dataclass(frozen=True)
class SurfaceFindings:
    """All that the page shows.

    Args:
        source: the text.
        found: of the model.
        twin: what was measured of its randomly initialised twin, if it was.
        plane: heads in the plane, if distances were measured.
        best_at: relations that heads find best, by their index.
        notes: what a reader must know.
        sentences: on which every head is drawn.
        relations: heads on sentences in which their relation occurs.
        noop: lines of ``noop.csv``.
    """

    source: str
    found: Found
    twin: Found | None = None
    plane: Embedding | None = None
    best_at: Mapping[int, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    sentences: Sequence[Shown] = ()
    relations: Sequence[HeadOnText] = ()
    noop: Sequence[Sequence[object]] = ()


def surface_page(findings: SurfaceFindings, folder: Path) -> None:
    """``report.html``."""
    found, twin = findings.found, findings.twin
    of_twin = {} if twin is None else {name: twin.mean(name) for name in COLUMNS}
    columns, lines = compared({name: found.mean(name) for name in COLUMNS}, of_twin)
    last = len(columns) - 1
    tables = [table("Means over all heads", columns, lines, words=(0, last))]
    if findings.noop:
        tables.append(_where_it_does_not_apply(findings.noop))
    title = f"What heads do on plain text ({Path(findings.source).name})"
    data = {"surface": _surface(findings), "tables": tables}
    style, script = _read("surface.css"), _read("surface.js")
    made = page(title=visible(title), data=data, style=style, script=script)
    write_whole(folder / "report.html", made)


def _where_it_does_not_apply(noop: Sequence[Sequence[object]]) -> dict[str, object]:
    """The lines of ``noop.csv``, means in percent."""
    lines = []
    for values in noop:
        line = dict(zip(NOOP, map(str, values), strict=True))
        own = [line[name] for name in ("relation", "direction", "words", "other_words")]
        means = [f"{100 * float(line[name]):.1f}" for name in _SHARES]
        lines.append([*own[:2], f"{line['layer']}-{line['head']}", *own[2:], *means])
    columns = ["relation", "direction", "head", "words", "other words", *_SHARES.values()]
    return table("Where a relation does not apply", columns, lines, [_NOOP_SAYS], words=(0, 1))


def _surface(findings: SurfaceFindings) -> dict[str, object]:
    """For the script; what is of heads is one list, heads of the first layer first."""
    found = findings.found
    measured = [name for name in COLUMNS if name in found.quantities]
    lines = [dict(zip(COLUMNS, line[2:], strict=True)) for line in head_lines(found)]
    does = behaviours_of(found) if found.quantities else [None] * len(lines)
    return {
        "notes": in_lines(findings.notes),
        "layers": list(found.layers),
        "heads": found.heads,
        "columns": [
            {
                "name": name,
                "unit": unit_of(name),
                "definition": DEFINITIONS[name],
                "values": [float(str(line[name])) for line in lines],
            }
            for name in measured
        ],
        "behaviours": [name or "" for name in does],
        "best_at": [
            visible(" ".join(findings.best_at.get(place, ()))) for place in range(len(lines))
        ],
        "panels": _panels(findings) if found.quantities else [],
        "slopes": _slopes(found),
        "plane": _plane(findings, does),
        "sentences": [as_data(shown) for shown in findings.sentences],
        "relations": [_relation(own, found) for own in findings.relations],
    }


def _panels(findings: SurfaceFindings) -> list[dict[str, object]]:
    """Figures 2 and 4: of each panel its series, a mark for each head and the means by layer."""
    found = findings.found
    shares: list[dict[str, object]] = [
        {"title": "average attention (%)", "scale": 100, "bound": None, "series": own}
        for own in (_series(findings, panel) for panel in panels_of(found))
    ]
    entropies: list[dict[str, object]] = [
        {
            "title": "entropy (nats)",
            "scale": 1,
            "bound": found.mean(f"uniform_{name}"),
            "series": _series(findings, {f"attention from {title}": name}),
        }
        for title, name in entropies_of(found).items()
    ]
    return [*shares, *entropies]


def _series(findings: SurfaceFindings, names: Mapping[str, str]) -> list[dict[str, object]]:
    twin = {} if findings.twin is None else findings.twin.quantities
    marks = marks_of(list(names))
    return [
        {
            **_mark(marks[title]),
            "name": title,
            "column": name,
            "means": findings.found.quantities[name].double().mean(1).tolist(),
            "twin": twin[name].double().mean(1).tolist() if name in twin else None,
        }
        for title, name in names.items()
    ]


def _mark(mark: Mark) -> dict[str, object]:
    return {"colour": mark.colour, "marker": mark.marker}


def _slopes(found: Found) -> list[dict[str, object]]:
    """Figure 3."""
    if not found.gradients:
        return []
    own = of_paper(found.gradients, found.gradient_weights)
    return [
        {
            "title": title,
            "values": [str(layer) for layer in found.layers],
            "totals": None,
            "top": max((float(values.max()) for values in series.values()), default=0.0) or 1e-9,
            "lines": [{"name": n, "shares": values.tolist()} for n, values in series.items()],
        }
        for title, series in (
            ("mean |∂loss/∂attention| (nats) by layer, in the series of the paper", own),
            ("mean |∂loss/∂attention| (nats) by layer", found.gradients),
        )
    ]


def _plane(findings: SurfaceFindings, does: Sequence[str | None]) -> dict[str, object] | None:
    """Figure 6, and of each head those that are nearest by their divergence, not in the plane."""
    plane, found = findings.plane, findings.found
    if plane is None or found.distances is None:
        return None
    known = [name for name in (*THRESHOLDS, *does) if name in does and name]
    marks = {**marks_of(list(dict.fromkeys(known))), "": _NONE}
    shades = mpl.colormaps[SEQUENTIAL](np.linspace(0, 1, len(found.layers)))
    apart = found.distances.double().clone()
    apart.fill_diagonal_(float("inf"))
    near = apart.argsort(dim=1, stable=True)[:, : min(NEAREST, len(apart) - 1)]
    return {
        # As clusters.csv has them.
        "x": [round(x, 6) for x, _ in plane.points.tolist()],
        "y": [round(y, 6) for _, y in plane.points.tolist()],
        "stress": plane.stress,
        "marks": {name: {**_mark(mark), "label": mark.label} for name, mark in marks.items()},
        "shades": [to_hex(shade) for shade in shades],
        "nearest": [
            [[other, round(float(apart[head, other]), 4)] for other in own]
            for head, own in enumerate(near.tolist())
        ],
    }


def _relation(own: HeadOnText, found: Found) -> dict[str, object]:
    layer, head = own.head or (found.layers[0], 1)
    return {
        "title": visible(own.title),
        "head": found.layers.index(layer) * found.heads + head - 1,
        "tokens": [visible(token) for token in own.tokens],
        "weights": packed(own.weights),
        "edges": [[edge.source, edge.target, edge.outcome] for edge in own.edges],
    }


def _read(name: str) -> str:
    return files("probing.surface.report.page").joinpath(name).read_text(encoding="utf-8")
