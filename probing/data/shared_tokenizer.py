"""The same windows for several models: those that every one of their tokenizers can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from probing.core.windows import Text, Tokenizer, Wordpieces
from probing.data.tasks.base import misfit


@dataclass(frozen=True)
class CommonTokenizer:
    """One of several tokenizers; it refuses the windows that any of them cannot use.

    Args:
        own: the one that tokenizes.
        models: the tokenizers of all models by the models' names, ``own`` among them. The first
            that a window does not fit is named in the reason, which is the same for all.
    """

    own: Tokenizer
    models: Mapping[str, Tokenizer]

    @property
    def limit(self) -> int:
        """The most wordpieces that the model takes, special tokens included."""
        return self.own.limit

    @property
    def pad_id(self) -> int:
        """The id that fills up a batch."""
        return self.own.pad_id

    @property
    def fingerprint(self) -> str:
        """Of all of them: another one may leave out other windows."""
        others = (f"{name} {t.fingerprint} {t.limit}" for name, t in self.models.items())
        return " ".join([self.own.fingerprint, *others])

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        """The wordpieces of ``own``; what does not fit all is marked as unfit."""
        own = self.own(windows)
        reasons = [""] * len(windows)
        seen = set()
        for name, tokenizer in self.models.items():
            if (kind := (tokenizer.fingerprint, tokenizer.limit)) in seen:
                continue
            seen.add(kind)
            is_own = tokenizer.fingerprint == self.own.fingerprint
            for i, found in enumerate(own if is_own else tokenizer(windows)):
                if not reasons[i] and (why := misfit(windows[i], found, tokenizer.limit)):
                    reasons[i] = f"{why} of {name}"
        return [replace(found, unfit=why) for found, why in zip(own, reasons, strict=True)]
