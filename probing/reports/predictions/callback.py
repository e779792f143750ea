"""``--predictions``: what every probe and the chosen heads picked for each anchor, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.head_names import Cell
from probing.core.outcomes import HeadPicks, Outcome
from probing.core.terms import ALL, MAIN
from probing.counting.counts import HeadCounts
from probing.data.tasks.possessives import POSS_CLITIC
from probing.learning.module import ProbingModule
from probing.reports.ledger import Ledger
from probing.reports.predictions.notes import NO_PICK, Notes
from probing.reports.predictions.table import Pickers, write_choices
from probing.reports.run_folder import run_folder
from probing.reports.split_callback import SplitCallback, corpora

FILE = "predictions.parquet"


class Predictions(SplitCallback):
    """Writes ``reports/<split>/predictions.parquet`` of each split that is judged, not learnt from.

    Every process notes what was chosen in a file of its own beside the one to be, which the
    first process puts together. Where heads are chosen on the split itself, what all of them
    pick is noted until it is known which are the chosen ones.

    Args:
        ledger: of the run; the report that fills it comes before this among the callbacks.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.notes: Notes | None = None

    def start(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Start a file, unless probes are being trained."""
        if trainer.state.fn == TrainerFn.FITTING:
            return
        self.probes = tuple(module.pickers)
        corpus, sizes = corpora(trainer)[split], module.encoder.sizes
        directions = corpus.terms.directions
        if self.ledger.chosen_on is not None:
            chosen = _own(self.ledger.counted[self.ledger.chosen_on].heads)
            self.cells = list(dict.fromkeys(chosen.values()))
        else:
            self.cells = _every(directions, sizes.layer_numbers, sizes.heads)
        self.columns = [
            _column(cell, directions, sizes.layer_numbers, sizes.heads) for cell in self.cells
        ]
        self.folder = run_folder(trainer) / "reports" / split
        self.notes = Notes(
            _path(self.folder, trainer.global_rank),
            corpus.anchors,
            probes=len(self.probes),
            heads=len(self.cells),
        )

    def count(self, outcome: Outcome, batch: EdgeBatch) -> None:
        """Note what was picked."""
        if self.notes is None or not batch.anchors.numel():
            return
        probed = batch.probed
        most = probed.anchors.shape[1]
        heads = columns_of(outcome.heads[MAIN])[:, :most, self.columns].cpu().numpy()
        scores = [outcome.scores[name] for name in self.probes]
        probes = outcome.picks.cpu().numpy()
        probabilities = probabilities_of(scores, outcome.picks, probed).cpu().numpy()
        for window, asked, *noted in zip(
            batch.numbers, probed.is_anchor.cpu().numpy(), probes, probabilities, heads, strict=True
        ):
            own = dict(zip(("probes", "probabilities", "heads"), noted, strict=True))
            self.notes.write(window, **{name: values[asked] for name, values in own.items()})

    def finish(self, split: str, trainer: Trainer, module: ProbingModule) -> None:
        """Put the notes of all processes together."""
        if self.notes is None:
            return
        self.notes.file.close()
        trainer.strategy.barrier("predictions are noted")
        if trainer.is_global_zero:
            # A row that only this split has is the other's row of a single label: its head is
            # among those that were noted.
            findings = self.ledger.findings[split]
            own = _own(findings.chosen)
            named = [ALL, *(best.relation for best in findings.table)]
            pickers = Pickers(
                probes=self.probes,
                cells=self.cells,
                shown={row: own[row] for row in named if row in own},
                own=own,
            )
            paths = [_path(self.folder, rank) for rank in range(trainer.world_size)]
            write_choices(self.folder / FILE, corpora(trainer)[split], pickers, self.notes, paths)
        trainer.strategy.barrier("predictions are written")
        self._clean()

    def _clean(self) -> None:
        """Remove the notes; those of others, too, whom a failure here may leave no time."""
        if self.notes is not None:
            self.notes.file.close()
            for path in self.folder.glob(_path(self.folder, "*").name):
                path.unlink(missing_ok=True)
            self.notes = None

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Leave nothing half-written."""
        self._clean()


def columns_of(heads: HeadPicks) -> Tensor:
    """What every head picks in each direction, ``[B, A, 3*L*H]``: columns, or no pick."""
    return torch.where(heads.is_pick, heads.words + 1, NO_PICK).flatten(2)


def probabilities_of(scores: Sequence[Tensor], picks: Tensor, batch: EdgeBatch) -> Tensor:
    """How sure every probe is of what it picks.

    Args:
        scores: ``K`` of ``[B, A, W+1]``.
        picks: ``[B, A, K]``, columns.
        batch: what was scored.

    Returns:
        ``[B, A, K, 2]``: the probability, by a softmax over the candidates, of the pick and of
        all gold candidates together (float64).
    """
    sure = torch.zeros(*picks.shape, 2, dtype=torch.float64, device=picks.device)
    for k, of_probe in enumerate(scores):
        share = of_probe.double().masked_fill(~batch.candidates, -torch.inf).softmax(-1)
        sure[..., k, 0] = share.gather(-1, picks[..., k, None])[..., 0]
        sure[..., k, 1] = (share * batch.gold).sum(-1)
    return sure


def _own(chosen: HeadCounts) -> dict[str, Cell]:
    """The best head of each row with anchors of probes: only those are noted."""
    of_heads = {POSS_CLITIC, *chosen.terms.with_roots}
    rows = [row for row in chosen.order() if chosen.rows[row] not in of_heads]
    return {chosen.rows[row]: chosen.best_head(row) for row in rows}


def _every(directions: Sequence[str], layers: Sequence[int], heads: int) -> list[Cell]:
    """All heads in all directions, as :func:`columns_of` has them."""
    return [
        Cell(direction, layer, head)
        for direction in directions
        for layer in layers
        for head in range(1, heads + 1)
    ]


def _column(cell: Cell, directions: Sequence[str], layers: Sequence[int], heads: int) -> int:
    """Where :func:`columns_of` has a head."""
    direction = directions.index(cell.direction)
    return (direction * len(layers) + layers.index(cell.layer)) * heads + cell.head - 1


def _path(folder: Path, rank: int | str) -> Path:
    """The notes of a process."""
    return folder / f".predictions.{rank}.tmp"
