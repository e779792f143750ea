"""Names for heads, from the report of another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from probing.core.errors import ProbingError
from probing.surface.report.labels import NamedHead, names_of, read_best_heads

WEIGHTS = "0123456789abcdef"


def entry(head: str, accuracy: float, **rivals: float) -> dict[str, Any]:
    """A line of ``best_heads`` in ``summary.json``."""
    beside = {name: {"baseline": name, "accuracy": share} for name, share in rivals.items()}
    return {"head": head, "direction": "dep->head", "accuracy": accuracy, "anchors": 200} | beside


def report(folder: Path, best: object, *, weights: str = WEIGHTS) -> Path:
    summary = {"model": "a model", "weights_sha256": weights, "best_heads": best}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def test_folder_and_file_are_read_alike(tmp_path: Path) -> None:
    best = {
        "all": entry("1-1", 0.4, offset=0.3),
        "det": entry("3-9", 0.9, offset=0.6) | {"best_on_test": {"accuracy": 0.95}},
        "pronoun": entry("12-2", 0.5, nearest=0.2, rules=0.4),
        "alone": entry("2-4", 0.25),
    }
    expected = [
        NamedHead(1, 1, "all", 0.4, 0.3, "dep->head"),
        NamedHead(3, 9, "det", 0.9, 0.6, "dep->head"),
        NamedHead(12, 2, "pronoun", 0.5, 0.4, "dep->head"),
        NamedHead(2, 4, "alone", 0.25, 0.0, "dep->head"),
    ]
    folder = report(tmp_path, best)
    assert read_best_heads(folder, weights=WEIGHTS) == expected
    assert read_best_heads(folder / "summary.json", weights=WEIGHTS) == expected


def test_a_report_on_another_model_is_refused(tmp_path: Path) -> None:
    folder = report(tmp_path, {}, weights="f" * 64)
    with pytest.raises(ProbingError, match=r"summary\.json: .*a model.*ffffffffffff.*0123456789ab"):
        read_best_heads(folder, weights=WEIGHTS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{\n\n oops", "summary.json:3: .*no JSON"),
        ("[1, 2]", "no JSON object"),
        ('{"best_heads": 3}', "no best_heads"),
        ("{}", "no best_heads"),
        (b"\xff\xfe\x00", "can't decode"),
    ],
)
def test_what_is_no_report(tmp_path: Path, text: str | bytes, found: str) -> None:
    content = text.encode() if isinstance(text, str) else text
    (tmp_path / "summary.json").write_bytes(content)
    with pytest.raises(ProbingError, match=found) as caught:
        read_best_heads(tmp_path, weights=WEIGHTS)
    assert str(tmp_path) in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize(
    "bad", [{"accuracy": 1.0}, {"head": "7", "accuracy": 1.0}, {"head": "a-b", "accuracy": 1}, 4]
)
def test_lines_that_are_not_whole(tmp_path: Path, bad: object) -> None:
    with pytest.raises(ProbingError, match="expected head, accuracy"):
        read_best_heads(report(tmp_path, {"det": bad}), weights=WEIGHTS)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ProbingError, match=r"folder of a run .* reports/test/summary.json"):
            read_best_heads(path, weights=WEIGHTS)


def test_of_a_run_its_test_data_count_first(tmp_path: Path) -> None:
    for split, head in (("val", "1-1"), ("test", "2-2")):
        (tmp_path / "reports" / split).mkdir(parents=True)
        report(tmp_path / "reports" / split, {"det": entry(head, 0.5)})
        assert [str(own) for own in read_best_heads(tmp_path, weights=WEIGHTS)] == [
            f"det by {head}"
        ]


def test_names_are_those_of_the_largest_lead() -> None:
    best = [
        NamedHead(3, 1, "small lead", 0.9, 0.85),
        NamedHead(3, 2, "none", 0.5, 0.5),
        NamedHead(3, 4, "less", 0.6, 0.3),
        NamedHead(7, 4, "more", 0.5, 0.1),
        NamedHead(3, 4, "most", 0.9, 0.2),
        NamedHead(9, 1, "of a layer that is not looked at", 1.0, 0.0),
    ]
    best.append(NamedHead(3, 3, "nmod:*", 1.0, 0.0))  # adds up others
    expected = {3: ["most", "less"], 7: ["more"], 0: ["small lead"]}
    assert names_of(best, (3, 7), 4) == expected
    assert list(names_of(best, (3, 7), 4, at_most=2)) == [3, 7]
    assert names_of([], (3, 7), 4) == {}
