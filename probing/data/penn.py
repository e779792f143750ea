"""Conventions of the Penn Treebank."""

from __future__ import annotations

PENN_TAGS = frozenset(
    """CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH
    VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB # $ . , : `` '' -LRB- -RRB- HYPH NFP ADD AFX GW
    XX""".split()
)
"""Part-of-speech tags of the Penn Treebank and of the English Web Treebank."""
