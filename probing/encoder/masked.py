"""A model with its masked-language-model head, read through the same tap, with gradients."""

from __future__ import annotations

from typing import Any, Self

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F

from probing.core.errors import ProbingError
from probing.encoder.alone import Pile, forget_lengths, stacked
from probing.encoder.model import Encoder
from probing.encoder.running import run
from probing.encoder.weights import weights_hash


class MaskedModel(nn.Module):
    """The model of an encoder, with the head that guesses masked wordpieces, in float32.

    Args:
        encoder: names the model; the layers that it looks at are those whose attention is kept.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.model: Any = None
        self.fingerprint = ""

    def load(self) -> Self:
        """Load the weights, once.

        Raises:
            ProbingError: if there is no such head, or the checkpoint has no trained weights for
                all of it: its derivatives would be those of random weights.
        """
        if self.model is not None:
            return self
        name, source = self.encoder.name, self.encoder.source
        if self.encoder.random_init:
            raise ProbingError(f"{self.encoder.title} has no trained masked-language-model head")
        if type(source.config) not in transformers.MODEL_FOR_MASKED_LM_MAPPING:
            raise ProbingError(
                f"{name} ({source.config.model_type}) has no masked-language-model head: "
                "the gradient analysis needs one"
            )
        model, lacking = source.read(transformers.AutoModelForMaskedLM, torch.float32)
        missing = sorted(key for key in lacking if "pooler" not in key)
        if missing:
            raise ProbingError(
                f"{name} has no trained masked-language-model head: its checkpoint lacks "
                f"{missing[0]} and {len(missing) - 1} more; the gradient analysis needs a "
                "checkpoint as pre-training left it"
            )
        self.model = model.eval().requires_grad_(False)
        # So that attention weights have a graph behind them; no gradient of it is ever taken.
        self.model.get_input_embeddings().weight.requires_grad_(True)
        self.fingerprint = weights_hash(model)
        return self

    def derivatives(
        self, ids: Tensor, real: Tensor, labels: Tensor, *, types: Tensor | None = None
    ) -> list[Tensor]:
        """The derivative of each window's loss with respect to each of its attention weights.

        The loss of a window is the mean over its masked wordpieces of ``-log p``, in nats, so
        that it does not depend on what else is in the batch. The derivative is the total one:
        what follows in later layers is part of it.

        Args:
            ids: ``[B, T]``, with masks in place.
            real: ``[B, T]``, false for padding.
            labels: ``[B, T]``, the wordpiece to be guessed, -100 where there is none.
            types: ``[B, T]``, token types.

        Returns:
            ``[B, H, T, T]`` for each layer that is looked at.
        """
        if not self.encoder.apart(ids):
            return self._derivatives(ids, real, labels, types)
        found = []
        for b, length in enumerate(real.sum(-1).tolist()):
            own = slice(b, b + 1), slice(length)
            own_types = None if types is None else types[own]
            found.append(self._derivatives(ids[own], real[own], labels[own], own_types))
        return [stacked(of_layer, *[ids.shape[1]] * 2) for of_layer in zip(*found, strict=True)]

    def _derivatives(
        self, ids: Tensor, real: Tensor, labels: Tensor, types: Tensor | None
    ) -> list[Tensor]:
        if self.encoder.together is not None:
            forget_lengths(self.model)
        device = ids.device.type
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.autocast(device, enabled=False),  # whatever the trainer computes in
        ):
            # Tensors made in inference mode cannot be part of a graph.
            ids, real, labels = ids.clone(), real.clone(), labels.clone()
            tap = self.encoder.tap([self.encoder.soundness.watch(real), kept := Pile()])
            types = None if types is None else types.clone()
            logits = run(self.model, ids, real, types=types, tap=tap).logits  # [B, T, V]
            losses = F.cross_entropy(
                logits.float().transpose(1, 2), labels, ignore_index=-100, reduction="none"
            )  # [B, T]
            asked = (labels != -100).sum(-1).clamp_min(1)
            weights = [layer.weights for layer in kept.layers]  # with their graph
            return list(torch.autograd.grad((losses.sum(-1) / asked).sum(), weights))
