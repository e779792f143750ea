"""The job on plain text: its configuration, and what happens in it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any, ClassVar

from pytorch_lightning.callbacks import Callback

from probing.core.errors import ProbingError
from probing.jobs.checks import hold_folder, is_first
from probing.jobs.parser import Commands
from probing.jobs.scripts import Script
from probing.jobs.trainer_checks import check_trainer
from probing.reports.terminal.tables import show
from probing.surface.data import TextData
from probing.surface.measures.noop import absent_relations
from probing.surface.module import SurfaceModule
from probing.surface.report.callback import SurfaceReport, head_named
from probing.surface.report.drawing import save
from probing.surface.report.examples import heads_on_examples
from probing.surface.report.lines_between_tokens import heads_on_text
from probing.surface.report.sentence import token_figure, word_figure


class Text(Commands):
    """What heads do on plain text, and figures of them on a sentence."""

    kinds: ClassVar[tuple[type, type]] = (SurfaceModule, TextData)
    sections: ClassVar[Mapping[str, type]] = {"surface": SurfaceReport}

    def callbacks(self) -> list[Callback]:
        """The report."""
        self.report = self.built.surface
        return [self.report]

    def run(self, script: Script, said: Namespace, checkpoint: dict[str, Any] | None) -> None:
        """Measure, and draw; see :meth:`Commands.run`."""
        sentence, heads = self.config.sentence, self.config.heads
        if bool(sentence) != bool(heads):
            raise ProbingError('--sentence "…" and --heads 3-9 2-2 go together')
        self.build()
        model, data = self.model, self.datamodule
        if data.test is None and not sentence:
            raise ProbingError('no text: give --data.test FILE, or --sentence "…" --heads 3-9')
        hold_folder(self.folder, resume=None)
        check_trainer(self.trainer)
        model.configure_model()
        chosen = [head_named(text, model.encoder) for text in heads]
        figures = {}
        if sentence:
            figures["figure1_sentence"] = token_figure(model.encoder, sentence, chosen)
            hide = self.built.surface.hide
            figures["figure5_sentence"] = word_figure(model.encoder, sentence, chosen, hide=hide)
        if data.test is not None:
            if data.gradient_segments:
                model.configure_gradients()
            self.report.prepare(model, data)
            if is_first():
                data.setup("test")
                data.check_embedded(model.encoder)
            if is_first() and data.trees is not None:
                rows, source = data.trees.census.rows, data.trees.source
                absent = absent_relations(self.report.finders, rows, source)
                if no_labels := ", ".join(self.report.no_labels):
                    show(f"not in noop.csv, where relations are exact labels: {no_labels}")
                if absent:
                    show(f"not in noop.csv, since {source} does not have them: {', '.join(absent)}")
                examples = heads_on_examples(
                    model.encoder, data.trees, self.report.shown, hide=self.report.hide
                )
                self.report.relations = examples
                if examples:
                    figures["figure5_relations"] = heads_on_text(examples, by_title=True)
            if is_first():
                self.report.look(model.encoder, data, sentence)
            self.report.extra = figures
            self.trainer.test(model, datamodule=data, verbose=False)
        elif is_first():
            folder = self.folder.decide() / "reports" / "test" / "figures"
            for title, figure in figures.items():
                save(figure, folder, title)
            show(f"Figures: {folder}")
