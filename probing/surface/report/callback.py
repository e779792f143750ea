"""The report of the analyses of plain text: tables, figures, and what the terminal shows."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from pytorch_lightning import Callback, LightningModule, Trainer
from safetensors.torch import save as safetensors

from probing.core.errors import ProbingError
from probing.core.files import write_csv, write_whole
from probing.core.head_names import head_of
from probing.core.terms import WHOLE
from probing.encoder import Encoder
from probing.reports.best_heads import PARTIAL
from probing.reports.run_facts import facts_of
from probing.reports.run_folder import add_figure, run_folder
from probing.reports.split_callback import is_partial
from probing.reports.terminal.tables import show, show_table
from probing.surface.data import TextData
from probing.surface.measures.gradients import GRADIENTS, gradient_rows, of_paper
from probing.surface.measures.noop import NOOP, Finder, noop_rows
from probing.surface.module import MODEL, TWIN, SurfaceModule
from probing.surface.report.circumstances import circumstances, text_in_words, unreadable
from probing.surface.report.clusters import embed, layers_alike
from probing.surface.report.drawing import save
from probing.surface.report.from_averages import behaviours_of, figures_of_averages
from probing.surface.report.labels import NamedHead, names_of, read_best_heads
from probing.surface.report.layers import gradient_by_layer
from probing.surface.report.measured import found_by
from probing.surface.report.plane import map_of_heads
from probing.surface.report.tables import (
    COLUMNS,
    DISTANCES,
    HEADS_IN_PLANE,
    Found,
    compared,
    distance_lines,
    head_lines,
    plane_lines,
)

_PACKAGES = ("torch", "pytorch-lightning", "transformers", "scikit-learn", "datasets")


class SurfaceReport(Callback):
    """Writes ``reports/test/``, and ``reports/test/twin/`` for the twin.

    Args:
        best_heads: the folder of a run that scored the heads of this model, or of a report of it,
            or the ``summary.json`` in that: names heads in the plane, and says which heads to ask
            what they do where they have nothing to do.
        relation_heads: heads to ask that, by relation: ``{obj: 3-1}``.
        hide: a special token that figure 5 leaves out, as it stands there: ``[CLS]``.
    """

    def __init__(
        self,
        best_heads: str | None = None,
        relation_heads: dict[str, str] | None = None,
        hide: str | None = None,
    ) -> None:
        self.best_heads = best_heads
        self.hide = hide
        self.relation_heads = dict(relation_heads or {})
        self.started = time.monotonic()
        self.named: list[NamedHead] = []
        self.finders: list[Finder] = []
        self.extra: dict[str, Figure] = {}

    def prepare(self, module: SurfaceModule, data: TextData) -> None:
        """Read which heads are meant.

        Raises:
            ProbingError: if the report is of another model, or a head does not exist.
        """
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
        self.finders = [
            Finder(own.relation, own.direction, own.layer, own.head, own.accuracy)
            for own in self.named
        ]
        for relation, text in self.relation_heads.items():
            place = head_named(text, module.encoder, where="--surface.relation_heads")
            self.finders.append(Finder(relation, "both", *place))

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
        summaries = {
            name: self._write(
                trainer, folder if name == MODEL else folder / name, name, own, found.get(TWIN)
            )
            for name, own in found.items()
        }
        summary = {
            **facts_of(trainer, *_PACKAGES, seconds=time.monotonic() - self.started),
            **module.encoder.identity,
            **circumstances(trainer, data, looked),
            "smoothing": module.smoothing,
            "distance_smoothing": module.distance_smoothing,
            **summaries[MODEL],
            TWIN: summaries.get(TWIN),
        }
        write_whole(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        show(module.encoder.description)
        if is_partial(trainer, "test"):
            parts = ", ".join(f"{name} {count:,}" for name, count in looked.items())
            show(f"{PARTIAL}\n  segments counted: {parts}")
        for warning in unreadable(data):
            show(warning)
        twin = summaries.get(TWIN, {})
        heads = module.encoder.sizes.layers * module.encoder.sizes.heads
        title = f"Means over {heads:,} heads (test: {Path(data.text.source).name})"
        show_table(title, *compared(summaries[MODEL]["means"], twin.get("means", {})))
        for name, own in summaries.items():
            if own["layers_alike"] is not None:
                show(f"heads of a layer, {name}: {_sentence(own['layers_alike'])}")
        show(f"Reports: {folder}")

    def _write(
        self, trainer: Trainer, folder: Path, name: str, found: Found, twin: Found | None
    ) -> dict[str, Any]:
        """The tables of an encoder, and the model's figures; its part of ``summary.json``.

        The twin has none of its own, which would draw chance as if it were structure: its means are
        in the model's.
        """
        is_drawn = name == MODEL
        figures = dict(self.extra)
        write_csv(folder / "surface.csv", ("layer", "head", *COLUMNS), head_lines(found))
        if found.quantities and is_drawn:
            figures |= figures_of_averages(found, twin)
        if found.gradients:
            lines = gradient_rows(dict(found.gradients), found.gradient_weights, found.layers)
            write_csv(folder / "gradients.csv", GRADIENTS, lines)
            figures["figure3_gradients"] = gradient_by_layer(
                found.gradients, found.layers, of_paper(found.gradients, found.gradient_weights)
            )
        if found.noop:
            lines = list(noop_rows(found.noop, found.rows, self.finders, found.layers))
            write_csv(folder / "noop.csv", NOOP, lines)
        alike = None
        if found.distances is not None:
            content = safetensors({"divergence": found.distances.contiguous()})
            write_whole(folder / "distances.safetensors", content)
            write_csv(folder / "distances.csv", DISTANCES, distance_lines(found))
            does = behaviours_of(found)
            # Another model's names mean nothing for the twin's heads.
            best_at = names_of(self.named, found.layers, found.heads) if is_drawn else {}
            plane = embed(found.distances)
            known = {place: " ".join(relations) for place, relations in best_at.items()}
            lines = list(plane_lines(found, plane.points, does, known))
            write_csv(folder / "clusters.csv", HEADS_IN_PLANE, lines)
            labels = {
                place: f"{found.layer_of[place]}-{place % found.heads + 1} {', '.join(relations)}"
                for place, relations in best_at.items()
            }
            if is_drawn:
                figures["figure6_clusters"] = map_of_heads(
                    plane.points, found.layer_of, does, labels, stress=plane.stress
                )
            alike = layers_alike(found.distances, found.layer_of)
        for title, figure in figures.items() if is_drawn else ():
            save(figure, folder / "figures", title)
            add_figure(trainer, f"surface/{title}", figure)
        return {
            "means": {column: found.mean(column) for column in COLUMNS},
            "layers_alike": None if alike is None else vars(alike),
            "stress": None if found.distances is None else plane.stress,
        }


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
