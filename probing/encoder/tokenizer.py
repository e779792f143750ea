"""Words to wordpieces, and back."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from probing.core.errors import ProbingError
from probing.core.windows import Text, Wordpieces

# Families that number positions from the one behind the padding index.
_POSITIONS_BEHIND_PADDING = frozenset(
    "camembert data2vec-text esm ibert layoutlmv3 lilt longformer luke roberta "
    "roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod".split()
)


class WordpieceTokenizer:
    """A Hugging Face tokenizer that says which word each wordpiece belongs to.

    Most tokenizers hold the space before a word in its wordpiece (byte-level ones as ``Ġ``,
    SentencePiece as ``▁``): they get the text as it was written, and wordpieces find their words
    by their characters. WordPiece knows no spaces: it gets one word after the other.

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
        definition = json.loads(tokenizer.backend_tokenizer.to_str())
        parts = json.dumps([definition["normalizer"], definition["pre_tokenizer"]])
        self.marks_spaces = any(mark in parts for mark in ("ByteLevel", "Metaspace", r"\u2581"))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's definition and of what is done with it here."""
        code = Path(__file__).read_text(encoding="utf-8")
        definition = f"{self.tokenizer.backend_tokenizer.to_str()} {self.start} {code}"
        return hashlib.sha256(definition.encode()).hexdigest()

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        """Tokenize windows; special tokens, or at least a start token, are added."""
        if not windows:
            return []
        encoded = self.tokenizer(
            [window.text if self.marks_spaces else list(window.words) for window in windows],
            is_split_into_words=not self.marks_spaces,
            truncation=False,
            padding=False,
            verbose=False,
        )
        start = [-1] * len(self.start)
        made = []
        for encoding, window in zip(encoded.encodings, windows, strict=True):
            if self.marks_spaces:
                first, last = words_by_characters(encoding, window)
            else:
                first = last = [-1 if word is None else word for word in encoding.word_ids]
            several = [*start, *last] if first != last else None
            made.append(Wordpieces([*self.start, *encoding.ids], [*start, *first], several))
        return made


def words_by_characters(encoding: Any, window: Text) -> tuple[list[int], list[int]]:
    """The first and the last word that each wordpiece of a text holds characters of.

    White space belongs to no word; a wordpiece of nothing else belongs to the word that follows,
    or else to the last one. Special tokens that the text does not hold have -1.
    """
    starts, ends = [start for start, _ in window.spans], [end for _, end in window.spans]
    first, last = [], []
    for (start, end), is_special in zip(
        encoding.offsets, encoding.special_tokens_mask, strict=True
    ):
        if is_special:
            first.append(-1)
            last.append(-1)
            continue
        first.append(min(bisect_right(ends, start), len(ends) - 1))
        last.append(max(bisect_left(starts, end) - 1, first[-1]))
    return first, last


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
