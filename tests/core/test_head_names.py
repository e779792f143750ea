"""Names of heads: one reader for all of them."""

from __future__ import annotations

import pytest

from probing.core.errors import ProbingError
from probing.core.head_names import head_of, read_head


@pytest.mark.parametrize(("text", "found"), [("3-9", (3, 9)), ("12-01", (12, 1)), ("0-0", (0, 0))])
def test_a_name_is_read(text: str, found: tuple[int, int]) -> None:
    assert read_head(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "3-",
        "-9",
        "3-9-1",
        "3 - 9",
        " 3-9",
        "+3-9",
        "٣-٩",
        "²-1",
        "a-b",
        "3–9",
        3,
        None,
        (3, 9),
    ],
)
def test_what_is_no_name(text: object) -> None:
    assert read_head(text) is None
    with pytest.raises(ProbingError, match=r"^--heads: expected LAYER-HEAD with a layer of 1, 3"):
        head_of(text, [1, 3], 4, where="--heads")


@pytest.mark.parametrize("text", ["2-1", "0-1", "4-1", "3-0", "3-5", f"3-{'9' * 5000}"])
def test_a_head_that_is_not_there(text: str) -> None:
    with pytest.raises(ProbingError, match="a head from 1 to 4, found"):
        head_of(text, [1, 3], 4, where="--heads")
    assert head_of("3-4", [1, 3], 4, where="--heads") == (3, 4)
