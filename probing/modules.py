"""The LightningModule: one frozen encoder, any number of probes that learn from it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

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
from .vectors import WordVectors

OptimizerFactory = Callable[[Iterable[dict[str, Any]]], Optimizer]
CHECKPOINT_FORMAT = 2


def mean_over_anchors(loss: Tensor, batch: EdgeBatch) -> Tensor:
    """A probe's loss as it is: the mean over the anchors of a batch."""
    return loss


def sum_over_anchors(loss: Tensor, batch: EdgeBatch) -> Tensor:
    """The sum over the anchors, so that longer sentences weigh more."""
    return loss * batch.is_anchor.sum()


REDUCTIONS: Mapping[str, Callable[[Tensor, EdgeBatch], Tensor]] = {
    "mean": mean_over_anchors,
    "sum": sum_over_anchors,
}


class ProbingModule(LightningModule):
    """Runs the encoder once a batch and lets every probe learn from what it found.

    Probes share no parameter, so training them together is training each alone. A checkpoint
    holds the probes and names the encoder.

    Args:
        encoder: the frozen model.
        probes: probes by name; the names stand in reports and logs.
        optimizer: makes the optimizer; each probe is a parameter group with its own rate.
        vectors: a file of word vectors, GloVe's or word2vec's text format, for the probes that
            use words; the model's own input embeddings, if not given.
        reduction: what a step minimises: a probe's loss, the ``mean`` over the anchors of the
            batch, or their ``sum``, so that longer sentences weigh more (the released code of
            section 5). What is logged is the mean.
    """

    def __init__(
        self,
        encoder: Encoder,
        probes: dict[str, Probe] | None = None,
        optimizer: OptimizerFactory = torch.optim.Adam,
        *,
        vectors: str | None = None,
        reduction: Literal["mean", "sum"] = "mean",
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.probes: Mapping[str, Probe] = nn.ModuleDict(probes or {})  # type: ignore[assignment]
        self.optimizer = optimizer
        self.vectors = None if vectors is None else WordVectors(vectors)
        self.reduce = REDUCTIONS[reduction]
        self.losses: Mapping[str, MeanMetric] = nn.ModuleDict(  # type: ignore[assignment]
            {name: MeanMetric(nan_strategy="error") for name in self.probes}
        )
        self.extra_needs: set[str] = set()
        self._configured = False

    def configure_model(self) -> None:
        """Load the encoder and size the probes by it, once.

        Raises:
            ProbingError: if there are word vectors, but no probe reads them.
        """
        if self._configured:
            return
        self.encoder.load()
        sizes = self.encoder.sizes
        if self.vectors is not None:
            if not any("vectors" in probe.needs for probe in self.probes.values()):
                raise ProbingError(f"{self.vectors.name}: no probe of this run reads word vectors")
            sizes = replace(sizes, vectors=self.vectors.dimensions)
        for name, probe in self.probes.items():
            # A probe starts the same whichever others it trains beside.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(zlib.crc32(f"{torch.initial_seed()} {name}".encode()))
                probe.configure(sizes)
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
        wants_vectors = "vectors" in needs
        needs.discard("vectors")  # which no encoder has
        if wants_vectors and self.vectors is None:
            needs.add("embeddings")
        encoding: Encoding = self.encoder(batch.ids, batch.words_of, width=batch.width, needs=needs)
        if not wants_vectors:
            return encoding
        if self.vectors is None:
            return replace(encoding, vectors=encoding.embeddings)
        return replace(
            encoding, vectors=self.vectors(batch.words, batch.width).to(batch.ids.device)
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
        return self.reduce(total, batch)

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
            "vectors": self._vectors_used,
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
        self._check_vectors(made.get("vectors"))
        names = {key.split(".")[1] for key in checkpoint["state_dict"] if key.startswith("probes.")}
        if names != set(self.probes):
            raise ProbingError(
                f"the checkpoint holds the probes {_listed(names)}; the run has "
                f"{_listed(self.probes)}"
            )

    @property
    def _vectors_used(self) -> list[str] | None:
        """The file of word vectors, and what tells it from another."""
        return None if self.vectors is None else [self.vectors.name, self.vectors.fingerprint]

    def _check_vectors(self, made: list[str] | None) -> None:
        """Refuse other word vectors than those that the probes of a checkpoint learned from."""
        own = self._vectors_used
        if (made and made[1]) != (own and own[1]):
            learned, found = (
                f"{used[0]} (SHA-256 {used[1][:12]})" if used else "the model's input embeddings"
                for used in (made, own)
            )
            raise ProbingError(
                f"the checkpoint's probes learned from the word vectors {learned}, "
                f"the run has {found}; --model.vectors FILE names the file"
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
