"""What keeps a file from taking long: mentions of one word, chains of heads, digits, names."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.data.formats import nesting
from probing.data.formats.conllu import read_conllu
from probing.data.formats.nesting import too_many
from probing.data.formats.trees import tree_faults


@pytest.mark.parametrize("seed", range(20))
def test_mentions_beyond_the_most_are_those_that_come_later(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nesting, "MOST", 3)
    rng = random.Random(seed)
    starts = [rng.randrange(12) for _ in range(25)]
    spans = [(start, start + rng.randint(1, 6)) for start in starts]
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int]] = []
    beyond = set()
    for index, (start, end) in enumerate(spans):
        others = [[a <= word < b for a, b in kept].count(True) for word in range(start, end)]
        if max(others) >= 3:
            beyond.add(index)
        else:
            kept.append((start, end))
    assert too_many(spans) == beyond
    assert beyond


@pytest.mark.parametrize("seed", range(60))
def test_a_cycle_is_found_wherever_it_is(seed: int) -> None:
    rng = random.Random(seed)
    size = rng.randint(1, 7)
    heads = [rng.choice([-1, *(h for h in range(size + 1) if h != w)]) for w in range(1, size + 1)]

    def is_in_cycle(first: int) -> bool:
        word = first
        for _ in range(size):
            word = heads[word - 1] if word > 0 else word
            if word == first:
                return True
        return False

    expected = any(map(is_in_cycle, range(1, size + 1)))
    assert ("cycle" in tree_faults(heads)) == expected


def line(number: int, head: str = "0", misc: str = "_") -> str:
    return f"{number}\ta\t_\t_\t_\t_\t{head}\tdep\t_\t{misc}\n"


def read(tmp_path: Path, text: str) -> list[Sentence]:
    path = tmp_path / "a.conllu"
    path.write_text(text)
    return list(read_conllu(str(path)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (line(1, "9" * 5000), "1: expected a head that is a number"),
        (f"1-{'9' * 5000}\ta" + "\t_" * 8 + "\n" + line(1), "1: expected a range"),
        (f"# newdoc id = {'d' * 1001}\n{line(1)}", "1: expected a name of at most 1,000"),
    ],
)
def test_what_is_too_long_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match=rf"a\.conllu:{told}"):
        read(tmp_path, text)


def test_a_word_in_too_many_mentions(tmp_path: Path) -> None:
    opened = "".join(f"(e{i}" for i in range(150))
    closed = "".join(f"e{i})" for i in reversed(range(150)))
    rows = line(1, "0", f"Entity={opened}") + line(2, "1", f"Entity={closed}(other)")
    [sentence] = read(tmp_path, f"# global.Entity = eid\n{rows}")
    assert [[*m.words] for m in sentence.mentions] == [[0, 1]] * 100
    # The last opened is the first closed, and so of those that begin and end alike the first.
    assert {m.entity for m in sentence.mentions} == {f"e{i}" for i in range(50, 150)}
    assert len(sentence.complaints) == 51
    assert "expected 100 mentions at most that share a word" in sentence.complaints[0].text
