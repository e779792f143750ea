"""The job that runs a model without some of its heads."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pytorch_lightning.callbacks import Callback

from probing.ablation.changes import FromOthers
from probing.ablation.data import AblationData
from probing.ablation.heads import HeadSet
from probing.ablation.module import AblationModule
from probing.ablation.report import AblationReport
from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.jobs.checks import hold_folder, is_first
from probing.jobs.parser import Commands
from probing.jobs.scripts import Script
from probing.jobs.trainer_checks import check_trainer
from probing.surface.report.callback import head_named
from probing.surface.report.labels import read_best_heads


class Ablate(Commands):
    """What a model does without some of its heads, beside doing without others like them."""

    kinds: ClassVar[tuple[type, type]] = (AblationModule, AblationData)
    sections: ClassVar[Mapping[str, type]] = {"ablation": AblationReport}

    def callbacks(self) -> list[Callback]:
        """The report."""
        self.report: AblationReport = self.built.ablation
        return [self.report]

    def run(self, script: Script, said: Namespace, checkpoint: dict[str, Any] | None) -> None:
        """Ablate; see :meth:`Commands.run`."""
        self.build()
        model, data, report = self.model, self.datamodule, self.report
        report.check()
        hold_folder(self.folder, resume=None)
        check_trainer(self.trainer)
        model.configure_model()
        report.targets = list(dict.fromkeys(self._targets(model)))
        data.from_others = report.how in FromOthers
        data.in_turn = model.language is not None and model.language.is_masked
        data.setup("test")
        if is_first():
            data.check_embedded(model.encoder.embedded, model.encoder.name)
        self.trainer.test(model, datamodule=data, verbose=False)

    def _targets(self, model: AblationModule) -> Iterator[HeadSet]:
        """The sets of heads that the command line names; every head in turn, if it names none."""
        heads, reports = self.config.heads, self.config.heads_from
        for text in heads:
            yield HeadSet.of(head_named(name, model.encoder) for name in text.split(","))
        for text in reports:
            yield _chosen(text, model.encoder)
        if self.config.each or not (heads or reports):
            yield from (HeadSet.of([head]) for head in model.heads())


def _chosen(text: str, encoder: Encoder) -> HeadSet:
    """The heads that a report has chosen for ``RUN:obj`` or ``RUN:obj,nsubj``.

    Raises:
        ProbingError: if it has chosen none, is of another model, or of other layers.
    """
    run, _, relations = text.rpartition(":")
    if not run or not relations:
        raise ProbingError(
            f"--heads_from {text}: expected the folder of a run that scored heads and a relation, "
            "RUN:obj"
        )
    own = [Path(run) / "reports" / split for split in ("test", "val")]
    place = next((folder for folder in own if folder.is_dir()), Path(run))
    best = {each.relation: each for each in read_best_heads(place, weights=encoder.fingerprint)}
    missing = [name for name in relations.split(",") if name not in best]
    if missing:
        raise ProbingError(
            f"--heads_from {text}: {place} has chosen no head for {', '.join(missing)}; it has for "
            f"{', '.join(sorted(best)) or 'none'}"
        )
    chosen = [best[name] for name in relations.split(",")]
    return HeadSet.of(head_named(f"{each.layer}-{each.head}", encoder) for each in chosen)
