"""The report of the analyses of plain text: tables, figures, and what the terminal shows."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from pytorch_lightning import Callback, LightningModule, Trainer

from probing.core.errors import ProbingError, check_range
from probing.core.files import write_whole
from probing.core.head_names import head_of
from probing.core.terms import WHOLE
from probing.encoder import Encoder
from probing.reports.best_heads import PARTIAL
from probing.reports.run_facts import facts_of
from probing.reports.run_folder import add_figure, run_folder
from probing.reports.split_callback import is_partial
from probing.reports.terminal.tables import show, show_table
from probing.surface.data import TextData
from probing.surface.measures.noop import Finder, of_labels
from probing.surface.module import MODEL, TWIN, SurfaceModule
from probing.surface.report.circumstances import circumstances, text_in_words, unreadable
from probing.surface.report.drawing import save
from probing.surface.report.labels import NamedHead, names_of, read_best_heads
from probing.surface.report.lines_between_tokens import HeadOnText
from probing.surface.report.measured import found_by
from probing.surface.report.of_encoder import OfEncoder
from probing.surface.report.page.sentences import Shown, sentences_shown
from probing.surface.report.page.writer import SurfaceFindings, surface_page
from probing.surface.report.tables import compared
from probing.surface.text.segments import counted
from probing.surface.text.texts import open_text

_PACKAGES = ("torch", "pytorch-lightning", "transformers", "scikit-learn", "datasets")


class SurfaceReport(Callback):
    """Writes ``reports/test/``, and ``reports/test/twin/`` for the twin.

    Args:
        best_heads: the folder of a run that scored the heads of this model, or of a report of it,
            or the ``summary.json`` in that: names heads in the plane, and says which heads to ask
            what they do where they have nothing to do.
        relation_heads: heads to ask that, by relation: ``{obj: 3-1}``.
        hide: a special token that figure 5 leaves out, as it stands there: ``[CLS]``.
        examples: how many sentences of the text ``report.html`` draws every head on; 0 for none.
    """

    def __init__(
        self,
        best_heads: str | None = None,
        relation_heads: dict[str, str] | None = None,
        hide: str | None = None,
        examples: int = 4,
    ) -> None:
        self.examples = examples
        self.best_heads = best_heads
        self.hide = hide
        self.relation_heads = dict(relation_heads or {})
        self.started = time.monotonic()
        self.named: list[NamedHead] = []
        self.finders: list[Finder] = []
        self.no_labels: list[str] = []
        """Rows of which heads are the best, and that are no label."""
        self.extra: dict[str, Figure] = {}
        self.sentences: list[Shown] = []
        self.relations: list[HeadOnText] = []

    def prepare(self, module: SurfaceModule, data: TextData) -> None:
        """Read which heads are meant.

        Raises:
            ProbingError: if the report is of another model, a head does not exist, or a treebank is
                there for none.
        """
        check_range(0, **{"--surface.examples": self.examples})
        if self.relation_heads and data.treebank is None:
            raise ProbingError("surface.relation_heads needs --data.treebank FILE")
        if data.treebank is not None and not (self.best_heads or self.relation_heads):
            raise ProbingError(
                "a treebank is for heads that find relations: name them with "
                "--surface.best_heads RUN or --surface.relation_heads '{obj: 3-1}'"
            )
        if self.best_heads:
            every = read_best_heads(Path(self.best_heads), weights=module.encoder.fingerprint)
            self.named = [own for own in every if own.relation not in WHOLE]
        finders = [
            Finder(own.relation, own.direction, own.layer, own.head, own.accuracy)
            for own in self.named
        ]
        for relation, text in self.relation_heads.items():
            place = head_named(text, module.encoder, where="--surface.relation_heads")
            finders.append(Finder(relation, "both", *place))
        self.finders, self.no_labels = of_labels(finders)
        if data.treebank is not None and not self.finders:
            raise ProbingError(
                f"{data.treebank}: expected heads of relations that are labels, found "
                f"{', '.join(self.no_labels) or 'none'}"
            )

    def look(self, encoder: Encoder, data: TextData, sentence: str | None) -> None:
        """Collect what the page draws and the figures do not; one process does.

        Args:
            encoder: the loaded model.
            data: the text.
            sentence: of the user's.
        """
        assert data.test is not None
        source = open_text(data.test, data.reader)
        self.sentences = sentences_shown(encoder, source, self.examples, own=sentence)

    @property
    def shown(self) -> list[Finder]:
        """Up to four heads to draw on sentences: those that lead their strongest baseline most."""
        leads = {
            (own.relation, own.layer, own.head): own.accuracy - own.rival for own in self.named
        }
        ranked = sorted(
            self.finders, key=lambda f: -leads.get((f.relation, f.layer, f.head), float("inf"))
        )
        return ranked[:4]

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to count, and say what the text holds."""
        module, data = _parts(trainer, pl_module)
        module.start(list(data.parts), repeat_length=data.repeat_length)
        if trainer.is_global_zero:
            show(text_in_words(data))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Sum over processes, write and show."""
        module, data = _parts(trainer, pl_module)
        found = {name: found_by(module, name) for name in module.encoders}
        # The same as was chosen, unless the trainer was told to leave out batches.
        looked = {name: int(count.compute()) for name, count in module.segments.items()}
        if not trainer.is_global_zero:
            return
        folder = run_folder(trainer) / "reports" / "test"
        # Another model's names mean nothing for the twin's heads.
        named = names_of(self.named, module.encoder.layer_numbers, module.encoder.sizes.heads)
        reports = {
            name: OfEncoder(own, self.finders, named if name == MODEL else {})
            for name, own in found.items()
        }
        for name, own in reports.items():
            own.write_tables(folder if name == MODEL else folder / name)
        # The twin has no figures of its own, which would draw chance as if it were structure.
        own, twin = reports[MODEL], found.get(TWIN)
        for title, figure in {**self.extra, **own.figures(twin)}.items():
            save(figure, folder / "figures", title)
            add_figure(trainer, f"surface/{title}", figure)
        summary = {
            **facts_of(trainer, *_PACKAGES, seconds=time.monotonic() - self.started),
            **module.encoder.identity,
            **circumstances(trainer, data, looked),
            "smoothing": module.smoothing,
            "distance_smoothing": module.distance_smoothing,
            **own.summary,
            TWIN: reports[TWIN].summary if TWIN in reports else None,
        }
        write_whole(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        said = [module.encoder.description]
        if is_partial(trainer, "test"):
            parts = ", ".join(
                f"{name} {counted(n, 'sentence') if name == 'noop' else f'{n:,}'}"
                for name, n in looked.items()
            )
            said.append(f"{PARTIAL}\n  segments counted: {parts}")
        alike = [
            f"heads of a layer, {name}: {_sentence(each.summary['layers_alike'])}"
            for name, each in reports.items()
            if each.summary["layers_alike"] is not None
        ]
        page = SurfaceFindings(
            data.text.source,
            own.found,
            twin,
            own.plane,
            best_at=named,
            notes=[*said, text_in_words(data), *alike],
            sentences=self.sentences,
            relations=self.relations,
            noop=own.noop,
        )
        surface_page(page, folder)
        for text in (*said, *unreadable(data)):
            show(text)
        heads = module.encoder.sizes.layers * module.encoder.sizes.heads
        title = f"Means over {heads:,} heads (test: {Path(data.text.source).name})"
        means = reports[TWIN].summary["means"] if TWIN in reports else {}
        show_table(title, *compared(own.summary["means"], means))
        for text in alike:
            show(text)
        show(f"Reports: {folder}")


def head_named(text: str, encoder: Encoder, *, where: str = "--heads") -> tuple[int, int]:
    """Layer and head of ``3-9``, counted from one; ``where`` it is said, for the complaint.

    Raises:
        ProbingError: if the model has no such head, or the layer is not looked at.
    """
    return head_of(text, encoder.layer_numbers, encoder.sizes.heads, where=where)


def _sentence(alike: Mapping[str, Any]) -> str:
    return (
        f"mean divergence {alike['within']:.4f} nats within a layer, {alike['between']:.4f} "
        f"between layers (p = {alike['p_value']:.4f}, {alike['permutations']:,} permutations)"
    )


def _parts(trainer: Trainer, module: LightningModule) -> tuple[SurfaceModule, TextData]:
    data = getattr(trainer, "datamodule", None)
    assert isinstance(module, SurfaceModule)
    assert isinstance(data, TextData)
    return module, data
