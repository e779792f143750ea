"""A probe whose scores are not finite is named when a loop ends, and no batch waits for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.probes import Probe


class Broken(Probe):
    def __init__(self, fault: float) -> None:
        super().__init__()
        self.fault = fault

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        return torch.full((len(batch.words), batch.width, batch.width + 1), self.fault)


@pytest.mark.parametrize("fault", [torch.nan, torch.inf, -torch.inf])
def test_a_fault_is_remembered_until_it_is_asked_for(random_edges: Any, fault: float) -> None:
    batch, encoding = random_edges(1, lengths=(2, 4))
    probe = Broken(fault)
    probe.unchecked(encoding, batch, name="mine")
    probe.fault = 0.0  # a later batch does not hide it
    probe.unchecked(encoding, batch, name="mine")
    with pytest.raises(ProbingError, match=r"^probe 'mine' .* not finite, expected finite"):
        probe.check_finite("mine")
    probe.check_finite("mine")


def test_a_fault_of_another_process_counts(random_edges: Any) -> None:
    batch, encoding = random_edges(1, lengths=(2, 4))
    probe = Broken(0.0)
    with pytest.raises(ProbingError, match="not finite"):
        probe.check_finite("mine", lambda flag: flag + 1)
    probe.unchecked(encoding, batch, name="mine")
    probe.check_finite("mine", lambda flag: flag)
