"""Trained probes back from a checkpoint, without a run."""

from __future__ import annotations

from collections.abc import Sequence

from probing.data import EdgeData
from probing.jobs.screening import Screen
from probing.jobs.stored_config import parts, stored_in, stored_options
from probing.learning.module import ProbingModule


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
    stored, loaded = stored_in(checkpoint)
    config = stored_options(stored, place=checkpoint, goes_on=False)
    if model is not None:
        encoder = config["model"].get("encoder")
        own = encoder if isinstance(encoder, dict) else {}
        config["model"]["encoder"] = own | {"name": model}
    module, data = parts(config, Screen(checkpoint, imports))
    module.restore(loaded)
    return module, data
