"""Words to wordpieces, and back."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..batch import Wordpieces
from ..errors import ProbingError

# Families that number positions from the one behind the padding index.
_POSITIONS_BEHIND_PADDING = frozenset(
    "camembert data2vec-text esm ibert layoutlmv3 lilt longformer luke roberta "
    "roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod".split()
)


class WordpieceTokenizer:
    """A Hugging Face tokenizer that says which word each wordpiece belongs to.

    Raises:
        ProbingError: if the tokenizer cannot align wordpieces with words.
    """

    def __init__(self, tokenizer: Any, *, name: str, limit: int) -> None:
        if not tokenizer.is_fast:
            raise ProbingError(
                f"the tokenizer of {name} ({type(tokenizer).__name__}) does not align wordpieces "
                "with words; a fast tokenizer (tokenizer.json) is needed"
            )
        # Some tokenizer files cut and pad by themselves; windows are whole, and padded by us.
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.limit = limit
        self.pad_id: int = tokenizer.pad_token_id or 0
        self.start = _start(tokenizer)
        # Byte-level tokenizers keep the space before a word, and without one glue it to the last.
        before = json.loads(tokenizer.backend_tokenizer.to_str())["pre_tokenizer"]
        self.space = " " if "ByteLevel" in json.dumps(before) else ""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's definition and of what is done with it here."""
        code = inspect.getsource(type(self))
        definition = f"{self.tokenizer.backend_tokenizer.to_str()} {self.start} {code}"
        return hashlib.sha256(definition.encode()).hexdigest()

    def __call__(self, windows: Sequence[Sequence[str]]) -> list[Wordpieces]:
        """Tokenize windows of words; special tokens, or at least a start token, are added."""
        if not windows:
            return []
        encoded = self.tokenizer(
            [[self.space + word for word in words] for words in windows],
            is_split_into_words=True,
            truncation=False,
            padding=False,
            verbose=False,
        )
        return [
            Wordpieces(
                [*self.start, *ids],
                [*(-1 for _ in self.start), *(-1 if w is None else w for w in encoded.word_ids(i))],
            )
            for i, ids in enumerate(encoded["input_ids"])
        ]


def _start(tokenizer: Any) -> list[int]:
    """The start token, where the tokenizer defines one and does not put it first by itself.

    Decoders rest their attention on the first token, which should not be a word.
    """
    if (
        tokenizer.bos_token_id is None
        or tokenizer("a")["input_ids"][:1]
        != tokenizer("a", add_special_tokens=False)["input_ids"][:1]
    ):
        return []
    return [tokenizer.bos_token_id]


def position_limit(config: Any, tokenizer: Any) -> int:
    """The most wordpieces that fit: what tokenizer and position embeddings both allow."""
    positions = getattr(config, "max_position_embeddings", None) or 10**9
    if config.model_type in _POSITIONS_BEHIND_PADDING:
        positions -= config.pad_token_id + 1
    return int(min(positions, tokenizer.model_max_length))
