"""What the measures of one encoder found, gathered for tables and figures."""

from __future__ import annotations

from typing import Any

from probing.surface.module import SurfaceModule
from probing.surface.report.tables import Found


def found_by(module: SurfaceModule, name: str) -> Found:
    """What the measures of an encoder found, summed over processes: all of them must come by."""
    measures = module.measures[name]
    computed: dict[str, Any] = {key: measure.compute() for key, measure in measures.items()}
    quantities: dict[str, Any] = {}
    for key in ("averages", "sinks", "copies"):
        quantities |= computed.get(key, {})
    gradients, weights = computed.get("gradients", ({}, None))
    rows: Any = measures["noop"].rows if "noop" in measures else ()
    sizes = module.encoder.sizes
    return Found(
        layers=module.encoder.layer_numbers,
        heads=sizes.heads,
        quantities=quantities,
        distances=computed.get("distances"),
        gradients=gradients,
        gradient_weights=() if weights is None else weights.tolist(),
        noop=computed.get("noop", {}),
        rows=rows,
    )
