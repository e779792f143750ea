"""What a tokenizer does not know, and what another one would cut otherwise, is counted once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from letters import Letters

from probing.core.windows import Text, Wordpieces
from probing.data.shared_tokenizer import CommonTokenizer
from probing.data.store import EdgeWindows, open_windows
from probing.data.tasks.base import Task
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder
from probing.reports.described import describe

SENTENCES = {"a": ["ab x", "xy", "b b b"], "b": ["y x ab", "toolongtoolong xx"]}


@dataclass(frozen=True)
class Partial(Letters):
    """Does not know the letters x and y; another one cuts the b otherwise."""

    limit: int = 14
    fingerprint: str = "partial"

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        return [
            replace(
                pieces,
                unknown=sum(not {"x", "y"}.isdisjoint(word) for word in window.words),
                rebuilt=sum("b" in word for word in window.words),
            )
            for window, pieces in zip(windows, super().__call__(windows), strict=True)
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "bank"
    place.mkdir()
    for name, sentences in SENTENCES.items():
        blocks = [
            "".join(
                f"{i}\t{word}\t_\t_\t_\t_\t{i - 1}\tdep\t_\tEntity=(e1-person-1-)\n"
                for i, word in enumerate(sentence.split(), 1)
            )
            for sentence in sentences
        ]
        document = f"# newdoc id = {name}\n# global.Entity = eid-etype-head-other\n"
        (place / f"{name}.conllu").write_text(document + "\n".join(blocks) + "\n", "utf-8")
    return place


def opened(folder: Path, task: Task) -> EdgeWindows:
    return open_windows(str(folder), reader=None, task=task, tokenizer=Partial())


@pytest.mark.parametrize("task", [Dependencies(), Coreference(limit=8, unit="words")])
def test_unknown_words_of_windows_that_are_used_are_counted_by_part(
    task: Task, folder: Path
) -> None:
    for corpus in (opened(folder, task), opened(folder, task)):  # the second as it was kept
        words = [word for window in corpus.table["words"] for word in window]
        unknown = [word for word in words if "x" in word or "y" in word]
        assert corpus.census.unknown == len(unknown) > 0
        assert corpus.census.rebuilt == sum("b" in word for word in words) > 0
        assert sum(part.unknown for part in corpus.parts) == len(unknown)
        for number, part in enumerate(corpus.parts):
            own = [
                w
                for k, p in enumerate(corpus.part_of)
                if p == number
                for w in corpus.table[k]["words"]
            ]
            assert part.unknown == sum("x" in word or "y" in word for word in own)
        assert f"{len(unknown)} of {len(words)} words" in describe("test", corpus)


def test_a_model_that_is_compared_counts_what_itself_does_not_know(folder: Path) -> None:
    own, other = Letters(14), Partial()
    for first, expected in ((own, 0), (other, 4)):
        common = CommonTokenizer(first, {"own": own, "other": other})
        corpus = open_windows(str(folder), reader=None, task=Dependencies(), tokenizer=common)
        assert corpus.census.unknown == expected


def test_the_real_tokenizer_counts_what_the_stored_ids_say(
    folder: Path, tiny_encoder: Encoder
) -> None:
    (folder / "c.conllu").write_text(
        "1\t\u6f22\t_\t_\t_\t_\t0\troot\t_\t_\n2\ta\u5b57\t_\t_\t_\t_\t1\tdep\t_\t_\n", "utf-8"
    )
    tokenizer = tiny_encoder.tokenizer
    corpus = open_windows(str(folder), reader=None, task=Dependencies(), tokenizer=tokenizer)
    found = 0
    for row in corpus.table:
        pairs = zip(row["ids"], row["words_of"], strict=True)
        found += len({word for piece, word in pairs if piece == tokenizer.unknown_id})
    assert corpus.census.unknown == found == 2
    assert json.loads(json.dumps(vars(corpus.census)))["unknown"] == 2
