"""``report.html`` of plain text: the numbers of surface.csv, and what a model attends to."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from chromium import chromium, look, press, texts
from page_data import EVIL, data_of

from probing.core.inert import visible
from probing.encoder import Encoder
from probing.surface.report.clusters import embed
from probing.surface.report.lines_between_tokens import Edge, HeadOnText
from probing.surface.report.page import sentences
from probing.surface.report.page.sentences import Shown, packed, sentences_shown
from probing.surface.report.page.writer import SurfaceFindings, surface_page
from probing.surface.report.sentence import Seen
from probing.surface.report.tables import COLUMNS, Found, head_lines
from probing.surface.text.texts import Line, open_text

RNG = torch.Generator().manual_seed(1)
LAYERS, HEADS = (1, 2, 5), 4
COUNT = len(LAYERS) * HEADS
NAMES = [f"{layer}-{head + 1}" for layer in LAYERS for head in range(HEADS)]


def rand(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=RNG, dtype=torch.float64)


def made(columns: tuple[str, ...] = COLUMNS) -> Found:
    distances = rand(COUNT, COUNT)
    quantities = {name: rand(len(LAYERS), HEADS) for name in columns}
    return Found(LAYERS, HEADS, quantities, (distances + distances.T).fill_diagonal_(0))


MAPS = (2 * torch.randn(len(LAYERS), HEADS, 10, 10, generator=RNG)).softmax(-1)
TOKENS = ("[CLS]", *EVIL, "[SEP]")
FINDINGS = SurfaceFindings(
    "<b>any</b>.txt",
    made(),
    made(),
    notes=[EVIL[0], f"one\n  {EVIL[1]}"],
    best_at={5: ["det", "<i>obj</i>"]},
    sentences=[Shown(EVIL[0], Seen(TOKENS, [True, *(False for _ in EVIL), True], MAPS))] * 2,
    relations=[
        HeadOnText(EVIL[1], TOKENS, MAPS[2, 1], [Edge(1, 2, "wrong"), Edge(1, 3, "missed")], (5, 2))
    ],
    noop=[("<i>obj</i>", "dep->head", 5, 2, 1, 2, "0.123456", "0.200000", "0.000499", "1.000000")],
)


@pytest.fixture(scope="module")
def findings() -> SurfaceFindings:
    assert FINDINGS.found.distances is not None
    return SurfaceFindings(**{**vars(FINDINGS), "plane": embed(FINDINGS.found.distances)})


@pytest.fixture(scope="module")
def written(findings: SurfaceFindings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surface")
    surface_page(findings, folder)
    return folder / "report.html"


def test_the_numbers_are_those_of_surface_csv(written: Path, findings: SurfaceFindings) -> None:
    found = data_of(written)["surface"]
    lines = list(head_lines(findings.found))
    assert [own["name"] for own in found["columns"]] == list(COLUMNS)
    for place, own in enumerate(found["columns"], start=2):
        assert own["values"] == [float(str(line[place])) for line in lines]
    for panel in found["panels"]:
        for series in panel["series"]:
            measured = findings.found.quantities[series["column"]]
            assert series["means"] == pytest.approx(
                [sum(heads) / HEADS for heads in measured.tolist()]
            )
    distances = findings.found.distances
    assert distances is not None
    for head, near in enumerate(found["plane"]["nearest"]):
        others = sorted((float(distances[head, k]), k) for k in range(COUNT) if k != head)
        assert near == [[k, round(apart, 4)] for apart, k in others[:5]]


def test_where_a_relation_does_not_apply_is_in_percent_and_explained(written: Path) -> None:
    own = data_of(written)["tables"][-1]
    assert own["title"] == "Where a relation does not apply"
    assert dict(zip(own["columns"], own["lines"][0], strict=True)) == {
        "relation": "<i>obj</i>",
        "direction": "dep->head",
        "head": "5-2",
        "words": "1",
        "other words": "2",
        "to the last, words %": "12.3",
        "to the last, other words %": "20.0",
        "to the first, words %": "0.0",
        "to the first, other words %": "100.0",
    }
    [said] = own["notes"]
    for word in ("[SEP]", "[CLS]", "other words", "dep->head", "head->dep"):
        assert word in said


def test_what_a_model_has_not_is_left_out(tmp_path: Path) -> None:
    columns = tuple(name for name in COLUMNS if "cls" not in name and "sep" not in name)
    surface_page(SurfaceFindings("any", made(columns)), tmp_path)
    found = data_of(tmp_path / "report.html")["surface"]
    assert [own["name"] for own in found["columns"]] == list(columns)
    shown = {series["column"] for panel in found["panels"] for series in panel["series"]}
    assert shown == {"to_first", "to_punctuation", "to_next", "to_previous", "to_self", "entropy"}
    assert found["plane"] is None


def test_weights_are_in_steps_of_half_a_percent() -> None:
    weights = torch.tensor([[0.0, 0.0024, 0.0026, 0.5], [1.0, 0.3333, 1.0001, 0.0075001]])
    assert list(b64decode(packed(weights))) == [0, 0, 1, 100, 200, 67, 200, 2]


def test_sentences_are_drawn_as_the_model_sees_them(tiny_bert: Path, tiny_encoder: Encoder) -> None:
    shown = sentences_shown(tiny_encoder, open_text("builtin:documents=9,seed=2"), 3, own="He was.")
    assert len(shown) == 4
    assert len({tuple(own.seen.tokens) for own in shown}) == 4
    model = transformers.AutoModel.from_pretrained(tiny_bert, attn_implementation="eager").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_bert)
    for own in shown:
        ids = tokenizer.convert_tokens_to_ids(list(own.seen.tokens))
        with torch.inference_mode():
            maps = model(torch.tensor([ids]), output_attentions=True).attentions
        assert torch.allclose(own.seen.maps, torch.stack(maps)[:, 0], atol=1e-5)
        assert [k for k, special in enumerate(own.seen.is_special) if special] == [0, len(ids) - 1]
    for own in shown[1:]:
        assert 6 <= len(own.seen.tokens) - 2 <= 24


@dataclass
class Text:
    """Sentences, some of which cannot be drawn."""

    read: int = 0

    def lines(self) -> Iterator[Line]:
        for n, sentence in enumerate([None, "he", *("he was in it " * k for k in range(1, 9))]):
            self.read += 1
            yield f"document {n // 2}", sentence


def test_which_sentences_are_drawn_hangs_on_the_text_alone(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tokens(count: int) -> list[tuple[str, ...]]:
        shown = sentences_shown(tiny_encoder, Text(), count)  # type: ignore[arg-type]
        return [tuple(own.seen.tokens) for own in shown]

    # Of 8, 12, 16, 20 and 24 wordpieces; longer ones are left out.
    every = tokens(100)
    assert [len(own) - 2 for own in every] == [8, 12, 16, 20, 24]
    assert tokens(2) == [every[0], every[2]]
    text = Text()
    assert sentences_shown(tiny_encoder, text, 0, own="he was") == []  # type: ignore[arg-type]
    assert text.read == 0
    monkeypatch.setattr(sentences, "MOST", 8 * (10**2 + 14**2))
    assert tokens(100) == every[:2]
    monkeypatch.setattr(sentences, "MOST", 1)
    assert tokens(100) == every[:1]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, written: Path) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(opened: Any, written: Path) -> Iterator[Any]:
    look(opened)
    opened.get(written.as_uri())
    yield opened
    assert opened.get_log("browser") == []
    assert opened.execute_script("return performance.getEntriesByType('resource').length") == 0


def chosen(browser: Any) -> set[str]:
    """What each part of the page says is chosen."""
    found: list[str] = browser.execute_script(
        "const all = (own) => [...document.querySelectorAll(own)];"
        "return [...all('.scatter .point[aria-pressed=true]').map((own) => own.dataset.head),"
        "...all('.map [aria-pressed=true]').map((own) => own.dataset.head),"
        "...all('.tall [aria-current=true]').map((own) => own.dataset.line),"
        "document.querySelector('.chosen select').value]"
    )
    assert len(found) == 6 + 3
    [name] = texts(browser, "#head h2")
    assert name == f"Head {NAMES[int(found[0])]}"
    assert texts(browser, "#sentences h2") == [f"{name} on sentences"]
    rings = browser.execute_script("return document.querySelectorAll('.ring circle').length")
    assert rings == 3 + 3 + 2 + 1 + 1 + 1
    return set(found)


def test_a_click_on_a_point_chooses_its_head_everywhere(
    browser: Any, findings: SurfaceFindings
) -> None:
    from selenium.webdriver import ActionChains

    assert chosen(browser) == {"5"}  # the first that is best at something
    panels = browser.find_elements("css selector", ".scatter")
    assert len(panels) == 6
    for panel, head in zip(panels, (0, 7, 11, 3, 8, 2), strict=True):
        point = panel.find_element("css selector", f"[data-head='{head}'] .mark")
        ActionChains(browser).move_to_element(point).click().perform()
        # Where several lie on each other the nearest is taken, which is one of these.
        [own] = chosen(browser)
        places = browser.execute_script(
            "const at = (head) => [...arguments[0].querySelectorAll(`[data-head='${head}'] .mark`)]"
            ".map((own) => own.getBoundingClientRect());"
            "return [at(arguments[1]), at(arguments[2])].map((all) => all.map(({x, y}) => [x, y]))",
            panel, head, own,
        )  # fmt: skip
        x, y = places[0][0]
        assert min(abs(x - u) + abs(y - v) for u, v in places[1]) < 4
    for name, (head, parts) in {"to_sep": (9, [1]), "induction_score": (2, [])}.items():
        browser.execute_script(
            "const own = document.querySelector('.chosen select');"
            "own.value = arguments[0]; own.dispatchEvent(new Event('change'))", str(head)
        )  # fmt: skip
        assert chosen(browser) == {str(head)}
        layer, number = divmod(head, HEADS)
        value = float(findings.found.quantities[name][layer, number])
        [line] = [
            row.text.split()
            for row in browser.find_elements("css selector", "#head tbody tr")
            if row.text.startswith(f"{name} ")
        ]
        assert line[2] == f"{100 * value:.1f}"
        assert float(line[3]) == pytest.approx(
            100 * float(findings.found.quantities[name][layer].mean()), abs=0.0501
        )
        for part in parts:
            said = panels[part].find_element("css selector", f"[data-head='{head}']")
            assert f"[SEP] {100 * value:.1f}%" in said.get_attribute("aria-label")


def test_the_table_of_all_heads_is_surface_csv(browser: Any, findings: SurfaceFindings) -> None:
    titles = texts(browser, ".tall thead th")
    assert titles == ["head", "does", "best at", *COLUMNS, "x", "y"]
    rows = browser.execute_script(
        "return [...document.querySelectorAll('.tall tbody tr')]"
        ".map((row) => [...row.children].map((cell) => cell.textContent))"
    )
    assert [row[0] for row in rows] == NAMES
    assert rows[5][2] == "det <i>obj</i>"
    for row, line in zip(rows, head_lines(findings.found), strict=True):
        for shown, value in zip(row[3:-2], line[2:], strict=True):
            assert abs(float(shown) - float(str(value))) <= 0.5e-4 + 1e-12
    browser.find_elements("css selector", ".tall thead button")[3].click()
    order = np.argsort([-float(str(line[2])) for line in head_lines(findings.found)])
    assert texts(browser, ".tall tbody th") == [NAMES[k] for k in order]
    search = browser.find_element("css selector", "[type=search]")
    search.send_keys("OBJ")
    shown = [
        row.text for row in browser.find_elements("css selector", ".tall tbody tr") if row.text
    ]
    assert len(shown) == 1
    assert shown[0].startswith("2-2 ")
    browser.find_element("css selector", ".tall tbody tr:not([hidden]) button").click()
    assert chosen(browser) == {"5"}


def test_sentences_show_the_weights_of_the_head(browser: Any) -> None:
    browser.find_element("css selector", ".map [data-head='9']").click()
    drawings = browser.find_elements("css selector", "#sentences figure")
    assert len(drawings) == 2
    own = MAPS[2, 1]
    lines = browser.execute_script(
        "return [...arguments[0].querySelectorAll('line')]"
        ".map((line) => line.getAttribute('opacity'))",
        drawings[0],
    )
    assert len(lines) == int((own >= 0.0025).sum())
    assert sum(map(float, lines)) == pytest.approx(float(own.sum()), abs=0.0025 * own.numel())
    browser.execute_script("arguments[0].querySelectorAll('.from')[3].focus()", drawings[0])
    shares = browser.execute_script(
        "return [...arguments[0].querySelectorAll('.share')].map((own) => own.textContent)",
        drawings[0],
    )
    assert [float(text or 0) for text in shares] == pytest.approx(
        [100 * weight for weight in own[3].tolist()], abs=0.2501
    )
    # What is picked and what is gold differ by more than colour.
    dashes = {
        name: browser.find_element("css selector", f".attention line.{name}").value_of_css_property(
            "stroke-dasharray"
        )
        for name in ("wrong", "missed")
    }
    assert len({"none", *dashes.values()}) == 3


def test_heads_in_the_plane_are_named_by_number_and_all_their_relations(browser: Any) -> None:
    assert texts(browser, "#plane .scatter text.best") == ["2-2 det, <i>obj</i>"]
    text, circle, line, own = browser.execute_script(
        "return ['text.best', 'circle.named', 'line.named', '[data-head=\"5\"] .mark']"
        ".map((each) => { const {x, y, width, height} ="
        " document.querySelector(`#plane .scatter ${each}`).getBoundingClientRect();"
        " return [x, x + width, y, y + height]; })"
    )
    assert sum(circle[:2]) == pytest.approx(sum(own[:2]), abs=4)
    assert sum(circle[2:]) == pytest.approx(sum(own[2:]), abs=4)
    assert text[0] >= circle[1] or text[1] <= circle[0] or text[2] >= circle[3]
    assert line[0] < circle[1] + 1
    assert line[1] > circle[0] - 1


def test_words_that_would_be_code_are_text(browser: Any) -> None:
    assert not browser.find_elements("css selector", "img, i, b, iframe, object, main script")
    assert browser.title.startswith("What heads do on plain text")
    titles = texts(browser, "#sentences .from title")
    for word in map(visible, EVIL):
        assert any(title.startswith(f"“{word}” attends to") for title in titles)
    assert texts(browser, ".notes li")[:3] == [EVIL[0], "one", EVIL[1]]


def test_the_keyboard_chooses_a_point_and_reaches_every_token(browser: Any) -> None:
    from selenium.webdriver import Keys

    def focused() -> Any:
        return browser.switch_to.active_element

    browser.execute_script("document.querySelector('.scatter .point[tabindex=\"0\"]').focus()")
    press(browser, Keys.HOME)
    assert focused().get_attribute("data-head") == "0"
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ENTER)
    assert chosen(browser) == {"5"}
    assert focused().get_attribute("data-head") == "5"
    press(browser, Keys.END, Keys.SPACE)
    assert chosen(browser) == {"11"}
    reached = set()
    for _ in range(80):
        press(browser, Keys.TAB)
        own = focused()
        reached.add(own.get_attribute("class") or own.get_attribute("type") or own.tag_name)
    assert {"from special", "point", "search", "wide tall"} <= reached
    browser.execute_script("document.querySelector('#sentences .from').focus()")
    for token in TOKENS:
        assert focused().get_attribute("aria-label").startswith(f"“{visible(token)}” attends to")
        press(browser, Keys.ARROW_DOWN)


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_in_light_and_dark(browser: Any, written: Path, dark: bool) -> None:
    look(browser, width=360, height=740, dark=dark)
    browser.get(written.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    assert len(browser.find_elements("css selector", ".scatter")) == 6
