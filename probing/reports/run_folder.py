"""Where a run writes."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from matplotlib.figure import Figure
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from probing.core.claims import LOCK, claim
from probing.core.errors import ProbingError
from probing.core.files import remove_temporary, write_whole
from probing.core.inert import visible
from probing.reports.terminal.tables import show

FINISHED = Path("checkpoints") / "finished"
"""Of a run that came to its end: a digest of what it was asked for, and the files that it made."""


class Events(TensorBoardLogger):
    """TensorBoard events and nothing else: the configuration is in ``config.yaml``."""

    @rank_zero_only
    def save(self) -> None:
        """Write out what is waiting."""
        self.experiment.flush()


class RunFolder(Callback):
    """Decides where a run writes; the first process decides and tells the others.

    Args:
        job: names the folder under ``runs/`` where no ``output`` is given.
        output: the folder, or ``None`` for the next free ``runs/<job>/version_N``.
        overwrite: whether to replace a run that is there.
        config: the resolved configuration; goes into the folder and into each checkpoint.
        folders: names the folders of further runs that a run of some configuration makes in its
            own, as a comparison does.
    """

    MADE = (
        *("config.yaml", "checkpoints", "reports"),
        *(f"comparison.{kind}" for kind in ("csv", "md", "png", "pdf", "html")),
    )

    def __init__(
        self,
        *,
        job: str,
        output: str | None,
        overwrite: bool,
        config: str,
        folders: Callable[[str], Sequence[str]],
    ) -> None:
        self.job = job
        self.output = output
        self.overwrite = overwrite
        self.config = config
        self.folders = folders
        self.resume = False
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The folder, once it is decided."""
        assert self._path is not None, "the folder is decided when the trainer sets up"
        return self._path

    def check(self, *, resume: bool | None) -> None:
        """Hold the folder, if it is named; refuse one that holds another run.

        Args:
            resume: whether this run goes on; ``None`` where none can be gone on with.

        Raises:
            ProbingError: naming the folder and what can be done.
        """
        self.resume = bool(resume)
        if self.output is None:
            return
        path = Path(self.output)
        if (path / "config.yaml").exists() and not resume and not self.overwrite:
            go_on = "" if resume is None else "go on with it (--resume), "
            raise ProbingError(
                f"{self.output} holds another run; choose another --output, {go_on}"
                "or replace it (--overwrite)"
            )
        self._hold(path)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Decide, once, and point the logger and the checkpoints there."""
        if self._path is not None:
            return
        decided = str(self.decide()) if trainer.is_global_zero else ""
        self._path = Path(trainer.strategy.broadcast(decided))
        if trainer.logger is None:
            trainer.logger = Events(save_dir=self._path, name="", version="")
        elif trainer.is_global_zero:
            for logger in trainer.loggers:  # our own has the configuration beside it
                logger.log_hyperparams(yaml.safe_load(self.config))
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, ModelCheckpoint) and callback.dirpath is None:
                callback.dirpath = str(self._path / "checkpoints")

    def decide(self) -> Path:
        """Claim the folder, for the first process alone, and write the configuration there."""
        path = Path(self.output) if self.output else _next_version(Path("runs") / self.job)
        self._hold(path)
        if self.overwrite and not self.resume:
            self._clear(path)
        self._refuse_links(path)
        (path / FINISHED).unlink(missing_ok=True)
        write_whole(path / "config.yaml", self.config)
        self._path = path
        return path

    def _hold(self, path: Path) -> None:
        """Keep other runs out, and remove what one that was killed had begun to write."""
        if not (self.overwrite and not self.resume):
            self._refuse_links(path)
        if not claim(path):
            show(f"{path}: no file can be locked there: start no other run with the same --output")
        remove_temporary(path.glob(".*.tmp"))
        for made in self._made(path):
            remove_temporary(made.rglob(".*.tmp"))

    def _refuse_links(self, path: Path) -> None:
        """Refuse links where a run writes; the folder itself may be one.

        Raises:
            ProbingError: naming the first, and where it leads.
        """
        own = [path / label for label in self.folders(self.config)]
        made = (made for folder in (path, *own) for made in self._made(folder))
        within = (each for one in made for each in chain([one], one.rglob("*")))
        for each in chain([path / LOCK], own, within):
            if each.is_symlink():
                raise ProbingError(
                    f"{each} is a link to {os.readlink(each)}: a run writes into its own folder "
                    "alone; remove it, or choose another --output"
                )

    def _made(self, path: Path) -> Iterator[Path]:
        """What one run makes in its folder, or has made."""
        yield from (path / name for name in self.MADE)
        yield from path.glob("events.out.tfevents.*")

    def _clear(self, path: Path) -> None:
        """Remove what an earlier run made, and nothing else."""
        config = path / "config.yaml"
        known = self.folders(config.read_text("utf-8", "replace")) if config.is_file() else ()
        for own in (path / name for name in known):
            if (own / "config.yaml").is_file() and not own.is_symlink():
                self._remove(own)
                if not any(own.iterdir()):
                    own.rmdir()
        self._remove(path)

    def _remove(self, path: Path) -> None:
        """Remove what one run made in its folder."""
        for made in [*self._made(path)]:
            if made.is_dir() and not made.is_symlink():
                shutil.rmtree(made)
            else:
                made.unlink(missing_ok=True)

    def finish(self) -> None:
        """Note that everything of this configuration is done, and what files that made."""
        made = (path for one in self._made(self.path) for path in (one, *one.rglob("*")))
        files = sorted(str(path.relative_to(self.path)) for path in made if path.is_file())
        write_whole(self.path / FINISHED, "\n".join([self._asked(), *files]))

    def is_finished(self) -> bool:
        """Whether the folder holds all that this configuration asks for."""
        assert self.output is not None, "a run that goes on has a folder"
        path = Path(self.output)
        try:
            asked, *files = (path / FINISHED).read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return False
        return asked == self._asked() and all((path / name).is_file() for name in files)

    def _asked(self) -> str:
        """A digest of the configuration, but for where its run writes."""
        config = yaml.safe_load(self.config)
        asked = {name: config[name] for name in config.keys() - {"output", "overwrite"}}
        return hashlib.sha256(yaml.safe_dump(asked).encode()).hexdigest()

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Put the configuration into the checkpoint."""
        checkpoint["config"] = self.config


def _next_version(job: Path) -> Path:
    """The next free ``version_N``; making the folder claims it, whoever else is looking."""
    number = 0
    while True:
        path = job / f"version_{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return path


def run_folder(trainer: Trainer) -> Path:
    """Where the run of ``trainer`` writes."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, RunFolder):
            return callback.path
    return Path(trainer.default_root_dir)


def add_figure(trainer: Trainer, tag: str, figure: Figure) -> None:
    """Show a figure in every logger that takes any."""
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_figure(visible(tag), figure, trainer.global_step, close=False)
        elif log_image := getattr(logger, "log_image", None):  # Weights & Biases, Neptune, ...
            log_image(key=visible(tag), images=[figure], step=trainer.global_step)


def add_scalars(trainer: Trainer, scalars: Mapping[str, float]) -> None:
    """Write numbers to every logger, whatever its kind."""
    shown = {visible(tag): value for tag, value in scalars.items()}
    for logger in trainer.loggers if shown else ():
        logger.log_metrics(shown, step=trainer.global_step)
