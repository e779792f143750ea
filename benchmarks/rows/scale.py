"""Reading and tokenizing generated treebanks of growing size: time a sentence, and memory."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import peak, seconds
from probing.data import DependencyData
from probing.data.builtin import generate
from probing.encoder import Encoder

SIZES = (1_000, 10_000, 100_000)


def measure(setting: Setting) -> Iterator[Figure]:
    """From CoNLL-U to windows in the cache."""
    encoder = Encoder().load()
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            file = Path(folder, f"{size}.conllu")
            write(file, size)
            data = DependencyData(test=str(file), tokenizer=encoder.tokenizer)
            taken: list[float] = []

            def read(data: DependencyData = data, taken: list[float] = taken) -> None:
                taken.append(seconds(lambda: data.open("test")))

            most = peak(read)
            what = f"reading and tokenizing {size:,} sentences"
            yield Figure("scale", f"{what}, a sentence", 1_000 * taken[0] / size, "ms")
            yield Figure("scale", f"{what}, peak of memory", most, "MiB")


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
