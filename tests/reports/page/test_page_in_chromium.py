"""``report.html`` as a reader has it: opened from disk, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium, look, press, texts
from page_data import EVIL, evil_treebank

import probing
from probing.api.scores import Scores
from probing.reports.best_heads import columns_of
from probing.reports.columns import percent
from probing.reports.page.html import page, table
from probing.reports.page.writer import PageFindings, report_page


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Scores:
    source = evil_treebank(tmp_path_factory.mktemp("evil") / "evil.conllu")
    return probing.score(str(source), model=str(tiny_bert), min_anchors=1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, scores: Scores) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("page")
    report_page(PageFindings(scores.findings), folder)
    with chromium(folder / "profile") as browser:
        browser.page = (folder / "report.html").as_uri()
        yield browser


@pytest.fixture
def browser(opened: Any) -> Iterator[Any]:
    look(opened)
    opened.get(opened.page)
    yield opened
    assert opened.get_log("browser") == []
    assert opened.execute_script("return performance.getEntriesByType('resource').length") == 0


def focused(browser: Any) -> str:
    """What has the focus: its text, or else what it is called."""
    name: str = browser.execute_script(
        "const own = document.activeElement;"
        "return own.dataset.head !== undefined ? `head ${own.dataset.head}`"
        ": own.name || own.ariaLabel || own.textContent"
    )
    return name


def test_every_map_has_the_numbers_of_heads_csv(browser: Any, scores: Scores) -> None:
    frame = scores.heads
    for row in ("det", "<i>obj</i>", "all"):
        browser.execute_script(
            "[...document.querySelectorAll('.rows button')]"
            ".find((each) => each.firstChild.textContent === arguments[0]).click()",
            row,
        )
        for place, direction in enumerate(scores.counts.terms.directions):
            browser.execute_script(
                "document.querySelectorAll('[name=direction]')[arguments[0]].click()", place
            )
            own = frame[(frame.relation == row) & (frame.direction == direction)]
            shown = browser.execute_script(
                "return [...document.querySelectorAll('.map tbody button')]"
                ".map((each) => [each.textContent, each.title])"
            )
            assert len(shown) == len(own) > 0
            for (text, title), line in zip(shown, own.itertuples(), strict=True):
                assert title.startswith(
                    f"{row}, {line.layer}-{line.head} {direction}: {line.correct} of {line.total} "
                    f"right, {100 * line.correct / line.total:.1f}%"
                )
                assert f"special_mass {line.special_mass:.3f}"[:-1] in title
                assert abs(float(text) - 100 * line.accuracy) <= 0.5 + 1e-9


def test_a_click_shows_sentences_with_gold_and_pick(browser: Any, scores: Scores) -> None:
    for head in (0, 9, 23):
        direction, place = divmod(head, 8)
        browser.execute_script(
            "document.querySelectorAll('[name=direction]')[arguments[0]].click()", direction
        )
        browser.find_element("css selector", f"[data-head='{head}']").click()
        name = f"{place // 4 + 1}-{place % 4 + 1}"
        own = scores.examples(
            "all", f"{name} {scores.counts.terms.directions[direction]}", right=3, wrong=3
        )
        assert own
        assert texts(browser, "#examples h2")[0].startswith(f"{name} ")
        figures = browser.find_elements("css selector", "#examples figure")
        assert len(figures) == len(own)
        for figure, example, words in zip(figures, own, words_of(browser), strict=True):
            assert words == list(example.words)
            assert figure.get_attribute("class") == (
                "example right" if example.is_right else "example wrong"
            )
            marked = {
                role: [
                    word.get_property("textContent")
                    for word in figure.find_elements("css selector", f".{role} b")
                ]
                for role in ("anchor", "gold", "pick")
            }
            assert marked["anchor"] == [example.words[example.anchor]]
            assert marked["gold"] == [example.words[word] for word in example.gold]
            assert marked["pick"] == [example.words[example.pick]] * (example.pick is not None)
            # Lines differ by more than colour, and end where they should.
            assert figure.find_elements("css selector", "path.of-gold")
            dashes = figure.find_element("css selector", "path.of-pick").value_of_css_property(
                "stroke-dasharray"
            )
            assert dashes != "none"
            special = f"{example.special_is}: {100 * example.special:.0f}%"
            assert special in " ".join(figure.text.split())
        # What the numbers of a head are is said once, in a line each.
        numbers = ("gold_mass", "special_mass", "special_wins", "kappa")
        notes = texts(browser, "#examples .notes li")
        assert [note.split(": ")[0] for note in notes] == list(numbers)
        assert all(len(note.split(": ")[1]) > 20 for note in notes)


def test_percentages_are_rounded_as_in_all_other_files(browser: Any) -> None:
    pairs = [(correct, total) for total in range(1, 400, 3) for correct in range(total + 1)]
    shown = browser.execute_script(
        "return arguments[0].map(([correct, total]) => percent(100 * correct / total))", pairs
    )
    assert shown == [percent(correct, total) for correct, total in pairs]


def words_of(browser: Any) -> list[list[str]]:
    found: list[list[str]] = browser.execute_script(
        "return [...document.querySelectorAll('#examples figure')]"
        ".map((each) => [...each.querySelectorAll('b')].map((word) => word.textContent))"
    )
    return found


def test_words_that_would_be_code_are_text(browser: Any) -> None:
    assert browser.title.startswith("Best head of each relation")
    assert not browser.find_elements("css selector", "img, i, iframe, object, main script")
    seen: set[str] = set()
    for row in range(6):
        browser.execute_script(
            "document.querySelectorAll('.rows button')[arguments[0]]?.click()", row
        )
        for head in range(8):
            browser.execute_script(
                "document.querySelector(`[data-head='${arguments[0]}']`)?.click()", head
            )
            seen |= {word for own in words_of(browser) for word in own}
    markup = {word.replace(" ", "\u00a0") for word in EVIL if "<" in word}
    assert markup & seen == markup
    assert browser.title.startswith("Best head of each relation")


def test_rows_are_searched_and_the_table_sorts(browser: Any, scores: Scores) -> None:
    search = browser.find_element("css selector", "[type=search]")
    search.send_keys("DET")
    assert texts(browser, ".rows button span:first-child") == ["det"]
    search.send_keys("x")
    assert texts(browser, ".rows li") == ["none"]
    anchors = [int(text.replace(",", "")) for text in texts(browser, ".table td:nth-child(2)")]
    assert anchors == list(scores.best_heads["anchors"])
    brief = texts(browser, ".table th button")
    browser.execute_script("document.querySelector('[type=checkbox]').click()")
    every = texts(browser, ".table thead th button")
    assert every == [column.title for column in columns_of(scores.findings)]
    assert set(texts(browser, ".table tbody tr:first-child > *")) >= {
        scores.best_heads["offset"].iloc[0]
    }
    browser.execute_script("document.querySelector('[type=checkbox]').click()")
    assert texts(browser, ".table th button") == brief
    assert "offset %" in set(every) - set(brief)
    [heading] = [
        each
        for each in browser.find_elements("css selector", ".table th button")
        if each.text == "accuracy"
    ]
    for sign in (-1, 1):
        heading.click()
        heading = browser.switch_to.active_element
        found = [float(text) for text in texts(browser, ".table td:nth-child(5)")]
        assert found == sorted(found, key=lambda value: sign * value)
        assert sorted(found) == sorted(round(100 * x, 1) for x in scores.best_heads["accuracy"])


def test_the_keyboard_reaches_everything(browser: Any) -> None:
    from selenium.webdriver import Keys

    reached = []
    for _ in range(60):
        press(browser, Keys.TAB)
        reached.append(focused(browser))
        if reached[-1].startswith("head "):
            break
    assert {"search: relation", "direction", "what is shown"} <= set(reached)
    before = texts(browser, "#examples h2")
    press(browser, Keys.END)
    press(browser, Keys.ENTER)
    assert focused(browser).startswith("head ")
    assert texts(browser, "#examples h2") != before
    press(browser, Keys.HOME, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ENTER)
    assert texts(browser, "#examples h2")[0].startswith("2-2 ")
    titles = set(texts(browser, ".table th button"))
    for _ in range(60):
        press(browser, Keys.TAB)
        titles.discard(focused(browser))
    assert not titles
    # Every row is an arrow away from the first.
    browser.find_element("css selector", "[type=search]").click()
    press(browser, Keys.TAB)
    rows = texts(browser, ".rows button")
    for name in rows:
        assert focused(browser) == name
        press(browser, Keys.ARROW_DOWN)


def test_a_comparison_fits_a_screen_and_shows_heads_on_a_phone(opened: Any, tmp_path: Path) -> None:
    columns = ["relation", "anchors", "model", "heads", "head", "direction", "accuracy",
               "interval", "less the first", "strongest baseline", "strongest %"]  # fmt: skip
    line = ["uas+punct", "2,648", "all_minilm_l6_v2-random", "72", "2-2", "dep->head", "11.9",
            "9.4–14.4", "-38.6 (-43.7 to -34.1)", "content word right (gold)", "46.8"]  # fmt: skip
    made = table("Best heads", columns, [line] * 3, words=(0, 2, 5, 9))
    (tmp_path / "comparison.html").write_text(
        page(title="any", data={"tables": [made]}), encoding="utf-8"
    )
    for width, seen in ((1285, "strongest %"), (390, "heads")):
        look(opened, width=width)
        opened.get((tmp_path / "comparison.html").as_uri())
        ends = opened.execute_script(
            "return [...document.querySelectorAll('.table thead th')]"
            ".map((each) => each.getBoundingClientRect().right)"
        )
        assert ends[columns.index(seen)] <= width


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_in_light_and_dark(browser: Any, dark: bool) -> None:
    look(browser, width=360, height=740, dark=dark)
    browser.get(browser.page)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    paper = browser.find_element("css selector", "body").value_of_css_property("background-color")
    assert paper == ("rgba(18, 22, 27, 1)" if dark else "rgba(255, 255, 255, 1)")
