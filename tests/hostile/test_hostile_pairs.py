"""Minimal pairs: a damaged file is refused in words, or read as it stands; so is a damaged name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import answered, damaged, trying
from naive_readers import lines_of

from probing.ablation.texts import pairs
from probing.data.builtin.pairs import builtin_pairs
from probing.encoder import Encoder, PlainTokenizer

PAIRS = "The key is old.\tThe key are old.\n\n  A cat ran \tA cat run\r\nit was\tit is\n"
# Neither of two who meet is better: read from a file like any other pairs.
REVERSED = "The nurse met the poet.\tThe poet met the nurse.\nAnn saw Bob\tBob saw Ann"


def naive(text: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind the one tab of each line that is not empty."""
    for line in lines_of(text):
        if line.strip():
            good, bad = line.split("\t")
            yield good.strip(), bad.strip()


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Encoder) -> PlainTokenizer:
    return PlainTokenizer(tiny_encoder.tokenizer)


@pytest.mark.parametrize("text", [PAIRS, REVERSED], ids=["pairs", "reversed"])
@trying(12)
@given(data=st.data())
def test_a_damaged_file_of_pairs_is_refused_or_read_as_it_stands(
    text: str,
    data: st.DataObject,
    tokenizer: PlainTokenizer,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    content = data.draw(damaged(text.encode()))
    path = tmp_path_factory.getbasetemp() / "mutant.tsv"
    path.write_bytes(content)
    part = answered(lambda: pairs(str(path), tokenizer=tokenizer))
    if part is not None:
        every = [*naive(content.decode())]
        expected = [tuple([2, *own, 3] for own in tokenizer(pair)) for pair in every]
        fit = [own for own in expected if own[0] != own[1] and min(map(len, own)) > 2]
        assert part.items == [own for own in fit if max(map(len, own)) <= tokenizer.limit]
        assert len(part.items) + part.left_out.total() == len(every)
        assert len(set(part.units)) == len(part.items)


def test_what_is_whole_is_read(tokenizer: PlainTokenizer, tmp_path: Path) -> None:
    """The mutants are of something that is read."""
    for text, count in ((PAIRS, 3), (REVERSED, 2)):
        (tmp_path / "whole.tsv").write_text(text, newline="")
        assert len(pairs(str(tmp_path / "whole.tsv"), tokenizer=tokenizer).items) == count


@trying(12)
@given(damaged(b"builtin:agreement,pairs=3,seed=1"))
def test_a_damaged_name_of_a_built_in_set(name: bytes) -> None:
    text = "builtin:" + name.decode(errors="replace").removeprefix("builtin:")
    found = answered(lambda: builtin_pairs(text))
    if found is not None:
        kind, count, seed = text.removeprefix("builtin:").split(",")
        assert found[0] == kind
        assert len(found[1]) == int(count.removeprefix("pairs=")) > 0
        assert int(seed.removeprefix("seed=")) >= 0
