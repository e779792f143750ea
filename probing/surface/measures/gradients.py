"""How much the loss depends on attention: the paper's section 3.2 and figure 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Self

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import Sizes
from probing.encoder import MaskedModel, PlainTokenizer
from probing.surface.text.batches import TokenBatch
from probing.surface.text.segments import CLS, OTHER, PUNCTUATION, SEP, Segment

MASKED_SHARE = 0.15
IGNORED = -100
TOWARDS = ("[CLS]", "[SEP]", "punctuation", "rest")
"""What attention is directed to; punctuation is full stops and commas."""
GRADIENTS = "layer,towards,weights,mean_absolute_derivative".split(",")


@dataclass(frozen=True)
class MaskedBatch:
    """Segments with some wordpieces masked; ``labels [B, T]`` are these, -100 elsewhere."""

    tokens: TokenBatch
    labels: Tensor

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``."""
        moved = {field.name: getattr(self, field.name).to(device) for field in fields(self)}
        return replace(self, **moved)


def masked(
    segment: Segment, tokenizer: PlainTokenizer, random: Random
) -> tuple[Segment, list[int]]:
    """Mask 15% of the wordpieces of a segment, one at least, as BERT's pre-training does.

    Of these, 80% become ``[MASK]``, 10% a random wordpiece, 10% stay (Devlin et al. 2019, 3.1).
    What a wordpiece is goes by what the model sees: a masked full stop is none.

    Returns:
        The segment, and the wordpieces to be guessed, -100 where there is none.
    """
    assert tokenizer.mask_id is not None, "a model without a mask has no masked-language-model head"
    places = [t for t, kind in enumerate(segment.kinds) if kind in (OTHER, PUNCTUATION)]
    count = max(1, round(MASKED_SHARE * len(segment.ids)))
    ids, kinds = list(segment.ids), list(segment.kinds)
    labels = [IGNORED] * len(ids)
    for t in random.sample(places, min(count, len(places))):
        labels[t] = ids[t]
        dice = random.random()
        if dice < 0.9:
            ids[t] = tokenizer.mask_id if dice < 0.8 else random.choice(tokenizer.ordinary)
            kinds[t] = PUNCTUATION if ids[t] in tokenizer.punctuation else OTHER
    return Segment(ids, segment.types, kinds), labels


def towards(batch: TokenBatch) -> Tensor:
    """Which tokens are in the sets :data:`TOWARDS`: ``[B, T, 4]``."""
    named = [batch.kinds == kind for kind in (CLS, SEP, PUNCTUATION)]
    rest = batch.real & ~torch.stack(named).any(0)
    return torch.stack([*named, rest], -1)


def derivative_sums(derivatives: Tensor, batch: TokenBatch) -> Tensor:
    """Absolute derivatives ``[B, H, T, T]``, summed by what attention is directed to: ``[4]``."""
    rows = derivatives.abs().double() * batch.real[:, None, :, None]
    columns = rows.sum((1, 2))  # [B, T]
    return (columns[..., None] * towards(batch)).sum((0, 1))


class Derivatives(Metric):
    """Mean absolute derivative of the loss with respect to attention weights, by layer.

    The mean is over all weights of a layer (heads, rows, and the tokens of a set). States:
    ``sums [L, 4]`` float64 and ``weights [4]``, how many weights a layer has towards each set.
    """

    full_state_update = False
    sums: Tensor
    weights: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        zeros = torch.zeros(sizes.layers, len(TOWARDS), dtype=torch.float64)
        self.add_state("sums", zeros, dist_reduce_fx="sum")
        self.add_state(
            "weights", torch.zeros(len(TOWARDS), dtype=torch.int64), dist_reduce_fx="sum"
        )

    def update(self, model: MaskedModel, batch: MaskedBatch) -> None:
        """Run the model over a batch, forth and back, and count it."""
        tokens = batch.tokens
        if not tokens.ids.numel():
            return
        found = model.derivatives(tokens.ids, tokens.real, batch.labels, types=tokens.types)
        self.sums = self.sums + torch.stack([derivative_sums(own, tokens) for own in found])
        rows = tokens.real.sum(-1, keepdim=True)  # [B, 1]
        columns = towards(tokens).sum(1)  # [B, 4]
        self.weights = self.weights + self.heads * (rows * columns).sum(0)

    def compute(self) -> tuple[dict[str, Tensor], Tensor]:
        """Means and how many weights of a layer they are taken over.

        Returns:
            By what attention is directed to, ``[L]`` on the CPU, sets without a token left out;
            and ``weights [4]`` of all processes, which the state itself only holds in here.
        """
        means = (self.sums / self.weights.clamp_min(1)).cpu()
        weights = self.weights.cpu()
        found = {
            name: means[:, k]
            for k, (name, count) in enumerate(zip(TOWARDS, weights.tolist(), strict=True))
            if count
        }
        return found, weights


def of_paper(found: Mapping[str, Tensor], weights: Sequence[int]) -> dict[str, Tensor]:
    """The three series of the paper's figure 3: its other tokens have ``[CLS]`` among them.

    Args:
        found: means ``[L]`` by what attention is directed to.
        weights: of :data:`TOWARDS`, how many attention weights each is the mean over.
    """
    counts = dict(zip(TOWARDS, weights, strict=True))
    others = [name for name in ("[CLS]", "rest") if name in found]
    series = {name: found[name] for name in ("[SEP]", "punctuation") if name in found}
    if others:
        total = sum(counts[name] for name in others)
        series["rest"] = (
            sum((found[name] * counts[name] for name in others), torch.zeros_like(found[others[0]]))
            / total
        )
    return series


def gradient_rows(
    found: dict[str, Tensor], weights: Sequence[int], layers: Sequence[int]
) -> list[tuple[object, ...]]:
    """Lines of ``gradients.csv``."""
    counts = dict(zip(TOWARDS, weights, strict=True))
    return [
        (layer, name, counts[name], f"{float(means[k]):.9g}")
        for k, layer in enumerate(layers)
        for name, means in found.items()
    ]
