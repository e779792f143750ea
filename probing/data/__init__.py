"""From annotated files to batches of edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probing.data.datamodule import CoreferenceData as CoreferenceData
    from probing.data.datamodule import DependencyData as DependencyData
    from probing.data.datamodule import EdgeData as EdgeData

__all__ = ["CoreferenceData", "DependencyData", "EdgeData"]


def __getattr__(name: str) -> Any:
    # Lightning is no light load, and whoever looks at one sentence does not need it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from probing.data import datamodule

    return getattr(datamodule, name)
