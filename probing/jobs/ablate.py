"""The job that runs a model without some of its heads."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pytorch_lightning.callbacks import Callback

from probing.ablation.changes import FromOthers
from probing.ablation.data import AblationData
from probing.ablation.heads import HeadSet
from probing.ablation.module import AblationModule
from probing.ablation.report import AblationReport
from probing.core.errors import ProbingError
from probing.core.near import expected_one
from probing.core.terms import WHOLE
from probing.encoder import Encoder
from probing.jobs.checks import hold_folder, is_first
from probing.jobs.parser import Commands
from probing.jobs.screening import Screen
from probing.jobs.scripts import Script
from probing.jobs.stored_config import parts, stored_in, stored_options
from probing.jobs.trainer_checks import check_trainer
from probing.learning.module import ProbingModule
from probing.surface.report.callback import head_named
from probing.surface.report.labels import NamedHead, read_best_heads


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
        report.check(data)
        hold_folder(self.folder, resume=None)
        check_trainer(self.trainer)
        model.configure_model()
        report.targets = list(dict.fromkeys(self._targets(model)))
        if data.treebank is not None:
            model.judge = self._judge(model.encoder, said.imports)
            report.named = self._named(model.judge.encoder)
        data.alone = model.encoder.together is not None
        data.from_others = report.how in FromOthers
        data.in_turn = model.language is not None and model.language.is_masked
        data.setup("test")
        report.named = data.in_trees(report.named)
        report.look_above_targets()
        if is_first():
            data.check_embedded(model.encoder.embedded, model.encoder.name)
        self.trainer.test(model, datamodule=data, verbose=False)

    def _judge(self, encoder: Encoder, imports: Sequence[str]) -> ProbingModule:
        """What runs sentences with trees: the probes of a checkpoint, if one is named.

        Raises:
            ProbingError: if they are of other weights.
        """
        place = self.report.probes
        if place is None:
            judge = ProbingModule(encoder)
            judge.configure_model()
            return judge
        stored, loaded = stored_in(place)
        config = stored_options(stored, place=place, goes_on=False)
        config["model"]["encoder"] = (config["model"].get("encoder") or {}) | {"name": encoder.name}
        judge, _ = parts(config, Screen(place, imports))
        judge.restore(loaded)
        if judge.encoder.fingerprint != encoder.fingerprint:
            raise ProbingError(
                f"{place}: probes of other weights ({judge.encoder.fingerprint[:12]}) than those "
                f"that are ablated ({encoder.fingerprint[:12]})"
            )
        return judge

    def _named(self, encoder: Encoder) -> list[NamedHead]:
        """The heads whose accuracies are looked at, if a report names them."""
        if self.report.best_heads is None:
            return []
        every = read_best_heads(Path(self.report.best_heads), weights=encoder.fingerprint)
        found = [own for own in every if own.relation not in WHOLE]
        for own in found:
            head_named(f"{own.layer}-{own.head}", encoder, where=self.report.best_heads)
        return found

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
    ends = [place for place, letter in enumerate(text) if letter == ":"]
    # Relations have colons of their own (`nmod:poss`), and so may folders.
    place = next((end for end in reversed(ends) if Path(text[:end]).is_dir()), max(ends, default=0))
    run, relations = text[:place], text[place + 1 :]
    if not run or not relations:
        raise ProbingError(
            f"--heads-from {text}: expected the folder of a run that scored heads and a relation, "
            "RUN:obj"
        )
    found = read_best_heads(Path(run), weights=encoder.fingerprint)
    best = {each.relation: each for each in found}
    for name in relations.split(","):
        if name not in best:
            raise ProbingError(
                f"--heads-from {text}: {run} has chosen no head for {name}; "
                f"{expected_one(best, name)}"
            )
    chosen = [best[name] for name in relations.split(",")]
    heads = (head_named(f"{own.layer}-{own.head}", encoder, where=run) for own in chosen)
    return HeadSet.of(heads)
