"""Category rules, against loops that walk from the anchor to one side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing.core.category_rules import (
    CATEGORIES,
    FORM,
    GOLD,
    KINDS,
    RULES,
    rule_of,
    rule_words,
)

# The sets of the report, by hand.
SETS = [
    *([category] for category in CATEGORIES),
    ["NOUN", "PROPN"],
    ["NOUN", "PROPN", "PRON"],
    ["NOUN", "PROPN", "NUM"],
    ["NOUN", "PROPN", "PRON", "NUM"],
    ["VERB", "AUX"],
    ["VERB", "ADJ"],
    ["NOUN", "PROPN", "VERB", "ADJ", "ADV"],
    ["NOUN", "PROPN", "VERB", "ADJ", "ADV", "PRON"],
]


def naive_word(tags: Sequence[str], anchor: int, kind: str, side: str, nth: int) -> int:
    left = side == "left"
    seen = 0
    for word in range(anchor - 1, -1, -1) if left else range(anchor + 1, len(tags)):
        if tags[word] in KINDS[kind]:
            seen += 1
            if seen == nth:
                return word
    return -1


def test_the_rules_are_those_of_the_report() -> None:
    assert sorted(map(sorted, SETS)) == sorted(map(sorted, KINDS.values()))
    tried = {(rule.kind, rule.side, rule.nth) for rule in RULES}
    assert tried == {(k, s, n) for k in KINDS for s in ("left", "right") for n in (1, 2)}
    assert len(RULES) == len(tried) == 4 * len(SETS)


def test_of_equals_the_one_of_the_fewest_categories_comes_first_then_the_nearest() -> None:
    order = [(len(KINDS[rule.kind]), rule.nth) for rule in RULES]
    assert order == sorted(order)
    assert {size for size, _ in order} == {1, 2, 3, 4, 5, 6}


def test_names_say_the_rule() -> None:
    names = [rule.name(family) for family in (FORM, GOLD) for rule in RULES]
    assert len(set(names)) == 2 * len(RULES)
    assert not any("," in name for name in names)  # --paired A,B
    for family in (FORM, GOLD):
        for rule in RULES:
            assert rule_of(rule.name(family)) == (family, rule)
    assert {"form-rule=VERB:left", "gold-rule=NOUN+PROPN:right:2"} <= set(names)
    for other in ("offset=1", "rules", "form-rule", "form-rule=VERB:left:1", "rule=VERB:left", ""):
        assert rule_of(other) is None


@given(
    st.lists(st.lists(st.sampled_from([*CATEGORIES, "_"]), max_size=9), max_size=4),
    st.integers(0, 9),
)
def test_what_a_rule_picks(windows: list[list[str]], seed: int) -> None:
    """Words without a tag are of no kind; some words ask twice, and windows are padded."""
    rng = np.random.default_rng(seed)
    width = max(map(len, windows), default=0)
    tags = np.full((len(windows), width), -1, np.int8)
    for own, window in zip(tags, windows, strict=True):
        own[: len(window)] = [CATEGORIES.index(t) if t != "_" else -1 for t in window]
    most = 3 if width else 0
    anchors = np.array([rng.integers(0, max(1, len(w)), most) for w in windows], np.int64)
    found = rule_words(tags, anchors.reshape(len(windows), most))
    assert found.shape == (len(windows), most, len(RULES))
    for b, window in enumerate(windows):
        for a in range(most if window else 0):
            anchor = int(anchors[b, a])
            expected = [naive_word(window, anchor, r.kind, r.side, r.nth) for r in RULES]
            assert found[b, a].tolist() == expected


@pytest.mark.parametrize("width", [125, 126, 127, 128, 32765, 32766, 32767, 32768])
def test_long_windows(width: int) -> None:
    """Words are numbered in as few bits as hold them."""
    tags = np.full((1, width), CATEGORIES.index("DET"), np.int8)
    tags[0, [0, 1, width - 2, width - 1]] = CATEGORIES.index("VERB")
    found = rule_words(tags, np.array([[0, 1, width // 2, width - 1]]))[0]
    names = [rule.name(GOLD) for rule in RULES]
    picked = {name: found[:, k].tolist() for k, name in enumerate(names)}
    last = width - 1
    assert picked["gold-rule=VERB:left"] == [-1, 0, 1, last - 1]
    assert picked["gold-rule=VERB:left:2"] == [-1, -1, 0, 1]
    assert picked["gold-rule=VERB:right"] == [1, last - 1, last - 1, -1]
    assert picked["gold-rule=VERB:right:2"] == [last - 1, last, last, -1]
    assert picked["gold-rule=DET:right:2"] == [3, 3, width // 2 + 2, -1]
