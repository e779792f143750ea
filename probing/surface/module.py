"""The LightningModule of the analyses of plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torchmetrics import Metric

from ..batch import EdgeBatch, Sizes
from ..encoder import Encoder, MaskedModel, Tap
from .averages import Averages
from .batches import TokenBatch
from .distances import HeadDistances
from .gradients import Derivatives
from .noop import SpecialMass
from .repeated import CopyScores
from .sinks import SinkRate


class SurfaceModule(LightningModule):
    """Runs the encoder over text and measures what its heads do; nothing is trained.

    Args:
        encoder: the frozen model.
        twin: whether its randomly initialised twin is measured beside it.
        smoothing: mixes rows with even attention before entropies are taken; 0 log 0 is 0
            without. The authors' code has 0.0001.
        distance_smoothing: the same for distances between heads; the authors' code has 0.001.
    """

    def __init__(
        self,
        encoder: Encoder,
        twin: bool = True,
        smoothing: float = 0.0,
        distance_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.encoders: Mapping[str, Encoder] = nn.ModuleDict({"model": encoder})  # type: ignore[assignment]
