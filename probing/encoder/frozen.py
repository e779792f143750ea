"""A frozen model: where it comes from, what it is called, how it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Literal, Self

import torch
from torch import Tensor

from probing.core.errors import ProbingError, check_range
from probing.core.layers import Changer, Collector, LayerRecord
from probing.encoder.alone import longest_together
from probing.encoder.layer_numbers import chosen
from probing.encoder.properties import TellingModule
from probing.encoder.soundness import Soundness, not_finite
from probing.encoder.source import Source, quiet
from probing.encoder.tap import Tap
from probing.encoder.tokenizer import WordpieceTokenizer
from probing.encoder.trial import Trial, tried
from probing.encoder.twin import keep_embeddings, random_twin
from probing.encoder.weights import PACKAGED, weights_hash
from probing.encoder.word_maps import AGGREGATIONS


class FrozenModel(TellingModule):
    """A Hugging Face model that dispatches its attention to the tap.

    Frozen in every sense: no gradient, always in eval mode, absent from checkpoints.

    Args:
        name: a folder, a model of the hub, or ``package:MODULE`` for the model folder that an
            installed Python package ships; if not given, the packaged BERT, or, of a further
            encoder, the main one's model.
        aggregation: what attention *from* a split word is: the ``mean`` over its wordpieces
            (the paper's text; if not given), the ``first`` one's (its released code), the ``max``,
            or ``max-renormalised``: the same, and each word's row divided by its sum.
        revision: branch, tag or commit of a hub model.
        layers: numbers of the layers to look at, counted from 1 as in the paper; all, if not
            given. Those above the last of them are not computed, unless ``hidden`` is asked
            for: many models put a norm behind their last layer, so that a model that was cut
            short would give other hidden states.
        random_init: whether to look at the model's untrained twin: the same architecture,
            tokenizer and input embeddings, all other weights at random (section 5).
        random_seed: of those weights.
        keep_embeddings: whether the twin has the trained input embeddings, positions included.
        precision: of the weights and of what the layers compute, ``float32`` if not given. The
            softmax of the attention, and all that comes of it, is in float32 or better.
        tokenizer_file: whether the tokenizer is what ``tokenizer.json`` says, where transformers
            would make another one of it; not, if not given.

    Raises:
        ProbingError: for another aggregation or precision.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        aggregation: Literal["mean", "first", "max", "max-renormalised"] | None = None,
        revision: str | None = None,
        layers: list[int] | None = None,
        random_init: bool = False,
        random_seed: int = 0,
        keep_embeddings: bool = True,
        precision: Literal["float32", "bfloat16", "float16"] | None = None,
        tokenizer_file: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = name or PACKAGED
        self.aggregation = aggregation or "mean"
        # The command line's parser has looked; from Python anything may come.
        _one_of("aggregation", self.aggregation, AGGREGATIONS)
        _one_of("precision", precision or "float32", ("float32", "bfloat16", "float16"))
        if layers is not None and not (
            isinstance(layers, Sequence) and all(type(number) is int for number in layers)
        ):
            raise ProbingError(f"layers: expected a list of numbers like [2, 3], found {layers!r}")
        check_range(0, 2**63 - 1, random_seed=random_seed)
        self.tokenizer_file = bool(tokenizer_file)
        self.source = Source(self.name, revision=revision)
        self.layers = layers
        self.revision = revision
        self.open_to_main = [
            option
            for option, value in (
                ("aggregation", aggregation),
                ("precision", precision),
                ("tokenizer_file", tokenizer_file),
            )
            if value is None
        ]
        self.is_named = name is not None
        self.random_init = random_init
        self.random_seed = random_seed
        self.keep_embeddings = keep_embeddings
        self.precision = precision or "float32"
        self.kept: tuple[str, ...] = ()
        self.model: Any = None
        self.trial: Trial | None = None
        self.fingerprint = ""
        self.soundness = Soundness()
        self.change: Changer | None = None

    def beside(self, main: FrozenModel) -> Self:
        """Take from the main encoder of a run what this one was not told, so that heads compare.

        That is aggregation, precision and where the tokenizer comes from, and, unless a model was
        named, the model, its revision and the layers.

        Raises:
            ProbingError: if the two make different wordpieces of the same text.
        """
        for option in self.open_to_main:
            setattr(self, option, getattr(main, option))
        if not self.is_named:
            self.name = main.name
            is_same = self.revision in (None, main.revision)
            self.source = main.source if is_same else Source(main.name, revision=self.revision)
            self.layers = main.layers if self.layers is None else self.layers
        if self.tokenizer.definition != main.tokenizer.definition:
            raise ProbingError(
                f"{self.name} and {main.name} have different tokenizers: the encoders of one run "
                "read the same wordpieces"
            )
        return self

    def load(self) -> Self:
        """Load the weights, once.

        Raises:
            ProbingError: if the model is not there, lacks weights, does not have the layers, or
                does not dispatch its attention.
        """
        if self.model is not None:
            return self
        self.source.verify()
        _ = self.layer_numbers
        if self.random_init:
            return self._load_twin()
        if self.random_seed or not self.keep_embeddings:
            raise ProbingError(
                f"{self.name} keeps its trained weights: random_seed and keep_embeddings go with "
                "random_init (--model.encoder.random_init true)"
            )
        model, missing = self.source.trained(self._dtype)
        return self.adopt(model, skip=missing)

    def _load_twin(self) -> Self:
        with quiet():
            try:
                twin = random_twin(self.config, seed=self.random_seed)
            except Exception as error:
                raise self.source.unusable(error) from error
        if self.keep_embeddings:
            trained, _ = self.source.trained(torch.float32)
            tried(trained, self.source)
            self.kept = keep_embeddings(twin, trained)
        return self.adopt(twin.to(self._dtype))

    def adopt(self, model: Any, *, skip: Collection[str] = ()) -> Self:
        """Take a model that is loaded already; its attention must be dispatched to the tap."""
        model.eval().requires_grad_(False)
        self.trial = tried(model, self.source)
        _ = self.layer_numbers  # which of them attend is known now
        self.fingerprint = weights_hash(model, skip=skip)
        self.model = model
        return self

    @property
    def config(self) -> Any:
        """The model's own configuration."""
        return self.source.config

    @property
    def tokenizer(self) -> WordpieceTokenizer:
        """The tokenizer that goes with the model."""
        return self.source.tokenizer(whole=self.tokenizer_file)

    @property
    def attending(self) -> tuple[int, ...]:
        """The layers that compute attention, counted from one; none, until the model is loaded."""
        return self.trial.attending if self.trial else ()

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The layers that are looked at, counted from one, ascending.

        Some models have layers without attention in between; the others keep their numbers.

        Raises:
            ProbingError: if the model has no such layers, or they have no attention.
        """
        count = self.source.layers
        known = self.attending or range(1, count + 1)
        return chosen(self.layers, known, count, name=self.name)

    def tap(self, collectors: Sequence[Collector[LayerRecord]], *, stop: bool = False) -> Tap:
        """A tap for one run of the model; it hands on the layers that are looked at."""
        numbers = self.attending or None
        return Tap(
            collectors,
            layers=self.layer_numbers,
            numbers=numbers,
            stop=stop,
            change=self.change,
        )

    @contextmanager
    def changed(self, change: Changer) -> Iterator[None]:
        """Let ``change`` be made to each layer of what runs meanwhile."""
        self.change = change
        try:
            yield
        finally:
            self.change = None

    @cached_property
    def together(self) -> int | None:
        """See :func:`~probing.encoder.alone.longest_together`."""
        return longest_together(self.source.text)

    def apart(self, ids: Tensor) -> bool:
        """Whether the windows of a batch ``[B, T]`` have to run one by one."""
        return self.together is not None and len(ids) > 1 and ids.shape[1] > self.together

    def check_maps(self, reduce: Callable[[Tensor], Tensor] = lambda flags: flags) -> None:
        """Refuse what the model has computed since the last time, if it is not finite.

        Args:
            reduce: sums the flags of layers ``[L+1]`` over processes.

        Raises:
            ProbingError: naming layer and precision.
        """
        numbers = (0, *self.layer_numbers)
        device = next(self.model.parameters()).device
        for number, is_fault in zip(
            numbers, reduce(self.soundness.take(numbers, device)).tolist(), strict=True
        ):
            if is_fault:
                precision = str(self.soundness.dtype or self._dtype).removeprefix("torch.")
                name = f"the random twin of {self.name}" if self.random_init else self.name
                raise not_finite(name, number, precision)

    @property
    def _dtype(self) -> torch.dtype:
        return getattr(torch, self.precision)  # type: ignore[no-any-return]

    @property
    def title(self) -> str:
        """The model's name; of a twin, that and how it came about."""
        name = self.name if self.precision == "float32" else f"{self.name} in {self.precision}"
        if not self.random_init:
            return name
        kept = "kept" if self.keep_embeddings else "random, too"
        return (
            f"{name}, randomly initialised with seed {self.random_seed} (input embeddings {kept})"
        )

    @property
    def identity(self) -> dict[str, object]:
        """The part of ``summary.json`` that says what of which model was looked at."""
        random = {"seed": self.random_seed, "kept": list(self.kept)}
        return {
            "model": self.name,
            "weights_sha256": self.fingerprint,
            "random_init": random if self.random_init else None,
            "precision_of_weights": self.precision,
            "aggregation": self.aggregation,
            "tokenizer_file": self.tokenizer_file,
            "layers": list(self.layer_numbers),
        }

    @property
    def description(self) -> str:
        """The model, its weights, and which layers are looked at if not all."""
        text = f"{self.title}, weights {self.fingerprint[:12]}"
        if len(self.layer_numbers) < self.source.layers:
            listed = ", ".join(map(str, self.layer_numbers))
            text += f"; layers looked at: {listed} of {self.source.layers}"
            if self.layers is None:
                text += ", the others have no attention"
        if self.tokenizer_file:
            text += "; the tokenizer is that of tokenizer.json"
        if self.together is not None:
            longer = f" of more than {self.together:,} wordpieces" if self.together else ""
            text += f"; windows{longer} run one at a time, since its maps depend on the batch"
        return text + self.source.notice

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode, whatever is asked."""
        return super().train(False)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing: a checkpoint names the model instead of holding it."""
        return kwargs.get("destination", {})


def _one_of(option: str, value: str, allowed: Collection[str]) -> None:
    if value not in tuple(allowed):
        raise ProbingError(f"{option}: expected one of {', '.join(allowed)}, found {value!r}")
