"""The report of an ablation: tables, a figure, and what the terminal shows."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.utilities import rank_zero_only

from probing.ablation.changes import FromOthers, How
from probing.ablation.controls import planned
from probing.ablation.data import AblationData, Part
from probing.ablation.effects import (
    COLUMNS,
    CONTROLS,
    Effect,
    control_lines,
    effect_lines,
    effects,
)
from probing.ablation.figure import effects_beside_controls
from probing.ablation.heads import Head, HeadSet
from probing.ablation.module import AblationModule
from probing.ablation.others import changes_of
from probing.ablation.outcomes import outcome_of
from probing.ablation.passes import Passes
from probing.ablation.shown import in_words, show_worst
from probing.ablation.steps import Step, TextStep, TreeStep
from probing.ablation.trees import TreeCounts, Trees
from probing.core.errors import ProbingError, check_range
from probing.core.files import write_csv, write_whole
from probing.reports.best_heads import PARTIAL
from probing.reports.run_facts import facts_of
from probing.reports.run_folder import add_figure, run_folder
from probing.reports.split_callback import is_partial
from probing.reports.terminal.tables import show
from probing.surface.report.drawing import save
from probing.surface.report.labels import NamedHead


class AblationReport(Callback):
    """Writes ``reports/test/``.

    Args:
        how: what becomes of an ablated head: the ``mean`` of its maps over the other sentences of
            the same length, or its map of one of them (``resample``), both for lengths that ten
            sentences have; even attention (``uniform``), all of it on the first token (``sink``);
            an output of ``zero``.
        controls: how many sets of other heads stand beside each; all there are, if fewer.
        nearest: heads of the same layer, as near in entropy, of which controls are drawn.
        resamples: of documents, sentences or pairs, for 95% intervals; 0 for none.
        seed: of everything that is left to chance.
        best_heads: the folder of a run that scored the heads of this model, or of a report of it,
            or the ``summary.json`` in that: of those that it names, the accuracies are looked at,
            with heads of lower layers ablated (``--data.treebank``).
        probes: a checkpoint of probes of this model, whose UAS is looked at (``--data.treebank``).
    """

    def __init__(
        self,
        how: How = "mean",
        controls: int = 50,
        nearest: int = 10,
        resamples: int = 1000,
        seed: int = 0,
        best_heads: str | None = None,
        probes: str | None = None,
    ) -> None:
        self.how: How = how
        self.controls = controls
        self.nearest = nearest
        self.resamples = resamples
        self.seed = seed
        self.best_heads = best_heads
        self.probes = probes
        self.targets: Sequence[HeadSet] = ()
        self.named: Sequence[NamedHead] = ()
        """The heads whose accuracies are looked at."""
        self.passes: Passes
        self.entropies: dict[Head, float] = {}
        self.started = time.monotonic()

    def check(self, data: AblationData) -> None:
        """Refuse options out of range, and such as go without each other.

        Raises:
            ProbingError: naming the option.
        """
        check_range(0, 10_000, **{"--ablation.controls": self.controls})
        check_range(0, 10_000, **{"--ablation.nearest": self.nearest})
        check_range(0, 1_000_000, **{"--ablation.resamples": self.resamples})
        check_range(0, 2**63 - 1, **{"--ablation.seed": self.seed})
        if (data.treebank is None) != (self.best_heads is None and self.probes is None):
            raise ProbingError(
                "--data.treebank FILE goes with what to look at in it: --ablation.best_heads RUN, "
                "--ablation.probes CKPT, or both"
            )

    def look_above_targets(self) -> None:
        """Keep the named heads that are above one that is ablated; the others are said.

        Raises:
            ProbingError: if none is left, and no probe is looked at.
        """
        lowest = min(heads.lowest for heads in self.targets)
        same = [str(own) for own in self.named if own.layer <= lowest]
        self.named = [own for own in self.named if own.layer > lowest]
        if same and not self.named and self.probes is None:
            raise ProbingError(
                f"--ablation.best_heads: expected a head above layer {lowest}, the lowest in which "
                f"one is ablated; nothing changes in {', '.join(same)}"
            )
        if same:
            rank_zero_only(show)(
                f"not looked at, since no layer below is ablated: {', '.join(same)}"
            )

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Choose the controls, the same in every process, and begin to count."""
        module, data = _parts(trainer, pl_module)
        self.entropies = module.entropies(data.parts)
        plan = planned(
            self.targets,
            self.entropies,
            nearest=self.nearest,
            count=self.controls,
            seed=self.seed,
        )
        passes = Passes(module.encoder, module.model)
        steps = [self._step(part, module, data, passes) for part in data.parts]
        module.start(plan, data.parts, steps)
        self.passes = passes
        if trainer.is_global_zero:
            for part, step in zip(data.parts, steps, strict=True):
                show(in_words(part, step.outcomes))
                for outcome in step.outcomes:
                    if not any(map(outcome.can_tell, self.targets)):
                        show(
                            f"{outcome.name}: no line, since each set of heads that is ablated has "
                            f"one of layer {outcome.of_layer} or above"
                        )
            if passes.layers is None:
                show(
                    "every ablation runs all layers: those of this family cannot be found, or do "
                    "not run again from the midst"
                )
            if self.how in FromOthers:
                longest = max(max(part.lengths) for part in data.parts)
                each = 8 * (self.how == "mean") + 4 * max(1, data.batch_wordpieces // longest)
                size = len(module.heads()) * longest**2 * each / 2**20
                show(
                    f"maps of others: {size:,.1f} MiB for sentences of {longest} wordpieces, twice "
                    "that for pairs"
                )

    def _step(self, part: Part, module: AblationModule, data: AblationData, passes: Passes) -> Step:
        """What is done with batches of a part."""
        changes = changes_of(
            self.how, module.encoder, wordpieces=data.batch_wordpieces, seed=self.seed
        )
        if isinstance(part, Trees):
            assert module.judge is not None  # where there are trees
            return TreeStep(TreeCounts(module.judge, self.named), changes)
        outcome = outcome_of(
            is_paired=part.part.is_paired,
            tokenizer=data.tokenizer,
            is_masked=None if module.language is None else module.language.is_masked,
            seed=self.seed,
        )
        return TextStep(outcome, passes, changes)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Sum over processes, write and show."""
        module, data = _parts(trainer, pl_module)
        measured = module.found(data.parts)
        if not trainer.is_global_zero:
            return
        found = [
            own for each in measured for own in effects(module.plan, each, resamples=self.resamples)
        ]
        folder = run_folder(trainer) / "reports" / "test"
        write_csv(folder / "ablation.csv", COLUMNS, effect_lines(found))
        write_csv(folder / "controls.csv", CONTROLS, control_lines(found))
        if found:
            figure = effects_beside_controls(found)
            save(figure, folder / "figures", "ablation")
            add_figure(trainer, "ablation", figure)
        summary = self._summary(trainer, module, data, found)
        write_whole(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        show(module.encoder.description)
        if is_partial(trainer, "test"):
            show(PARTIAL)
        for each in measured:
            own = (each.data, each.outcome)
            its = [one for one in found if (one.data, one.outcome) == own]
            show_worst(its, how=self.how, nearest=self.nearest)
        show(f"Reports: {folder}")

    def _summary(
        self, trainer: Trainer, module: AblationModule, data: AblationData, found: Sequence[Effect]
    ) -> dict[str, Any]:
        packages = ("torch", "pytorch-lightning", "transformers", "datasets")
        share = self.passes.share
        return {
            **module.encoder.identity,
            "partial": is_partial(trainer, "test"),
            "how": self.how,
            "controls": {"most": self.controls, "nearest_in_entropy": self.nearest},
            "resamples": self.resamples,
            "data": [
                {
                    "name": part.name,
                    "source": part.source,
                    "sentences": sum(part.lengths.values()),
                    "units": len(set(part.units)),
                    "left_out": dict(part.left_out),
                    "outcomes": {
                        own.name: {"definition": own.text, "worse": own.worse}
                        for own in step.outcomes
                    },
                }
                for part, step in zip(data.parts, module.steps, strict=True)
            ],
            "passes": {
                "from_the_ablated_layer_up": self.passes.layers is not None,
                "of_a_whole_one": None if share is None else round(share, 6),
            },
            "entropies": {
                f"{layer}-{head}": round(value, 9)
                for (layer, head), value in self.entropies.items()
            },
            "worst": {
                f"{own.data}: {own.outcome.name}": {
                    "heads": str(own.heads),
                    "difference": own.difference,
                    "rank": own.rank,
                    "sets": len(own.controls),
                }
                for own in sorted(found, key=lambda effect: effect.badness)  # the last one stays
            },
            **facts_of(trainer, *packages, seconds=time.monotonic() - self.started),
            "seed_of_ablation": self.seed,
        }


def _parts(trainer: Trainer, module: LightningModule) -> tuple[AblationModule, AblationData]:
    data = getattr(trainer, "datamodule", None)
    assert isinstance(module, AblationModule)
    assert isinstance(data, AblationData)
    return module, data
