"""Other ways to score all heads, against ours: a fair one, and the usual one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import ratio
from benchmarks.scoring import batches_of, model, scoring
from probing.core.batches import EdgeBatch
from probing.data import DependencyData
from probing.encoder import Encoder


def measure(setting: Setting) -> Iterator[Figure]:
    """Both take the same batches of about 1,000 wordpieces as ours."""
    encoder, eager = Encoder().load(), model(attention="eager")
    data = DependencyData(test=setting.trees, tokenizer=encoder.tokenizer)
    batches = batches_of(data, most=20)
    yield ratio(
        "reference",
        "a fair reference (eager, `output_attentions`, vectorised torch, two directions) / ours",
        fair(eager, batches),
        scoring(encoder, batches),
        rounds=setting.rounds,
    )
    some = batches[::4]
    yield ratio(
        "reference",
        "the usual way (padding to 128, `output_attentions`, NumPy loops per head) / ours",
        usual(eager, some),
        scoring(encoder, some),
        rounds=1,
    )


def fair(eager: Any, batches: Sequence[EdgeBatch]) -> Callable[[], Tensor]:
    """How often each head is right in two directions, batch by batch, without loops over heads."""

    def run() -> Tensor:
        correct = torch.zeros((), dtype=torch.int64)
        with torch.inference_mode():
            for batch in batches:
                correct = correct + _fair(eager, batch)
        return correct

    return run


def _fair(eager: Any, batch: EdgeBatch) -> Tensor:
    """``[2, L, H]``: by row and by column."""
    mask = (batch.words_of > -2).long()
    output = eager(input_ids=batch.ids, attention_mask=mask, output_attentions=True)
    maps = torch.stack(output.attentions, 1)  # [B, L, H, T, T]
    member = torch.nn.functional.one_hot(batch.words_of.clamp_min(-1) + 1, batch.width + 1)
    member = member[..., 1:].float()  # [B, T, W]
    mean = member.mT / member.sum(1).clamp_min(1)[:, :, None]  # [B, W, T]
    words = mean[:, None, None] @ (maps @ member[:, None, None])  # [B, L, H, W, W]
    gold = batch.gold[:, :, 1:]  # [B, A, W]
    asked = batch.is_anchor & gold.any(-1)
    window = torch.arange(len(gold))[:, None]
    found = []
    for own in (words, words.mT):
        rows = own.movedim(3, 1)[window, batch.anchors]  # [B, A, L, H, W]
        allowed = batch.candidates[:, :, None, None, 1:]
        picks = rows.masked_fill(~allowed, -1).argmax(-1)  # [B, A, L, H]
        hits = gold.gather(-1, picks.flatten(2)).view_as(picks) & asked[..., None, None]
        found.append(hits.sum((0, 1)))
    return torch.stack(found)


def usual(eager: Any, batches: Sequence[EdgeBatch]) -> Callable[[], None]:
    """Sentence by sentence."""

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                _usual(eager, batch)

    return run


def _usual(eager: Any, batch: EdgeBatch) -> None:
    for b in range(len(batch.words)):
        length = int((batch.words_of[b] > -2).sum())
        padded = torch.nn.functional.pad(batch.ids[b, :length], (0, max(0, 128 - length)))[None]
        mask = (torch.arange(padded.shape[1]) < length).long()[None]
        output = eager(input_ids=padded, attention_mask=mask, output_attentions=True)
        maps = np.stack([layer[0].numpy() for layer in output.attentions])  # [L, H, T, T]
        words_of = batch.words_of[b, :length].numpy()
        words = [np.flatnonzero(words_of == w) for w in range(int(batch.lengths[b]))]
        gold = batch.gold[b, : len(words)].numpy().argmax(-1) - 1
        correct = np.zeros((2, *maps.shape[:2]))
        for layer in range(maps.shape[0]):
            for head in range(maps.shape[1]):
                wide = np.stack([maps[layer, head][:, pieces].sum(1) for pieces in words], 1)
                word_map = np.stack([wide[pieces].mean(0) for pieces in words])
                np.fill_diagonal(word_map, -1)
                correct[0, layer, head] += (word_map.argmax(1) == gold).sum()
                correct[1, layer, head] += (word_map.argmax(0) == gold).sum()
