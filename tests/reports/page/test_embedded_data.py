"""A page holds data that no browser takes for anything else, and the numbers of the tables."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_data import EVIL, data_of, evil_treebank

import probing
from probing.reports.page.html import embedded, page, table
from probing.reports.page.writer import PageFindings, report_page
from probing.reports.tables import head_rows


class Parts(HTMLParser):
    """The tags of a page, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data


def test_a_note_of_two_lines_is_two_notes() -> None:
    made = table("a title", ["a"], [["b"]], ["only 2 batches:\n  no whole score", "one"])
    assert made["notes"] == ["only 2 batches:", "no whole score", "one"]


@given(st.text() | st.sampled_from(EVIL))
def test_any_text_comes_back_and_ends_nothing(text: str) -> None:
    found = embedded({"text": text})
    assert json.loads(found) == {"text": text}
    assert not set("<>&\u2028\u2029") & set(found)


@pytest.mark.parametrize("text", EVIL)
def test_no_text_adds_a_tag_or_a_script(text: str) -> None:
    plain, evil = (Parts(page(title=own, data={"text": own})) for own in ("plain", text))
    assert [tag for tag, _ in evil.tags] == [tag for tag, _ in plain.tags]
    assert len(evil.scripts) == 2
    assert json.loads(evil.scripts[0]) == {"text": text}
    assert evil.scripts[1] == plain.scripts[1]


def test_a_page_asks_nothing_of_any_network() -> None:
    tags = Parts(page(title="any", data={})).tags
    assert not [(tag, own) for tag, own in tags if {"src", "href"} & set(own)]
    policy = next(own["content"] for tag, own in tags if own.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Any:
    folder = tmp_path_factory.mktemp("evil")
    source = evil_treebank(folder / "evil.conllu")
    return probing.score(str(source), model=str(tiny_bert), min_anchors=1)


def test_the_numbers_are_those_of_the_table_of_heads(scores: Any, tmp_path: Path) -> None:
    report_page(PageFindings(scores.findings), tmp_path)
    found = data_of(tmp_path / "report.html")["heads"]
    counts = scores.counts
    expected = [(row[0], *row[4:7]) for row in head_rows(counts)]
    size = len(found["layers"]) * found["heads"]
    assert [
        (row["name"], row["correct"][head], row["total"], row["reachable"][head // found["heads"]])
        for row in found["rows"]
        for head in range(3 * size)
    ] == expected
    masses = [f"{value:.4f}" for row in found["rows"] for value in row["measured"]["special_mass"]]
    assert masses == [f"{float(value):.4f}" for value in scores.heads["special_mass"]]
    lines = found["table"]["lines"]
    assert [line["cells"][0] for line in lines] == list(scores.best_heads.index)
    for line, (_, best) in zip(lines, scores.best_heads.iterrows(), strict=True):
        layer, head = divmod(line["head"] % size, found["heads"])
        assert f"{found['layers'][layer]}-{head + 1}" == best["head"]
        assert found["directions"][line["head"] // size] == best["direction"]


def test_examples_are_what_the_head_picks(scores: Any, tmp_path: Path) -> None:
    report_page(PageFindings(scores.findings), tmp_path)
    found = data_of(tmp_path / "report.html")["heads"]
    model = scores_model(scores)
    size = len(found["layers"]) * found["heads"]
    seen = set()
    for row in found["rows"]:
        for head, own in enumerate(row["examples"]):
            right, few = 0, [own[k : k + 3] for k in range(0, len(own), 3)]
            for slot, pick, _ in few:
                window, anchor, gold, _, _ = row["anchors"][slot]
                words = found["windows"][window]["words"]
                layer, h = divmod(head % size, found["heads"])
                name, direction = f"{layer + 1}-{h + 1}", found["directions"][head // size]
                expected = model(tuple(words)).picks(name, direction)[anchor]
                assert expected == (words[anchor], words[pick] if pick >= 0 else None)
                right += pick in gold
                seen.add(pick in gold)
            # Every anchor is looked at here, so that none is missing.
            assert right == min(3, row["correct"][head])
            assert len(few) - right == min(3, row["total"] - row["correct"][head])
    assert seen == {True, False}


def scores_model(scores: Any) -> Any:
    from functools import cache

    model = probing.load(scores.findings.model.split()[1].rstrip(","))
    return cache(lambda words: model.encode(list(words)))
