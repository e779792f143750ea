"""Where a model comes from: its configuration, weights and tokenizer, and what may be wrong."""

from __future__ import annotations

import textwrap
from functools import cached_property
from typing import Any

import torch
import transformers

from probing.core.errors import ProbingError
from probing.encoder.tap import IMPLEMENTATION
from probing.encoder.tokenizer import WordpieceTokenizer, position_limit
from probing.encoder.weights import HOW_TO_NAME, is_offline, packaged_folder, verify_packaged


class Source:
    """A folder, a model of the hub, or the model that a package ships.

    Args:
        name: as :class:`~probing.encoder.Encoder` takes it.
        revision: branch, tag or commit of a hub model.
    """

    def __init__(self, name: str, *, revision: str | None) -> None:
        self.name = name
        self.revision = revision

    @cached_property
    def folder(self) -> str:
        """What transformers is told to load."""
        return str(packaged_folder(self.name)) if self.name.startswith("package:") else self.name

    @cached_property
    def options(self) -> dict[str, Any]:
        """What every download is told."""
        return {
            "revision": self.revision or "main",
            "local_files_only": is_offline(self.folder),
            "trust_remote_code": False,
        }

    def verify(self) -> None:
        """Check the weights of a packaged model whose SHA-256 is known.

        Raises:
            ProbingError: if they are not the published ones.
        """
        verify_packaged(self.name, self.folder)

    @cached_property
    def config(self) -> Any:
        """The model's own configuration.

        Raises:
            ProbingError: if there is none, or it is of an encoder-decoder.
        """
        with quiet():
            try:
                config = transformers.AutoConfig.from_pretrained(self.folder, **self.options)
            except Exception as error:  # a field of another type than the family's is no ValueError
                raise self.unusable(error) from error
        if config.is_encoder_decoder:
            raise ProbingError(f"{self.name} ({config.model_type}) has two stacks; one is needed")
        return config

    def trained(self, dtype: torch.dtype) -> tuple[Any, set[str]]:
        """The model with its weights, and the names of those that it lacks, all of its pooler.

        The weights become ``dtype``, whatever the files hold: the library's own choice would be
        theirs.

        Raises:
            ProbingError: if it cannot be loaded or lacks others.
        """
        with quiet():
            try:
                model, info = transformers.AutoModel.from_pretrained(
                    self.folder,
                    config=self.config,
                    dtype=dtype,
                    attn_implementation=IMPLEMENTATION,
                    output_loading_info=True,
                    **self.options,
                )
            except Exception as error:  # each file format and architecture fails in its own way
                raise self.unusable(error) from error
        missing = {key for key in info["missing_keys"] if "pooler" not in key}
        if missing:
            raise ProbingError(
                f"{self.name} has no weights for {min(missing)} and {len(missing) - 1} more: "
                "its attention would be random"
            )
        return model, set(info["missing_keys"])

    @cached_property
    def tokenizer(self) -> WordpieceTokenizer:
        """The tokenizer that goes with the model.

        Raises:
            ProbingError: if there is none that can be used.
        """
        with quiet():
            try:
                tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder, **self.options)
            except Exception as error:  # of a damaged file, any
                raise self.unusable(error) from error
        return WordpieceTokenizer(
            tokenizer, name=self.name, limit=position_limit(self.config, tokenizer)
        )

    def unusable(self, error: Exception) -> ProbingError:
        """What to say of an error that transformers raised."""
        if isinstance(error, KeyError) and IMPLEMENTATION in str(error):
            return self.no_dispatch()
        if isinstance(error, OSError):
            return ProbingError(
                f"model {self.name!r} is neither a folder, nor cached, nor reachable: {HOW_TO_NAME}"
            )
        reason = textwrap.shorten(str(error), 300, placeholder=" …") or type(error).__name__
        return ProbingError(f"model {self.name!r} cannot be used: {reason}")

    def no_dispatch(self) -> ProbingError:
        """What to say of a model whose attention does not reach the tap."""
        return ProbingError(
            f"{self.name} ({self.config.model_type}) does not dispatch its attention through "
            "transformers' AttentionInterface, so its heads cannot be read"
        )


class quiet:
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
