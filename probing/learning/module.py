"""The LightningModule: frozen encoders, any number of probes that learn from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, Literal

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import MeanMetric

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.head_picking import HeadPicking
from probing.core.layers import Collector, WordLayer
from probing.core.outcomes import Outcome
from probing.core.terms import MAIN
from probing.encoder import Encoder
from probing.encoder.soundness import over_processes
from probing.encoder.vectors import WordVectors
from probing.learning.belongings import belongings, check_belongings
from probing.learning.checkpoints import as_written, listed
from probing.learning.configuring import expanded, size
from probing.learning.encoding import encoded, scored
from probing.learning.lessons import Lesson, Lessons
from probing.learning.seeds import repeated
from probing.learning.steps import REDUCTIONS, of_the_whole, progress_of
from probing.probes import Probe
from probing.probes.base import pick

OptimizerFactory = Callable[[Iterable[dict[str, Any]]], Optimizer]


class ProbingModule(LightningModule):
    """Runs each encoder once a batch and lets every probe learn from what its own found.

    Probes share no parameter, so training them together is training each alone. A checkpoint
    holds the probes and names the encoders.

    Args:
        encoder: the frozen model.
        probes: probes by name; the names stand in reports and logs.
        optimizer: makes the optimizer; each probe is a parameter group with its own rate.
        encoders: further ones by name, such as its randomly initialised twin, with the same
            tokenizer; without a name of a model they look at that of ``encoder``.
        seeds: initialisations of every probe, each a probe of its own called ``name@seed``; one of
            the run's seed, called ``name``, if none are given.
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
        encoders: dict[str, Encoder] | None = None,
        seeds: list[int] | None = None,
        vectors: str | None = None,
        reduction: Literal["mean", "sum"] = "mean",
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.encoders: Mapping[str, Encoder] = nn.ModuleDict(  # type: ignore[assignment]
            {MAIN: encoder} | (encoders or {})
        )
        copies = repeated(probes or {}, seeds or ())
        self.probes: Mapping[str, Probe] = nn.ModuleDict(copies)  # type: ignore[assignment]
        self.optimizer = optimizer
        self.vectors = None if vectors is None else WordVectors(vectors)
        self.reduce = REDUCTIONS[reduction]
        self.picks_heads = True
        """Whether what heads pick is found for every batch that is judged."""
        self.collectors: dict[str, list[Collector[WordLayer]]] = {n: [] for n in self.encoders}
        """By encoder, who else gets the word maps of the batches that are judged."""
        self.lessons: Callable[[EdgeBatch], Mapping[str, Lesson]]
        """Makes of a training batch, by encoder, what probes learn from; once they are sized."""
        self._configured = False

    def configure_model(self) -> None:
        """Load the encoders and size each probe by its own, once.

        Raises:
            ProbingError: for encoders that do not go together, a probe that names none, and word
                vectors that no probe reads.
        """
        if self._configured:
            return
        if self.encoders[MAIN] is not self.encoder:
            raise ProbingError(f"a further encoder cannot have the name {MAIN!r}")
        for name, encoder in self.encoders.items():
            if not name.isidentifier():
                raise ProbingError(f"encoder {name!r}: expected a name of letters, digits and _")
            encoder.beside(self.encoder).load()
        vectors = self.vectors
        if vectors is not None and not any("vectors" in p.needs for p in self.probes.values()):
            raise ProbingError(f"{vectors.name}: no probe of this run reads word vectors")
        self.probes = nn.ModuleDict(  # type: ignore[assignment]
            expanded(self.probes, self.encoders)
        )
        self.losses: Mapping[str, MeanMetric] = nn.ModuleDict(  # type: ignore[assignment]
            {name: MeanMetric(nan_strategy="error") for name in self.probes}
        )
        size(self.probes, self.encoders, vectors=self.vectors)
        self.lessons = Lessons(self.encoders, self.probes, self.vectors)
        self._configured = True

    @property
    def pickers(self) -> dict[str, Probe]:
        """The probes that pick candidates: those that do not measure distances instead."""
        return {n: probe for n, probe in self.probes.items() if not probe.measures_distances}

    def configure_optimizers(self) -> Optimizer:
        """One optimizer, a parameter group a probe.

        Groups are in the order of the names: a checkpoint's are told apart by their place alone,
        and a resumed run may name its probes in another order.

        Raises:
            ProbingError: if no probe has a parameter to train.
        """
        groups = [
            {"params": list(probe.parameters()), "lr": probe.learning_rate, "name": name}
            for name, probe in sorted(self.probes.items())
            if any(True for _ in probe.parameters())
        ]
        if not groups:
            raise ProbingError("no probe has a parameter to train; evaluate.py scores heads")
        return self.optimizer(groups)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip each probe's gradient by itself: which others are there changes nothing."""
        groups = optimizer.param_groups
        try:
            for group in groups:
                optimizer.param_groups = [group]
                self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        finally:
            optimizer.param_groups = groups

    @property
    def description(self) -> str:
        """The encoders, their weights and what is odd about their tokenizer, in a line."""
        others = [
            f"; {name}: {encoder.description}"
            for name, encoder in self.encoders.items()
            if name != MAIN
        ]
        odd = (f"; {oddity}" for oddity in self.encoder.tokenizer.oddities)
        return f"Model {self.encoder.description}{''.join(others)}{''.join(odd)}"

    @property
    def identity(self) -> dict[str, object]:
        """The part of ``summary.json`` that says what of which models was looked at."""
        others = {n: encoder.identity for n, encoder in self.encoders.items() if n != MAIN}
        return self.encoder.identity | ({"encoders": others} if others else {})

    def encode(
        self,
        batch: EdgeBatch,
        *,
        extra: Iterable[str] = (),
        collectors: Mapping[str, Sequence[Collector[WordLayer]]] = MappingProxyType({}),
    ) -> dict[str, Encoding]:
        """By encoder, what its probes, and ``extra``, need to know of ``batch``.

        ``collectors``, by encoder, get its word maps layer by layer.
        """
        return encoded(
            batch, self.encoders, self.probes.values(), self.vectors, set(extra), collectors
        )

    def rehearse(self, batch: EdgeBatch) -> None:
        """Let every probe score a batch, so that one that cannot is found before a run starts.

        Raises:
            ProbingError: naming the probe.
        """
        with torch.no_grad():
            encodings = self.encode(batch)
            for name in self.probes:
                scored(name, batch.probed, self.probes, encodings)
            self.check_maps(_here)

    def on_train_batch_start(self, batch: EdgeBatch, batch_idx: int) -> None:
        """Each probe sets its learning rate."""
        progress = progress_of(self.trainer, batch_idx)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.probes[group["name"]].rate_at(progress)

    def training_step(self, batch: EdgeBatch, batch_idx: int) -> Tensor:
        """The sum of the probes' losses: each only moves its own parameters."""
        lessons = self.lessons(batch)
        encodings = {name: lesson.encoding for name, lesson in lessons.items()}
        losses, counted = [], []
        for name, probe in self.probes.items():
            seen = lessons[probe.encoder].batch
            with _full_precision(batch):
                scores = scored(name, seen, self.probes, encodings)
                losses.append(probe.loss(scores, seen))
                counted.append(probe.counted(seen))
            self.log(f"train/loss/{name}", losses[-1].detach(), batch_size=1)
        every, counts = torch.stack(losses), torch.stack(counted)
        self.log("loss", every.sum().detach(), prog_bar=True, logger=False, batch_size=1)
        if batch.is_shared:
            every, counts = of_the_whole(every, counts)
        return self.reduce(every, counts).sum()

    def validation_step(self, batch: EdgeBatch, batch_idx: int) -> dict[str, Outcome]:
        """The ``outcome``, see :meth:`judge`; also logs each probe's loss over the whole split."""
        outcome = self.judge(batch, weigh=True)
        for name, loss in self.losses.items():
            self.log(f"val/loss/{name}", loss, on_step=False, on_epoch=True, batch_size=1)
        return {"outcome": outcome}

    def test_step(self, batch: EdgeBatch, batch_idx: int) -> dict[str, Outcome]:
        """The ``outcome``, see :meth:`judge`."""
        return {"outcome": self.judge(batch)}  # Lightning wants a mapping

    def predict_step(self, batch: EdgeBatch, batch_idx: int) -> None:
        """Make the lessons of a batch, for a cache that keeps them."""
        self.lessons(batch)

    def judge(self, batch: EdgeBatch, *, weigh: bool = False) -> Outcome:
        """What probes and, if :attr:`picks_heads`, heads make of a batch: what callbacks report on.

        Args:
            batch: on the module's device.
            weigh: whether to count the losses, and to say what weights probes give to heads.
        """
        picking = {n: HeadPicking(batch) for n in self.encoders} if self.picks_heads else {}
        collectors = {
            name: [*others, picking[name]] if name in picking else others
            for name, others in self.collectors.items()
        }
        encodings = self.encode(batch, collectors=collectors)
        probed = batch.probed
        scores, weights = {}, {}
        for name, probe in self.probes.items():
            encoding = encodings[probe.encoder]
            with _full_precision(batch):
                scores[name] = scored(name, probed, self.probes, encodings)
                if weigh:
                    self._check_probe(name)  # the mean of losses waits anyway, and refuses NaN
                    loss = probe.loss(scores[name], probed)
                    self.losses[name].update(loss, probe.counted(probed))
                    own_weights = probe.head_weights(encoding, probed)
                    if own_weights is not None:
                        weights[name] = own_weights
        picks = probed.anchors.new_zeros(*probed.anchors.shape, len(self.pickers))  # [B, A, K]
        for k, name in enumerate(self.pickers):
            picks[..., k] = pick(scores[name], probed.candidates)
        heads = {name: own.found for name, own in picking.items()}
        return Outcome(heads, scores, picks, probed.gold.gather(-1, picks), weights)

    def check_maps(self, reduce: Callable[[Tensor], Tensor] = over_processes) -> None:
        """Refuse what an encoder or a probe computed since the last time, if it is not finite.

        To be called in every process, at the end of a loop over batches.

        Args:
            reduce: sums flags over processes.

        Raises:
            ProbingError: naming model, layer and precision, or else the probe.
        """
        for encoder in self.encoders.values():
            encoder.check_maps(reduce)
        for name, probe in self.probes.items():
            probe.check_finite(name, lambda flag: reduce(flag.to(self.device)))

    def _check_probe(self, name: str) -> None:
        """Refuse a probe's scores at once; an encoder that is at fault is named instead."""
        try:
            self.probes[name].check_finite(name)
        except ProbingError:
            self.check_maps(_here)
            raise

    def on_train_epoch_end(self) -> None:
        """No checkpoint of probes that learnt from what is not finite is written."""
        self.check_maps()

    def on_predict_epoch_end(self) -> None:
        """Refuse what is not finite."""
        self.check_maps()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Name the encoders that the probes belong to.

        Raises:
            ProbingError: if something was not finite since the last check.
        """
        self.check_maps(_here)
        checkpoint["probing"] = belongings(self.probes, self.encoders, self.vectors)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse what was not made by this framework, or with another model.

        Raises:
            ProbingError: saying which.
        """
        with as_written():
            check_belongings(checkpoint.get("probing"), self.probes, self.encoders, self.vectors)

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """The probes of a checkpoint that is read already.

        Raises:
            ProbingError: if it was not made by this framework, or with another model.
        """
        self.configure_model()
        self.on_load_checkpoint(checkpoint)
        self.load_state_dict(checkpoint["state_dict"])

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Load the probes; the encoder is in no checkpoint."""
        with as_written():
            own = nn.Module.load_state_dict(self, state_dict, strict=False, assign=assign)
        missing = [key for key in own.missing_keys if not key.startswith(("encoder.", "encoders."))]
        if strict and (missing or own.unexpected_keys):
            raise ProbingError(
                f"the checkpoint lacks {listed(missing)} and has besides "
                f"{listed(own.unexpected_keys)}"
            )
        return own


def _here(flags: Tensor) -> Tensor:
    """The flags of this process alone."""
    return flags


def _full_precision(batch: EdgeBatch) -> AbstractContextManager[None]:
    """Where a trainer's mixed precision ends: probes are small, and ties would decide."""
    return torch.autocast(batch.ids.device.type, enabled=False)
