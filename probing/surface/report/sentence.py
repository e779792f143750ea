"""Figures 1 and 5 for a sentence and heads of the user's choice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor

from probing.core.errors import ProbingError
from probing.core.windows import Text
from probing.encoder import Encoder, PlainTokenizer
from probing.surface.module import token_maps
from probing.surface.report.lines_between_tokens import HeadOnText, heads_on_text
from probing.surface.report.word_tokens import word_tokens
from probing.surface.text.batches import pad
from probing.surface.text.segments import CLS, SEP, SPECIAL, framed

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
MOST = 60
"""Tokens that a figure has room for."""
Head = tuple[int, int]


def token_figure(encoder: Encoder, sentence: str, heads: Sequence[Head]) -> Figure:
    """Figure 1: heads on the wordpieces of a sentence, special tokens included.

    Args:
        encoder: the loaded model.
        sentence: as it is written.
        heads: layer and head of each, counted from one.

    Raises:
        ProbingError: if the sentence is empty or too long for a figure.
    """
    tokenizer = PlainTokenizer(encoder.tokenizer)
    (pieces,) = tokenizer([sentence])
    _check(len(pieces), sentence)
    seen = seen_alone(encoder, tokenizer, pieces)
    return _drawn(encoder, seen.maps, seen.tokens, heads)


@dataclass(frozen=True)
class Seen:
    """Attention ``maps [L, H, T, T]`` between the wordpieces of a sentence by itself.

    ``is_special`` says which of the ``tokens`` are special ones.
    """

    tokens: Sequence[str]
    is_special: Sequence[bool]
    maps: Tensor


def seen_alone(encoder: Encoder, tokenizer: PlainTokenizer, pieces: Sequence[int]) -> Seen:
    """A sentence of some wordpieces as the heads see it, special tokens around it."""
    frame = tokenizer.frame
    one_part = type(frame)(frame.before, frame.after, (), 0) if frame.between else frame
    segment = framed(pieces, [], one_part, tokenizer)
    batch = pad([segment], tokenizer.pad_id).to(_device(encoder))
    with torch.inference_mode():
        maps = token_maps(encoder, batch)[0].cpu()
    is_special = [kind in (CLS, SEP, SPECIAL) for kind in segment.kinds]
    return Seen(tokenizer.names(segment.ids), is_special, maps)


def word_figure(
    encoder: Encoder, sentence: str, heads: Sequence[Head], *, hide: str | None = None
) -> Figure:
    """Figure 5: heads on the words of a sentence and the special tokens around it.

    Words are runs of letters and digits, and single marks; attention is turned to words as in
    section 4.1.

    Args:
        encoder: the loaded model.
        sentence: as it is written.
        heads: layer and head of each, counted from one.
        hide: a special token to leave out.

    Raises:
        ProbingError: as :func:`token_figure`.
    """
    found = list(_WORD.finditer(sentence))
    text = Text([m.group() for m in found], sentence, [m.span() for m in found])
    _check(len(text.words), sentence)
    (pieces,) = encoder.tokenizer([text])
    ids = torch.tensor([pieces.ids], device=_device(encoder))
    words_of = torch.tensor([pieces.words_of], device=_device(encoder))
    last_of = None
    if pieces.last_of is not None:
        last_of = torch.tensor([pieces.last_of], device=_device(encoder))
    seen = word_tokens(encoder, ids, words_of, text.words, last_of=last_of, hide=hide)
    return _drawn(encoder, seen.maps, seen.tokens, heads)


def _drawn(encoder: Encoder, maps: Tensor, tokens: Sequence[str], heads: Sequence[Head]) -> Figure:
    layers = encoder.layer_numbers
    return heads_on_text(
        [
            HeadOnText(f"head {layer}-{head}", tokens, maps[layers.index(layer), head - 1])
            for layer, head in heads
        ]
    )


def _check(count: int, sentence: str) -> None:
    if not 0 < count <= MOST:
        raise ProbingError(
            f"expected a sentence of 1 to {MOST} words or wordpieces for a figure, "
            f"found {count} in {sentence[:60]!r}"
        )


def _device(encoder: Encoder) -> torch.device:
    device: torch.device = next(encoder.model.parameters()).device
    return device
