"""Text from data as it may be shown: words, labels, names of files and of models are text alone.

A reader sees every character; tables of data (CSV, Parquet, JSON) hold it as it is.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # with which Persian, Hindi and emoji are spelled


def visible(text: str, *, keep: str = "") -> str:
    r"""Text without control, format and direction characters: ``\x1b`` stands for one.

    Args:
        text: any.
        keep: characters that stay, such as the ends of lines of our own.
    """
    if text.isprintable():  # which no such character is
        return text
    return "".join(
        each if each in keep or not _is_hidden(each) else each.encode("unicode_escape").decode()
        for each in text
    )


def _is_hidden(character: str) -> bool:
    is_number_sign = unicodedata.bidirectional(character) == "AN"  # Arabic ones, which are seen
    hidden = unicodedata.category(character) in _HIDDEN
    return hidden and character not in _JOINERS and not is_number_sign
