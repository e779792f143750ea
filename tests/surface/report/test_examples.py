"""Heads on sentences of a treebank: what is coloured is what they pick."""

from __future__ import annotations

import pytest

from probing.data import DependencyData
from probing.encoder import Encoder
from probing.surface.measures.noop import Finder
from probing.surface.report.examples import LONGEST, heads_on_examples


@pytest.mark.parametrize("direction", ["dep->head", "head->dep", "both"])
def test_what_is_coloured_is_what_the_head_picks(direction: str, tiny_encoder: Encoder) -> None:
    data = DependencyData(test="builtin:documents=4,seed=1", tokenizer=tiny_encoder.tokenizer)
    corpus = data.open("test")
    finders = [Finder("det", direction, 2, 3), Finder("no such", direction, 1, 1)]
    (drawn,) = heads_on_examples(tiny_encoder, corpus, finders)
    assert drawn.title == "head 2-3: det"
    index = next(
        i
        for i in range(len(corpus))
        if 5 <= corpus[[i]].width <= LONGEST
        and corpus[[i]].member[0, :, list(corpus[[i]].rows).index("det")].any()
    )
    batch = corpus[[index]]
    assert list(drawn.tokens) == list(batch.words[0])
    weights = drawn.weights.tolist()
    size = len(drawn.tokens)
    expected = set()
    for a in range(batch.anchors.shape[1]):
        if not batch.member[0, a, list(batch.rows).index("det")]:
            continue
        word, head = int(batch.anchors[0, a]), int(batch.gold[0, a].nonzero()) - 1
        others = [w for w in range(size) if w != word]
        by_column = direction == "head->dep"
        pick = max(others, key=lambda w: weights[w][word] if by_column else weights[word][w])
        for end, outcome in ((pick, "right" if pick == head else "wrong"), (head, "missed")):
            if outcome != "missed" or pick != head:
                expected.add((end, word, outcome) if by_column else (word, end, outcome))
    assert {(e.source, e.target, e.outcome) for e in drawn.edges} == expected
    assert expected
