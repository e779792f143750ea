"""The report of an ablation: tables, a figure, and what the terminal shows."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from probing.ablation.changes import How
from probing.ablation.controls import planned
from probing.ablation.data import AblationData
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
from probing.ablation.outcomes import outcome_of
from probing.core.errors import check_range
from probing.core.files import write_csv, write_whole
from probing.core.version import VERSION
from probing.reports.best_heads import PARTIAL
from probing.reports.run_folder import add_figure, run_folder
from probing.reports.split_callback import is_partial
from probing.reports.terminal.tables import show, show_table
from probing.surface.report.drawing import save
from probing.surface.text.segments import counted

_SHOWN = 12  # sets of an outcome, those with the worst effects


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
    """

    def __init__(
        self,
        how: How = "mean",
        controls: int = 50,
        nearest: int = 10,
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        self.how: How = how
        self.controls = controls
        self.nearest = nearest
        self.resamples = resamples
        self.seed = seed
        self.targets: Sequence[HeadSet] = ()
        self.entropies: dict[Head, float] = {}
        self.started = time.monotonic()

    def check(self) -> None:
        """Refuse options out of range.

        Raises:
            ProbingError: naming the option.
        """
        check_range(0, 10_000, **{"--ablation.controls": self.controls})
        check_range(0, 10_000, **{"--ablation.nearest": self.nearest})
        check_range(0, 1_000_000, **{"--ablation.resamples": self.resamples})
        check_range(0, 2**63 - 1, **{"--ablation.seed": self.seed})

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Choose the controls, the same in every process, and begin to count."""
        module, data = _parts(trainer, pl_module)
        outcomes = [
            outcome_of(
                is_paired=part.is_paired,
                tokenizer=data.tokenizer,
                is_masked=None if module.language is None else module.language.is_masked,
                seed=self.seed,
            )
            for part in data.parts
        ]
        self.entropies = module.entropies(data.texts)
        plan = planned(
            self.targets,
            self.entropies,
            nearest=self.nearest,
            count=self.controls,
            seed=self.seed,
        )
        module.start(plan, data.texts, outcomes, how=self.how, seed=self.seed)
        if trainer.is_global_zero:
            for part, outcome in zip(data.parts, outcomes, strict=True):
                noun = "pair" if part.is_paired else "sentence"
                left = ", ".join(f"{n:,} {why}" for why, n in sorted(part.left_out.items()))
                show(
                    f"{part.name}: {part.source}: {counted(len(part.items), noun)} in "
                    f"{counted(len(set(part.units)), 'unit')}; left out: {left or 'none'}; "
                    f"{outcome.name}: {outcome.text}"
                )
            if module.passes.layers is None:
                show(
                    "every ablation runs all layers: those of this family cannot be found, or do "
                    "not run again from the midst"
                )
            if self.how == "mean":
                longest = max(max(part.lengths) for part in data.parts)
                size = len(module.heads()) * longest**2 * 8 / 2**20
                show(f"mean maps: {size:,.1f} MiB for sentences of {longest} wordpieces")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Sum over processes, write and show."""
        module, data = _parts(trainer, pl_module)
        measured = module.found(data.texts)
        if not trainer.is_global_zero:
            return
        found = [
            own for each in measured for own in effects(module.plan, each, resamples=self.resamples)
        ]
        folder = run_folder(trainer) / "reports" / "test"
        write_csv(folder / "ablation.csv", COLUMNS, effect_lines(found))
        write_csv(folder / "controls.csv", CONTROLS, control_lines(found))
        figure = effects_beside_controls(found)
        save(figure, folder / "figures", "ablation")
        add_figure(trainer, "ablation", figure)
        summary = self._summary(trainer, module, data, found)
        write_whole(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        show(module.encoder.description)
        if is_partial(trainer, "test"):
            show(PARTIAL)
        for each in measured:
            own = [effect for effect in found if effect.data == each.data]
            self._show(own)
        show(f"Reports: {folder}")

    def _show(self, found: Sequence[Effect]) -> None:
        """The worst effects on an outcome, the worst first."""
        shown = sorted(found, key=lambda effect: -effect.badness)[:_SHOWN]
        first = shown[0]
        more = f"; the worst {len(shown)} of {len(found)}" if len(shown) < len(found) else ""
        title = (
            f"{first.data}: {first.outcome.name}, {first.before:.4f} before ({self.how}; controls "
            f"of the {self.nearest} nearest in entropy of the layer{more})"
        )
        columns = (
            "heads",
            "after",
            "difference",
            "95%",
            "controls",
            "sd",
            "rank",
            "of",
            "p",
            "least",
        )
        show_table(title, columns, [_cells(effect) for effect in shown])

    def _summary(
        self, trainer: Trainer, module: AblationModule, data: AblationData, found: Sequence[Effect]
    ) -> dict[str, Any]:
        packages = ("torch", "pytorch-lightning", "transformers", "datasets")
        seed = os.environ.get("PL_GLOBAL_SEED")
        share = module.passes.share
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
                    "items": len(part.items),
                    "units": len(set(part.units)),
                    "left_out": dict(part.left_out),
                    "outcome": outcome.name,
                    "definition": outcome.text,
                    "worse": outcome.worse,
                }
                for part, outcome in zip(data.parts, module.outcomes, strict=True)
            ],
            "passes": {
                "from_the_ablated_layer_up": module.passes.layers is not None,
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
            "seed": int(seed) if seed else None,
            "seed_of_ablation": self.seed,
            "precision": str(trainer.precision),
            "device": trainer.strategy.root_device.type,
            "processes": trainer.world_size,
            "wall_seconds": round(time.monotonic() - self.started, 1),
            "versions": {"probing": VERSION} | {name: version(name) for name in packages},
        }


def _cells(effect: Effect) -> list[str]:
    """A line of the terminal's table."""
    ends = effect.interval
    has_controls = bool(effect.controls)
    sd, mean = effect.control_sd, effect.control_mean
    return [
        str(effect.heads),
        f"{effect.after:.4f}",
        f"{effect.difference:+.4f}",
        "" if ends is None else f"{ends.low:+.4f} to {ends.high:+.4f}",
        "" if mean is None else f"{mean:+.4f}",
        "" if sd is None else f"{sd:.4f}",
        str(effect.rank) if has_controls else "",
        str(1 + len(effect.controls)) if has_controls else "",
        f"{effect.p:.3f}" if has_controls else "",
        f"{effect.least_p:.3f}" if has_controls else "",
    ]


def _parts(trainer: Trainer, module: LightningModule) -> tuple[AblationModule, AblationData]:
    data = getattr(trainer, "datamodule", None)
    assert isinstance(module, AblationModule)
    assert isinstance(data, AblationData)
    return module, data
