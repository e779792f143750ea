"""What is written of one encoder: its tables, its figures, its part of ``summary.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from safetensors.torch import save as safetensors

from probing.core.files import write_csv, write_whole
from probing.surface.measures.gradients import GRADIENTS, gradient_rows, of_paper
from probing.surface.measures.noop import NOOP, Finder, noop_rows
from probing.surface.report.clusters import Embedding, embed, layers_alike
from probing.surface.report.from_averages import behaviours_of, figures_of_averages
from probing.surface.report.layers import gradient_by_layer
from probing.surface.report.plane import map_of_heads
from probing.surface.report.tables import (
    COLUMNS,
    DISTANCES,
    HEADS_IN_PLANE,
    Found,
    distance_lines,
    head_lines,
    plane_lines,
)


@dataclass(frozen=True)
class OfEncoder:
    """The report on an encoder.

    Args:
        found: what was measured of it.
        finders: heads to ask what they do where their relation does not apply.
        best_at: relations that its heads find best, by their index.
    """

    found: Found
    finders: Sequence[Finder]
    best_at: Mapping[int, Sequence[str]]

    @cached_property
    def plane(self) -> Embedding | None:
        """Heads in the plane, if distances were measured."""
        return None if self.found.distances is None else embed(self.found.distances)

    @cached_property
    def noop(self) -> list[tuple[object, ...]]:
        """Lines of ``noop.csv``."""
        found = self.found
        if not found.noop:
            return []
        return list(noop_rows(found.noop, found.rows, self.finders, found.layers))

    def write_tables(self, folder: Path) -> None:
        """Each whole or not at all."""
        found, plane = self.found, self.plane
        write_csv(folder / "surface.csv", ("layer", "head", *COLUMNS), head_lines(found))
        if found.gradients:
            lines = gradient_rows(dict(found.gradients), found.gradient_weights, found.layers)
            write_csv(folder / "gradients.csv", GRADIENTS, lines)
        if found.noop:
            write_csv(folder / "noop.csv", NOOP, self.noop)
        if found.distances is not None and plane is not None:
            content = safetensors({"divergence": found.distances.contiguous()})
            write_whole(folder / "distances.safetensors", content)
            write_csv(folder / "distances.csv", DISTANCES, distance_lines(found))
            known = {place: " ".join(relations) for place, relations in self.best_at.items()}
            own = plane_lines(found, plane.points, behaviours_of(found), known)
            write_csv(folder / "clusters.csv", HEADS_IN_PLANE, own)

    def figures(self, twin: Found | None) -> dict[str, Figure]:
        """Figures 2, 3, 4 and 6 by their titles, with the means of the twin, if there is one."""
        found, plane = self.found, self.plane
        figures = figures_of_averages(found, twin) if found.quantities else {}
        if found.gradients:
            figures["figure3_gradients"] = gradient_by_layer(
                found.gradients, found.layers, of_paper(found.gradients, found.gradient_weights)
            )
        if plane is not None:
            labels = {
                place: f"{found.layer_of[place]}-{place % found.heads + 1} {', '.join(relations)}"
                for place, relations in self.best_at.items()
            }
            does = behaviours_of(found)
            figures["figure6_clusters"] = map_of_heads(
                plane.points, found.layer_of, does, labels, stress=plane.stress
            )
        return figures

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Its part of ``summary.json``."""
        found = self.found
        alike = None
        if found.distances is not None:
            alike = layers_alike(found.distances, found.layer_of)
        return {
            "means": {column: found.mean(column) for column in COLUMNS},
            "layers_alike": None if alike is None else vars(alike),
            "stress": None if self.plane is None else self.plane.stress,
        }
