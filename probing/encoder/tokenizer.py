"""Words to wordpieces, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..batch import Wordpieces
from ..errors import ProbingError


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
        self.tokenizer = tokenizer
        self.limit = limit
        self.pad_id: int = tokenizer.pad_token_id or 0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's definition."""
        definition = self.tokenizer.backend_tokenizer.to_str()
        return hashlib.sha256(definition.encode()).hexdigest()

    def __call__(self, windows: Sequence[Sequence[str]]) -> list[Wordpieces]:
        """Tokenize windows of words, special tokens added."""
        if not windows:
            return []
        encoded = self.tokenizer(
            [list(words) for words in windows],
            is_split_into_words=True,
            truncation=False,
            padding=False,
            verbose=False,
        )
        return [
            Wordpieces(ids, [-1 if w is None else w for w in encoded.word_ids(i)])
            for i, ids in enumerate(encoded["input_ids"])
        ]


def position_limit(config: Any, tokenizer: Any) -> int:
    """The most wordpieces that fit: what tokenizer and position embeddings both allow."""
    positions = getattr(config, "max_position_embeddings", None) or 10**9
    if config.model_type in {"roberta", "xlm-roberta", "camembert", "roberta-prelayernorm"}:
        positions -= config.pad_token_id + 1  # positions start behind the padding index
    return int(min(positions, tokenizer.model_max_length))
