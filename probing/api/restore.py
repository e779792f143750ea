"""Trained probes back from a checkpoint, without a run."""

from __future__ import annotations

import warnings
from argparse import Namespace
from collections.abc import Sequence

from probing.data import EdgeData
from probing.jobs.parser import Commands
from probing.jobs.stored_config import base_arguments, stored_config
from probing.learning.checkpoints import load_checkpoint
from probing.learning.module import ProbingModule


class _Parts(Commands):
    """Builds model and data, and no trainer."""

    def instantiate_classes(self) -> None:
        """Build what is needed to look at probes."""
        built = self.parser.instantiate_classes(self.config)
        self.model, self.datamodule = built["model"], built["data"]


def restore(
    checkpoint: str, *, model: str | None = None, imports: Sequence[str] = ()
) -> tuple[ProbingModule, EdgeData]:
    """The module of a checkpoint with its probes loaded, and the data that it was made with.

    Args:
        checkpoint: a file that ``train.py`` wrote; nothing in it is executed.
        model: where the model is now, if no longer where it was.
        imports: modules from outside the package that its configuration may name.

    Raises:
        ProbingError: if it is no checkpoint, names other modules, or belongs to another model.
    """
    early = Namespace(config=[], ckpt_path=checkpoint, output=None, imports=imports, resume=False)
    stored = stored_config("evaluate", early)
    own = ["--seed_everything=false"]  # whoever calls this has a random state of their own
    own += ["--model.encoder.name", model] if model else []
    # Not "evaluate": the data of the run need not be here.
    with base_arguments("train", early, stored, own) as base, warnings.catch_warnings():
        # A notebook has arguments of its own in `sys.argv`, which are not meant for us.
        warnings.filterwarnings("ignore", message=".*LightningCLI's args parameter.*")
        parts = _Parts([*base, *own], job="restore")
    loaded = load_checkpoint(checkpoint)
    module: ProbingModule = parts.model
    module.configure_model()
    module.on_load_checkpoint(loaded)
    module.load_state_dict(loaded["state_dict"])
    return module, parts.datamodule
