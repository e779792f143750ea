"""Sentences of the text on which the page draws every head."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from probing.core.inert import visible
from probing.encoder import Encoder, PlainTokenizer
from probing.surface.data import spread
from probing.surface.report.sentence import Seen, seen_alone
from probing.surface.text.texts import TextSource

SHORTEST, LONGEST = 6, 24
"""Wordpieces of a sentence that is drawn, without special tokens."""
LOOKED_AT = 2000
"""Sentences among which they are sought."""
MOST = 3_000_000
"""So many weights a page holds; of a model with more heads it has fewer sentences, but one."""


@dataclass(frozen=True)
class Shown:
    """A sentence as all heads see it, and where it is from."""

    origin: str
    seen: Seen


def sentences_shown(
    encoder: Encoder, source: TextSource, count: int, *, own: str | None = None
) -> list[Shown]:
    """Some sentences of a text, spread evenly over its short ones near the start.

    Which these are hangs on the text and on the tokenizer alone.

    Args:
        encoder: the loaded model.
        source: of the text.
        count: how many; of none, nothing is read.
        own: a sentence of the user's, which goes before them.
    """
    if not count:
        return []
    tokenizer = PlainTokenizer(encoder.tokenizer)
    found = [("given with --sentence", pieces) for pieces in tokenizer([own])] if own else []
    some = list(_drawable(source, tokenizer))
    found += [some[place] for place in spread(range(len(some)), count)]
    heads = encoder.sizes.layers * encoder.sizes.heads
    shown: list[Shown] = []
    room = MOST
    for origin, pieces in found:
        seen = seen_alone(encoder, tokenizer, pieces)
        room -= heads * len(seen.tokens) ** 2
        if shown and room < 0:
            break
        shown.append(Shown(origin, seen))
    return shown


def _drawable(source: TextSource, tokenizer: PlainTokenizer) -> Iterator[tuple[str, list[int]]]:
    """The documents of sentences that can be drawn, and their wordpieces; each sentence once."""
    known: set[tuple[int, ...]] = set()
    longest = min(LONGEST, tokenizer.limit - len(tokenizer.frame))
    for document, text in islice(source.lines(), LOOKED_AT):
        [pieces] = tokenizer([text]) if text else [[]]
        if SHORTEST <= len(pieces) <= longest and tuple(pieces) not in known:
            known.add(tuple(pieces))
            yield document, pieces


def packed(weights: Tensor) -> str:
    """Attention in steps of half a percent, a byte each, in base 64."""
    steps = (200 * weights.double()).round().clamp(0, 200).to(torch.uint8)
    return b64encode(steps.contiguous().numpy().tobytes()).decode()


def as_data(shown: Shown) -> dict[str, object]:
    """For the script of the page; ``weights [L*H, T, T]``."""
    return {
        "origin": visible(shown.origin),
        "tokens": [visible(token) for token in shown.seen.tokens],
        "special": list(map(int, shown.seen.is_special)),
        "weights": packed(shown.seen.maps.flatten(0, 1)),
    }
