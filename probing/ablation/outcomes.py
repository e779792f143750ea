"""What is asked of a model with and without heads: what is read of its output, and what that makes.

A reading says what a text is run as, and takes a number or a vector of what the model gives for it;
an outcome makes of these, of a text or of the two of a pair, a value for each item. An outcome's
mean over items is weighted, by wordpieces for a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from probing.ablation.batches import Side
from probing.ablation.heads import HeadSet
from probing.ablation.passes import Take
from probing.encoder import PlainTokenizer

MASKED_SHARE = 0.15


@dataclass(frozen=True)
class Query:
    """Texts as they are run.

    - ``ids [B * copies, T]``.
    - ``take``: of the model's output, ``[B]`` or ``[B, D]``.
    - ``copies``: how often each text is run, one behind the other.
    - ``asked``: about how many wordpieces of each text; they have one length.
    """

    ids: Tensor
    take: Take
    copies: int = 1
    asked: int = 1


Reading = Callable[[Side, Sequence[int]], Query]
"""Makes a query of texts and of the numbers of their items."""
Sides = Sequence[Tensor]
"""What was taken, of a text or of the two of a pair."""


@dataclass(frozen=True)
class Outcome:
    """What is compared.

    Args:
        name: in tables.
        text: what it is, in words.
        worse: which way it goes where heads are missed.
        of_layer: the layer that it is about, if there is one.
    """

    name: str
    text: str
    worse: Literal["higher", "lower"]
    of_layer: int | None = field(default=None, kw_only=True)

    def can_tell(self, heads: HeadSet) -> bool:
        """Whether all of the heads are below the layer that it is about.

        Others change nothing in it, or are what it is about; and so would their controls be.
        """
        return self.of_layer is None or heads.highest < self.of_layer


@dataclass(frozen=True)
class TextOutcome(Outcome):
    """What is compared of texts.

    Args:
        reading: of each text.
        value: of each item, ``[B]``, from what was taken, and from what was of the whole model.
        counted: what each item counts in the mean.
    """

    reading: Reading
    value: Callable[[Sides, Sides], Tensor]
    counted: Callable[[Query], int] = lambda query: 1


def embedding(side: Side, items: Sequence[int]) -> Query:
    """The mean of the last hidden states over all wordpieces, special ones included."""

    def take(output: Any) -> Tensor:
        found: Tensor = output.last_hidden_state.double().mean(1)
        return found

    return Query(side.ids, take)


def next_wordpiece(side: Side, items: Sequence[int]) -> Query:
    """The log probability of all wordpieces but the first, each by those before it, in nats."""
    ids = side.ids

    def take(output: Any) -> Tensor:
        return _log_probabilities(output.logits[:, :-1], ids[:, 1:]).sum(1)

    return Query(ids, take, asked=ids.shape[1] - 1)


@dataclass(frozen=True)
class MaskedInTurn:
    """The log probability of each wordpiece where it alone is masked, summed, in nats.

    The pseudo log likelihood of Salazar, Liang, Nguyen and Kirchhoff (2020); a text is run once for
    each of its wordpieces but special ones.
    """

    tokenizer: PlainTokenizer

    def __call__(self, side: Side, items: Sequence[int]) -> Query:
        """See :data:`Reading`."""
        ids, places = side.ids, _places(side.ids, self.tokenizer)
        batch, copies = len(ids), len(places)
        masked = ids.repeat_interleave(copies, 0)  # [B * places, T]
        rows = torch.arange(batch * copies, device=ids.device)
        columns = places.repeat(batch)
        labels = masked[rows, columns]
        masked[rows, columns] = _mask_id(self.tokenizer)

        def take(output: Any) -> Tensor:
            logits = output.logits[rows, columns]  # [B * places, V]
            return _log_probabilities(logits, labels).view(batch, copies).sum(1)

        return Query(masked, take, copies, asked=copies)


@dataclass(frozen=True)
class SomeMasked:
    """The log probability of 15% of the wordpieces, one at least, masked at once; in nats.

    Which they are hangs on ``seed`` and on the item's number alone. All of them become the mask.
    """

    tokenizer: PlainTokenizer
    seed: int

    def __call__(self, side: Side, items: Sequence[int]) -> Query:
        """See :data:`Reading`."""
        ids, places = side.ids.clone(), _places(side.ids, self.tokenizer).tolist()
        count = min(len(places), max(1, round(MASKED_SHARE * ids.shape[1])))
        chosen = torch.tensor(
            [sorted(Random(f"mask/{self.seed}/{item}").sample(places, count)) for item in items],
            device=ids.device,
        )  # [B, count]
        labels = ids.gather(1, chosen)
        ids.scatter_(1, chosen, _mask_id(self.tokenizer))

        def take(output: Any) -> Tensor:
            own = chosen[..., None].expand(-1, -1, output.logits.shape[-1])
            return _log_probabilities(output.logits.gather(1, own), labels).sum(1)

        return Query(ids, take, asked=count)


def _log_probabilities(logits: Tensor, ids: Tensor) -> Tensor:
    """Of ``ids [...]`` by ``logits [..., V]``, in float64."""
    return (
        -F.cross_entropy(logits.float().flatten(0, -2), ids.flatten(), reduction="none")
        .double()
        .view(ids.shape)
    )


def _places(ids: Tensor, tokenizer: PlainTokenizer) -> Tensor:
    """Where wordpieces are not special."""
    frame, length = tokenizer.frame, ids.shape[1]
    return torch.arange(len(frame.before), length - len(frame.after), device=ids.device)


def _mask_id(tokenizer: PlainTokenizer) -> int:
    assert tokenizer.mask_id is not None  # of a masked language model
    return tokenizer.mask_id


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """``1 - cos`` of vectors ``[B, D]``; exactly zero for the same."""
    found = 1 - F.cosine_similarity(one, other, dim=1)
    return torch.where((one == other).all(1), torch.zeros_like(found), found)


def _preferred(now: Sides, whole: Sides) -> Tensor:
    good, bad = now
    return (good > bad).double() + (good == bad).double() / 2


def outcome_of(
    *, is_paired: bool, tokenizer: PlainTokenizer, is_masked: bool | None, seed: int
) -> TextOutcome:
    """What a part is for.

    Args:
        is_paired: whether it holds pairs.
        tokenizer: the model's.
        is_masked: whether the model guesses masked wordpieces, or next ones; ``None`` where it has
            no head that guesses.
        seed: of which wordpieces are masked.
    """
    if is_masked is None and is_paired:
        return TextOutcome(
            "distance",
            "1 - cos of the two sentences of a pair, mean over pairs",
            "lower",
            embedding,
            lambda now, whole: _apart(*now),
        )
    if is_masked is None:
        return TextOutcome(
            "moved",
            "1 - cos of a sentence's embedding and what it was before, mean over sentences",
            "higher",
            embedding,
            lambda now, whole: _apart(now[0], whole[0]),
        )
    if is_paired:
        return TextOutcome(
            "accuracy",
            "how many of the good sentences are more likely than the bad ones; a tie is half",
            "lower",
            MaskedInTurn(tokenizer) if is_masked else next_wordpiece,
            _preferred,
        )
    return TextOutcome(
        "loss",
        f"nats a {'masked' if is_masked else 'next'} wordpiece",
        "higher",
        SomeMasked(tokenizer, seed) if is_masked else next_wordpiece,
        lambda now, whole: -now[0],
        lambda query: query.asked,
    )
