"""Several treebanks of one folder beside each other."""

from .callback import Treebanks

__all__ = ["Treebanks"]
