"""The LightningModule of the analyses of plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torchmetrics import Metric, SumMetric

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord
from probing.encoder import Encoder, MaskedModel
from probing.encoder.soundness import over_processes
from probing.surface.measures.averages import Averages
from probing.surface.measures.distances import HeadDistances
from probing.surface.measures.gradients import Derivatives, MaskedBatch
from probing.surface.measures.noop import SpecialMass
from probing.surface.measures.repeated import CopyScores
from probing.surface.measures.sinks import SinkRate
from probing.surface.text.batches import TokenBatch

MODEL, TWIN = "model", "twin"


class SurfaceModule(LightningModule):
    """Runs the encoder over text and measures what its heads do; nothing is trained.

    Args:
        encoder: the frozen model.
        twin: whether its randomly initialised twin is measured beside it.
        smoothing: the share of even attention that is mixed into rows before their entropies are
            taken. The authors' code has 0.0001; without, 0 log 0 is 0.
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
        self.with_twin = twin
        self.smoothing = smoothing
        self.distance_smoothing = distance_smoothing
        self.encoders: Mapping[str, Encoder] = nn.ModuleDict()  # type: ignore[assignment]
        self.masked: MaskedModel | None = None
        self.analyses: tuple[str, ...] = ()
        self.measures: dict[str, dict[str, Metric]] = {}
        self.segments: dict[str, SumMetric] = {}

    def configure_model(self) -> None:
        """Load the encoder and its twin, once."""
        if self.encoders:
            return
        for name, share in (
            ("smoothing", self.smoothing),
            ("distance_smoothing", self.distance_smoothing),
        ):
            if not 0 <= share < 1:
                raise ProbingError(f"expected {name} from 0 to less than 1, found {share}")
        encoders = {MODEL: self.encoder.load()}
        if self.with_twin and not self.encoder.random_init:
            encoders[TWIN] = Encoder(random_init=True).beside(self.encoder).load()
        self.encoders = nn.ModuleDict(encoders)  # type: ignore[assignment]

    def configure_gradients(self) -> None:
        """Load the masked-language-model head, once.

        Raises:
            ProbingError: if the checkpoint has no trained one.
        """
        if self.masked is None:
            self.masked = MaskedModel(self.encoder).load()

    def start(self, analyses: Sequence[str], *, repeat_length: int) -> None:
        """Begin to count; batches of loader ``k`` are for ``analyses[k]``."""
        self.analyses = tuple(analyses)
        sizes = self.encoder.sizes
        self.segments = {analysis: SumMetric().to(self.device) for analysis in analyses}
        for name in self.encoders:
            known: dict[str, Metric] = {
                "averages": Averages(sizes, smoothing=self.smoothing),
                "sinks": SinkRate(sizes),
                "copies": CopyScores(sizes, length=repeat_length),
                "distances": HeadDistances(
                    sizes.layers, sizes.heads, smoothing=self.distance_smoothing
                ),
                "gradients": Derivatives(sizes),
                "noop": SpecialMass(),
            }
            self.measures[name] = {
                analysis: known[analysis].to(self.device)
                for analysis in analyses
                if analysis != "gradients" or name == MODEL  # the twin has no trained head
            }

    def test_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Count a batch."""
        analysis = self.analyses[dataloader_idx]
        tokens = batch.tokens if isinstance(batch, MaskedBatch) else batch
        self.segments[analysis].update(len(tokens.ids))
        for name, encoder in self.encoders.items():
            if analysis in self.measures[name]:
                update = _UPDATES.get(analysis, _with_encoder)
                model = self.masked if analysis == "gradients" else encoder
                update(self.measures[name][analysis], model, batch)

    def on_test_epoch_end(self) -> None:
        """Refuse what is not finite, before it is reported."""
        for encoder in self.encoders.values():
            encoder.check_maps(over_processes)


def _with_encoder(measure: Any, encoder: Any, batch: Any) -> None:
    measure.update(encoder, batch)


def _with_maps(measure: Any, encoder: Encoder, batch: TokenBatch) -> None:
    if batch.ids.numel():
        kept = _maps(encoder, batch)
        measure.update(torch.stack(kept.maps, 1), batch.real, kept.found_sinks)


def _with_encoding(measure: Any, encoder: Encoder, batch: EdgeBatch) -> None:
    encoding = encoder(
        batch.ids, batch.words_of, width=batch.width, needs={"boundary"}, last_of=batch.last_of
    )
    measure.update(batch, encoding)


# What a measure is given of a batch; the encoder and the batch, where nothing else is said.
_UPDATES: Mapping[str, Callable[[Any, Any, Any], None]] = {
    "distances": _with_maps,
    "noop": _with_encoding,
}


class _Maps:
    def __init__(self) -> None:
        self.maps: list[Tensor] = []
        self.sinks: list[Tensor | None] = []

    def take(self, layer: LayerRecord) -> None:
        self.maps.append(layer.weights.float())
        self.sinks.append(layer.sink)

    @property
    def found_sinks(self) -> Tensor | None:
        """``[B, L, H, T]``, zero in layers without one; ``None`` if no layer has one."""
        if all(sink is None for sink in self.sinks):
            return None
        pairs = zip(self.maps, self.sinks, strict=True)
        return torch.stack([m.new_zeros(m.shape[:3]) if s is None else s for m, s in pairs], 1)


def _maps(encoder: Encoder, batch: TokenBatch) -> _Maps:
    kept = _Maps()
    encoder.read(batch.ids, batch.real, [kept], types=batch.types)
    return kept


def token_maps(encoder: Encoder, batch: TokenBatch) -> Tensor:
    """The wordpiece maps of a batch, ``[B, L, H, T, T]``; not empty."""
    return torch.stack(_maps(encoder, batch).maps, 1)
