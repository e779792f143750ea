"""Several treebanks of one folder beside each other."""

from probing.reports.treebanks.callback import Treebanks

__all__ = ["Treebanks"]
