"""What the page shows of probes, and of several models: the numbers of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from chromium import chromium, texts
from page_data import data_of

from probing.api.models import Model
from probing.api.scores import Scores
from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, DistanceWordsProbe
from probing.reports.columns import percent
from probing.reports.comparison.findings import Compared, ComparisonFindings
from probing.reports.comparison.tables import lines
from probing.reports.comparison.writers import page
from probing.reports.ledger import Ledger
from probing.reports.page.callback import Page
from probing.reports.page.writer import PageFindings, report_page
from probing.reports.weights import HeadWeights

CURVE = [(1, {"mine": 0.25, "yours": 0.5}), (2, {"mine": 0.75, "yours": 0.625})]
WEIGHTS = torch.tensor([-1.5, 0.25] * 8).view(2, 2, 4)


@pytest.fixture(scope="module")
def scores(tiny_bert: Path) -> Scores:
    torch.manual_seed(0)
    probes = {"mine": AttentionProbe(), "yours": DistanceWordsProbe()}
    module = ProbingModule(Encoder(str(tiny_bert)).load(), probes=probes)
    model = Model(module.encoder, module)
    return model.score("builtin:documents=2,seed=3", min_anchors=10)


@pytest.fixture(scope="module")
def written(scores: Scores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probes")
    weights = {"mine": ([1, 2], WEIGHTS)}
    report_page(PageFindings(scores.findings, curve=CURVE, weights=weights), folder)
    return folder / "report.html"


def test_accuracies_are_those_of_probes_csv(scores: Scores, written: Path) -> None:
    found = data_of(written)["probes"]
    shown = {
        (name, row["name"]): (correct, row["total"])
        for row in found["rows"]
        for name, correct in zip(found["names"], row["correct"], strict=True)
    }
    table = scores.probes
    assert shown == {
        (own.probe, own.relation): (own.correct, own.total) for own in table.itertuples()
    }
    assert {"mine", "yours", "best-head"} <= set(found["names"])


def test_curves_and_weights_are_what_was_found(written: Path) -> None:
    found = data_of(written)["probes"]
    [chart] = found["charts"]
    assert chart["values"] == ["1", "2"]
    assert {own["name"]: own["shares"] for own in chart["lines"]} == {
        "mine": [0.25, 0.75],
        "yours": [0.5, 0.625],
    }
    [weights] = found["weights"]
    assert (weights["name"], weights["layers"], weights["heads"]) == ("mine", [1, 2], 4)
    assert weights["values"] == WEIGHTS.flatten().tolist()


@pytest.fixture(scope="module")
def compared(scores: Scores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = scores.findings.counts
    models = [Compared(label, "tiny", counts, counts) for label in ("one model", "an<other>")]
    findings = ComparisonFindings("test", "any.conllu", models, "test", min_anchors=10)
    folder = tmp_path_factory.mktemp("compared")
    page(findings, folder)
    data = data_of(folder / "comparison.html")
    [table] = data["tables"]
    assert len(table["lines"]) == len(lines(findings)) > 0
    assert all(all(line[:2]) for line in table["lines"])
    named = [table["columns"][place] for place in table["words"]]
    assert named == ["relation", "model", "direction", "strongest baseline"]
    assert table["title"] == "Best heads"
    assert data["links"][0] == ["one model", "one%20model/reports/test/report.html"]
    return folder / "comparison.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_browser_draws_them(browser: Any, scores: Scores, written: Path, compared: Path) -> None:
    browser.get(written.as_uri())
    cells = browser.execute_script(
        "const own = document.querySelector('#probes ~ .wide');"
        "return [...own.querySelectorAll('tbody tr')].map("
        "(line) => [...line.children].map((cell) => cell.textContent))"
    )
    frame = scores.probes
    mine = frame[frame.probe == "mine"].set_index("relation")
    assert [line[2] for line in cells] == [
        percent(mine.correct[line[0]], mine.total[line[0]]) for line in cells
    ]
    assert len(browser.find_elements("css selector", "polyline")) == 2
    dashes = {
        each.get_attribute("stroke-dasharray")
        for each in browser.find_elements("css selector", "polyline")
    }
    assert len(dashes) == 2
    below = browser.find_elements("css selector", ".weight.below")
    assert len(below) == 4
    assert {each.text for each in below} == {"-100"}
    browser.get(compared.as_uri())
    links = browser.find_elements("css selector", "nav a")
    assert [each.text for each in links] == ["Best heads", "one model", "an<other>"]
    for heading, place in (("model", 3), ("direction", 6)):
        [button] = [
            each
            for each in browser.find_elements("css selector", ".table thead button")
            if each.text == heading
        ]
        button.click()
        shown = texts(browser, f".table tbody tr > :nth-child({place})")
        assert shown == sorted(shown) != sorted(shown, reverse=True)
    assert browser.get_log("browser") == []


def test_a_resumed_run_goes_on_with_the_curve() -> None:
    first, second = (Page(Ledger(), HeadWeights(), None) for _ in range(2))
    assert first.state_dict() == {}
    first.curve = list(CURVE)
    second.load_state_dict(first.state_dict())
    assert second.curve == CURVE
    for wrong in ({}, {"curve": 3}, {"curve": [[1, {"mine": "0.5"}]]}, {"curve": [["1", {}]]}):
        with pytest.raises(ProbingError, match="no learning curve"):
            second.load_state_dict(wrong)
