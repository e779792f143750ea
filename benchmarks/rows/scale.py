"""Generated treebanks of growing size, read, tokenized and scored: time a sentence, and memory."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
import transformers

from benchmarks.figures import Figure, Setting
from benchmarks.made import saved
from benchmarks.measuring import peak
from probing.counting.counting import HeadCounting
from probing.data import DependencyData
from probing.data.builtin import generate
from probing.encoder import Encoder
from probing.learning.module import ProbingModule

SMALL = transformers.BertConfig(
    hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2
)
"""What grows is ours, not the model's."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)


def measure(setting: Setting) -> Iterator[Figure]:
    """From CoNLL-U to windows in the cache, and heads of a small model scored on them."""
    with tempfile.TemporaryDirectory() as folder:
        saved(SMALL, folder)
        encoder = Encoder(folder).load()
        for size in (size for size in SIZES if size <= setting.most):
            file = Path(folder, f"{size}.conllu")
            write(file, size)
            data = DependencyData(test=str(file), tokenizer=encoder.tokenizer)
            for done, work in (
                ("reading and tokenizing", partial(data.open, "test")),
                ("scoring", partial(score, data, encoder)),
            ):
                started = time.perf_counter()
                most = peak(work)
                taken = time.perf_counter() - started
                what = f"{done} {size:,} sentences"
                yield Figure("scale", f"{what}, a sentence", 1_000 * taken / size, "ms")
                yield Figure("scale", f"{what}, peak of memory", most, "MiB")


def score(data: DependencyData, encoder: Encoder) -> None:
    """Count all heads, batch by batch, as ``evaluate.py`` does."""
    module = ProbingModule(encoder).eval()
    module.configure_model()
    counting = HeadCounting(module, data.open("test").terms)
    with torch.inference_mode():
        for batch in data.evaluation("test"):
            counting.update(batch, module.judge(batch))
    counting.compute()


def write(file: Path, size: int) -> None:
    """Sentences of the built-in corpus, each with a number of its own, so that none recurs."""
    known = list(generate(documents=50, seed=9))
    draw = random.Random(size)
    with file.open("w", encoding="utf-8") as target:
        for number in range(size):
            sentence = draw.choice(known)
            rows = zip(sentence.words, sentence.heads, sentence.relations, strict=True)
            for place, (word, head, relation) in enumerate(rows, start=1):
                form = word if place > 1 else f"{word}{number}"
                target.write(f"{place}\t{form}\t_\t_\t_\t_\t{head}\t{relation}\t_\t_\n")
            target.write("\n")
