"""The job on plain text: its configuration, and what happens in it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pytorch_lightning.callbacks import Callback
from pytorch_lightning.cli import LightningArgumentParser

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.jobs.arguments import own_arguments
from probing.jobs.checks import check_precision, is_first
from probing.jobs.help import Values, explanation, options, options_of_data
from probing.jobs.parse_errors import naming
from probing.jobs.parser import Commands, Options
from probing.jobs.scripts import Script
from probing.reports.terminal.tables import show
from probing.surface.data import TextData
from probing.surface.measures.noop import absent_relations
from probing.surface.module import SurfaceModule
from probing.surface.report.callback import SurfaceReport, head_named
from probing.surface.report.drawing import save
from probing.surface.report.examples import heads_on_examples
from probing.surface.report.lines_between_tokens import heads_on_text
from probing.surface.report.sentence import token_figure, word_figure


class TextCommands(Commands):
    """The options of a run on plain text."""

    kinds: ClassVar[tuple[type, type]] = (SurfaceModule, TextData)

    def add_report(self, parser: LightningArgumentParser) -> None:
        """Add the options of the report, and those of the figures of a sentence."""
        parser.add_lightning_class_args(SurfaceReport, "surface")
        parser.add_argument("--sentence", type=str | None, help="a sentence to draw heads on")
        parser.add_argument("--heads", nargs="+", type=str, help="which heads to draw on it")

    def callbacks(self) -> list[Callback]:
        """The report."""
        self.report = self._get(self.config_init, "surface")
        return [self.report]


class TextOptions(Options, TextCommands):
    """Parses and builds nothing."""


def run(script: Script, arguments: Sequence[str], *, early: Namespace) -> None:
    """Do what the command line says.

    Raises:
        ProbingError: for bad input, before anything is written.
    """
    if early.ckpt_path:
        raise ProbingError("a job on plain text has no checkpoint: leave out --ckpt_path")
    own, named = own_arguments(arguments), early.config[-1]
    with naming(early.config, own):
        if {"--help", "-h"} & set(arguments):
            own = [argument for argument in own if argument not in ("--help", "-h")]
            print(_explained(TextOptions(own, job=named).config, script, named))
            return
        commands = TextCommands(own, job=Path(named).stem)
    sentence, heads = commands.config.get("sentence"), commands.config.get("heads") or []
    if bool(sentence) != bool(heads):
        raise ProbingError('--sentence "…" and --heads 3-9 2-2 go together')
    model, data = commands.model, commands.datamodule
    if data.test is None and not sentence:
        raise ProbingError('no text: give --data.test FILE, or --sentence "…" --heads 3-9')
    if is_first():
        commands.folder.check(resume=None)
    check_precision(commands.trainer)
    model.configure_model()
    chosen = [head_named(text, model) for text in heads]
    figures = {}
    if sentence:
        figures["figure1_sentence"] = token_figure(model.encoder, sentence, chosen)
        figures["figure5_sentence"] = word_figure(model.encoder, sentence, chosen)
    if data.test is not None:
        if data.gradient_segments:
            model.configure_gradients()
        commands.report.prepare(model, data)
        if is_first():
            data.setup("test")
        if is_first() and data.trees is not None:
            rows, source = data.trees.census.rows, data.trees.source
            absent = absent_relations(commands.report.finders, rows, source)
            if absent:
                show(f"not in noop.csv, since {source} does not have them: {', '.join(absent)}")
            examples = heads_on_examples(model.encoder, data.trees, commands.report.shown)
            if examples:
                figures["figure5_relations"] = heads_on_text(examples)
        commands.report.extra = figures
        commands.trainer.test(model, datamodule=data, verbose=False)
    elif is_first():
        folder = commands.folder.decide() / "reports" / "test" / "figures"
        for title, figure in figures.items():
            save(figure, folder, title)
        show(f"Figures: {folder}")


def _explained(config: Any, script: Script, job: str) -> str:
    sections: dict[str, Values] = {
        "model": options("model.encoder", Encoder, config.model.encoder)
        | options("model", SurfaceModule, config.model),
        "data": options_of_data(config),
        "report": options("surface", SurfaceReport, config.surface),
        "a sentence": {
            "sentence": (None, "a sentence to draw heads on (figures 1 and 5)"),
            "heads": (None, "which heads to draw on it: 3-9 2-2"),
        },
    }
    return explanation(sections, config, script=script, job=job)
