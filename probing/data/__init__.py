"""From annotated files to batches of edges."""

from .datamodule import DependencyData, EdgeData

__all__ = ["DependencyData", "EdgeData"]
