"""The files that a tokenizer is made of: which are there, which are missing, and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import transformers
from tokenizers import Tokenizer

from probing.core.errors import ProbingError
from probing.encoder.folders import shortened, stored

WHOLE = "tokenizer.json"
# Whatever the families call their vocabularies; one alone is no tokenizer.
_KNOWN = (
    f"{WHOLE} vocab.txt vocab.json merges.txt spiece.model spm.model sentencepiece.bpe.model "
    "sentencepiece.model tokenizer.model tiktoken.model tekken.json"
).split()
_WRITE = "the tokenizer's own save_pretrained writes them beside the model"


class TokenizerFiles:
    """The files in the folder, or the repository of the hub, of a model.

    Args:
        name: what errors call the model.
        folder: what transformers is told to load.
        options: what every download is told.
    """

    def __init__(self, name: str, folder: str, options: Mapping[str, Any]) -> None:
        self.name = name
        self.folder = folder
        self.options = {key: options[key] for key in ("revision", "local_files_only")}

    def path(self, file: str) -> Path | None:
        """Where a file is; ``None`` if it is nowhere."""
        try:
            return stored(self.folder, file, self.options)
        except OSError:  # no such model at all
            return None

    @cached_property
    def whole(self) -> Tokenizer | None:
        """What ``tokenizer.json`` says, before transformers makes anything else of it.

        Raises:
            ProbingError: if it cannot be read.
        """
        path = self.path(WHOLE)
        try:
            return None if path is None else Tokenizer.from_file(str(path))
        except Exception as error:  # the library has no exceptions of its own
            raise ProbingError(f"model {self.name!r}: {path} cannot be read: {error}") from error

    def read(self, *, whole: bool) -> Any:
        """The tokenizer as transformers makes it, or with ``whole`` as ``tokenizer.json`` says.

        Raises:
            ProbingError: if there is none, it cannot be read, or it has no words.
        """
        with self.usable():
            made = transformers.AutoTokenizer.from_pretrained(
                self.folder, **self.options, trust_remote_code=False
            )
            if whole:
                made = self._as_in_file(made)
            if made.is_fast:
                self._check_words(made)
        return made

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Where a tokenizer is made of the files, or asked something for the first time.

        Raises:
            ProbingError: in place of any other error, saying which files there are.
        """
        try:
            yield
        except ProbingError:
            raise
        except Exception as error:  # each class of tokenizers fails in its own way
            raise self._unreadable(error) from error

    def _as_in_file(self, made: Any) -> Any:
        """What ``tokenizer.json`` says, with those special tokens by name that it knows."""
        own = self.whole
        if own is None:
            raise ProbingError(
                f"model {self.name!r}: --model.encoder.tokenizer_file true needs its {WHOLE}, "
                "which is missing"
            )
        named = made.special_tokens_map.items()
        return transformers.PreTrainedTokenizerFast(
            tokenizer_object=own,
            model_max_length=made.model_max_length,
            **{key: word for key, word in named if own.token_to_id(str(word)) is not None},
        )

    def _check_words(self, made: Any) -> None:
        """Refuse a tokenizer that cannot tell two words apart.

        Some classes make do without any file: their vocabulary is a few special tokens, for some
        with a mark for spaces.
        """
        _ = made.all_special_ids  # transformers seeks those that are no words in a loop without end
        special = list(dict.fromkeys([*made.all_special_tokens, *made.added_tokens_encoder]))
        if len(made.get_vocab().keys() - set(special)) > 1:
            return
        names = {"": WHOLE} | dict(made.vocab_files_names)
        names.pop("tokenizer_config_file", None)
        files = {file: self.path(file) for file in names.values()}
        there = [file for file, path in files.items() if path is not None]
        missing = [file for file, path in files.items() if path is None]
        found = f"found {', '.join(there)}" if there else f"missing: {', '.join(missing)}; {_WRITE}"
        raise ProbingError(
            f"model {self.name!r}: its tokenizer ({type(made).__name__}) holds nothing but special "
            f"tokens ({_few(special)}), so that every word would be unknown; {found}"
        )

    def _unreadable(self, error: Exception) -> ProbingError:
        """What to say of an error that transformers raised."""
        there = [file for file in _KNOWN if self.path(file) is not None]
        if not there:
            return ProbingError(
                f"model {self.name!r} has no tokenizer: expected {WHOLE}, or the vocabulary of its "
                f"family ({', '.join(_KNOWN[1:4])}, ...), found no such file; {_WRITE}"
            )
        lacks = "" if WHOLE in there else f" without {WHOLE}"
        return ProbingError(
            f"model {self.name!r}: no tokenizer can be made of {', '.join(there)}{lacks}: "
            f"{shortened(error)}"
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
