"""Plain text to wordpieces, without words: sentences, and the special tokens around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from probing.encoder.tokenizer import WordpieceTokenizer

# How tokenizers write the space before a piece: not at all, byte-level, SentencePiece.
_SPACES = ("", "Ġ", "▁")
_PUNCTUATION = (".", ",")


@dataclass(frozen=True, slots=True)
class Frame:
    """The special tokens of a text of two parts: ``before`` it, ``between`` the two, ``after``.

    Models that know no separator have nothing ``between``: their text is of one piece.
    ``second_type`` is the token type of the second part and of what follows it.
    """

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]
    second_type: int

    def __len__(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)


class PlainTokenizer:
    """What plain text needs of a tokenizer.

    Args:
        tokenizer: the model's, which also knows words.
    """

    def __init__(self, tokenizer: WordpieceTokenizer) -> None:
        self.start = tokenizer.start
        self.limit = tokenizer.limit
        self.pad_id = tokenizer.pad_id
        self.fingerprint = tokenizer.fingerprint
        self.mask_id: int | None = tokenizer.tokenizer.mask_token_id
        self.unknown_id = tokenizer.unknown_id
        self.marks_spaces = tokenizer.marks_spaces
        self._words = tokenizer
        self._tokenizer = tokenizer.tokenizer

    def __call__(self, sentences: Sequence[str]) -> list[list[int]]:
        """The wordpieces of each sentence, without special tokens.

        Names of special tokens that stand in a text are text. Tokenizers that keep the space
        before a word in its wordpiece see one before every sentence.
        """
        return self._words.pieces([self._space + sentence for sentence in sentences])

    def rebuilt(self, sentences: Sequence[str]) -> int:
        """How many sentences ``tokenizer.json`` would cut otherwise."""
        return self._words.rebuilt([self._space + sentence for sentence in sentences])

    @cached_property
    def _space(self) -> str:
        """What must stand before a text for its first word to look as in the midst of one."""
        alone, twice = self._words.pieces(["a", "a a"])
        return "" if twice == alone * 2 else " "

    @cached_property
    def frame(self) -> Frame:
        """The special tokens that the tokenizer puts around two texts.

        One that has no such pattern but a ``[CLS]`` and a ``[SEP]`` gets that of BERT.
        """
        pair = self._tokenizer("a", "a")
        ids, part = pair["input_ids"], pair.sequence_ids(0)
        first, second = part.index(0), part.index(1)
        last = len(part) - part[::-1].index(1)
        inner = range(first, second)
        between = tuple(ids[place] for place in inner if part[place] is None)
        second_type = pair.encodings[0].type_ids[second]
        cls, sep = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        if between:
            return Frame((*ids[:first],), between, (*ids[last:],), second_type)
        if cls is not None and sep is not None:
            return Frame((cls,), (sep,), (sep,), 1)
        single = self._tokenizer("a")
        part = single.sequence_ids(0)
        first, last = part.index(0), len(part) - part[::-1].index(0)
        ids = single["input_ids"]
        return Frame((*self.start, *ids[:first]), (), (*ids[last:],), 0)

    @cached_property
    def punctuation(self) -> frozenset[int]:
        """The wordpieces that are a full stop or a comma, as in section 3.2."""
        vocabulary = self._tokenizer.get_vocab()
        marks = (space + mark for space in _SPACES for mark in _PUNCTUATION)
        return frozenset(vocabulary[mark] for mark in marks if mark in vocabulary)

    @cached_property
    def ordinary(self) -> list[int]:
        """The ids of all wordpieces that stand for text: neither special nor unused ones.

        A tokenizer may hold more of them than the model has embeddings for: those are left out.
        """
        special = set(self._tokenizer.all_special_ids) | set(self._tokenizer.added_tokens_decoder)
        return sorted(
            i
            for piece, i in self._tokenizer.get_vocab().items()
            if i not in special and not piece.startswith("[unused") and self._words.is_embedded(i)
        )

    def names(self, ids: Sequence[int]) -> list[str]:
        """The wordpieces as people read them: ``##ing``, a space before a piece left out."""
        if not self.marks_spaces:
            return list(self._tokenizer.convert_ids_to_tokens(list(ids)))
        return [self._tokenizer.decode([piece]).strip() or "␣" for piece in ids]
