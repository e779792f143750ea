"""Which word each wordpiece belongs to, and which words a tokenizer does not know."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from tokenizers import Regex, Tokenizer, pre_tokenizers

from probing.core.errors import ProbingError
from probing.core.windows import Text


class Aligned(NamedTuple):
    """A window in wordpieces: ``ids [T]`` and the first and last word of each, -1 if special."""

    ids: list[int]
    first: list[int]
    last: list[int]

    def by_word(self) -> dict[int, list[int]]:
        """The wordpieces of each word, those that it shares with others included."""
        found: dict[int, list[int]] = {}
        for piece, first, last in zip(*self, strict=True):
            for word in range(max(first, 0), last + 1):
                found.setdefault(word, []).append(piece)
        return found


class Aligner:
    """A fast tokenizer of which every wordpiece knows its word; names of special tokens are text.

    Most tokenizers hold the space before a word in its wordpiece (byte-level ones as ``Ġ``,
    SentencePiece as ``▁``): they get the text as it was written, and wordpieces find their words
    by their characters. WordPiece knows no spaces: it gets one word after the other.

    Args:
        backend: the tokenizer itself, which is changed: it neither cuts nor pads any more.
        name: what errors call it.
    """

    def __init__(self, backend: Tokenizer, *, name: str) -> None:
        self.backend = backend
        self.name = name
        # Some tokenizer files cut and pad by themselves; windows are whole, and padded by us.
        backend.no_truncation()
        backend.no_padding()
        whole = json.loads(backend.to_str())
        added, model = whole["added_tokens"], whole["model"]
        self.special = [own["content"] for own in added if own["special"]]
        words = [own for own in added if not own["special"]]
        parts = [whole["normalizer"], whole["pre_tokenizer"], model, words]
        self.definition = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        steps = json.dumps(parts[:2])
        self.marks_spaces = any(mark in steps for mark in ("ByteLevel", "Metaspace", r"\u2581"))
        self.unknown_id = _unknown_id(backend, model)
        self.lost = _Lost(backend, model) if model["type"] == "BPE" else None
        self._cut_names()

    def __call__(self, windows: Sequence[Text]) -> list[Aligned]:
        """Tokenize windows; special tokens are added."""
        texts = [window.text if self.marks_spaces else list(window.words) for window in windows]
        found = []
        for encoding, window in zip(self.encode(texts), windows, strict=True):
            if self.marks_spaces:
                first, last = words_by_characters(encoding, window)
            else:
                first = last = [-1 if word is None else word for word in encoding.word_ids]
            found.append(Aligned(encoding.ids, first, last))
        return found

    def encode(self, texts: Sequence[Any], *, special: bool = True) -> list[Any]:
        """What the library makes of texts, or of lists of words.

        Raises:
            ProbingError: if it fails, as where a word is unknown and it has nothing for such.
        """
        # Calls of transformers on the same tokenizer set it as they like.
        self.backend.encode_special_tokens = True
        try:
            return self.backend.encode_batch(
                list(texts),
                is_pretokenized=any(not isinstance(text, str) for text in texts),
                add_special_tokens=special,
            )
        except Exception as error:  # the library has no exceptions of its own
            raise ProbingError(f"the tokenizer of {self.name} fails: {error}") from error

    def unknown(self, window: Text, found: Aligned) -> int:
        """How many words of a window have a part that the tokenizer does not know."""
        if self.unknown_id is None:
            return 0 if self.lost is None else sum(map(self.lost, window.words))
        if self.unknown_id not in found.ids:
            return 0
        known = zip(*found, strict=True)
        spans = ((first, last) for piece, first, last in known if piece == self.unknown_id)
        return len({word for first, last in spans for word in range(max(first, 0), last + 1)})

    def _cut_names(self) -> None:
        """Cut the names of special tokens where the model would look them up in its vocabulary.

        Unigram, for one, finds ``</s>`` in a text, though nobody asked for a special token.
        """
        if not self.special:
            return
        try:
            made = self.encode(self.special, special=False)
            known = [self.backend.token_to_id(name) for name in self.special]
            found = [n for n, i, e in zip(self.special, known, made, strict=True) if i in e.ids]
        except ProbingError:  # it has no piece for an unknown letter of one of them
            found = self.special
        cuts = [f"{re.escape(n[0])}(?={re.escape(n[1:])})" for n in found if len(n) > 1]
        if cuts:
            cut = pre_tokenizers.Split(Regex("|".join(cuts)), "merged_with_previous")
            before = self.backend.pre_tokenizer
            steps = [cut] if before is None else [before, cut]
            self.backend.pre_tokenizer = pre_tokenizers.Sequence(steps)


def _unknown_id(backend: Tokenizer, model: Mapping[str, Any]) -> int | None:
    """The wordpiece of what a tokenizer does not know, if there is one."""
    if model["type"] == "Unigram":
        return None if model["unk_id"] is None else int(model["unk_id"])
    name = model.get("unk_token")
    return None if name is None else backend.token_to_id(name)


class _Lost:
    """Whether a word has a character of which merges that know nothing else leave no trace."""

    def __init__(self, backend: Tokenizer, model: Mapping[str, Any]) -> None:
        letters = {piece for piece in model["vocab"] if len(piece) == 1}
        self.is_complete = letters.issuperset(pre_tokenizers.ByteLevel.alphabet())
        falls_back = bool(model["byte_fallback"])
        normalizer, splitter = backend.normalizer, backend.pre_tokenizer

        def is_known(letter: str) -> bool:
            if letter in letters:
                return True
            pieces = (f"<0x{byte:02X}>" for byte in letter.encode())
            return falls_back and None not in map(backend.token_to_id, pieces)

        @lru_cache(maxsize=100_000)
        def lost(word: str) -> bool:
            text = word if normalizer is None else normalizer.normalize_str(word)
            parts = [text] if splitter is None else [p for p, _ in splitter.pre_tokenize_str(text)]
            return not all(is_known(letter) for part in parts for letter in part)

        self.lost = lost

    def __call__(self, word: str) -> bool:
        return not self.is_complete and self.lost(word)


def differing(one: Aligned, other: Aligned) -> int:
    """How many words have other wordpieces in one than in the other."""
    own, others = one.by_word(), other.by_word()
    return sum(own.get(word) != others.get(word) for word in own.keys() | others.keys())


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
