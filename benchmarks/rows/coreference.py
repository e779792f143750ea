"""Scoring all heads on coreference, in windows as long as the model takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import ratio
from benchmarks.scoring import batches_of, forward, model, scoring
from probing.core.sentences import Mention, Sentence
from probing.data import CoreferenceData
from probing.data.builtin import generate
from probing.encoder import Encoder

MERGED = 20
"""Documents of the built-in corpus are short: so many in a row make one."""


def measure(setting: Setting) -> Iterator[Figure]:
    """Against the bare forward pass."""
    encoder = Encoder().load()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "documents")
        file.write_text("200")
        source, reader = (
            (str(file), merged) if setting.coreference is None else (setting.coreference, None)
        )
        data = CoreferenceData(test=source, reader=reader, tokenizer=encoder.tokenizer)
        batches = batches_of(data, most=20)
    yield ratio(
        "coreference",
        "score coreference heads, windows of up to 512 wordpieces / bare `sdpa` pass",
        scoring(encoder, batches),
        forward(model(), batches),
        rounds=setting.rounds,
    )


def merged(path: str) -> Iterator[Sentence]:
    """The built-in documents whose number the file holds, several of them as one."""
    for sentence in generate(documents=int(Path(path).read_text()), seed=9):
        number = int(sentence.document.rpartition("-")[2])
        mentions = [Mention(m.words, f"{number}/{m.entity}") for m in sentence.mentions]
        yield replace(sentence, document=f"merged-{number // MERGED}", mentions=mentions)
