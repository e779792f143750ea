"""Probing the attention heads of frozen transformers."""

__version__ = "0.1.0"
