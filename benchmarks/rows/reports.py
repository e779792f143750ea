"""What is written about some 400 sentences, against scoring them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.figures import Figure, Setting
from benchmarks.measuring import ratio
from benchmarks.scoring import scoring
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.reports.ledger import Ledger
from probing.reports.writers import OF_HEADS, OF_PROBES, write

SENTENCES = 401


def measure(setting: Setting) -> Iterator[Figure]:
    """All files of a report on heads."""
    encoder = Encoder().load()
    data = DependencyData(test=setting.trees, tokenizer=encoder.tokenizer)
    corpus, own = data.split("test"), list(range(SENTENCES))
    own = own[: len(corpus)]
    batches = [corpus[own[start : start + 25]] for start in range(0, len(own), 25)]
    module, ledger = ProbingModule(encoder).eval(), Ledger()
    module.configure_model()
    counting = ledger.begin("test", module, corpus)
    with torch.inference_mode():
        for batch in batches:
            counting.update(batch, module.judge(batch))
    probes = ledger.end(counting)

    def report() -> None:
        findings = ledger.report("test", probes, corpus, model=module.description)
        with tempfile.TemporaryDirectory() as folder:
            write([*OF_HEADS, *OF_PROBES], findings, Path(folder))

    yield ratio(
        "reports",
        f"reports of {len(own)} sentences / scoring them",
        report,
        scoring(encoder, batches),
        rounds=setting.rounds,
    )
