"""Head words of mentions where there is no syntax: a rule of thumb for English."""

from __future__ import annotations

from collections.abc import Sequence

from probing.data.formats.penn import PENN_TAGS

HEADS_BY = "the last word before a preposition or relative pronoun"

_TAGS_BEHIND = frozenset("IN TO WDT WP WP$".split())
_PREPOSITIONS = """
about above across after against along alongside amid among around as at before behind below
beneath beside besides between beyond by concerning despite down during except for from in inside
into like near of off on onto out outside over past per regarding since than through throughout
to toward towards under underneath unlike until up upon via with within without
"""
_WORDS_BEHIND = frozenset([*_PREPOSITIONS.split(), *"that which who whom whose".split()])
_CLITICS = frozenset(["'s", "’s"])


def surface_head(words: Sequence[str], tags: Sequence[str]) -> int:
    """The index, in ``words``, of the head of a mention that consists of ``words``.

    The last word before the first preposition (``IN``, ``TO``) or relative pronoun (``WDT``,
    ``WP``, ``WP$``) that does not come first; the last word where there is none. Punctuation and
    the possessive clitic are passed over if another word comes before them. Where ``tags`` holds
    no tag of the Penn Treebank for a word (``_``, say), lists of prepositions and relative
    pronouns decide.
    """
    behind = [i for i in range(1, len(words)) if _ends_head(words[i].lower(), tags[i])]
    before = range(behind[0] if behind else len(words))
    return next((i for i in reversed(before) if _may_be_head(words[i], tags[i])), before[-1])


def _ends_head(word: str, tag: str) -> bool:
    # A tag that is no Penn tag (missing, or of another tagset) says nothing; the word decides.
    return tag in _TAGS_BEHIND if tag in PENN_TAGS else word in _WORDS_BEHIND


def _may_be_head(word: str, tag: str) -> bool:
    return tag != "POS" and word.lower() not in _CLITICS and any(map(str.isalnum, word))
