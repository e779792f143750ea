"""The paper's tables beside those of a run, when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn

from probing.counting.trees.undirected import Undirected
from probing.data import CoreferenceData, DependencyData
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.reports.best_heads import caveats
from probing.reports.findings import Findings
from probing.reports.ledger import Ledger
from probing.reports.paper.differences import Setting
from probing.reports.paper.files import write
from probing.reports.paper.lines import table1, table2, table3
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback
from probing.reports.trees.lines import entries
from probing.reports.trees.report import TreeReport

NAMES = ("bert-base-uncased", "bert-base-cased")
"""What the paper's model is called."""


class PaperReport(SplitCallback):
    """Writes ``paper.csv``, ``paper.md`` and ``paper.tex`` for the split that the run ends with.

    Args:
        ledger: of the run; the report that fills it comes before this among the callbacks.
        trees: the report on trees, which knows of undirected edges, if there is one; it comes
            before this, too.
    """

    def __init__(self, ledger: Ledger, trees: TreeReport | None = None) -> None:
        self.ledger = ledger
        self.undirected: Mapping[str, Undirected] = {} if trees is None else trees.undirected

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Write."""
        is_last = split == self.ledger.final and trainer.state.fn != TrainerFn.FITTING
        if not is_last or not trainer.is_global_zero:
            return
        findings = self.ledger.findings[split]
        setting = setting_of(trainer, module, findings)
        probes = entries(module, findings, self.undirected)
        edges, has_vectors = self.undirected.get(split), module.vectors is not None
        lines = [
            *table1(findings, setting),
            *table2(findings, setting),
            *table3(findings, probes, edges, setting, has_vectors=has_vectors),
        ]
        title = f"Beside the paper ({split}: {Path(findings.source).name})"
        folder = run_folder(trainer) / "reports" / split
        write(lines, folder, title=title, notes=[f"{findings.model}.", *caveats(findings)])


def is_bert_base(encoder: Encoder) -> bool:
    """Whether a loaded model is the paper's by its name, wherever it lies, and all of it is there.

    Random weights count, if they have the trained embeddings (section 5).
    """
    sizes, last = encoder.sizes, encoder.name.rstrip("/").rpartition("/")[2]
    is_whole = sizes.layer_numbers == tuple(range(1, 13)) and sizes.heads == 12
    has_embeddings = encoder.keep_embeddings or not encoder.random_init
    return last in NAMES and is_whole and has_embeddings


def setting_of(trainer: Trainer, module: ProbingModule, findings: Findings) -> Setting:
    """Which of the paper's definitions a run has."""
    found = Setting(
        bert_base=frozenset(n for n, own in module.encoders.items() if is_bert_base(own)),
        is_random=module.encoder.random_init,
        directions=len(findings.counts.terms.directions),
        is_held_out=findings.is_held_out,
    )
    data = getattr(trainer, "datamodule", None)
    if isinstance(data, DependencyData) and isinstance(data.task, Dependencies):
        return replace(
            found,
            escapes=data.escapes,
            limit=data.task.limit,
            offsets=tuple(data.offsets),
            is_clipped=data.clip_offsets,
        )
    if isinstance(data, CoreferenceData) and isinstance(data.task, Coreference):
        return replace(found, candidates=data.task.candidates)
    return found
