"""From what was measured to tables: pure functions, no files, no trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from probing.surface.measures.quantities import QUANTITIES, SINK_THRESHOLD
from probing.surface.measures.repeated import SCORES

COLUMNS = (*(quantity.name for quantity in QUANTITIES), "sink_rate", *SCORES)
"""Everything that is measured of a head."""
DEFINITIONS = {
    **{quantity.name: quantity.definition for quantity in QUANTITIES},
    "sink_rate": f"texts on which the mean attention to the first token exceeds {SINK_THRESHOLD}",
    SCORES[0]: "in a copy, attention to the token before",
    SCORES[1]: "in a copy, attention to the same token of the first one",
    SCORES[2]: "in a copy, attention to the token behind the same one of the first",
}
"""What these are, in words."""
DISTANCES = "layer,head,other_layer,other_head,divergence".split(",")
HEADS_IN_PLANE = "layer,head,x,y,behaviour,best_at".split(",")


@dataclass(frozen=True)
class Found:
    """What was measured of one encoder.

    - ``quantities``: by their names, ``[L, H]`` each; what a model has not (``[SEP]`` in a
      decoder) is not there.
    - ``distances [L*H, L*H]``, in nats.
    - ``gradients``: by what attention is directed to, ``[L]`` each.
    - ``noop``: what :class:`~probing.surface.measures.noop.SpecialMass` counted, ``rows`` its rows.
    - ``layers``: the numbers of the ``L`` layers.
    """

    layers: Sequence[int]
    heads: int
    quantities: Mapping[str, Tensor]
    distances: Tensor | None = None
    gradients: Mapping[str, Tensor] = field(default_factory=dict)
    gradient_weights: Sequence[int] = ()
    noop: Mapping[str, Tensor] = field(default_factory=dict)
    rows: Sequence[str] = ()

    @property
    def layer_of(self) -> list[int]:
        """The layer of each of the ``L*H`` heads."""
        return [layer for layer in self.layers for _ in range(self.heads)]

    def mean(self, name: str) -> float | None:
        """A quantity's mean over all heads, if it was measured."""
        return float(self.quantities[name].mean()) if name in self.quantities else None


def head_lines(found: Found) -> Iterator[tuple[object, ...]]:
    """Lines of ``surface.csv``: a head each; empty where a quantity was not measured."""
    for k, layer in enumerate(found.layers):
        for h in range(found.heads):
            yield (
                layer,
                h + 1,
                *(
                    f"{float(found.quantities[name][k, h]):.9g}" if name in found.quantities else ""
                    for name in COLUMNS
                ),
            )


def distance_lines(found: Found) -> Iterator[tuple[object, ...]]:
    """Lines of ``distances.csv``: every two heads once."""
    assert found.distances is not None
    count, heads = len(found.distances), found.heads
    for i, j in torch.combinations(torch.arange(count)).tolist():
        yield (
            found.layers[i // heads],
            i % heads + 1,
            found.layers[j // heads],
            j % heads + 1,
            f"{float(found.distances[i, j]):.9g}",
        )


def plane_lines(
    found: Found, points: Tensor, behaviours: Sequence[str | None], labels: Mapping[int, str]
) -> Iterator[tuple[object, ...]]:
    """Lines of ``clusters.csv``: where each head lies in the plane, what it does, what it knows."""
    for k, layer in enumerate(found.layer_of):
        x, y = points[k].tolist()
        place = (f"{x:.6f}", f"{y:.6f}")
        yield layer, k % found.heads + 1, *place, behaviours[k] or "", labels.get(k, "")


def compared(
    model: Mapping[str, float | None], twin: Mapping[str, float | None]
) -> tuple[list[str], list[list[str]]]:
    """Columns and lines that set means over all heads of a model beside those of its twin."""
    known = {name: value for name, value in model.items() if value is not None}
    sides = [known, *([twin] if twin else [])]
    lines = []
    for name in known:
        values = [side.get(name) for side in sides]
        cells = ["" if value is None else f"{value:.4f}" for value in values]
        lines.append([name, *cells, unit_of(name)])
    return ["", "model", *(["twin"] if twin else []), "unit"], lines


def unit_of(column: str) -> str:
    """What a column of ``surface.csv`` is counted in."""
    if "entropy" in column:
        return "nats"
    return "share of texts" if column == "sink_rate" else "share of attention"
