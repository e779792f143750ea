"""Tiny models whose heads do one thing each, by weights set by hand.

Every word is one wordpiece. A wordpiece's vector says where it stands and nothing else, and a
head's query asks for a place so loudly that its softmax is exactly one there, if it is seen;
where it is hidden, what comes first is a little ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor

PLACES, LOUD, TILT = 16, 50.0, 0.01
Wish = Callable[[int], int]
"""From a place to the one that is asked for there; the start token stands at 0."""


def save_tokenizer(folder: Path, words: Sequence[str], *, ends: bool) -> int:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {piece: i for i, piece in enumerate([*special, *words])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]" if ends else "[CLS] $A",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tf.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        **({"cls_token": "[CLS]", "sep_token": "[SEP]"} if ends else {"bos_token": "[CLS]"}),
    ).save_pretrained(folder)
    return len(vocabulary)


def wishes(heads: Sequence[Wish]) -> Tensor:
    """``[H, place, place]``: which place each head's query asks for from each place."""
    wanted = -TILT * torch.arange(PLACES).float().repeat(len(heads), PLACES, 1)
    for head, rule in enumerate(heads):
        for place in range(PLACES):
            if 0 <= rule(place) < PLACES:
                wanted[head, place, rule(place)] = LOUD
    return wanted


def places() -> Tensor:
    """A vector for each place, ``[place, 2 * place]``, of mean zero: a norm only scales it."""
    return torch.cat([torch.eye(PLACES), -torch.eye(PLACES)], 1)


def blank(model: Any) -> None:
    """No weight says anything yet; norms pass on what they get."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_norm = "LayerNorm.weight" in name or (".ln_" in name and name.endswith("weight"))
            parameter.fill_(float(is_norm))


def save_bert(folder: Path, heads: Sequence[Wish], words: Sequence[str]) -> None:
    """A BERT of one layer whose heads ask for what these do, and knows these words."""
    size = len(heads) * PLACES
    model = tf.BertModel(
        tf.BertConfig(
            vocab_size=save_tokenizer(folder, words, ends=True),
            hidden_size=size,
            num_hidden_layers=1,
            num_attention_heads=len(heads),
            intermediate_size=4,
            max_position_embeddings=PLACES,
        )
    )
    blank(model)
    attention = model.encoder.layer[0].attention.self
    with torch.no_grad():
        model.embeddings.position_embeddings.weight[:, : 2 * PLACES] = places()
        for head, wanted in enumerate(wishes(heads)):
            rows = slice(head * PLACES, (head + 1) * PLACES)
            attention.query.weight[rows, :PLACES] = wanted.T
            attention.key.weight[rows, :PLACES] = torch.eye(PLACES)
    model.save_pretrained(folder)
