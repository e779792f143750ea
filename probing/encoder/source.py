"""Where a model comes from: its configuration, weights and tokenizer, and what may be wrong."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.utils import CONFIG_NAME

from probing.core.errors import ProbingError
from probing.encoder.folders import (
    check_index,
    has_own_code,
    lacks,
    refuse_adapters,
    refuse_unheeded,
    shortened,
    weight_files,
)
from probing.encoder.tap import IMPLEMENTATION
from probing.encoder.tokenizer import WordpieceTokenizer, position_limit
from probing.encoder.tokenizer_files import TokenizerFiles
from probing.encoder.unexpected import refuse_lost
from probing.encoder.weights import HOW_TO_NAME, is_offline, packaged_folder, verify_packaged

_MOST_LAYERS = 10_000  # models have some dozens


class Source:
    """A folder, a model of the hub, or the model that a package ships.

    Args:
        name: as :class:`~probing.encoder.Encoder` takes it.
        revision: branch, tag or commit of a hub model.
    """

    def __init__(self, name: str, *, revision: str | None) -> None:
        self.name = name
        self.revision = revision
        self._tokenizers: dict[bool, WordpieceTokenizer] = {}

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
            ProbingError: if there is none, if it is of an encoder-decoder, of an adapter, or of
                a model that transformers' class is not.
        """
        with quiet():
            try:
                refuse_adapters(self.name, self.folder, self.options)
                config = transformers.AutoConfig.from_pretrained(self.folder, **self.options)
                text = config.get_text_config()
            except ProbingError:
                raise
            except Exception as error:  # a field of another type than the family's is no ValueError
                raise self.unusable(error) from error
        if config.is_encoder_decoder or text.is_encoder_decoder:
            raise ProbingError(f"{self.name} ({config.model_type}) has two stacks; one is needed")
        refuse_unheeded(self.name, config)
        return config

    @property
    def text(self) -> Any:
        """The configuration of the part that reads text: of most models, all of it."""
        return self.config.get_text_config()

    @cached_property
    def layers(self) -> int:
        """How many layers the model says it has.

        Raises:
            ProbingError: if it does not.
        """
        count = getattr(self.text, "num_hidden_layers", None)
        if type(count) is not int or not 0 < count <= _MOST_LAYERS:
            raise ProbingError(
                f"{self.name} ({self.config.model_type}) does not say how many layers its text "
                f"part has: expected a number up to {_MOST_LAYERS:,}, num_hidden_layers, "
                f"found {count}"
            )
        return count

    @property
    def notice(self) -> str:
        """What is to be said with everything that the model shows; empty for most."""
        return "; its own code (auto_map) is not run" if has_own_code(self.config) else ""

    def trained(self, dtype: torch.dtype) -> tuple[Any, set[str]]:
        """The model with its weights, and the names of those that it lacks, all of its pooler.

        Raises:
            ProbingError: if it cannot be loaded, lacks others, or has some that have no place.
        """
        model, missing = self.read(transformers.AutoModel, dtype)
        lacking = {key for key in missing if "pooler" not in key}
        if lacking:
            raise ProbingError(
                f"{self.name} has no weights for {min(lacking)} and {len(lacking) - 1} more: "
                "its attention would be random"
            )
        return model, missing

    def read(self, auto: Any, dtype: torch.dtype) -> tuple[Any, set[str]]:
        """The model as a class of ``auto``, and the names of the weights that it lacks.

        The weights become ``dtype``, whatever the files hold: the library's own choice would be
        theirs.

        Raises:
            ProbingError: if it cannot be loaded, or has weights that have no place.
        """
        with quiet():
            try:
                check_index(self.folder, self.options)
                model, info = auto.from_pretrained(
                    self.folder,
                    config=self.config,
                    dtype=dtype,
                    attn_implementation=IMPLEMENTATION,
                    output_loading_info=True,
                    **self.options,
                )
            except ProbingError:
                raise
            except Exception as error:  # each file format and architecture fails in its own way
                raise self.unusable(error) from error
            refuse_lost(
                self.name, model, info["unexpected_keys"], weight_files(self.folder, self.options)
            )
        return model, set(info["missing_keys"])

    def tokenizer(self, *, whole: bool = False) -> WordpieceTokenizer:
        """The tokenizer that goes with the model, made once.

        Args:
            whole: whether it is what ``tokenizer.json`` says, whatever class transformers has
                for it.

        Raises:
            ProbingError: if there is none that can be used.
        """
        if whole in self._tokenizers:
            return self._tokenizers[whole]
        text = self.text  # a model that is not there is told of first
        files = TokenizerFiles(self.name, self.folder, self.options)
        with quiet():
            made = files.read(whole=whole)
        with files.usable():
            found = self._tokenizers[whole] = WordpieceTokenizer(
                made,
                name=self.name,
                limit=position_limit(text, made),
                embedded=getattr(text, "vocab_size", None),
                file=None if whole else files.whole,
            )
        return found

    def unusable(self, error: Exception) -> ProbingError:
        """What to say of an error that transformers raised while it loaded the model."""
        if isinstance(error, KeyError) and IMPLEMENTATION in str(error):
            return self.no_dispatch()
        folder = Path(self.folder)
        if isinstance(error, OSError) and not folder.is_dir():
            return ProbingError(
                f"model {self.name!r} is neither a folder, nor cached, nor reachable: {HOW_TO_NAME}"
            )
        is_bare = (
            folder.is_dir() and not (folder / CONFIG_NAME).exists()
        )  # no OSError to transformers
        if (isinstance(error, OSError) or is_bare) and (reason := lacks(folder)):
            return ProbingError(f"model {self.name!r} cannot be used: {reason}; {HOW_TO_NAME}")
        if "trust_remote_code" in str(error):
            return ProbingError(
                f"model {self.name!r} comes with code of its own (auto_map), which is not run, and "
                f"transformers {transformers.__version__} has no class for it"
            )
        return ProbingError(f"model {self.name!r} cannot be used: {shortened(error)}")

    def does_not_run(self, error: Exception) -> ProbingError:
        """What to say of an error that the model raised when it was run on text alone."""
        if isinstance(error, KeyError) or "unexpected keyword argument" in str(error):
            return self.no_dispatch()
        return ProbingError(
            f"{self.name} ({self.config.model_type}) does not run on text alone: {shortened(error)}"
        )

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
