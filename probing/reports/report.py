"""Reports alongside training: what heads and probes get right, as tables and figures."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from importlib.metadata import version

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn

from probing.core.batches import EdgeBatch
from probing.core.files import write_csv, write_whole
from probing.core.outcomes import Outcome
from probing.core.terms import ALL, MAIN, Terms
from probing.core.version import VERSION
from probing.counting.counting import Counted, HeadCounting, ProbeCounting
from probing.counting.counts import ProbeCounts
from probing.counting.differences import DIFFERENCES, Pair
from probing.counting.resampling import Resampler
from probing.data.resampling_units import overlaps
from probing.data.store import EdgeWindows
from probing.learning.module import ProbingModule
from probing.reports.figures.heads import head_overview, png, relation_heatmap, seed_overview
from probing.reports.findings import Findings
from probing.reports.run_folder import add_figure, run_folder
from probing.reports.seeds import SEEDS, seed_rows
from probing.reports.split_callback import SplitCallback, corpora, is_partial
from probing.reports.tables import (
    BASELINES,
    ERRORS,
    PROBES,
    baseline_rows,
    error_rows,
    head_columns,
    head_rows,
    with_bounds,
)
from probing.reports.terminal.tables import describe, show, show_epoch, show_findings


class Report(SplitCallback):
    """Counts every head, baseline and probe, and writes ``reports/<split>/``.

    Heads do not change while a probe trains, so they are counted once a split; probes are
    counted at every validation. Every process counts its own batches; the sums are exact.

    Args:
        min_anchors: how many anchors a relation or mention type needs for a line in
            ``best_heads.md``.
        trees: whether to decode spanning trees as well, to judge distances, to break accuracy
            down, and to write the paper's Table 3; needs dependency trees.
    """

    def __init__(self, min_anchors: int = 100, *, trees: bool = False) -> None:
        self.min_anchors = min_anchors
        self.trees = trees
        self.findings: dict[str, Findings] = {}
        self.resampler: Resampler | None = None
        self.pairs: Sequence[Pair] = ()
        self.final = "test"
        self.counted: dict[str, Counted] = {}  # of each split
        self.judged_at: dict[str, int] = {}  # after which step of training, by split
        self.started = time.monotonic()
        self.described: set[str] = set()
        self.terms: Terms

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Say what the data holds."""
        assert isinstance(pl_module, ProbingModule)
        opened, vectors = corpora(trainer), pl_module.vectors
        if vectors is not None:  # all words at once: each reading takes the whole file
            vectors.read(word for corpus in opened.values() for word in corpus.vocabulary)
        for split, corpus in opened.items():
            self.terms = corpus.terms
            if trainer.is_global_zero and split not in self.described:
                self.described.add(split)
                show(describe(split, corpus, also_in=overlaps(split, opened)))
                if vectors is not None:
                    show(f"  {vectors.name}: {vectors.coverage(corpus.vocabulary)}")

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start counting."""
        units = corpora(trainer)[split].units
        self.probes = ProbeCounting(
            module, self.terms, resampler=self.resampler, units=units.of_anchors
        )
        # Heads do not change: they are counted once.
        self.heads = None
        if split not in self.counted:
            self.heads = HeadCounting(
                module, self.terms, resampler=self.resampler, units=units.of_heads
            )
        # While probes train, nobody else asks what heads pick.
        module.picks_heads = self.heads is not None or trainer.state.fn != TrainerFn.FITTING

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """Count a batch."""
        self.probes.update(batch, outcome)
        if self.heads is not None:
            self.heads.update(batch, outcome)

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Sum over processes, write, and show the tables."""
        if self.heads is not None:
            self.counted[split] = self.heads.compute()
        probes = self.probes.compute()
        self.judged_at[split] = trainer.global_step
        self._log_accuracy(split, probes, module)
        if trainer.is_global_zero:
            self._write(split, probes, trainer, module)

    @property
    def chosen_on(self) -> str | None:
        """The split whose counts choose heads, if that is not each split's own."""
        return "val" if "val" in self.counted else None

    def _log_accuracy(self, split: str, probes: ProbeCounts, module: LightningModule) -> None:
        every = list(probes.rows).index(ALL)
        total = int(probes.total[every])
        for k, name in enumerate(probes.names if total else ()):
            share = float(probes.correct[every, k]) / total
            module.log(f"{split}/{self.terms.score.lower()}/{name}", share, rank_zero_only=True)

    def _write(
        self, split: str, probes: ProbeCounts, trainer: Trainer, module: ProbingModule
    ) -> None:
        chosen_on = self.chosen_on or split
        counted = self.counted[split]
        opened = corpora(trainer)
        corpus, also_in = opened[split], overlaps(split, opened)
        findings = Findings(
            split=split,
            source=corpus.source,
            model=module.description + _computed_in(trainer),
            counts=counted.heads,
            probes=probes,
            chosen_on=chosen_on,
            chosen=self.counted[chosen_on].as_choice_for(counted),
            min_anchors=self.min_anchors,
            holds=describe(split, corpus, also_in=also_in),
            scheme=corpus.scheme,
            is_partial=is_partial(trainer, split),
            resamples=self._resamples(corpus),
            pairs=self.pairs,
        )
        self.findings[split] = findings
        folder = run_folder(trainer) / "reports" / split
        if self.heads is not None:
            for name, counts in counted.of_encoder.items():
                suffix = "" if name == MAIN else f"_{name}"
                write_csv(folder / f"heads{suffix}.csv", head_columns(counts), head_rows(counts))
                if self.terms.errors:
                    write_csv(folder / f"errors{suffix}.csv", ERRORS, error_rows(counts))
            main = counted.of_encoder[MAIN]
            write_csv(folder / "baselines.csv", with_bounds(BASELINES, main), baseline_rows(main))
            write_whole(folder / "best_heads.md", findings.markdown)
            write_whole(folder / "heads.png", png(head_overview(findings)))
            for best in findings.pictured:
                figure = relation_heatmap(findings.counts, best.relation)
                add_figure(trainer, f"{split}/heads/{best.relation}", figure)
        write_csv(folder / "probes.csv", with_bounds(PROBES, probes), findings.probe_table)
        if rows := list(seed_rows(findings.probe_table, probes.names)):
            write_csv(folder / "seeds.csv", SEEDS, rows)
        if findings.families:
            write_whole(folder / "seeds.png", png(seed_overview(findings)))
        if self.pairs:
            lines = (found.cells for found in findings.differences)
            write_csv(folder / "differences.csv", DIFFERENCES, lines)
        circumstances = self._circumstances(corpus, trainer, module)
        summary = circumstances | {"also_in": also_in} | findings.summary()
        write_whole(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        if trainer.state.fn == TrainerFn.FITTING:
            show_epoch(trainer.current_epoch + 1, split, self.terms.score, findings.trained)
        elif split == self.final:
            show_findings(findings)
            show(f"Reports: {folder}")

    def _resamples(self, corpus: EdgeWindows) -> str:
        """What intervals come from, in words; empty where there are none."""
        if self.resampler is None:
            return ""
        of = "sentences" if corpus.census.windows == corpus.census.used else "windows"
        of = "documents" if corpus.units.documents else of
        units = corpus.units.of_anchors.get(ALL, 0)
        return f"{self.resampler.count:,} resamples of {units:,} {of}"

    def _circumstances(
        self, corpus: EdgeWindows, trainer: Trainer, module: ProbingModule
    ) -> dict[str, object]:
        """The part of ``summary.json`` that says what was run, on what and how."""
        census = corpus.census
        seed = os.environ.get("PL_GLOBAL_SEED")
        packages = ("torch", "pytorch-lightning", "transformers", "torchmetrics", "datasets")
        return {
            **module.identity,
            "data": {
                "source": corpus.source,
                **(
                    {"scheme": corpus.scheme.name, "scheme_by": corpus.scheme.by}
                    if corpus.scheme
                    else {}
                ),
                "documents": census.documents,
                "sentences": census.sentences,
                "used": census.used,
                "windows": census.windows,
                "words": census.words,
                "wordpieces": census.wordpieces,
                "left_out": dict(census.left_out),
                "not_trees": dict(census.faults),
                "counts": dict(census.counts),
                "odd": dict(census.oddities),
                "shared_wordpieces": census.shared,
            },
            **(
                {}
                if module.vectors is None
                else {"vectors": module.vectors.summary(corpus.vocabulary)}
            ),
            "seed": int(seed) if seed else None,
            "epochs": trainer.current_epoch,
            "precision": str(trainer.precision),
            "device": module.device.type,
            "processes": trainer.world_size,
            "wall_seconds": round(time.monotonic() - self.started, 1),
            "versions": {"probing": VERSION} | {name: version(name) for name in packages},
        }


def _computed_in(trainer: Trainer) -> str:
    """The precision of the run, where it is not the usual one."""
    return "" if trainer.precision == "32-true" else f"; computed in {trainer.precision}"
