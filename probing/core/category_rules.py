"""Rules by part of speech: the nearest word of a kind to one side, a bar that needs no model.

"The nearest verb to the left" finds most objects. Whatever attends to the nearest verb scores as
much, so that a head is worth its accuracy less that of the best such rule. Kinds are sets of the
categories of Universal Dependencies (UPOS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

CATEGORIES = tuple(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
)
"""The UPOS of Universal Dependencies, version 2; a tag is an index into them, or :data:`NONE`."""

NONE = -1
"""The tag of a word that has none, and the word that a rule picks where it finds none."""

FORM, GOLD = "form-rule", "gold-rule"
"""Families of rules: by tags that are guessed from the forms of words, and by those of the data."""

CONTENT = ("ADJ", "ADV", "NOUN", "PROPN", "VERB")
KINDS: dict[str, tuple[str, ...]] = {
    **{category: (category,) for category in CATEGORIES},
    "NOUN+PROPN": ("NOUN", "PROPN"),
    "VERB+ADJ": ("ADJ", "VERB"),
    "VERB+AUX": ("AUX", "VERB"),
    "NOUN+PROPN+NUM": ("NOUN", "NUM", "PROPN"),
    "NOUN+PROPN+PRON": ("NOUN", "PRON", "PROPN"),
    "NOUN+PROPN+PRON+NUM": ("NOUN", "NUM", "PRON", "PROPN"),
    "content": CONTENT,
    "content+PRON": (*CONTENT, "PRON"),
}
"""Sets of categories by their names, those of the fewest first."""


Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Pick the ``nth`` nearest word, 1 or 2, of a kind of :data:`KINDS` on a side of the anchor."""

    kind: str
    side: Side
    nth: int

    def name(self, family: str) -> str:
        """What the baseline is called: ``form-rule=VERB:left``, ``gold-rule=NOUN:right:2``."""
        return f"{family}={self.kind}:{self.side}" + (f":{self.nth}" if self.nth > 1 else "")


_SIDES: tuple[Side, ...] = ("left", "right")
# Of rules that are right equally often the first is chosen: of the fewest categories, the nearest.
RULES = tuple(
    Rule(kind, side, nth)
    for size in sorted({len(categories) for categories in KINDS.values()})
    for nth in (1, 2)
    for kind, categories in KINDS.items()
    if len(categories) == size
    for side in _SIDES
)
"""All that are tried, in the order in which equals are chosen."""

_BY_NAME = {rule.name(family): (family, rule) for family in (FORM, GOLD) for rule in RULES}

_HOLDS = np.zeros((len(KINDS), len(CATEGORIES) + 1), np.bool_)  # the last: of words without a tag
for _row, _categories in zip(_HOLDS, KINDS.values(), strict=True):
    _row[[CATEGORIES.index(category) for category in _categories]] = True
# Where each rule stands among the picks by side, by the nearest and the second, and by kind.
_PLACES = [
    (2 * (rule.side == "right") + rule.nth - 1) * len(KINDS) + list(KINDS).index(rule.kind)
    for rule in RULES
]


def rule_of(name: str) -> tuple[str, Rule] | None:
    """The family and the rule that a baseline of this name is; ``None`` for any other."""
    return _BY_NAME.get(name)


def rule_words(
    tags: NDArray[np.int8], anchors: NDArray[np.int64]
) -> NDArray[np.signedinteger[Any]]:
    """The word that each of :data:`RULES` picks for each anchor.

    Args:
        tags: ``[B, W]``, :data:`NONE` where ``W`` is padding, too.
        anchors: ``[B, A]``, words.

    Returns:
        ``[B, A, K]``, a rule each, words counted from zero, :data:`NONE` where there is none; in
        the shortest integers that hold them: most windows are small, and little is copied.
    """
    (windows, width), kinds = tags.shape, len(KINDS)
    dtype = np.min_scalar_type(-width - 2)
    word = np.arange(width, dtype=dtype)
    none, beyond = dtype.type(NONE), dtype.type(width)
    of_kind = _HOLDS[:, tags]  # [kinds, B, W]
    before = np.full((kinds, windows, width + 1), none)  # left of each word, the nearest
    before[..., 1:] = np.maximum.accumulate(np.where(of_kind, word, none), axis=-1)
    behind = np.full((kinds, windows, width + 1), beyond)  # the word itself, or the nearest right
    back = np.where(of_kind, word, beyond)[..., ::-1]
    behind[..., :width] = np.minimum.accumulate(back, axis=-1)[..., ::-1]
    before, behind = before.reshape(kinds, -1), behind.reshape(kinds, -1)
    start = np.repeat(np.arange(windows) * (width + 1), anchors.shape[1])  # [B*A]
    at = start + anchors.ravel()
    left, right = before[:, at], behind[:, at + 1]  # [kinds, B*A]
    # Nothing stands left of the first word, nor right of the last: none has no second.
    start = start + np.arange(kinds)[:, None] * before.shape[1]
    second_left = before.ravel()[start + np.maximum(left, 0)]
    second_right = behind.ravel()[start + np.minimum(right + 1, width)]
    found = np.concatenate([left, second_left, right, second_right])[_PLACES].T
    found[found == width] = NONE
    return np.ascontiguousarray(found).reshape(windows, anchors.shape[1], len(RULES))
