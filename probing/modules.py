"""The LightningModule: one frozen encoder, any number of probes that learn from it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import MeanMetric

from .batch import EdgeBatch, Encoding
from .encoder import Encoder
from .errors import ProbingError
from .probes import Probe
from .probes.base import pick

OptimizerFactory = Callable[[Iterable[dict[str, Any]]], Optimizer]
CHECKPOINT_FORMAT = 2


class ProbingModule(LightningModule):
    """Runs the encoder once a batch and lets every probe learn from what it found.

    Probes share no parameter, so training them together is training each alone. A checkpoint
    holds the probes and names the encoder.

    Args:
        encoder: the frozen model.
        probes: probes by name; the names stand in reports and logs.
        optimizer: makes the optimizer; each probe is a parameter group with its own rate.
    """

    def __init__(
        self,
        encoder: Encoder,
        probes: dict[str, Probe] | None = None,
        optimizer: OptimizerFactory = torch.optim.Adam,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.probes: Mapping[str, Probe] = nn.ModuleDict(probes or {})  # type: ignore[assignment]
        self.optimizer = optimizer
        self.losses: Mapping[str, MeanMetric] = nn.ModuleDict(  # type: ignore[assignment]
            {name: MeanMetric(nan_strategy="error") for name in self.probes}
        )
        self.extra_needs: set[str] = set()
        self._configured = False

    def configure_model(self) -> None:
        """Load the encoder and size the probes by it, once."""
        if self._configured:
            return
        self.encoder.load()
        for name, probe in self.probes.items():
            # A probe starts the same whichever others it trains beside.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(zlib.crc32(f"{torch.initial_seed()} {name}".encode()))
                probe.configure(self.encoder.sizes)
        self._configured = True

    def configure_optimizers(self) -> Optimizer:
        """One optimizer, a parameter group a probe.

        Raises:
            ProbingError: if no probe has a parameter to train.
        """
        groups = [
            {"params": list(probe.parameters()), "lr": probe.learning_rate, "name": name}
            for name, probe in self.probes.items()
            if any(True for _ in probe.parameters())
        ]
        if not groups:
            raise ProbingError("no probe has a parameter to train; evaluate.py scores heads")
        return self.optimizer(groups)

    def encode(self, batch: EdgeBatch, *, extra: Iterable[str] = ()) -> Encoding:
        """What the probes, and ``extra``, need to know of ``batch``."""
        needs = {part for probe in self.probes.values() for part in probe.needs} | set(extra)
        return self.encoder(  # type: ignore[no-any-return]
            batch.ids, batch.words_of, last_of=batch.last_of, width=batch.width, needs=needs
        )

    def rehearse(self, batch: EdgeBatch) -> None:
        """Let every probe score a batch, so that one that cannot is found before a run starts.

        Raises:
            ProbingError: naming the probe.
        """
        with torch.no_grad():
            encoding = self.encode(batch)
            for name, probe in self.probes.items():
                probe.score(encoding, batch, name=name)

    def training_step(self, batch: EdgeBatch, batch_idx: int) -> Tensor:
        """The sum of the probes' losses: each only moves its own parameters."""
        encoding = self.encode(batch)
        losses = {}
        for name, probe in self.probes.items():
            losses[name] = probe.loss(probe.score(encoding, batch, name=name), batch)
            self.log(f"train/loss/{name}", losses[name].detach(), batch_size=1)
        total = torch.stack(list(losses.values())).sum()
        self.log("loss", total.detach(), prog_bar=True, logger=False, batch_size=1)
        return total

    def validation_step(self, batch: EdgeBatch, batch_idx: int) -> dict[str, Any]:
        """See :meth:`judge`; also logs each probe's loss over the whole split."""
        outcome = self.judge(batch, weigh=True)
        for name, loss in self.losses.items():
            self.log(f"val/loss/{name}", loss, on_step=False, on_epoch=True, batch_size=1)
        return outcome

    def test_step(self, batch: EdgeBatch, batch_idx: int) -> dict[str, Any]:
        """See :meth:`judge`."""
        return self.judge(batch)

    def judge(self, batch: EdgeBatch, *, weigh: bool = False) -> dict[str, Any]:
        """What callbacks report on: ``encoding``, and ``hits [B, A, K]``, one column a probe."""
        encoding = self.encode(batch, extra=self.extra_needs)
        hits = []
        for name, probe in self.probes.items():
            scores = probe.score(encoding, batch, name=name)  # [B, A, W+1]
            picks = pick(scores, batch.candidates)  # [B, A]
            hits.append(batch.gold.gather(-1, picks[..., None])[..., 0])
            if weigh:
                self.losses[name].update(probe.loss(scores, batch), batch.is_anchor.sum())
        columns = (
            torch.stack(hits, -1)
            if hits
            else batch.is_anchor.new_zeros((*batch.is_anchor.shape, 0))
        )
        return {"encoding": encoding, "hits": columns}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Name the encoder that the probes belong to."""
        checkpoint["probing"] = {
            "format": CHECKPOINT_FORMAT,
            "encoder": self.encoder.title,
            "weights": self.encoder.fingerprint,
            "layers": list(self.encoder.layer_numbers),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse what was not made by this framework, or with another model.

        Raises:
            ProbingError: saying which.
        """
        made = checkpoint.get("probing")
        if not isinstance(made, dict) or made.get("format") != CHECKPOINT_FORMAT:
            found = made.get("format") if isinstance(made, dict) else "none"
            raise ProbingError(
                f"the checkpoint has format {found}, this version reads {CHECKPOINT_FORMAT}"
            )
        if made["weights"] != self.encoder.fingerprint:
            raise ProbingError(
                f"the checkpoint belongs to {made['encoder']} (weights {made['weights'][:12]}), "
                f"not to {self.encoder.title} (weights {self.encoder.fingerprint[:12]})"
            )
        # As many layers, but others, would have the right shapes and give wrong scores.
        if made["layers"] != list(self.encoder.layer_numbers):
            raise ProbingError(
                f"the checkpoint's probes look at the layers {_numbers(made['layers'])} of "
                f"{made['encoder']}, the run at {_numbers(self.encoder.layer_numbers)}"
            )
        names = {key.split(".")[1] for key in checkpoint["state_dict"] if key.startswith("probes.")}
        if names != set(self.probes):
            raise ProbingError(
                f"the checkpoint holds the probes {_listed(names)}; the run has "
                f"{_listed(self.probes)}"
            )

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Load the probes; the encoder is in no checkpoint."""
        own = nn.Module.load_state_dict(self, state_dict, strict=False, assign=assign)
        missing = [key for key in own.missing_keys if not key.startswith("encoder.")]
        if strict and (missing or own.unexpected_keys):
            raise ProbingError(
                f"the checkpoint lacks {_listed(missing)} and has besides "
                f"{_listed(own.unexpected_keys)}"
            )
        return own


def _numbers(layers: Iterable[int]) -> str:
    return ", ".join(map(str, layers))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
