"""Vectors of words from text files, in place of a model's own input embeddings."""

from probing.encoder.vectors.table import Coverage, WordVectors

__all__ = ["Coverage", "WordVectors"]
