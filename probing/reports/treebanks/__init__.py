"""Several treebanks of one folder beside each other."""

from probing.reports.treebanks.callback import TreebankOptions, Treebanks

__all__ = ["TreebankOptions", "Treebanks"]
