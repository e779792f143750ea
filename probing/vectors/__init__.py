"""Vectors of words from text files, in place of a model's own input embeddings."""

from .table import Coverage, WordVectors

__all__ = ["Coverage", "WordVectors"]
