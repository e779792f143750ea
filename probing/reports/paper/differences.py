"""Why a run has other numbers than the paper: what differs, by the numbers of the docs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from probing.core.terms import MAIN
from probing.reports.published import Constant

LIMIT = 128
"""The most wordpieces that the released code takes of a sentence."""

OFFSETS = (-3, -2, -1, 1, 2)
"""Those that the released code tries, but 0, which is never right."""


class Difference(IntEnum):
    """What differs, by its number in ``docs/paper.md``, where its title is the name here."""

    DATA = 1
    SCHEME = 2
    MODEL = 3
    CHOICE = 4
    DIRECTIONS = 5
    SPLIT_WORDS = 6
    OFFSETS = 7
    LONG_SENTENCES = 8
    ESCAPES = 9
    ALL_WORDS = 10
    POSSESSORS = 11
    MISPRINT = 12
    TIES = 13
    CANDIDATES = 14
    WINDOWS = 15
    HEAD_WORDS = 16
    RULES = 17
    NEIGHBOUR = 18
    THE_WORD_ITSELF = 19
    TRAINING = 20
    WORD_VECTORS = 21
    RANDOM_WEIGHTS = 22
    STRUCTURAL_PROBE = 23

    @property
    def title(self) -> str:
        """In words, as the docs have it."""
        return self.name.capitalize().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Setting:
    """Which of the paper's definitions a run has.

    Args:
        bert_base: the encoders that are the paper's BERT-base, whatever their weights.
        is_random: whether the main encoder's weights are drawn at random.
        directions: how many ways a head picks.
        is_held_out: whether heads and baselines are chosen on other data than they are scored on.
        escapes: what becomes of escapes, ``undo`` or ``keep``.
        limit: the most wordpieces of a sentence.
        offsets: the fixed offsets that are tried.
        is_clipped: whether one that leaves the sentence picks ROOT or the last word.
        candidates: what an anaphor picks from.
    """

    bert_base: Collection[str]
    is_random: bool
    directions: int
    is_held_out: bool
    escapes: str = "undo"
    limit: int | None = None
    offsets: Sequence[int] = ()
    is_clipped: bool = False
    candidates: str = ""


def of_table1(constant: Constant, setting: Setting, *, is_same_data: bool) -> Iterator[Difference]:
    """What may make a number of Table 1 another one.

    Args:
        constant: the number.
        setting: what the run has of the paper's definitions.
        is_same_data: whether the run has as many anchors as the notebook.
    """
    if not is_same_data:
        yield Difference.DATA
    if setting.limit != LIMIT:
        yield Difference.LONG_SENTENCES
    if constant.column == "anchors":
        return
    if constant.column in ("baseline", "offset"):
        if tuple(sorted(setting.offsets)) != OFFSETS or not setting.is_clipped:
            yield Difference.OFFSETS
        if setting.is_held_out:
            yield Difference.CHOICE
    else:
        yield from _of_heads(constant, setting)
        if setting.escapes != "keep":
            yield Difference.ESCAPES
    if constant.row == "all words":
        yield Difference.ALL_WORDS
    if constant.row == "poss":
        yield Difference.POSSESSORS
    if constant.row == "auxpass" and constant.paper != constant.notebook:
        yield Difference.MISPRINT


def of_table2(constant: Constant, setting: Setting) -> Iterator[Difference]:
    """What may make a number of Table 2 another one."""
    yield Difference.DATA
    yield Difference.WINDOWS
    yield Difference.HEAD_WORDS
    if constant.row == "Head":
        yield from _of_heads(constant, setting)
        if setting.candidates != "words":
            yield Difference.CANDIDATES
    if constant.row == "Rule-based":
        yield Difference.RULES


def of_table3(
    constant: Constant, setting: Setting, encoders: Collection[str]
) -> Iterator[Difference]:
    """What may make a number of Table 3 another one, whose probes read ``encoders``."""
    yield Difference.DATA
    if setting.limit != LIMIT:
        yield Difference.LONG_SENTENCES
    if constant.row == "Right-branching":
        return
    if not set(encoders) <= set(setting.bert_base):
        yield Difference.MODEL
    if constant.row == "Structural probe":
        yield Difference.STRUCTURAL_PROBE
        return
    yield Difference.TRAINING
    yield Difference.THE_WORD_ITSELF
    if "Attn" in constant.row:
        yield Difference.SPLIT_WORDS
    if "GloVe" in constant.row:
        yield Difference.NEIGHBOUR
        yield Difference.WORD_VECTORS
    if constant.row.startswith("Random"):
        yield Difference.RANDOM_WEIGHTS


def _of_heads(constant: Constant, setting: Setting) -> Iterator[Difference]:
    if MAIN not in setting.bert_base or setting.is_random:
        yield Difference.MODEL
    yield Difference.SPLIT_WORDS
    if setting.directions > 2:
        yield Difference.DIRECTIONS
    if setting.is_held_out:
        yield Difference.CHOICE
    if constant.column in ("head", "direction"):
        yield Difference.TIES
