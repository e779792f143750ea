"""Heads on sentences of a treebank: what is coloured is what they pick."""

from __future__ import annotations

import pytest

from probing.core.batches import EdgeBatch
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.surface.measures.noop import Finder
from probing.surface.report.examples import EXAMPLES, LONGEST, heads_on_examples
from probing.surface.report.lines_between_tokens import HeadOnText


@pytest.mark.parametrize("hide", [None, "[CLS]"])
@pytest.mark.parametrize("direction", ["dep->head", "head->dep", "both"])
def test_what_is_coloured_is_what_the_head_picks(
    direction: str, hide: str | None, tiny_encoder: Encoder
) -> None:
    data = DependencyData(test="builtin:documents=4,seed=1", tokenizer=tiny_encoder.tokenizer)
    corpus = data.open("test")
    finders = [Finder("det", direction, 2, 3, 0.4649), Finder("no such", direction, 1, 1)]
    examples = heads_on_examples(tiny_encoder, corpus, finders, hide=hide)
    assert [drawn.title for drawn in examples] == [f"head 2-3: det\n{direction}, 46%"] * EXAMPLES
    assert Finder("obj", "both", 3, 1).title == "head 3-1: obj"  # no report says how well
    indices = [
        i
        for i in range(len(corpus))
        if 5 <= corpus[[i]].width <= LONGEST
        and corpus[[i]].member[0, :, list(corpus[[i]].rows).index("det")].any()
    ]
    for index, drawn in zip(indices, examples, strict=False):
        check(corpus[[index]], drawn, direction, ["[CLS]"] if hide is None else [])


def check(batch: EdgeBatch, drawn: HeadOnText, direction: str, ahead: list[str]) -> None:
    assert list(drawn.tokens) == [*ahead, *batch.words[0], "[SEP]"]
    weights = drawn.weights.tolist()
    if ahead:
        assert [sum(row) for row in weights] == pytest.approx([1.0] * len(weights), abs=1e-5)
    first, size = len(ahead), len(batch.words[0])
    expected = set()
    for a in range(batch.anchors.shape[1]):
        if not batch.member[0, a, list(batch.rows).index("det")]:
            continue
        word, head = (
            own + first for own in (int(batch.anchors[0, a]), int(batch.gold[0, a].nonzero()) - 1)
        )
        others = [w for w in range(first, first + size) if w != word]
        by_column = direction == "head->dep"
        pick = max(others, key=lambda w: weights[w][word] if by_column else weights[word][w])
        for end, outcome in ((pick, "right" if pick == head else "wrong"), (head, "missed")):
            if outcome != "missed" or pick != head:
                expected.add((end, word, outcome) if by_column else (word, end, outcome))
    assert {(e.source, e.target, e.outcome) for e in drawn.edges} == expected
    assert expected
