"""From annotated files to batches of edges."""

from probing.data.datamodule import CoreferenceData, DependencyData, EdgeData

__all__ = ["CoreferenceData", "DependencyData", "EdgeData"]
