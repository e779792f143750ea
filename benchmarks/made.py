"""Models of random weights, and windows of random trees or mentions; nothing is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import transformers
from numpy.random import Generator

from probing.core.batches import EdgeBatch
from probing.core.picking import OFFSETS
from probing.core.terms import ALL, Terms
from probing.core.windows import Window, Wordpieces
from probing.data.collating import collate
from probing.data.samplers import batches_by_length
from probing.encoder import PACKAGED, Encoder
from probing.encoder.source import quiet
from probing.encoder.tap import IMPLEMENTATION
from probing.encoder.trial import tried
from probing.encoder.weights import packaged_folder

VOCABULARY = 1000
TREES = Terms(
    ("dep->head", "head->dep", "both"), tuple(f"offset={offset}" for offset in OFFSETS), ()
)
MENTIONS = Terms(
    ("anaphor->antecedent", "antecedent->anaphor", "both"), ("nearest",), (), ("wrong",)
)
_RELATIONS = tuple(f"relation {number}" for number in range(40))


@dataclass(frozen=True)
class Shape:
    """The shape of a model, by its family and what its configuration is told."""

    name: str
    family: str
    options: dict[str, int] = field(default_factory=dict)
    precisions: tuple[str, ...] = ("float32", "bfloat16")
    wordpieces: int = 128_000
    """In how many the model is run, so that each takes a few seconds."""


SHAPES = (
    Shape("BERT-base", "bert"),
    Shape(
        "BERT-large",
        "bert",
        {
            "hidden_size": 1024,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
        },
    ),
    Shape(
        "Llama-3-8B",
        "llama",
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 14336,
        },
        ("bfloat16",),
        64_000,
    ),
)
_TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
TINY = (
    Shape("tiny BERT", "bert", _TINY, wordpieces=300),
    Shape("tiny Llama", "llama", {**_TINY, "num_key_value_heads": 2}, ("bfloat16",), 300),
)


def encoder_of(shape: Shape, precision: str, device: str) -> Encoder:
    """An encoder with random weights that are made on the device."""
    options = {"vocab_size": VOCABULARY, "max_position_embeddings": 512, **shape.options}
    config = transformers.AutoConfig.for_model(shape.family, **options)
    dtype = getattr(torch, precision)
    with quiet(), torch.device(device):
        torch.manual_seed(0)
        model = transformers.AutoModel.from_config(
            config, attn_implementation=IMPLEMENTATION, dtype=dtype
        )
    return adopted(model, shape.name, precision)


def saved(shape: Any, folder: str) -> None:
    """Write a random model of a configuration, and the packaged tokenizer, whose size it takes."""
    torch.manual_seed(0)
    tokenizer = transformers.AutoTokenizer.from_pretrained(packaged_folder(PACKAGED))
    tokenizer.save_pretrained(folder)
    shape.vocab_size = len(tokenizer)
    transformers.AutoModel.from_config(shape).save_pretrained(folder)


def adopted(model: Any, name: str, precision: str) -> Encoder:
    """An encoder of a model that is in memory; unlike ``adopt``, its weights are not hashed."""
    encoder = Encoder(name, precision=precision)  # type: ignore[arg-type]
    encoder.source.config = model.config
    encoder.trial = tried(model.eval().requires_grad_(False), encoder.source)
    encoder.model = model
    return encoder


def tree_batches(wordpieces: int, budget: int, *, seed: int = 0) -> list[EdgeBatch]:
    """Batches of at most ``budget`` wordpieces, of sentences with random trees."""
    random = np.random.default_rng(seed)
    windows: list[Window] = []
    while wordpieces > 0:
        length = int(np.clip(random.lognormal(np.log(27), 0.5), 8, 60))
        windows.append(_sentence(random, length))
        wordpieces -= len(windows[-1].wordpieces.ids)
    return _batches(windows, budget, (ALL, *_RELATIONS), TREES)


def even_batch(windows: int, length: int, *, seed: int = 0) -> EdgeBatch:
    """A batch of sentences with random trees, each of ``length`` wordpieces."""
    random = np.random.default_rng(seed)
    made = [_sentence(random, length) for _ in range(windows)]
    (batch,) = _batches(made, windows * length, (ALL, *_RELATIONS), TREES)
    return batch


def mention_batches(wordpieces: int, budget: int, *, length: int, seed: int = 0) -> list[EdgeBatch]:
    """Batches of windows of ``length`` wordpieces in which a few words are mentions."""
    random = np.random.default_rng(seed)
    windows = [_passage(random, length) for _ in range(max(1, wordpieces // length))]
    return _batches(windows, budget, (ALL, "pronoun", "name", "noun"), MENTIONS)


def _batches(
    windows: Sequence[Window], budget: int, rows: Sequence[str], terms: Terms
) -> list[EdgeBatch]:
    lengths = [len(window.wordpieces.ids) for window in windows]
    formed = batches_by_length(lengths, wordpieces=budget)
    return [collate([windows[i] for i in indices], rows, terms, 0) for indices in formed]


def _pieces(random: Generator, length: int) -> Wordpieces:
    """Words of one to three wordpieces between two special tokens, ``length`` in all."""
    words_of: list[int] = []
    while len(words_of) < length - 2:
        word = words_of[-1] + 1 if words_of else 0
        words_of += [word] * int(random.choice([1, 2, 3], p=[0.8, 0.15, 0.05]))
    ids = random.integers(4, VOCABULARY, length).tolist()
    return Wordpieces([2, *ids[2:], 3], [-1, *words_of[: length - 2], -1])


def _sentence(random: Generator, length: int) -> Window:
    pieces = _pieces(random, length)
    size = pieces.words_of[-2] + 1
    order = random.permutation(size)
    gold = np.zeros((size, 1), dtype=int)
    for place in range(1, size):
        gold[order[place]] = order[random.integers(place)] + 1
    relations = 1 + random.integers(len(_RELATIONS), size=size)
    return Window(
        ["word"] * size,
        pieces,
        list(range(size)),
        gold.tolist(),
        None,
        [[0, relation] for relation in relations.tolist()],
    )


def _passage(random: Generator, length: int) -> Window:
    pieces = _pieces(random, length)
    size = pieces.words_of[-2] + 1
    mentions = np.sort(random.choice(size, max(3, size // 10), replace=False))
    anchors = mentions[1:].tolist()
    before = [(mentions[: place + 1] + 1).tolist() for place in range(len(anchors))]
    gold = [[int(random.choice(own))] for own in before]
    kinds = [[int(c not in g) for c in own] for own, g in zip(before, gold, strict=True)]
    return Window(
        ["word"] * size,
        pieces,
        anchors,
        gold,
        before,
        [[0, row] for row in (1 + random.integers(3, size=len(anchors))).tolist()],
        [[float(own[-1] in g)] for own, g in zip(before, gold, strict=True)],
        kinds,
    )
