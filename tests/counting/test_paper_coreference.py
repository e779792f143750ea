"""Section 4.3 in plain loops on random maps, for each choice of candidates: the same integers."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from letters import Letters
from picked import heads_of

from probing.core.batches import Encoding
from probing.core.sentences import Mention, Sentence
from probing.counting.metrics import HeadAccuracy
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.tasks.candidates import CANDIDATES, CandidatesName
from probing.data.tasks.coreference import Coreference

WORDS = "ann bo she he it the dog saw red".split()


def documents(count: int) -> list[Sentence]:
    """One sentence each; mentions nest and share head words, and each entity is there twice."""
    rng = random.Random(3)
    found = []
    for number in range(count):
        size = rng.randint(6, 12)
        mentions: dict[tuple[int, ...], Mention] = {}
        for _ in range(7):
            first = rng.randrange(size)
            words = tuple(range(first, min(size, first + rng.choice([1, 1, 2, 4]))))
            mentions[words] = Mention(words, rng.choice(words), rng.choice("ab"))
        text = rng.choices(WORDS, k=size)
        own = list(mentions.values())
        tags = ["NN"] * size
        found.append(Sentence(text, [], [], tags, f"d{number}", 1, own, "hand"))
    return found


def anaphors(sentence: Sentence) -> list[tuple[Mention, set[int], set[int]]]:
    """Each with the head words of its antecedents, and of all earlier mentions."""
    entities = [mention.entity for mention in sentence.mentions]
    kept = [mention for mention in sentence.mentions if entities.count(mention.entity) > 1]
    kept.sort(key=lambda mention: (mention.words[0], -mention.words[-1]))
    found = []
    for place, mention in enumerate(kept):
        before = [
            other
            for other in kept[:place]
            if other.head != mention.head and not set(mention.words) <= set(other.words)
        ]
        right = {other.head for other in before if other.entity == mention.entity}
        if right:
            found.append((mention, right, {other.head for other in before}))
    return found


def heads_in(sentence: Sentence) -> set[int]:
    """The head words of mentions of entities that are mentioned twice."""
    entities = [mention.entity for mention in sentence.mentions]
    return {own.head for own in sentence.mentions if entities.count(own.entity) > 1}


def may_pick(name: str, mention: Mention, earlier: set[int], sentence: Sentence) -> Sequence[int]:
    heads = heads_in(sentence)
    allowed = {
        "earlier-mentions": earlier,
        "mentions": earlier | {head for head in heads if head > mention.words[-1]},
        "earlier-words": earlier | set(range(mention.head)),
        "words": set(range(len(sentence.words))) - {mention.head},
    }
    return sorted(allowed[name])


@pytest.mark.parametrize("name", CANDIDATES)
def test_heads_find_as_many_antecedents(name: CandidatesName) -> None:
    task, census, sentences = Coreference(candidates=name), Census(), documents(40)
    windows = list(task(sentences, Letters(), census))
    batch = collate(windows, census.rows, task.terms, 0)
    rng = np.random.default_rng(1)
    maps = rng.integers(1, 5, (len(windows), 2, 3, batch.width, batch.width)) / 8  # with ties
    attention = torch.from_numpy(maps).float() * batch.is_word[:, None, None, None]
    boundary = torch.zeros(*attention.shape[:4], 4)
    metric = HeadAccuracy()
    metric.update(batch, heads_of(batch, Encoding(attention=attention, boundary=boundary)))
    counted = metric.compute()
    asked = [(b, *one) for b, sentence in enumerate(sentences) for one in anaphors(sentence)]
    assert int(counted["total"][0]) == len(asked) > 50
    no_mention = 0
    for layer, head in np.ndindex(2, 3):
        right = [0, 0, 0]
        for b, mention, gold, earlier in asked:
            own, anchor = maps[b, layer, head], mention.head
            columns = may_pick(name, mention, earlier, sentences[b])
            headed = heads_in(sentences[b])
            row, column = own[anchor], own[:, anchor]
            for direction, weights in enumerate((row, column, row + column)):
                pick = columns[int(np.argmax(weights[columns]))]
                right[direction] += pick in gold
                no_mention += pick not in headed
        assert counted["correct"][0, :, layer, head].tolist() == right
    if name.endswith("words"):
        assert int(counted["errors"][0, ..., -1].sum()) == no_mention > 0
    else:
        assert no_mention == 0
