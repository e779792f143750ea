"""Models of ``planted``: what the rules say of their heads."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
import transformers as tf
from picked import heads_of
from planted import LOUD, PLACES, TILT, Wish, blank, places, save_bert, save_tokenizer, wishes

from probing.core.sentences import Sentence
from probing.core.terms import ALL
from probing.counting.metrics import HeadAccuracy
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder

WORDS = ("ducks", "swim", "far", "and", "fast", "today", "here")
# Heads of the words, counted from one; 0 is the root. Both directions, near and far.
TREES: list[list[int]] = [[2, 0, 2, 5, 2], [2, 3, 0], [0, 1, 2, 3, 4, 5, 6], [7, 1, 1, 1, 1, 1, 0]]
HEADS: dict[str, Wish] = {
    "next": lambda place: place + 1,
    "previous": lambda place: place - 1,
    "first": lambda place: 0,
    "itself": lambda place: place,
}


@pytest.fixture(scope="module")
def planted_bert(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("planted_bert")
    save_bert(folder, list(HEADS.values()), WORDS)
    return Encoder(str(folder)).load()


@pytest.fixture(scope="module")
def planted_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("planted_gpt2")
    size = len(HEADS) * PLACES
    model = tf.GPT2Model(
        tf.GPT2Config(
            vocab_size=save_tokenizer(folder, WORDS, ends=False),
            n_embd=size,
            n_layer=1,
            n_head=len(HEADS),
            n_inner=4,
            n_positions=PLACES,
            bos_token_id=2,
            eos_token_id=2,
        )
    )
    blank(model)
    both = model.h[0].attn.c_attn.weight  # [in, query + key + value]
    with torch.no_grad():
        model.wpe.weight[:, : 2 * PLACES] = places()
        for head, wanted in enumerate(wishes(list(HEADS.values()))):
            both[:PLACES, head * PLACES : (head + 1) * PLACES] = wanted
            start = size + head * PLACES
            both[:PLACES, start : start + PLACES] = torch.eye(PLACES)
    model.save_pretrained(folder)
    return Encoder(str(folder)).load()


def naive_map(head: str, words: int, *, causal: bool) -> list[list[float]]:
    """From word to word, counted from one; column 0 is the start token, the last the end token.

    Where the wish is hidden, what comes first is ahead.
    """
    # The norm makes vectors of two cells, 1 and -1, this long; a query and a key are one cell each.
    size = len(HEADS) * PLACES
    gain = 1 / (2 / size + 1e-5) / PLACES**0.5
    length = words + (1 if causal else 2)
    whole = [[0.0] * length for _ in range(length)]
    for place in range(length):
        seen = range(place + 1) if causal else range(length)
        wish = HEADS[head](place)
        scores = [gain * (LOUD if other == wish else -TILT * other) for other in seen]
        shares = [math.exp(score - max(scores)) for score in scores]
        for other, share in zip(seen, shares, strict=True):
            whole[place][other] = share / sum(shares) if share > 1e-40 else 0.0
    return whole


def naive_pick(scores: Sequence[float], anchor: int, words: int) -> int | None:
    """The rule: the first of the largest among the other words; nothing, if that is zero."""
    others = [word for word in range(1, words + 1) if word != anchor]
    best = max(others, key=lambda word: scores[word])  # the first of several
    return best if scores[best] > 0 else None


def sentences() -> list[Sentence]:
    return [
        Sentence(
            WORDS[: len(heads)],
            heads,
            ["root" if head == 0 else "far" if abs(head - i) > 1 else "near"
             for i, head in enumerate(heads, start=1)],
            ["_"] * len(heads), "planted", number,
        )
        for number, heads in enumerate(TREES)
    ]  # fmt: skip


@pytest.mark.parametrize("causal", [False, True], ids=["bert", "gpt2"])
def test_planted_heads_count_what_the_rules_demand(
    causal: bool, planted_bert: Encoder, planted_gpt2: Encoder
) -> None:
    encoder = planted_gpt2 if causal else planted_bert
    census = Census()
    windows = list(Dependencies()(sentences(), encoder.tokenizer, census))
    assert not census.left_out
    batch = collate(windows, census.rows, Dependencies.terms, encoder.tokenizer.pad_id)
    encoding = encoder(
        batch.ids, batch.words_of, width=batch.width, needs={"attention", "boundary"}
    )
    metric = HeadAccuracy()
    metric.update(batch, heads_of(batch, encoding))
    counted = metric.compute()

    right = {(d, head): 0 for d in range(3) for head in HEADS}
    gold_mass = dict.fromkeys(right, 0.0)
    reachable = [0, 0, 0]
    total = 0
    for b, heads in enumerate(TREES):
        words = len(heads)
        for name in HEADS:
            expected = naive_map(name, words, causal=causal)
            found = encoding.part("attention")[b, 0, list(HEADS).index(name)]
            for i in range(1, words + 1):
                for j in range(1, words + 1):
                    assert float(found[i - 1, j - 1]) == pytest.approx(expected[i][j], abs=1e-4)
        for anchor, gold in enumerate(heads, start=1):
            if gold == 0:
                continue
            total += 1
            # By its row an anchor sees what is before it, by its column it is seen from behind.
            reachable[0] += not causal or gold < anchor
            reachable[1] += not causal or gold > anchor
            reachable[2] += 1
            for name in HEADS:
                whole = naive_map(name, words, causal=causal)
                row = whole[anchor]
                column = [whole[word][anchor] for word in range(len(whole))]
                both = [a + b for a, b in zip(row, column, strict=True)]
                for d, scores in enumerate((row, column, both)):
                    right[d, name] += naive_pick(scores, anchor, words) == gold
                    gold_mass[d, name] += scores[gold]
    every = metric.rows.index(ALL)
    assert int(counted["total"][every]) == total == 18
    assert counted["reachable"][every, :, 0].tolist() == reachable
    for (d, name), expected_count in right.items():
        head = list(HEADS).index(name)
        assert int(counted["correct"][every, d, 0, head]) == expected_count, (d, name)
        found_mass = float(counted["quantities"][every, d, 0, head, 0])
        assert found_mass == pytest.approx(gold_mass[d, name], abs=1e-3), (d, name)
    # A head that looks at the start token only, or at the word itself only, picks nothing.
    assert right[0, "first"] == right[0, "itself"] == right[1, "itself"] == 0
    # One that looks back finds in its column what one that looks ahead finds in its row.
    assert right[1, "previous"] == sum(
        head == i + 1 for heads in TREES for i, head in enumerate(heads, start=1)
    )
    if causal:
        assert reachable[0] < total
        assert reachable[0] + reachable[1] == total
