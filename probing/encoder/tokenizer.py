"""Words to wordpieces, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from probing.core.errors import ProbingError
from probing.core.windows import Text, Wordpieces
from probing.encoder.aligner import Aligner, differing

_CODE = ("tokenizer.py", "aligner.py")  # what shapes wordpieces

# Families that number positions from the one behind the padding index.
_POSITIONS_BEHIND_PADDING = frozenset(
    "camembert data2vec-text esm ibert layoutlmv3 lilt longformer luke roberta "
    "roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod".split()
)


class WordpieceTokenizer:
    """A Hugging Face tokenizer that says which word each wordpiece belongs to.

    Args:
        tokenizer: as transformers has made it.
        name: of its model.
        limit: the most wordpieces that the model takes.
        embedded: how many wordpieces the model has embeddings for, if that is known.
        file: the model's own ``tokenizer.json``, where it is not what ``tokenizer`` is made of:
            words that it would cut otherwise are counted.

    Raises:
        ProbingError: if the tokenizer cannot align wordpieces with words.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        name: str,
        limit: int,
        embedded: int | None = None,
        file: Tokenizer | None = None,
    ) -> None:
        if not tokenizer.is_fast:
            raise ProbingError(
                f"the tokenizer of {name} ({type(tokenizer).__name__}) does not align wordpieces "
                "with words; a fast tokenizer (tokenizer.json) is needed"
            )
        self.tokenizer = tokenizer
        self.limit = limit
        backend = tokenizer.backend_tokenizer
        if file is not None and file.to_str() == backend.to_str():
            file = None  # the usual case; to take a large vocabulary apart takes seconds
        self.aligner = Aligner(backend, name=name)
        self.marks_spaces = self.aligner.marks_spaces
        self.unknown_id = self.aligner.unknown_id
        self.embedded = embedded
        # The model never attends to it, but looks it up.
        pad_id: int = tokenizer.pad_token_id or 0
        self.pad_id = pad_id if self.is_embedded(pad_id) else 0
        self.start = _start(tokenizer, self.aligner)
        own = None if file is None else Aligner(file, name=f"{name} (tokenizer.json)")
        is_rebuilt = own is not None and own.definition != self.aligner.definition
        self.file = own if is_rebuilt else None

    def is_embedded(self, piece: int) -> bool:
        """Whether the model has an embedding for a wordpiece, as far as is known."""
        return self.embedded is None or piece < self.embedded

    @cached_property
    def definition(self) -> str:
        """SHA-256 of all that wordpieces depend on, and of what is done with it here."""
        folder = Path(__file__).parent
        code = "".join((folder / own).read_text(encoding="utf-8") for own in _CODE)
        definition = f"{self.tokenizer.backend_tokenizer.to_str()} {self.start} {code}"
        return hashlib.sha256(definition.encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """The same, and what it is compared with."""
        return self.definition + ("" if self.file is None else f" {self.file.definition}")

    @cached_property
    def oddities(self) -> list[str]:
        """What is odd about the tokenizer, whatever the text."""
        found = []
        capitals = _unreachable_capitals(self.tokenizer)
        if capitals:
            found.append(
                f"its tokenizer lower-cases all text, though {capitals:,} wordpieces have capital "
                "letters (do_lower_case in tokenizer_config.json)"
            )
        if self.file is not None and _frame(self.file) != _frame(self.aligner):
            found.append("tokenizer.json puts other special tokens around a text")
        return found

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        """Tokenize windows; special tokens, or at least a start token, are added.

        Raises:
            ProbingError: if the tokenizer fails.
        """
        if not windows:
            return []
        found = self.aligner(windows)
        others = found if self.file is None else self.file(windows)
        start = [-1] * len(self.start)
        return [
            Wordpieces(
                [*self.start, *own.ids],
                [*start, *own.first],
                [*start, *own.last] if own.first != own.last else None,
                unknown=self.aligner.unknown(window, own),
                rebuilt=0 if other is own else differing(own, other),
            )
            for window, own, other in zip(windows, found, others, strict=True)
        ]

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The wordpieces of texts without words, no special tokens added.

        Raises:
            ProbingError: if the tokenizer fails.
        """
        return [encoding.ids for encoding in self.aligner.encode(texts, special=False)]

    def rebuilt(self, texts: Sequence[str]) -> int:
        """How many of the texts ``tokenizer.json`` would cut otherwise."""
        if self.file is None:
            return 0
        others = self.file.encode(texts, special=False)
        pairs = zip(self.pieces(texts), others, strict=True)
        return sum(own != other.ids for own, other in pairs)


def _frame(aligner: Aligner) -> list[int]:
    """The special tokens that come with a text."""
    (found,) = aligner.encode(["a"])
    marks = zip(found.ids, found.special_tokens_mask, strict=True)
    return [piece for piece, is_special in marks if is_special]


def _unreachable_capitals(tokenizer: Any) -> int:
    """How many wordpieces no text gives, since it is lower-cased; 0 for less than a hundredth."""
    normalizer = tokenizer.backend_tokenizer.normalizer
    if normalizer is None or "A" in normalizer.normalize_str("A"):
        return 0
    pieces = tokenizer.get_vocab().keys() - tokenizer.added_tokens_encoder.keys()
    found = sum(piece != piece.lower() for piece in pieces)
    return found if 100 * found > len(pieces) else 0


def _start(tokenizer: Any, aligner: Aligner) -> list[int]:
    """The start token, where the tokenizer defines one and does not put it first by itself.

    Decoders rest their attention on the first token, which should not be a word.
    """
    if tokenizer.bos_token_id is None:
        return []
    whole, bare = (aligner.encode(["a"], special=special)[0].ids for special in (True, False))
    return [tokenizer.bos_token_id] if whole[:1] == bare[:1] else []


def position_limit(config: Any, tokenizer: Any) -> int:
    """The most wordpieces that fit: what tokenizer and position embeddings both allow."""
    positions = getattr(config, "max_position_embeddings", None) or 10**9
    if config.model_type in _POSITIONS_BEHIND_PADDING:
        positions -= config.pad_token_id + 1
    return int(min(positions, tokenizer.model_max_length))
