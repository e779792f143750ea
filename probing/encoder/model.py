"""The frozen model."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from functools import cached_property
from typing import Any, Literal, Self

import torch
import transformers
from torch import Tensor, nn

from ..batch import Encoding, Sizes
from ..errors import ProbingError
from ..functional import AGGREGATIONS, WordIndex
from .tap import IMPLEMENTATION, Enough, WordTap
from .tokenizer import WordpieceTokenizer, position_limit
from .weights import (
    HOW_TO_NAME,
    PACKAGED,
    is_offline,
    packaged_folder,
    verify_packaged,
    weights_hash,
)


class Encoder(nn.Module):
    """A frozen Hugging Face model, read at the level of words.

    Frozen in every sense: no gradient, always in eval mode, absent from checkpoints.

    Args:
        name: a folder, a model of the hub, or ``package:MODULE`` for the model folder that an
            installed Python package ships.
        aggregation: what attention *from* a split word is: the ``mean`` over its wordpieces
            (the paper's text), the ``first`` one's (its released code), or the ``max``.
        revision: branch, tag or commit of a hub model.
        layers: numbers of the layers to look at, counted from 1 as in the paper; all, if not
            given. Those above the last of them are not computed, unless ``hidden`` is asked
            for: many models put a norm behind their last layer, so that a model that was cut
            short would give other hidden states.
    """

    def __init__(
        self,
        name: str = PACKAGED,
        *,
        aggregation: Literal["mean", "first", "max"] = "mean",
        revision: str | None = None,
        layers: list[int] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.aggregation = aggregation
        self.revision = revision
        self.layers = layers
        self.model: Any = None
        self.fingerprint = ""

    def load(self) -> Self:
        """Load the weights, once.

        Raises:
            ProbingError: if the model is not there, lacks weights, does not have the layers, or
                does not dispatch its attention.
        """
        if self.model is not None:
            return self
        folder = self._folder
        verify_packaged(self.name, folder)
        _ = self.layer_numbers
        with _quiet():
            try:
                model, info = transformers.AutoModel.from_pretrained(
                    folder,
                    config=self.config,
                    attn_implementation=IMPLEMENTATION,
                    output_loading_info=True,
                    **self._source,
                )
            except Exception as error:  # each file format and architecture fails in its own way
                raise self._unusable(error) from error
        missing = {key for key in info["missing_keys"] if "pooler" not in key}
        if missing:
            raise ProbingError(
                f"{self.name} has no weights for {min(missing)} and {len(missing) - 1} more: "
                "its attention would be random"
            )
        self.adopt(model, skip=info["missing_keys"])
        return self

    def adopt(self, model: Any, *, skip: Collection[str] = ()) -> Self:
        """Take a model that is loaded already; its attention must be dispatched to the tap."""
        model.eval().requires_grad_(False)
        self._check_dispatch(model)
        self.fingerprint = weights_hash(model, skip=skip)
        self.model = model
        return self

    @cached_property
    def _folder(self) -> str:
        return str(packaged_folder(self.name)) if self.name.startswith("package:") else self.name

    @cached_property
    def _source(self) -> dict[str, Any]:
        """What every download is told."""
        return {
            "revision": self.revision or "main",
            "local_files_only": is_offline(self._folder),
            "trust_remote_code": False,
        }

    @cached_property
    def config(self) -> Any:
        """The model's own configuration."""
        with _quiet():
            try:
                config = transformers.AutoConfig.from_pretrained(self._folder, **self._source)
            except (OSError, ValueError) as error:
                raise self._unusable(error) from error
        if config.is_encoder_decoder:
            raise ProbingError(f"{self.name} ({config.model_type}) has two stacks; one is needed")
        return config

    def _unusable(self, error: Exception) -> ProbingError:
        if isinstance(error, KeyError) and IMPLEMENTATION in str(error):
            return self._no_dispatch()
        if isinstance(error, OSError):
            return ProbingError(
                f"model {self.name!r} is neither a folder, nor cached, nor reachable: {HOW_TO_NAME}"
            )
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return ProbingError(f"model {self.name!r} cannot be used: {reason}")

    @cached_property
    def tokenizer(self) -> WordpieceTokenizer:
        """The tokenizer that goes with the model."""
        # Byte-level tokenizers take pre-split words only when told that a space precedes each.
        with _quiet():
            try:
                tokenizer = transformers.AutoTokenizer.from_pretrained(
                    self._folder, add_prefix_space=True, **self._source
                )
            except (OSError, ValueError, ImportError) as error:
                raise self._unusable(error) from error
        return WordpieceTokenizer(
            tokenizer, name=self.name, limit=position_limit(self.config, tokenizer)
        )

    @cached_property
    def layer_numbers(self) -> tuple[int, ...]:
        """The layers that are looked at, counted from one, ascending.

        Raises:
            ProbingError: if the model has no such layers.
        """
        count = self.config.num_hidden_layers
        numbers = range(1, count + 1) if self.layers is None else sorted(self.layers)
        if not numbers or not set(numbers) <= set(range(1, count + 1)):
            found = str(self.layers)
        elif len(set(numbers)) < len(numbers):
            found = f"{self.layers}, where one comes twice"
        else:
            return tuple(numbers)
        raise ProbingError(
            f"{self.name} has {count} layers: expected numbers from 1 to {count}, found {found}"
        )

    @property
    def description(self) -> str:
        """The model, its weights, and which layers are looked at if not all."""
        text = f"Model {self.name}, weights {self.fingerprint[:12]}"
        if len(self.layer_numbers) < self.config.num_hidden_layers:
            listed = ", ".join(map(str, self.layer_numbers))
            text += f"; layers looked at: {listed} of {self.config.num_hidden_layers}"
        return text

    @cached_property
    def sizes(self) -> Sizes:
        """Layers, heads, hidden and embedding size of the loaded model."""
        self.load()
        return Sizes(
            layers=len(self.layer_numbers),
            heads=self.config.num_attention_heads,
            hidden=self.config.hidden_size,
            embedding=self.model.get_input_embeddings().weight.shape[1],
            layer_numbers=self.layer_numbers,
        )

    def forward(
        self, ids: Tensor, words_of: Tensor, *, width: int, needs: Collection[str]
    ) -> Encoding:
        """Encode a batch, computing only what is asked for.

        Args:
            ids: ``[B, T]``.
            words_of: ``[B, T]``, the word of each wordpiece, -1 special, -2 padding.
            width: ``W``.
            needs: names of parts of :class:`~probing.batch.Encoding`.

        Returns:
            The parts asked for; ``visible`` comes with ``attention`` or ``boundary``.
        """
        unknown = set(needs) - {"attention", "boundary", "embeddings", "hidden"}
        if unknown:
            raise ValueError(f"an encoding has no part {min(unknown)!r}")
        if ids.numel() == 0:
            return self._empty(width, needs)
        index = WordIndex(words_of, width)
        parts: dict[str, Tensor | None] = {}
        if "embeddings" in needs:
            vectors = self.model.get_input_embeddings()(ids).float()
            parts["embeddings"] = _words(index, vectors)  # [B, W, D]
        tapped = {"attention", "boundary"} & set(needs)
        if tapped or "hidden" in needs:
            tap = WordTap(
                index,
                AGGREGATIONS[self.aggregation],
                layers=self.layer_numbers,
                stop="hidden" not in needs,
            )
            with suppress(Enough):
                output = self.model(
                    input_ids=ids,
                    attention_mask=(words_of > -2).long(),
                    output_hidden_states="hidden" in needs,
                    **({"use_cache": False} if hasattr(self.config, "use_cache") else {}),
                    **({"tap": tap} if tapped else {}),
                )
            if tapped:
                parts |= {k: v for k, v in tap.encoding().items() if k in tapped | {"visible"}}
            if "hidden" in needs:
                states = [output.hidden_states[number] for number in (0, *self.layer_numbers)]
                hidden = [_words(index, state.float()) for state in states]
                parts["hidden"] = torch.stack(hidden, 1)  # [B, L+1, W, D]
        return Encoding(**parts)

    def _empty(self, width: int, needs: Collection[str]) -> Encoding:
        """The encoding of no windows at all, which some models cannot compute."""
        size, device = self.sizes, next(self.model.parameters()).device
        shapes = {
            "attention": (0, size.layers, size.heads, width, width),
            "boundary": (0, size.layers, size.heads, width, 4),
            "embeddings": (0, width, size.embedding),
            "hidden": (0, size.layers + 1, width, size.hidden),
        }
        return Encoding(**{name: torch.zeros(shapes[name], device=device) for name in needs})

    def _check_dispatch(self, model: Any) -> None:
        """Run two wordpieces through the model and see that every layer reached the tap."""
        ids = torch.zeros(1, 2, dtype=torch.long, device=next(model.parameters()).device)
        tap = WordTap(WordIndex(ids + torch.arange(2, device=ids.device), 2), AGGREGATIONS["mean"])
        try:
            model(input_ids=ids, attention_mask=torch.ones_like(ids), tap=tap)
        except ProbingError:
            raise
        except (TypeError, KeyError) as error:  # no such keyword, no such attention
            raise self._no_dispatch() from error
        except Exception as error:
            raise self._unusable(error) from error
        if len(tap.maps) != self.config.num_hidden_layers:
            raise self._no_dispatch()

    def _no_dispatch(self) -> ProbingError:
        return ProbingError(
            f"{self.name} ({self.config.model_type}) does not dispatch its attention through "
            "transformers' AttentionInterface, so its heads cannot be read"
        )

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode, whatever is asked."""
        return super().train(False)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing: a checkpoint names the model instead of holding it."""
        return kwargs.get("destination", {})


def _words(index: WordIndex, vectors: Tensor) -> Tensor:
    """Mean over each word's wordpieces, ``[B, T, D]`` to ``[B, W, D]``, in float32."""
    with torch.autocast(vectors.device.type, enabled=False):
        return index.mean[:, : index.width] @ vectors


class _quiet:
    """Silence transformers' progress bars and loading reports while a model loads."""

    def __enter__(self) -> None:
        self.level = transformers.logging.get_verbosity()
        self.bar = transformers.logging.is_progress_bar_enabled()
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        transformers.logging.set_verbosity(self.level)
        if self.bar:
            transformers.logging.enable_progress_bar()
