"""What is made of sentences takes time and memory as their number, whatever they hold."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from letters import Letters

from probing.core.errors import ProbingError
from probing.core.sentences import Mention, Sentence
from probing.core.windows import Window, Wordpieces
from probing.data import arrow_files, census
from probing.data.census import Census
from probing.data.resampling_units import UnitCounter
from probing.data.store import open_windows
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies
from probing.data.tasks.mentions import PlacedMention


class Name(str):
    """A text that counts how often it is compared with another."""

    __slots__ = ()
    compared: ClassVar[list[int]] = []
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        self.compared.append(1)
        return str.__eq__(self, other)


def test_a_relation_is_looked_up_among_many() -> None:
    own, names = Census(), [Name(f"relation {i}") for i in range(500)]
    Name.compared.clear()
    assert [own.row(name) for name in [*names, *names]] == [*range(1, 501), *range(1, 501)]
    assert len(Name.compared) <= 5 * len(names)
    assert own.rows == ["all", *names]
    assert Census(**own.state).row("relation 7") == 8  # type: ignore[arg-type]


def test_more_relations_than_a_report_can_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where each word has an identifier in place of a relation."""
    monkeypatch.setattr(census, "MOST", 30)
    line = "1\ta\t_\t_\t_\t_\t0\tid{}\t_\t_\n\n"
    path = tmp_path / "identifiers.conllu"
    path.write_text("".join(map(line.format, range(29))))
    corpus = open_windows(str(path), reader=None, task=Dependencies(), tokenizer=Letters())
    assert len(corpus.census.rows) == 30  # with that of all words
    path.write_text("".join(map(line.format, range(30))))
    told = r"identifiers\.conllu: expected at most 30 relations, .* another, 'id29'"
    with pytest.raises(ProbingError, match=told):
        open_windows(str(path), reader=None, task=Dependencies(), tokenizer=Letters())


def test_units_take_memory_as_they_are_not_as_their_numbers() -> None:
    counter, wordpieces = UnitCounter(""), Wordpieces([1], [0])
    tracemalloc.start()
    try:
        for number in (1, 10**9, 10**9, 10**9 + 1):
            asked: dict[str, Any] = {"anchors": [0], "gold": [[1]], "rows": [[0]]}
            place = {"document": number, "place": number}
            counter.add(Window(["a"], wordpieces, candidates=None, **asked, **place))
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert counter.units(["all"], documents=3, corpus="").of_anchors == {"all": 3}


def test_a_mention_is_compared_with_those_around_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    contains = PlacedMention.contains

    def counted(self: PlacedMention, other: PlacedMention) -> bool:
        compared.append(1)
        return contains(self, other)

    monkeypatch.setattr(PlacedMention, "contains", counted)
    words, each = 60, 10
    mentions = [Mention([w], w, f"e{k}") for w in range(words) for k in range(each)]
    sentence = Sentence(["a"] * words, [], [], [], "d", 1, mentions, "hand")
    [window] = Coreference()([sentence], Letters(), Census())
    assert len(window.anchors) == (words - 1) * each
    assert len(compared) <= words * each * each


@pytest.mark.parametrize(("values", "batches"), [(10**9, 1), (10, 3), (1, 5)])
def test_rows_that_are_long_are_written_fewer_at_a_time(
    values: int, batches: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_files, "_VALUES", values)
    schema = pa.schema({"number": pa.int64(), "lists": pa.list_(pa.list_(pa.int32()))})
    rows = [{"number": i, "lists": [[0] * i, [1]]} for i in (0, 1, 5, 9, 20)]
    arrow_files.write_rows(tmp_path / "a.arrow", schema, rows)
    with pa.memory_map(str(tmp_path / "a.arrow")) as source:
        read = list(pa.ipc.open_stream(source))
    assert len(read) == batches
    assert [row for batch in read for row in batch.to_pylist()] == rows
