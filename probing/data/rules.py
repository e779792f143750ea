"""The category rules of a corpus: its words' tags, and what the rules pick in a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from probing.core.batches import EdgeBatch
from probing.core.category_rules import FORM, GOLD, NONE, RULES, rule_of, rule_words
from probing.core.picking import word_hits
from probing.core.terms import Rival, Terms
from probing.data.word_tags import Numbers, Tags

FAMILIES = {FORM: "rules by form", GOLD: "rules by the data's tags"}
"""Families of rules, and what a report calls them, in the order in which they stand."""


def names_of(family: str) -> tuple[str, ...]:
    """The names of the rules of a family."""
    return tuple(rule.name(family) for rule in RULES)


@dataclass(frozen=True)
class Rules:
    """The rules that are tried on a corpus, by the tags of its words.

    ``tags [P]``, of all windows one after the other, by the family of the rules that go by them;
    ``starts [windows]`` says where each window's begin. ``said`` says in words what is tried, and
    what is not and why; ``counted`` is the same in numbers, for ``summary.json``.
    """

    tags: Mapping[str, Tags] = field(default_factory=dict)
    starts: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    said: Sequence[str] = ()
    counted: Mapping[str, object] = field(default_factory=dict)

    def beside(self, terms: Terms) -> Terms:
        """The terms of a task with the rules behind its own baselines, a rival for each family."""
        rivals = (Rival(own, names_of(own), family=FAMILIES[own]) for own in self.tags)
        return replace(
            terms,
            baselines=(*terms.baselines, *(name for own in self.tags for name in names_of(own))),
            rivals=(*terms.rivals, *rivals),
        )

    def apart(self, terms: Terms) -> Terms:
        """The terms without the rules."""
        if not self.tags:
            return terms
        return replace(
            terms,
            baselines=tuple(name for name in terms.baselines if rule_of(name) is None),
            rivals=tuple(rival for rival in terms.rivals if rival.name not in self.tags),
        )

    def told(self, batch: EdgeBatch, terms: Terms) -> EdgeBatch:
        """The batch with what the rules pick in its windows, too, of which ``terms`` know."""
        if not self.tags:
            return batch
        anchors, place = batch.anchors.numpy(), np.arange(batch.width)
        inside = place < batch.lengths.numpy()[:, None]  # [B, W]
        at = (self.starts[list(batch.numbers)][:, None] + place)[inside]
        words = []
        for tags in self.tags.values():
            own = np.full(inside.shape, NONE, np.int8)
            own[inside] = tags[at]
            words.append(rule_words(own, anchors))
        picked = torch.from_numpy(np.concatenate(words, -1))  # [B, A, K]
        hits = word_hits(picked, batch.gold_at)
        assert batch.picked is not None, "offsets say what they pick"
        return replace(
            batch,
            terms=terms,
            baselines=torch.cat([batch.baselines, hits.to(batch.baselines.dtype)], -1),
            picked=torch.cat([batch.picked, picked.int()], -1),
        )
