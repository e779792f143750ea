"""A limit of the trainer is a number of batches or a share: which one is never left open."""

from __future__ import annotations

import inspect
import typing

import pytest
from pytorch_lightning import Trainer

from probing.jobs.registry import ROWS

FLOAT_FIRST = typing.Union[float, int, None]  # noqa: UP007  what `typing` may have cached


@pytest.mark.parametrize("float_first", [False, True])
def test_one_is_a_batch_and_one_point_zero_is_all_of_them(
    float_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if float_first:
        annotations = inspect.unwrap(Trainer.__init__).__annotations__
        for name in ("limit_test_batches", "limit_val_batches"):
            monkeypatch.setitem(annotations, name, FLOAT_FIRST)
        monkeypatch.setitem(annotations, "overfit_batches", FLOAT_FIRST)
    said = ["--trainer.limit_test_batches", "1", "--trainer.limit_val_batches", "1.0"]
    said += ["--trainer.overfit_batches", "2", "--data", "probing.data.DependencyData"]
    trainer = ROWS[0].load().parser_of(ROWS[0]).parse_args(said).trainer
    found = [trainer.limit_test_batches, trainer.limit_val_batches, trainer.overfit_batches]
    assert [*map(repr, found)] == ["1", "1.0", "2"]
    assert trainer.limit_train_batches is None
